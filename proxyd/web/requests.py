"""One line of the log for each request: which route, what came of it, how long it took.

It names no principal and repeats nothing that was sent: the audit trail tells who, and a stream's
id joins the two. Whoever is not let in gets no line, or a stranger could fill the log; they are in
the metrics, and added up on the audit trail. `--verbose` shows all.
"""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from proxyd.logs import get_logger
from proxyd.web.callers import CALLER

log = get_logger(__name__)


class Line:
    """The line of one request.

    Attributes:
        later: whether it is written when the stream ends that the request has opened.

    """

    __slots__ = ("_fields", "_since", "later")

    def __init__(self, request: web.Request) -> None:
        resource = request.match_info.route.resource
        route = "-" if resource is None else resource.canonical
        self._fields: dict[str, Any] = {"method": request.method, "route": route}
        self._since = time.monotonic()
        self.later = False

    def add(self, **fields: Any) -> None:
        """Say something more."""
        self._fields.update(fields)

    def write(self, *, known: bool) -> None:
        """Write it.

        Args:
            known: whether it is known who sent the request.

        """
        ms = round((time.monotonic() - self._since) * 1000)
        (log.info if known else log.debug)("request", **self._fields, ms=ms)


LINE: web.RequestKey[Line] = web.RequestKey("line", Line)


@web.middleware
async def one_line(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write the line of every request."""
    line = request[LINE] = Line(request)
    try:
        response = await handler(request)
        line.add(status=response.status)
        return response
    finally:
        if not line.later:
            line.write(known=CALLER in request)


def refused(request: web.Request, code: str) -> None:
    """Say why a request is refused."""
    if LINE in request:
        request[LINE].add(code=code)


def opens(request: web.Request, stream: str, mode: str) -> Line:
    """Have the line written when the stream ends that a request has opened, and return it."""
    line = request[LINE]
    line.later = True
    line.add(status=200, stream=stream, mode=mode)
    return line
