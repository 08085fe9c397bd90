"""The log and the metrics of a real daemon: one line for each request, and numbers for the rest."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from .daemon import Daemon, running, settings
from .fake_aws import Call, error
from .test_watch import ALL, KEYS, TARGET, kept_live
from .watcher import watching


def requests(daemon: Daemon) -> list[dict[str, Any]]:
    """Return the lines of requests, without what differs each time."""
    lines = [json.loads(line) for line in daemon.err]
    return [
        {k: v for k, v in line.items() if k not in {"event", "level", "timestamp", "ms", "stream"}}
        for line in lines
        if line["event"] == "request"
    ]


async def test_one_line_for_each_request(tmp_path: Path) -> None:
    """A snapshot, a watch, a refusal, a document: one line each; none for strangers and checks."""
    async with kept_live(tmp_path) as (daemon, _):
        await daemon.scan(**ALL)
        async with watching(daemon, **ALL) as client:
            await client.marked()
        await daemon.over()
        await daemon.problem("/v1/stream?target=nothing")
        await daemon.get("/v1/targets")
        await daemon.problem("/v1/targets", token="wrong")
        for path in ("/healthz", "/readyz", "/metrics", "/nothing", "/"):
            await daemon.get(path, token="")
    stream = {"method": "POST", "route": "/v1/stream", "status": 200}
    assert requests(daemon) == [
        {**stream, "mode": "snapshot", "outcome": "completed"},
        {**stream, "mode": "watch", "outcome": "disconnected"},
        {"method": "GET", "route": "/v1/stream", "status": 404, "code": "no_such_target"},
        {"method": "GET", "route": "/v1/targets", "status": 200},
    ]
    lines = [json.loads(line) for line in daemon.err if '"outcome"' in line]
    trail = {record["stream"] for record in daemon.audit}
    assert {line["stream"] for line in lines} == trail


async def test_the_log_is_told_to_say_more(tmp_path: Path) -> None:
    """With --verbose there is a line for strangers and health checks as well; never for what."""
    config = settings([TARGET], "http://127.0.0.1:9")
    async with running(config, tmp_path, environment=KEYS, arguments=("--verbose",)) as daemon:
        await daemon.get("/healthz", token="")
        await daemon.get("/somewhere/secret?key=secret", token="secret")
    assert requests(daemon) == [
        {"method": "GET", "route": "/healthz", "status": 200},
        {"method": "GET", "route": "-", "status": 404, "code": "no_such_route"},
    ]
    assert "secret" not in "".join(daemon.err)


async def test_what_the_metrics_count(tmp_path: Path) -> None:
    """Streams, events, bytes, shards, calls, throttles, the sandbox and the sinks."""
    async with kept_live(tmp_path) as (daemon, aws):

        async def throttle(call: Call) -> Any:
            del call
            return error("RequestLimitExceeded", status=503)

        await daemon.scan(**ALL)
        aws.fake.answers["DescribeVpcs"] = throttle
        await daemon.scan(**ALL)
        async with watching(daemon, **ALL):
            await asyncio.sleep(0.2)
            _, body = await daemon.get("/metrics", token="")
    numbers = dict(re.findall(r"^(proxyd_\S+) (\S+)$", body.decode(), re.MULTILINE))
    assert numbers['proxyd_streams_total{outcome="completed"}'] == "2.0"
    assert numbers["proxyd_streams_open"] == "1.0"
    assert float(numbers["proxyd_aws_throttles_total"]) >= 2
    assert float(numbers['proxyd_shards_total{status="throttled"}']) >= 2
    assert float(numbers["proxyd_events_total"]) > 5
    assert float(numbers["proxyd_bytes_total"]) > 500
    assert numbers["proxyd_backlog_bytes"] == "0.0"
    assert numbers['proxyd_sandbox_layers{state="missing"}'] == "0.0"
    assert float(numbers['proxyd_sandbox_layers{state="held"}']) == 9
    assert numbers["proxyd_audit_sinks_failed"] == "0.0"
    assert numbers["proxyd_first_resource_seconds_count"] == "1.0"
