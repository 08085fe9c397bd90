"""Let those who come in a crowd in one after the other, so that nobody else has to wait for all."""

from __future__ import annotations

import asyncio
from collections import deque

EACH = 0.01
"""Seconds between two groups that are let in."""

AT_ONCE = 10
"""How many are let in at once: a thousand a second."""


class Turnstile:
    """Lets a few through at a time; whoever comes alone does not notice it."""

    def __init__(self) -> None:
        self._left = AT_ONCE
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Wait for one's turn."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EACH, self._next)
        if self._left and not self._waiting:
            self._left -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        self._left = AT_ONCE
        self._timer = None
        while self._waiting and self._left:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(EACH, self._next)
