"""Which types the emulator has: what it answers nothing about would only fail in a demo."""

_OF_SERVICE = {
    "AmazonMQ": "Broker",
    "ApiGateway": (
        "ApiKey Authorizer ClientCertificate Deployment DomainName DomainNameV2 Method "
        "Resource RestApi Stage UsagePlan VpcLink"
    ),
    "ApiGatewayV2": "Api Integration Route Stage VpcLink",
    "AppConfig": (
        "Application ConfigurationProfile DeploymentStrategy Environment HostedConfigurationVersion"
    ),
    "AppSync": "DomainName GraphQLApi",
    "Athena": "DataCatalog NamedQuery WorkGroup",
    "AutoScaling": (
        "AutoScalingGroup LaunchConfiguration LifecycleHook ScalingPolicy ScheduledAction"
    ),
    "Backup": "BackupPlan BackupVault Framework ReportPlan",
    "Batch": "ComputeEnvironment JobDefinition JobQueue",
    "Bedrock": "Agent Guardrail KnowledgeBase",
    "CertificateManager": "Certificate",
    "CloudFormation": "Stack",
    "CloudFront": (
        "CachePolicy Distribution Function OriginAccessControl OriginRequestPolicy PublicKey "
        "ResponseHeadersPolicy"
    ),
    "CloudTrail": "Trail",
    "CloudWatch": "Alarm CompositeAlarm Dashboard",
    "CodeBuild": "Project",
    "Cognito": "IdentityPool UserPool",
    "Config": "ConfigRule ConfigurationRecorder DeliveryChannel",
    "DSQL": "Cluster",
    "DocDB": "DBCluster DBClusterParameterGroup DBClusterSnapshot DBInstance GlobalCluster",
    "DynamoDB": "Backup Table",
    "EC2": (
        "AvailabilityZone CapacityReservation CustomerGateway DHCPOptions EIP "
        "EgressOnlyInternetGateway FlowLog Image Instance InternetGateway KeyPair "
        "LaunchTemplate NatGateway NetworkAcl NetworkInterface PlacementGroup PrefixList "
        "RouteTable SecurityGroup Snapshot Subnet VPC VPCEndpoint VPCPeeringConnection "
        "VPNConnection VPNGateway Volume"
    ),
    "ECR": "Image Repository",
    "ECS": "CapacityProvider Cluster ContainerInstance Service Task TaskDefinition",
    "EFS": "AccessPoint FileSystem MountTarget",
    "EKS": "Addon Cluster Nodegroup",
    "EMR": "Cluster",
    "ElastiCache": "CacheCluster ParameterGroup ReplicationGroup SubnetGroup User UserGroup",
    "ElasticLoadBalancing": "LoadBalancer",
    "ElasticLoadBalancingV2": "Listener ListenerRule LoadBalancer TargetGroup",
    "Elasticsearch": "Domain",
    "Events": "ApiDestination Archive Connection Endpoint EventBus Rule",
    "Glue": "Classifier Connection Crawler Database Job SecurityConfiguration Table Trigger",
    "IAM": (
        "AccessKey Group InstanceProfile ManagedPolicy OIDCProvider Role SAMLProvider User "
        "VirtualMFADevice"
    ),
    "InspectorV2": "CisScanConfiguration Filter",
    "IoT": "CACertificate Certificate Policy Thing ThingGroup ThingType TopicRule",
    "KMS": "Alias Key",
    "Kinesis": "Stream",
    "KinesisFirehose": "DeliveryStream",
    "Lambda": "EventSourceMapping Function LayerVersion",
    "Logs": "Destination LogGroup MetricFilter ResourcePolicy",
    "MSK": "Configuration",
    "MWAA": "Environment",
    "Neptune": (
        "DBCluster DBClusterParameterGroup DBClusterSnapshot DBInstance DBParameterGroup "
        "GlobalCluster"
    ),
    "OpenSearchService": "Domain",
    "Organizations": "Account OrganizationalUnit Policy",
    "Pipes": "Pipe",
    "RDS": (
        "ClusterSnapshot DBCluster DBClusterParameterGroup DBInstance DBParameterGroup "
        "DBProxy DBSnapshot DBSubnetGroup GlobalCluster OptionGroup"
    ),
    "Route53": "HealthCheck HostedZone RecordSet",
    "S3": "AccessPoint Bucket MultiRegionAccessPoint",
    "SES": "ConfigurationSet EmailIdentity ReceiptRuleSet Template",
    "SNS": "Subscription Topic",
    "SQS": "Queue",
    "SSM": "Parameter",
    "Scheduler": "Schedule ScheduleGroup",
    "SecretsManager": "Secret",
    "ServiceDiscovery": "Instance Service",
    "StepFunctions": "Activity StateMachine",
    "Transfer": "Server User",
    "WAFv2": "IPSet RegexPatternSet RuleGroup WebACL",
}

TYPES = tuple(
    f"AWS::{service}::{name}" for service, names in _OF_SERVICE.items() for name in names.split()
)
