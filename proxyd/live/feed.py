"""What a feed holds, pure: the resources of its shards, as a log that forgets what is superseded.

Every change takes the next number of one sequence that all feeds of the process share, and
goes to the end of the log; what it replaces leaves the log. So one structure serves all who
read: a newcomer reads it from the start, whoever fell behind or comes back reads on from the
number that it has reached, and none of them sees anything twice or out of order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

import msgspec

from proxyd.events import NAMES, News, ResourceRemoved, ShardEnded
from proxyd.model import Resource
from proxyd.sse import ascii_json, data_of

FIRST = 1000
"""The numbers below it are for what opens a stream: who has got no further has got nothing."""

MAX_REMOVED = 10_000
"""Removals that a log remembers; who comes back from before the oldest starts again."""

ENTRY_BYTES = 450
"""Bytes that holding a resource takes beside its data: measured, CPython 3.11."""

LASTING = frozenset({"denied", "scp_denied", "unsupported", "region_disabled"})
"""Statuses that stay until someone changes something: what was seen under them is as it is."""

_SPARE = 1000
_RESOURCE = NAMES[Resource]
_REMOVED = NAMES[ResourceRemoved]
_SHARD = NAMES[ShardEnded]
_decoder = msgspec.json.Decoder(Resource)
_number = attrgetter("number")


class Numbers:
    """The sequence of the process: every event of every feed takes one of it."""

    def __init__(self) -> None:
        self.last = FIRST

    def next(self, skip: int = 0) -> int:
        """Return the next number, leaving some out for those who need numbers in between."""
        self.last += 1 + skip
        return self.last


class Memory:
    """What all feeds of the process hold, in bytes, about."""

    def __init__(self) -> None:
        self.size = 0


class Held:
    """One shard of a feed: what it holds, and how it ended last.

    Attributes:
        born: the number since which it is followed without a break.
        resources: by ARN.
        ended: how its last run ended; None before its first has.
        status: its `shard` event in the log.

    """

    __slots__ = ("born", "ended", "forgotten", "region", "resources", "status", "type")

    def __init__(self, type_: str, region: str, born: int) -> None:
        self.type = type_
        self.region = region
        self.born = born
        self.resources: dict[str, Entry] = {}
        self.ended: ShardEnded | None = None
        self.status: Entry | None = None
        self.forgotten = False


class Entry:
    """One event in a log, without its id: that differs from reader to reader.

    Attributes:
        born: the number of the first event of this ARN that is remembered: who has got no
            further has never heard of it.
        live: whether it is in the log: nothing has superseded it.

    """

    __slots__ = ("arn", "born", "data", "hash", "live", "name", "number", "shard")

    def __init__(self, number: int, shard: Held, name: str, data: bytes, arn: str = "") -> None:
        self.number = number
        self.born = number
        self.shard = shard
        self.name = name
        self.data = data
        self.arn = arn
        self.hash = ""
        self.live = True

    @property
    def is_resource(self) -> bool:
        """Whether it is a resource that is there."""
        return self.name is _RESOURCE

    @property
    def is_removal(self) -> bool:
        """Whether it says that a resource is gone."""
        return self.name is _REMOVED

    def resource(self) -> Resource:
        """Read the resource back."""
        return _decoder.decode(self.data)

    def removal(self) -> bytes:
        """Return the data of the event that takes this resource away."""
        found = self.resource()
        return ascii_json(ResourceRemoved(arn=found.arn, type=found.type, region=found.region))


class Feed:
    """The state of one target, kept by sweeps and read by number.

    Attributes:
        news: how it hears of changes.
        horizon: removals at or before this number may be forgotten.

    """

    def __init__(self, numbers: Numbers, memory: Memory, publish: Callable[[Entry], None]) -> None:
        self.horizon = 0
        self.news = News(by="looking")
        self._memory = memory
        self.shards: dict[tuple[str, str], Held] = {}
        self._numbers = numbers
        self._publish = publish
        self._log: list[Entry] = []
        self._removals: dict[tuple[Held, str], Entry] = {}
        self._arns: set[str] = set()
        self._listed_twice: set[str] = set()
        self._dead = 0

    def follow(self, type_: str, region: str) -> Held:
        """Return a shard's state, which begins empty."""
        held = self.shards.get((type_, region))
        if held is None:
            held = Held(type_, region, self._numbers.next())
            self.shards[type_, region] = held
        return held

    def forget(self, held: Held) -> None:
        """Drop a shard that nobody watches; nobody is told, and what still runs for it is void."""
        self.shards.pop((held.type, held.region))
        held.forgotten = True
        for entry in [*held.resources.values(), *filter(None, [held.status])]:
            self._bury(entry)
        for key in [key for key in self._removals if key[0] is held]:
            self._bury(self._removals.pop(key))
        listed = list(held.resources)
        held.resources.clear()
        self._unlist(listed)

    def after(self, number: int, until: int) -> Iterator[Entry]:
        """Yield what is in the log after one number and up to another.

        It must be read to where it is needed before anything else changes.
        """
        for index in range(bisect_right(self._log, number, key=_number), len(self._log)):
            entry = self._log[index]
            if entry.number > until:
                return
            if entry.live:
                yield entry

    def put(self, held: Held, found: Resource) -> None:
        """Take in a resource that is new, or no longer what it was."""
        if held.forgotten:
            return
        entry = self._entry(held, _RESOURCE, data_of(found), found.arn)
        entry.hash = found.hash
        before = held.resources.pop(found.arn, None)
        if before is not None:
            entry.born = before.born
            self._bury(before)
        elif found.arn in self._arns:
            self._listed_twice.add(found.arn)
        else:
            self._arns.add(found.arn)
        gone = self._removals.pop((held, found.arn), None)
        if gone is not None:
            entry.born = gone.born
            self._bury(gone)
        held.resources[found.arn] = entry
        self._append(entry)

    def remove(self, held: Held, arn: str) -> None:
        """Take a resource out. Another shard may still list the same ARN."""
        gone = held.resources.pop(arn)
        entry = self._entry(held, _REMOVED, gone.removal(), arn)
        entry.born = gone.born
        self._bury(gone)
        self._removals[held, arn] = entry
        self._append(entry)
        self._unlist([arn])

    def trim(self, told: int) -> None:
        """Forget the oldest removals where there are too many, of those that have been told.

        Args:
            told: the number up to which everything has been.

        """
        while len(self._removals) > MAX_REMOVED:
            key, oldest = next(iter(self._removals.items()))
            if oldest.number > told:
                return
            del self._removals[key]
            self.horizon = oldest.number
            self._bury(oldest)

    def _unlist(self, arns: Iterable[str]) -> None:
        """Forget ARNs that no shard lists any more."""
        for arn in arns:
            if arn in self._listed_twice:
                if any(arn in held.resources for held in self.shards.values()):
                    continue
                self._listed_twice.discard(arn)
            self._arns.discard(arn)

    def may_be_elsewhere(self, arn: str) -> bool:
        """Whether more than one shard has listed an ARN."""
        return arn in self._listed_twice

    def end(self, held: Held, ended: ShardEnded) -> None:
        """Take in how a shard ended; only another status than before is an event."""
        if held.forgotten:
            return
        before, held.ended = held.ended, ended
        data = data_of(ended)
        if before is not None and _outcome(before) == _outcome(ended):
            assert held.status is not None
            self._memory.size += len(data) - len(held.status.data)
            held.status.data = data  # newcomers see the latest figures
            return
        if held.status is not None:
            self._bury(held.status)
        held.status = self._entry(held, _SHARD, data)
        self._append(held.status)

    def _entry(self, held: Held, name: str, data: bytes, arn: str = "") -> Entry:
        return Entry(self._numbers.next(), held, name, data, arn)

    def _append(self, entry: Entry) -> None:
        self._log.append(entry)
        self._memory.size += len(entry.data) + ENTRY_BYTES
        self._publish(entry)

    def _bury(self, entry: Entry) -> None:
        """Take an entry out of the log, which is swept when half of it is dead."""
        entry.live = False
        self._memory.size -= len(entry.data) + ENTRY_BYTES
        entry.data = b""
        self._dead += 1
        if self._dead > _SPARE + len(self._log) // 2:
            self._log = [entry for entry in self._log if entry.live]
            self._dead = 0


