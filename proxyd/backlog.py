"""What a stream has to send and its reader has not taken yet: frames, bounded by bytes.

Whoever puts a frame waits while the backlog is full; that is how a slow reader slows the
scanners, and they AWS.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

MAX_TAKEN = 64 * 1024
"""Bytes that are handed out at once, or one frame where that is larger."""


class Backlog:
    """Frames on their way to one reader, in the order in which they were made."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._filled = asyncio.Event()

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._size

    async def put(self, make: Callable[[], bytes]) -> None:
        """Make a frame and add it, as soon as there is room.

        It is made only then, so that frames are numbered in the order in which they go out.
        """
        while self._size >= self._limit and not self._ended:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()  # the turn may have come in the moment of going
                raise
        if not self._ended:  # else there is nobody left to read it
            self._add(make())
        self._wake()

    def end(self, last: bytes | None = None, *, instead: bool = False) -> None:
        """Add the last frame, whatever the room, or put it instead of all that still waits."""
        if instead:
            self._frames.clear()
            self._size = 0
        if last is not None:
            self._add(last)
        self._ended = True
        self._filled.set()
        self._wake()

    async def take(self, wait: float) -> tuple[bytes, int] | None:
        """Return bytes and how many frames they are; none after `wait` seconds; None at the end."""
        try:
            async with asyncio.timeout(wait):
                await self._filled.wait()
        except TimeoutError:
            return b"", 0
        if not self._frames:
            return None
        taken = [self._frames.popleft()]
        size = len(taken[0])
        while self._frames and size + len(self._frames[0]) <= MAX_TAKEN:
            taken.append(self._frames.popleft())
            size += len(taken[-1])
        self._size -= size
        if not self._frames and not self._ended:
            self._filled.clear()
        self._wake()
        return b"".join(taken), len(taken)

    def _add(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._size += len(frame)
        self._filled.set()

    def _wake(self) -> None:
        """Let the next one in; when it has put its frame it lets in the one after it."""
        while self._waiting and (self._size < self._limit or self._ended):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
