"""Streams that the HTML Standard allows and proxyd never sends, and what they mean.

A mark follows each case, so that what a client makes of one does not run into the next.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

from .reading import Reading

MARK = "shard"
Read = tuple[str, str, str]
"""The name, the id and the data of an event."""


class Case(NamedTuple):
    """Bytes, and the events that they are (HTML Standard, 9.2.6)."""

    sent: str
    meant: list[Read]


def _read(*events: tuple[str, str]) -> list[Read]:
    return [("resource", id_, data) for id_, data in events]


_LONG = "x" * 700_000
CASES = {
    "byte order mark": Case("\ufeffevent: resource\nid: 0\ndata: a\n\n", _read(("0", "a"))),
    "line separator": Case("event: resource\nid: 1\ndata: a\u2028b\n\n", _read(("1", "a\u2028b"))),
    "next line": Case("event: resource\nid: 2\ndata: a\u0085b\n\n", _read(("2", "a\u0085b"))),
    "vertical tab": Case("event: resource\nid: 3\ndata: a\vb\n\n", _read(("3", "a\vb"))),
    "leading spaces": Case("event: resource\nid: 4\ndata:   a\n\n", _read(("4", "  a"))),
    "no space": Case("event:resource\nid:5\ndata:a\n\n", _read(("5", "a"))),
    "two lines": Case("event: resource\nid: 6\ndata: a\ndata: b\n\n", _read(("6", "a\nb"))),
    "both ends": Case("event: resource\r\nid: 7\r\ndata: a\r\n\r\n", _read(("7", "a"))),
    # Blank lines for those who know no end of a line but LF; they mean nothing.
    "carriage returns": Case("event: resource\rid: 8\rdata: a\r\r\n\n", _read(("8", "a"))),
    "no id": Case(
        "event: resource\nid: 9\ndata: a\n\nevent: resource\ndata: b\n\n",
        _read(("9", "a"), ("9", "b")),
    ),
    "only an id": Case("id: 10\n\n", []),
    "only a comment": Case(": nothing\n\n", []),
    "only a comment's line": Case(": nothing\n", []),
    "only a time to wait": Case("retry: 1000\n\n", []),
    "only a name": Case("event: resource\n\n", []),
    "a long line": Case(f"event: resource\nid: 11\ndata: {_LONG}\n\n", _read(("11", _LONG))),
    "no end": Case("event: resource\nid: 12\ndata: a\n", []),
}
"""The first can only be the first of a stream, and the last only the last."""


def _stream(cases: Sequence[str]) -> bytes:
    parts = []
    for name in cases:
        parts.append(CASES[name].sent)
        if name != "no end":
            parts.append(f"event: {MARK}\nid: mark\ndata: {name}\n\n")
    return "".join(parts).encode()


def by_case(reading: Reading) -> dict[str, list[Read]]:
    """Part what a client has read by the marks; what comes after the last one has no end."""
    parted: dict[str, list[Read]] = {}
    since: list[Read] = []
    for event in reading.all:
        if event.name == MARK and event.data in CASES:
            parted[event.data], since = since, []
        else:
            since.append((event.name, event.id, event.data))
    return parted | {"no end": since}


@asynccontextmanager
async def served(*cases: str) -> AsyncGenerator[str, None]:
    """Serve the cases once, for the time of the block; who comes back is told to stop."""
    asked = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked > 1:
            return web.Response(status=204)
        return web.Response(body=_stream(cases), content_type="text/event-stream")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="a page of the same origin")

    app = web.Application()
    app.router.add_get("/v1/stream", answer)
    app.router.add_get("/healthz", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}/v1/stream".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()
