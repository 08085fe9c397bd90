"""What a role does not grant: each action taken away shows as exactly its scanners' gaps."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from proxyd.actions import actions_of
from proxyd.aws.access import actions_for
from proxyd.aws.policy import role_policies

from .conftest import HUB, Estate, scanners
from .daemon import Daemon, named, running, settings

ACCOUNT, ROLE, REGION = "222222222222", "proxyd-narrow", "eu-west-1"


class Role:
    """A second role in a seeded account, whose policy a test changes."""

    def __init__(self, estate: Estate, name: str = ROLE) -> None:
        self.iam = estate.account(ACCOUNT).client("iam", REGION)
        self.name = name
        self.arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        trust = self.iam.get_role(RoleName="proxyd-read")["Role"]["AssumeRolePolicyDocument"]
        for statement in trust["Statement"]:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": "narrow-id"}}
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        assume = {"Effect": "Allow", "Action": ["sts:*"], "Resource": self.arn}
        estate.account(HUB).client("iam", REGION).put_user_policy(
            UserName="proxyd",
            PolicyName=name,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [assume]}),
        )

    def allow(self, actions: list[str]) -> None:
        """Grant these actions and no others."""
        (document,) = role_policies(actions)
        self.put(document)

    def put(self, document: dict[str, Any]) -> None:
        """Put a policy as it is."""
        self.iam.put_role_policy(
            RoleName=self.name, PolicyName="proxyd", PolicyDocument=json.dumps(document)
        )

    def delete(self) -> None:
        """Take the role away again."""
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="proxyd")
        self.iam.delete_role(RoleName=self.name)

    @property
    def target(self) -> dict[str, Any]:
        """Write it as a target."""
        return {
            "name": "narrow",
            "role_arn": self.arn,
            "external_id": "narrow-id",
            "regions": [REGION],
        }


async def test_each_action_taken_away_is_named_by_exactly_its_scanners(
    estate: Estate, tmp_path: Path
) -> None:
    """Without one action its scanners are `denied` and name it; all others are `ok`."""
    found = scanners()
    users = defaultdict(set)
    for scanner in found.values():
        for action in actions_of(scanner.operations):
            users[action].add(scanner.type)
    every = actions_for(found.values())
    role = Role(estate)
    config = settings([role.target], estate.endpoint)
    try:
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            for action, types in users.items():
                role.allow([each for each in every if each != action])
                await _expect(daemon, action, types, set(found))
    finally:
        role.delete()


async def _expect(daemon: Daemon, action: str, types: set[str], found: set[str]) -> None:
    events = await daemon.scan(target=["narrow"])
    shards = named(events, "shard")
    by_status: dict[str, set[str]] = defaultdict(set)
    for shard in shards:
        by_status[shard["status"]].add(shard["type"])
    assert by_status == {"denied": types, "ok": found - types}, action
    assert {s["action"] for s in shards if s["status"] == "denied"} == {action}
    (done,) = named(events, "scan.completed")
    assert done["missing_actions"] == [action]
    assert not done["complete"]
    assert {gap["type"] for gap in done["gaps"]} == types


async def test_an_explicit_deny_and_describe_regions_refused(
    estate: Estate, tmp_path: Path
) -> None:
    """An explicit deny is `denied`; without DescribeRegions the configured regions are used."""
    role = Role(estate, "proxyd-denied")
    deny = ["sqs:ListQueues", "ec2:DescribeRegions"]
    role.put(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": deny, "Resource": "*"},
            ],
        }
    )
    config = settings([role.target], estate.endpoint)
    try:
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            types = ["AWS::SQS::Queue", "AWS::EC2::VPC"]
            events = await daemon.scan(target=["narrow"], type=types)
    finally:
        role.delete()
    shards = {shard["type"]: shard for shard in named(events, "shard")}
    assert shards["AWS::EC2::VPC"]["status"] == "ok"
    assert shards["AWS::SQS::Queue"]["status"] == "denied"
    assert shards["AWS::SQS::Queue"]["action"] == "sqs:ListQueues"


async def test_a_role_that_allows_everything_is_narrowed_by_the_session_policy(
    estate: Estate, tmp_path: Path
) -> None:
    """Behind a role that allows all, the session of a scan can do what it needs and no more."""
    role = Role(estate, "proxyd-wide")
    allow_all = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    role.put({"Version": "2012-10-17", "Statement": [allow_all]})
    config = settings([role.target], estate.endpoint)
    wrapper = Path(__file__).with_name("leaky_plugin.py")
    try:
        async with running(
            config,
            tmp_path,
            environment=estate.environment,
            command=("-B", str(wrapper)),
        ) as daemon:
            events = await daemon.scan(target=["narrow"], type=["Leaky::Test::*"])
    finally:
        role.delete()
    shards = {shard["type"]: shard for shard in named(events, "shard")}
    assert shards["Leaky::Test::Undeclared"]["code"] == "UndeclaredByScanner"
    assert shards["Leaky::Test::Undeclared"]["calls"] == 0
    assert shards["Leaky::Test::PastTheGuard"]["status"] == "denied"
    assert shards["Leaky::Test::PastTheGuard"]["action"] == "s3:ListAllMyBuckets"
