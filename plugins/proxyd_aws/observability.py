"""What watches: alarms, dashboards, traces, canaries, and where logs go.

What logs say stays there, and so do metrics.
"""

from collections.abc import Iterator

from proxyd.plugin import each, listing, pages, tagged

_WATCHED = {
    "ApiId": "AWS::ApiGatewayV2::Api",
    "App": "AWS::Amplify::App",
    "AutoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
    "BucketName": "AWS::S3::Bucket",
    "CacheClusterId": "AWS::ElastiCache::CacheCluster",
    "CanaryName": "AWS::Synthetics::Canary",
    "CertificateArn": "AWS::CertificateManager::Certificate",
    "ClusterIdentifier": "AWS::Redshift::Cluster",
    "ClusterName": "AWS::ECS::Cluster",
    "Cluster Name": "AWS::MSK::Cluster",
    "DBClusterIdentifier": "AWS::RDS::DBCluster",
    "DBInstanceIdentifier": "AWS::RDS::DBInstance",
    "DeliveryStreamName": "AWS::KinesisFirehose::DeliveryStream",
    "DomainName": "AWS::OpenSearchService::Domain",
    "EndpointName": "AWS::SageMaker::Endpoint",
    "EnvironmentName": "AWS::ElasticBeanstalk::Environment",
    "FirewallName": "AWS::NetworkFirewall::Firewall",
    "FunctionName": "AWS::Lambda::Function",
    "GraphQLAPIId": "AWS::AppSync::GraphQLApi",
    "HealthCheckId": "AWS::Route53::HealthCheck",
    "HostedZoneId": "AWS::Route53::HostedZone",
    "JobFlowId": "AWS::EMR::Cluster",
    "JobName": "AWS::Glue::Job",
    "KeyId": "AWS::KMS::Key",
    "LoadBalancerName": "AWS::ElasticLoadBalancing::LoadBalancer",
    "LogGroupName": "AWS::Logs::LogGroup",
    "NatGatewayId": "AWS::EC2::NatGateway",
    "ProjectName": "AWS::CodeBuild::Project",
    "ProxyName": "AWS::RDS::DBProxy",
    "QueueName": "AWS::SQS::Queue",
    "ReplicationGroupId": "AWS::ElastiCache::ReplicationGroup",
    "ReplicationInstanceIdentifier": "AWS::DMS::ReplicationInstance",
    "RuleName": "AWS::Events::Rule",
    "ServiceName": "AWS::ECS::Service",
    "StateMachineArn": "AWS::StepFunctions::StateMachine",
    "StreamName": "AWS::Kinesis::Stream",
    "TableName": "AWS::DynamoDB::Table",
    "TopicName": "AWS::SNS::Topic",
    "TransitGateway": "AWS::EC2::TransitGateway",
    "UserPool": "AWS::Cognito::UserPool",
    "VPC Endpoint Id": "AWS::EC2::VPCEndpoint",
    "VpnId": "AWS::EC2::VPNConnection",
    "Workgroup": "AWS::RedshiftServerless::Workgroup",
    "WorkGroup": "AWS::Athena::WorkGroup",
    "WorkspaceId": "AWS::WorkSpaces::Workspace",
}
"""Dimensions of metrics → what they name. Where services share a name, the one that is met most."""

_WATCHED_IN_PART = (
    "AWS::DataSync::Task TaskId ~ task-*",
    "AWS::EC2::ClientVpnEndpoint Endpoint ~ cvpn-endpoint-*",
    "AWS::EC2::Instance InstanceId ~ i-*",
    "AWS::EC2::Volume VolumeId ~ vol-*",
    "AWS::EFS::FileSystem FileSystemId ~ fs-*",
    "AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancer ~ */(*)/*",
    "AWS::ElasticLoadBalancingV2::TargetGroup TargetGroup ~ targetgroup/(*)/*",
    "AWS::Route53Resolver::ResolverEndpoint EndpointId ~ rslvr-*",
    "AWS::Transfer::Server ServerId ~ s-*",
)
"""The same where only some values name such a thing, or only a part of the value does."""

_LOGS_OF = (
    "attached-to AWS::ApiGateway::RestApi logGroupName ~ API-Gateway-Execution-Logs_(*)/*",
    "attached-to AWS::AppSync::GraphQLApi logGroupName ~ /aws/appsync/apis/(*)",
    "attached-to AWS::CodeBuild::Project logGroupName ~ /aws/codebuild/(*)",
    "attached-to AWS::DocDB::DBCluster logGroupName ~ /aws/docdb/(*)/*",
    "attached-to AWS::ECS::Cluster logGroupName ~ /aws/ecs/containerinsights/(*)/*",
    "attached-to AWS::EKS::Cluster logGroupName ~ /aws/eks/(*)/cluster",
    "attached-to AWS::ElasticBeanstalk::Environment logGroupName ~ /aws/elasticbeanstalk/(*)/*",
    "attached-to AWS::Neptune::DBCluster logGroupName ~ /aws/neptune/(*)/*",
    "attached-to AWS::RDS::DBCluster logGroupName ~ /aws/rds/cluster/(*)/*",
    "attached-to AWS::RDS::DBInstance logGroupName ~ /aws/rds/instance/(*)/*",
    "attached-to AWS::SageMaker::Endpoint logGroupName ~ /aws/sagemaker/Endpoints/(*)",
)
"""Whose logs they are where AWS names the group after it, and nothing there names the group."""

