"""The time that something may take, where the clock can stand still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager


class Allowance:
    """A scanner's time: it passes while the scanner is at work on its next resource.

    It stands while the reader is slow, and while proxyd itself holds a call back to keep the
    quota: neither is the scanner's doing. Times in seconds.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._since = 0.0
        self._standing = 0
        self._timeout: asyncio.Timeout | None = None

    @asynccontextmanager
    async def spending(self) -> AsyncGenerator[None, None]:
        """Let the time pass in the block.

        Raises:
            TimeoutError: there is none left.

        """
        async with asyncio.timeout(max(self._left, 0.0)) as timeout:
            self._timeout = timeout
            self._since = asyncio.get_running_loop().time()
            try:
                yield
            finally:
                if not self._standing:
                    self._pass()
                self._timeout = None

    @contextmanager
    def standing(self) -> Generator[None, None, None]:
        """Let the time stand in the block, and in those of other tasks that overlap with it."""
        self._standing += 1
        if self._standing == 1 and self._timeout is not None:
            self._pass()
            self._timeout.reschedule(None)
        try:
            yield
        finally:
            self._standing -= 1
            if not self._standing and self._timeout is not None and not self._timeout.expired():
                self._since = asyncio.get_running_loop().time()
                self._timeout.reschedule(self._since + self._left)

    def _pass(self) -> None:
        self._left -= asyncio.get_running_loop().time() - self._since
