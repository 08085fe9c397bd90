"""One connection: what aiohttp leaves open is bounded here, and what it repeats is not said.

aiohttp has no deadline for headers and none for a reader that does not read; and its own answer
and log of a request that it can not parse repeat the request, the Authorization header included.
This leans on aiohttp's inside: tests/unit/test_internals.py fails when that changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import hdrs, http_exceptions, web
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from proxyd.errors import Problem
from proxyd.logs import get_logger
from proxyd.web import problems
from proxyd.web.connections import Connections

log = get_logger(__name__)

_Handler = Callable[[Any], Awaitable[web.StreamResponse]]

MAX_LINE = 8190
"""Bytes of the request line; a longer list of parameters goes into a POST."""

HEADER_SECONDS = 9.0
"""Seconds from the first byte of a request, or from the connection, to the end of its headers."""

SLACK_SECONDS = 5.0
"""Seconds that a stream has to say that its reader is too slow, before the connection does."""


class Terms:
    """What all connections are bound by.

    Attributes:
        connections: how many there are.
        write_seconds: for which a reader may take nothing.

    """

    def __init__(self, connections: Connections, write_seconds: float) -> None:
        self.connections = connections
        self.write_seconds = write_seconds


class Protocol(RequestHandler):
    """One connection."""

    def __init__(self, manager: web.Server, terms: Terms, **options: Any) -> None:
        super().__init__(manager, **options)
        self._terms = terms
        self._counted = False
        self._began = self._broken = False
        self._body: StreamReader | None = None
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or say why not; then aiohttp never hears of it."""
        out = cast("asyncio.Transport", transport)
        problem = self._terms.connections.opened(_peer(out))
        if problem is not None:
            self._force_close = True  # whatever it sends is not looked at
            out.write(problems.raw(problem))
            out.close()
            return
        self._counted = True
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, once: what waits for the connection is called off."""
        self._call_off()
        if self._counted:
            self._counted = False
            self._terms.connections.closed()
        if self.transport is not None or self._task_handler is not None:
            super().connection_lost(exc)

    def hand_over(self) -> Callable[[], None]:
        """Give up the connection, which stays open; return what counts it as closed."""
        counted, self._counted = self._counted, False
        self.connection_lost(None)
        return self._terms.connections.closed if counted else lambda: None

    def data_received(self, data: bytes) -> None:
        """Take bytes; those that begin another request have to end its headers soon."""
        if self._broken:
            return  # what follows something that is not HTTP is not looked at
        self._began = True
        before = self._request_count
        super().data_received(data)
        if self._request_count > before and self._messages:
            message, self._body = self._messages[-1]
            self._broken = isinstance(message, _ErrInfo)
            self._headers_due = _cancelled(self._headers_due)
        elif self._headers_due is None and (self._body is None or self._body.is_eof()):
            self._expect_headers()

    def pause_writing(self) -> None:
        """Give a reader that takes nothing some time, not for ever."""
        super().pause_writing()
        if self._reading_due is None and self.transport is not None:
            seconds = self._terms.write_seconds + SLACK_SECONDS
            self._reading_due = self._loop.call_later(seconds, self._cut)

    def resume_writing(self) -> None:
        """Note that its reader takes something."""
        super().resume_writing()
        self._reading_due = _cancelled(self._reading_due)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - it is what must not be repeated
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the same
    ) -> web.StreamResponse:
        """Answer what could not be parsed, and close."""
        log.debug("bad request", error=type(exc).__name__, status=status)
        response = problems.response(_problem(status, exc))
        response.force_close()
        return response

    def _expect_headers(self) -> None:
        self._headers_due = self._loop.call_later(HEADER_SECONDS, self._too_late)

    def _too_late(self) -> None:
        self._headers_due = None
        transport = self.transport
        if self._force_close or transport is None:
            return
        if self._current_request is not None or self._messages:
            self._expect_headers()  # the request before is still being answered
            return
        if self._began:
            late = Problem(408, "request_timeout", f"no request within {HEADER_SECONDS:g} seconds")
            transport.write(problems.raw(late))
        self.force_close()

    def _cut(self) -> None:
        self._reading_due = None
        if self.transport is not None:
            self.transport.abort()

    def _call_off(self) -> None:
        self._headers_due = _cancelled(self._headers_due)
        self._reading_due = _cancelled(self._reading_due)


class Server(web.Server):
    """Makes a `Protocol` for each connection."""

    terms: Terms

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return Protocol(self, self.terms, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """An application runner whose connections are `Protocol`s."""

    def __init__(self, app: web.Application, terms: Terms, **options: Any) -> None:
        super().__init__(app, **options)
        self._terms = terms

    async def _make_server(self) -> web.Server:
        inner = await super()._make_server()
        server = Server(
            _expected(inner.request_handler),
            request_factory=inner.request_factory,
            handler_cancellation=inner.handler_cancellation,
            **inner._kwargs,  # noqa: SLF001 - there is no other way to what the runner was given
        )
        server.terms = self._terms
        return server


def _expected(handler: _Handler) -> _Handler:
    """Refuse an `Expect` that is not known, before aiohttp does: its own answer repeats it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        expect = request.headers.get(hdrs.EXPECT, "")
        if expect and expect.casefold() != "100-continue":
            problem = Problem(417, "bad_request", "only Expect: 100-continue is known")
            return problems.response(problem)
        return await handler(request)

    return answer


def _problem(status: int, error: BaseException | None) -> Problem:
    if isinstance(error, http_exceptions.LineTooLong):
        return Problem(
            400,
            "request_too_long",
            f"a line of the request is longer than {MAX_LINE} bytes: "
            "send the parameters as a JSON object with POST",
        )
    if status == 500:  # noqa: PLR2004 - HTTP's own number
        return Problem(500, "internal", "proxyd failed; its log says where")
    return Problem(400, "bad_request", "the request is not valid HTTP/1.1")


def _peer(transport: asyncio.Transport) -> str:
    """Return the address at the other end; a Unix socket has none."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) and name else "unix"


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
