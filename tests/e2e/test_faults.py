"""What AWS, the network and clients do to a stream: against an AWS that does as told."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from proxyd import __version__
from proxyd.client import Parser

from .daemon import Daemon, named, running, settings
from .fake_aws import Answer, Call, FakeAws, error, fake_aws, vpcs

VPC = "/v1/stream?target=fake&type=AWS::EC2::VPC"
TARGET = {
    "name": "fake",
    "role_arn": "arn:aws:iam::222222222222:role/proxyd-read",
    "external_id": "fake-id",
    "regions": ["eu-west-1", "eu-west-2"],
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIABASE", "AWS_SECRET_ACCESS_KEY": "secret"}


@asynccontextmanager
async def against(
    fake: FakeAws, directory: Path, *, aws: dict[str, Any] | None = None, **more: Any
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon whose AWS is this one."""
    config = settings([TARGET], fake.endpoint, aws={"attempts": 2, **(aws or {})}, **more)
    async with running(config, directory, environment=KEYS) as daemon:
        yield daemon


async def forever(_: Call) -> web.StreamResponse:
    """Never answer."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def in_region(region: str, answer: Answer) -> Answer:
    """Answer so in one region, and with one VPC elsewhere."""

    async def answers(call: Call) -> web.StreamResponse:
        return await answer(call) if call.region == region else vpcs([f"vpc-{call.region}"])

    return answers


async def vpc_shards(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """Scan VPCs and return the shards by region."""
    events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
    assert events[-1].name == "scan.completed"
    return {shard["region"]: shard for shard in named(events, "shard")}


async def test_the_parameters_of_assume_role(tmp_path: Path) -> None:
    """It carries external id, source identity, session name, duration and an exact policy."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.answers["DescribeVpcs"] = in_region("none", forever)
        events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
    (call,) = fake.made("AssumeRole")
    (started,) = named(events, "scan.started")
    assert call.access_key == "AKIABASE"
    assert call.parameters["ExternalId"] == "fake-id"
    assert call.parameters["SourceIdentity"] == "tester"
    assert call.parameters["RoleSessionName"] == f"proxyd-{started['scan']}"
    assert call.parameters["DurationSeconds"] == "3600"
    (statement,) = json.loads(call.parameters["Policy"])["Statement"]
    assert statement["Action"] == ["ec2:DescribeRegions", "ec2:DescribeVpcs"]
    assert {c.access_key for c in fake.calls if c is not call} == {"ASIA1"}
    assert all(
        c.request.headers["User-Agent"].startswith(f"proxyd/{__version__} ") for c in fake.calls
    )


async def test_a_chained_role_is_assumed_through_the_one_named_via(tmp_path: Path) -> None:
    """`via` is assumed first, narrowed to going on to the target's role."""
    via = "arn:aws:iam::111111111111:role/hub"
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = in_region("none", forever)
        config = settings([{**TARGET, "via": via}], fake.endpoint)
        async with running(config, tmp_path, environment=KEYS) as daemon:
            assert {s["status"] for s in (await vpc_shards(daemon)).values()} == {"ok"}
    hub, target = fake.made("AssumeRole")
    assert (hub.parameters["RoleArn"], hub.access_key) == (via, "AKIABASE")
    assert "ExternalId" not in hub.parameters
    assert json.loads(hub.parameters["Policy"])["Statement"][0]["Resource"] == TARGET["role_arn"]
    assert target.access_key == "ASIA1"
    assert target.parameters["ExternalId"] == "fake-id"


async def test_what_aws_asks_for_besides_is_told_and_not_to_be_granted(tmp_path: Path) -> None:
    """An action that the scanner does not declare, as of an encrypted catalog, is no lack."""
    text = (
        "User: x is not authorized to perform: kms:Decrypt on resource: y because no "
        "identity-based policy allows the kms:Decrypt action"
    )
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:

        async def refuse(_: Call) -> web.StreamResponse:
            return error("AccessDeniedException", text, status=403)

        fake.answers["DescribeVpcs"] = refuse
        events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
    for shard in named(events, "shard"):
        assert (shard["action"], shard["cause"]) == ("kms:Decrypt", "undeclared")
        assert "actions" not in shard
    (done,) = named(events, "scan.completed")
    assert (done["complete"], done["missing_actions"]) == (False, [])
    assert [(r["cause"], r["actions"]) for r in done["remedies"]] == [
        ("undeclared", ["kms:Decrypt"])
    ]
    assert all("statements" not in remedy for remedy in done["remedies"])


async def test_first_bytes_come_before_aws_answers(tmp_path: Path) -> None:
    """Once the role is assumed the client has headers and bytes, while AWS is still thinking."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.answers["DescribeRegions"] = forever
        async with daemon.request("GET", VPC) as response:
            assert response.status == 200
            async with asyncio.timeout(2):
                assert await response.content.readany() == b":\n\n"


async def test_a_client_that_goes_cancels_its_calls_within_a_second(tmp_path: Path) -> None:
    """The connections to AWS are dropped within 1 s, and the audit trail says disconnected."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.answers["DescribeVpcs"] = forever
        async with daemon.request("GET", VPC):
            await fake.until(lambda: len(fake.made("DescribeVpcs")) == 2)
        await fake.until(lambda: fake.gone == 2, seconds=1)
        assert (await daemon.get("/readyz"))[0] == 200
    assert (await daemon.over())["outcome"] == "disconnected"


