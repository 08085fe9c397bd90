"""What the seeds of storage and databases stand on, and what they share."""

from __future__ import annotations

import json

from tests.e2e.oracle import Account

from . import REGION

TAGS = [{"Key": "team", "Value": "data"}]
PASSWORD = "not-a-real-1"


class Ground:
    """What databases and file systems stand on: a network, a key, a role, a topic."""

    def __init__(self, account: Account) -> None:
        ec2 = account.client("ec2", REGION)
        self.vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.30.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(GroupName="data", Description="data", VpcId=self.vpc)
        self.group = group["GroupId"]
        key = account.client("kms", REGION).create_key(Description="data")["KeyMetadata"]
        self.key, self.key_id = key["Arn"], key["KeyId"]
        trust = {"Version": "2012-10-17", "Statement": []}
        self.role = account.client("iam", "us-east-1").create_role(
            RoleName="data", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        self.topic = account.client("sns", REGION).create_topic(Name="data")["TopicArn"]
