"""What instances, functions and containers use and others list, for the seeds of compute."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.oracle import Account

from . import REGION

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TAGS = {"team": "platform", "stage": "test"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]


class Around:
    """A network, identities and ends of links in one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        ec2, iam = account.client("ec2", REGION), account.client("iam", REGION)
        self.vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
        # Without it moto has no name to give to a task's network interface, and fails.
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnets = [
            ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.8.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.group = ec2.create_security_group(
            GroupName="compute", Description="instances", VpcId=self.vpc
        )["GroupId"]
        role = iam.create_role(RoleName="compute", AssumeRolePolicyDocument=TRUST)
        self.role = role["Role"]["Arn"]
        profile = iam.create_instance_profile(InstanceProfileName="compute")
        self.profile = profile["InstanceProfile"]["Arn"]
        self.key = self.client("kms").create_key(Description="compute")["KeyMetadata"]["Arn"]
        self.topic = self.client("sns").create_topic(Name="compute")["TopicArn"]
        self.queue = self.arn("sqs", "compute")
        self.client("sqs").create_queue(QueueName="compute")
        self.target_group = self.client("elbv2").create_target_group(
            Name="compute", Protocol="HTTP", Port=80, VpcId=self.vpc
        )["TargetGroups"][0]["TargetGroupArn"]

    def client(self, service: str) -> Any:
        """Make a client of the account in the region of the seeds."""
        return self.account.client(service, REGION)

    def arn(self, service: str, rest: str) -> str:
        """Write an ARN of the account in that region."""
        return f"arn:aws:{service}:{REGION}:{self.account.account}:{rest}"
