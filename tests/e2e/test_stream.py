"""A stream over two accounts, against an emulator that enforces trust and policies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from proxyd.demo.emulated import TYPES

from .conftest import TARGETS, Estate, scanners
from .daemon import Daemon, named, running, settings

INVENTED_BY_THE_EMULATOR = [
    ("AWS::EKS::Cluster", "in", "AWS::EC2::VPC"),
    ("AWS::EKS::Cluster", "uses", "AWS::EC2::SecurityGroup"),
    ("AWS::EKS::Nodegroup", "uses", "AWS::AutoScaling::AutoScalingGroup"),
    ("AWS::EKS::Nodegroup", "uses", "AWS::EC2::SecurityGroup"),
]
"""Its EKS clusters and groups of nodes name what it does not make."""


async def test_everything_that_boto3_lists_and_nothing_else(daemon: Daemon, estate: Estate) -> None:
    """A stream over both accounts holds every resource that boto3 lists there and no other."""
    events = await daemon.scan(target=["production", "staging"])
    for target in TARGETS:
        listed = estate.account(target["account"]).arns(["global", *target["regions"]])
        streamed: dict[str, set[str]] = {}
        for resource in named(events, "resource"):
            if resource["account"] == target["account"]:
                streamed.setdefault(resource["type"], set()).add(resource["arn"])
        for name, there in listed.items():
            assert streamed.get(name, set()) == there, name
            assert there, f"the estate has no {name}"
    arns = Counter(resource["arn"] for resource in named(events, "resource"))
    assert arns.most_common(1)[0][1] == 1
    assert all(done["complete"] for done in named(events, "scan.completed"))


async def test_the_order_of_events(daemon: Daemon) -> None:
    """Every target starts before anything of it and ends after all of it, with right sums."""
    events = await daemon.scan(target=["production", "staging"])
    accounts = {target["name"]: target["account"] for target in TARGETS}
    for name, account in accounts.items():
        mine = [
            event
            for event in events
            if event.data.get("target") == name or event.data.get("account") == account
        ]
        assert [mine[0].name, mine[-1].name] == ["scan.started", "scan.completed"]
        shards = named(mine, "shard")
        assert mine[0].data["shards"] == len(shards)
        assert mine[-1].data["shards"] == {"ok": len(shards)}
        assert mine[-1].data["resources"] == len(named(mine, "resource"))
        assert mine[-1].data["resources"] == sum(shard["resources"] for shard in shards)
    assert events[-1].name == "scan.completed"
    sequence = [int(event.id.partition("-")[2]) for event in events]
    assert sequence == list(range(1, len(events) + 1))
    assert len({event.id.partition("-")[0] for event in events}) == 1


async def test_links_lead_to_resources_of_the_stream(daemon: Daemon) -> None:
    """A link inside the account names something that the same stream holds."""
    events = await daemon.scan(target=["production"])
    resources = named(events, "resource")
    known = {r["arn"] for r in resources} | {(r["type"], r["id"]) for r in resources}
    types = {r["type"] for r in resources}
    dangling = Counter(
        (r["type"], link["rel"], link["type"])
        for r in resources
        for link in r["links"]
        if link["type"] in types
        and link.get("arn") not in known
        and (link["type"], link.get("id")) not in known
    )
    total = sum(len(r["links"]) for r in resources)
    for link in INVENTED_BY_THE_EMULATOR:
        dangling.pop(link, None)
    assert total > len(resources) / 2
    assert not dangling


async def test_a_hash_is_the_same_in_the_next_scan(daemon: Daemon) -> None:
    """What has not changed has the hash that it had."""
    first, second = [
        {r["arn"]: r["hash"] for r in named(await daemon.scan(target=["staging"]), "resource")}
        for _ in range(2)
    ]
    assert first == second


async def test_types_regions_and_where_narrow_the_stream(daemon: Daemon) -> None:
    """Globs for types and regions, and a filter, narrow what is asked and what is sent."""
    events = await daemon.scan(
        target=["production"],
        type=["AWS::EC2::*"],
        region=["eu-*"],
        where="type=AWS::EC2::Instance and not state=stopped",
    )
    (started,) = named(events, "scan.started")
    assert started["regions"] == ["eu-west-1"]
    assert all(name.startswith("AWS::EC2::") for name in started["types"])
    resources = named(events, "resource")
    assert resources
    assert {r["type"] for r in resources} == {"AWS::EC2::Instance"}
    assert "stopped" not in {r["properties"]["State"] for r in resources}


async def test_list_detail_spares_the_calls_per_resource(daemon: Daemon) -> None:
    """`detail=list` finds the same buckets with fewer calls."""
    full, quick = [
        await daemon.scan(target=["production"], type=["AWS::S3::Bucket"], detail=detail)
        for detail in ("full", "list")
    ]
    arns = [{r["arn"] for r in named(events, "resource")} for events in (full, quick)]
    assert arns[0] == arns[1]
    calls = [named(events, "scan.completed")[0]["calls"] for events in (full, quick)]
    assert calls[1] < calls[0]


async def test_ndjson_is_the_same_stream_a_line_each(daemon: Daemon) -> None:
    """`Accept: application/x-ndjson` gives an object a line, from a GET as from a POST."""
    path = "/v1/stream?target=staging&type=AWS::EC2::VPC&region=eu-west-1"
    async with daemon.request("GET", path, headers={"Accept": "application/x-ndjson"}) as response:
        assert response.content_type == "application/x-ndjson"
        lines = [json.loads(line) for line in (await response.read()).splitlines()]
    assert [line["event"] for line in lines[:1]] == ["scan.started"]
    assert lines[-1]["event"] == "scan.completed"
    assert all(set(line) == {"event", "id", "data"} for line in lines)


async def test_the_bytes_of_a_stream(daemon: Daemon) -> None:
    """The response is as the contract has it: headers, LF, ASCII, one line of data each."""
    async with daemon.request("GET", "/v1/stream?target=staging&region=eu-west-1") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store, no-transform"
        assert response.headers["X-Accel-Buffering"] == "no"
        body = await response.read()
    assert body.isascii()
    assert b"\r" not in body
    for block in body.strip(b"\n").split(b"\n\n"):
        if not block.startswith(b":"):
            names = [line.partition(b": ")[0] for line in block.split(b"\n")]
            assert names == [b"event", b"id", b"data"]


async def test_coming_back_to_a_finished_snapshot(daemon: Daemon) -> None:
    """The last event id of a complete snapshot answers 204; any other starts again, with reset."""
    path = "/v1/stream?target=staging&type=AWS::EC2::VPC"
    events = await daemon.scan(target=["staging"], type=["AWS::EC2::VPC"])
    status, body = await daemon.get(path, headers={"Last-Event-ID": events[-1].id})
    assert (status, body) == (204, b"")
    again = await daemon.scan(
        target=["staging"], type=["AWS::EC2::VPC"], last_event_id=events[0].id
    )
    assert [event.name for event in again[:2]] == ["reset", "scan.started"]
    assert again[-1].name == "scan.completed"


async def test_the_audit_trail_of_a_stream(daemon: Daemon) -> None:
    """Two records, one before the role is assumed and one at the end, with counts and AWS's ids."""
    events = await daemon.scan(target=["staging"], type=["AWS::EC2::VPC"])
    (done,) = named(events, "scan.completed")
    started, ended = await daemon.trail(done["scan"])
    assert [started["event"], ended["event"]] == ["scan.started", "scan.ended"]
    assert started["principal"] == "tester"
    assert started["scan"] == done["scan"]
    assert ended["outcome"] == "completed"
    assert ended["resources"] == done["resources"]
    assert ended["calls"] == done["calls"]
    assert ended["aws_request_ids"]


