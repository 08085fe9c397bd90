"""Watching: a snapshot, then what changes, shared by all who watch, and by right of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from proxyd.auth import tokens

from .daemon import Daemon, running, settings
from .fake_aws import Call, FakeAws, error, fake_aws, vpcs
from .watcher import Watcher, watching

TYPE = "AWS::EC2::VPC"
ALL: dict[str, Any] = {"target": ["fake"], "type": [TYPE]}
TARGET = {
    "name": "fake",
    "role_arn": "arn:aws:iam::222222222222:role/proxyd-read",
    "external_id": "fake-id",
    "regions": ["eu-west-1", "eu-west-2"],
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIABASE", "AWS_SECRET_ACCESS_KEY": "secret"}
FAST = {"minimum_seconds": 0.1, "default_seconds": 0.2, "maximum_seconds": 0.4}


class Vpcs:
    """An AWS of VPCs by region, and what to answer instead."""

    def __init__(self, fake: FakeAws) -> None:
        self.fake = fake
        self.names = {"eu-west-1": ["vpc-1", "vpc-2"], "eu-west-2": ["vpc-3"]}
        self.instead: dict[str, web.Response] = {}
        fake.answers["DescribeVpcs"] = self.answer

    async def answer(self, call: Call) -> web.StreamResponse:
        """Answer DescribeVpcs."""
        problem = self.instead.get(call.region)
        if problem is not None:
            return error(problem.text or "", status=problem.status)
        return vpcs(self.names[call.region])

    async def looks(self, more: int) -> None:
        """Wait until it has been asked so many times more."""
        before = len(self.fake.made("DescribeVpcs"))
        await self.fake.until(lambda: len(self.fake.made("DescribeVpcs")) >= before + more)


@asynccontextmanager
async def kept_live(
    directory: Path,
    watch: dict[str, Any] | None = None,
    *,
    code: int = 0,
    stdout: int = asyncio.subprocess.PIPE,
    **more: Any,
) -> AsyncGenerator[tuple[Daemon, Vpcs], None]:
    """Run a daemon that looks often at an AWS of VPCs."""
    async with fake_aws() as fake:
        aws = Vpcs(fake)
        config = settings(
            [TARGET],
            fake.endpoint,
            aws={"attempts": 1},
            watch=FAST | (watch or {}),
            **{key: more.pop(key) for key in ("limits",) if key in more},
        )
        config |= more
        async with running(config, directory, environment=KEYS, code=code, stdout=stdout) as daemon:
            yield daemon, aws


def two_principals() -> tuple[dict[str, Any], str]:
    """Make a second principal, who may see one region only, and its token."""
    token = tokens.new_token()
    people = [
        {"name": "tester", "token_sha256": "TOKEN_SHA256", "groups": ["all"]},
        {"name": "narrow", "token_sha256": tokens.digest(token).hex(), "groups": ["some"]},
    ]
    grants = [
        {"groups": ["all"], "targets": ["*"], "types": ["*"], "regions": ["*"]},
        {"groups": ["some"], "targets": ["*"], "types": ["*"], "regions": ["eu-west-2"]},
    ]
    return {"principals": people, "grants": grants}, token


async def test_a_watch_is_a_snapshot_and_then_what_changes(tmp_path: Path) -> None:
    """All that is there, the mark; then one event for what is new and one for what is gone."""
    async with kept_live(tmp_path) as (daemon, aws), watching(daemon, **ALL) as client:
        await client.marked()
        assert client.ids == {"vpc-1", "vpc-2", "vpc-3"}
        assert client.names.count("resource") == 3
        assert client.names.count("shard") == 2
        assert client.names[0] == "scan.started"
        assert client.events[0].data["mode"] == "watch"
        assert client.named("scan.completed")[0]["resources"] == 3
        aws.names["eu-west-2"] = ["vpc-4"]
        await client.marked(2)
        assert client.ids == {"vpc-1", "vpc-2", "vpc-4"}
        (removed,) = client.named("resource.removed")
        assert removed == {
            "arn": "arn:aws:ec2:eu-west-2:222222222222:vpc/vpc-3",
            "type": TYPE,
            "region": "eu-west-2",
        }
        await aws.looks(6)
        assert client.names.count("resource") == 4, "what does not change is not sent"
        assert client.names.count("shard") == 2
        assert client.names.count("scan.completed") == 2
        sequence = [int(event.id.rpartition("-")[2]) for event in client.events]
        assert sequence == sorted(set(sequence))


async def test_a_hundred_watchers_cost_aws_what_one_costs(tmp_path: Path) -> None:
    """The calls of a round are made once; each stream is an AssumeRole of its own."""
    async with (
        kept_live(tmp_path, limits={"streams_per_principal": 200}) as (daemon, aws),
        watching(daemon, **ALL) as first,
    ):
        await first.marked()
        async with asyncio.TaskGroup() as group:
            for _ in range(99):
                group.create_task(_until_marked(daemon))
        assert 50 <= len(aws.fake.made("AssumeRole")) <= 100, "very many at once may share one"
        calls = len(aws.fake.made("DescribeVpcs"))
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(2)
        took = asyncio.get_running_loop().time() - started
        rate = (len(aws.fake.made("DescribeVpcs")) - calls) / took
        assert rate <= 2 / FAST["default_seconds"] * 1.5, "two shards, every 0.2 s at most"
    scans = {record["scan"] for record in daemon.audit}
    assert {f"proxyd-{scan}" for scan in scans} == {
        call.parameters["RoleSessionName"] for call in aws.fake.made("AssumeRole")
    }


async def _until_marked(daemon: Daemon) -> None:
    async with watching(daemon, **ALL) as client:
        await client.marked()
        assert client.ids == {"vpc-1", "vpc-2", "vpc-3"}


async def test_a_watcher_sees_what_its_grants_allow_whatever_is_held(tmp_path: Path) -> None:
    """Two principals share a shard; one of them never hears of the other region."""
    people, token = two_principals()
    async with (
        kept_live(tmp_path, **people) as (daemon, aws),
        watching(daemon, **ALL) as wide,
    ):
        await wide.marked()
        async with watching(daemon, token=token, **ALL) as narrow:
            await narrow.marked()
            assert narrow.ids == {"vpc-3"}
            assert narrow.events[0].data["regions"] == ["eu-west-2"]
            aws.names = {"eu-west-1": ["vpc-1", "vpc-9"], "eu-west-2": ["vpc-3", "vpc-8"]}
            await wide.until(lambda: wide.ids == {"vpc-1", "vpc-3", "vpc-8", "vpc-9"})
            await narrow.until(lambda: narrow.ids == {"vpc-3", "vpc-8"})
            assert {e.data.get("region", "eu-west-2") for e in narrow.events} == {"eu-west-2"}
            await narrow.until(lambda: narrow.named("scan.completed")[-1]["resources"] == 2)
        identities = [c.parameters["SourceIdentity"] for c in aws.fake.made("AssumeRole")]
        assert identities == ["tester", "narrow"]


async def test_nothing_is_removed_because_a_shard_failed(tmp_path: Path) -> None:
    """A shard that is refused, throttled or broken changes its status; what it held stays."""
    async with kept_live(tmp_path) as (daemon, aws), watching(daemon, **ALL) as client:
        await client.marked()
        aws.names["eu-west-1"] = []
        for code, status, told in [
            ("UnauthorizedOperation", 403, "denied"),
            ("RequestLimitExceeded", 503, "throttled"),
            ("InternalError", 500, "failed"),
        ]:
            aws.instead["eu-west-1"] = web.Response(text=code, status=status)
            await client.until(_last_shard_is(client, told))
            assert client.ids == {"vpc-1", "vpc-2", "vpc-3"}
        await client.until(lambda: not client.named("scan.completed")[-1]["complete"])
        assert "resource.removed" not in client.names
        aws.instead.clear()
        await client.until(lambda: client.ids == {"vpc-3"})
        assert client.named("shard")[-1]["status"] == "ok"
        await client.until(lambda: client.named("scan.completed")[-1]["complete"])


def _last_shard_is(client: Watcher, status: str) -> Callable[[], bool]:
    return lambda: client.named("shard")[-1]["status"] == status


async def test_a_filter_holds_for_changes_too(tmp_path: Path) -> None:
    """Only what matches comes, is counted and goes."""
    async with (
        kept_live(tmp_path) as (daemon, aws),
        watching(daemon, where="id=vpc-1 or id=vpc-7", **ALL) as client,
    ):
        await client.marked()
        assert client.ids == {"vpc-1"}
        assert client.named("scan.completed")[0]["resources"] == 1
        assert sorted(shard["resources"] for shard in client.named("shard")) == [0, 1]
        aws.names = {"eu-west-1": ["vpc-2", "vpc-5"], "eu-west-2": ["vpc-7"]}
        await client.until(lambda: client.ids == {"vpc-7"})
        assert client.names.count("resource") == 2


async def test_a_right_that_is_taken_away_ends_the_stream(tmp_path: Path) -> None:
    """When STS no longer gives the role the stream is closed as revoked; others go on."""
    people, token = two_principals()
    async with (
        kept_live(tmp_path, watch={"recheck_seconds": 0.5}, **people) as (daemon, aws),
        watching(daemon, **ALL) as stays,
        watching(daemon, token=token, **ALL) as goes,
    ):
        await goes.marked()

        async def assume_role(call: Call) -> web.Response:
            if call.parameters["SourceIdentity"] == "narrow":
                return error("AccessDenied", status=403)
            return await aws.fake.assume_role(call)

        aws.fake.answers["AssumeRole"] = assume_role
        await asyncio.wait_for(goes.ended.wait(), 10)
        assert goes.events[-1].name == "closing"
        assert goes.events[-1].data["reason"] == "revoked"
        assert goes.whole
        problem = await daemon.problem(
            f"/v1/stream?target=fake&type={TYPE}&mode=watch", token=token
        )
        assert (problem["status"], problem["code"]) == (502, "role_not_assumable")
        aws.names["eu-west-1"] = ["vpc-9"]
        await stays.until(lambda: stays.ids == {"vpc-9", "vpc-3"})
        assert not stays.ended.is_set()


async def test_a_target_that_can_not_be_assumed_is_told_and_hides_others_view(
    tmp_path: Path,
) -> None:
    """Of two targets one is refused: its shards say so, though another principal watches it."""
    people, token = two_principals()
    people["grants"][1]["regions"] = ["*"]
    other = TARGET | {"name": "other", "external_id": "other-id"}
    both: dict[str, Any] = {"target": ["fake", "other"], "type": [TYPE]}
    async with fake_aws() as fake:
        aws = Vpcs(fake)
        config = settings([TARGET, other], fake.endpoint, watch=FAST) | people

        async def assume_role(call: Call) -> web.Response:
            who = call.parameters["SourceIdentity"], call.parameters["ExternalId"]
            if who == ("narrow", "other-id"):
                return error("AccessDenied", status=403)
            return await fake.assume_role(call)

        fake.answers["AssumeRole"] = assume_role
        async with (
            running(config, tmp_path, environment=KEYS) as daemon,
            watching(daemon, **both) as sees,
            watching(daemon, token=token, **both) as hidden,
        ):
            await sees.until(lambda: sees.names.count("scan.completed") >= 2)
            await hidden.until(lambda: hidden.names.count("scan.completed") >= 2)
            told = {done["target"]: done for done in hidden.named("scan.completed")}
            assert told["fake"]["complete"]
            assert told["other"]["shards"] == {"denied": 2}
            assert told["other"]["resources"] == 0
            assert hidden.ids == {"vpc-1", "vpc-2", "vpc-3"}
            aws.names["eu-west-2"] = []
            await hidden.until(lambda: hidden.ids == {"vpc-1", "vpc-2"})


async def test_a_stream_ends_with_its_token_and_at_its_age(tmp_path: Path) -> None:
    """`deadline` comes within the jittered life, with a time to come back after."""
    async with (
        kept_live(tmp_path, limits={"stream_seconds": 1.0}) as (daemon, _),
        watching(daemon, **ALL) as client,
    ):
        await asyncio.wait_for(client.ended.wait(), 5)
        closing = client.events[-1]
        assert (closing.name, closing.data["reason"]) == ("closing", "deadline")
        assert 1000 <= closing.data["retry"] <= 5000
        assert client.whole


async def test_a_reload_within_the_grace_period_finds_everything_held(tmp_path: Path) -> None:
    """The last one gone, nothing is asked; the next one starts from what is held, at once."""
    async with kept_live(tmp_path) as (daemon, aws):
        async with watching(daemon, **ALL) as client:
            await client.marked()
        await asyncio.sleep(0.5)
        calls = len(aws.fake.made("DescribeVpcs"))
        await asyncio.sleep(1)
        assert len(aws.fake.made("DescribeVpcs")) == calls
        async with watching(daemon, **ALL) as client:
            await client.marked()
            assert client.ids == {"vpc-1", "vpc-2", "vpc-3"}
            aws.names["eu-west-2"] = ["vpc-4"]
            await client.until(lambda: "vpc-4" in client.ids)


async def test_what_nobody_watches_is_dropped(tmp_path: Path) -> None:
    """After the grace period nothing is held, and the metrics say so."""
    async with kept_live(tmp_path, watch={"grace_seconds": 0.2}) as (daemon, _):
        async with watching(daemon, **ALL) as client:
            await client.marked()
            assert await _metric(daemon, "proxyd_feed_bytes") > 0
        await asyncio.sleep(1)
        assert await _metric(daemon, "proxyd_feed_bytes") == 0
        assert await _metric(daemon, "proxyd_feeds") == 0


async def _metric(daemon: Daemon, name: str) -> float:
    _, text = await daemon.get("/metrics")
    (line,) = [row for row in text.decode().splitlines() if row.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])
