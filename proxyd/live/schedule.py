"""When to look at a shard again, pure: often where much changes, seldom where nothing is.

A target costs `calls` requests a second at most, so a small one is looked at every few seconds
and a large one every few minutes; within that, a shard that has just changed is asked as often as
that allows, one that has not half as often, and an empty or a refused one less and less.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Mapping
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

from proxyd.events import ShardEnded
from proxyd.settings import Watch

LONGER, SELDOM = 1.5, 2.0
"""How an interval grows where nothing has changed, and where there is nothing to see."""

EMPTY = 0.25
"""The share of the calls that goes to shards that hold nothing, or are refused."""

JITTER = 0.1
"""By how much an interval differs at random, so that shards do not all come due at once."""

Key = TypeVar("Key", bound=Hashable)


class Schedule(Generic[Key]):
    """The times of one target's shards. Seconds, by whatever clock the caller reads.

    Attributes:
        told: whether changes are told by events: then looking is for what they might miss.

    """

    def __init__(self, settings: Watch, random: Callable[[], float]) -> None:
        self.told = False
        self._settings = settings
        self._random = random
        self._due: dict[Key, float] = {}
        self._queue: list[tuple[float, int, Key]] = []
        self._order = 0
        self._interval: dict[Key, float] = {}
        self._calls: dict[Key, tuple[int, bool]] = {}
        self._holding = 0
        self._empty = 0

    def at(self, key: Key, when: float) -> None:
        """Have a shard come due at a time, unless it comes due earlier."""
        if self._due.get(key, when + 1) > when:
            self._due[key] = when
            self._order += 1
            heapq.heappush(self._queue, (when, self._order, key))

    def take(self, now: float) -> list[Key]:
        """Take out the shards that are due."""
        taken = []
        while self._queue and self._queue[0][0] <= now:
            when, _, key = heapq.heappop(self._queue)
            if self._due.get(key) == when:
                del self._due[key]
                taken.append(key)
        return taken

    @property
    def next(self) -> float | None:
        """When the next one comes due."""
        while self._queue and self._due.get(self._queue[0][2]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def planned(self, key: Key) -> bool:
        """Whether a shard will come due."""
        return key in self._due

    def drop(self, key: Key) -> None:
        """Forget a shard."""
        self._due.pop(key, None)
        self._interval.pop(key, None)
        self._discount(key)
        self._calls.pop(key, None)

    def ended(self, key: Key, ended: ShardEnded, *, holds: int, changed: bool, now: float) -> None:
        """Plan a shard's next run by how this one went."""
        self._discount(key)
        self._calls[key] = (ended.calls, bool(holds) and ended.status == "ok")
        self._discount(key, sign=1)
        interval = self._next(key, ended, holds=holds, changed=changed)
        self._interval[key] = interval
        self.at(key, now + interval * (1 + JITTER * (2 * self._random() - 1)))

    def _discount(self, key: Key, sign: int = -1) -> None:
        """Take the calls of a shard out of the sum of its kind, or add them."""
        calls, holds = self._calls.get(key, (0, True))
        if holds:
            self._holding += sign * calls
        else:
            self._empty += sign * calls

    def _next(self, key: Key, ended: ShardEnded, *, holds: int, changed: bool) -> float:
        fixed = _of_type(self._settings.types, ended.type)
        if fixed is not None:
            return fixed
        least, most = self._settings.minimum_seconds, self._settings.maximum_seconds
        often = max(self._holding / ((1 - EMPTY) * self._settings.calls), least)
        last = self._interval.get(key)
        if last is None or changed:
            return often
        if holds and ended.status == "ok":
            default = most if self.told else self._settings.default_seconds
            return max(often, min(last * LONGER, max(SELDOM * often, default)))
        seldom = max(most, self._empty / (EMPTY * self._settings.calls))
        return min(last * SELDOM, seldom)


def _of_type(types: Mapping[str, float], type_: str) -> float | None:
    return next((seconds for glob, seconds in types.items() if fnmatchcase(type_, glob)), None)
