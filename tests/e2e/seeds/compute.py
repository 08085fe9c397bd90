"""Instances, functions, containers and hosting: what a scan of them has to find."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from tests.e2e.oracle import Account

from . import REGION, Made
from ._containers import batch, ecs, eks, registry
from ._surroundings import TAG_LIST, TAGS, Around

_BASE_IMAGE = "ami-0123456789abcdef0"


def seed(account: Account) -> Made:
    """Make one or two of every type that moto has."""
    around = Around(account)
    made: Made = {}
    for make in (
        _images,
        _instances,
        _capacity,
        _groups,
        _scaled,
        _functions,
        ecs,
        eks,
        registry,
        batch,
        _beanstalk,
        _desktops,
    ):
        for type_, arns in make(around).items():
            made.setdefault(type_, set()).update(arns)
    return made


def _tagged(kind: str, **more: str) -> list[dict[str, Any]]:
    tags = [*TAG_LIST, *({"Key": key, "Value": value} for key, value in more.items())]
    return [{"ResourceType": kind, "Tags": tags}]


def _images(around: Around) -> Made:
    image = around.client("ec2").register_image(
        Name="base", Architecture="arm64", RootDeviceName="/dev/xvda"
    )["ImageId"]
    return {"AWS::EC2::Image": {f"arn:aws:ec2:{REGION}::image/{image}"}}


def _instances(around: Around) -> Made:
    ec2 = around.client("ec2")
    ec2.create_key_pair(KeyName="operators", TagSpecifications=_tagged("key-pair"))
    template = ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": _BASE_IMAGE, "InstanceType": "t3.micro"},
        TagSpecifications=_tagged("launch-template", Name="web"),
    )["LaunchTemplate"]["LaunchTemplateId"]
    started = ec2.run_instances(
        ImageId=_BASE_IMAGE,
        InstanceType="t3.micro",
        MinCount=2,
        MaxCount=2,
        KeyName="operators",
        SubnetId=around.subnets[0],
        SecurityGroupIds=[around.group],
        IamInstanceProfile={"Arn": around.profile},
        TagSpecifications=_tagged("instance", Name="web"),
    )["Instances"]
    return {
        "AWS::EC2::Instance": {
            around.arn("ec2", f"instance/{each['InstanceId']}") for each in started
        },
        "AWS::EC2::KeyPair": {around.arn("ec2", "key-pair/operators")},
        "AWS::EC2::LaunchTemplate": {around.arn("ec2", f"launch-template/{template}")},
    }


def _capacity(around: Around) -> Made:
    ec2 = around.client("ec2")
    hosts = ec2.allocate_hosts(
        Quantity=1,
        AvailabilityZone=f"{REGION}a",
        InstanceType="m5.large",
        TagSpecifications=_tagged("dedicated-host", Name="licensed"),
    )["HostIds"]
    fleet = ec2.request_spot_fleet(
        SpotFleetRequestConfig={
            "IamFleetRole": around.role,
            "TargetCapacity": 1,
            "SpotPrice": "0.5",
            "AllocationStrategy": "lowestPrice",
            "LaunchSpecifications": [
                {
                    "ImageId": _BASE_IMAGE,
                    "InstanceType": "t3.micro",
                    "KeyName": "operators",
                    "SubnetId": around.subnets[1],
                    "SecurityGroups": [{"GroupId": around.group}],
                    "UserData": "not-a-real-script",
                }
            ],
            "TagSpecifications": _tagged("spot-fleet-request"),
        }
    )["SpotFleetRequestId"]
    started = ec2.describe_spot_fleet_instances(SpotFleetRequestId=fleet)["ActiveInstances"]
    return {
        "AWS::EC2::Host": {around.arn("ec2", f"dedicated-host/{host}") for host in hosts},
        "AWS::EC2::SpotFleet": {around.arn("ec2", f"spot-fleet-request/{fleet}")},
        "AWS::EC2::Instance": {
            around.arn("ec2", f"instance/{each['InstanceId']}") for each in started
        },
    }


def _groups(around: Around) -> Made:
    scaling = around.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old",
        ImageId=_BASE_IMAGE,
        InstanceType="t3.micro",
        KeyName="operators",
        SecurityGroups=[around.group],
        IamInstanceProfile=around.profile,
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="workers",
        LaunchConfigurationName="old",
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=0,
        VPCZoneIdentifier=",".join(around.subnets),
        TargetGroupARNs=[around.target_group],
        Tags=[tag | {"PropagateAtLaunch": True} for tag in TAG_LIST],
    )
    scaling.put_scaling_policy(
        AutoScalingGroupName="workers",
        PolicyName="busy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 60.0,
        },
    )
    scaling.put_lifecycle_hook(
        AutoScalingGroupName="workers",
        LifecycleHookName="drain",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        NotificationTargetARN=around.topic,
        RoleARN=around.role,
    )
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]
    launched = scaling.describe_launch_configurations()["LaunchConfigurations"]
    policies = scaling.describe_policies()["ScalingPolicies"]
    return {
        "AWS::AutoScaling::AutoScalingGroup": {group},
        "AWS::AutoScaling::LaunchConfiguration": {e["LaunchConfigurationARN"] for e in launched},
        "AWS::AutoScaling::ScalingPolicy": {e["PolicyARN"] for e in policies},
        "AWS::AutoScaling::LifecycleHook": {f"{group}:lifecycleHookName/drain"},
    }


def _scaled(around: Around) -> Made:
    around.client("dynamodb").create_table(
        TableName="carts",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    scaling = around.client("application-autoscaling")
    made = {
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/carts",
            ScalableDimension=f"dynamodb:table:{kind}CapacityUnits",
            MinCapacity=1,
            MaxCapacity=9,
            RoleARN=around.role,
        )["ScalableTargetARN"]
        for kind in ("Read", "Write")
    }
    return {"AWS::ApplicationAutoScaling::ScalableTarget": made}


def _functions(around: Around) -> Made:
    functions = around.client("lambda")
    layers = {
        functions.publish_layer_version(LayerName="shared", Content={"ZipFile": _archive()})[
            "LayerVersionArn"
        ]
        for _ in range(2)
    }
    function = functions.create_function(
        FunctionName="resize",
        Runtime="python3.12",
        Role=around.role,
        Handler="main.handler",
        Code={"ZipFile": _archive()},
        Layers=[max(layers)],
        VpcConfig={"SubnetIds": around.subnets, "SecurityGroupIds": [around.group]},
        KMSKeyArn=around.key,
        Environment={"Variables": {"TOKEN": "not-a-real-token"}},
        Tags=TAGS,
    )["FunctionArn"]
    mapping = functions.create_event_source_mapping(
        FunctionName="resize", EventSourceArn=around.queue, BatchSize=5
    )["EventSourceMappingArn"]
    return {
        "AWS::Lambda::Function": {function},
        "AWS::Lambda::LayerVersion": layers,
        "AWS::Lambda::EventSourceMapping": {mapping},
    }


def _archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...")
    return packed.getvalue()


def _beanstalk(around: Around) -> Made:
    beanstalk = around.client("elasticbeanstalk")
    application = beanstalk.create_application(ApplicationName="blog", Tags=TAG_LIST)
    return {
        "AWS::ElasticBeanstalk::Application": {application["Application"]["ApplicationArn"]},
    }


def _desktops(around: Around) -> Made:
    directory = around.client("ds").create_directory(
        Name="desks.example.com",
        Password="Not-a-real-passw0rd",
        Size="Small",
        VpcSettings={"VpcId": around.vpc, "SubnetIds": around.subnets},
    )["DirectoryId"]
    workspaces = around.client("workspaces")
    workspaces.register_workspace_directory(
        DirectoryId=directory, SubnetIds=around.subnets, Tags=TAG_LIST
    )
    made = workspaces.create_workspaces(
        Workspaces=[
            {
                "DirectoryId": directory,
                "UserName": "anna",
                "BundleId": "wsb-0123456789",
                "VolumeEncryptionKey": around.key,
                "Tags": TAG_LIST,
            }
        ]
    )["PendingRequests"]
    return {
        "AWS::WorkSpaces::Directory": {around.arn("workspaces", f"directory/{directory}")},
        "AWS::WorkSpaces::Workspace": {
            around.arn("workspaces", f"workspace/{each['WorkspaceId']}") for each in made
        },
    }
