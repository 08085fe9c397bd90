"""Queries, clusters and dashboards: Athena, EMR, Lake Formation, QuickSight, Data Pipeline.

Where AWS has no ARN for a thing it gets one here, in the form that its neighbours' have.
"""

from proxyd.plugin import batch, each, listing, pages, tagged

_NODES = "Cluster.Ec2InstanceAttributes"
_GROUPS = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)

SCANNERS = (
    listing(
        "AWS::Athena::WorkGroup",
        calls=(
            pages("athena", "ListWorkGroups", "WorkGroups[]"),
            # Where results go, and whose key and role they are written with.
            each("athena", "GetWorkGroup", WorkGroup="{Name}"),
        ),
        arn="arn:{partition}:athena:{region}:{account}:workgroup/{Name}",
        name="Name",
        tags=tagged("athena:workgroup"),
        properties="State, Description, EngineVersion=EngineVersion.EffectiveEngineVersion, "
        "OutputLocation=WorkGroup.Configuration.ResultConfiguration.OutputLocation, "
        "EncryptionOption=WorkGroup.Configuration.ResultConfiguration.EncryptionConfiguration"
        ".EncryptionOption, "
        "EnforceWorkGroupConfiguration=WorkGroup.Configuration.EnforceWorkGroupConfiguration, "
        "BytesScannedCutoffPerQuery=WorkGroup.Configuration.BytesScannedCutoffPerQuery, "
        "CreationTime",
        links=(
            "encrypts-with AWS::KMS::Alias WorkGroup.Configuration.ResultConfiguration"
            ".EncryptionConfiguration.KmsKey ~ *alias/*",
            "encrypts-with AWS::KMS::Key WorkGroup.Configuration.ResultConfiguration"
            ".EncryptionConfiguration.KmsKey ~ !*alias/*",
            "encrypts-with AWS::KMS::Key WorkGroup.Configuration.ManagedQueryResultsConfiguration"
            ".EncryptionConfiguration.KmsKey",
            "encrypts-with AWS::KMS::Key "
            "WorkGroup.Configuration.CustomerContentEncryptionConfiguration.KmsKey",
            "routes-to AWS::S3::Bucket "
            "WorkGroup.Configuration.ResultConfiguration.OutputLocation ~ s3://(*)/*",
            "runs-as AWS::IAM::Role WorkGroup.Configuration.ExecutionRole",
            "uses AWS::SSO::Application IdentityCenterApplicationArn",
        ),
    ),
    listing(
        "AWS::Athena::DataCatalog",
        calls=(
            pages("athena", "ListDataCatalogs", "DataCatalogsSummary[]"),
            # Most are a Lambda function under another name, and only this tells which.
            each("athena", "GetDataCatalog", Name="{CatalogName}"),
        ),
        arn="arn:{partition}:athena:{region}:{account}:datacatalog/{CatalogName}",
        name="CatalogName",
        tags=tagged("athena:datacatalog"),
        properties="State=Status, Type, ConnectionType, Description=DataCatalog.Description",
        links=(
            "uses AWS::Lambda::Function DataCatalog.Parameters.function ~ arn:*:lambda:*",
            "uses AWS::Lambda::Function DataCatalog.Parameters.metadata-function ~ arn:*:lambda:*",
            "uses AWS::Lambda::Function DataCatalog.Parameters.record-function ~ arn:*:lambda:*",
            "uses AWS::Glue::Connection DataCatalog.Parameters.connection-arn ~ arn:*:glue:*",
        ),
        # AWS's own name for the Glue catalog of the account.
        drop=("CatalogName", "AwsDataCatalog"),
    ),
    # The query itself stays with AWS: people write keys and names of customers into it.
    listing(
        "AWS::Athena::NamedQuery",
        calls=(
            pages("athena", "ListWorkGroups", "WorkGroups[]"),
            each("athena", "ListNamedQueries", "NamedQueryIds[]", WorkGroup="{Name}"),
            batch("athena", "BatchGetNamedQuery", "NamedQueries[]", size=50, NamedQueryIds=["{@}"]),
        ),
        arn="arn:{partition}:athena:{region}:{account}:namedquery/{NamedQueryId}",
        name="Name",
        tags=None,
        properties="Description, Database, WorkGroup",
        links="member-of AWS::Athena::WorkGroup WorkGroup, uses AWS::Glue::Database Database",
    ),
    listing(
        "AWS::EMR::Cluster",
        calls=(
            pages(
                "emr",
                "ListClusters",
                "Clusters[]",
                ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"],
            ),
            each("emr", "DescribeCluster", ClusterId="{Id}"),
        ),
        arn="ClusterArn",
        name="Name",
        tags="Cluster.Tags",
        properties="State=Status.State, ReleaseLabel=Cluster.ReleaseLabel, "
        "Applications=Cluster.Applications[].Name, "
        "InstanceCollectionType=Cluster.InstanceCollectionType, "
        "AvailabilityZone=Cluster.Ec2InstanceAttributes.Ec2AvailabilityZone, "
        "AutoTerminate=Cluster.AutoTerminate, TerminationProtected=Cluster.TerminationProtected, "
        "LogUri=Cluster.LogUri, CreationDateTime=Status.Timeline.CreationDateTime",
        links=(
            f"in AWS::EC2::Subnet {_NODES}.Ec2SubnetId",
            *(f"uses AWS::EC2::SecurityGroup {_NODES}.{groups}" for groups in _GROUPS),
            f"uses AWS::EC2::KeyPair {_NODES}.Ec2KeyName",
            "uses AWS::EC2::Image Cluster.CustomAmiId",
            "uses AWS::EMR::SecurityConfiguration Cluster.SecurityConfiguration",
            # It may be s3n:// or s3a:// as well.
            "routes-to AWS::S3::Bucket Cluster.LogUri ~ s3*://(*)/*",
            "encrypts-with AWS::KMS::Key Cluster.LogEncryptionKmsKeyId",
            "runs-as AWS::IAM::Role Cluster.ServiceRole",
            "runs-as AWS::IAM::Role Cluster.AutoScalingRole",
            f"runs-as AWS::IAM::InstanceProfile {_NODES}.IamInstanceProfile",
        ),
    ),
    listing(
        "AWS::EMR::SecurityConfiguration",
        calls=pages("emr", "ListSecurityConfigurations", "SecurityConfigurations[]"),
        arn="arn:{partition}:elasticmapreduce:{region}:{account}:security-configuration/{Name}",
        name="Name",
        tags=None,
        properties="CreationDateTime",
    ),
    listing(
        "AWS::EMR::Studio",
        calls=(
            pages("emr", "ListStudios", "Studios[]"),
            each("emr", "DescribeStudio", StudioId="{StudioId}"),
        ),
        arn="arn:{partition}:elasticmapreduce:{region}:{account}:studio/{StudioId}",
        name="Name",
        tags="Studio.Tags",
        properties="Description, AuthMode, Url, DefaultS3Location=Studio.DefaultS3Location, "
        "IdcUserAssignment=Studio.IdcUserAssignment, CreationTime",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet Studio.SubnetIds",
            "uses AWS::EC2::SecurityGroup Studio.WorkspaceSecurityGroupId",
            "uses AWS::EC2::SecurityGroup Studio.EngineSecurityGroupId",
            "uses AWS::S3::Bucket Studio.DefaultS3Location ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Key Studio.EncryptionKeyArn",
            "runs-as AWS::IAM::Role Studio.ServiceRole, runs-as AWS::IAM::Role Studio.UserRole",
            "uses AWS::SSO::Instance Studio.IdcInstanceArn",
        ),
    ),
    listing(
        "AWS::EMRServerless::Application",
        calls=(
            pages(
                "emr-serverless",
                "ListApplications",
                "applications[]",
                # Those that are terminated stay in the list for a while.
                states=["CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"],
            ),
            each("emr-serverless", "GetApplication", applicationId="{id}"),
        ),
        arn="arn",
        name="name",
        tags="application.tags",
        properties="State=state, type, releaseLabel, architecture, "
        "autoStart=application.autoStartConfiguration.enabled, "
        "autoStop=application.autoStopConfiguration.enabled, "
        "idleTimeoutMinutes=application.autoStopConfiguration.idleTimeoutMinutes, "
        "maximumCpu=application.maximumCapacity.cpu, "
        "maximumMemory=application.maximumCapacity.memory, createdAt",
        links=(
            "in AWS::EC2::Subnet application.networkConfiguration.subnetIds",
            "uses AWS::EC2::SecurityGroup application.networkConfiguration.securityGroupIds",
            "uses AWS::ECR::Repository "
            "application.imageConfiguration.imageUri ~ *.dkr.ecr.*.amazonaws.com/(*)[@:]*",
            "uses AWS::Logs::LogGroup "
            "application.monitoringConfiguration.cloudWatchLoggingConfiguration.logGroupName",
            "routes-to AWS::S3::Bucket "
            "application.monitoringConfiguration.s3MonitoringConfiguration.logUri ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Key "
            "application.monitoringConfiguration.cloudWatchLoggingConfiguration.encryptionKeyArn",
            "encrypts-with AWS::KMS::Key "
            "application.monitoringConfiguration.s3MonitoringConfiguration.encryptionKeyArn",
            "encrypts-with AWS::KMS::Key application.monitoringConfiguration"
            ".managedPersistenceMonitoringConfiguration.encryptionKeyArn",
            "uses AWS::SSO::Application "
            "application.identityCenterConfiguration.identityCenterApplicationArn",
        ),
    ),
    # What AWS calls its ARN is the bucket's or the folder's: here it is the registration's.
    listing(
        "AWS::LakeFormation::Resource",
        calls=pages("lakeformation", "ListResources", "ResourceInfoList[]"),
        arn="arn:{partition}:lakeformation:{region}:{account}:resource/{ResourceArn:}",
        id="ResourceArn:",
        tags=None,
        properties="ResourceArn, WithFederation, HybridAccessEnabled, WithPrivilegedAccess, "
        "LastModified",
        links=(
            "attached-to AWS::S3::Bucket ResourceArn ~ !*/*",
            "attached-to AWS::S3::Bucket ResourceArn ~ (arn:*:s3:::*)/*",
            "attached-to AWS::Glue::Connection ResourceArn ~ arn:*:glue:*",
            "runs-as AWS::IAM::Role RoleArn",
        ),
    ),
    listing(
        "AWS::LakeFormation::Tag",
        calls=pages("lakeformation", "ListLFTags", "LFTags[]"),
        arn="arn:{partition}:lakeformation:{region}:{account}:tag/{TagKey}",
        name="TagKey",
        tags=None,
        properties="TagValues, CatalogId",
        keep=("CatalogId", "{account}", ""),
    ),
    listing(
        "AWS::QuickSight::DataSource",
        calls=pages("quicksight", "ListDataSources", "DataSources[]", AwsAccountId="{account}"),
        arn="Arn",
        id="DataSourceId",
        name="Name",
        tags=tagged("quicksight:datasource"),
        properties="State=Status, Type, ErrorType=ErrorInfo.Type, "
        "DisableSsl=SslProperties.DisableSsl, CreatedTime, LastUpdatedTime",
        links=(
            "in AWS::QuickSight::VPCConnection VpcConnectionProperties.VpcConnectionArn",
            "uses AWS::Athena::WorkGroup DataSourceParameters.AthenaParameters.WorkGroup",
            "uses AWS::RDS::DBInstance DataSourceParameters.RdsParameters.InstanceId",
            "uses AWS::Redshift::Cluster DataSourceParameters.RedshiftParameters.ClusterId",
            "uses AWS::OpenSearchService::Domain "
            "DataSourceParameters.AmazonOpenSearchParameters.Domain",
            "uses AWS::S3::Bucket DataSourceParameters.S3Parameters.ManifestFileLocation.Bucket",
            "uses AWS::SecretsManager::Secret SecretArn",
            "runs-as AWS::IAM::Role DataSourceParameters.AthenaParameters.RoleArn",
            "runs-as AWS::IAM::Role DataSourceParameters.S3Parameters.RoleArn",
        ),
    ),
    listing(
        "AWS::QuickSight::DataSet",
        calls=pages("quicksight", "ListDataSets", "DataSetSummaries[]", AwsAccountId="{account}"),
        arn="Arn",
        id="DataSetId",
        name="Name",
        tags=tagged("quicksight:dataset"),
        properties="ImportMode, UseAs, ColumnLevelPermissionRulesApplied, "
        "RowLevelPermissionTagConfigurationApplied, CreatedTime, LastUpdatedTime",
        links="uses AWS::QuickSight::DataSet RowLevelPermissionDataSet.Arn",
    ),
    listing(
        "AWS::QuickSight::Dashboard",
        calls=(
            pages(
                "quicksight", "ListDashboards", "DashboardSummaryList[]", AwsAccountId="{account}"
            ),
            # Whether it works, and what it shows.
            each(
                "quicksight",
                "DescribeDashboard",
                AwsAccountId="{account}",
                DashboardId="{DashboardId}",
            ),
        ),
        arn="Arn",
        id="DashboardId",
        name="Name",
        tags=tagged("quicksight:dashboard"),
        properties="State=Dashboard.Version.Status, PublishedVersionNumber, "
        "Sheets=Dashboard.Version.Sheets[].Name, CreatedTime, LastPublishedTime, LastUpdatedTime",
        links="uses AWS::QuickSight::DataSet Dashboard.Version.DataSetArns, "
        "uses AWS::QuickSight::Theme Dashboard.Version.ThemeArn",
    ),
    # Users and groups are in one region of an account; the others say so and refuse.
    listing(
        "AWS::QuickSight::Group",
        calls=(
            pages("quicksight", "ListNamespaces", "Namespaces[]", AwsAccountId="{account}"),
            each(
                "quicksight",
                "ListGroups",
                "GroupList[]",
                AwsAccountId="{account}",
                Namespace="{Name}",
            ),
        ),
        arn="Arn",
        name="GroupName",
        tags=None,
        properties="Description, Namespace=^.Name",
    ),
    # Whatever else there is about a pipeline is among its fields, and so are its passwords.
    listing(
        "AWS::DataPipeline::Pipeline",
        calls=(
            pages("datapipeline", "ListPipelines", "pipelineIdList[]"),
            batch(
                "datapipeline",
                "DescribePipelines",
                "pipelineDescriptionList[]",
                size=25,
                pipelineIds=["{id}"],
            ),
        ),
        arn="arn:{partition}:datapipeline:{region}:{account}:pipeline/{pipelineId}",
        name="name",
        tags="tags",
        properties="description",
    ),
)
