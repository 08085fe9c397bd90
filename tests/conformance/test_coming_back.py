"""Clients that come back by themselves: after a break to the same truth, after the end no more."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.daemon import Daemon

from .clients import Tools
from .cutting import relay
from .streams import SIZE, TEXT, stream
from .truth import truth

CUT_AFTER = 650_000
"""Bytes: in the middle of the third large event, wherever the small ones come."""

RIGHT = ("chromium", "eventsource")
FETCHING = "fetch-event-source, coming back"
TAKES_HALF = {FETCHING: 1}
"""Its fault: it takes an id for had as soon as it sees one, though the event may never come whole.
To resume from there would leave that event out."""


@pytest.mark.parametrize("client", [*RIGHT, FETCHING])
async def test_after_a_break_it_ends_up_with_the_truth(
    daemon: Daemon, tools: Tools, client: str
) -> None:
    """It names the last event that it had; what it holds in the end is what there is."""
    async with relay(daemon.url, CUT_AFTER) as cutting:
        url = stream(cutting.url, TEXT, SIZE)
        async with tools.reading(client, url, daemon.token) as reading:
            await reading.until(lambda r: r.last == "scan.completed")
    assert reading.held() == truth(TEXT, SIZE)
    reset = reading.names().index("reset")
    assert 0 < reset < len(reading.events) - 1
    epoch, number = reading.events[reset - 1].id.split("-")
    named = f"{epoch}-{int(number) + TAKES_HALF.get(client, 0)}"
    assert cutting.last_event_ids[:2] == [None, named]


@pytest.mark.parametrize("client", RIGHT)
async def test_it_stops_at_204(daemon: Daemon, tools: Tools, client: str) -> None:
    """It comes back to a finished snapshot once, is answered 204 and closes for good."""
    async with (
        relay(daemon.url) as watching,
        tools.reading(client, stream(watching.url, TEXT), daemon.token) as reading,
    ):
        await reading.ended()
        await asyncio.sleep(1)
    assert reading.held() == truth(TEXT)
    assert watching.last_event_ids == [None, reading.events[-1].id]
    assert watching.statuses[-2:] == [200, 204]
    assert [sign["sign"] for sign in reading.signs] == ["open", "error", "closed"]


async def test_fetch_event_source_does_not_stop_at_204(daemon: Daemon, tools: Tools) -> None:
    """Its fault: told to come back where a stream ends, it asks on and on, whatever it is told."""
    async with relay(daemon.url) as watching:
        url = stream(watching.url, TEXT)
        async with tools.reading(FETCHING, url, daemon.token) as reading:
            await reading.until(lambda _: watching.statuses.count(204) >= 3)
    assert reading.held() == truth(TEXT)
    assert set(watching.last_event_ids[1:]) == {reading.events[-1].id}


async def test_aiohttp_sse_client_fails_at_204(daemon: Daemon, tools: Tools) -> None:
    """Its fault: it comes back after 10 s, and what tells it to stop is an error to it."""
    async with tools.reading("aiohttp-sse-client", stream(daemon.url, TEXT), daemon.token) as it:
        await it.ended()
    assert it.held() == truth(TEXT)
    assert it.signs[-1] == {"sign": "failed", "code": "ConnectionAbortedError"}


BROKEN = {
    "curl": {"sign": "closed", "code": 18},
    "eventsource-parser": {"sign": "failed", "code": "TypeError"},
    "fetch-event-source": None,
    "httpx-sse": {"sign": "failed", "code": "RemoteProtocolError"},
    "sseclient-py": {"sign": "failed", "code": "ChunkedEncodingError"},
    "aiosseclient": {"sign": "failed", "code": "ClientPayloadError"},
    "aiohttp-sse-client": {"sign": "failed", "code": "ClientPayloadError"},
}


@pytest.mark.parametrize("client", [client for client, sign in BROKEN.items() if sign])
async def test_a_break_is_told_from_an_end(daemon: Daemon, tools: Tools, client: str) -> None:
    """Who does not come back fails where the connection breaks, and has no last event."""
    async with relay(daemon.url, CUT_AFTER) as cutting:
        url = stream(cutting.url, TEXT, SIZE)
        async with tools.reading(client, url, daemon.token) as reading:
            await reading.ended()
    assert reading.signs[-1] == BROKEN[client]
    assert reading.events
    assert reading.events[-1].name != "scan.completed"
