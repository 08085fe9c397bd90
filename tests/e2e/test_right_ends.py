"""A stream ends with the right to it, within seconds, and says why."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proxyd.auth import tokens

from .daemon import running, settings, toml
from .fake_aws import Call, error, fake_aws, vpcs
from .test_watch import ALL, KEYS, TARGET, TYPE, kept_live
from .watcher import Watcher, watching

SOON = 5.0
Config = dict[str, Any]


async def closed(client: Watcher, reason: str) -> None:
    """Wait until a stream has said why it ends, and has ended whole."""
    async with asyncio.timeout(SOON):
        await client.ended.wait()
    assert client.events[-1].name == "closing"
    assert client.events[-1].data["reason"] == reason
    assert client.whole


async def never(call: Call) -> web.StreamResponse:
    """Answer nothing for as long as a test lasts."""
    await asyncio.sleep(60)
    raise AssertionError(call.operation)


def without_grant(config: Config) -> None:
    """Take the grant away."""
    config["grants"][0]["targets"] = ["other"]


def without_type(config: Config) -> None:
    """Narrow the grant to what the stream does not ask."""
    config["grants"][0]["types"] = ["AWS::S3::*"]


def without_region(config: Config) -> None:
    """Narrow the target to one of the regions that are streamed."""
    config["targets"][0]["regions"] = ["eu-west-1"]


def without_principal(config: Config) -> None:
    """Replace the token by another."""
    config["principals"][0]["token_sha256"] = "0" * 64


def without_group(config: Config) -> None:
    """Take the group away from the principal."""
    config["principals"][0]["groups"] = []


def without_target(config: Config) -> None:
    """Remove the target."""
    config["targets"] = config["targets"][1:]
    config["grants"][0]["targets"] = ["other"]


def another_role(config: Config) -> None:
    """Have the target be another role."""
    config["targets"][0]["role_arn"] = "arn:aws:iam::222222222222:role/another"


def sooner(config: Config) -> None:
    """Let the token end sooner than it did."""
    config["principals"][0]["expires"] = "EXPIRES"


OTHER = {**TARGET, "name": "other", "external_id": "other-id"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_grant, "revoked"),
        (without_type, "revoked"),
        (without_region, "revoked"),
        (without_principal, "revoked"),
        (without_group, "revoked"),
        (without_target, "revoked"),
        (another_role, "replaced"),
        (sooner, "replaced"),
    ],
)
async def test_what_a_new_configuration_takes_away_ends(
    tmp_path: Path, change: Callable[[Config], None], reason: str
) -> None:
    """SIGHUP: streams that the new configuration does not allow are closed, others go on."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings([TARGET, OTHER], fake.endpoint)
        config["principals"].append(
            {"name": "else", "token_sha256": "1" * 64, "groups": ["others"]},
        )
        other = tokens.new_token()
        config["principals"][1]["token_sha256"] = tokens.digest(other).hex()
        config["grants"].append({**config["grants"][0], "groups": ["others"], "targets": ["other"]})
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            watching(daemon, **ALL) as mine,
            watching(daemon, token=other, target=["other"], type=[TYPE]) as theirs,
        ):
            await asyncio.gather(mine.marked(), theirs.marked())
            change(config)
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
            await daemon.reread(toml(config).replace('"EXPIRES"', moment))
            await closed(mine, reason)
            assert not theirs.ended.is_set()
            trail = await daemon.trail(mine.events[0].data["scan"])
            assert trail[-1]["outcome"] == reason
            _, body = await daemon.get("/readyz")
            assert json.loads(body)["configuration"] == "current"


async def one_vpc(call: Call) -> web.StreamResponse:
    """Answer with one VPC for each region."""
    return vpcs([f"vpc-{call.region}"])


