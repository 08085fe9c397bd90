"""SageMaker and Bedrock.

SageMaker writes some names into its ARNs in small letters, so they are taken as AWS tells them.
Environments and hyperparameters stay with AWS: people keep keys in them.
"""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from proxyd.plugin import (
    AwsError,
    Link,
    LinkTo,
    Operation,
    Resource,
    Scanner,
    Shard,
    each,
    listing,
    pages,
    tagged,
)

_APP = ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName")
_APP_LINKS = (
    LinkTo("member-of", "AWS::SageMaker::Domain", "DomainId"),
    LinkTo("member-of", "AWS::SageMaker::UserProfile", "UserProfileName"),
    LinkTo("member-of", "AWS::SageMaker::Space", "SpaceName"),
)


async def _apps(shard: Shard) -> AsyncGenerator[Resource, None]:
    """An app is a user's or a space's, and is asked for without the name of the other."""
    try:
        tags = await shard.tags("sagemaker:app")
    except AwsError as error:
        shard.incomplete(error)
        tags = {}
    async for page in shard.pages("sagemaker", "ListApps"):
        for app in page.get("Apps", ()):
            arn = await _arn_of(app, shard)
            if arn is not None:
                yield shard.resource(
                    arn=arn,
                    id=app["AppName"],
                    tags=tags.get(arn),
                    properties=dict(_told(app)),
                    links=tuple(
                        Link(rel=link.rel, type=link.type, id=app[link.path])
                        for link in _APP_LINKS
                        if app.get(link.path)
                    ),
                )


async def _arn_of(app: dict[str, Any], shard: Shard) -> str | None:
    """Only AWS knows it; None for what is deleted, which stays in the list for a day."""
    if app.get("Status") == "Deleted":
        return None
    params = {key: app[key] for key in _APP if app.get(key)}
    try:
        arn: str = (await shard.call("sagemaker", "DescribeApp", **params))["AppArn"]
    except AwsError as error:
        if not error.absent:
            raise
        return None
    return arn


