"""What `proxyd iam` prints, put to use: roles made of it, under an emulator that enforces IAM."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest_asyncio
from botocore.exceptions import ClientError

from proxyd.demo.emulated import TYPES
from proxyd.demo.emulator import Emulator

from .company import MANAGEMENT, PREFIX, Company, organization
from .conftest import HUB, Estate, emulator_path
from .daemon import named, running, settings, toml
from .watcher import watching

REGION = "eu-west-1"
ACCOUNT = "222222222222"
LISTER = f"arn:aws:iam::{MANAGEMENT}:role/ops/proxyd-list"
NAME = "proxyd-printed"
STREAM = "/v1/stream?target=printed"
SOON = 8.0
Config = dict[str, Any]


async def printed(path: Path, *command: str) -> str:
    """Run `proxyd iam` with a configuration, for what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-m", "proxyd", "iam", *command, "--config", str(path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath},
    )
    out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    return out.decode()


class Identity:
    """A user of the hub that may do what `proxyd iam base` prints, and no more."""

    def __init__(self, estate: Estate) -> None:
        self.iam = estate.account(HUB).client("iam", REGION)
        self.arn = self.iam.create_user(UserName=NAME)["User"]["Arn"]
        key = self.iam.create_access_key(UserName=NAME)["AccessKey"]
        self.environment = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    async def allow(self, path: Path) -> None:
        """Give it the policy that a configuration needs."""
        document = await printed(path, "base")
        self.iam.put_user_policy(UserName=NAME, PolicyName="base", PolicyDocument=document)

    def delete(self) -> None:
        """Take it away again."""
        self.iam.delete_access_key(UserName=NAME, AccessKeyId=self.environment["AWS_ACCESS_KEY_ID"])
        for name in self.iam.list_user_policies(UserName=NAME)["PolicyNames"]:
            self.iam.delete_user_policy(UserName=NAME, PolicyName=name)
        self.iam.delete_user(UserName=NAME)


@pytest_asyncio.fixture(loop_scope="session")
async def identity(estate: Estate) -> AsyncGenerator[Identity, None]:
    """Be proxyd with no rights yet."""
    made = Identity(estate)
    yield made
    made.delete()


