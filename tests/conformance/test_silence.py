"""What happens while nothing is found: a comment comes, and no client takes it for an event."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path

from tests.e2e.daemon import Daemon

from .clients import CLIENTS, Curl, Tools, curl
from .fronts import FRONTS, front
from .reading import Reading
from .streams import SILENT, stream
from .torture_plugin import SILENCE
from .truth import truth

BLANKS = {"fetch-event-source": 2, "httpx-sse": 1}
"""Their fault: a comment and a blank line are an empty message to them (to httpx-sse once it has
had an id). The first comment is the greeting, the second the keep-alive."""

IMPATIENT = "httpx-sse, impatient"
"""HTTPX gives up after 5 s without a byte where it is not told otherwise."""


def has_all(reading: Reading) -> bool:
    """Whether a client has the whole of a snapshot, or has ended."""
    return reading.over or reading.last == "scan.completed"


async def test_every_client_sits_through_silence(
    daemon: Daemon, tools: Tools, tmp_path: Path
) -> None:
    """A comment comes after 15 s at most, and every client has what came after it."""
    readings: dict[str, Reading] = {}
    async with AsyncExitStack() as open_, asyncio.TaskGroup() as group:
        for client in (*CLIENTS, IMPATIENT):
            opened = tools.reading(client, stream(daemon.url, SILENT), daemon.token)
            readings[client] = await open_.enter_async_context(opened)
        for name in FRONTS:
            before = await open_.enter_async_context(front(name, tmp_path / name, daemon.url))
            opened = curl(stream(before.url, SILENT), daemon.token, before.curl)
            readings[name] = await open_.enter_async_context(opened)
        for reading in readings.values():
            group.create_task(reading.until(has_all, SILENCE + 20))
    assert readings.pop(IMPATIENT).signs[-1] == {"sign": "failed", "code": "ReadTimeout"}
    for client, reading in readings.items():
        assert reading.held() == truth(SILENT), client
        assert reading.blanks == BLANKS.get(client, 0), client
        first, second = (event.at for event in reading.named("resource"))
        assert SILENCE - 1 < second - first < SILENCE + 2, client
    for client in ("curl", *FRONTS):
        raw = readings[client]
        assert isinstance(raw, Curl)
        assert raw.wire.comments == 2
        gaps = [after - before for before, after in itertools.pairwise(raw.arrivals)]
        assert max(gaps) < 15, client
