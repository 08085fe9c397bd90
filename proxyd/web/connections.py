"""How many connections there are, and how fast one address opens them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from proxyd.auth.failures import address_key
from proxyd.auth.fronts import believed
from proxyd.errors import Problem
from proxyd.settings import Settings
from proxyd.streams import retry_after

BURST_SECONDS = 10.0
"""Seconds' worth of connections that one address may open at once."""

MAX_KEPT = 10_000
"""Addresses that are remembered; the one that came longest ago is forgotten."""


class Connections:
    """Counts them.

    Args:
        settings: what holds now.
        most: how many the process can have, whatever is configured.
        clock: seconds, always going forward.

    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._most = most
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.open = 0

    def opened(self, peer: str) -> Problem | None:
        """Count a connection, or say why it has to go."""
        settings = self._settings()
        if self.open >= min(self._most, settings.limits.connections):
            return Problem(
                503, "too_many_connections", "all connections are taken", headers=retry_after()
            )
        if not believed(settings.front, peer) and not self._take(
            address_key(peer), settings.limits.connections_per_second
        ):
            return Problem(
                429, "too_many_connections", "you connect too often", headers=retry_after()
            )
        self.open += 1
        return None

    def closed(self) -> None:
        """Count one less."""
        self.open -= 1

    def _take(self, key: str, rate: float) -> bool:
        """Take one of what an address may open: it comes back at `rate` a second."""
        now, most = self._clock(), rate * BURST_SECONDS
        left, when = self._left.pop(key, (most, now))
        left = min(most, left + (now - when) * rate)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > MAX_KEPT:
            self._left.popitem(last=False)
        return left >= 1
