"""An event loop whose clock is its own: what waits for a minute takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.SelectSelector):
    """Does not wait: it moves the clock by as long as it would have."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look at the files, and let the time pass."""
        self.now += timeout or 0.0
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's loop on such a selector."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Return the seconds of its own clock."""
        return self._clock.now

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run something to its end."""
        return self.run_until_complete(work)