def _told(app: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield an app's properties, as far as it has them."""
    spec = app.get("ResourceSpec", {})
    for key, value in (
        ("State", app.get("Status")),
        ("AppType", app.get("AppType")),
        ("InstanceType", spec.get("InstanceType")),
        ("SageMakerImageArn", spec.get("SageMakerImageArn")),
        ("LifecycleConfigArn", spec.get("LifecycleConfigArn")),
    ):
        if value is not None:
            yield key, value


_LATER = "Detail.AsyncInferenceConfig.OutputConfig"

_KNOWLEDGE = "knowledgeBase.knowledgeBaseConfiguration"
_WAREHOUSE = (
    f"{_KNOWLEDGE}.sqlKnowledgeBaseConfiguration.redshiftConfiguration.queryEngineConfiguration"
)
_STORE = "knowledgeBase.storageConfiguration"
_WITH_PASSWORDS = (
    "rdsConfiguration",
    "pineconeConfiguration",
    "redisEnterpriseCloudConfiguration",
    "mongoDbAtlasConfiguration",
)

SCANNERS = (
    listing(
        "AWS::SageMaker::NotebookInstance",
        calls=(
            pages("sagemaker", "ListNotebookInstances", "NotebookInstances[]"),
            each(
                "sagemaker",
                "DescribeNotebookInstance",
                into="Detail",
                NotebookInstanceName="{NotebookInstanceName}",
            ),
        ),
        arn="NotebookInstanceArn",
        id="NotebookInstanceName",
        tags=tagged("sagemaker:notebook-instance"),
        properties="State=NotebookInstanceStatus, InstanceType, "
        "PlatformIdentifier=Detail.PlatformIdentifier, VolumeSizeInGB=Detail.VolumeSizeInGB, "
        "DirectInternetAccess=Detail.DirectInternetAccess, RootAccess=Detail.RootAccess, "
        "FailureReason=Detail.FailureReason, CreationTime, LastModifiedTime",
        links=(
            "in AWS::EC2::Subnet Detail.SubnetId",
            "uses AWS::EC2::SecurityGroup Detail.SecurityGroups",
            "uses AWS::EC2::NetworkInterface Detail.NetworkInterfaceId",
            "encrypts-with AWS::KMS::Alias Detail.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.KmsKeyId ~ !*alias/*",
            "runs-as AWS::IAM::Role Detail.RoleArn",
            "uses AWS::SageMaker::NotebookInstanceLifecycleConfig "
            "NotebookInstanceLifecycleConfigName",
            "uses AWS::SageMaker::CodeRepository DefaultCodeRepository ~ !*://*",
            "uses AWS::SageMaker::CodeRepository AdditionalCodeRepositories ~ !*://*",
            "uses AWS::CodeCommit::Repository "
            "DefaultCodeRepository ~ https://git-codecommit.*/v1/repos/(*)",
            "uses AWS::CodeCommit::Repository "
            "AdditionalCodeRepositories ~ https://git-codecommit.*/v1/repos/(*)",
        ),
    ),
    listing(
        "AWS::SageMaker::Model",
        calls=(
            pages("sagemaker", "ListModels", "Models[]"),
            # The list gives names only.
            each("sagemaker", "DescribeModel", into="Detail", ModelName="{ModelName}"),
        ),
        arn="ModelArn",
        id="ModelName",
        tags=tagged("sagemaker:model"),
        properties="Image=Detail.PrimaryContainer.Image, "
        "ModelDataUrl=Detail.PrimaryContainer.ModelDataUrl, Mode=Detail.PrimaryContainer.Mode, "
        "ContainerImages=Detail.Containers[].Image, "
        "EnableNetworkIsolation=Detail.EnableNetworkIsolation, CreationTime",
        links=(
            "in AWS::EC2::Subnet Detail.VpcConfig.Subnets",
            "uses AWS::EC2::SecurityGroup Detail.VpcConfig.SecurityGroupIds",
            "runs-as AWS::IAM::Role Detail.ExecutionRoleArn",
            *(
                f"uses AWS::S3::Bucket Detail.{container}.{path} ~ s3://(*)/*"
                for container in ("PrimaryContainer", "Containers[]")
                for path in ("ModelDataUrl", "ModelDataSource.S3DataSource.S3Uri")
            ),
            "uses AWS::SageMaker::ModelPackage Detail.PrimaryContainer.ModelPackageName",
            "uses AWS::SageMaker::ModelPackage Detail.Containers[].ModelPackageName",
        ),
    ),
    listing(
        "AWS::SageMaker::Domain",
        calls=(
            pages("sagemaker", "ListDomains", "Domains[]"),
            each("sagemaker", "DescribeDomain", into="Detail", DomainId="{DomainId}"),
        ),
        arn="DomainArn",
        name="DomainName",
        tags=tagged("sagemaker:domain"),
        properties="State=Status, AuthMode=Detail.AuthMode, "
        "AppNetworkAccessType=Detail.AppNetworkAccessType, "
        "DockerAccess=Detail.DomainSettings.DockerSettings.EnableDockerAccess, Url, "
        "FailureReason=Detail.FailureReason, CreationTime, LastModifiedTime",
        links=(
            "in AWS::EC2::VPC Detail.VpcId, in AWS::EC2::Subnet Detail.SubnetIds",
            "uses AWS::EC2::SecurityGroup Detail.DefaultUserSettings.SecurityGroups",
            "uses AWS::EC2::SecurityGroup Detail.DomainSettings.SecurityGroupIds",
            "uses AWS::EC2::SecurityGroup Detail.SecurityGroupIdForDomainBoundary",
            "uses AWS::EFS::FileSystem Detail.HomeEfsFileSystemId",
            "encrypts-with AWS::KMS::Alias Detail.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.KmsKeyId ~ !*alias/*",
            "runs-as AWS::IAM::Role Detail.DefaultUserSettings.ExecutionRole",
            "runs-as AWS::IAM::Role Detail.DefaultSpaceSettings.ExecutionRole",
            "uses AWS::SSO::Application Detail.SingleSignOnApplicationArn",
            "uses AWS::S3::Bucket "
            "Detail.DefaultUserSettings.SharingSettings.S3OutputPath ~ s3://(*)/*",
        ),
    ),
    listing(
        "AWS::SageMaker::UserProfile",
        calls=(
            pages("sagemaker", "ListUserProfiles", "UserProfiles[]"),
            # Only this tells the ARN.
            each(
                "sagemaker",
                "DescribeUserProfile",
                always=True,
                DomainId="{DomainId}",
                UserProfileName="{UserProfileName}",
            ),
        ),
        arn="UserProfileArn",
        id="UserProfileName",
        tags=tagged("sagemaker:user-profile"),
        properties="State=Status, DomainId, FailureReason, "
        "StudioWebPortal=UserSettings.StudioWebPortal, HomeEfsFileSystemUid, CreationTime, "
        "LastModifiedTime",
        links=(
            "member-of AWS::SageMaker::Domain DomainId",
            "uses AWS::EC2::SecurityGroup UserSettings.SecurityGroups",
            "runs-as AWS::IAM::Role UserSettings.ExecutionRole",
        ),
    ),
    Scanner(
        type="AWS::SageMaker::App",
        operations=(
            Operation("sagemaker", "ListApps"),
            Operation("sagemaker", "DescribeApp"),
            Operation("resourcegroupstaggingapi", "GetResources"),
        ),
        scan=_apps,
        fields=("State", "AppType", "InstanceType", "SageMakerImageArn", "LifecycleConfigArn"),
        links=_APP_LINKS,
        tagged="sagemaker:app",
        cost="1 per region +1 per resource +1 per 100 tagged",
    ),
    listing(
        "AWS::SageMaker::Endpoint",
        calls=(
            pages("sagemaker", "ListEndpoints", "Endpoints[]"),
            # What it serves.
            each("sagemaker", "DescribeEndpoint", into="Detail", EndpointName="{EndpointName}"),
        ),
        arn="EndpointArn",
        id="EndpointName",
        tags=tagged("sagemaker:endpoint"),
        properties="State=EndpointStatus, Variants=Detail.ProductionVariants[].VariantName, "
        "CaptureStatus=Detail.DataCaptureConfig.CaptureStatus, "
        "FailureReason=Detail.FailureReason, CreationTime, LastModifiedTime",
        links=(
            "uses AWS::SageMaker::EndpointConfig Detail.EndpointConfigName",
            "routes-to AWS::S3::Bucket Detail.DataCaptureConfig.DestinationS3Uri ~ s3://(*)/*",
            "encrypts-with AWS::KMS::Alias Detail.DataCaptureConfig.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.DataCaptureConfig.KmsKeyId ~ !*alias/*",
        ),
    ),
    listing(
        "AWS::SageMaker::EndpointConfig",
        calls=(
            pages("sagemaker", "ListEndpointConfigs", "EndpointConfigs[]"),
            # The list gives names only.
            each(
                "sagemaker",
                "DescribeEndpointConfig",
                into="Detail",
                EndpointConfigName="{EndpointConfigName}",
            ),
        ),
        arn="EndpointConfigArn",
        id="EndpointConfigName",
        tags=tagged("sagemaker:endpoint-config"),
        properties="Variants=Detail.ProductionVariants[].VariantName, "
        "InstanceTypes=Detail.ProductionVariants[].InstanceType, "
        "InitialInstanceCounts=Detail.ProductionVariants[].InitialInstanceCount, "
        "ServerlessMemorySizesInMB=Detail.ProductionVariants[].ServerlessConfig.MemorySizeInMB, "
        "EnableCapture=Detail.DataCaptureConfig.EnableCapture, "
        "EnableNetworkIsolation=Detail.EnableNetworkIsolation, CreationTime",
        links=(
            "runs AWS::SageMaker::Model Detail.ProductionVariants[].ModelName",
            "runs AWS::SageMaker::Model Detail.ShadowProductionVariants[].ModelName",
            "in AWS::EC2::Subnet Detail.VpcConfig.Subnets",
            "uses AWS::EC2::SecurityGroup Detail.VpcConfig.SecurityGroupIds",
            "encrypts-with AWS::KMS::Alias Detail.KmsKeyId ~ *alias/*",
            "encrypts-with AWS::KMS::Key Detail.KmsKeyId ~ !*alias/*",
            "runs-as AWS::IAM::Role Detail.ExecutionRoleArn",
            "routes-to AWS::S3::Bucket Detail.DataCaptureConfig.DestinationS3Uri ~ s3://(*)/*",
            f"routes-to AWS::S3::Bucket {_LATER}.S3OutputPath ~ s3://(*)/*",
            f"routes-to AWS::S3::Bucket {_LATER}.S3FailurePath ~ s3://(*)/*",
            f"triggers AWS::SNS::Topic {_LATER}.NotificationConfig.SuccessTopic",
            f"triggers AWS::SNS::Topic {_LATER}.NotificationConfig.ErrorTopic",
        ),
    ),
    listing(
        "AWS::Bedrock::Agent",
        calls=(
            pages("bedrock-agent", "ListAgents", "agentSummaries[]"),
            each("bedrock-agent", "GetAgent", agentId="{agentId}"),
            # What it knows.
            each(
                "bedrock-agent",
                "ListAgentKnowledgeBases",
                "agentKnowledgeBaseSummaries[]",
                into="Knowledge",
                agentId="{agentId}",
                agentVersion="DRAFT",
            ),
        ),
        arn="arn:{partition}:bedrock:{region}:{account}:agent/{agentId}",
        name="agentName",
        tags=tagged("bedrock:agent"),
        properties="State=agentStatus, description, latestAgentVersion, "
        "foundationModel=agent.foundationModel, orchestrationType=agent.orchestrationType, "
        "agentCollaboration=agent.agentCollaboration, createdAt=agent.createdAt, updatedAt",
        links=(
            "uses AWS::Bedrock::Guardrail guardrailConfiguration.guardrailIdentifier",
            "uses AWS::Bedrock::KnowledgeBase Knowledge[].knowledgeBaseId",
            "uses AWS::Lambda::Function "
            "agent.customOrchestration.executor.lambda ~ !*:function:*:*",
            "uses AWS::Lambda::Function "
            "agent.customOrchestration.executor.lambda ~ (arn:*:function:*):*",
            "encrypts-with AWS::KMS::Key agent.customerEncryptionKeyArn",
            "runs-as AWS::IAM::Role agent.agentResourceRoleArn",
        ),
    ),
    # botocore marks its name as sensitive: it is called by its id, or by its tag.
    listing(
        "AWS::Bedrock::Guardrail",
        calls=pages("bedrock", "ListGuardrails", "guardrails[]"),
        arn="arn",
        tags=tagged("bedrock:guardrail"),
        properties="State=status, version, "
        "guardrailProfileArn=crossRegionDetails.guardrailProfileArn, createdAt, updatedAt",
    ),
    listing(
        "AWS::Bedrock::KnowledgeBase",
        calls=(
            pages("bedrock-agent", "ListKnowledgeBases", "knowledgeBaseSummaries[]"),
            # Where the knowledge is.
            each("bedrock-agent", "GetKnowledgeBase", knowledgeBaseId="{knowledgeBaseId}"),
        ),
        arn="arn:{partition}:bedrock:{region}:{account}:knowledge-base/{knowledgeBaseId}",
        name="name",
        tags=tagged("bedrock:knowledge-base"),
        properties="State=status, description, "
        "type=knowledgeBase.knowledgeBaseConfiguration.type, "
        "storageType=knowledgeBase.storageConfiguration.type, "
        "embeddingModelArn=knowledgeBase.knowledgeBaseConfiguration"
        ".vectorKnowledgeBaseConfiguration.embeddingModelArn, createdAt=knowledgeBase.createdAt, "
        "updatedAt",
        links=(
            "runs-as AWS::IAM::Role knowledgeBase.roleArn",
            "uses AWS::OpenSearchServerless::Collection "
            f"{_STORE}.opensearchServerlessConfiguration.collectionArn",
            "uses AWS::OpenSearchService::Domain "
            f"{_STORE}.opensearchManagedClusterConfiguration.domainArn",
            f"uses AWS::RDS::DBCluster {_STORE}.rdsConfiguration.resourceArn",
            f"uses AWS::Kendra::Index {_KNOWLEDGE}.kendraKnowledgeBaseConfiguration.kendraIndexArn",
            f"uses AWS::RedshiftServerless::Workgroup {_WAREHOUSE}.serverlessConfiguration"
            ".workgroupArn",
            f"uses AWS::Redshift::Cluster {_WAREHOUSE}.provisionedConfiguration.clusterIdentifier",
            f"uses AWS::S3::Bucket {_KNOWLEDGE}.vectorKnowledgeBaseConfiguration"
            ".supplementalDataStorageConfiguration.storageLocations[].s3Location.uri "
            "~ s3://(*)/*",
            *(
                f"uses AWS::SecretsManager::Secret {_STORE}.{kind}.credentialsSecretArn"
                for kind in _WITH_PASSWORDS
            ),
        ),
    ),
)
