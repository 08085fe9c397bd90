"""What is asked in the benchmark: one list call of 20 services, and what AWS answers.

It is the one place that knows the calls: the stub answers them, the benchmark's plugin
declares them, and the rivals make them. It imports nothing of proxyd.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

ACCOUNT = "222222222222"

REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
"""The regions that every account has unless it switches them off."""

Protocol = Literal["ec2", "query", "json"]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ListCall:
    """One list call of one service.

    Attributes:
        signs_as: the service's name in a signature, by which the stub knows it.
        items: the path of the answer's list, as a scanner declares it.
        wire: the list's name on the wire, where it is not the path's.
        row: one item of the answer, by its names on the wire; `%(region)s` and `%(n)d` are
            filled in. Of a list of names it is {"": name}.

    """

    service: str
    signs_as: str
    operation: str
    type: str
    protocol: Protocol
    items: str
    wire: str
    arn: str
    row: Row
    properties: tuple[str, ...] = field(default=())


def _call(  # noqa: PLR0917 - a row of the table below, in the order of its columns
    service: str,
    operation: str,
    type_: str,
    protocol: Protocol,
    items: str,
    arn: str,
    row: Row | str,
    *properties: str,
    signs_as: str = "",
    wire: str = "",
) -> ListCall:
    return ListCall(
        service=service,
        signs_as=signs_as or service,
        operation=operation,
        type=type_,
        protocol=protocol,
        items=f"{items}[]",
        wire=wire or items,
        arn=arn,
        row=row if isinstance(row, dict) else {"": row},
        properties=properties,
    )


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:%(region)s:{ACCOUNT}:{rest}"


def _declared(service: str, rest: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"


CALLS = (
    _call(
        "autoscaling",
        "DescribeAutoScalingGroups",
        "AWS::AutoScaling::AutoScalingGroup",
        "query",
        "AutoScalingGroups",
        "AutoScalingGroupARN",
        {
            "AutoScalingGroupARN": _arn("autoscaling", "autoScalingGroup:%(n)d:name/group-%(n)d"),
            "AutoScalingGroupName": "group-%(n)d",
            "MinSize": 1,
            "MaxSize": 9,
            "DesiredCapacity": 3,
            "HealthCheckType": "EC2",
            "CreatedTime": "2026-01-02T03:04:05Z",
        },
        "MinSize",
        "MaxSize",
        "DesiredCapacity",
        "HealthCheckType",
        "CreatedTime",
    ),
    _call(
        "cloudformation",
        "ListStacks",
        "AWS::CloudFormation::Stack",
        "query",
        "StackSummaries",
        "StackId",
        {
            "StackId": _arn("cloudformation", "stack/stack-%(n)d/5f0c"),
            "StackName": "stack-%(n)d",
            "CreationTime": "2026-01-02T03:04:05Z",
            "StackStatus": "UPDATE_COMPLETE",
        },
        "StackStatus",
        "CreationTime",
    ),
    _call(
        "dynamodb",
        "ListTables",
        "AWS::DynamoDB::Table",
        "json",
        "TableNames",
        _declared("dynamodb", "table/{@}"),
        "table-%(n)d",
    ),
    _call(
        "ec2",
        "DescribeVpcs",
        "AWS::EC2::VPC",
        "ec2",
        "Vpcs",
        _declared("ec2", "vpc/{VpcId}"),
        {
            "vpcId": "vpc-%(n)017d",
            "ownerId": ACCOUNT,
            "state": "available",
            "cidrBlock": "10.%(n)d.0.0/16",
            "isDefault": "false",
            "instanceTenancy": "default",
            "dhcpOptionsId": "dopt-0123456789abcdef0",
        },
        "State",
        "CidrBlock",
        "IsDefault",
        wire="vpcSet",
    ),
    _call(
        "ecr",
        "DescribeRepositories",
        "AWS::ECR::Repository",
        "json",
        "repositories",
        "repositoryArn",
        {
            "repositoryArn": _arn("ecr", "repository/repository-%(n)d"),
            "repositoryName": "repository-%(n)d",
            "createdAt": 1767323045.5,
            "imageTagMutability": "IMMUTABLE",
            "encryptionConfiguration": {"encryptionType": "AES256"},
        },
        "imageTagMutability",
        "createdAt",
    ),
    _call(
        "ecs",
        "ListClusters",
        "AWS::ECS::Cluster",
        "json",
        "clusterArns",
        "@",
        _arn("ecs", "cluster/cluster-%(n)d"),
    ),
    _call(
        "efs",
        "DescribeFileSystems",
        "AWS::EFS::FileSystem",
        "json",
        "FileSystems",
        "FileSystemArn",
        {
            "FileSystemArn": _arn("elasticfilesystem", "file-system/fs-%(n)017d"),
            "FileSystemId": "fs-%(n)017d",
            "OwnerId": ACCOUNT,
            "CreationTime": 1767323045,
            "LifeCycleState": "available",
            "PerformanceMode": "generalPurpose",
            "Encrypted": True,
        },
        "LifeCycleState",
        "PerformanceMode",
        "Encrypted",
        signs_as="elasticfilesystem",
    ),
    _call(
        "eks",
        "ListClusters",
        "AWS::EKS::Cluster",
        "json",
        "clusters",
        _declared("eks", "cluster/{@}"),
        "cluster-%(n)d",
    ),
    _call(
        "elasticache",
        "DescribeCacheClusters",
        "AWS::ElastiCache::CacheCluster",
        "query",
        "CacheClusters",
        "ARN",
        {
            "ARN": _arn("elasticache", "cluster:cache-%(n)d"),
            "CacheClusterId": "cache-%(n)d",
            "CacheNodeType": "cache.t4g.micro",
            "Engine": "redis",
            "EngineVersion": "7.1.0",
            "CacheClusterStatus": "available",
            "NumCacheNodes": 1,
        },
        "Engine",
        "EngineVersion",
        "CacheClusterStatus",
    ),
    _call(
        "elbv2",
        "DescribeLoadBalancers",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "query",
        "LoadBalancers",
        "LoadBalancerArn",
        {
            "LoadBalancerArn": _arn("elasticloadbalancing", "loadbalancer/app/front-%(n)d/50dc"),
            "LoadBalancerName": "front-%(n)d",
            "DNSName": "front-%(n)d.%(region)s.elb.amazonaws.com",
            "Scheme": "internal",
            "Type": "application",
            "VpcId": "vpc-0123456789abcdef0",
            "CreatedTime": "2026-01-02T03:04:05.678Z",
        },
        "DNSName",
        "Scheme",
        "Type",
        "CreatedTime",
        signs_as="elasticloadbalancing",
    ),
    _call(
        "events",
        "ListRules",
        "AWS::Events::Rule",
        "json",
        "Rules",
        "Arn",
        {
            "Arn": _arn("events", "rule/rule-%(n)d"),
            "Name": "rule-%(n)d",
            "State": "ENABLED",
            "ScheduleExpression": "rate(5 minutes)",
            "EventBusName": "default",
        },
        "State",
        "ScheduleExpression",
    ),
    _call(
        "glue",
        "GetDatabases",
        "AWS::Glue::Database",
        "json",
        "DatabaseList",
        _declared("glue", "database/{Name}"),
        {
            "Name": "database_%(n)d",
            "LocationUri": "s3://lake/database_%(n)d",
            "CreateTime": 1767323045.5,
            "CatalogId": ACCOUNT,
        },
        "LocationUri",
        "CreateTime",
    ),
    _call(
        "kms",
        "ListKeys",
        "AWS::KMS::Key",
        "json",
        "Keys",
        "KeyArn",
        {
            "KeyId": "1234abcd-12ab-34cd-56ef-%(n)012d",
            "KeyArn": _arn("kms", "key/1234abcd-12ab-34cd-56ef-%(n)012d"),
        },
    ),
    _call(
        "lambda",
        "ListFunctions",
        "AWS::Lambda::Function",
        "json",
        "Functions",
        "FunctionArn",
        {
            "FunctionArn": _arn("lambda", "function:function-%(n)d"),
            "FunctionName": "function-%(n)d",
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "MemorySize": 512,
            "Timeout": 30,
            "CodeSize": 48213,
            "LastModified": "2026-01-02T03:04:05.000+0000",
            "Architectures": ["arm64"],
        },
        "Runtime",
        "Handler",
        "MemorySize",
        "Timeout",
        "Architectures",
    ),
    _call(
        "logs",
        "DescribeLogGroups",
        "AWS::Logs::LogGroup",
        "json",
        "logGroups",
        "logGroupArn",
        {
            "logGroupArn": _arn("logs", "log-group:/app/%(n)d"),
            "logGroupName": "/app/%(n)d",
            "creationTime": 1767323045500,
            "retentionInDays": 30,
            "storedBytes": 1048576,
        },
        "retentionInDays",
        "creationTime",
    ),
    _call(
        "rds",
        "DescribeDBInstances",
        "AWS::RDS::DBInstance",
        "query",
        "DBInstances",
        "DBInstanceArn",
        {
            "DBInstanceArn": _arn("rds", "db:database-%(n)d"),
            "DBInstanceIdentifier": "database-%(n)d",
            "DBInstanceClass": "db.t4g.medium",
            "Engine": "postgres",
            "EngineVersion": "16.4",
            "DBInstanceStatus": "available",
            "AllocatedStorage": 100,
            "MultiAZ": "true",
            "InstanceCreateTime": "2026-01-02T03:04:05.678Z",
        },
        "Engine",
        "EngineVersion",
        "DBInstanceStatus",
        "AllocatedStorage",
        "InstanceCreateTime",
    ),
    _call(
        "secretsmanager",
        "ListSecrets",
        "AWS::SecretsManager::Secret",
        "json",
        "SecretList",
        "ARN",
        {
            "ARN": _arn("secretsmanager", "secret:secret-%(n)d-AbCdEf"),
            "Name": "secret-%(n)d",
            "LastChangedDate": 1767323045.5,
            "RotationEnabled": False,
        },
        "RotationEnabled",
        "LastChangedDate",
    ),
    _call(
        "sns",
        "ListTopics",
        "AWS::SNS::Topic",
        "query",
        "Topics",
        "TopicArn",
        {"TopicArn": _arn("sns", "topic-%(n)d")},
    ),
    _call(
        "sqs",
        "ListQueues",
        "AWS::SQS::Queue",
        "json",
        "QueueUrls",
        _declared("sqs", "{@/}"),
        f"https://sqs.%(region)s.amazonaws.com/{ACCOUNT}/queue-%(n)d",
    ),
    _call(
        "stepfunctions",
        "ListStateMachines",
        "AWS::StepFunctions::StateMachine",
        "json",
        "stateMachines",
        "stateMachineArn",
        {
            "stateMachineArn": _arn("states", "stateMachine:machine-%(n)d"),
            "name": "machine-%(n)d",
            "type": "STANDARD",
            "creationDate": 1767323045.5,
        },
        "type",
        "creationDate",
        signs_as="states",
    ),
)


def body(call: ListCall, region: str, rows: int) -> str:
    """Write a call's answer in one region, with this many items, all on one page."""
    items = [_filled(call.row, region=region, n=n + 1) for n in range(rows)]
    if call.protocol == "json":
        return json.dumps({call.wire: [item.get("", item) for item in items]})
    tag = "item" if call.protocol == "ec2" else "member"
    inner = "".join(f"<{tag}>{_xml(item)}</{tag}>" for item in items)
    return xml_answer(call.operation, f"<{call.wire}>{inner}</{call.wire}>", call.protocol)


def xml_answer(operation: str, content: str, protocol: Protocol) -> str:
    """Wrap content as an operation's answer."""
    if protocol == "query":
        content = f"<{operation}Result>{content}</{operation}Result>"
    return f"<{operation}Response>{content}</{operation}Response>"


def _filled(row: Row, **values: object) -> Row:
    return {k: v % values if isinstance(v, str) else v for k, v in row.items()}


def _xml(row: Row) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in row.items())