_ACTIONS = (
    "triggers AWS::SNS::Topic AlarmActions ~ arn:*:sns:*",
    "triggers AWS::SNS::Topic OKActions ~ arn:*:sns:*",
    "triggers AWS::SNS::Topic InsufficientDataActions ~ arn:*:sns:*",
    "triggers AWS::Lambda::Function AlarmActions ~ arn:*:lambda:*",
    "triggers AWS::Lambda::Function OKActions ~ arn:*:lambda:*",
)
"""What alarms of both kinds set off."""


def _watches(dimensions: str) -> Iterator[str]:
    """Yield the links of some dimensions to what they name."""
    for name, type_ in _WATCHED.items():
        yield f"attached-to {type_} {dimensions}[Name={name}].Value"
    for entry in _WATCHED_IN_PART:
        type_, name, glob = entry.split(" ", 2)
        yield f"attached-to {type_} {dimensions}[Name={name}].Value {glob}"


SCANNERS = (
    listing(
        "AWS::CloudWatch::Alarm",
        calls=pages("cloudwatch", "DescribeAlarms", "MetricAlarms[]", AlarmTypes=["MetricAlarm"]),
        arn="AlarmArn",
        id="AlarmName",
        tags=tagged("cloudwatch:alarm"),
        # Neither the reason nor the time of the last look at the state: both change without it.
        properties="State=StateValue, AlarmDescription, Namespace, MetricName, "
        "Dimensions=Dimensions[].Value, MetricNames=Metrics[].MetricStat.Metric.MetricName, "
        "Statistic, Period, EvaluationPeriods, ComparisonOperator, Threshold, TreatMissingData, "
        "ActionsEnabled, AlarmConfigurationUpdatedTimestamp",
        links=(
            *_ACTIONS,
            "triggers AWS::AutoScaling::ScalingPolicy "
            "AlarmActions ~ arn:*:autoscaling:*:autoScalingGroupName/*",
            "triggers AWS::AutoScaling::ScalingPolicy "
            "OKActions ~ arn:*:autoscaling:*:autoScalingGroupName/*",
            *_watches("Dimensions"),
            *_watches("Metrics[].MetricStat.Metric.Dimensions"),
        ),
    ),
    listing(
        "AWS::CloudWatch::CompositeAlarm",
        calls=pages(
            "cloudwatch", "DescribeAlarms", "CompositeAlarms[]", AlarmTypes=["CompositeAlarm"]
        ),
        arn="AlarmArn",
        id="AlarmName",
        tags=tagged("cloudwatch:alarm"),
        properties="State=StateValue, AlarmDescription, AlarmRule, ActionsEnabled, "
        "ActionsSuppressor, ActionsSuppressedBy, AlarmConfigurationUpdatedTimestamp",
        links=(*_ACTIONS, "uses AWS::CloudWatch::Alarm ActionsSuppressor"),
    ),
    # Every region lists the same dashboards, and their ARNs name none.
    listing(
        "AWS::CloudWatch::Dashboard",
        calls=pages("cloudwatch", "ListDashboards", "DashboardEntries[]"),
        arn="DashboardArn",
        id="DashboardName",
        tags=tagged("cloudwatch:dashboard"),
        properties="Size, LastModified",
        scope="global",
    ),
    listing(
        "AWS::CloudWatch::InsightRule",
        calls=pages("cloudwatch", "DescribeInsightRules", "InsightRules[]"),
        arn="arn:{partition}:cloudwatch:{region}:{account}:insight-rule/{Name}",
        id="Name",
        tags=tagged("cloudwatch:insight-rule"),
        properties="State, Schema, ManagedRule, ApplyOnTransformedLogs",
    ),
    listing(
        "AWS::Logs::LogGroup",
        calls=pages("logs", "DescribeLogGroups", "logGroups[]"),
        # Without the `:*` that the field `arn` ends in: so the tagging API and IAM name it.
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}",
        id="logGroupName",
        tags=tagged("logs:log-group"),
        # Not storedBytes: it grows with every event.
        properties="retentionInDays, logGroupClass, metricFilterCount, dataProtectionStatus, "
        "inheritedProperties, creationTime",
        links=("encrypts-with AWS::KMS::Key kmsKeyId", *_LOGS_OF),
    ),
    # AWS gives metric filters and resource policies no ARN; these are made as AWS would.
    listing(
        "AWS::Logs::MetricFilter",
        calls=pages("logs", "DescribeMetricFilters", "metricFilters[]"),
        arn="arn:{partition}:logs:{region}:{account}"
        ":log-group:{logGroupName}:metric-filter:{filterName}",
        id="filterName",
        tags=None,
        properties="filterPattern, logGroupName, MetricNames=metricTransformations[].metricName, "
        "MetricNamespaces=metricTransformations[].metricNamespace, applyOnTransformedLogs, "
        "creationTime",
        links="attached-to AWS::Logs::LogGroup logGroupName",
    ),
    listing(
        "AWS::Logs::Destination",
        calls=pages("logs", "DescribeDestinations", "destinations[]"),
        arn="arn",
        id="destinationName",
        tags=tagged("logs:destination"),
        properties="creationTime",
        links=(
            "routes-to AWS::Kinesis::Stream targetArn ~ arn:*:kinesis:*",
            "routes-to AWS::KinesisFirehose::DeliveryStream targetArn ~ arn:*:firehose:*",
            "runs-as AWS::IAM::Role roleArn",
        ),
    ),
    listing(
        "AWS::Logs::ResourcePolicy",
        calls=pages("logs", "DescribeResourcePolicies", "resourcePolicies[]"),
        arn="arn:{partition}:logs:{region}:{account}:resource-policy:{policyName}",
        id="policyName",
        tags=None,
        properties="policyScope, lastUpdatedTime",
    ),
    listing(
        "AWS::XRay::Group",
        calls=pages("xray", "GetGroups", "Groups[]"),
        arn="GroupARN",
        id="GroupName",
        tags=tagged("xray:group"),
        properties="FilterExpression, InsightsEnabled=InsightsConfiguration.InsightsEnabled, "
        "NotificationsEnabled=InsightsConfiguration.NotificationsEnabled",
        drop=("GroupName", "Default"),
    ),
    listing(
        "AWS::XRay::SamplingRule",
        calls=pages("xray", "GetSamplingRules", "SamplingRuleRecords[]"),
        arn="SamplingRule.RuleARN",
        id="SamplingRule.RuleName",
        tags=tagged("xray:sampling-rule"),
        properties="Priority=SamplingRule.Priority, FixedRate=SamplingRule.FixedRate, "
        "ReservoirSize=SamplingRule.ReservoirSize, ServiceName=SamplingRule.ServiceName, "
        "ServiceType=SamplingRule.ServiceType, Host=SamplingRule.Host, "
        "HTTPMethod=SamplingRule.HTTPMethod, URLPath=SamplingRule.URLPath, "
        "ResourceARN=SamplingRule.ResourceARN, ModifiedAt",
        # It is in every region of every account.
        drop=("SamplingRule.RuleName", "Default"),
    ),
    listing(
        "AWS::Synthetics::Canary",
        calls=pages("synthetics", "DescribeCanaries", "Canaries[]"),
        arn="arn:{partition}:synthetics:{region}:{account}:canary:{Name}",
        name="Name",
        properties="State=Status.State, StateReasonCode=Status.StateReasonCode, RuntimeVersion, "
        "Handler=Code.Handler, ScheduleExpression=Schedule.Expression, "
        "TimeoutInSeconds=RunConfig.TimeoutInSeconds, MemoryInMB=RunConfig.MemoryInMB, "
        "ActiveTracing=RunConfig.ActiveTracing, ArtifactS3Location, Created=Timeline.Created, "
        "LastModified=Timeline.LastModified",
        links=(
            "in AWS::EC2::VPC VpcConfig.VpcId, in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Lambda::LayerVersion Code.SourceLocationArn",
            "runs AWS::Lambda::Function EngineArn ~ (arn:*:function:*):*",
            "runs AWS::Lambda::Function EngineConfigs[].EngineArn ~ (arn:*:function:*):*",
            "routes-to AWS::S3::Bucket ArtifactS3Location ~ s3://(*)/*",
            "routes-to AWS::S3::Bucket ArtifactS3Location ~ ([!s]*)/*",
            "routes-to AWS::S3::Bucket ArtifactS3Location ~ (s[!3]*)/*",
            "encrypts-with AWS::KMS::Key ArtifactConfig.S3Encryption.KmsKeyArn",
            "runs-as AWS::IAM::Role ExecutionRoleArn",
        ),
    ),
    listing(
        "AWS::APS::Workspace",
        calls=pages("amp", "ListWorkspaces", "workspaces[]"),
        arn="arn",
        name="alias",
        tags="tags",
        properties="State=status.statusCode, createdAt",
        links="encrypts-with AWS::KMS::Key kmsKeyArn",
    ),
    listing(
        "AWS::APS::RuleGroupsNamespace",
        calls=(
            pages("amp", "ListWorkspaces", "workspaces[]"),
            each(
                "amp",
                "ListRuleGroupsNamespaces",
                "ruleGroupsNamespaces[]",
                workspaceId="{workspaceId}",
            ),
        ),
        arn="arn",
        name="name",
        tags="tags",
        properties="State=status.statusCode, createdAt, modifiedAt",
        links="member-of AWS::APS::Workspace ^.arn",
    ),
)
