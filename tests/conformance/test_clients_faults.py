"""What each client makes of legal streams that proxyd never sends: the reason why it does not.

proxyd works around no client; but what it sends is plain enough for all of these. A fault that
is mended in a new version fails here, and its line goes.
"""

from __future__ import annotations

import pytest

from .clients import CLIENTS, Tools
from .legal import CASES, Read, by_case, served

LONG = "a long line"
FAULTS: dict[str, dict[str, list[Read]]] = {
    "chromium": {},
    "eventsource": {"no id": [("resource", "9", "a"), ("resource", "", "b")]},
    "eventsource-parser": {"no id": [("resource", "9", "a"), ("resource", "", "b")]},
    "fetch-event-source": {
        "carriage returns": [("resource", "8", "a"), ("message", "", "")],
        "no id": [("resource", "9", "a"), ("resource", "", "b")],
        "only an id": [("message", "10", "")],
        "only a comment": [("message", "", "")],
        "only a time to wait": [("message", "", "")],
        "only a name": [("resource", "", "")],
    },
    "httpx-sse": {
        "byte order mark": [("message", "0", "a")],
        "carriage returns": [("resource", "8", "a"), ("message", "8", "")],
        "only an id": [("message", "10", "")],
        "only a comment": [("message", "mark", "")],
        "only a time to wait": [("message", "mark", "")],
        "only a name": [("resource", "mark", "")],
    },
    "sseclient-py": {
        "byte order mark": [("message", "0", "a")],
        "no id": [("resource", "9", "a"), ("resource", "", "b")],
        "no end": [("resource", "12", "a")],
    },
    "aiosseclient": {
        "byte order mark": [("message", "0", "a")],
        "line separator": [("resource", "1", "a")],
        "next line": [("resource", "2", "a")],
        "vertical tab": [("resource", "3", "a")],
        "no id": [("resource", "9", "a"), ("resource", "", "b")],
        "only an id": [("message", "10", "")],
        "only a time to wait": [("message", "", "")],
        "only a name": [("resource", "", "")],
    },
    "aiohttp-sse-client": {
        "byte order mark": [("message", "0", "a")],
        "leading spaces": [("resource", "4", "a")],
        "carriage returns": [],
    },
}
"""By client and case, what it makes of it instead of what it means."""


async def read(tools: Tools, client: str, *cases: str) -> dict[str, list[Read]]:
    """Have a client read the cases to the end, or until it fails."""
    async with served(*cases) as url, tools.reading(client, url) as reading:
        await reading.until(lambda r: r.over or r.last_sign in {"closed", "error", "failed"})
        return by_case(reading)


@pytest.mark.parametrize("client", FAULTS)
async def test_its_faults_are_the_known_ones(tools: Tools, client: str) -> None:
    """Everything legal is read as it is meant, but for the faults that are listed."""
    cases = [name for name in CASES if name != LONG]
    meant = {name: CASES[name].meant for name in cases}
    assert await read(tools, client, *cases) == meant | FAULTS[client]
    assert all(CASES[name].meant != fault for name, fault in FAULTS[client].items())


@pytest.mark.parametrize("client", FAULTS)
async def test_a_long_line_is_too_long_for_some(tools: Tools, client: str) -> None:
    """A line of 700 kB ends the stream for the clients that read line by line with aiohttp."""
    found = await read(tools, client, LONG)
    assert (LONG in found) == (not client.startswith("aio"))
    assert found.get(LONG, CASES[LONG].meant) == CASES[LONG].meant


def test_no_client_is_left_out() -> None:
    """Each client but curl, which reads bytes, has its faults listed."""
    assert {"curl", *FAULTS} == set(CLIENTS)
