"""What aiohttp answers by itself to a request that it can not parse.

Its own page and log repeat the request, the Authorization header included; so both are
replaced. This leans on aiohttp's inside: tests/unit/test_internals.py fails when that changes.
"""

from __future__ import annotations

from typing import Any

from aiohttp import http_exceptions, web
from aiohttp.web_protocol import RequestHandler

from proxyd.errors import Problem
from proxyd.logs import get_logger
from proxyd.web import problems

log = get_logger(__name__)

MAX_LINE = 8190
"""Bytes of the request line; a longer list of parameters goes into a POST."""


class Protocol(RequestHandler):
    """One connection, which never repeats what it was sent."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - it is what must not be repeated
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the same
    ) -> web.StreamResponse:
        """Answer what could not be parsed, and close."""
        log.info("bad request", error=type(exc).__name__, status=status)
        response = problems.response(_problem(status, exc))
        response.force_close()
        return response


class Server(web.Server):
    """Makes a `Protocol` for each connection."""

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """An application runner whose connections are `Protocol`s."""

    async def _make_server(self) -> web.Server:
        inner: Any = await super()._make_server()
        return Server(
            inner.request_handler,
            request_factory=inner.request_factory,
            handler_cancellation=inner.handler_cancellation,
            **inner._kwargs,  # noqa: SLF001 - there is no other way to what the runner was given
        )


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
