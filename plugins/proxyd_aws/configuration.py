"""What sets things up: CloudFormation's stacks, AppConfig's applications."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::CloudFormation::Stack",
        calls=pages("cloudformation", "DescribeStacks", "Stacks[]"),
        arn="StackId",
        id="StackName",
        # The reason of a status may quote a parameter.
        properties="State=StackStatus, DetailedStatus, Description, Capabilities, "
        "EnableTerminationProtection, DriftStatus=DriftInformation.StackDriftStatus, "
        "LastDriftCheck=DriftInformation.LastCheckTimestamp, CreationTime, LastUpdatedTime",
        links=(
            "member-of AWS::CloudFormation::Stack ParentId",
            "triggers AWS::SNS::Topic NotificationARNs",
            "uses AWS::CloudWatch::Alarm RollbackConfiguration.RollbackTriggers[].Arn",
            "runs-as AWS::IAM::Role RoleARN",
        ),
    ),
    listing(
        "AWS::CloudFormation::StackSet",
        calls=(
            pages("cloudformation", "ListStackSets", "Summaries[]", Status="ACTIVE"),
            # The list tells neither tags nor where it deploys to and as whom.
            each("cloudformation", "DescribeStackSet", StackSetName="{StackSetName}"),
        ),
        arn="arn:{partition}:cloudformation:{region}:{account}:stackset/{StackSetId}",
        id="StackSetName",
        tags="StackSet.Tags",
        properties="State=Status, Description, PermissionModel, "
        "AutoDeployment=AutoDeployment.Enabled, ManagedExecution=ManagedExecution.Active, "
        "DriftStatus, LastDriftCheckTimestamp, Capabilities=StackSet.Capabilities, "
        "Regions=StackSet.Regions, ExecutionRoleName=StackSet.ExecutionRoleName",
        links=(
            "routes-to AWS::Organizations::OrganizationalUnit "
            "StackSet.OrganizationalUnitIds ~ ou-*",
            "runs-as AWS::IAM::Role StackSet.AdministrationRoleARN",
        ),
    ),
    listing(
        "AWS::AppConfig::Application",
        calls=pages("appconfig", "ListApplications", "Items[]"),
        arn="arn:{partition}:appconfig:{region}:{account}:application/{Id}",
        name="Name",
        tags=tagged("appconfig"),
        properties="Description",
    ),
    listing(
        "AWS::AppConfig::Environment",
        calls=(
            pages("appconfig", "ListApplications", "Items[]"),
            each("appconfig", "ListEnvironments", "Items[]", ApplicationId="{Id}"),
        ),
        arn="arn:{partition}:appconfig:{region}:{account}"
        ":application/{ApplicationId}/environment/{Id}",
        name="Name",
        tags=tagged("appconfig"),
        properties="State, Description",
        links=(
            "member-of AWS::AppConfig::Application ApplicationId",
            "uses AWS::CloudWatch::Alarm Monitors[].AlarmArn",
            "runs-as AWS::IAM::Role Monitors[].AlarmRoleArn",
        ),
    ),
    listing(
        "AWS::AppConfig::ConfigurationProfile",
        calls=(
            pages("appconfig", "ListApplications", "Items[]"),
            each("appconfig", "ListConfigurationProfiles", "Items[]", ApplicationId="{Id}"),
            # Its key and its role are in no list.
            each(
                "appconfig",
                "GetConfigurationProfile",
                into="Detail",
                ApplicationId="{ApplicationId}",
                ConfigurationProfileId="{Id}",
            ),
        ),
        arn="arn:{partition}:appconfig:{region}:{account}"
        ":application/{ApplicationId}/configurationprofile/{Id}",
        name="Name",
        tags=tagged("appconfig"),
        properties="Type, LocationUri, ValidatorTypes, Description=Detail.Description",
        links=(
            "member-of AWS::AppConfig::Application ApplicationId",
            "uses AWS::S3::Bucket LocationUri ~ s3://(*)/*",
            "uses AWS::SSM::Document LocationUri ~ ssm-document://(*)",
            "uses AWS::SSM::Parameter LocationUri ~ ssm-parameter://(*)",
            "uses AWS::SecretsManager::Secret LocationUri ~ secretsmanager://(*)",
            "uses AWS::CodePipeline::Pipeline LocationUri ~ codepipeline://(*)",
            "encrypts-with AWS::KMS::Key Detail.KmsKeyArn",
            "runs-as AWS::IAM::Role Detail.RetrievalRoleArn",
        ),
    ),
    listing(
        "AWS::AppConfig::HostedConfigurationVersion",
        calls=(
            pages("appconfig", "ListApplications", "Items[]"),
            each("appconfig", "ListConfigurationProfiles", "Items[]", ApplicationId="{Id}"),
            each(
                "appconfig",
                "ListHostedConfigurationVersions",
                "Items[]",
                ApplicationId="{ApplicationId}",
                ConfigurationProfileId="{Id}",
            ),
        ),
        arn="arn:{partition}:appconfig:{region}:{account}:application/{ApplicationId}"
        "/configurationprofile/{ConfigurationProfileId}/hostedconfigurationversion/{VersionNumber}",
        name="VersionLabel",
        tags=None,
        properties="VersionNumber, VersionLabel, Description, ContentType",
        links="member-of AWS::AppConfig::ConfigurationProfile ConfigurationProfileId, "
        "encrypts-with AWS::KMS::Key KmsKeyArn",
    ),
    listing(
        "AWS::AppConfig::DeploymentStrategy",
        calls=pages("appconfig", "ListDeploymentStrategies", "Items[]"),
        arn="arn:{partition}:appconfig:{region}:{account}:deploymentstrategy/{Id}",
        name="Name",
        tags=tagged("appconfig"),
        properties="Description, GrowthType, GrowthFactor, DeploymentDurationInMinutes, "
        "FinalBakeTimeInMinutes, ReplicateTo",
        # AWS's own have names for ids.
        drop=("Id", "AppConfig.*"),
    ),
)