@asynccontextmanager
async def stack(
    estate: Estate | Company, account: str, template: str, name: str = NAME
) -> AsyncGenerator[tuple[Any, dict[str, str]], None]:
    """Have a stack of a template for the time of the block; give CloudFormation and its outputs."""
    client = estate.account(account).client("cloudformation", REGION)
    client.create_stack(
        StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    try:
        await _ended(client, name, "CREATE_COMPLETE")
        [made] = client.describe_stacks(StackName=name)["Stacks"]
        yield client, {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    finally:
        client.delete_stack(StackName=name)


async def _ended(client: Any, name: str, status: str) -> None:
    async with asyncio.timeout(30):
        while True:
            [made] = client.describe_stacks(StackName=name)["Stacks"]
            if not made["StackStatus"].endswith("IN_PROGRESS"):
                break
            await asyncio.sleep(0.05)
    assert made["StackStatus"] == status, made.get("StackStatusReason")


def one_target(estate: Estate, identity: Identity) -> Config:
    """Configure a role that is not there yet, with a path and a queue of events."""
    target = {
        "name": "printed",
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/ops/{NAME}",
        "external_id": "the-external-id-of-printed",
        "regions": [REGION, "us-east-1"],
        "types": list(TYPES),
        "events": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}",
    }
    aws = {"identity": identity.arn, "connect_timeout": 30.0}
    return settings([target], estate.endpoint, aws=aws, watch={"revoked_seconds": 1.0})


def written(config: Mapping[str, Any], directory: Path) -> Path:
    """Write a configuration for `proxyd iam`."""
    path = directory / "iam.toml"
    path.write_text(toml(config).replace("TOKEN_SHA256", "0" * 64))
    return path


async def test_a_stack_of_the_template_is_all_that_a_target_needs(
    estate: Estate, identity: Identity, tmp_path: Path
) -> None:
    """Its role streams the account whole; when the stack is deleted, an open stream is revoked."""
    config = one_target(estate, identity)
    path = written(config, tmp_path)
    await identity.allow(path)
    template = await printed(path, "cloudformation")
    async with running(config, tmp_path, environment=identity.environment) as daemon:
        assert (await daemon.problem(STREAM))["code"] == "role_not_assumable"
        async with stack(estate, ACCOUNT, template) as (client, outputs):
            assert outputs == {"RoleArn": config["targets"][0]["role_arn"]}
            (done,) = named(await daemon.scan(target=["printed"]), "scan.completed")
            assert (done["complete"], done["missing_actions"]) == (True, []), done["gaps"]
            assert done["resources"] > 300
            async with watching(daemon, target=["printed"], type=["AWS::EC2::VPC"]) as stream:
                await stream.marked()
                await stream.until(
                    lambda: stream.named("scan.completed")[-1]["news"] == {"by": "events"}
                )
                client.delete_stack(StackName=NAME)
                async with asyncio.timeout(SOON):
                    await stream.ended.wait()
            assert stream.whole
            assert stream.events[-1].name == "closing"
            assert stream.events[-1].data["reason"] == "revoked"
            assert (await daemon.problem(STREAM))["code"] == "role_not_assumable"


async def test_a_role_on_the_way_is_made_of_what_is_printed(
    estate: Estate, identity: Identity, tmp_path: Path
) -> None:
    """Its trust policy and its policy are enough to go on, and are missed where they lack."""
    hub, client = f"arn:aws:iam::{HUB}:role/{NAME}-via", estate.account(HUB).client("iam", REGION)
    config = one_target(estate, identity)
    config["targets"][0] |= {"via": hub, "types": ["AWS::EC2::VPC"]}
    path = written(config, tmp_path)
    await identity.allow(path)
    trust, behind = [await printed(path, kind, "--via", hub) for kind in ("trust", "base")]
    template = await printed(path, "cloudformation", "--no-events")
    name = hub.rpartition("/")[2]
    client.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    try:
        async with (
            stack(estate, ACCOUNT, template),
            running(config, tmp_path, environment=identity.environment) as daemon,
        ):
            assert (await daemon.problem(STREAM))["code"] == "role_not_assumable"
            client.put_role_policy(RoleName=name, PolicyName="behind", PolicyDocument=behind)
            (done,) = named(await daemon.scan(target=["printed"]), "scan.completed")
            assert (done["complete"], done["missing_actions"]) == (True, []), done["gaps"]
            nobody = json.loads(trust.replace(identity.arn, f"arn:aws:iam::{HUB}:user/proxyd"))
            client.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(nobody))
            assert (await daemon.problem(STREAM))["code"] == "role_not_assumable"
    finally:
        for each in client.list_role_policies(RoleName=name)["PolicyNames"]:
            client.delete_role_policy(RoleName=name, PolicyName=each)
        client.delete_role(RoleName=name)


async def test_an_organization_is_made_of_what_is_printed(tmp_path: Path) -> None:
    """Base, lister and StackSet: all accounts stream, each role by its own external id only."""
    async with Emulator(emulator_path()) as emulator, AsyncExitStack() as stacks:
        company = Company(emulator.endpoint)
        hired = [company.hire(name, role=False) for name in ("one", "other")]
        config = settings(
            [],
            emulator.endpoint,
            aws={"identity": f"arn:aws:iam::{MANAGEMENT}:user/proxyd"},
            organizations=[organization(list_role_arn=LISTER)],
        )
        path = written(config, tmp_path)
        base, lister, members = [
            await printed(path, command) for command in ("base", "lister", "stackset")
        ]
        company.iam.put_user_policy(UserName="proxyd", PolicyName="base", PolicyDocument=base)
        await stacks.enter_async_context(stack(company, MANAGEMENT, lister, "lister"))
        for account in [*hired, MANAGEMENT]:
            await stacks.enter_async_context(stack(company, account, members))
        external_ids = [PREFIX, *(f"{PREFIX}.{account}" for account in [*hired, HUB])]
        for account in hired:
            given = [each for each in external_ids if may_assume(company, account, each)]
            assert given == [f"{PREFIX}.{account}"]
        async with running(config, tmp_path, environment=company.environment) as daemon:
            events = await daemon.scan(target=["*"])
        assert [done["complete"] for done in named(events, "scan.completed")] == [True] * 3
        assert {found["account"] for found in named(events, "resource")} == set(hired)


def may_assume(company: Company, account: str, external_id: str) -> bool:
    """Whether proxyd's user gets the role in an account, saying this."""
    sts = boto3.client(
        "sts",
        REGION,
        endpoint_url=company.endpoint,
        aws_access_key_id=company.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=company.environment["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/proxyd-read",
            RoleSessionName="proxyd-test",
            ExternalId=external_id,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True