async def test_a_client_that_goes_while_the_role_is_being_assumed(tmp_path: Path) -> None:
    """Then too the call is dropped, and there is a record of the end."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.answers["AssumeRole"] = forever
        request = asyncio.create_task(daemon.get(VPC))
        await fake.until(lambda: len(fake.made("AssumeRole")) == 1)
        request.cancel()
        await fake.until(lambda: fake.gone == 1, seconds=1)
    assert [record["event"] for record in daemon.audit] == ["scan.started", "scan.refused"]
    assert (await daemon.over())["outcome"] == "disconnected"


async def test_a_reader_that_waits_makes_aws_paging_wait(tmp_path: Path) -> None:
    """Pages stop being asked for while nobody reads, and go on when somebody does."""
    async with (
        fake_aws() as fake,
        against(fake, tmp_path, limits={"backlog_bytes": 16_384}) as daemon,
    ):
        pages = itertools.count(1)

        async def endless(call: Call) -> web.StreamResponse:
            number = next(pages)
            names = [f"vpc-{call.region}-{number}-{i}" for i in range(200)]
            return vpcs(names, next_token=f"{call.region}-{number}")

        fake.answers["DescribeVpcs"] = endless
        async with daemon.request("GET", VPC, read_bufsize=1024) as response:
            paused = await _until_quiet(fake)
            await response.content.readexactly(paused * 200 * 200)
            await fake.until(lambda: len(fake.made("DescribeVpcs")) > paused)


async def _until_quiet(fake: FakeAws, seconds: float = 1.0) -> int:
    """Wait until no call has come for a while, and return how many there were."""
    while True:
        before = len(fake.calls)
        fake.changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await fake.changed.wait()
        except TimeoutError:
            return before


async def test_expired_credentials_are_renewed_and_the_scan_goes_on_at_the_same_page(
    tmp_path: Path,
) -> None:
    """ExpiredToken in mid-scan costs one AssumeRole, and no page twice."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        expired = asyncio.Event()

        async def paged(call: Call) -> web.StreamResponse:
            page = int(call.parameters.get("NextToken", "0"))
            if page == 1 and call.access_key == "ASIA1":
                expired.set()
                return error("ExpiredToken")
            return vpcs([f"vpc-{call.region}-{page}"], None if page == 2 else str(page + 1))

        fake.answers["DescribeVpcs"] = paged
        events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"], region=["eu-west-1"])
    assert expired.is_set()
    assert len(fake.made("AssumeRole")) == 2
    assert sorted(r["id"] for r in named(events, "resource")) == [
        f"vpc-eu-west-1-{page}" for page in range(3)
    ]
    assert named(events, "scan.completed")[0]["complete"]