async def test_a_wider_configuration_leaves_streams_alone(tmp_path: Path) -> None:
    """More rights, another principal, another target: nobody is disturbed."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings([TARGET], fake.endpoint)
        config["grants"][0]["types"] = [TYPE]
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            watching(daemon, **ALL) as client,
        ):
            await client.marked()
            assert (await daemon.problem("/v1/stream?target=other"))["status"] == 404
            config["grants"][0]["types"] = ["*"]
            config["targets"].append(OTHER)
            await daemon.reread(toml(config))
            events = await daemon.scan(target=["other"], type=[TYPE])
            assert events[-1].data["complete"]
            assert not client.ended.is_set()


@pytest.mark.parametrize(
    ("text", "why"),
    [("[server\n", "is not valid TOML"), ("[aws]\ncolour = 1\n", "aws.colour: unknown key")],
)
async def test_a_bad_configuration_changes_nothing(tmp_path: Path, text: str, why: str) -> None:
    """SIGHUP with a file that is wrong: the log says where, and everything stays as it was."""
    async with kept_live(tmp_path) as (daemon, _), watching(daemon, **ALL) as client:
        await client.marked()
        await daemon.reread(text, says="configuration refused")
        assert any(why in line for line in daemon.err)
        assert (await daemon.get("/v1/targets"))[0] == 200
        _, body = await daemon.get("/readyz")
        assert json.loads(body)["configuration"] == "refused"
        assert not client.ended.is_set()


async def test_what_needs_a_restart_is_told(tmp_path: Path) -> None:
    """A change that only a restart can make is named, and the rest of the file is taken."""
    async with fake_aws() as fake:
        config = settings([TARGET], fake.endpoint)
        async with running(config, tmp_path, environment=KEYS) as daemon:
            config["watch"] = {"calls": 7}
            config["server"]["hosts"] = ["localhost"]
            await daemon.reread(toml(config), says="needs a restart")
            assert '"tables": ["watch"]' in "".join(daemon.err)
            assert (await daemon.problem("/healthz"))["status"] == 421


async def test_a_role_that_is_taken_away_ends_watch_and_snapshot(tmp_path: Path) -> None:
    """STS refuses the role: within 5 s every stream of that target is closed, no other one."""
    async with fake_aws() as fake, AsyncExitStack() as stack:
        fake.answers["DescribeVpcs"] = one_vpc
        refused = False

        async def assume(call: Call) -> web.StreamResponse:
            if refused and "222222222222" in call.parameters["RoleArn"]:
                return error("AccessDenied", status=403)
            return await fake.assume_role(call)

        fake.answers |= {"AssumeRole": assume, "DescribeSubnets": never}
        other = {**OTHER, "role_arn": "arn:aws:iam::333333333333:role/proxyd-read"}
        config = settings([TARGET, other], fake.endpoint)
        daemon = await stack.enter_async_context(running(config, tmp_path, environment=KEYS))
        mine = [await stack.enter_async_context(watching(daemon, **ALL)) for _ in range(20)]
        snapshot = await stack.enter_async_context(
            watching(daemon, target=["fake"], type=["AWS::EC2::Subnet"], mode="snapshot")
        )
        theirs = await stack.enter_async_context(watching(daemon, target=["other"], type=[TYPE]))
        await asyncio.gather(*(client.marked() for client in (*mine, theirs)))
        refused, since = True, time.monotonic()
        await asyncio.gather(*(closed(client, "revoked") for client in (*mine, snapshot)))
        assert time.monotonic() - since < SOON
        assert not theirs.ended.is_set()


async def test_a_role_that_was_given_late_is_watched_over_too(tmp_path: Path) -> None:
    """STS did not answer in time when the stream was opened: the role is given in its turn."""
    async with fake_aws() as fake:
        given = asyncio.Event()
        refused = False

        async def assume(call: Call) -> web.StreamResponse:
            if "222222222222" in call.parameters["RoleArn"]:
                await given.wait()
                if refused:
                    return error("AccessDenied", status=403)
            return await fake.assume_role(call)

        fake.answers |= {"AssumeRole": assume, "DescribeVpcs": never}
        other = {**OTHER, "role_arn": "arn:aws:iam::333333333333:role/proxyd-read"}
        terms: Config = {"limits": {"assume_seconds": 1.5}, "watch": {"revoked_seconds": 1.0}}
        config = settings([TARGET, other], fake.endpoint, **terms)
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            watching(daemon, target=["*"], type=[TYPE], mode="snapshot") as client,
        ):
            given.set()
            await client.until(lambda: client.names.count("scan.started") == 2)
            refused = True
            await closed(client, "replaced")


async def test_watching_over_the_roles_costs_one_call_each(tmp_path: Path) -> None:
    """However many streams a target has, STS is asked once in a period for all of them."""
    watch = {"revoked_seconds": 0.5}
    async with kept_live(tmp_path, watch) as (daemon, aws), AsyncExitStack() as stack:
        for _ in range(10):
            client = await stack.enter_async_context(watching(daemon, **ALL))
            await client.marked()
        before = len(aws.fake.made("AssumeRole"))
        await asyncio.sleep(3)
        assert 3 <= len(aws.fake.made("AssumeRole")) - before <= 7


async def test_one_lists_and_ends_ones_own_streams(tmp_path: Path) -> None:
    """Each sees and ends what is theirs, an admin everything; the rest is not there."""
    async with fake_aws() as fake, AsyncExitStack() as stack:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings([TARGET], fake.endpoint)
        people = {name: tokens.new_token() for name in ("anna", "bert", "root")}
        config["principals"] += [
            {
                "name": name,
                "token_sha256": tokens.digest(token).hex(),
                "groups": ["all"],
                "admin": name == "root",
            }
            for name, token in people.items()
        ]
        daemon = await stack.enter_async_context(running(config, tmp_path, environment=KEYS))
        clients = {}
        for name in ("anna", "bert"):
            client = watching(daemon, token=people[name], **ALL)
            clients[name] = await stack.enter_async_context(client)
            await clients[name].marked()
        ids = {name: client.headers["Proxyd-Stream"] for name, client in clients.items()}

        async def listed(name: str) -> list[dict[str, Any]]:
            _, body = await daemon.get("/v1/streams", token=people[name])
            streams: list[dict[str, Any]] = json.loads(body)["streams"]
            return streams

        (one,) = await listed("anna")
        assert (one["id"], one["principal"], one["mode"]) == (ids["anna"], "anna", "watch")
        assert (one["targets"], one["address"]) == (["fake"], "127.0.0.1")
        assert {stream["id"] for stream in await listed("root")} == set(ids.values())

        async def end(name: str, stream: str) -> tuple[int, bytes]:
            path = f"/v1/streams/{stream}"
            async with daemon.request("DELETE", path, token=people[name]) as response:
                return response.status, await response.read()

        assert await end("anna", ids["bert"]) == await end("anna", "nothing")
        assert (await end("anna", ids["bert"]))[0] == 404
        assert (await end("anna", ids["anna"]))[0] == 204
        await closed(clients["anna"], "ended")
        assert not clients["bert"].ended.is_set()
        assert (await end("root", ids["bert"]))[0] == 204
        await closed(clients["bert"], "ended")
        async with asyncio.timeout(SOON):
            while await listed("root"):
                pass
