"""What watches: alarms, dashboards, traces, canaries, and where logs go.

What logs say stays there, and so do metrics.
"""

from proxyd.plugin import each, listing, pages, tagged

SCANNERS = (
    # A dimension is a name and a value: only values that tell by themselves what they name
    # become links.
    listing(
        "AWS::CloudWatch::Alarm",
        calls=pages("cloudwatch", "DescribeAlarms", "MetricAlarms[]", AlarmTypes=["MetricAlarm"]),
        arn="AlarmArn",
        id="AlarmName",
        name="AlarmName",
        tags=tagged("cloudwatch:alarm"),
        # Neither the reason nor the time of the last look at the state: both change without it.
        properties="State=StateValue, AlarmDescription, Namespace, MetricName, "
        "Dimensions=Dimensions[].Value, MetricNames=Metrics[].MetricStat.Metric.MetricName, "
        "Statistic, Period, EvaluationPeriods, ComparisonOperator, Threshold, TreatMissingData, "
        "ActionsEnabled, StateTransitionedTimestamp, AlarmConfigurationUpdatedTimestamp",
        links=(
            "triggers AWS::SNS::Topic AlarmActions ~ arn:*:sns:*",
            "triggers AWS::SNS::Topic OKActions ~ arn:*:sns:*",
            "triggers AWS::SNS::Topic InsufficientDataActions ~ arn:*:sns:*",
            "triggers AWS::Lambda::Function AlarmActions ~ arn:*:lambda:*",
            "triggers AWS::Lambda::Function OKActions ~ arn:*:lambda:*",
            "triggers AWS::AutoScaling::ScalingPolicy "
            "AlarmActions ~ arn:*:autoscaling:*:autoScalingGroupName/*",
            "triggers AWS::AutoScaling::ScalingPolicy "
            "OKActions ~ arn:*:autoscaling:*:autoScalingGroupName/*",
            "triggers AWS::ApplicationAutoScaling::ScalingPolicy "
            "AlarmActions ~ arn:*:autoscaling:*:resource/*",
            "triggers AWS::ApplicationAutoScaling::ScalingPolicy "
            "OKActions ~ arn:*:autoscaling:*:resource/*",
            "triggers AWS::SSMIncidents::ResponsePlan AlarmActions ~ arn:*:ssm-incidents:*",
            "triggers AWS::AIOps::InvestigationGroup AlarmActions ~ arn:*:aiops:*",
            "attached-to AWS::EC2::Instance Dimensions[].Value ~ i-[0-9a-f]*",
            "attached-to AWS::EC2::Instance "
            "Metrics[].MetricStat.Metric.Dimensions[].Value ~ i-[0-9a-f]*",
            "attached-to AWS::EC2::Volume Dimensions[].Value ~ vol-[0-9a-f]*",
            "attached-to AWS::EC2::NatGateway Dimensions[].Value ~ nat-[0-9a-f]*",
            "attached-to AWS::EC2::TransitGateway Dimensions[].Value ~ tgw-[0-9a-f]*",
            "attached-to AWS::EC2::VPNConnection Dimensions[].Value ~ vpn-[0-9a-f]*",
            "attached-to AWS::StepFunctions::StateMachine "
            "Dimensions[].Value ~ arn:*:states:*:stateMachine:*",
        ),
    ),
    listing(
        "AWS::CloudWatch::CompositeAlarm",
        calls=pages(
            "cloudwatch", "DescribeAlarms", "CompositeAlarms[]", AlarmTypes=["CompositeAlarm"]
        ),
        arn="AlarmArn",
        id="AlarmName",
        name="AlarmName",
        tags=tagged("cloudwatch:alarm"),
        properties="State=StateValue, AlarmDescription, AlarmRule, ActionsEnabled, "
        "ActionsSuppressor, ActionsSuppressedBy, StateTransitionedTimestamp, "
        "AlarmConfigurationUpdatedTimestamp",
        links=(
            "triggers AWS::SNS::Topic AlarmActions ~ arn:*:sns:*",
            "triggers AWS::SNS::Topic OKActions ~ arn:*:sns:*",
            "triggers AWS::SNS::Topic InsufficientDataActions ~ arn:*:sns:*",
            "triggers AWS::Lambda::Function AlarmActions ~ arn:*:lambda:*",
            "triggers AWS::Lambda::Function OKActions ~ arn:*:lambda:*",
            "triggers AWS::SSMIncidents::ResponsePlan AlarmActions ~ arn:*:ssm-incidents:*",
            "triggers AWS::AIOps::InvestigationGroup AlarmActions ~ arn:*:aiops:*",
            "uses AWS::CloudWatch::Alarm ActionsSuppressor",
        ),
    ),
    # Every region lists the same dashboards, and their ARNs name none.
    listing(
        "AWS::CloudWatch::Dashboard",
        calls=pages("cloudwatch", "ListDashboards", "DashboardEntries[]"),
        arn="DashboardArn",
        id="DashboardName",
        name="DashboardName",
        tags=tagged("cloudwatch:dashboard"),
        properties="Size, LastModified",
        scope="global",
    ),
    listing(
        "AWS::CloudWatch::InsightRule",
        calls=pages("cloudwatch", "DescribeInsightRules", "InsightRules[]"),
        arn="arn:{partition}:cloudwatch:{region}:{account}:insight-rule/{Name}",
        id="Name",
        name="Name",
        tags=tagged("cloudwatch:insight-rule"),
        properties="State, Schema, ManagedRule, ApplyOnTransformedLogs",
    ),
    listing(
        "AWS::Logs::LogGroup",
        calls=pages("logs", "DescribeLogGroups", "logGroups[]"),
        # Without the `:*` that the field `arn` ends in: so the tagging API and IAM name it.
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}",
        id="logGroupName",
        name="logGroupName",
        tags=tagged("logs:log-group"),
        # Not storedBytes: it grows with every event.
        properties="retentionInDays, logGroupClass, metricFilterCount, dataProtectionStatus, "
        "inheritedProperties, creationTime",
        links="encrypts-with AWS::KMS::Key kmsKeyId",
    ),
    # AWS gives metric filters and resource policies no ARN; these are made as AWS would.
    listing(
        "AWS::Logs::MetricFilter",
        calls=pages("logs", "DescribeMetricFilters", "metricFilters[]"),
        arn="arn:{partition}:logs:{region}:{account}"
        ":log-group:{logGroupName}:metric-filter:{filterName}",
        id="filterName",
        name="filterName",
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
        name="destinationName",
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
        name="policyName",
        tags=None,
        properties="policyScope, lastUpdatedTime",
    ),
    listing(
        "AWS::XRay::Group",
        calls=pages("xray", "GetGroups", "Groups[]"),
        arn="GroupARN",
        id="GroupName",
        name="GroupName",
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
        name="SamplingRule.RuleName",
        tags=tagged("xray:sampling-rule"),
        properties="Priority=SamplingRule.Priority, FixedRate=SamplingRule.FixedRate, "
        "ReservoirSize=SamplingRule.ReservoirSize, ServiceName=SamplingRule.ServiceName, "
        "ServiceType=SamplingRule.ServiceType, Host=SamplingRule.Host, "
        "HTTPMethod=SamplingRule.HTTPMethod, URLPath=SamplingRule.URLPath, "
        "ResourceARN=SamplingRule.ResourceARN, CreatedAt, ModifiedAt",
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
        "ActiveTracing=RunConfig.ActiveTracing, SuccessRetentionPeriodInDays, "
        "FailureRetentionPeriodInDays, ArtifactS3Location, Created=Timeline.Created, "
        "LastModified=Timeline.LastModified",
        links=(
            "in AWS::EC2::VPC VpcConfig.VpcId",
            "in AWS::EC2::Subnet VpcConfig.SubnetIds",
            "uses AWS::EC2::SecurityGroup VpcConfig.SecurityGroupIds",
            "uses AWS::Lambda::LayerVersion Code.SourceLocationArn",
            "runs AWS::Lambda::Function EngineArn",
            "runs AWS::Lambda::Function EngineConfigs[].EngineArn",
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
