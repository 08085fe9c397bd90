"""Search: OpenSearch domains, and those that still run Elasticsearch.

One API serves both, and lists a domain under the engine that it runs.
"""

from proxyd.plugin import Scanner, batch, listing, pages, tagged

_LOG_GROUPS = "LogPublishingOptions[*].CloudWatchLogsLogGroupArn"


def _domains(type_: str, engine: str) -> Scanner:
    return listing(
        type_,
        calls=(
            pages("opensearch", "ListDomainNames", "DomainNames[]", EngineType=engine),
            batch(
                "opensearch",
                "DescribeDomains",
                "DomainStatusList[]",
                size=5,
                DomainNames=["{DomainName}"],
            ),
        ),
        arn="ARN",
        name="DomainName",
        tags=tagged("es:domain"),
        properties="State=DomainProcessingStatus, EngineVersion, "
        "InstanceType=ClusterConfig.InstanceType, InstanceCount=ClusterConfig.InstanceCount, "
        "ZoneAwarenessEnabled=ClusterConfig.ZoneAwarenessEnabled, Endpoint, "
        "VpcEndpoint=Endpoints.vpc, VolumeSize=EBSOptions.VolumeSize, "
        "EncryptedAtRest=EncryptionAtRestOptions.Enabled, "
        "NodeToNodeEncryption=NodeToNodeEncryptionOptions.Enabled, "
        "EnforceHTTPS=DomainEndpointOptions.EnforceHTTPS, "
        "FineGrainedAccess=AdvancedSecurityOptions.Enabled",
        links=(
            "in AWS::EC2::VPC VPCOptions.VPCId, in AWS::EC2::Subnet VPCOptions.SubnetIds",
            "uses AWS::EC2::SecurityGroup VPCOptions.SecurityGroupIds",
            "uses AWS::Cognito::UserPool CognitoOptions.UserPoolId",
            "uses AWS::Cognito::IdentityPool CognitoOptions.IdentityPoolId",
            "uses AWS::CertificateManager::Certificate "
            "DomainEndpointOptions.CustomEndpointCertificateArn",
            # Some name the group's streams instead, with `:*` at the end.
            f"uses AWS::Logs::LogGroup {_LOG_GROUPS} ~ arn:*:log-group:*[!*]",
            f"uses AWS::Logs::LogGroup {_LOG_GROUPS} ~ (arn:*:log-group:*):[*]",
            "encrypts-with AWS::KMS::Key EncryptionAtRestOptions.KmsKeyId",
            "runs-as AWS::IAM::Role CognitoOptions.RoleArn",
        ),
    )


SCANNERS = (
    _domains("AWS::OpenSearchService::Domain", "OpenSearch"),
    _domains("AWS::Elasticsearch::Domain", "Elasticsearch"),
)
