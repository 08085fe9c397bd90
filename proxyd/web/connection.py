"""The connection of a watch stream, once aiohttp has answered its request.

A handler that waits keeps alive all that aiohttp holds for a request: two tasks, a dozen frames,
the headers. A watch stream waits for an hour and needs none of it, so the connection is taken
over by asyncio's own means, and aiohttp is told that it is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from proxyd.live.watching import Watching
from proxyd.web.protocol import Protocol


class Connection(asyncio.Protocol):
    """Passes on what happens to the connection; whatever its client still sends is ignored."""

    __slots__ = ("_closed", "_watching")

    def __init__(self, watching: Watching, closed: Callable[[], None]) -> None:
        self._watching = watching
        self._closed = closed

    def pause_writing(self) -> None:
        """Tell that the socket is full."""
        self._watching.full()

    def resume_writing(self) -> None:
        """Tell that there is room again."""
        self._watching.room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        del exc
        self._closed()
        self._watching.close()


def take_over(handler: Protocol, watching: Watching) -> None:
    """Take the connection of a request whose answer has begun, and serve the stream on it.

    The handler of the request is cancelled by this: it has to come to its end.

    Raises:
        ConnectionError: the client has gone.

    """
    transport = handler.transport
    if transport is None:
        raise ConnectionResetError
    handler.transport = None  # or it would be closed
    full = handler.writing_paused
    transport.set_protocol(Connection(watching, handler.hand_over()))
    watching.begin(transport, full=full)
