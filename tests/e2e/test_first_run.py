"""From an empty directory to a complete stream, and every way in which that breaks later."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proxyd.aws.role import ACTIONS as READING
from proxyd.demo.emulator import Emulator
from proxyd.demo.process import end

from .company import allowed, document
from .conftest import emulator_path
from .daemon import Daemon, Events, named, ran
from .faults import Exchange, FaultProxy, passed
from .oracle import Account

HUB, ACCOUNT, REGION = "111111111111", "222222222222", "eu-west-1"
ROLE = "proxyd-read"
TYPES = ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::EC2::VPC")
LOST = "sns:ListTopics"


class Place:
    """An account, an emulator that also knows of source identities, and a directory."""

    def __init__(self, upstream: str, endpoint: str, directory: Path) -> None:
        self.upstream, self.endpoint, self.directory = upstream, endpoint, directory
        self.iam = self.account(ACCOUNT).client("iam", REGION)
        hub = self.account(HUB).client("iam", REGION)
        hub.create_user(UserName="proxyd")
        key = hub.create_access_key(UserName="proxyd")["AccessKey"]
        self.hub = hub
        self.environment = {
            "PATH": os.defpath,
            "HOME": "/nonexistent",
            "COLUMNS": "120",
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        self.account(ACCOUNT).client("sqs", REGION).create_queue(QueueName="orders")
        self.account(ACCOUNT).client("sns", REGION).create_topic(Name="news")
        self.token = ""

    def account(self, account: str) -> Account:
        """Return one account with all rights."""
        return Account(
            account,
            endpoint_url=self.upstream,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )

    @property
    def files(self) -> list[str]:
        """The flags that name what `proxyd init` has written."""
        return [
            *("--config", str(self.directory / "proxyd.toml")),
            *("--credentials", str(self.directory / "credentials")),
        ]

    async def proxyd(self, *words: str) -> tuple[int, str, str]:
        """Run a command, and return its exit code and what it wrote to stdout and stderr."""
        return await ran(*words, environment=self.environment)

    async def begin(self) -> None:
        """Do what the README says, from nothing to the role being there."""
        code, out, err = await self.proxyd(
            *("init", str(self.directory), "--account", ACCOUNT, "--name", "production"),
            *("--identity", f"arn:aws:iam::{HUB}:user/proxyd", "--region", REGION),
            *(word for type_ in TYPES for word in ("--type", type_)),
            *("--endpoint-url", self.endpoint),
        )
        assert code == 0, err
        [self.token] = [word for word in err.split() if word.startswith("pxd_")]
        stacks = self.account(ACCOUNT).client("cloudformation", REGION)
        stacks.create_stack(StackName=ROLE, TemplateBody=out, Capabilities=["CAPABILITY_NAMED_IAM"])
        stacks.get_waiter("stack_create_complete").wait(StackName=ROLE, WaiterConfig={"Delay": 1})
        code, out, err = await self.proxyd("iam", "base", *self.files)
        assert code == 0, err
        self.hub.put_user_policy(UserName="proxyd", PolicyName="base", PolicyDocument=out)

    async def check(self) -> tuple[int, dict[str, Any], str]:
        """Check it; return the exit code, the report of its target, and the words of a person's."""
        code, told, err = await self.proxyd("check", *self.files, "--json")
        again, text, _ = await self.proxyd("check", *self.files)
        assert again == code, err
        [target] = json.loads(told)["targets"]
        return code, target, " ".join(text.split())

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[Daemon, None]:
        """Serve by the configuration as it was written, but for the port."""
        path = self.directory / "proxyd.toml"
        await asyncio.to_thread(
            path.write_text, path.read_text().replace("127.0.0.1:8080", "127.0.0.1:0")
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-B", "-m", "proxyd", "serve", *self.files),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self.environment,
            start_new_session=True,
        )
        daemon = Daemon(process, self.token)
        try:
            await daemon.started()
            yield daemon
        finally:
            await end(process)

    async def stream(self) -> Events:
        """Serve, and stream the target."""
        async with self.serving() as daemon:
            return await daemon.scan(target=["production"])

    async def refused(self) -> dict[str, Any]:
        """Serve, ask for a stream that is refused, and return the problem."""
        async with self.serving() as daemon:
            return await daemon.problem("/v1/stream?target=production")

    def document(self, arn: str) -> dict[str, Any]:
        """Return what a managed policy says."""
        version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)
        says: dict[str, Any] = found["PolicyVersion"]["Document"]
        return says

    def put(self, name: str, says: dict[str, Any]) -> None:
        """Give the role a policy of its own."""
        self.iam.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=json.dumps(says))

    def may_read_itself(self) -> None:
        """Let the role read its own policies, which the least policy does not."""
        self.put("itself", json.loads(document(allowed(READING, "*"))))

    def may_not_read_itself(self) -> None:
        """Take that away again."""
        self.iam.delete_role_policy(RoleName=ROLE, PolicyName="itself")

    def policies(self) -> list[str]:
        """Return the managed policies of the role."""
        found = self.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in found]

    def trust(self) -> dict[str, Any]:
        """Return the trust policy of the role."""
        trust: dict[str, Any] = self.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
        return trust

    async def identifies(self, exchange: Exchange) -> None:
        """Refuse a source identity that the role's trust policy does not allow, as AWS does.

        The emulator takes any.
        """
        with suppress(self.iam.exceptions.NoSuchEntityException):
            lets = "sts:SetSourceIdentity" in json.dumps(self.trust())
            if "SourceIdentity" in exchange.asked.parameters and not lets:
                return await exchange.refuse("AccessDenied", 403)
        return await passed(exchange)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Place, None]:
    """Begin from nothing."""
    async with (
        Emulator(emulator_path()) as emulator,
        FaultProxy(emulator.endpoint).serving() as proxy,
    ):
        directory = tmp_path_factory.mktemp("first") / "new"
        made = await asyncio.to_thread(Place, emulator.endpoint, proxy.endpoint, directory)
        proxy.add(made.identifies, operation="AssumeRole")
        await made.begin()
        yield made


