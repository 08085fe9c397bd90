"""Behind nginx and Caddy, as config/ has them: nothing is held up, changed, repeated or told."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.daemon import Daemon

from .clients import Curl, Tools, curl
from .conftest import tortured
from .cutting import relay
from .fronts import FRONTS, Front, front
from .streams import ENDLESS, MANY, SIZE, SLOW, TEXT, WAITING, stream
from .torture_plugin import GAP, HOW_SLOW
from .truth import truth

GONE = 2.0
"""Seconds within which proxyd has to know that a client has gone."""

VERSIONS = {"--http1.1": "HTTP/1.1 200", "--http2": "HTTP/2 200"}
MODES = ("snapshot", "watch")


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=FRONTS)
async def before(
    request: pytest.FixtureRequest, daemon: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Front, None]:
    """Run each of them before the daemon."""
    directory = tmp_path_factory.mktemp("front") / request.param
    async with front(request.param, directory, daemon.url) as running:
        yield running


@asynccontextmanager
async def asking(
    front: Front, daemon: Daemon, type_: str, *options: str, mode: str = "snapshot"
) -> AsyncGenerator[Curl, None]:
    """Ask through a front proxy with curl, and wait for the first resource."""
    url = stream(front.url, type_, mode=mode)
    async with curl(url, daemon.token, [*front.curl, *options]) as reading:
        await reading.until(lambda r: r.named("resource"))
        yield reading


@pytest.mark.parametrize("kind", ["text/event-stream", "application/x-ndjson"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_events_arrive_one_by_one(
    before: Front, daemon: Daemon, tmp_path: Path, version: str, kind: str
) -> None:
    """Each is there when it was found, uncompressed, by HTTP/1.1 and by HTTP/2."""
    head = tmp_path / "head"
    accepting = ["--header", "Accept-Encoding: gzip, br, zstd"]
    accepting += ["--header", f"Accept: {kind}"]
    options = [version, "--dump-header", str(head), *accepting]
    async with asking(before, daemon, SLOW, *options) as reading:
        assert len(reading.named("resource")) == 1
        await reading.ended()
    delays = [e.at - e.value["properties"]["At"] for e in reading.named("resource")]
    assert len(delays) == HOW_SLOW
    assert max(delays) < GAP
    assert reading.last == "scan.completed"
    assert reading.signs == [{"sign": "closed", "code": 0}]
    headers = head.read_text().lower()
    assert headers.startswith(VERSIONS[version].lower())
    assert f"content-type: {kind}" in headers
    assert "content-encoding" not in headers


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_bytes_are_not_changed(before: Front, daemon: Daemon, version: str) -> None:
    """Whatever hurts clients comes through as proxyd has sent it."""
    types = (TEXT, SIZE, MANY)
    url = stream(before.url, *types)
    async with curl(url, daemon.token, [*before.curl, version]) as reading:
        await reading.ended()
    reading.wire.finish()
    assert reading.held() == truth(*types)


@pytest.mark.parametrize("mode", MODES)
async def test_a_browser_speaks_http2(
    before: Front, daemon: Daemon, tools: Tools, mode: str
) -> None:
    """Chromium's EventSource has the truth by HTTP/2."""
    url = stream(before.url, TEXT, SIZE, mode=mode)
    async with tools.reading("chromium", url, daemon.token) as reading:
        await reading.until(lambda r: r.last == "scan.completed")
    assert reading.held() == truth(TEXT, SIZE)
    assert reading.protocols == ["h2"]


async def test_a_browser_has_more_than_six_streams(
    before: Front, daemon: Daemon, tools: Tools
) -> None:
    """By HTTP/2 ten tabs read at once, where HTTP/1.1 has six connections for all tabs."""
    url = stream(before.url, WAITING)
    async with AsyncExitStack() as tabs:
        for _ in range(10):
            reading = await tabs.enter_async_context(tools.reading("chromium", url, daemon.token))
            await reading.until(lambda r: r.last == "resource", 10)