class Sweep:
    """One run of a shard: what it finds, held against what the feed holds.

    Attributes:
        changed: whether anything was not as it was held.

    """

    def __init__(self, feed: Feed, held: Held) -> None:
        self._feed = feed
        self._held = held
        self._seen: set[str] = set()
        self._lesser: dict[str, Resource] = {}
        self.changed = False

    def found(self, found: Resource) -> None:
        """Take in a resource.

        One that has less than before waits until the shard has ended: part of it may only
        not have been seen.
        """
        self._seen.add(found.arn)
        self._lesser.pop(found.arn, None)
        before = self._held.resources.get(found.arn)
        if before is None or (before.hash != found.hash and not _has_less(found, before)):
            self._put(found)
        elif before.hash != found.hash:
            self._lesser[found.arn] = found

    def ended(self, ended: ShardEnded) -> None:
        """Take in how it ended. What was not found is gone only where the shard ended `ok`."""
        before = self._held.ended
        as_before = before is not None and _outcome(before) == _outcome(ended)
        if ended.status == "ok" or (as_before and ended.status in LASTING):
            for found in self._lesser.values():
                self._put(found)
        if ended.status == "ok":
            for arn in self._held.resources.keys() - self._seen:
                self.changed = True
                self._feed.remove(self._held, arn)
        self._feed.end(self._held, ended)

    def _put(self, found: Resource) -> None:
        self.changed = True
        self._feed.put(self._held, found)


def _outcome(ended: ShardEnded) -> tuple[object, ...]:
    return ended.status, ended.code, ended.action, ended.cause, ended.actions, ended.causes


def _has_less(found: Resource, held: Entry) -> bool:
    before = held.resource()
    return bool(
        before.properties.keys() - found.properties.keys()
        or before.tags.keys() - found.tags.keys()
        or len(found.links) < len(before.links)
    )
