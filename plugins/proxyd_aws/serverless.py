"""What runs code without servers: Lambda and App Runner."""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    # ListFunctions leaves a function's state out, and only lambda:GetFunction has it, which
    # also hands out a URL of the code.
    listing(
        "AWS::Lambda::Function",
        calls=pages("lambda", "ListFunctions", "Functions[]"),
        arn="FunctionArn",
        id="FunctionName",
        tags=tagged("lambda:function"),
        properties="Runtime, Handler, Description, MemorySize, Timeout, CodeSize, PackageType, "
        "Architectures, EphemeralStorage=EphemeralStorage.Size, TracingMode=TracingConfig.Mode, "
        "LastModified",
        links=(
            "in AWS::EC2::VPC VpcConfig.VpcId, in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Lambda::LayerVersion Layers[].Arn",
            "uses AWS::EFS::AccessPoint FileSystemConfigs[].Arn",
            "uses AWS::Logs::LogGroup LoggingConfig.LogGroup",
            "routes-to AWS::SQS::Queue DeadLetterConfig.TargetArn ~ arn:*:sqs:*",
            "routes-to AWS::SNS::Topic DeadLetterConfig.TargetArn ~ arn:*:sns:*",
            "encrypts-with AWS::KMS::Key KMSKeyArn",
            "runs-as AWS::IAM::Role Role",
        ),
    ),
    # ListLayers knows the latest version of each only, and functions stay with older ones.
    listing(
        "AWS::Lambda::LayerVersion",
        calls=(
            pages("lambda", "ListLayers", "Layers[]"),
            each("lambda", "ListLayerVersions", "LayerVersions[]", LayerName="{LayerName}"),
        ),
        arn="LayerVersionArn",
        id="LayerVersionArn",
        name="^.LayerName",
        tags=None,
        properties="Version, Description, CompatibleRuntimes, CompatibleArchitectures, "
        "LicenseInfo, CreatedDate",
    ),
    listing(
        "AWS::Lambda::EventSourceMapping",
        calls=pages("lambda", "ListEventSourceMappings", "EventSourceMappings[]"),
        arn="EventSourceMappingArn",
        id="UUID",
        name="FunctionArn ~ *:function:(*)",
        tags=tagged("lambda:event-source-mapping"),
        properties="State, EventSourceArn, BatchSize, MaximumBatchingWindowInSeconds, "
        "ParallelizationFactor, StartingPosition, MaximumRetryAttempts, "
        "MaximumConcurrency=ScalingConfig.MaximumConcurrency, Topics, Queues",
        links=(
            "triggers AWS::Lambda::Function FunctionArn ~ !*:function:*:*",
            "triggers AWS::Lambda::Function FunctionArn ~ (arn:*:function:*):*",
            "attached-to AWS::SQS::Queue EventSourceArn ~ arn:*:sqs:*",
            "attached-to AWS::DynamoDB::Table EventSourceArn ~ (arn:*:table/*)/stream/*",
            "attached-to AWS::Kinesis::Stream EventSourceArn ~ arn:*:kinesis:*:stream/*",
            "attached-to AWS::Kinesis::Stream "
            "EventSourceArn ~ (arn:*:kinesis:*:stream/*)/consumer/*",
            "attached-to AWS::MSK::Cluster EventSourceArn ~ arn:*:kafka:*",
            "attached-to AWS::AmazonMQ::Broker EventSourceArn ~ arn:*:mq:*",
            "attached-to AWS::DocDB::DBCluster EventSourceArn ~ arn:*:rds:*",
            "in AWS::EC2::Subnet SourceAccessConfigurations[].URI ~ subnet:(*)",
            "uses AWS::EC2::SecurityGroup SourceAccessConfigurations[].URI ~ security_group:(*)",
            "uses AWS::SecretsManager::Secret "
            "SourceAccessConfigurations[].URI ~ arn:*:secretsmanager:*",
            "routes-to AWS::SQS::Queue DestinationConfig.OnFailure.Destination ~ arn:*:sqs:*",
            "routes-to AWS::SNS::Topic DestinationConfig.OnFailure.Destination ~ arn:*:sns:*",
            "routes-to AWS::S3::Bucket DestinationConfig.OnFailure.Destination ~ arn:*:s3:*",
            "encrypts-with AWS::KMS::Key KMSKeyArn",
        ),
    ),
    listing(
        "AWS::AppRunner::Service",
        calls=(
            pages("apprunner", "ListServices", "ServiceSummaryList[]"),
            # What a service runs, as whom and in which network: the list has none of it.
            each("apprunner", "DescribeService", into="Detail", ServiceArn="{ServiceArn}"),
        ),
        arn="ServiceArn",
        id="ServiceName",
        tags=tagged("apprunner:service"),
        properties="State=Status, ServiceUrl, "
        "Cpu=Detail.Service.InstanceConfiguration.Cpu, "
        "Memory=Detail.Service.InstanceConfiguration.Memory, "
        "ImageIdentifier=Detail.Service.SourceConfiguration.ImageRepository.ImageIdentifier, "
        "AutoDeploymentsEnabled=Detail.Service.SourceConfiguration.AutoDeploymentsEnabled, "
        "EgressType=Detail.Service.NetworkConfiguration.EgressConfiguration.EgressType, "
        "IsPubliclyAccessible="
        "Detail.Service.NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible, "
        "CreatedAt, UpdatedAt",
        links=(
            "runs AWS::ECR::Repository Detail.Service.SourceConfiguration.ImageRepository"
            ".ImageIdentifier ~ *.dkr.ecr.*.amazonaws.com/(*)[:@]*",
            "uses AWS::AppRunner::VpcConnector "
            "Detail.Service.NetworkConfiguration.EgressConfiguration.VpcConnectorArn",
            "uses AWS::AppRunner::ObservabilityConfiguration "
            "Detail.Service.ObservabilityConfiguration.ObservabilityConfigurationArn",
            "uses AWS::AppRunner::AutoScalingConfiguration "
            "Detail.Service.AutoScalingConfigurationSummary.AutoScalingConfigurationArn",
            "uses AWS::IAM::Role "
            "Detail.Service.SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
            "encrypts-with AWS::KMS::Key Detail.Service.EncryptionConfiguration.KmsKey",
            "runs-as AWS::IAM::Role Detail.Service.InstanceConfiguration.InstanceRoleArn",
        ),
    ),
    listing(
        "AWS::AppRunner::ObservabilityConfiguration",
        calls=pages(
            "apprunner",
            "ListObservabilityConfigurations",
            "ObservabilityConfigurationSummaryList[]",
            # Services stay with older revisions.
            LatestOnly=False,
        ),
        arn="ObservabilityConfigurationArn",
        name="ObservabilityConfigurationName",
        tags=tagged("apprunner:observabilityconfiguration"),
        properties="Revision=ObservabilityConfigurationRevision",
        # AWS's own, under a name that nobody else may give.
        drop=("ObservabilityConfigurationName", "DefaultConfiguration"),
    ),
)
