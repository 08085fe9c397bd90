"""One piece of work for all who need it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Flight(Generic[Result]):
    """Work that is under way, and who waits for it.

    Attributes:
        dropped: whether it was cancelled, since the last who waited has gone.

    """

    def __init__(self, work: Coroutine[Any, Any, Result]) -> None:
        self.dropped = False
        self._task = asyncio.ensure_future(work)
        self._waiting = 0

    @property
    def landed(self) -> bool:
        """Whether the work is done, well or not."""
        return self._task.done()

    async def join(self) -> Result:
        """Wait for the result, or for the error, which all who wait get."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self.dropped = True
                self._task.cancel()
