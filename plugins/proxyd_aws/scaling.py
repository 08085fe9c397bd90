"""What makes things more and fewer: Auto Scaling, Application Auto Scaling, Batch."""

import re
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
)

_LIST = Operation("application-autoscaling", "DescribeScalableTargets")
_TAGS = Operation("resourcegroupstaggingapi", "GetResources")
_KIND = "application-autoscaling:scalable-target"

_NAMESPACES = (
    "appstream",
    "cassandra",
    "comprehend",
    "custom-resource",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "elasticmapreduce",
    "kafka",
    "lambda",
    "neptune",
    "rds",
    "sagemaker",
    "workspaces",
)
_SCALED = {
    "appstream:fleet": ("AWS::AppStream::Fleet", "{1}"),
    "cassandra:table": (
        "AWS::Cassandra::Table",
        "arn:{partition}:cassandra:{region}:{account}:/{whole}",
    ),
    "dynamodb:index": ("AWS::DynamoDB::Table", "{1}"),
    "dynamodb:table": ("AWS::DynamoDB::Table", "{1}"),
    "ec2:spot-fleet-request": ("AWS::EC2::SpotFleet", "{1}"),
    "ecs:service": ("AWS::ECS::Service", "arn:{partition}:ecs:{region}:{account}:{whole}"),
    "elasticache:replication-group": ("AWS::ElastiCache::ReplicationGroup", "{1}"),
    "elasticmapreduce:instancegroup": ("AWS::EMR::Cluster", "{1}"),
    "kafka:broker-storage": ("AWS::MSK::Cluster", "{whole}"),
    "lambda:function": ("AWS::Lambda::Function", "{1}"),
    "neptune:cluster": ("AWS::Neptune::DBCluster", "{1}"),
    "rds:cluster": ("AWS::RDS::DBCluster", "{1}"),
    "sagemaker:variant": ("AWS::SageMaker::Endpoint", "{1}"),
    "workspaces:workspacespool": ("AWS::WorkSpaces::WorkspacesPool", "{1}"),
}
"""What is scaled → its type, and how its ARN or id is made from the pieces of its name here."""

_SECRETS = (
    ("AWS::SecretsManager::Secret", "arn:*:secretsmanager:*:secret:*[!:]"),
    ("AWS::SecretsManager::Secret", "(arn:*:secretsmanager:*:secret:*):*:"),
    ("AWS::SSM::Parameter", "arn:*:ssm:*:parameter/*"),
)
"""What a job is given in its environment by name → what the name looks like."""

_FIELDS = ("ServiceNamespace", "ScalableDimension", "MinCapacity", "MaxCapacity")
_SUSPENDED = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


async def _scalable_targets(shard: Shard) -> AsyncGenerator[Resource, None]:
    """List the targets of every namespace, since AWS wants to be asked for one at a time."""
    tags: dict[str, dict[str, str]] = {}
    try:
        tags = await shard.tags(_KIND)
    except AwsError as error:
        shard.incomplete(error)
    for namespace in _NAMESPACES:
        try:
            async for page in shard.pages(*_LIST, ServiceNamespace=namespace):
                for target in page.get("ScalableTargets", ()):
                    yield _scalable_target(shard, target, tags)
        except AwsError as error:
            # How a region refuses a namespace that it has not got.
            if error.code != "ValidationException":
                raise


def _scalable_target(
    shard: Shard, target: dict[str, Any], tags: dict[str, dict[str, str]]
) -> Resource:
    arn = target["ScalableTargetARN"]
    ident = arn.rpartition("/")[2]
    told = target | target.get("SuspendedState", {})
    properties = {key: told[key] for key in (*_FIELDS, *_SUSPENDED) if key in told}
    links = tuple(_links(shard, target))
    # What nobody knows may be a URL of one's own, and that may hold anything.
    name = target["ResourceId"] if len(links) > 1 else ident
    return shard.resource(
        arn=arn, id=ident, name=name, tags=tags.get(arn), properties=properties, links=links
    )


def _links(shard: Shard, target: dict[str, Any]) -> Iterator[Link]:
    yield Link(rel="runs-as", type="AWS::IAM::Role", arn=target["RoleARN"])
    whole, dimension = target["ResourceId"], target["ScalableDimension"]
    type_, template = _SCALED.get(dimension.rpartition(":")[0], ("", ""))
    pieces = re.split("[/:]", whole)
    if type_ and len(pieces) > 1:
        other = template.format(
            *pieces,
            whole=whole,
            partition=shard.partition,
            region=shard.region,
            account=shard.account,
        )
        is_arn = other.startswith("arn:")
        yield Link(rel="attached-to", type=type_, **{"arn" if is_arn else "id": other})


