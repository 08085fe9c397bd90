"""Queries, clusters and dashboards: Athena, EMR, Lake Formation, QuickSight, Data Pipeline.

Where AWS has no ARN for a thing it gets one here, in the form that its neighbours' have.
"""

from proxyd.plugin import batch, each, listing, pages, tagged

SCANNERS = (
    listing(
        "AWS::Athena::WorkGroup",
        calls=(
            pages("athena", "ListWorkGroups", "WorkGroups[]"),
            # Where results go, and whose key and role they are written with.
            each("athena", "GetWorkGroup", into="Detail", WorkGroup="{Name}"),
        ),
        arn="arn:{partition}:athena:{region}:{account}:workgroup/{Name}",
        name="Name",
        tags=tagged("athena:workgroup"),
        properties="State, Description, EngineVersion=EngineVersion.EffectiveEngineVersion, "
        "OutputLocation=Detail.WorkGroup.Configuration.ResultConfiguration.OutputLocation, "
        "EncryptionOption=Detail.WorkGroup.Configuration.ResultConfiguration"
        ".EncryptionConfiguration.EncryptionOption, "
        "EnforceWorkGroupConfiguration=Detail.WorkGroup.Configuration"
        ".EnforceWorkGroupConfiguration, "
        "BytesScannedCutoffPerQuery=Detail.WorkGroup.Configuration.BytesScannedCutoffPerQuery, "
        "PublishCloudWatchMetricsEnabled=Detail.WorkGroup.Configuration"
        ".PublishCloudWatchMetricsEnabled, CreationTime",
        links=(
            "encrypts-with AWS::KMS::Alias Detail.WorkGroup.Configuration.ResultConfiguration"
            ".EncryptionConfiguration.KmsKey ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.WorkGroup.Configuration.ResultConfiguration"
            ".EncryptionConfiguration.KmsKey ~ !*alias/*",
            "encrypts-with AWS::KMS::Key Detail.WorkGroup.Configuration"
            ".ManagedQueryResultsConfiguration.EncryptionConfiguration.KmsKey",
            "encrypts-with AWS::KMS::Key Detail.WorkGroup.Configuration"
            ".CustomerContentEncryptionConfiguration.KmsKey",
            "routes-to AWS::S3::Bucket "
            "Detail.WorkGroup.Configuration.ResultConfiguration.OutputLocation ~ s3://(*)/*",
            "runs-as AWS::IAM::Role Detail.WorkGroup.Configuration.ExecutionRole",
            "uses AWS::SSO::Application IdentityCenterApplicationArn",
        ),
    ),
    listing(
        "AWS::Athena::DataCatalog",
        calls=(
            pages("athena", "ListDataCatalogs", "DataCatalogsSummary[]"),
            # Most are a Lambda function under another name, and only this tells which.
            each("athena", "GetDataCatalog", into="Detail", Name="{CatalogName}"),
        ),
        arn="arn:{partition}:athena:{region}:{account}:datacatalog/{CatalogName}",
        name="CatalogName",
        tags=tagged("athena:datacatalog"),
        properties="State=Status, Type, ConnectionType, Description=Detail.DataCatalog.Description",
        links=(
            "uses AWS::Lambda::Function Detail.DataCatalog.Parameters.function ~ arn:*:lambda:*",
            "uses AWS::Lambda::Function "
            "Detail.DataCatalog.Parameters.metadata-function ~ arn:*:lambda:*",
            "uses AWS::Lambda::Function "
            "Detail.DataCatalog.Parameters.record-function ~ arn:*:lambda:*",
            "uses AWS::Glue::Connection "
            "Detail.DataCatalog.Parameters.connection-arn ~ arn:*:glue:*",
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
            batch(
                "athena",
                "BatchGetNamedQuery",
                "NamedQueries[]",
                size=50,
                NamedQueryIds=["{@}"],
            ),
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
            each("emr", "DescribeCluster", into="Detail", ClusterId="{Id}"),
        ),
        arn="ClusterArn",
        name="Name",
        tags="Detail.Cluster.Tags",
        properties="State=Status.State, ReleaseLabel=Detail.Cluster.ReleaseLabel, "
        "Applications=Detail.Cluster.Applications[].Name, "
        "InstanceCollectionType=Detail.Cluster.InstanceCollectionType, "
        "AvailabilityZone=Detail.Cluster.Ec2InstanceAttributes.Ec2AvailabilityZone, "
        "MasterPublicDnsName=Detail.Cluster.MasterPublicDnsName, "
        "AutoTerminate=Detail.Cluster.AutoTerminate, "
        "TerminationProtected=Detail.Cluster.TerminationProtected, "
        "LogUri=Detail.Cluster.LogUri, CreationDateTime=Status.Timeline.CreationDateTime",
        links=(
            "in AWS::EC2::Subnet Detail.Cluster.Ec2InstanceAttributes.Ec2SubnetId",
            "uses AWS::EC2::SecurityGroup "
            "Detail.Cluster.Ec2InstanceAttributes.EmrManagedMasterSecurityGroup",
            "uses AWS::EC2::SecurityGroup "
            "Detail.Cluster.Ec2InstanceAttributes.EmrManagedSlaveSecurityGroup",
            "uses AWS::EC2::SecurityGroup "
            "Detail.Cluster.Ec2InstanceAttributes.ServiceAccessSecurityGroup",
            "uses AWS::EC2::SecurityGroup "
            "Detail.Cluster.Ec2InstanceAttributes.AdditionalMasterSecurityGroups",
            "uses AWS::EC2::SecurityGroup "
            "Detail.Cluster.Ec2InstanceAttributes.AdditionalSlaveSecurityGroups",
            "uses AWS::EC2::KeyPair Detail.Cluster.Ec2InstanceAttributes.Ec2KeyName",
            "uses AWS::EC2::Image Detail.Cluster.CustomAmiId",
            "uses AWS::EMR::SecurityConfiguration Detail.Cluster.SecurityConfiguration",
            # It may be s3n:// or s3a:// as well.
            "routes-to AWS::S3::Bucket Detail.Cluster.LogUri ~ s3*://(*)/*",
            "encrypts-with AWS::KMS::Key Detail.Cluster.LogEncryptionKmsKeyId",
            "runs-as AWS::IAM::Role Detail.Cluster.ServiceRole",
            "runs-as AWS::IAM::Role Detail.Cluster.AutoScalingRole",
            "runs-as AWS::IAM::InstanceProfile "
            "Detail.Cluster.Ec2InstanceAttributes.IamInstanceProfile",
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
            each("emr", "DescribeStudio", into="Detail", StudioId="{StudioId}"),
        ),
        arn="arn:{partition}:elasticmapreduce:{region}:{account}:studio/{StudioId}",
        name="Name",
        tags="Detail.Studio.Tags",
        properties="Description, AuthMode, Url, "
        "DefaultS3Location=Detail.Studio.DefaultS3Location, "
        "TrustedIdentityPropagationEnabled=Detail.Studio.TrustedIdentityPropagationEnabled, "
        "IdcUserAssignment=Detail.Studio.IdcUserAssignment, CreationTime",
        links=(
            "in AWS::EC2::VPC VpcId",
            "in AWS::EC2::Subnet Detail.Studio.SubnetIds",
            "uses AWS::EC2::SecurityGroup Detail.Studio.WorkspaceSecurityGroupId",
            "uses AWS::EC2::SecurityGroup Detail.Studio.EngineSecurityGroupId",
            "uses AWS::S3::Bucket Detail.Studio.DefaultS3Location ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Key Detail.Studio.EncryptionKeyArn",
            "runs-as AWS::IAM::Role Detail.Studio.ServiceRole",
            "runs-as AWS::IAM::Role Detail.Studio.UserRole",
            "uses AWS::SSO::Instance Detail.Studio.IdcInstanceArn",
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
            each("emr-serverless", "GetApplication", into="Detail", applicationId="{id}"),
        ),
        arn="arn",
        name="name",
        tags="Detail.application.tags",
        properties="State=state, type, releaseLabel, architecture, "
        "autoStart=Detail.application.autoStartConfiguration.enabled, "
        "autoStop=Detail.application.autoStopConfiguration.enabled, "
        "idleTimeoutMinutes=Detail.application.autoStopConfiguration.idleTimeoutMinutes, "
        "maximumCpu=Detail.application.maximumCapacity.cpu, "
        "maximumMemory=Detail.application.maximumCapacity.memory, "
        "imageUri=Detail.application.imageConfiguration.imageUri, createdAt",
        links=(
            "in AWS::EC2::Subnet Detail.application.networkConfiguration.subnetIds",
            "uses AWS::EC2::SecurityGroup Detail.application.networkConfiguration.securityGroupIds",
            "uses AWS::ECR::Repository Detail.application.imageConfiguration.imageUri "
            "~ *.dkr.ecr.*.amazonaws.com/(*)[@:]*",
            "uses AWS::Logs::LogGroup Detail.application.monitoringConfiguration"
            ".cloudWatchLoggingConfiguration.logGroupName",
            "routes-to AWS::S3::Bucket Detail.application.monitoringConfiguration"
            ".s3MonitoringConfiguration.logUri ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Key Detail.application.monitoringConfiguration"
            ".cloudWatchLoggingConfiguration.encryptionKeyArn",
            "encrypts-with AWS::KMS::Key Detail.application.monitoringConfiguration"
            ".s3MonitoringConfiguration.encryptionKeyArn",
            "encrypts-with AWS::KMS::Key Detail.application.monitoringConfiguration"
            ".managedPersistenceMonitoringConfiguration.encryptionKeyArn",
            "uses AWS::SSO::Application "
            "Detail.application.identityCenterConfiguration.identityCenterApplicationArn",
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
        "RowLevelPermissionTagConfigurationApplied, "
        "RowLevelPermissionStatus=RowLevelPermissionDataSet.Status, CreatedTime, LastUpdatedTime",
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
                into="Detail",
                AwsAccountId="{account}",
                DashboardId="{DashboardId}",
            ),
        ),
        arn="Arn",
        id="DashboardId",
        name="Name",
        tags=tagged("quicksight:dashboard"),
        properties="State=Detail.Dashboard.Version.Status, PublishedVersionNumber, "
        "Sheets=Detail.Dashboard.Version.Sheets[].Name, CreatedTime, LastPublishedTime, "
        "LastUpdatedTime",
        links=(
            "uses AWS::QuickSight::DataSet Detail.Dashboard.Version.DataSetArns",
            "uses AWS::QuickSight::Theme Detail.Dashboard.Version.ThemeArn",
        ),
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
