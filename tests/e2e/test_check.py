"""`proxyd check` as a process, against roles that each lack one thing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from asyncio import timeout
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proxyd.aws.access import actions_for
from proxyd.aws.role import ACTIONS
from proxyd.checking.report import Report
from proxyd.client import Client

from .conftest import HUB, Estate, emulated
from .daemon import MAIN, filled, named, ran, running, settings, toml
from .faults import FaultProxy, free_port, passed, refused
from .test_denied import ACCOUNT, REGION, Role

TYPES = ["AWS::EC2::VPC", "AWS::IAM::Role", "AWS::S3::Bucket", "AWS::SQS::Queue"]
BY_SCP = (
    "User: arn:aws:sts::222222222222:assumed-role/r/s is not authorized to perform: {action} "
    "with an explicit deny in a service control policy"
)
SECRETS = ("narrow-id", "external-production", "external-staging")


class Checked:
    """How one run of it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert not any(secret in out + err for secret in SECRETS)

    @property
    def report(self) -> dict[str, Any]:
        """The only target of what `--json` printed."""
        read = msgspec.json.decode(self.out.encode(), type=Report)
        assert msgspec.to_builtins(read) == json.loads(self.out)
        [target] = json.loads(self.out)["targets"]
        return dict(target)

    @property
    def words(self) -> str:
        """What a person reads, whatever the lines are broken at."""
        return " ".join(self.out.split())


async def check(
    estate: Estate,
    directory: Path,
    config: Mapping[str, Any],
    *arguments: str,
    **environment: str,
) -> Checked:
    """Run it to its end."""
    path = directory / "proxyd.toml"
    path.write_text(filled(toml(config), "token"))
    words = ("check", "--config", str(path), *arguments)
    return Checked(*await ran(*words, environment={**estate.environment, **environment}))


@pytest.fixture
def role(estate: Estate) -> Generator[Role, None, None]:
    """Make a role that has all that the types of these tests take."""
    made = Role(estate, "proxyd-checked")
    made.allow(needed())
    yield made
    gone = made.iam.exceptions.NoSuchEntityException  # what a test is about may not be there
    with suppress(gone):
        made.iam.delete_role_permissions_boundary(RoleName=made.name)
    with suppress(gone):
        made.delete()


def needed(*less: str) -> list[str]:
    """Return the actions that the types of these tests take, less some."""
    found = emulated()
    return [a for a in actions_for(found[type_] for type_ in TYPES) if a not in less]


def target(role: Role, **other: Any) -> dict[str, Any]:
    """Write a role as a target of these types."""
    return {**role.target, "types": TYPES, **other}


async def run(
    estate: Estate, directory: Path, role: Role, *arguments: str, **other: Any
) -> Checked:
    """Check a role."""
    config = settings([target(role, **other)], estate.endpoint)
    return await check(estate, directory, config, *arguments)


async def both(
    estate: Estate, directory: Path, role: Role, **other: Any
) -> tuple[dict[str, Any], str]:
    """Check a role twice, for a machine and for a person, who are told the same."""
    machine = await run(estate, directory, role, "--json", **other)
    person = await run(estate, directory, role, **other)
    report = machine.report
    assert machine.code == person.code == (0 if report["ok"] else 1)
    assert ("NOT READY" in person.out) is not report["ok"]
    return report, person.words


@asynccontextmanager
async def faulty(estate: Estate) -> AsyncGenerator[FaultProxy, None]:
    """Put a proxy before the emulator for the time of the block."""
    async with FaultProxy(estate.endpoint).serving() as proxy:
        yield proxy


async def test_targets_that_work_are_ready(estate: Estate, tmp_path: Path) -> None:
    """Two accounts with all of their types: a line each says so, in a few calls for each type."""
    config = settings(estate.targets, estate.endpoint, aws={"connect_timeout": 30.0})
    done = await check(estate, tmp_path, config)
    assert (done.code, done.err) == (0, ""), done.out
    assert done.out.startswith("2 targets, 1 grant: the configuration is good\n")
    for name, account in (("production", "222222222222"), ("staging", "333333333333")):
        assert f"\n{name} · account {account} · role proxyd-read: ready · " in done.out
    assert "\x1b" not in done.out
    report = (await check(estate, tmp_path, config, "--json", "--target", "production")).report
    assert len(report["scanners"]) == len(emulated())
    assert {scanner["status"] for scanner in report["scanners"]} == {"ok"}
    assert report["regions"] == [
        {"region": "eu-west-1", "status": "allowed"},
        {"region": "us-east-1", "status": "allowed"},
    ]
    assert report["external_id"] == {"required": True, "wrong_refused": True}
    assert (report["principal"], report["source_identity"], report["tags"]) == (
        f"arn:aws:iam::{HUB}:user/proxyd",
        "allowed",
        "allowed",
    )
    assert report["remedies"] == report["problems"] == []
    assert report["calls"] < 2 * len(report["scanners"])
    assert report["beyond"]["readable"]
    assert report["beyond"]["patterns"] == 0