SCANNERS = (
    listing(
        "AWS::AutoScaling::AutoScalingGroup",
        calls=pages("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups[]"),
        arn="AutoScalingGroupARN",
        id="AutoScalingGroupName",
        properties="State=Status, MinSize, MaxSize, DesiredCapacity, AvailabilityZones, "
        "InstanceStates=Instances[].LifecycleState, HealthCheckType, "
        "SuspendedProcesses=SuspendedProcesses[].ProcessName, CapacityRebalance, CreatedTime",
        links=(
            "in AWS::EC2::Subnet VPCZoneIdentifier[,], in AWS::EC2::PlacementGroup PlacementGroup",
            "runs AWS::EC2::Instance Instances[].InstanceId",
            "attached-to AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupARNs",
            "attached-to AWS::ElasticLoadBalancing::LoadBalancer LoadBalancerNames",
            "attached-to AWS::VpcLattice::TargetGroup "
            "TrafficSources[].Identifier ~ arn:*:vpc-lattice:*",
            "uses AWS::EC2::LaunchTemplate LaunchTemplate.LaunchTemplateId",
            "uses AWS::EC2::LaunchTemplate "
            "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
            "uses AWS::EC2::LaunchTemplate MixedInstancesPolicy.LaunchTemplate.Overrides[]"
            ".LaunchTemplateSpecification.LaunchTemplateId",
            "uses AWS::AutoScaling::LaunchConfiguration LaunchConfigurationName",
            "runs-as AWS::IAM::Role ServiceLinkedRoleARN",
        ),
    ),
    listing(
        "AWS::AutoScaling::LaunchConfiguration",
        calls=pages("autoscaling", "DescribeLaunchConfigurations", "LaunchConfigurations[]"),
        arn="LaunchConfigurationARN",
        id="LaunchConfigurationName",
        tags=None,
        properties="InstanceType, SpotPrice, PlacementTenancy, "
        "AssociatePublicIpAddress, EbsOptimized, Encrypted=BlockDeviceMappings[].Ebs.Encrypted, "
        "HttpTokens=MetadataOptions.HttpTokens, CreatedTime",
        links=(
            "uses AWS::EC2::SecurityGroup SecurityGroups ~ sg-*, uses AWS::EC2::KeyPair KeyName",
            "uses AWS::EC2::Snapshot BlockDeviceMappings[].Ebs.SnapshotId",
            "runs AWS::EC2::Image ImageId",
            "runs-as AWS::IAM::InstanceProfile IamInstanceProfile",
        ),
    ),
    listing(
        "AWS::AutoScaling::ScalingPolicy",
        calls=pages("autoscaling", "DescribePolicies", "ScalingPolicies[]"),
        arn="PolicyARN",
        name="PolicyName",
        tags=None,
        properties="Enabled, PolicyType, AdjustmentType, ScalingAdjustment, Cooldown, "
        "EstimatedInstanceWarmup, MetricAggregationType, "
        "TargetValue=TargetTrackingConfiguration.TargetValue, PredefinedMetricType="
        "TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType, "
        "PredictiveScalingMode=PredictiveScalingConfiguration.Mode",
        links=(
            "member-of AWS::AutoScaling::AutoScalingGroup AutoScalingGroupName",
            "uses AWS::CloudWatch::Alarm Alarms[].AlarmARN",
        ),
    ),
    listing(
        "AWS::AutoScaling::ScheduledAction",
        calls=pages("autoscaling", "DescribeScheduledActions", "ScheduledUpdateGroupActions[]"),
        arn="ScheduledActionARN",
        name="ScheduledActionName",
        tags=None,
        properties="Recurrence, TimeZone, MinSize, MaxSize, DesiredCapacity, StartTime, EndTime",
        links="member-of AWS::AutoScaling::AutoScalingGroup AutoScalingGroupName",
    ),
    # AWS gives it no ARN: this is the group's, continued as AWS does for a group's policies.
    listing(
        "AWS::AutoScaling::LifecycleHook",
        calls=(
            pages("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups[]"),
            each(
                "autoscaling",
                "DescribeLifecycleHooks",
                "LifecycleHooks[]",
                AutoScalingGroupName="{AutoScalingGroupName}",
            ),
        ),
        arn="{^.AutoScalingGroupARN}:lifecycleHookName/{LifecycleHookName}",
        name="LifecycleHookName",
        tags=None,
        properties="LifecycleTransition, DefaultResult, HeartbeatTimeout, GlobalTimeout",
        links=(
            "member-of AWS::AutoScaling::AutoScalingGroup ^.AutoScalingGroupARN",
            "triggers AWS::SNS::Topic NotificationTargetARN ~ arn:*:sns:*",
            "triggers AWS::SQS::Queue NotificationTargetARN ~ arn:*:sqs:*",
            "triggers AWS::Lambda::Function NotificationTargetARN ~ arn:*:function:*",
            "triggers AWS::Lambda::Function NotificationTargetARN ~ (arn:*:function:*):*",
            "runs-as AWS::IAM::Role RoleARN",
        ),
    ),
    Scanner(
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        operations=(_LIST, _TAGS),
        reads={
            _LIST: (
                "ScalableTargets[].ResourceId",
                "ScalableTargets[].RoleARN",
                "ScalableTargets[].ScalableTargetARN",
                "ScalableTargets[].SuspendedState",
                *(f"ScalableTargets[].{field}" for field in _FIELDS),
            )
        },
        scan=_scalable_targets,
        fields=(*_FIELDS, *_SUSPENDED),
        links=(
            LinkTo("runs-as", "AWS::IAM::Role", "RoleARN"),
            *(
                LinkTo("attached-to", type_, "ResourceId")
                for type_ in sorted({type_ for type_, _ in _SCALED.values()})
            ),
        ),
        tagged=_KIND,
        cost=f"{len(_NAMESPACES)} per region +1 per 100 tagged",
    ),
    listing(
        "AWS::Batch::JobQueue",
        calls=pages("batch", "DescribeJobQueues", "jobQueues[]"),
        arn="jobQueueArn",
        name="jobQueueName",
        tags="tags",
        properties="State=status, Enabled=state, jobQueueType, priority",
        links=(
            "routes-to AWS::Batch::ComputeEnvironment computeEnvironmentOrder[].computeEnvironment",
            "routes-to AWS::Batch::ServiceEnvironment serviceEnvironmentOrder[].serviceEnvironment",
            "uses AWS::Batch::SchedulingPolicy schedulingPolicyArn",
        ),
    ),
    listing(
        "AWS::Batch::ComputeEnvironment",
        calls=pages("batch", "DescribeComputeEnvironments", "computeEnvironments[]"),
        arn="computeEnvironmentArn",
        name="computeEnvironmentName",
        tags="tags",
        properties="State=status, Enabled=state, type, containerOrchestrationType, "
        "resourceType=computeResources.type, instanceTypes=computeResources.instanceTypes, "
        "allocationStrategy=computeResources.allocationStrategy, "
        "minvCpus=computeResources.minvCpus, maxvCpus=computeResources.maxvCpus, unmanagedvCpus",
        links=(
            "in AWS::EC2::Subnet computeResources.subnets",
            "in AWS::EC2::PlacementGroup computeResources.placementGroup",
            "uses AWS::EC2::SecurityGroup computeResources.securityGroupIds",
            "uses AWS::EC2::LaunchTemplate computeResources.launchTemplate.launchTemplateId",
            "uses AWS::EC2::KeyPair computeResources.ec2KeyPair",
            "uses AWS::ECS::Cluster ecsClusterArn",
            "uses AWS::EKS::Cluster eksConfiguration.eksClusterArn",
            "uses AWS::IAM::Role computeResources.spotIamFleetRole",
            "uses AWS::IAM::InstanceProfile computeResources.instanceRole",
            "runs-as AWS::IAM::Role serviceRole",
        ),
    ),
    # What a job runs, and with what, is left alone: its environment is among it.
    listing(
        "AWS::Batch::JobDefinition",
        calls=pages("batch", "DescribeJobDefinitions", "jobDefinitions[]", status="ACTIVE"),
        arn="jobDefinitionArn",
        id="jobDefinitionArn/",
        name="jobDefinitionName",
        tags="tags",
        properties="State=status, revision, type, platformCapabilities, "
        "containerOrchestrationType, schedulingPriority, attempts=retryStrategy.attempts, "
        "attemptDurationSeconds=timeout.attemptDurationSeconds, "
        "numNodes=nodeProperties.numNodes, propagateTags",
        links=(
            "runs-as AWS::IAM::Role containerProperties.jobRoleArn ~ arn:*",
            "uses AWS::IAM::Role containerProperties.executionRoleArn ~ arn:*",
            "runs-as AWS::IAM::Role ecsProperties.taskProperties[].taskRoleArn ~ arn:*",
            "uses AWS::IAM::Role ecsProperties.taskProperties[].executionRoleArn ~ arn:*",
            # A secret's ARN, or that and which piece of it: `...:secret:name-AbCdEf:key::`.
            *(
                f"uses {type_} {path}.secrets[].valueFrom ~ {glob}"
                for path in ("containerProperties", "ecsProperties.taskProperties[].containers[]")
                for type_, glob in _SECRETS
            ),
            "uses AWS::Batch::ConsumableResource "
            "consumableResourceProperties.consumableResourceList[].consumableResource",
        ),
    ),
)
