"""Glue: the data catalog, what fills it, and the jobs that work on it.

Roles may stand there by ARN or by name, with a path before it: the last piece names both.
"""

from collections.abc import AsyncGenerator

from proxyd.plugin import (
    Operation,
    Resource,
    Scanner,
    Shard,
    batch,
    each,
    listing,
    one,
    pages,
    tagged,
)

_KINDS = {
    "GrokClassifier": ("Classification",),
    "XMLClassifier": ("Classification", "RowTag"),
    "JsonClassifier": ("JsonPath",),
    "CsvClassifier": ("Delimiter", "QuoteSymbol", "ContainsHeader", "Serde"),
}


async def _classifiers(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Each is under the name of its kind, and a declared path leads to one of them only."""
    start = f"arn:{shard.partition}:glue:{shard.region}:{shard.account}:classifier"
    async for page in shard.pages("glue", "GetClassifiers"):
        for classifier in page.get("Classifiers", ()):
            for kind, fields in _KINDS.items():
                found = classifier.get(kind)
                if found:
                    told = {key: found[key] for key in fields if found.get(key) is not None}
                    yield shard.resource(
                        arn=f"{start}/{found['Name']}",
                        id=found["Name"],
                        properties={"Type": kind, **told},
                    )


_BY = ("Jdbc", "MongoDB", "S3", "Catalog", "Delta", "Iceberg", "Hudi")
"""The kinds of a crawler's targets that it may reach through a connection."""

_AT_REST = "DataCatalogEncryptionSettings.EncryptionAtRest"
_PASSWORDS = "DataCatalogEncryptionSettings.ConnectionPasswordEncryption"

SCANNERS = (
    listing(
        "AWS::Glue::Job",
        calls=pages("glue", "GetJobs", "Jobs[]"),
        arn="arn:{partition}:glue:{region}:{account}:job/{Name}",
        name="Name",
        tags=tagged("glue:job"),
        properties="Description, Type=Command.Name, ScriptLocation=Command.ScriptLocation, "
        "GlueVersion, PythonVersion=Command.PythonVersion, WorkerType, NumberOfWorkers, "
        "ExecutionClass, CreatedOn, LastModifiedOn",
        links=(
            "runs-as AWS::IAM::Role Role/",
            "uses AWS::S3::Bucket Command.ScriptLocation ~ s3://(*)/*",
            "uses AWS::Glue::Connection Connections.Connections",
            "uses AWS::Glue::SecurityConfiguration SecurityConfiguration",
        ),
    ),
    listing(
        "AWS::Glue::Connection",
        # Without its password, which would be left behind here, but has no business to come.
        calls=pages("glue", "GetConnections", "ConnectionList[]", HidePassword=True),
        arn="arn:{partition}:glue:{region}:{account}:connection/{Name}",
        name="Name",
        tags=tagged("glue:connection"),
        properties="State=Status, ConnectionType, Description, "
        "AuthenticationType=AuthenticationConfiguration.AuthenticationType, "
        "AvailabilityZone=PhysicalConnectionRequirements.AvailabilityZone, "
        "CompatibleComputeEnvironments, CreationTime, LastUpdatedTime",
        links=(
            "in AWS::EC2::Subnet PhysicalConnectionRequirements.SubnetId",
            "uses AWS::EC2::SecurityGroup PhysicalConnectionRequirements.SecurityGroupIdList",
            "uses AWS::SecretsManager::Secret AuthenticationConfiguration.SecretArn",
            "uses AWS::SecretsManager::Secret "
            "ConnectionProperties.SECRET_ID ~ arn:*:secretsmanager:*",
            "encrypts-with AWS::KMS::Key AuthenticationConfiguration.KmsKeyArn",
        ),
    ),
    listing(
        "AWS::Glue::Crawler",
        calls=pages("glue", "GetCrawlers", "Crawlers[]"),
        arn="arn:{partition}:glue:{region}:{account}:crawler/{Name}",
        name="Name",
        tags=tagged("glue:crawler"),
        properties="State, Description, S3Paths=Targets.S3Targets[].Path, TablePrefix, "
        "Schedule=Schedule.ScheduleExpression, ScheduleState=Schedule.State, "
        "RecrawlBehavior=RecrawlPolicy.RecrawlBehavior, LastCrawlStatus=LastCrawl.Status, "
        "CreationTime, LastUpdated",
        links=(
            "routes-to AWS::Glue::Database DatabaseName, runs-as AWS::IAM::Role Role/",
            "uses AWS::S3::Bucket Targets.S3Targets[].Path ~ s3://(*)/*",
            "uses AWS::S3::Bucket Targets.DeltaTargets[].DeltaTables[] ~ s3://(*)/*",
            "uses AWS::S3::Bucket Targets.IcebergTargets[].Paths[] ~ s3://(*)/*",
            "uses AWS::S3::Bucket Targets.HudiTargets[].Paths[] ~ s3://(*)/*",
            "uses AWS::DynamoDB::Table Targets.DynamoDBTargets[].Path",
            "uses AWS::Glue::Database Targets.CatalogTargets[].DatabaseName",
            "uses AWS::Glue::Table Targets.CatalogTargets[].Tables[]",
            *(f"uses AWS::Glue::Connection Targets.{kind}Targets[].ConnectionName" for kind in _BY),
            "uses AWS::SQS::Queue Targets.S3Targets[].EventQueueArn",
            "uses AWS::SQS::Queue Targets.S3Targets[].DlqEventQueueArn",
            "uses AWS::SQS::Queue Targets.CatalogTargets[].EventQueueArn",
            "uses AWS::SQS::Queue Targets.CatalogTargets[].DlqEventQueueArn",
            "uses AWS::Glue::Classifier Classifiers",
            "uses AWS::Glue::SecurityConfiguration CrawlerSecurityConfiguration",
        ),
    ),
    listing(
        "AWS::Glue::Database",
        calls=pages("glue", "GetDatabases", "DatabaseList[]"),
        arn="arn:{partition}:glue:{region}:{account}:database/{Name}",
        name="Name",
        tags=tagged("glue:database"),
        properties="Description, LocationUri, TargetCatalogId=TargetDatabase.CatalogId, "
        "FederatedConnectionType=FederatedDatabase.ConnectionType, CreateTime",
        links=(
            "uses AWS::S3::Bucket LocationUri ~ s3://(*)/*",
            "uses AWS::Glue::Database TargetDatabase.DatabaseName",
            "uses AWS::Glue::Connection FederatedDatabase.ConnectionName",
        ),
    ),
    # When it was updated and its version are left out: every write to an Iceberg table
    # makes new ones.
    listing(
        "AWS::Glue::Table",
        calls=(
            pages("glue", "GetDatabases", "DatabaseList[]"),
            each("glue", "GetTables", "TableList[]", DatabaseName="{Name}"),
        ),
        arn="arn:{partition}:glue:{region}:{account}:table/{DatabaseName}/{Name}",
        name="Name",
        tags=None,
        properties="TableType, Description, DatabaseName, Location=StorageDescriptor.Location, "
        "InputFormat=StorageDescriptor.InputFormat, PartitionKeys=PartitionKeys[].Name, "
        "IsRegisteredWithLakeFormation, TargetCatalogId=TargetTable.CatalogId, "
        "TargetDatabaseName=TargetTable.DatabaseName, CreateTime",
        links=(
            "member-of AWS::Glue::Database DatabaseName",
            "uses AWS::S3::Bucket StorageDescriptor.Location ~ s3*://(*)/*",
            "uses AWS::Glue::Table TargetTable.Name",
            "uses AWS::Glue::Connection FederatedTable.ConnectionName",
        ),
        # Under a link to another database are that one's tables.
        keep=("^.TargetDatabase.DatabaseName", ""),
    ),
    listing(
        "AWS::Glue::DevEndpoint",
        calls=pages("glue", "GetDevEndpoints", "DevEndpoints[]"),
        arn="arn:{partition}:glue:{region}:{account}:devEndpoint/{EndpointName}",
        name="EndpointName",
        tags=tagged("glue:devEndpoint"),
        properties="State=Status, GlueVersion, WorkerType, NumberOfWorkers, NumberOfNodes, "
        "AvailabilityZone, FailureReason, CreatedTimestamp, LastModifiedTimestamp",
        links=(
            "in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet SubnetId",
            "uses AWS::EC2::SecurityGroup SecurityGroupIds, runs-as AWS::IAM::Role RoleArn",
            "uses AWS::Glue::SecurityConfiguration SecurityConfiguration",
        ),
    ),
    listing(
        "AWS::Glue::MLTransform",
        calls=pages("glue", "GetMLTransforms", "Transforms[]"),
        arn="arn:{partition}:glue:{region}:{account}:mlTransform/{TransformId}",
        name="Name",
        tags=tagged("glue:mlTransform"),
        properties="State=Status, Description, GlueVersion, WorkerType, NumberOfWorkers, "
        "MaxCapacity, LabelCount, CreatedOn, LastModifiedOn",
        links=(
            "uses AWS::Glue::Database InputRecordTables[].DatabaseName",
            "uses AWS::Glue::Table InputRecordTables[].TableName, runs-as AWS::IAM::Role Role/",
            "encrypts-with AWS::KMS::Key TransformEncryption.MlUserDataEncryption.KmsKeyId",
            "uses AWS::Glue::SecurityConfiguration "
            "TransformEncryption.TaskRunSecurityConfigurationName",
        ),
    ),
    listing(
        "AWS::Glue::SecurityConfiguration",
        calls=pages("glue", "GetSecurityConfigurations", "SecurityConfigurations[]"),
        arn="arn:{partition}:glue:{region}:{account}:security-configuration/{Name}",
        name="Name",
        tags=None,
        properties="S3EncryptionModes=EncryptionConfiguration.S3Encryption[].S3EncryptionMode, "
        "CloudWatchEncryptionMode=EncryptionConfiguration.CloudWatchEncryption"
        ".CloudWatchEncryptionMode, "
        "JobBookmarksEncryptionMode=EncryptionConfiguration.JobBookmarksEncryption"
        ".JobBookmarksEncryptionMode, CreatedTimeStamp",
        links=[
            f"encrypts-with AWS::KMS::Key EncryptionConfiguration.{of}.KmsKeyArn"
            for of in (
                "S3Encryption[]",
                "CloudWatchEncryption",
                "JobBookmarksEncryption",
                "DataQualityEncryption",
            )
        ],
    ),
    # They are the catalog's, of which an account has one in each region.
    listing(
        "AWS::Glue::DataCatalogEncryptionSettings",
        calls=one("glue", "GetDataCatalogEncryptionSettings"),
        arn="arn:{partition}:glue:{region}:{account}:catalog",
        tags=None,
        properties="CatalogEncryptionMode=DataCatalogEncryptionSettings.EncryptionAtRest"
        ".CatalogEncryptionMode, "
        "ReturnConnectionPasswordEncrypted=DataCatalogEncryptionSettings"
        ".ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted",
        links=(
            f"encrypts-with AWS::KMS::Alias {_AT_REST}.SseAwsKmsKeyId ~ *alias/*",
            f"encrypts-with AWS::KMS::Key {_AT_REST}.SseAwsKmsKeyId ~ !*alias/*",
            f"encrypts-with AWS::KMS::Alias {_PASSWORDS}.AwsKmsKeyId ~ *alias/*",
            f"encrypts-with AWS::KMS::Key {_PASSWORDS}.AwsKmsKeyId ~ !*alias/*",
            f"runs-as AWS::IAM::Role {_AT_REST}.CatalogEncryptionServiceRole",
        ),
    ),
    Scanner(
        type="AWS::Glue::Classifier",
        operations=(Operation("glue", "GetClassifiers"),),
        scan=_classifiers,
        fields=("Type", *sorted({field for fields in _KINDS.values() for field in fields})),
    ),
    listing(
        "AWS::Glue::Trigger",
        calls=pages("glue", "GetTriggers", "Triggers[]"),
        arn="arn:{partition}:glue:{region}:{account}:trigger/{Name}",
        name="Name",
        tags=tagged("glue:trigger"),
        properties="State, Type, Description, Schedule, Logical=Predicate.Logical, "
        "EventBatchSize=EventBatchingCondition.BatchSize, "
        "EventBatchWindow=EventBatchingCondition.BatchWindow",
        links=(
            "member-of AWS::Glue::Workflow WorkflowName",
            "triggers AWS::Glue::Job Actions[].JobName",
            "triggers AWS::Glue::Crawler Actions[].CrawlerName",
            "uses AWS::Glue::Job Predicate.Conditions[].JobName",
            "uses AWS::Glue::Crawler Predicate.Conditions[].CrawlerName",
            "uses AWS::Glue::SecurityConfiguration Actions[].SecurityConfiguration",
        ),
    ),
    listing(
        "AWS::Glue::Workflow",
        calls=(
            pages("glue", "ListWorkflows", "Workflows[]"),
            batch("glue", "BatchGetWorkflows", "Workflows[]", size=25, Names=["{@}"]),
        ),
        arn="arn:{partition}:glue:{region}:{account}:workflow/{Name}",
        name="Name",
        tags=tagged("glue:workflow"),
        properties="Description, MaxConcurrentRuns, LastRunStatus=LastRun.Status, "
        "BlueprintName=BlueprintDetails.BlueprintName, CreatedOn, LastModifiedOn",
    ),
    listing(
        "AWS::Glue::Registry",
        calls=pages("glue", "ListRegistries", "Registries[]"),
        arn="RegistryArn",
        name="RegistryName",
        tags=tagged("glue:registry"),
        properties="State=Status, Description, CreatedTime, UpdatedTime",
    ),
)