async def test_offline_only_the_configuration_is_checked(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Without AWS it says what it always said."""
    config = settings([target(role)], "http://127.0.0.1:1")
    done = await check(estate, tmp_path, config, "--offline")
    assert (done.code, done.out) == (0, "1 target, 1 grant: the configuration is good\n")


async def test_a_name_that_is_not_there_gets_a_hint(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """A target and a region that are misspelt are told what was perhaps meant."""
    done = await run(estate, tmp_path, role, "--target", "narow")
    assert (done.code, "no target is called 'narow' (did you mean narrow?)" in done.err) == (
        2,
        True,
    )
    done = await run(estate, tmp_path, role, "--region", "eu-wets-1")
    assert (done.code, "(did you mean eu-west-1?)" in done.err) == (2, True)
    done = await run(estate, tmp_path, role, "--region", "global")
    assert (done.code, "no target has 'global'" in done.err) == (2, True)


@pytest.mark.parametrize("seconds", [1.0, 2.0])
async def test_ctrl_c_ends_it_without_a_word(
    estate: Estate, tmp_path: Path, role: Role, seconds: float
) -> None:
    """While it starts, and while it asks for hundreds of types: no traceback, no warning."""
    path = tmp_path / "proxyd.toml"
    config = settings([target(role, types=["*"], regions=["*"])], estate.endpoint)
    path.write_text(filled(toml(config), "token"))
    words = ("check", "--json", "--config", str(path))
    code, out, err = await ran(*words, environment=estate.environment, interrupted=seconds)
    assert (code, out) == (130, "")
    assert err.strip() in {"", "Aborted!"}


async def test_a_role_that_is_deleted_is_said_to_be_looked_for(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Where every way is refused it names what may be at fault: name, principal, external id."""
    role.delete()
    report, words = await both(estate, tmp_path, role)
    assert report["problems"] == ["not_assumable"]
    assert report["why"]["code"] == "role_not_assumable"
    assert len(report["why"]["tried"]) == 7
    assert report["external_id"] == {"required": None, "wrong_refused": None}
    for part in (
        "the role can not be assumed",
        f"the role arn:aws:iam::{ACCOUNT}:role/{role.name} exists",
        "proxyd iam cloudformation --target narrow --config ",
        f"its trust policy names arn:aws:iam::{HUB}:user/proxyd as principal",
        "its external id is the configured one",
        "without a source identity",
    ):
        assert part in words


async def test_another_external_id_is_refused(estate: Estate, tmp_path: Path, role: Role) -> None:
    """The configured external id is not the role's: it is one of what is said to look at."""
    report, words = await both(estate, tmp_path, role, external_id="another")
    assert report["problems"] == ["not_assumable"]
    assert "its external id is the configured one" in words


async def test_what_lacks_is_told_with_the_command_that_adds_it(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """An action that is taken away is named, and running what is printed mends it."""
    role.allow(needed("sqs:ListQueues", "ec2:DescribeVpcs"))
    report, words = await both(estate, tmp_path, role)
    assert report["problems"] == ["denied"]
    by_type = {scanner["type"]: scanner for scanner in report["scanners"]}
    assert by_type["AWS::SQS::Queue"]["action"] == "sqs:ListQueues"
    assert by_type["AWS::SQS::Queue"]["cause"] == "policy"
    assert by_type["AWS::S3::Bucket"]["status"] == "ok"
    assert report["remedies"] == [
        {
            "cause": "policy",
            "actions": ["ec2:DescribeVpcs", "sqs:ListQueues"],
            "statements": [
                {
                    "Effect": "Allow",
                    "Action": ["ec2:DescribeVpcs", "sqs:ListQueues"],
                    "Resource": "*",
                }
            ],
            "role": role.name,
            "account": ACCOUNT,
        }
    ]
    assert "SQS Queue eu-west-1 denied sqs:ListQueues no policy of the role allows it" in words
    assert "proxyd iam cloudformation --target narrow" in words
    [command] = re.findall(r"aws iam put-role-policy .*?'[^']*'", words)
    options = dict(zip(*[iter(shlex.split(command)[3:])] * 2, strict=True))
    role.iam.put_role_policy(
        RoleName=options["--role-name"],
        PolicyName=options["--policy-name"],
        PolicyDocument=options["--policy-document"],
    )
    report, words = await both(estate, tmp_path, role)
    assert report["ok"]


async def test_a_permissions_boundary_is_told_from_a_policy(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """What the policies allow and the boundary does not goes into the boundary."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "NotAction": ["sqs:*"], "Resource": "*"}],
    }
    role.allow([*needed(), *ACTIONS])
    made = role.iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(document))
    arn = made["Policy"]["Arn"]
    role.iam.put_role_permissions_boundary(RoleName=role.name, PermissionsBoundary=arn)
    report, words = await both(estate, tmp_path, role)
    [remedy] = report["remedies"]
    assert remedy["cause"] == "boundary"
    assert all(action.startswith("sqs:") for action in remedy["actions"])
    assert remedy["statements"][0]["Action"] == remedy["actions"]
    assert report["beyond"]["boundary"] == arn
    assert "SQS Queue eu-west-1 denied sqs:ListQueues the role's permissions boundary" in words
    assert f"add to the permissions boundary of the role {role.name}" in words
    assert "put-role-policy" not in words


async def test_an_explicit_deny_is_to_be_taken_out(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """No statement that is added mends it, so none is told."""
    role.put(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": needed(), "Resource": "*"},
                {"Effect": "Deny", "Action": "sqs:List*", "Resource": "*"},
            ],
        }
    )
    report, words = await both(estate, tmp_path, role)
    [remedy] = report["remedies"]
    assert (remedy["cause"], "statements" in remedy) == ("explicit_deny", False)
    assert f"take the explicit deny out of the policies of the role {role.name}" in words


async def test_a_role_without_an_external_id_is_open(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """A trust policy without the condition is red, with the words that shut the door."""
    _trust(role, Condition={})
    report, words = await both(estate, tmp_path, role)
    assert report["assumable"]
    assert report["problems"] == ["external_id_not_required", "wrong_external_id_accepted"]
    assert "the role is given without any external id and with a wrong external id" in words
    assert '"Condition": {"StringEquals": {"sts:ExternalId": "(the external id of' in words


async def test_an_open_door_behind_a_shut_one_is_seen(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """A role that refuses the source identity and asks for no external id is red for both."""
    _trust(role, Condition={})
    async with faulty(estate) as proxy:
        proxy.add(refused("AccessDenied", 403), operation="AssumeRole", parameter="SourceIdentity")
        config = settings([target(role)], proxy.endpoint)
        done = await check(estate, tmp_path, config, "--json")
    assert done.code == 1
    assert done.report["problems"] == [
        "not_assumable",
        "external_id_not_required",
        "wrong_external_id_accepted",
    ]


async def test_a_trust_policy_without_source_identity_is_told(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """It works without one: so sts:SetSourceIdentity is what lacks."""
    async with faulty(estate) as proxy:
        proxy.add(refused("AccessDenied", 403), operation="AssumeRole", parameter="SourceIdentity")
        config = settings([target(role)], proxy.endpoint)
        machine = await check(estate, tmp_path, config, "--json")
        person = await check(estate, tmp_path, config)
    report = machine.report
    assert report["why"]["code"] == "source_identity_refused"
    assert report["source_identity"] == "refused"
    assert report["external_id"] == {"required": True, "wrong_refused": True}
    assert f"allow arn:aws:iam::{HUB}:user/proxyd sts:SetSourceIdentity" in person.words


async def test_what_the_organization_forbids_is_no_fault_of_the_account(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """An SCP's denials are named apart, in no statement, and the target is ready all the same."""
    async with faulty(estate) as proxy:
        denied = refused("AccessDenied", 403, BY_SCP.format(action="ec2:DescribeVpcs"))
        proxy.add(denied, operation="DescribeVpcs", region=REGION)
        config = settings([target(role)], proxy.endpoint)
        machine = await check(estate, tmp_path, config, "--json")
        person = await check(estate, tmp_path, config)
    report = machine.report
    assert (machine.code, person.code, report["ok"]) == (0, 0, True)
    assert [remedy["cause"] for remedy in report["remedies"]] == ["organization"]
    assert "statements" not in report["remedies"][0]
    assert "EC2 VPC eu-west-1 scp_denied ec2:DescribeVpcs a policy of the org" in person.words
    assert "no policy of the role mends that: ec2:DescribeVpcs" in person.words


async def test_each_region_is_told_by_what_it_answers(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """One call in each other region: forbidden, denied, and reached are told apart."""
    regions = [REGION, "eu-central-1", "eu-north-1", "us-east-1"]
    async with faulty(estate) as proxy:
        by_scp = refused("AccessDenied", 403, BY_SCP.format(action="ec2:DescribeVpcs"))
        proxy.add(by_scp, operation="DescribeVpcs", region="eu-central-1")
        proxy.add(refused("AccessDenied", 403), operation="DescribeVpcs", region="eu-north-1")
        config = settings([target(role, regions=regions)], proxy.endpoint)
        machine = await check(estate, tmp_path, config, "--json")
        elsewhere = [a for a in proxy.asked if a.region == "us-east-1" and a.service == "ec2"]
    report = machine.report
    assert {region["region"]: region["status"] for region in report["regions"]} == {
        REGION: "allowed",
        "eu-central-1": "denied_by_organization",
        "eu-north-1": "denied",
        "us-east-1": "allowed",
    }
    assert report["problems"] == ["region_denied"]
    assert [asked.operation for asked in elsewhere] == ["DescribeVpcs"]


async def test_a_role_that_allows_too_much_is_ready_with_a_warning(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """What it grants beyond need is named: reading of data, changing things, others' trust."""
    _trust(role, Principal={"AWS": [f"arn:aws:iam::{HUB}:user/proxyd", f"arn:aws:iam::{HUB}:root"]})
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    role.iam.attach_role_policy(RoleName=role.name, PolicyArn=arn)
    wide = {"Effect": "Allow", "Action": ["s3:*", *needed()], "Resource": "*"}
    role.put({"Version": "2012-10-17", "Statement": [wide]})
    try:
        report, words = await both(estate, tmp_path, role)
    finally:
        role.iam.detach_role_policy(RoleName=role.name, PolicyArn=arn)
    assert report["ok"]
    beyond = report["beyond"]
    assert beyond["managed"] == ["ReadOnlyAccess"]
    assert "s3:GetObject" in beyond["exposes"]
    assert "s3:*" in beyond["changes"]
    assert beyond["trusts"] == [f"arn:aws:iam::{HUB}:root"]
    assert "The session policy keeps every session of proxyd from using any of it" in words
    assert (
        f"who may assume it besides arn:aws:iam::{HUB}:user/proxyd: arn:aws:iam::{HUB}:root"
        in words
    )


async def test_a_role_that_can_not_read_itself_is_no_failure(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """One line says so, and what would let it."""
    report, words = await both(estate, tmp_path, role, types=["AWS::SQS::Queue"])
    role.allow([a for a in needed() if not a.startswith("iam:")])
    report, words = await both(estate, tmp_path, role, types=["AWS::SQS::Queue"])
    assert report["ok"]
    assert report["beyond"]["readable"] is False
    assert report["beyond"]["code"] == "AccessDenied"
    assert "iam:ListAttachedRolePolicies" in words


async def test_a_role_in_the_middle_is_told_from_the_one_behind_it(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Where `via` is refused it is named, and nothing is said of the role behind it."""
    via = f"arn:aws:iam::{HUB}:role/not-there"
    report, words = await both(estate, tmp_path, role, via=via)
    assert report["why"]["code"] == "via_not_assumable"
    assert f"the role in the middle, {via}, can not be assumed" in words


async def test_a_chained_role_is_checked_through_the_one_in_the_middle(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """All is asked as the role that `via` names, which is who the trust policy has to name."""
    hub = estate.account(HUB).client("iam", REGION)
    name, user = "proxyd-hub", f"arn:aws:iam::{HUB}:user/proxyd"
    via = f"arn:aws:iam::{HUB}:role/{name}"
    trust = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:*"}
    hub.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    may = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
    hub.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=_policy(may))
    hub.put_user_policy(UserName="proxyd", PolicyName=name, PolicyDocument=_policy(may))
    try:
        _trust(role, Principal={"AWS": via})
        report, _ = await both(estate, tmp_path, role, via=via)
        assert (report["ok"], report["principal"]) == (True, via)
        assert report["external_id"] == {"required": True, "wrong_refused": True}
        _trust(role, Condition={})
        report, _ = await both(estate, tmp_path, role, via=via)
        assert report["problems"] == ["external_id_not_required", "wrong_external_id_accepted"]
    finally:
        hub.delete_user_policy(UserName="proxyd", PolicyName=name)
        hub.delete_role_policy(RoleName=name, PolicyName="may")
        hub.delete_role(RoleName=name)


async def test_an_sts_that_does_not_answer_is_told(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """It is the way to STS that fails, and nothing is said of the role."""
    config = settings([target(role)], f"http://127.0.0.1:{free_port()}")
    done = await check(estate, tmp_path, config, "--json")
    assert (done.code, done.report["why"]["code"]) == (1, "sts_unreachable")
    assert done.report["external_id"] == {"required": None, "wrong_refused": None}


async def test_a_machine_without_credentials_is_told(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Nothing can be asked, and what lacks is proxyd's own."""
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    config = settings([target(role)], estate.endpoint)
    done = await check(estate, tmp_path, config, AWS_EC2_METADATA_DISABLED="true", **none)
    assert done.code == 1
    assert "proxyd has no AWS credentials of its own" in done.words


async def test_credentials_that_aws_does_not_know_are_told(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """It is proxyd's own identity that is wrong, and no other way is tried."""
    async with faulty(estate) as proxy:
        proxy.add(refused("InvalidClientTokenId", 403), operation="AssumeRole")
        config = settings([target(role)], proxy.endpoint)
        done = await check(estate, tmp_path, config, "--json")
        asked = [a for a in proxy.asked if a.operation == "AssumeRole"]
    assert done.report["why"]["code"] == "bad_base_credentials"
    assert len(asked) == 1


async def test_nothing_that_is_got_through_an_open_door_can_be_used(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Every session that is asked for out of the ordinary has a policy that denies everything."""
    async with faulty(estate) as proxy:
        proxy.add(passed, operation="AssumeRole")
        config = settings([target(role)], proxy.endpoint)
        await check(estate, tmp_path, config, "--json")
        asked = [a.parameters for a in proxy.asked if a.operation == "AssumeRole"]
    odd = [a for a in asked if a.get("ExternalId") != "narrow-id" or "SourceIdentity" not in a]
    assert len(odd) == 5
    for parameters in odd:
        [statement] = json.loads(parameters["Policy"])["Statement"]
        assert statement == {"Effect": "Deny", "Action": ["*"], "Resource": "*"}
    assert {a["RoleSessionName"].rpartition("-")[0] for a in asked} == {"proxyd-check"}


async def test_a_stream_and_the_terminal_tell_the_same_remedy(
    estate: Estate, tmp_path: Path, role: Role
) -> None:
    """Snapshot, watch and `proxyd watch` end with the statement that mends it, and where."""
    role.allow(needed("sqs:ListQueues"))
    config = settings([target(role)], estate.endpoint)
    statement = {"Effect": "Allow", "Action": ["sqs:ListQueues"], "Resource": "*"}
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        [done] = named(await daemon.scan(target=["narrow"]), "scan.completed")
        [shard] = [
            shard
            for shard in named(await daemon.scan(target=["narrow"]), "shard")
            if shard["type"] == "AWS::SQS::Queue"
        ]
        async with Client(daemon.url, daemon.token) as client, timeout(20):
            async for event in client.stream(target=["narrow"], mode="watch"):
                if event.name == "scan.completed":
                    break
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *MAIN,
            *("watch", daemon.url, "--target", "narrow"),
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "PROXYD_TOKEN": daemon.token},
        )
        out, _ = await process.communicate()
    remedy = {"cause": "policy", "actions": ["sqs:ListQueues"], "statements": [statement]}
    where = {"role": role.name, "account": ACCOUNT}
    assert done["remedies"] == event.data["remedies"] == [remedy | where]
    assert (shard["action"], shard["cause"]) == ("sqs:ListQueues", "policy")
    assert process.returncode == 1
    assert out.decode().split("\n")[-3:] == [
        f"  add to a policy of the role {role.name} in account {ACCOUNT}:",
        f"    {json.dumps(statement)}",
        "",
    ]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(role: Role, **other: Any) -> None:
    """Change the statements of a role's trust policy."""
    trust = role.iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"] = [statement | other for statement in trust["Statement"]]
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=json.dumps(trust))