async def test_credentials_are_renewed_before_they_expire(tmp_path: Path) -> None:
    """A session near its end is renewed without AWS having to say so."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.session_seconds = 2.0

        async def slow(call: Call) -> web.StreamResponse:
            page = int(call.parameters.get("NextToken", "0"))
            await asyncio.sleep(0.6)  # four pages outlast three quarters of the session
            return vpcs([f"vpc-{page}"], None if page == 3 else str(page + 1))

        fake.answers["DescribeVpcs"] = slow
        events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"], region=["eu-west-1"])
    keys = [call.access_key for call in fake.made("DescribeVpcs")]
    assert len(set(keys)) > 1
    assert len(keys) == 4
    assert named(events, "scan.completed")[0]["complete"]


async def _expired(_: Call) -> web.StreamResponse:
    return error("ExpiredToken")


async def _throttled(_: Call) -> web.StreamResponse:
    return error("RequestLimitExceeded", status=503)


async def _broken(_: Call) -> web.StreamResponse:
    return error("InternalError", status=500)


async def _not_opted_in(_: Call) -> web.StreamResponse:
    return error("OptInRequired", status=401)


async def _unknown(_: Call) -> web.StreamResponse:
    return error("InvalidAction")


async def _forbidden_by_scp(_: Call) -> web.StreamResponse:
    return error(
        "UnauthorizedOperation",
        "User: arn:aws:sts::222222222222:assumed-role/r/s is not authorized to perform: "
        "ec2:DescribeVpcs with an explicit deny in a service control policy",
        status=403,
    )


async def _cut(call: Call) -> web.StreamResponse:
    assert call.request.transport
    call.request.transport.abort()
    return await forever(call)


async def _nonsense(_: Call) -> web.StreamResponse:
    return web.Response(text="<DescribeVpcsResponse><vpcSet><item>", content_type="text/xml")


async def _same_token(_: Call) -> web.StreamResponse:
    return vpcs(["vpc-again"], next_token="again")


@pytest.mark.parametrize(
    ("answer", "status", "code", "action"),
    [
        (forever, "timeout", "ReadTimeout", None),
        (_cut, "failed", "ConnectionClosedError", None),
        (_throttled, "throttled", "RequestLimitExceeded", None),
        (_broken, "failed", "InternalError", None),
        (_not_opted_in, "region_disabled", "OptInRequired", None),
        (_unknown, "unsupported", "InvalidAction", None),
        (_forbidden_by_scp, "scp_denied", "UnauthorizedOperation", "ec2:DescribeVpcs"),
        (_nonsense, "failed", "UnreadableResponse", None),
        (_same_token, "failed", "RepeatedPageToken", None),
        (_expired, "expired", "ExpiredToken", None),
    ],
)
async def test_a_fault_in_one_region_is_that_regions_own(
    tmp_path: Path, answer: Answer, status: str, code: str, action: str | None
) -> None:
    """The shard says what it was, the other region is whole, and the next scan is clean."""
    async with fake_aws() as fake, against(fake, tmp_path, aws={"read_timeout": 0.5}) as daemon:
        fake.answers["DescribeVpcs"] = in_region("eu-west-2", answer)
        shards = await vpc_shards(daemon)
        assert shards["eu-west-2"]["status"] == status
        assert shards["eu-west-2"]["code"] == code
        assert shards["eu-west-2"].get("action") == action
        assert (shards["eu-west-1"]["status"], shards["eu-west-1"]["resources"]) == ("ok", 1)
        fake.answers["DescribeVpcs"] = in_region("none", forever)
        assert {s["status"] for s in (await vpc_shards(daemon)).values()} == {"ok"}


async def test_a_region_that_is_off_costs_no_call(tmp_path: Path) -> None:
    """A region that someone named and the account has not is a gap, without being asked."""
    off = {**TARGET, "regions": ["eu-west-1", "eu-central-2"]}

    async def regions(_: Call) -> web.StreamResponse:
        return web.Response(
            content_type="text/xml",
            text="<DescribeRegionsResponse><regionInfo>"
            "<item><regionName>eu-west-1</regionName><optInStatus>opted-in</optInStatus></item>"
            "<item><regionName>eu-central-2</regionName>"
            "<optInStatus>not-opted-in</optInStatus></item>"
            "</regionInfo></DescribeRegionsResponse>",
        )

    async with fake_aws() as fake:
        fake.answers |= {"DescribeRegions": regions, "DescribeVpcs": in_region("none", forever)}
        config = settings([off], fake.endpoint)
        async with running(config, tmp_path, environment=KEYS) as daemon:
            shards = await vpc_shards(daemon)
    assert shards["eu-central-2"]["status"] == "region_disabled"
    assert shards["eu-central-2"]["calls"] == 0
    assert shards["eu-west-1"]["status"] == "ok"


async def test_a_scanner_has_its_time_and_no_more(tmp_path: Path) -> None:
    """A shard over its limit is `timeout`; a stream over its own ends with `closing`."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = in_region("eu-west-2", forever)
        async with against(fake, tmp_path, limits={"shard_seconds": 0.5}) as daemon:
            shards = await vpc_shards(daemon)
        assert shards["eu-west-2"]["status"] == "timeout"
        assert shards["eu-west-2"]["code"] == "ShardTimeout"
        async with against(fake, tmp_path, limits={"scan_seconds": 0.5}) as daemon:
            events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
    assert (events[-1].name, events[-1].data["reason"]) == ("closing", "deadline")
    assert not named(events, "scan.completed")


async def test_going_away_says_so_to_every_stream(tmp_path: Path) -> None:
    """On SIGTERM an open stream gets `closing`, the daemon exits 0, and the audit trail ends."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fake.answers["DescribeVpcs"] = forever
        async with daemon.request("GET", VPC) as response:
            await fake.until(lambda: len(fake.made("DescribeVpcs")) == 2)
            daemon.process.send_signal(signal.SIGTERM)
            events = list(Parser().feed(await response.read()))
        assert (events[-1].name, events[-1].data["reason"]) == ("closing", "shutdown")
        assert await daemon.stopped() == 0
        assert (await daemon.over())["outcome"] == "shutdown"


async def test_streams_are_limited(tmp_path: Path) -> None:
    """Over one's own limit a stream is a 429, over all of them a 503, both with Retry-After."""
    limits = {"streams": 2, "streams_per_principal": 1}
    async with fake_aws() as fake, against(fake, tmp_path, limits=limits) as daemon:
        fake.answers["DescribeVpcs"] = forever
        async with daemon.request("GET", VPC):
            await fake.until(lambda: bool(fake.made("DescribeVpcs")))
            async with daemon.request("GET", VPC) as response:
                assert response.status == 429
                assert int(response.headers["Retry-After"]) > 0
