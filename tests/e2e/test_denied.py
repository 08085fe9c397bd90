"""What a role does not grant: each action taken away shows as exactly its scanners' gaps."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proxyd.actions import actions_of
from proxyd.aws.access import actions_for
from proxyd.iam import asked
from proxyd.iam.policies import role_policies
from proxyd.model import Operation
from proxyd.registry import Registry

from .conftest import HUB, Estate, emulated
from .daemon import Daemon, named, running, settings
from .grown import Growing, grow
from .recorded import recording, scan

ACCOUNT, ROLE, REGION = "222222222222", "proxyd-narrow", "eu-west-1"
GROWN = "666666666666"
UNTRIED = {
    "AWS::AmazonMQ::Broker",
    "AWS::AppSync::DomainName",
    "AWS::CloudFormation::Stack",
    "AWS::ECS::ContainerInstance",
    "AWS::EKS::Addon",
    "AWS::Elasticsearch::Domain",
    "AWS::IoT::CACertificate",
    "AWS::MWAA::Environment",
}
"""Types of which one action is not tried, since the emulator can not make what it is called for."""

UNCHECKED = {"lambda:ListLayerVersions"}
"""Actions that the emulator lets everybody do."""

UNTOLD = {
    "AWS::Config::ConfigurationRecorder",
    "AWS::WAFv2::RuleGroup",
    "AWS::WAFv2::WebACL",
}
"""Types of which the emulator does not tell what AWS does, once there are some."""


class Role:
    """A second role in a seeded account, whose policy a test changes."""

    def __init__(self, estate: Estate, name: str = ROLE, account: str = ACCOUNT) -> None:
        self.iam = estate.account(account).client("iam", REGION)
        self.name = name
        self.arn = f"arn:aws:iam::{account}:role/{name}"
        known = estate.account(ACCOUNT).client("iam", REGION)
        trust = known.get_role(RoleName="proxyd-read")["Role"]["AssumeRolePolicyDocument"]
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
        self.put(*role_policies(actions))

    def put(self, *documents: dict[str, Any]) -> None:
        """Put policies as they are, instead of those that it has."""
        for number, document in enumerate(documents):
            self.iam.put_role_policy(
                RoleName=self.name,
                PolicyName=f"proxyd-{number}",
                PolicyDocument=json.dumps(document),
            )
        for name in self._policies():
            if name not in {f"proxyd-{number}" for number in range(len(documents))}:
                self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)

    def delete(self) -> None:
        """Take the role away again."""
        for name in self._policies():
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        self.iam.delete_role(RoleName=self.name)

    def _policies(self) -> list[str]:
        names: list[str] = self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        return names

    @property
    def target(self) -> dict[str, Any]:
        """Write it as a target."""
        return {
            "name": "narrow",
            "role_arn": self.arn,
            "external_id": "narrow-id",
            "regions": [REGION],
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def grown(estate: Estate) -> AsyncGenerator[Role, None]:
    """A role in an account that has one of nearly everything that the emulator knows."""
    account = Growing(
        GROWN,
        endpoint_url=estate.endpoint,
        aws_access_key_id=GROWN,
        aws_secret_access_key="test",
    )
    await asyncio.to_thread(grow, account)
    role = Role(estate, account=GROWN)
    yield role
    role.delete()


@pytest.mark.timeout(300)  # more than two hundred scans, of one type and of one action
async def test_each_action_taken_away_is_named_by_exactly_its_scanners(
    estate: Estate, grown: Role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one action the scanners that use it are `denied` and name it; another is `ok`.

    So no policy has an action that it could do without: but for a few, each is tried.
    """
    found = emulated()
    used = await _used(estate, grown, monkeypatch)
    whole = {t for t, scanner in found.items() if set(used[t]) >= set(scanner.operations)}
    assert set(found) - whole <= UNTRIED
    users = defaultdict(set)
    for type_, operations in used.items():
        for action in actions_of(operations):
            users[action].add(type_)
    role = grown
    config = settings([role.target], estate.endpoint)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        for action, types in sorted(users.items()):
            if action in UNCHECKED:
                continue
            scanned = types | {_another(found, action)}
            granted = actions_for(found[type_] for type_ in scanned)
            role.allow([each for each in granted if each != action])
            await _expect(daemon, action, types, scanned)


@pytest.mark.timeout(300)  # two hundred scans, of one type each
async def test_the_policy_of_each_type_alone_is_enough_for_it(
    estate: Estate, grown: Role, tmp_path: Path
) -> None:
    """With what `proxyd iam policy --type T` prints and nothing else, T is seen whole."""
    found = emulated()
    sparse = Role(estate, "proxyd-single")
    try:
        await _enough(estate, grown, set(found) - UNTOLD, tmp_path)
        await _enough(estate, sparse, UNTOLD, tmp_path)
    finally:
        sparse.delete()


async def _enough(estate: Estate, role: Role, types: set[str], directory: Path) -> None:
    config = settings([role.target], estate.endpoint)
    found = emulated()
    async with running(config, directory, environment=estate.environment) as daemon:
        for type_ in sorted(types):
            role.allow(asked.actions(found, None, [type_]))
            events = await daemon.scan(target=["narrow"], type=[type_])
            assert {shard["status"] for shard in named(events, "shard")} == {"ok"}, type_
            (done,) = named(events, "scan.completed")
            assert (done["complete"], done["missing_actions"]) == (True, []), type_


async def _used(
    estate: Estate, role: Role, monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[Operation, ...]]:
    """Scan one type after the other, and note what each calls of what the account has."""
    for name, value in estate.environment.items():
        monkeypatch.setenv(name, value)
    found = dict(emulated())
    role.allow(actions_for(found.values()))
    by_type = {}
    async with recording(estate, found, [role.target]) as (service, used):
        for type_, scanner in found.items():
            used.clear()
            await scan(service, target=("narrow",), type=(type_,), region=(REGION, "global"))
            by_type[type_] = tuple(used & set(scanner.operations))
    return by_type


def _another(found: Registry, action: str) -> str:
    """Return a type that does without an action."""
    return next(t for t, s in found.items() if action not in actions_of(s.operations))


async def _expect(daemon: Daemon, action: str, types: set[str], found: set[str]) -> None:
    events = await daemon.scan(target=["narrow"], type=sorted(found))
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
    (done,) = named(events, "scan.completed")
    assert done["missing_actions"] == sorted(deny)


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
            attacks = ["Leaky::Test::Undeclared", "Leaky::Test::PastTheGuard"]
            events = await daemon.scan(target=["narrow"], type=attacks)
    finally:
        role.delete()
    shards = {shard["type"]: shard for shard in named(events, "shard")}
    assert shards["Leaky::Test::Undeclared"]["code"] == "UndeclaredByScanner"
    assert shards["Leaky::Test::Undeclared"]["calls"] == 0
    assert shards["Leaky::Test::PastTheGuard"]["status"] == "denied"
    assert shards["Leaky::Test::PastTheGuard"]["action"] == "s3:ListAllMyBuckets"
