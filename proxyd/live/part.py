"""One target of a view, pure: what of it was seen, and when that has to be told."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from proxyd.coverage import Coverage
from proxyd.events import ScanStarted
from proxyd.live.feed import Entry, Feed, Held
from proxyd.model import GLOBAL, Target
from proxyd.remedies import Refusal
from proxyd.sse import data_of


class Settled(NamedTuple):
    """A round of a feed is over. `ms` is how long it took.

    Attributes:
        telling: whether it is told even where nothing has changed.

    """

    number: int
    feed: Feed
    ms: int
    telling: bool = False


Published = Entry | Settled
"""What a feed tells of."""


class Part:
    """One target of a view.

    Attributes:
        ready: whether all of its shards have ended once.

    """

    def __init__(
        self,
        feed: Feed,
        held: frozenset[Held],
        started: ScanStarted,
        target: Target,
        lacking: Refusal | None = None,
    ) -> None:
        self.feed = feed
        self.target = target
        self.lacking = lacking
        self.held = held
        self.started = started
        self.ready = False
        self.ms = 0
        self._dirty = False
        self._coverage: Coverage | None = None

    @property
    def coverage(self) -> Coverage:
        """What of it was seen, as of the last run of each shard."""
        if self._coverage is None:
            self._coverage = Coverage(len(self.held))
            for held in self.held:
                if held.ended is not None:
                    self._coverage.add(held.ended)
            if self.lacking is not None:
                self._coverage.lacks(self.lacking)
        return self._coverage

    def changed(self) -> None:
        """Note that something of it is not what it was."""
        self._dirty = True
        self._coverage = None

    def settles(self, *, telling: bool) -> bool:
        """Whether a round that is over has to be told: something changed, and all has ended."""
        self.ready = self.ready or all(held.ended is not None for held in self.held)
        if not (self.ready and (self._dirty or telling)):
            return False
        self._dirty = False
        return True

    def saw_all(self, region: str) -> bool:
        """Whether all was seen that would list something of a region; without one, of any."""
        return all(
            held.ended is not None and held.ended.status == "ok"
            for held in self.held
            if region == GLOBAL or held.region in {region, GLOBAL}
        )

    def completed(self, resources: int) -> bytes:
        """Return the data of `scan.completed`."""
        done = self.coverage.completed(
            scan=self.started.scan, target=self.target, calls=0, ms=self.ms
        )
        return data_of(msgspec.structs.replace(done, resources=resources, news=self.feed.news))
