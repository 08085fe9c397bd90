"""Moments at which a stream, a client or a role does what nobody plans for."""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from proxyd.auth import tokens
from proxyd.client import Client, Parser

from .conftest import Estate
from .daemon import Daemon, named, running, settings, toml
from .fake_aws import Call, error, fake_aws, vpcs
from .test_faults import KEYS, TARGET, VPC, against, forever, in_region

OTHER = {
    "name": "other",
    "role_arn": "arn:aws:iam::333333333333:role/proxyd-read",
    "external_id": "other-id",
    "regions": ["eu-west-1"],
}


async def test_a_role_that_is_assumed_while_the_daemon_goes_opens_no_stream(
    tmp_path: Path,
) -> None:
    """Whoever is still waiting for STS at SIGTERM gets a 503, and a record says so."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        going = asyncio.Event()

        async def slowly(call: Call) -> web.StreamResponse:
            await going.wait()
            return await fake.assume_role(call)

        fake.answers["AssumeRole"] = slowly
        asking = asyncio.create_task(daemon.problem(VPC))
        await fake.until(lambda: len(fake.made("AssumeRole")) == 1)
        daemon.process.send_signal(signal.SIGTERM)
        await daemon.says("draining")
        going.set()
        problem = await asking
        assert (problem["status"], problem["code"]) == (503, "shutting_down")
        assert await daemon.stopped() == 0
    assert (await daemon.over())["event"] == "scan.refused"
    assert (await daemon.over())["outcome"] == "shutting_down"


async def test_a_reader_that_left_is_not_one_that_had_everything(tmp_path: Path) -> None:
    """The audit trail says disconnected, though the scan was done when the client went."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:

        async def many(call: Call) -> web.StreamResponse:
            return vpcs([f"vpc-{call.region}-{i}" for i in range(1500)])

        fake.answers["DescribeVpcs"] = many
        async with daemon.request("GET", VPC, read_bufsize=1024) as response:
            await response.content.readexactly(2000)
            await fake.until(lambda: len(fake.made("DescribeVpcs")) == 2)
    assert (await daemon.over())["outcome"] == "disconnected"
    assert (await daemon.over())["complete"] is False


async def test_one_role_that_sts_is_silent_about_holds_up_nobody(tmp_path: Path) -> None:
    """Of two targets the other one is streamed, and this one is told as timed out."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = in_region("none", forever)

        async def silent_about_other(call: Call) -> web.StreamResponse:
            if "333333333333" in call.parameters["RoleArn"]:
                return await forever(call)
            return await fake.assume_role(call)

        fake.answers["AssumeRole"] = silent_about_other
        config = settings([TARGET, OTHER], fake.endpoint, limits={"assume_seconds": 0.5})
        async with running(config, tmp_path, environment=KEYS) as daemon:
            events = await daemon.scan(target=["fake", "other"], type=["AWS::EC2::VPC"])
    done = {event["target"]: event for event in named(events, "scan.completed")}
    assert done["fake"]["complete"]
    assert done["other"]["shards"] == {"timeout": 1}


async def test_an_account_in_trouble_leaves_the_retries_of_another(tmp_path: Path) -> None:
    """While one account fails throughout, a passing fault in another is still got over."""
    async with fake_aws() as fake:
        accounts: dict[str, str] = {}
        passing = iter([error("InternalError", status=500)])

        async def assume(call: Call) -> web.StreamResponse:
            answer = await fake.assume_role(call)
            accounts[f"ASIA{fake.sessions}"] = call.parameters["RoleArn"].split(":")[4]
            return answer

        async def describe(call: Call) -> web.StreamResponse:
            if accounts[call.access_key] == "222222222222":
                return error("InternalError", status=500)
            return next(passing, None) or vpcs(["vpc-other"])

        fake.answers |= {"AssumeRole": assume, "DescribeVpcs": describe}
        config = settings([TARGET, OTHER], fake.endpoint, aws={"attempts": 3})
        async with running(config, tmp_path, environment=KEYS) as daemon:
            troubled = [daemon.scan(target=["fake"], type=["AWS::EC2::VPC"]) for _ in range(40)]
            await asyncio.gather(*troubled)
            events = await daemon.scan(target=["other"], type=["AWS::EC2::VPC"])
    (shard,) = named(events, "shard")
    assert (shard["status"], shard["calls"]) == ("ok", 2)


async def test_a_stream_ends_with_the_token(tmp_path: Path) -> None:
    """A token that expires while its stream is open closes it, saying so."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = forever
        token = tokens.new_token()
        until = datetime.now(UTC) + timedelta(seconds=2.5)
        text = toml(settings([TARGET], fake.endpoint)) + (
            f'\n[[principals]]\nname = "timed"\ngroups = ["all"]\n'
            f'token_sha256 = "{tokens.digest(token).hex()}"\nexpires = {until.isoformat()}\n'
        )
        async with (
            running(text, tmp_path, environment=KEYS) as daemon,
            Client(daemon.url, token) as client,
        ):
            events = [event async for event in client.stream(target=["fake"])]
    assert (events[-1].name, events[-1].data["reason"]) == ("closing", "expired")