async def test_from_an_empty_directory_to_a_complete_stream(place: Place) -> None:
    """Init, the template, the base policy, a green check, and all of it is seen."""
    code, told, text = await place.check()
    assert code == 0, text
    assert told["ok"]
    assert told["problems"] == []
    assert told["external_id"] == {"required": True, "wrong_refused": True}
    assert (told["source_identity"], told["tags"]) == ("allowed", "allowed")
    assert told["remedies"] == []
    assert told["beyond"]["exposes"] == told["beyond"]["changes"] == []
    assert "production" in text
    assert "ready" in text
    events = await place.stream()
    [done] = named(events, "scan.completed")
    assert done["complete"]
    assert done["missing_actions"] == done["remedies"] == []
    assert {resource["id"] for resource in named(events, "resource")} >= {"orders", "news"}


async def test_a_role_without_the_external_id_says_so_and_still_streams(place: Place) -> None:
    """A trust policy that asks for no external id is a red line, though all can be seen."""
    trust = place.trust()
    with changed_trust(place, lambda statement: statement.pop("Condition", None)):
        code, told, text = await place.check()
    assert code == 1
    assert told["problems"] == ["external_id_not_required", "wrong_external_id_accepted"]
    assert told["assumable"]
    assert "confused deputy" in text
    assert '"StringEquals": {"sts:ExternalId":' in text
    assert place.trust() == trust


@contextmanager
def changed_trust(place: Place, change: Callable[[dict[str, Any]], object]) -> Iterator[None]:
    """Change every statement of the role's trust policy for the time of the block."""
    kept = place.trust()
    changed = json.loads(json.dumps(kept))
    for statement in changed["Statement"]:
        change(statement)
    place.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(changed))
    try:
        yield
    finally:
        place.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(kept))


def other_external_id(statement: dict[str, Any]) -> None:
    """Ask for another external id."""
    if "Condition" in statement:
        statement["Condition"]["StringEquals"]["sts:ExternalId"] = "another"


def no_source_identity(statement: dict[str, Any]) -> None:
    """Allow no source identity."""
    if statement["Action"] != "sts:AssumeRole":
        statement["Action"] = ["sts:TagSession"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (other_external_id, "role_not_assumable", ["external id is the configured one"]),
        (no_source_identity, "source_identity_refused", ["sts:SetSourceIdentity", "trust policy"]),
    ],
)
async def test_a_trust_policy_that_changes_is_told_by_what_is_wrong(
    place: Place, change: Callable[[dict[str, Any]], object], code: str, words: list[str]
) -> None:
    """The check says what to look at; whoever streams is told that the role is not given."""
    with changed_trust(place, change):
        exit_code, told, text = await place.check()
        problem = await place.refused()
    assert exit_code == 1
    assert told["problems"] == ["not_assumable"]
    assert told["why"]["code"] == code
    for word in words:
        assert word in told["why"]["detail"]
        assert word in text
    assert problem["code"] == "role_not_assumable"


