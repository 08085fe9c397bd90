"""Hosting of applications, sites and games, and the images that they start from."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::ElasticBeanstalk::Application",
        calls=pages("elasticbeanstalk", "DescribeApplications", "Applications[]"),
        arn="ApplicationArn",
        name="ApplicationName",
        tags=tagged("elasticbeanstalk:application"),
        properties="Description, ConfigurationTemplates, MaxVersions="
        "ResourceLifecycleConfig.VersionLifecycleConfig.MaxCountRule.MaxCount, "
        "DateCreated, DateUpdated",
        links="runs-as AWS::IAM::Role ResourceLifecycleConfig.ServiceRole",
    ),
    listing(
        "AWS::ElasticBeanstalk::Environment",
        calls=(
            pages("elasticbeanstalk", "DescribeEnvironments", "Environments[]"),
            # Only this tells which groups, instances and load balancers are an environment's.
            each(
                "elasticbeanstalk",
                "DescribeEnvironmentResources",
                into="Detail",
                EnvironmentId="{EnvironmentId}",
            ),
        ),
        arn="EnvironmentArn",
        name="EnvironmentName",
        tags=tagged("elasticbeanstalk:environment"),
        properties="State=Status, Health, EnvironmentId, VersionLabel, SolutionStackName, "
        "Tier=Tier.Name, Description, CNAME, EndpointURL, DateCreated, DateUpdated",
        links=(
            "member-of AWS::ElasticBeanstalk::Application ApplicationName",
            "runs AWS::ElasticBeanstalk::ApplicationVersion VersionLabel",
            "runs AWS::EC2::Instance Detail.EnvironmentResources.Instances[].Id",
            "uses AWS::AutoScaling::AutoScalingGroup "
            "Detail.EnvironmentResources.AutoScalingGroups[].Name",
            "uses AWS::AutoScaling::LaunchConfiguration "
            "Detail.EnvironmentResources.LaunchConfigurations[].Name",
            "uses AWS::EC2::LaunchTemplate Detail.EnvironmentResources.LaunchTemplates[].Id",
            "uses AWS::SQS::Queue Detail.EnvironmentResources.Queues[].URL/",
            "uses AWS::ElasticLoadBalancingV2::LoadBalancer "
            "Detail.EnvironmentResources.LoadBalancers[].Name ~ arn:*",
            "uses AWS::ElasticLoadBalancing::LoadBalancer "
            "Detail.EnvironmentResources.LoadBalancers[].Name ~ !arn:*",
            "runs-as AWS::IAM::Role OperationsRole",
        ),
    ),
    listing(
        "AWS::ElasticBeanstalk::ApplicationVersion",
        calls=pages("elasticbeanstalk", "DescribeApplicationVersions", "ApplicationVersions[]"),
        arn="ApplicationVersionArn",
        id="VersionLabel",
        tags=tagged("elasticbeanstalk:applicationversion"),
        properties="State=Status, ApplicationName, Description, "
        "SourceType=SourceBuildInformation.SourceType, "
        "SourceRepository=SourceBuildInformation.SourceRepository, DateCreated, DateUpdated",
        links=(
            "member-of AWS::ElasticBeanstalk::Application ApplicationName",
            "uses AWS::S3::Bucket SourceBundle.S3Bucket",
        ),
    ),
    # Without the repository: its URL may have a token in it.
    listing(
        "AWS::Amplify::App",
        calls=pages("amplify", "ListApps", "apps[]"),
        arn="appArn",
        name="name",
        tags="tags",
        properties="State=productionBranch.status, platform, description, defaultDomain, "
        "productionBranch=productionBranch.branchName, enableBranchAutoBuild, "
        "enableAutoBranchCreation, enableBasicAuth, repositoryCloneMethod, createTime, updateTime",
        links=(
            "uses AWS::WAFv2::WebACL wafConfiguration.webAclArn",
            "uses AWS::IAM::Role iamServiceRoleArn",
            "runs-as AWS::IAM::Role computeRoleArn",
        ),
    ),
    listing(
        "AWS::GameLift::Build",
        calls=pages("gamelift", "ListBuilds", "Builds[]"),
        arn="BuildArn",
        name="Name",
        tags=tagged("gamelift:build"),
        properties="State=Status, Version, OperatingSystem, SizeOnDisk, ServerSdkVersion, "
        "CreationTime",
    ),
    listing(
        "AWS::GameLift::Fleet",
        calls=pages("gamelift", "DescribeFleetAttributes", "FleetAttributes[]"),
        arn="FleetArn",
        name="Name",
        tags=tagged("gamelift:fleet"),
        properties="State=Status, Description, FleetType, ComputeType, InstanceType, "
        "OperatingSystem, NewGameSessionProtectionPolicy, StoppedActions, "
        "CertificateType=CertificateConfiguration.CertificateType, CreationTime",
        links=(
            "runs AWS::GameLift::Build BuildArn",
            "runs AWS::GameLift::Script ScriptArn",
            "runs-as AWS::IAM::Role InstanceRoleArn",
        ),
    ),
    listing(
        "AWS::GameLift::MatchmakingConfiguration",
        calls=pages("gamelift", "DescribeMatchmakingConfigurations", "Configurations[]"),
        arn="ConfigurationArn",
        name="Name",
        tags=tagged("gamelift:matchmakingconfiguration"),
        properties="Description, FlexMatchMode, BackfillMode, RequestTimeoutSeconds, "
        "AcceptanceRequired, AdditionalPlayerCount, CreationTime",
        links=(
            "uses AWS::GameLift::MatchmakingRuleSet RuleSetArn",
            "routes-to AWS::GameLift::GameSessionQueue GameSessionQueueArns",
            "triggers AWS::SNS::Topic NotificationTarget ~ arn:*:sns:*",
        ),
    ),
    listing(
        "AWS::GameLift::MatchmakingRuleSet",
        calls=pages("gamelift", "DescribeMatchmakingRuleSets", "RuleSets[]"),
        arn="RuleSetArn",
        name="RuleSetName",
        tags=tagged("gamelift:matchmakingruleset"),
        properties="CreationTime",
    ),
    # What is made, tagged and named by others is a build of a version; the list has versions.
    listing(
        "AWS::ImageBuilder::Component",
        calls=(
            pages("imagebuilder", "ListComponents", "componentVersionList[]", owner="Self"),
            each(
                "imagebuilder",
                "ListComponentBuildVersions",
                "componentSummaryList[]",
                componentVersionArn="{arn}",
            ),
        ),
        arn="arn",
        id="arn",
        name="name",
        tags="tags",
        properties="State=state.status, version, type, platform, supportedOsVersions, "
        "description, changeDescription, dateCreated",
    ),
    listing(
        "AWS::ImageBuilder::DistributionConfiguration",
        calls=pages(
            "imagebuilder",
            "ListDistributionConfigurations",
            "distributionConfigurationSummaryList[]",
        ),
        arn="arn",
        name="name",
        tags="tags",
        properties="description, regions, dateCreated, dateUpdated",
    ),
    listing(
        "AWS::ImageBuilder::InfrastructureConfiguration",
        calls=(
            pages(
                "imagebuilder",
                "ListInfrastructureConfigurations",
                "infrastructureConfigurationSummaryList[]",
            ),
            # The network that images are built in stands here only.
            each(
                "imagebuilder",
                "GetInfrastructureConfiguration",
                into="Detail",
                infrastructureConfigurationArn="{arn}",
            ),
        ),
        arn="arn",
        name="name",
        tags="tags",
        properties="description, instanceTypes, tenancy=placement.tenancy, "
        "availabilityZone=placement.availabilityZone, terminateInstanceOnFailure="
        "Detail.infrastructureConfiguration.terminateInstanceOnFailure, "
        "httpTokens=Detail.infrastructureConfiguration.instanceMetadataOptions.httpTokens, "
        "dateCreated, dateUpdated",
        links=(
            "in AWS::EC2::Subnet Detail.infrastructureConfiguration.subnetId",
            "in AWS::EC2::Host placement.hostId",
            "uses AWS::EC2::SecurityGroup Detail.infrastructureConfiguration.securityGroupIds",
            "uses AWS::EC2::KeyPair Detail.infrastructureConfiguration.keyPair",
            "uses AWS::S3::Bucket Detail.infrastructureConfiguration.logging.s3Logs.s3BucketName",
            "triggers AWS::SNS::Topic Detail.infrastructureConfiguration.snsTopicArn",
            "runs-as AWS::IAM::InstanceProfile instanceProfileName",
        ),
    ),
)