async def test_calls_are_those_that_aws_saw(tmp_path: Path) -> None:
    """Retries, AssumeRole and DescribeRegions included: in the event and in the metric."""
    async with fake_aws() as fake, against(fake, tmp_path) as daemon:
        fail = iter([True])

        async def flaky(_: Call) -> web.StreamResponse:
            return error("InternalError", status=500) if next(fail, False) else vpcs(["vpc-1"])

        fake.answers["DescribeVpcs"] = flaky
        events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
        _, metrics = await daemon.get("/metrics")
    assert named(events, "scan.completed")[0]["calls"] == len(fake.calls) == 5
    assert b"proxyd_aws_calls_total 5.0" in metrics


async def test_what_the_client_holds_is_not_sent_again(daemon: Daemon) -> None:
    """With `known`, what has not changed is counted and left out."""
    asked = {"target": ["staging"], "type": ["AWS::EC2::Subnet"]}
    first = named(await daemon.scan(**asked), "resource")
    known = {r["arn"]: r["hash"] for r in first}
    changed = first[0]["arn"]
    known[changed] = "something else"
    events = await daemon.scan(**asked, known=known)
    assert [r["arn"] for r in named(events, "resource")] == [changed]
    assert named(events, "scan.completed")[0]["resources"] == len(first)


async def test_head_and_204_are_refused_as_get_is(daemon: Daemon) -> None:
    """HEAD sees what GET would; an old id answers 204 for the same question only."""
    for path, status in (
        ("/v1/stream?target=nothing", 404),
        ("/v1/stream?target=staging&where=((", 400),
        ("/v1/stream?target=staging", 200),
    ):
        async with daemon.request("HEAD", path) as response:
            assert response.status == status
    events = await daemon.scan(target=["staging"], type=["AWS::EC2::VPC"])
    headers = {"Last-Event-ID": events[-1].id}
    for path, status in (
        ("/v1/stream?target=staging&type=AWS::EC2::VPC", 204),
        ("/v1/stream?target=production&type=AWS::EC2::VPC", 200),
        ("/v1/stream?target=nothing&type=AWS::EC2::VPC", 404),
    ):
        assert (await daemon.get(path, headers=headers))[0] == status


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/x-ndjson;q=0, text/event-stream", "text/event-stream"),
        ("text/event-stream, application/x-ndjson", "text/event-stream"),
        ("text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("text/html, */*;q=0.1", "text/event-stream"),
    ],
)
async def test_the_accept_header_is_weighed(daemon: Daemon, accept: str, kind: str) -> None:
    """The format with the highest q that there is, the first of those."""
    path = "/v1/stream?target=staging"
    async with daemon.request("HEAD", path, headers={"Accept": accept}) as response:
        assert response.content_type == kind


async def test_what_comes_before_any_handler_says_as_little(daemon: Daemon) -> None:
    """An odd Expect and a malformed request are problems too, and name no software."""
    host, _, port = daemon.url.removeprefix("http://").partition(":")
    for request in (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: foo\r\n\r\n",
        b"nonsense\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = (await reader.readuntil(b"}")).decode()
        writer.close()
        assert "Server: proxyd\r\n" in answer
        assert "application/problem+json" in answer
        assert "aiohttp" not in answer


async def test_regions_that_may_not_be_asked_for_are_named(estate: Estate, tmp_path: Path) -> None:
    """Without DescribeRegions everything is scanned all the same, and the action is told."""
    iam = estate.account("222222222222").client("iam", "eu-west-1")
    deny = {"Effect": "Deny", "Action": "ec2:DescribeRegions", "Resource": "*"}
    iam.put_role_policy(
        RoleName="proxyd-read",
        PolicyName="no-regions",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    try:
        config = settings(estate.targets, estate.endpoint)
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            events = await daemon.scan(target=["production"], type=["AWS::EC2::VPC"])
    finally:
        iam.delete_role_policy(RoleName="proxyd-read", PolicyName="no-regions")
    (done,) = named(events, "scan.completed")
    assert done["complete"]
    assert done["missing_actions"] == ["ec2:DescribeRegions"]


async def test_events_before_an_end_are_whole(tmp_path: Path) -> None:
    """A stream that is closed by the server ends with a whole `closing` event and nothing else."""
    async with fake_aws() as fake, against(fake, tmp_path, limits={"scan_seconds": 0.5}) as daemon:
        fake.answers["DescribeVpcs"] = forever
        async with daemon.request("GET", VPC) as response:
            body = await response.read()
    assert body.endswith(b"\n\n")
    assert [event.name for event in Parser().feed(body)] == ["scan.started", "closing"]


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/v1/schema", "/v1/targets", "/v1/stream?target=fake", "/x"]
)
async def test_no_answer_says_what_it_is_made_of(tmp_path: Path, path: str) -> None:
    """Whatever is asked, good or not: the versions of libraries are nobody's business."""
    async with (
        fake_aws() as fake,
        against(fake, tmp_path) as daemon,
        daemon.request("GET", path) as response,
    ):
        assert response.headers["Server"] == "proxyd"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response.headers["Cache-Control"]
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "aiohttp" not in str(response.headers)
