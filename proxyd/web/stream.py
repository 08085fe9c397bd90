"""`/v1/stream`: a running stream's events, out of one socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from proxyd.errors import Problem
from proxyd.model import Principal
from proxyd.plan import Query
from proxyd.service import Service
from proxyd.sse import FRAMERS, Framer, Ids, NdJson, Sse
from proxyd.stream import Stream
from proxyd.web import query as parameters

SILENCE = 14.0
"""Seconds of silence after which a keep-alive is sent; the contract says 15 at most."""

GONE = 30_000
"""Milliseconds after which the kernel gives up on a client that acknowledges nothing."""

_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
_ANY = ("*/*", "text/*", Sse.content_type)


def handler(service: Service) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make the handler of GET, HEAD and POST."""

    async def stream(request: web.Request) -> web.StreamResponse:
        principal = service.authenticate(request.headers.get("Authorization"))
        content_type = negotiate(request.headers.get("Accept"))
        query = await parameters.read(request)
        if request.method == "HEAD":
            return web.Response(content_type=content_type, headers=_HEADERS)
        if service.is_finished(principal, query.last_event_id):
            return web.Response(status=204, headers=_HEADERS)
        return await _stream(service, principal, query, request, content_type)

    return stream


def negotiate(accept: str | None) -> str:
    """Choose the format by the Accept header.

    Raises:
        Problem: 406, it names nothing that there is.

    """
    wanted = [part.partition(";")[0].strip().casefold() for part in (accept or "*/*").split(",")]
    if NdJson.content_type in wanted:
        return NdJson.content_type
    if any(part in _ANY for part in wanted):
        return Sse.content_type
    raise Problem(406, "not_acceptable", f"there is {' and '.join(FRAMERS)}")


async def _stream(
    service: Service, principal: Principal, query: Query, request: web.Request, content_type: str
) -> web.StreamResponse:
    ids = Ids()
    framer = FRAMERS[content_type](ids)
    async with service.open(principal, query, request.remote or "unix") as stream:
        response = web.StreamResponse(headers={"Content-Type": content_type, **_HEADERS})
        writer = await response.prepare(request)
        assert writer is not None
        writer.send_headers()
        _notice_when_gone(request)
        try:
            await _pump(service, stream, framer, response)
        except TimeoutError:
            stream.outcome = "slow"
            if request.transport is not None:
                request.transport.abort()
            return response
        if stream.outcome == "completed":
            service.finished(principal, ids.last)
    await response.write_eof()
    return response


async def _pump(
    service: Service, stream: Stream, framer: Framer, response: web.StreamResponse
) -> None:
    """Write events as they come; where the socket is full, wait, and with it the scan."""
    if framer.greeting:
        await response.write(framer.greeting)
    while (batch := await stream.next(SILENCE)) is not None:
        data = b"".join(map(framer, batch)) or framer.keep_alive
        async with asyncio.timeout(service.limits.write_seconds):
            await response.write(data)
        service.metrics.events.inc(len(batch))
        service.metrics.sent.inc(len(data))


def _notice_when_gone(request: web.Request) -> None:
    """Have the kernel drop a connection whose other end has vanished without a word."""
    transport = request.transport
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE)
