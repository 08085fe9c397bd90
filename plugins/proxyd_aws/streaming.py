"""Streams of records, what delivers and what works on them: Kinesis, Firehose, MSK, Flink."""

from proxyd.plugin import each, listing, pages, tagged

_FIREHOSE = "DeliveryStreamDescription"
_TO = f"{_FIREHOSE}.Destinations[]"
_WITH_ROLE = (
    "AmazonOpenSearchServerless",
    "Amazonopensearchservice",
    "Elasticsearch",
    "HttpEndpoint",
    "Iceberg",
    "Redshift",
    "Snowflake",
)
"""What a delivery stream delivers to besides S3, where it keeps what it could not deliver."""

_FLINK = "ApplicationDetail"
_RUNS_IN = f"{_FLINK}.ApplicationConfigurationDescription"
_BROKERS = "Provisioned.BrokerNodeGroupInfo"
_LOGS = "Provisioned.LoggingInfo.BrokerLogs"
_CODE = f"{_RUNS_IN}.ApplicationCodeConfigurationDescription.CodeContentDescription"

SCANNERS = (
    listing(
        "AWS::Kinesis::Stream",
        calls=(
            pages("kinesis", "ListStreams", "StreamSummaries[]"),
            # Shards, retention and key are all that there is to look at.
            each("kinesis", "DescribeStreamSummary", StreamARN="{StreamARN}"),
        ),
        arn="StreamARN",
        name="StreamName",
        tags=tagged("kinesis:stream"),
        properties="State=StreamStatus, StreamMode=StreamModeDetails.StreamMode, "
        "RetentionPeriodHours=StreamDescriptionSummary.RetentionPeriodHours, "
        "OpenShardCount=StreamDescriptionSummary.OpenShardCount, "
        "ConsumerCount=StreamDescriptionSummary.ConsumerCount, "
        "EncryptionType=StreamDescriptionSummary.EncryptionType, "
        "StreamCreationTimestamp",
        links=(
            "encrypts-with AWS::KMS::Alias StreamDescriptionSummary.KeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key StreamDescriptionSummary.KeyId ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::KinesisFirehose::DeliveryStream",
        calls=(
            pages("firehose", "ListDeliveryStreams", "DeliveryStreamNames[]"),
            each("firehose", "DescribeDeliveryStream", DeliveryStreamName="{@}"),
        ),
        arn="arn:{partition}:firehose:{region}:{account}:deliverystream/{@}",
        name="@",
        tags=tagged("firehose:deliverystream"),
        properties=f"State={_FIREHOSE}.DeliveryStreamStatus, "
        f"DeliveryStreamType={_FIREHOSE}.DeliveryStreamType, "
        f"EncryptionStatus={_FIREHOSE}.DeliveryStreamEncryptionConfiguration.Status, "
        f"FailureType={_FIREHOSE}.FailureDescription.Type, "
        f"CompressionFormats={_TO}.ExtendedS3DestinationDescription.CompressionFormat, "
        f"S3BackupModes={_TO}.ExtendedS3DestinationDescription.S3BackupMode, "
        f"CreateTimestamp={_FIREHOSE}.CreateTimestamp, "
        f"LastUpdateTimestamp={_FIREHOSE}.LastUpdateTimestamp",
        links=(
            "uses AWS::Kinesis::Stream "
            f"{_FIREHOSE}.Source.KinesisStreamSourceDescription.KinesisStreamARN",
            f"uses AWS::MSK::Cluster {_FIREHOSE}.Source.MSKSourceDescription.MSKClusterARN",
            f"routes-to AWS::S3::Bucket {_TO}.ExtendedS3DestinationDescription.BucketARN",
            "routes-to AWS::S3::Bucket "
            f"{_TO}.ExtendedS3DestinationDescription.S3BackupDescription.BucketARN",
            *(
                f"routes-to AWS::S3::Bucket {_TO}.{kind}DestinationDescription"
                ".S3DestinationDescription.BucketARN ~ arn:*"
                for kind in (*_WITH_ROLE, "Splunk")
            ),
            "routes-to AWS::OpenSearchService::Domain "
            f"{_TO}.AmazonopensearchserviceDestinationDescription.DomainARN",
            "routes-to AWS::OpenSearchService::Domain "
            f"{_TO}.ElasticsearchDestinationDescription.DomainARN",
            "routes-to AWS::Glue::Database "
            f"{_TO}.IcebergDestinationDescription.DestinationTableConfigurationList[]"
            ".DestinationDatabaseName",
            # A function is named with its version, which is `$LATEST` if nobody says another.
            *(
                f"triggers AWS::Lambda::Function {_TO}.{kind}DestinationDescription"
                f".ProcessingConfiguration.Processors[].Parameters[ParameterName=LambdaArn]"
                f".ParameterValue ~ {glob}"
                for kind in ("ExtendedS3", *_WITH_ROLE, "Splunk")
                for glob in ("arn:*:function:*[!T]", "(arn:*:function:*):*")
            ),
            "in AWS::EC2::Subnet "
            f"{_TO}.AmazonopensearchserviceDestinationDescription.VpcConfigurationDescription"
            ".SubnetIds[]",
            "uses AWS::EC2::SecurityGroup "
            f"{_TO}.AmazonopensearchserviceDestinationDescription.VpcConfigurationDescription"
            ".SecurityGroupIds[]",
            "uses AWS::Logs::LogGroup "
            f"{_TO}.ExtendedS3DestinationDescription.CloudWatchLoggingOptions.LogGroupName",
            *(
                f"uses AWS::SecretsManager::Secret {_TO}.{kind}DestinationDescription"
                ".SecretsManagerConfiguration.SecretARN ~ arn:*"
                for kind in ("HttpEndpoint", "Redshift", "Snowflake", "Splunk")
            ),
            f"encrypts-with AWS::KMS::Key {_FIREHOSE}.DeliveryStreamEncryptionConfiguration.KeyARN",
            "encrypts-with AWS::KMS::Key "
            f"{_TO}.ExtendedS3DestinationDescription.EncryptionConfiguration.KMSEncryptionConfig"
            ".AWSKMSKeyARN",
            f"runs-as AWS::IAM::Role {_FIREHOSE}.Source.KinesisStreamSourceDescription.RoleARN",
            f"runs-as AWS::IAM::Role {_TO}.ExtendedS3DestinationDescription.RoleARN",
            *(
                f"runs-as AWS::IAM::Role {_TO}.{kind}DestinationDescription.RoleARN ~ arn:*"
                for kind in _WITH_ROLE
            ),
        ),
    ),
    listing(
        "AWS::MSK::Cluster",
        calls=pages(
            "kafka", "ListClustersV2", "ClusterInfoList[]", ClusterTypeFilter="PROVISIONED"
        ),
        arn="ClusterArn",
        id="ClusterName",
        properties="State, "
        "KafkaVersion=Provisioned.CurrentBrokerSoftwareInfo.KafkaVersion, "
        f"InstanceType={_BROKERS}.InstanceType, "
        "NumberOfBrokerNodes=Provisioned.NumberOfBrokerNodes, "
        f"VolumeSize={_BROKERS}.StorageInfo.EbsStorageInfo.VolumeSize, "
        f"PublicAccess={_BROKERS}.ConnectivityInfo.PublicAccess.Type, "
        "ClientBrokerEncryption=Provisioned.EncryptionInfo.EncryptionInTransit.ClientBroker, "
        "Unauthenticated=Provisioned.ClientAuthentication.Unauthenticated.Enabled, "
        "StorageMode=Provisioned.StorageMode, CreationTime",
        links=(
            f"in AWS::EC2::Subnet {_BROKERS}.ClientSubnets",
            f"uses AWS::EC2::SecurityGroup {_BROKERS}.SecurityGroups",
            "uses AWS::MSK::Configuration Provisioned.CurrentBrokerSoftwareInfo.ConfigurationArn",
            "uses AWS::ACMPCA::CertificateAuthority "
            "Provisioned.ClientAuthentication.Tls.CertificateAuthorityArnList",
            f"uses AWS::Logs::LogGroup {_LOGS}.CloudWatchLogs.LogGroup",
            f"uses AWS::KinesisFirehose::DeliveryStream {_LOGS}.Firehose.DeliveryStream",
            f"uses AWS::S3::Bucket {_LOGS}.S3.Bucket",
            "encrypts-with AWS::KMS::Key "
            "Provisioned.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId",
        ),
    ),
    listing(
        "AWS::MSK::ServerlessCluster",
        calls=pages("kafka", "ListClustersV2", "ClusterInfoList[]", ClusterTypeFilter="SERVERLESS"),
        arn="ClusterArn",
        id="ClusterName",
        properties="State, IamAuthentication=Serverless.ClientAuthentication.Sasl.Iam.Enabled, "
        "CreationTime",
        links="in AWS::EC2::Subnet Serverless.VpcConfigs[].SubnetIds[], "
        "uses AWS::EC2::SecurityGroup Serverless.VpcConfigs[].SecurityGroupIds[]",
    ),
    listing(
        "AWS::MSK::Configuration",
        calls=pages("kafka", "ListConfigurations", "Configurations[]"),
        arn="Arn",
        id="Name",
        tags=None,
        properties="State, Description, KafkaVersions, LatestRevision=LatestRevision.Revision, "
        "CreationTime",
    ),
    listing(
        "AWS::KinesisAnalyticsV2::Application",
        calls=(
            pages("kinesisanalyticsv2", "ListApplications", "ApplicationSummaries[]"),
            # The list has no links at all: neither role nor network nor code.
            each(
                "kinesisanalyticsv2",
                "DescribeApplication",
                ApplicationName="{ApplicationName}",
            ),
        ),
        arn="ApplicationARN",
        name="ApplicationName",
        tags=tagged("kinesisanalytics:application"),
        properties="State=ApplicationStatus, RuntimeEnvironment, ApplicationMode, "
        "ApplicationVersionId, "
        f"Parallelism={_RUNS_IN}.FlinkApplicationConfigurationDescription"
        ".ParallelismConfigurationDescription.Parallelism, "
        f"AutoScalingEnabled={_RUNS_IN}.FlinkApplicationConfigurationDescription"
        ".ParallelismConfigurationDescription.AutoScalingEnabled, "
        f"SnapshotsEnabled={_RUNS_IN}.ApplicationSnapshotConfigurationDescription"
        ".SnapshotsEnabled, "
        f"CreateTimestamp={_FLINK}.CreateTimestamp, "
        f"LastUpdateTimestamp={_FLINK}.LastUpdateTimestamp",
        links=(
            f"in AWS::EC2::VPC {_RUNS_IN}.VpcConfigurationDescriptions[].VpcId",
            f"in AWS::EC2::Subnet {_RUNS_IN}.VpcConfigurationDescriptions[].SubnetIds[]",
            "uses AWS::EC2::SecurityGroup "
            f"{_RUNS_IN}.VpcConfigurationDescriptions[].SecurityGroupIds[]",
            f"uses AWS::S3::Bucket {_CODE}.S3ApplicationCodeLocationDescription.BucketARN",
            "uses AWS::Glue::Database "
            f"{_RUNS_IN}.ZeppelinApplicationConfigurationDescription"
            ".CatalogConfigurationDescription.GlueDataCatalogConfigurationDescription.DatabaseARN",
            "uses AWS::Logs::LogGroup "
            f"{_FLINK}.CloudWatchLoggingOptionDescriptions[].LogStreamARN "
            "~ (arn:*:log-group:*):log-stream:*",
            "encrypts-with AWS::KMS::Key "
            f"{_RUNS_IN}.ApplicationEncryptionConfigurationDescription.KeyId",
            f"runs-as AWS::IAM::Role {_FLINK}.ServiceExecutionRole",
        ),
    ),
)
