"""Refusals, added up: a stranger who asks a million times gets a line a minute, not a million."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import msgspec

from proxyd.audit.records import Refused

WINDOW = 60.0
"""Seconds in which refusals that are alike are added up."""

MAX_KEYS = 100
"""Kinds of refusals that are told apart at a time; all others are one more kind."""

MANY = "many"
"""The address of refusals that came from too many places to tell apart."""


class _Sum:
    __slots__ = ("count", "record", "since")

    def __init__(self, record: Refused, since: float) -> None:
        self.record = record
        self.since = since
        self.count = 0


class Denials:
    """The refusals of the last minute; the first of each kind is told of at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sums: dict[Hashable, _Sum] = {}

    def note(self, record: Refused, place: str) -> Refused | None:
        """Take one refusal into account, and return what is to be written now, if anything.

        Args:
            record: the refusal.
            place: from where it came: those of one place are alike.

        """
        key: Hashable = (type(record), record.reason, record.principal, place)
        if key not in self._sums and len(self._sums) >= MAX_KEYS:
            key = (type(record), record.reason)
            record = msgspec.structs.replace(record, address=MANY, principal=None)
        held = self._sums.get(key)
        if held is None:
            self._sums[key] = _Sum(record, self._clock())
            return record
        held.count += 1
        return None

    def due(self) -> list[Refused]:
        """Return the sums of the windows that are over."""
        now = self._clock()
        over = [key for key, held in self._sums.items() if now - held.since >= WINDOW]
        return [record for key in over for record in self._close(key, now)]

    def rest(self) -> list[Refused]:
        """Return all sums there are, at the end."""
        now = self._clock()
        return [record for key in list(self._sums) for record in self._close(key, now)]

    def _close(self, key: Hashable, now: float) -> list[Refused]:
        held = self._sums.pop(key)
        if not held.count:
            return []
        ms = round((now - held.since) * 1000)
        # Whoever goes on gets a sum for each window, and no first line of its own again.
        self._sums[key] = _Sum(held.record, now)
        return [msgspec.structs.replace(held.record, count=held.count, ms=ms)]
