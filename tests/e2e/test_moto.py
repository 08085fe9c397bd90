"""The same scanners against another emulator, which covers more of what AWS answers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from .conftest import scanners
from .daemon import named, running, settings
from .oracle import Account

ACCOUNT, REGION = "222222222222", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/proxyd-read"
KEYS = {"AWS_ACCESS_KEY_ID": "base", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A moto server in a thread of this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def account(endpoint: str) -> Account:
    """Return the seeded account: moto puts what an assumed role makes into that role's account."""
    keys = {"aws_access_key_id": "base", "aws_secret_access_key": "secret"}
    sts = boto3.client("sts", region_name=REGION, endpoint_url=endpoint, **keys)
    given = sts.assume_role(RoleArn=ROLE, RoleSessionName="seed")["Credentials"]
    account = Account(
        ACCOUNT,
        endpoint_url=endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    _seed(account)
    return account


def _seed(account: Account) -> None:
    network = _network(account)
    role = _role(account)
    _compute(account, network, role)
    _data(account)
    _messages(account)
    _containers(account, network, role)
    _edge(account)


def _network(account: Account) -> dict[str, str]:
    ec2 = account.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for i, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
    ec2.create_network_interface(SubnetId=subnets[0])
    ec2.create_volume(Size=8, AvailabilityZone=f"{REGION}a")
    return {"vpc": vpc, "subnet": subnets[0], "other": subnets[1], "group": group}


def _role(account: Account) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "sts:AssumeRole"}
    arn: str = account.client("iam", REGION).create_role(
        RoleName="app",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    return arn


def _compute(account: Account, network: dict[str, str], role: str) -> None:
    ec2 = account.client("ec2", REGION)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    for _ in range(3):
        ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2, SubnetId=network["subnet"])
    scaling = account.client("autoscaling", REGION)
    scaling.create_launch_configuration(
        LaunchConfigurationName="web", ImageId=image, InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchConfigurationName="web", MinSize=0, MaxSize=2,
        VPCZoneIdentifier=network["subnet"],
    )  # fmt: skip
    balancing = account.client("elbv2", REGION)
    balancing.create_load_balancer(Name="web", Subnets=[network["subnet"], network["other"]])
    balancing.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=network["vpc"], TargetType="ip"
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...")
    for name in ("resize", "mail"):
        account.client("lambda", REGION).create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="main.handler",
            Code={"ZipFile": code.getvalue()}, Tags={"env": "prod"},
            Environment={"Variables": {"PASSWORD": "not-for-display"}},
        )  # fmt: skip


def _data(account: Account) -> None:
    rds = account.client("rds", REGION)
    admin = {"MasterUsername": "admin", "MasterUserPassword": "not-for-display"}
    rds.create_db_instance(
        DBInstanceIdentifier="shop", Engine="postgres", DBInstanceClass="db.t3.micro",
        AllocatedStorage=20, **admin,
    )  # fmt: skip
    rds.create_db_cluster(DBClusterIdentifier="orders", Engine="aurora-postgresql", **admin)
    account.client("dynamodb", REGION).create_table(
        TableName="carts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for region in (REGION, "eu-west-2"):
        account.client("s3", region).create_bucket(
            Bucket=f"files-{region}", CreateBucketConfiguration={"LocationConstraint": region}
        )
    key = account.client("kms", REGION).create_key()["KeyMetadata"]["KeyId"]
    account.client("kms", REGION).create_alias(AliasName="alias/files", TargetKeyId=key)
    account.client("secretsmanager", REGION).create_secret(
        Name="db", SecretString="not-for-display"
    )
    account.client("logs", REGION).create_log_group(logGroupName="/app/web")


def _messages(account: Account) -> None:
    sqs, sns = account.client("sqs", REGION), account.client("sns", REGION)
    queues = [sqs.create_queue(QueueName=f"orders-{i}")["QueueUrl"] for i in range(12)]
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_queue_arn(sqs, queues[0]))


def _queue_arn(sqs: Any, url: str) -> str:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn: str = attributes["Attributes"]["QueueArn"]
    return arn


def _containers(account: Account, network: dict[str, str], role: str) -> None:
    ecs = account.client("ecs", REGION)
    ecs.create_cluster(clusterName="web")
    ecs.register_task_definition(
        family="web",
        containerDefinitions=[
            {
                "name": "web",
                "image": "web",
                "memory": 64,
                "environment": [{"name": "PASSWORD", "value": "not-for-display"}],
            }
        ],
    )
    for i in range(11):
        ecs.create_service(
            cluster="web", serviceName=f"web-{i}", taskDefinition="web", desiredCount=0
        )
    account.client("eks", REGION).create_cluster(
        name="web", roleArn=role, resourcesVpcConfig={"subnetIds": [network["subnet"]]}
    )


def _edge(account: Account) -> None:
    account.client("route53", "us-east-1").create_hosted_zone(
        Name="example.com", CallerReference="1"
    )
    account.client("cloudfront", "us-east-1").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "example.com"}]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "o",
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )


async def test_the_same_scanners_find_what_boto3_lists(
    endpoint: str, account: Account, tmp_path: Path
) -> None:
    """Every type has as many resources as boto3 lists, with the same ARNs, and no secret."""
    target = {
        "name": "moto",
        "role_arn": ROLE,
        "external_id": "moto-id",
        "regions": [REGION, "eu-west-2"],
    }
    async with running(settings([target], endpoint), tmp_path, environment=KEYS) as daemon:
        events = await daemon.scan(target=["moto"])
    assert named(events, "scan.completed")[0]["gaps"] == []
    listed = account.arns(["global", REGION, "eu-west-2"])
    streamed: dict[str, set[str]] = {}
    for resource in named(events, "resource"):
        streamed.setdefault(resource["type"], set()).add(resource["arn"])
    for name in scanners():
        assert streamed.get(name, set()) == listed[name], name
        assert listed[name], f"there is no {name} to be found"
    assert "not-for-display" not in json.dumps(named(events, "resource"))