async def test_targets_and_scanners_tell_what_may_be_asked(daemon: Daemon) -> None:
    """`/v1/targets` and `/v1/scanners` list what this principal may see and what is installed."""
    _, body = await daemon.get("/v1/targets")
    targets = {target["name"]: target for target in json.loads(body)["targets"]}
    assert set(targets) == {"production", "staging"}
    assert targets["staging"]["account"] == "333333333333"
    assert targets["staging"]["regions"] == ["global", "eu-central-1", "eu-west-1"]
    _, body = await daemon.get("/v1/scanners")
    listed = {row["type"]: row for row in json.loads(body)["scanners"]}
    assert set(listed) == set(scanners())
    assert listed["AWS::S3::Bucket"]["actions"] == [
        "s3:GetBucketPublicAccessBlock", "s3:ListAllMyBuckets", "tag:GetResources",
    ]  # fmt: skip
    assert set(listed["AWS::EC2::VPC"]) == {
        "type", "service", "scope", "plugin", "actions", "fields", "links", "cost",
    }  # fmt: skip


async def test_every_event_is_what_its_schema_says(daemon: Daemon) -> None:
    """`/v1/schema` describes the data of every event of a whole stream."""
    _, body = await daemon.get("/v1/schema", token="none")
    schema = json.loads(body)
    validator = jsonschema.Draft202012Validator(schema)
    for event in await daemon.scan(target=["staging"]):
        validator.validate({event.name: event.data})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"resource": {"arn": 1}})


async def test_health_readiness_and_metrics(daemon: Daemon) -> None:
    """The three answer without a token, and the metrics hold no name of a principal or target."""
    for path in ("/healthz", "/readyz"):
        status, _ = await daemon.get(path, token="none")
        assert status == 200
    status, body = await daemon.get("/metrics", token="none")
    assert status == 200
    assert b"proxyd_aws_calls_total" in body
    assert b"tester" not in body
    assert b"production" not in body


async def test_one_refused_target_leaves_the_others(estate: Estate, tmp_path: Path) -> None:
    """Where one of two roles can not be assumed, the stream tells so and serves the other."""
    wrong = {**estate.targets[1], "external_id": "not-the-one"}
    config = settings([estate.targets[0], wrong], estate.endpoint)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        events = await daemon.scan(target=["production", "staging"], type=["AWS::EC2::VPC"])
    done = {event["target"]: event for event in named(events, "scan.completed")}
    assert done["production"]["complete"]
    assert not done["staging"]["complete"]
    assert done["staging"]["shards"] == {"denied": 2}
    assert {gap["action"] for gap in done["staging"]["gaps"]} == {"sts:AssumeRole"}


async def test_the_emulator_has_the_types_that_are_scanned_there(
    estate: Estate, tmp_path: Path
) -> None:
    """Of all types, those that it answers for are those of the demo and of these tests."""
    everything = [{**target, "types": ["*"]} for target in estate.targets[:1]]
    # One process answers for two thousand hosts: give it time.
    aws, limits = {"connect_timeout": 30.0, "read_timeout": 30.0}, {"shards_at_once": 8}
    config = settings(everything, estate.endpoint, aws=aws, limits=limits)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        shards = named(await daemon.scan(target=["production"]), "shard")
    failed = {shard["type"]: shard for shard in shards if shard["status"] != "ok"}
    assert {type_: failed[type_] for type_ in TYPES if type_ in failed} == {}
    assert {shard["type"] for shard in shards} - set(failed) == set(TYPES)
