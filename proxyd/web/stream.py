"""`/v1/stream`: a running stream's events, out of one socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import HttpVersion11, web

from proxyd.admission import Caller
from proxyd.errors import Problem
from proxyd.plan import Query
from proxyd.service import Service
from proxyd.sse import FORMATS, NDJSON, SSE, Format, Framer
from proxyd.stream import Stream
from proxyd.streams import Opened
from proxyd.web import callers, requests
from proxyd.web import query as parameters
from proxyd.web.connection import take_over
from proxyd.web.protocol import Protocol
from proxyd.wire import Wire

SILENCE = 14.0
"""Seconds of silence after which a keep-alive is sent; the contract says 15 at most."""

GONE = 14_000
"""Milliseconds after which the kernel gives up on a client that acknowledges nothing.

With the keep-alive before it that is under 30 s for one that has vanished without a word.
"""

KERNEL_BUFFER = 128 * 1024
"""Bytes that the kernel may hold for one reader; it doubles the figure for its own needs."""

STREAM_ID = "Proxyd-Stream"
"""The header with the id by which a stream is listed and ended at /v1/streams."""

_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
_ANY = ("*/*", "text/*", SSE.content_type)


def handler(service: Service) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make the handler of GET, HEAD and POST."""

    async def stream(request: web.Request) -> web.StreamResponse:
        caller = await callers.admit(service, request, strict=True)
        principal = caller.principal
        written = negotiate(request.headers.get("Accept"))
        query = await parameters.read(request)
        finished = service.opening.preview(principal, query)
        if request.method == "HEAD":
            return web.Response(content_type=written.content_type, headers=_HEADERS)
        if finished:
            return web.Response(status=204, headers=_HEADERS)
        if query.mode == "watch":
            return await _watch(service, caller, query, request, written)
        return await _stream(service, caller, query, request, written)

    return stream


def negotiate(accept: str | None) -> Format:
    """Choose the format by the Accept header: the first of those with the highest `q`.

    Raises:
        Problem: 406, it names nothing that there is.

    """
    ranked = sorted(map(_ranked, (accept or "*/*").split(",")), key=lambda pair: -pair[0])
    for quality, kind in ranked:
        if quality > 0 and kind in _ANY:
            return SSE
        if quality > 0 and kind == NDJSON.content_type:
            return NDJSON
    raise Problem(406, "not_acceptable", f"there is {' and '.join(FORMATS)}")


def _ranked(part: str) -> tuple[float, str]:
    kind, *parameters = (piece.strip().casefold() for piece in part.split(";"))
    quality = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
    try:
        return float(quality), kind
    except ValueError:
        return 0.0, kind


async def _stream(
    service: Service, caller: Caller, query: Query, request: web.Request, written: Format
) -> web.StreamResponse:
    framer = Framer(written)
    async with service.opening.snapshot(caller, query, framer) as (opened, stream):
        _tell(request, opened)
        headers = {"Content-Type": written.content_type, STREAM_ID: opened.id, **_HEADERS}
        response = web.StreamResponse(headers=headers)
        writer = await response.prepare(request)
        assert writer is not None
        writer.send_headers()
        _bound(request)
        try:
            await _pump(service, stream, written, response)
            await response.write_eof()
        except TimeoutError:
            stream.outcome = "slow"
            if request.transport is not None:
                request.transport.abort()
            return response
    if stream.outcome == "completed":
        service.opening.finished(caller.principal, query, framer.last)
    return response


async def _watch(
    service: Service, caller: Caller, query: Query, request: web.Request, written: Format
) -> web.StreamResponse:
    chunked = request.version >= HttpVersion11
    wire = Wire(written, chunked, takes_gzip(request.headers.get("Accept-Encoding", "")))
    opened, watching = await service.opening.watch(caller, query, wire)
    _tell(request, opened)
    try:
        headers = {"Content-Type": written.content_type, STREAM_ID: opened.id, **_HEADERS}
        headers["Vary"] = "Accept-Encoding"
        if wire.gzip:
            headers["Content-Encoding"] = "gzip"
        response = web.StreamResponse(headers=headers)
        response.force_close()
        writer = await response.prepare(request)
        if writer is None or request.transport is None:
            raise ConnectionResetError  # noqa: TRY301 - the client has gone; aiohttp passes over it
        writer.send_headers()
        request.transport.write(wire.opening())
        _bound(request)
        await watching.join()
        take_over(cast("Protocol", request.protocol), watching)
    except BaseException:
        watching.close()
        raise
    await asyncio.sleep(0)  # it ends here: the connection is no longer aiohttp's
    raise AssertionError


def _tell(request: web.Request, opened: Opened) -> None:
    """Have the request's line of the log written when its stream ends."""
    line = requests.opens(request, opened.id, opened.query.mode)

    def over(outcome: str) -> None:
        line.add(outcome=outcome)
        line.write(known=True)

    opened.over = over


def takes_gzip(accept: str) -> bool:
    """Whether an Accept-Encoding names gzip and does not refuse it."""
    return any(kind == "gzip" and quality > 0 for quality, kind in map(_ranked, accept.split(",")))


async def _pump(
    service: Service, stream: Stream, written: Format, response: web.StreamResponse
) -> None:
    """Write events as they come; where the socket is full, wait, and with it the scan.

    Raises:
        TimeoutError: the socket took nothing for too long.

    """
    if written.greeting:
        await response.write(written.greeting)
    while (taken := await stream.take(SILENCE)) is not None:
        data, events = taken
        async with asyncio.timeout(service.limits.write_seconds):
            await response.write(data or written.keep_alive)
        service.metrics.events.inc(events)
        service.metrics.sent.inc(len(data))


def _bound(request: web.Request) -> None:
    """Have the kernel drop a connection whose other end has vanished, and hold little for it."""
    transport = request.transport
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE)
        # Left to itself the kernel takes megabytes for a reader that does not read.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