GOING = pytest.mark.parametrize(
    ("type_", "mode"), [(ENDLESS, "snapshot"), (WAITING, "snapshot"), (TEXT, "watch")]
)


@GOING
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_client_that_goes_ends_the_scan(
    before: Front, daemon: Daemon, version: str, type_: str, mode: str
) -> None:
    """It is told to proxyd within 2 s, whether or not there is something to be sent."""
    async with asking(before, daemon, type_, version, mode=mode):
        number = await _opened(daemon)
    await _is_over(daemon, number)


@GOING
async def test_a_tab_that_is_closed_ends_the_scan(
    before: Front, daemon: Daemon, tools: Tools, type_: str, mode: str
) -> None:
    """So it is with a browser's tab."""
    url = stream(before.url, type_, mode=mode)
    async with tools.reading("chromium", url, daemon.token) as reading:
        await reading.until(lambda r: r.events)
        number = await _opened(daemon)
    await _is_over(daemon, number)


async def _opened(daemon: Daemon) -> str:
    """Return the number of the one stream that is open."""
    async with asyncio.timeout(10):
        while True:
            ended = {r["stream"] for r in daemon.audit if r["event"] == "scan.ended"}
            is_open = {r["stream"] for r in daemon.audit} - ended
            if len(is_open) == 1:
                number: str = is_open.pop()
                return number
            await asyncio.sleep(0.02)


async def _is_over(daemon: Daemon, number: str) -> None:
    async with asyncio.timeout(GONE):
        while True:
            records = [r for r in daemon.audit if r["stream"] == number]
            if len(records) > 1:
                break
            await asyncio.sleep(0.02)
    assert records[1]["outcome"] == "disconnected"


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("mode", MODES)
async def test_the_end_of_proxyd_reaches_the_client(tmp_path: Path, name: str, mode: str) -> None:
    """When it is told to stop, its last event arrives, and the answer is whole."""
    async with (
        tortured(tmp_path) as daemon,
        front(name, tmp_path / name, daemon.url) as before,
        asking(before, daemon, WAITING, "--compressed", mode=mode) as reading,
    ):
        daemon.process.send_signal(signal.SIGTERM)
        await reading.ended(5)
        assert await daemon.stopped() == 0
    assert reading.last == "closing"
    assert reading.events[-1].value["reason"] == "shutdown"
    assert reading.signs == [{"sign": "closed", "code": 0}]


BREAKS = {("nginx", "--http1.1"): 18, ("nginx", "--http2"): 92}
"""curl's codes for a partial answer. Caddy's fault: to it, what broke off is a whole answer."""


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_break_is_not_an_end(
    daemon: Daemon, tmp_path: Path, name: str, version: str
) -> None:
    """Where proxyd breaks off, the answer does too; behind Caddy only the last event tells."""
    async with (
        relay(daemon.url, cut_after=100_000) as cutting,
        front(name, tmp_path / name, cutting.url) as before,
        curl(stream(before.url, MANY), daemon.token, [*before.curl, version]) as reading,
    ):
        await reading.ended(5)
    assert reading.signs == [{"sign": "closed", "code": BREAKS.get((name, version), 0)}]
    assert reading.last == "resource"


async def test_only_what_has_changed_comes_by_post(
    before: Front, daemon: Daemon, tmp_path: Path
) -> None:
    """A POST of what a client holds, some hundred kilobytes, is answered with the rest."""
    types = (TEXT, MANY)
    known = {arn: row["hash"] for arn, row in truth(*types).items()}
    missing = list(known)[::1000]
    for arn in missing:
        del known[arn]
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"target": "torture", "type": types, "known": known}))
    options = [*before.curl, "--data-binary", f"@{body}"]
    async with curl(f"{before.url}/v1/stream", daemon.token, options) as reading:
        await reading.ended()
    assert sorted(reading.held()) == sorted(missing)
    assert reading.last == "scan.completed"
