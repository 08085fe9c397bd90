"""What is really there, by boto3 and nothing of proxyd: type → the ARNs in one region.

Written by hand against the API reference; the scanners must find the same and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import boto3
import jmespath

from proxyd.model import GLOBAL

Found = dict[str, set[str]]

_EC2 = {
    "AWS::EC2::VPC": ("describe_vpcs", "Vpcs[].VpcId", "vpc"),
    "AWS::EC2::Subnet": ("describe_subnets", "Subnets[].SubnetId", "subnet"),
    "AWS::EC2::SecurityGroup": (
        "describe_security_groups",
        "SecurityGroups[].GroupId",
        "security-group",
    ),
    "AWS::EC2::RouteTable": (
        "describe_route_tables",
        "RouteTables[].RouteTableId",
        "route-table",
    ),
    "AWS::EC2::InternetGateway": (
        "describe_internet_gateways",
        "InternetGateways[].InternetGatewayId",
        "internet-gateway",
    ),
    "AWS::EC2::NatGateway": (
        "describe_nat_gateways",
        "NatGateways[].NatGatewayId",
        "natgateway",
    ),
    "AWS::EC2::Instance": (
        "describe_instances",
        "Reservations[].Instances[].InstanceId",
        "instance",
    ),
    "AWS::EC2::Volume": ("describe_volumes", "Volumes[].VolumeId", "volume"),
    "AWS::EC2::NetworkInterface": (
        "describe_network_interfaces",
        "NetworkInterfaces[].NetworkInterfaceId",
        "network-interface",
    ),
}

_ARNS = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elbv2",
        "describe_load_balancers",
        "LoadBalancers[].LoadBalancerArn",
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "elbv2",
        "describe_target_groups",
        "TargetGroups[].TargetGroupArn",
    ),
    "AWS::AutoScaling::AutoScalingGroup": (
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroups[].AutoScalingGroupARN",
    ),
    "AWS::Lambda::Function": ("lambda", "list_functions", "Functions[].FunctionArn"),
    "AWS::RDS::DBInstance": ("rds", "describe_db_instances", "DBInstances[].DBInstanceArn"),
    "AWS::RDS::DBCluster": ("rds", "describe_db_clusters", "DBClusters[].DBClusterArn"),
    "AWS::SNS::Topic": ("sns", "list_topics", "Topics[].TopicArn"),
    "AWS::SNS::Subscription": ("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    "AWS::ECS::Cluster": ("ecs", "list_clusters", "clusterArns[]"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "list_secrets", "SecretList[].ARN"),
}

_BUILT = {
    "AWS::DynamoDB::Table": ("dynamodb", "list_tables", "TableNames[]", "dynamodb", "table/"),
    "AWS::SQS::Queue": ("sqs", "list_queues", "QueueUrls[]", "sqs", ""),
    "AWS::EKS::Cluster": ("eks", "list_clusters", "clusters[]", "eks", "cluster/"),
    "AWS::Logs::LogGroup": (
        "logs",
        "describe_log_groups",
        "logGroups[].logGroupName",
        "logs",
        "log-group:",
    ),
}


LISTED = (
    *(*_EC2, *_ARNS, *_BUILT),
    *("AWS::ECS::Service", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"),
    *("AWS::IAM::Role", "AWS::CloudFront::Distribution", "AWS::Route53::HostedZone"),
)
"""The types that an `Account` lists."""


class Account:
    """Lists one account with credentials that may see all of it."""

    def __init__(self, account: str, **client: Any) -> None:
        self.account = account
        self._client = client

    def client(self, service: str, region: str) -> Any:
        """Make a boto3 client."""
        return boto3.client(service, region_name=region, **self._client)

    def arns(self, regions: Iterable[str]) -> Found:
        """Return all ARNs by type, in these regions, `global` among them."""
        found: Found = {}
        for region in regions:
            listed = self._global() if region == GLOBAL else self._regional(region)
            for name, arns in listed.items():
                found.setdefault(name, set()).update(arns)
        return found

    def _all(self, service: str, region: str, method: str, path: str) -> list[Any]:
        client = self.client(service, region)
        if client.can_paginate(method):
            return [
                value
                for page in client.get_paginator(method).paginate()
                for value in jmespath.search(path, page) or ()
            ]
        return jmespath.search(path, getattr(client, method)()) or []

    def _regional(self, region: str) -> Found:
        found: Found = {}
        for name, (method, path, kind) in _EC2.items():
            prefix = f"arn:aws:ec2:{region}:{self.account}:{kind}/"
            found[name] = {prefix + i for i in self._all("ec2", region, method, path)}
        for name, (service, method, path) in _ARNS.items():
            found[name] = set(self._all(service, region, method, path))
        for name, (service, method, path, prefix, kind) in _BUILT.items():
            head = f"arn:aws:{prefix}:{region}:{self.account}:{kind}"
            names = self._all(service, region, method, path)
            found[name] = {head + n.rpartition("/")[2] if kind == "" else head + n for n in names}
        for list_more in (self._services, self._keys, self._buckets):
            found |= list_more(region)
        return found

    def _services(self, region: str) -> Found:
        ecs = self.client("ecs", region)
        return {
            "AWS::ECS::Service": {
                arn
                for cluster in self._all("ecs", region, "list_clusters", "clusterArns[]")
                for arn in ecs.list_services(cluster=cluster)["serviceArns"]
            }
        }

    def _keys(self, region: str) -> Found:
        kms = self.client("kms", region)
        keys = [
            kms.describe_key(KeyId=key)["KeyMetadata"]
            for key in self._all("kms", region, "list_keys", "Keys[].KeyId")
        ]
        aliases = self._all("kms", region, "list_aliases", "Aliases[].AliasArn")
        return {
            "AWS::KMS::Key": {k["Arn"] for k in keys if k["KeyManager"] == "CUSTOMER"},
            "AWS::KMS::Alias": {arn for arn in aliases if ":alias/aws/" not in arn},
        }

    def _buckets(self, region: str) -> Found:
        s3 = self.client("s3", region)
        names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        location: Callable[[str], str] = lambda name: (  # noqa: E731 - used once, below
            s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
        )
        return {"AWS::S3::Bucket": {f"arn:aws:s3:::{n}" for n in names if location(n) == region}}

    def _global(self) -> Found:
        east = "us-east-1"
        zones = self._all("route53", east, "list_hosted_zones", "HostedZones[].Id")
        return {
            "AWS::IAM::Role": set(self._all("iam", east, "list_roles", "Roles[].Arn")),
            "AWS::CloudFront::Distribution": set(
                self._all("cloudfront", east, "list_distributions", "DistributionList.Items[].ARN")
            ),
            "AWS::Route53::HostedZone": {
                f"arn:aws:route53:::{zone.removeprefix('/')}" for zone in zones
            },
        }
