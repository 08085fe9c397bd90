"""What copies data away and moves it: backup plans and policies, transfer tasks, file servers."""

from proxyd.plugin import each, listing, pages, tagged

_RULES = "Detail.BackupPlan.Rules[]"
_IDENTITIES = "Server.IdentityProviderDetails"
_IDENTITY_CENTER = "WebApp.DescribedIdentityProviderDetails.IdentityCenterConfig"

SCANNERS = (
    listing(
        "AWS::Backup::BackupPlan",
        calls=(
            pages("backup", "ListBackupPlans", "BackupPlansList[]"),
            # What a plan does is in its rules: when, and into which vault.
            each("backup", "GetBackupPlan", into="Detail", BackupPlanId="{BackupPlanId}"),
        ),
        arn="BackupPlanArn",
        id="BackupPlanId",
        name="BackupPlanName",
        tags=tagged("backup:backup-plan"),
        properties=f"VersionId, Rules={_RULES}.RuleName, Schedules={_RULES}.ScheduleExpression, "
        f"DeleteAfterDays={_RULES}.Lifecycle.DeleteAfterDays, "
        f"MoveToColdStorageAfterDays={_RULES}.Lifecycle.MoveToColdStorageAfterDays, "
        f"EnableContinuousBackup={_RULES}.EnableContinuousBackup, CreationDate",
        links=f"uses AWS::Backup::BackupVault {_RULES}.TargetBackupVaultName, "
        f"uses AWS::Backup::BackupVault {_RULES}.CopyActions[].DestinationBackupVaultArn",
    ),
    listing(
        "AWS::Backup::BackupVault",
        calls=pages("backup", "ListBackupVaults", "BackupVaultList[]"),
        arn="BackupVaultArn",
        id="BackupVaultName",
        tags=tagged("backup:backup-vault"),
        properties="State=VaultState, VaultType, Locked, LockDate, MinRetentionDays, "
        "MaxRetentionDays, CreationDate",
        links="encrypts-with AWS::KMS::Key EncryptionKeyArn",
    ),
    listing(
        "AWS::Backup::ReportPlan",
        calls=pages("backup", "ListReportPlans", "ReportPlans[]"),
        arn="ReportPlanArn",
        id="ReportPlanName",
        tags=tagged("backup:report-plan"),
        properties="State=DeploymentStatus, ReportPlanDescription, "
        "ReportTemplate=ReportSetting.ReportTemplate, Formats=ReportDeliveryChannel.Formats, "
        "Accounts=ReportSetting.Accounts, Regions=ReportSetting.Regions, CreationTime",
        links="uses AWS::Backup::Framework ReportSetting.FrameworkArns, "
        "routes-to AWS::S3::Bucket ReportDeliveryChannel.S3BucketName",
    ),
    listing(
        "AWS::Backup::Framework",
        calls=pages("backup", "ListFrameworks", "Frameworks[]"),
        arn="FrameworkArn",
        id="FrameworkName",
        tags=tagged("backup:framework"),
        properties="State=DeploymentStatus, FrameworkDescription, NumberOfControls, CreationTime",
    ),
    listing(
        "AWS::DLM::LifecyclePolicy",
        calls=(
            pages("dlm", "GetLifecyclePolicies", "Policies[]"),
            # As whom it works and what it encrypts copies with; the rest of a policy stays there.
            each("dlm", "GetLifecyclePolicy", PolicyId="{PolicyId}"),
        ),
        arn="arn:{partition}:dlm:{region}:{account}:policy/{PolicyId}",
        properties="State, Description, PolicyType, DefaultPolicy",
        links=(
            "encrypts-with AWS::KMS::Key "
            "Policy.PolicyDetails.Schedules[].CrossRegionCopyRules[].CmkArn ~ arn:*:kms:*",
            "runs-as AWS::IAM::Role Policy.ExecutionRoleArn ~ arn:*:iam:*",
        ),
    ),
    listing(
        "AWS::DataSync::Task",
        calls=(
            pages("datasync", "ListTasks", "Tasks[]"),
            # Where from and where to is not in the list.
            each("datasync", "DescribeTask", into="Detail", TaskArn="{TaskArn}"),
        ),
        arn="TaskArn",
        name="Name",
        tags=tagged("datasync:task"),
        properties="State=Status, TaskMode, SourceLocationArn=Detail.SourceLocationArn, "
        "DestinationLocationArn=Detail.DestinationLocationArn, "
        "ScheduleExpression=Detail.Schedule.ScheduleExpression, "
        "ScheduleStatus=Detail.Schedule.Status, TransferMode=Detail.Options.TransferMode, "
        "ErrorCode=Detail.ErrorCode, CreationTime=Detail.CreationTime",
        links=(
            "uses AWS::EC2::NetworkInterface Detail.SourceNetworkInterfaceArns",
            "uses AWS::EC2::NetworkInterface Detail.DestinationNetworkInterfaceArns",
            # Some name the group's streams instead, with `:*` at the end.
            "uses AWS::Logs::LogGroup Detail.CloudWatchLogGroupArn ~ arn:*:log-group:*[!*]",
            "uses AWS::Logs::LogGroup Detail.CloudWatchLogGroupArn ~ (arn:*:log-group:*):[*]",
            "uses AWS::S3::Bucket Detail.TaskReportConfig.Destination.S3.S3BucketArn",
            "runs-as AWS::IAM::Role Detail.TaskReportConfig.Destination.S3.BucketAccessRoleArn",
        ),
    ),
    listing(
        "AWS::DataSync::Agent",
        calls=(
            pages("datasync", "ListAgents", "Agents[]"),
            # An agent with a private endpoint is in a network, which the list does not tell.
            each("datasync", "DescribeAgent", into="Detail", AgentArn="{AgentArn}"),
        ),
        arn="AgentArn",
        name="Name",
        tags=tagged("datasync:agent"),
        properties="State=Status, Version=Platform.Version, EndpointType=Detail.EndpointType, "
        "CreationTime=Detail.CreationTime",
        links=(
            "in AWS::EC2::Subnet Detail.PrivateLinkConfig.SubnetArns",
            "uses AWS::EC2::SecurityGroup Detail.PrivateLinkConfig.SecurityGroupArns",
            "uses AWS::EC2::VPCEndpoint Detail.PrivateLinkConfig.VpcEndpointId",
        ),
    ),
    listing(
        "AWS::Transfer::Server",
        calls=(
            pages("transfer", "ListServers", "Servers[]"),
            # The network that it is in, and what it asks who may log in.
            each("transfer", "DescribeServer", ServerId="{ServerId}"),
        ),
        arn="Arn",
        tags=tagged("transfer:server"),
        properties="State, Domain, EndpointType, IdentityProviderType, UserCount, "
        "Protocols=Server.Protocols, SecurityPolicyName=Server.SecurityPolicyName, "
        "IpAddressType=Server.IpAddressType",
        links=(
            "in AWS::EC2::VPC Server.EndpointDetails.VpcId, "
            "in AWS::EC2::Subnet Server.EndpointDetails.SubnetIds",
            "uses AWS::EC2::SecurityGroup Server.EndpointDetails.SecurityGroupIds",
            "uses AWS::EC2::VPCEndpoint Server.EndpointDetails.VpcEndpointId",
            "uses AWS::EC2::EIP Server.EndpointDetails.AddressAllocationIds",
            "uses AWS::CertificateManager::Certificate Server.Certificate",
            f"uses AWS::Lambda::Function {_IDENTITIES}.Function ~ !*:function:*:*",
            f"uses AWS::Lambda::Function {_IDENTITIES}.Function ~ (arn:*:function:*):*",
            "uses AWS::Logs::LogGroup Server.StructuredLogDestinations ~ (arn:*:log-group:*):*",
            f"uses AWS::DirectoryService::MicrosoftAD {_IDENTITIES}.DirectoryId",
            "triggers AWS::Transfer::Workflow Server.WorkflowDetails.OnUpload[].WorkflowId",
            "triggers AWS::Transfer::Workflow Server.WorkflowDetails.OnPartialUpload[].WorkflowId",
            "runs-as AWS::IAM::Role LoggingRole",
            f"runs-as AWS::IAM::Role {_IDENTITIES}.InvocationRole",
        ),
    ),
    listing(
        "AWS::Transfer::User",
        calls=(
            pages("transfer", "ListServers", "Servers[]"),
            each("transfer", "ListUsers", "Users[]", ServerId="{ServerId}"),
        ),
        arn="Arn",
        name="UserName",
        tags=tagged("transfer:user"),
        properties="HomeDirectory, HomeDirectoryType, SshPublicKeyCount",
        links=(
            "member-of AWS::Transfer::Server ^.ServerId, runs-as AWS::IAM::Role Role",
            # Of a bucket or of a file system, whose id is the one that begins with `fs-`.
            "uses AWS::EFS::FileSystem HomeDirectory ~ /(fs-*)/*",
            "uses AWS::S3::Bucket HomeDirectory ~ /([!f]*)/*",
            "uses AWS::S3::Bucket HomeDirectory ~ /(f[!s]*)/*",
        ),
    ),
    listing(
        "AWS::Transfer::Connector",
        calls=(
            pages("transfer", "ListConnectors", "Connectors[]"),
            # Of a connector the list tells no more than where it leads.
            each("transfer", "DescribeConnector", ConnectorId="{ConnectorId}"),
        ),
        arn="Arn",
        tags=tagged("transfer:connector"),
        properties="State=Connector.Status, EgressType=Connector.EgressType, "
        "SecurityPolicyName=Connector.SecurityPolicyName, "
        "EgressIpAddresses=Connector.ServiceManagedEgressIpAddresses, "
        "EncryptionAlgorithm=Connector.As2Config.EncryptionAlgorithm, "
        "SigningAlgorithm=Connector.As2Config.SigningAlgorithm",
        links=(
            "uses AWS::SecretsManager::Secret Connector.SftpConfig.UserSecretId",
            "uses AWS::SecretsManager::Secret Connector.As2Config.BasicAuthSecretId",
            "uses AWS::Transfer::Profile Connector.As2Config.LocalProfileId",
            "uses AWS::Transfer::Profile Connector.As2Config.PartnerProfileId",
            "routes-to AWS::VpcLattice::ResourceConfiguration "
            "Connector.EgressConfig.VpcLattice.ResourceConfigurationArn",
            "runs-as AWS::IAM::Role Connector.AccessRole, "
            "runs-as AWS::IAM::Role Connector.LoggingRole",
        ),
    ),
    listing(
        "AWS::Transfer::WebApp",
        calls=(
            pages("transfer", "ListWebApps", "WebApps[]"),
            each("transfer", "DescribeWebApp", WebAppId="{WebAppId}"),
        ),
        arn="Arn",
        tags=tagged("transfer:webapp"),
        properties="AccessEndpoint, WebAppEndpoint, "
        "WebAppEndpointPolicy=WebApp.WebAppEndpointPolicy, "
        "WebAppUnits=WebApp.WebAppUnits.Provisioned",
        links=(
            f"uses AWS::SSO::Application {_IDENTITY_CENTER}.ApplicationArn",
            f"uses AWS::SSO::Instance {_IDENTITY_CENTER}.InstanceArn",
            f"runs-as AWS::IAM::Role {_IDENTITY_CENTER}.Role",
        ),
    ),
)