async def test_a_role_that_is_deleted_is_told(place: Place) -> None:
    """The role is gone: the check says what was tried, and a stream that its role is not given."""
    with without_the_role(place):
        exit_code, told, text = await place.check()
        problem = await place.refused()
    assert exit_code == 1
    assert told["problems"] == ["not_assumable"]
    assert "role" in told["why"]["detail"]
    assert f"arn:aws:iam::{HUB}:user/proxyd" in text
    assert problem["code"] == "role_not_assumable"
    assert (await place.check())[0] == 0


@contextmanager
def without_the_role(place: Place) -> Iterator[None]:
    """Delete the role for the time of the block."""
    trust, policies = place.trust(), place.policies()
    for arn in policies:
        place.iam.detach_role_policy(RoleName=ROLE, PolicyArn=arn)
    place.iam.delete_role(RoleName=ROLE)
    try:
        yield
    finally:
        place.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
        for arn in policies:
            place.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)


@contextmanager
def without_the_action(place: Place) -> Iterator[None]:
    """Take one action out of the role's managed policies."""
    kept = place.policies()
    documents = [place.document(arn) for arn in kept]
    for arn in kept:
        place.iam.detach_role_policy(RoleName=ROLE, PolicyArn=arn)
    for number, each in enumerate(documents):
        for statement in each["Statement"]:
            statement["Action"] = [action for action in statement["Action"] if action != LOST]
        place.put(f"less-{number}", each)
    try:
        yield
    finally:
        for number in range(len(documents)):
            place.iam.delete_role_policy(RoleName=ROLE, PolicyName=f"less-{number}")
        for arn in kept:
            place.iam.attach_role_policy(RoleName=ROLE, PolicyArn=arn)


@contextmanager
def with_a_boundary(place: Place) -> Iterator[None]:
    """Put a permissions boundary around the role that leaves one action out."""
    everything = {"Effect": "Allow", "NotAction": [LOST], "Resource": "*"}
    arn = place.iam.create_policy(PolicyName="boundary", PolicyDocument=document(everything))[
        "Policy"
    ]["Arn"]
    place.iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=arn)
    try:
        yield
    finally:
        place.iam.delete_role_permissions_boundary(RoleName=ROLE)
        place.iam.delete_policy(PolicyArn=arn)


@contextmanager
def with_a_deny(place: Place) -> Iterator[None]:
    """Give the role a policy that denies one action."""
    place.put("never", json.loads(document({**allowed([LOST], "*"), "Effect": "Deny"})))
    try:
        yield
    finally:
        place.iam.delete_role_policy(RoleName=ROLE, PolicyName="never")


STATEMENT = {"Effect": "Allow", "Action": [LOST], "Resource": "*"}


@pytest.mark.parametrize(
    ("broken", "cause", "words"),
    [
        (without_the_action, "policy", [f'"{LOST}"', "put-role-policy", ROLE]),
        (with_a_boundary, "boundary", [LOST, "permissions boundary"]),
        (with_a_deny, "explicit_deny", [LOST, "explicit deny"]),
    ],
)
async def test_an_action_that_is_refused_is_told_with_what_mends_it(
    place: Place,
    broken: Callable[[Place], AbstractContextManager[None]],
    cause: str,
    words: list[str],
) -> None:
    """The check tells the three apart; the stream names action, statement and role."""
    with broken(place):
        place.may_read_itself()
        exit_code, told, text = await place.check()
        place.may_not_read_itself()
        events = await place.stream()
    assert exit_code == 1
    assert told["problems"] == ["denied"]
    [remedy] = told["remedies"]
    assert (remedy["cause"], remedy["actions"]) == (cause, [LOST])
    assert remedy["role"] == ROLE
    helps = cause in {"policy", "boundary"}
    assert [shown(each) for each in remedy.get("statements", [])] == [STATEMENT] * helps
    for word in words:
        assert word in text
    [done] = named(events, "scan.completed")
    assert done["missing_actions"] == [LOST]
    assert not done["complete"]
    assert {gap["type"] for gap in done["gaps"]} == {"AWS::SNS::Topic"}
    # Of a boundary the emulator says what it says where no policy allows: AWS tells them apart.
    told_by_aws = "policy" if cause == "boundary" else cause
    assert [(r["cause"], r["actions"], r["role"]) for r in done["remedies"]] == [
        (told_by_aws, [LOST], ROLE)
    ]
    assert (await place.check())[0] == 0


def shown(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement as IAM takes it, without its name."""
    return {key: value for key, value in statement.items() if key != "Sid"}
