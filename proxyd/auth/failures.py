"""Failed logins, by address and by token id: after some of them one has to wait.

The wait holds before a credential is looked at, or it would not slow a guess down. So that a
stranger can not lock anyone out, a credential that was good lately does not wait.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable

MAX_KEPT = 10_000
IPV6_PREFIX = 64
"""Bits of an IPv6 address that are one household's: the rest it can choose."""

GOOD_SECONDS = 3600.0


class Failures:
    """Counts them.

    Args:
        per_minute: how many there may be of one kind.
        clock: seconds, always going forward.

    """

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._good: OrderedDict[bytes, float] = OrderedDict()

    def wait(self, keys: Iterable[str], credential: str) -> float:
        """Return the seconds to wait before a credential is looked at; mostly 0."""
        seconds = max((self._until(key) for key in keys), default=0.0)
        if seconds and self._is_good(credential):
            return 0.0
        return seconds

    def failed(self, keys: Iterable[str]) -> None:
        """Count a credential that was not good."""
        for key in keys:
            self._left[key] = (self._budget(key) - 1, self._clock())
            self._left.move_to_end(key)
        while len(self._left) > MAX_KEPT:
            self._left.popitem(last=False)

    def succeeded(self, credential: str) -> None:
        """Note a credential that was good."""
        key = _key(credential)
        self._good[key] = self._clock()
        self._good.move_to_end(key)
        while len(self._good) > MAX_KEPT:
            self._good.popitem(last=False)

    def _until(self, key: str) -> float:
        missing = 1 - self._budget(key)
        return max(0.0, missing * 60 / self.per_minute)

    def _budget(self, key: str) -> float:
        """Return how many failures are left: they come back at `per_minute`."""
        left, when = self._left.get(key, (self.per_minute, self._clock()))
        return min(self.per_minute, left + (self._clock() - when) * self.per_minute / 60)

    def _is_good(self, credential: str) -> bool:
        when = self._good.get(_key(credential))
        return when is not None and self._clock() - when < GOOD_SECONDS


def address_key(address: str) -> str:
    """Return what an address counts as: IPv6 by its network, for one host has all of that."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - the other version
        return address
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))


def _key(credential: str) -> bytes:
    return hashlib.sha256(credential.encode(errors="replace")).digest()
