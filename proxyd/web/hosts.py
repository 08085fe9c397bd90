"""The names that we answer to: what a rebound DNS name or a stray proxy asks for is not ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from proxyd.errors import Problem

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?")


def name_of(host: str) -> str:
    """Return the name in a Host header, in lower case; "" where it has none (RFC 9110, 7.2)."""
    found = _HOST.fullmatch(host)
    return "" if found is None else (found[1] or found[2]).casefold()


def only(hosts: Callable[[], Collection[str]]) -> Middleware:
    """Make the middleware that answers to our own names only.

    Args:
        hosts: the names, as they are configured now.

    """

    @web.middleware
    async def only_ours(request: web.Request, handler: Handler) -> web.StreamResponse:
        known = {host.casefold() for host in hosts()}
        asked = [request.headers.get(hdrs.HOST, "")]
        target = request._message.url  # noqa: SLF001 - the request line's own address, if it has one
        if target.absolute:
            asked.append(target.raw_authority)
        if not all(name_of(host) in known for host in asked):
            raise Problem(421, "foreign_host", "this is not the server of that name")
        return await handler(request)

    return only_ours
