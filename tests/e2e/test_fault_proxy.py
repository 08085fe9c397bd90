"""A network that fails between proxyd and a whole estate: what is seen, spent, and left whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from .conftest import Estate
from .daemon import Daemon, Events, named, running, settings
from .faults import (
    Fault,
    FaultProxy,
    hang,
    refused,
    reset,
    rewritten,
    truncated,
    unanswering,
)
from .oracle import LISTED

ATTEMPTS = 2
REGION, HOME = "eu-west-1", "us-east-1"
# A call that times out is asked again, and the counts are off: nothing runs beside these.
pytestmark = pytest.mark.alone
FAST = {"attempts": ATTEMPTS, "read_timeout": 1.0, "connect_timeout": 1.0}

Key = tuple[str, str]
"""Type and region."""


def narrowed(estate: Estate) -> list[dict[str, Any]]:
    """Return the targets with the types that every kind of fault is tried on, of all protocols."""
    return [{**target, "types": list(LISTED)} for target in estate.targets]


class Seen:
    """What a client sees of one target in one stream."""

    def __init__(self, events: Events, target: str = "production") -> None:
        ids = {s["scan"]: s["target"] for s in named(events, "scan.started")}
        (self.completed,) = (
            data for data in named(events, "scan.completed") if ids[data["scan"]] == target
        )
        account = next(s["account"] for s in named(events, "scan.started") if s["target"] == target)
        self.order = [s for s in named(events, "shard") if s["account"] == account]
        self.shards: dict[Key, dict[str, Any]] = {(s["type"], s["region"]): s for s in self.order}
        self.arns: dict[Key, set[str]] = {key: set() for key in self.shards}
        for found in named(events, "resource"):
            if found["account"] == account:
                self.arns[found["type"], found["region"]].add(found["arn"])

    @property
    def ends(self) -> dict[Key, tuple[str, str | None]]:
        """The shards that did not end well, with status and code."""
        return {
            key: (shard["status"], shard.get("code"))
            for key, shard in self.shards.items()
            if shard["status"] != "ok"
        }

    def calls(self, key: Key) -> int:
        """What a shard says that it spent."""
        spent: int = self.shards[key]["calls"]
        return spent

    def without(self, gone: set[Key]) -> dict[Key, tuple[int, set[str]]]:
        """Return what all the other shards spent and found."""
        return {key: (self.calls(key), self.arns[key]) for key in self.shards if key not in gone}


class Rig(NamedTuple):
    """A daemon whose way to the estate leads through the proxy, and what it sees without faults."""

    proxy: FaultProxy
    daemon: Daemon
    before: Seen

    async def scan(self, lost: int = 0) -> Seen:
        """Scan the whole target; what it counts is what the proxy was asked."""
        self.proxy.asked.clear()
        seen = Seen(await self.daemon.scan(target=["production"]))
        # A call that is cancelled in the moment of being sent may be counted and not arrive.
        assert 0 <= seen.completed["calls"] - len(self.proxy.asked) <= lost
        return seen

    async def clean(self) -> None:
        """Make sure that nothing is left behind: the next scan sees and costs what it did."""
        self.proxy.clear()
        after = await self.scan()
        assert not after.ends
        assert after.completed["complete"]
        assert after.without(set()) == self.before.without(set())


@asynccontextmanager
async def rigged(estate: Estate, directory: Path, **more: Any) -> AsyncGenerator[Rig, None]:
    """Set one up; its first scan asks for the regions and makes the clients, once for all."""
    aws = FAST | more.pop("aws", {})
    async with FaultProxy(estate.endpoint).serving() as proxy:
        config = settings(narrowed(estate), proxy.endpoint, aws=aws, **more)
        async with running(config, directory, environment=estate.environment) as daemon:
            await daemon.scan(target=["production"])
            before = Seen(await daemon.scan(target=["production"]))
            assert not before.ends
            yield Rig(proxy, daemon, before)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_rig(
    estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Rig, None]:
    """Set up one for all tests of this module."""
    async with rigged(estate, tmp_path_factory.mktemp("rig")) as made:
        yield made


@pytest.fixture
def rig(shared_rig: Rig) -> Iterator[Rig]:
    """Give it without faults."""
    yield shared_rig
    shared_rig.proxy.clear()


class Case(NamedTuple):
    """A fault, how its shard ends, and what the operation that it hits costs."""

    fault: Fault
    status: str
    code: str
    requests: int


FAULTS = {
    "throttled": Case(refused("ThrottlingException", 400), "throttled", "ThrottlingException", 2),
    "500": Case(refused("InternalFailure", 500), "failed", "InternalFailure", 2),
    "503": Case(refused("ServiceUnavailable", 503), "failed", "ServiceUnavailable", 2),
    "reset": Case(reset, "failed", "ConnectionClosedError", 2),
    "hang": Case(hang, "timeout", "ReadTimeout", 2),
    "truncated": Case(truncated, "failed", "ConnectionClosedError", 2),
    "denied": Case(refused("AccessDeniedException", 403), "denied", "AccessDeniedException", 1),
    "expired": Case(refused("ExpiredToken", 403), "expired", "ExpiredToken", 3),
}
PASSING = ("throttled", "500", "503", "reset", "hang", "truncated")

HIT = {
    ("DescribeVpcs", REGION): ("AWS::EC2::VPC", REGION),
    ("ListTopics", REGION): ("AWS::SNS::Topic", REGION),
    ("ListTables", REGION): ("AWS::DynamoDB::Table", REGION),
    ("GET /2015-03-31/functions?MaxItems=100", REGION): ("AWS::Lambda::Function", REGION),
    ("GET /2020-05-31/distribution?MaxItems=100", HOME): (
        "AWS::CloudFront::Distribution",
        "global",
    ),
}
"""One operation of each protocol (EC2, query, JSON, REST in JSON and XML), and its shard."""


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_costs_its_own_shards_only(rig: Rig, name: str) -> None:
    """In each protocol its shard says what it was, and all others see and spend what they did."""
    case = FAULTS[name]
    for operation, region in HIT:
        rig.proxy.add(case.fault, operation=operation, region=region)
    seen = await rig.scan()
    hit = set(HIT.values())
    assert seen.ends == dict.fromkeys(hit, (case.status, case.code))
    assert seen.without(hit) == rig.before.without(hit)
    assert {asked: rig.proxy.calls()[asked] for asked in HIT} == dict.fromkeys(HIT, case.requests)
    assert not seen.completed["complete"]
    assert {(gap["type"], gap["region"]) for gap in seen.completed["gaps"]} == hit
    await rig.clean()


@pytest.mark.parametrize("name", PASSING)
async def test_a_fault_that_passes_costs_a_request(rig: Rig, name: str) -> None:
    """What fails once is asked once more, and the scan is complete."""
    for operation, region in HIT:
        rig.proxy.add(FAULTS[name].fault, operation=operation, region=region, times=1)
    seen = await rig.scan()
    assert not seen.ends
    assert seen.arns == rig.before.arns
    assert seen.completed["calls"] == rig.before.completed["calls"] + len(HIT)
    await rig.clean()


async def test_a_refusal_names_the_action_that_is_missing(rig: Rig) -> None:
    """AccessDenied in one region is told with the action, and the other region is whole."""
    rig.proxy.add(refused("UnauthorizedOperation", 403), operation="DescribeVpcs", region=REGION)
    seen = await rig.scan()
    key = ("AWS::EC2::VPC", REGION)
    assert seen.ends == {key: ("denied", "UnauthorizedOperation")}
    assert seen.shards[key]["action"] == "ec2:DescribeVpcs"
    assert seen.completed["missing_actions"] == ["ec2:DescribeVpcs"]
    assert seen.without({key}) == rig.before.without({key})
    await rig.clean()


async def test_a_whole_region_that_is_denied_is_its_own(rig: Rig) -> None:
    """Where a policy closes a region, every shard of it is `denied` after one call of a list."""
    rig.proxy.add(refused("AccessDenied", 403), region=REGION)
    seen = await rig.scan()
    here = {key for key in seen.shards if key[1] == REGION}
    assert {seen.shards[key]["status"] for key in here} == {"denied"}
    assert seen.without(here) == rig.before.without(here)
    assert all(seen.calls(key) <= rig.before.calls(key) for key in here)
    await rig.clean()


async def test_a_repeated_page_token_ends_the_shard(rig: Rig) -> None:
    """An AWS that always promises the same next page is asked three times at most."""
    token = rb"<nextToken>again</nextToken></DescribeVpcsResponse>"
    again = rewritten(rb"</DescribeVpcsResponse>", token)
    rig.proxy.add(again, operation="DescribeVpcs", region=REGION)
    seen = await rig.scan()
    key = ("AWS::EC2::VPC", REGION)
    assert seen.ends == {key: ("failed", "RepeatedPageToken")}
    assert rig.proxy.calls()["DescribeVpcs", REGION] <= 3
    assert seen.arns == rig.before.arns
    assert seen.without({key}) == rig.before.without({key})
    await rig.clean()


async def test_a_session_that_expires_in_mid_scan_is_renewed(rig: Rig) -> None:
    """One refusal costs one call and one session more; nothing is lost or seen twice."""
    expired = refused("ExpiredTokenException", 400)
    rig.proxy.add(expired, operation="DescribeTable", region=REGION, skip=2, times=1)
    seen = await rig.scan()
    assert not seen.ends
    assert seen.arns == rig.before.arns
    key = ("AWS::DynamoDB::Table", REGION)
    assert seen.calls(key) == rig.before.calls(key) + 1
    assert seen.without({key}) == rig.before.without({key})
    assert seen.completed["calls"] == rig.before.completed["calls"] + 2
    await rig.clean()


async def test_a_scan_whose_session_expires_goes_on_at_the_same_page(rig: Rig) -> None:
    """The page that was refused is asked for again, with the same token and another key."""
    token = rb"<nextToken>2</nextToken></DescribeVpcsResponse>"
    where = {"operation": "DescribeVpcs", "region": REGION, "times": 1}
    rig.proxy.add(rewritten(rb"</DescribeVpcsResponse>", token), **where)
    rig.proxy.add(refused("RequestExpired", 400), **where)
    seen = await rig.scan()
    assert not seen.ends
    pages = [a for a in rig.proxy.asked if a.operation == "DescribeVpcs" and a.region == REGION]
    assert [page.parameters.get("NextToken") for page in pages] == [None, "2", "2"]
    first, stale, fresh = (page.headers["x-amz-security-token"] for page in pages)
    assert first == stale != fresh
    await rig.clean()


async def test_sts_down_while_a_session_has_to_be_renewed(rig: Rig) -> None:
    """The shard that needed it fails; those whose session AWS still takes are whole."""
    expired = refused("ExpiredTokenException", 400)
    rig.proxy.add(expired, operation="DescribeTable", region=REGION, skip=2, times=1)
    rig.proxy.add(hang, operation="AssumeRole", skip=1)
    async with asyncio.timeout(10):
        seen = await rig.scan()
    key = ("AWS::DynamoDB::Table", REGION)
    assert seen.ends == {key: ("timeout", "ReadTimeout")}
    assert seen.without({key}) == rig.before.without({key})
    assert rig.proxy.calls()["AssumeRole", HOME] == 1 + ATTEMPTS
    await rig.clean()


@pytest.mark.parametrize(
    ("fault", "status", "code", "aws_code"),
    [
        (hang, 502, "sts_unreachable", "ReadTimeout"),
        (reset, 502, "sts_unreachable", "ConnectionClosedError"),
        (truncated, 502, "sts_unreachable", "ConnectionClosedError"),
        (refused("ServiceUnavailable", 503), 502, "sts_unreachable", "ServiceUnavailable"),
        (refused("InternalFailure", 500), 502, "sts_unreachable", "InternalFailure"),
        (refused("Throttling", 400), 503, "sts_throttled", "Throttling"),
    ],
)
async def test_sts_down_is_told_before_the_stream(
    rig: Rig, fault: Fault, status: int, code: str, aws_code: str
) -> None:
    """It is a problem with what to look at, within seconds and a bounded number of requests."""
    rig.proxy.add(fault, operation="AssumeRole")
    rig.proxy.asked.clear()
    async with asyncio.timeout(10):
        problem = await rig.daemon.problem("/v1/stream?target=production")
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["aws_code"] == aws_code
    assert rig.proxy.calls() == {("AssumeRole", HOME): ATTEMPTS}
    await rig.clean()


async def test_sts_down_for_one_target_leaves_the_other_whole(rig: Rig, estate: Estate) -> None:
    """A stream of two targets has all of the one, and says that the other could not be seen."""
    staging = estate.targets[1]["role_arn"]
    rig.proxy.add(hang, operation="AssumeRole", role=staging)
    events = await rig.daemon.scan(target=["production", "staging"])
    whole, refused_ = Seen(events), Seen(events, "staging")
    assert whole.without(set()) == rig.before.without(set())
    assert not refused_.completed["complete"]
    assert set(refused_.ends.values()) == {("timeout", "ReadTimeout")}
    assert not any(refused_.arns.values())
    await rig.clean()


async def test_a_region_that_never_answers_costs_its_own_shards(
    estate: Estate, tmp_path: Path
) -> None:
    """Even if the list of regions is asked of it: the other shards are done before its own are."""
    async with FaultProxy(estate.endpoint).serving() as proxy:
        proxy.add(hang, region=REGION)
        config = settings(narrowed(estate), proxy.endpoint, aws=FAST)
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            started = time.monotonic()
            seen = Seen(await daemon.scan(target=["production"]))
            assert time.monotonic() - started < 20
            dead = {key for key in seen.shards if key[1] == REGION}
            assert seen.ends == dict.fromkeys(dead, ("timeout", "ReadTimeout"))
            # Some shards list things and their tags at the same time.
            assert {seen.calls(key) for key in dead} <= {ATTEMPTS, 2 * ATTEMPTS}
            assert {(s["type"], s["region"]) for s in seen.order[-len(dead) :]} == dead
            proxy.clear()
            after = Seen(await daemon.scan(target=["production"]))
            assert not after.ends
            assert seen.without(dead) == after.without(dead)


async def test_a_region_that_never_answers_has_the_time_of_a_shard(
    estate: Estate, tmp_path: Path
) -> None:
    """With patient time-outs the limit of a shard ends its waiting, for all of them at once."""
    patient = {"read_timeout": 30.0}
    limits = {"shard_seconds": 1.5}
    async with rigged(estate, tmp_path, aws=patient, limits=limits) as made:
        made.proxy.add(hang, region=REGION)
        started = time.monotonic()
        seen = await made.scan(lost=8)
        assert 1.5 <= time.monotonic() - started < 6
        dead = {key for key in seen.shards if key[1] == REGION}
        assert seen.ends == dict.fromkeys(dead, ("timeout", "ShardTimeout"))
        # Most wait for the tags that one of them asks for.
        assert {seen.calls(key) for key in dead} <= {0, 1, 2}
        assert seen.without(dead) == made.before.without(dead)
        await made.clean()


async def test_packets_that_are_dropped_cost_one_connect_time_out(
    estate: Estate, tmp_path: Path
) -> None:
    """Where no connection comes about it is not tried again, and the other services are whole."""
    with unanswering() as address:
        aws = {**FAST, "connect_timeout": 1.0, "endpoints": {"dynamodb": address}}
        config = settings(narrowed(estate), estate.endpoint, aws=aws)
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            seen = Seen(await daemon.scan(target=["production"]))
    dead = {key for key in seen.shards if key[0] == "AWS::DynamoDB::Table"}
    assert seen.ends == dict.fromkeys(dead, ("region_disabled", "ConnectTimeout"))
    assert all(900 < seen.shards[key]["ms"] < 2000 for key in dead)
