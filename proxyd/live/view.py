"""What one kind of subscriber is sent, pure: entries of feeds → bytes.

Subscribers with the same question, the same rights and the same format share a view: what is
new is written once for all of them, and newcomers read the same pieces of what is held. What
differs between readers is how far each of them has got.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple

import msgspec

from proxyd.events import (
    NAMES,
    Closing,
    Event,
    Reset,
    ResourceRemoved,
    ScanCompleted,
)
from proxyd.live.feed import FIRST, Entry, Held
from proxyd.live.part import Part, Published, Settled
from proxyd.model import GLOBAL, Resource
from proxyd.sse import data_of
from proxyd.wire import Checksum, Wire

PIECE = 64 * 1024
"""Bytes of frames that are written at once to a reader that is not at the end."""

MAX_PIECES = 256
"""Pieces that a view keeps for the next newcomer."""

GAP = 127
"""Numbers that stay free after each flush: for the marks and the end of a stream."""

NOWHERE = 0
"""The number of what is sent while a client's `known` is compared: nothing goes on from there."""

_REMOVED = NAMES[ResourceRemoved]
_COMPLETED = NAMES[ScanCompleted]
_number = attrgetter("number")

Wanted = Callable[[Resource], bool]


class Piece(NamedTuple):
    """Bytes for a socket, and how far a reader is when it has had them.

    Attributes:
        sum: of the bytes before they were packed, where the wire needs it.
        made: the number of the newest change when it was made.
        since: removals up to this number are left out.

    """

    data: bytes
    events: int
    sum: Checksum
    cursor: int
    made: int = 0
    since: int = 0


class Reader:
    """How far one subscriber has got.

    Attributes:
        cursor: the number up to which it has had everything.
        since: removals after this number concern it.
        known: ARN → hash of what it holds from an earlier stream, as long as some of that
            may be gone without having been told.

    """

    __slots__ = ("cursor", "known", "since")

    def __init__(self, cursor: int, since: int, known: Mapping[str, str] | None = None) -> None:
        self.cursor = cursor
        self.since = since
        self.known = dict(known) if known else None


class View:
    """What subscribers of one kind are sent.

    Attributes:
        epoch: the first part of its event ids: another question has another.

    """

    def __init__(
        self,
        parts: Sequence[Part],
        wire: Wire,
        epoch: str,
        *,
        flushed: int,
        wanted: Wanted | None = None,
        piece: int = PIECE,
    ) -> None:
        self.parts = parts
        self.wire = wire
        self.epoch = epoch
        self.shards = frozenset[Held]().union(*(part.held for part in parts))
        self._part_of = {part.feed: part for part in parts}
        self._one_account_twice = len({p.started.account for p in parts}) < len(parts)
        self._born = max((held.born for held in self.shards), default=0)
        self._wanted = wanted
        self._matched: dict[Held, set[str]] = {held: set() for held in self.shards}
        self._pieces: dict[int, Piece] = {}
        self._size = piece
        for part in parts:
            part.ready = all(held.status and held.status.number <= flushed for held in part.held)

    def prepare(self) -> Iterator[None]:
        """Apply the filter to what is held, in steps between which others may run."""
        if self._wanted is None:
            return
        for held in self.shards:
            for count, (arn, entry) in enumerate(list(held.resources.items())):
                if entry.live and self._wanted(entry.resource()):
                    self._matched[held].add(arn)
                if count % 256 == 255:  # noqa: PLR2004 - about a millisecond
                    yield

    @property
    def ready(self) -> bool:
        """Whether every target has been scanned once."""
        return all(part.ready for part in self.parts)

    def number_of(self, last_event_id: str, newest: int) -> int | None:
        """Return up to which number a client that comes back has everything.

        None where that can not be continued: another question, another life of proxyd, or
        too long ago.
        """
        epoch, _, number = last_event_id.rpartition("-")
        if epoch != self.epoch or not number.isdecimal() or len(number) > 18:  # noqa: PLR2004 - 64 bits
            return None
        reached = int(number)
        if reached == NOWHERE:
            return None
        if reached < FIRST:
            return 0
        return reached if max(self._born, self._horizon) <= reached <= newest else None

    @property
    def _horizon(self) -> int:
        """The number up to which removals may be forgotten."""
        return max(part.feed.horizon for part in self.parts)

    def lost(self, reader: Reader) -> bool:
        """Whether removals are forgotten that a reader should have been told of."""
        return reader.since < self._horizon

    def resources(self, part: Part) -> int:
        """Return how many resources of a target its subscribers hold."""
        if self._wanted is None:
            return sum(len(held.resources) for held in part.held)
        return sum(len(self._matched[held]) for held in part.held)

    def opening(self, number: int, reset: str | None) -> list[bytes]:
        """Return the frames that open a stream which goes on from a number."""
        frames = [] if reset is None else [self.frame(Reset(reason=reset), number or 1)]
        for place, part in enumerate(self.parts, start=2):
            started = msgspec.structs.replace(part.started, at=datetime.now(UTC))
            frames.append(self.frame(started, number or place))
        return frames

    def closing(self, event: Closing, reader: Reader, flushed: int) -> bytes:
        """Return the last frame of a stream. Whoever comes back with its id misses nothing."""
        at_the_end = reader.cursor >= flushed
        return self.frame(event, flushed + GAP if at_the_end else max(reader.cursor, 1))

    def frame(self, event: Event, number: int) -> bytes:
        """Write an event of this view's own."""
        return self.wire.written.write(event, f"{self.epoch}-{number}")

    # ---- what is new, for those who have everything else

    def news(self, batch: Iterable[Published], decoded: dict[Entry, Resource]) -> list[bytes]:
        """Return the frames of what has changed, in order."""
        frames: list[bytes] = []
        for each in batch:
            if isinstance(each, Settled):
                frames += self._settled(each)
            elif each.live and each.shard in self.shards:
                self._part_of_entry(each).changed()
                frame = self._news(each, decoded)
                if frame is not None:
                    frames.append(frame)
        return frames

    def _part_of_entry(self, entry: Entry) -> Part:
        if len(self.parts) == 1:
            return self.parts[0]
        return next(part for part in self.parts if entry.shard in part.held)

    def _settled(self, settled: Settled) -> list[bytes]:
        part = self._part_of.get(settled.feed)
        if part is None or not part.settles(telling=settled.telling):
            return []
        part.ms = settled.ms
        return [self._written(_COMPLETED, settled.number, part.completed(self.resources(part)))]

    def _news(self, entry: Entry, decoded: dict[Entry, Resource]) -> bytes | None:
        if entry.is_removal and self._wanted is None:
            return self._gone(entry)
        if self._wanted is None or not entry.arn:
            return self._of(entry)
        matched = self._matched[entry.shard]
        if entry.is_resource:
            if entry not in decoded:
                decoded[entry] = entry.resource()
            if self._wanted(decoded[entry]):
                matched.add(entry.arn)
                return self._of(entry)
        if entry.arn not in matched:
            return None
        matched.discard(entry.arn)
        return self._gone(entry)

    # ---- what is held, for those who have not got everything

    def read(self, reader: Reader, until: int) -> Piece | None:
        """Return the next piece for a reader, None when it has everything up to a number."""
        shared = self._wanted is None and reader.known is None
        piece = self._pieces.get(reader.cursor) if shared else None
        if piece is None or piece.since > reader.since or piece.made < self._horizon:
            if reader.cursor >= until:
                return None
            piece = self._piece(reader, until)
            if shared and piece.cursor < until:
                self._keep(reader.cursor, piece)
        # A piece that was made before this reader came may hold what is gone since then.
        reader.since = min(reader.since, piece.made)
        reader.cursor = piece.cursor
        return piece

    def _keep(self, cursor: int, piece: Piece) -> None:
        if len(self._pieces) >= MAX_PIECES:
            self._pieces.clear()
        self._pieces[cursor] = piece

    def forget_pieces(self) -> None:
        """Drop what was kept for newcomers."""
        self._pieces.clear()

    def _piece(self, reader: Reader, until: int) -> Piece:
        frames: list[bytes] = []
        size, cursor = 0, until
        for entry in self._entries(reader.cursor, until):
            frame = self._told(entry, reader) if entry.shard in self.shards else None
            if frame is None:
                continue
            frames.append(frame)
            size += len(frame)
            if size >= self._size:
                cursor = entry.number
                break
        return self.piece(frames, cursor)._replace(made=until, since=reader.since)

    def _entries(self, after: int, until: int) -> Iterator[Entry]:
        logs = [part.feed.after(after, until) for part in self.parts]
        return logs[0] if len(logs) == 1 else heapq.merge(*logs, key=_number)

    def _told(self, entry: Entry, reader: Reader) -> bytes | None:
        """Return the frame for a reader that may or may not hold an earlier version."""
        # It has read no entry of a resource that was born after the last one that it has read.
        had = entry.born <= reader.cursor and reader.since < entry.number
        if entry.is_removal:
            return self._gone(entry) if had else None
        if not entry.is_resource:
            return self._of(entry)
        if self._wanted is not None and entry.arn not in self._matched[entry.shard]:
            return self._gone(entry) if had else None
        if reader.known is None:
            return self._of(entry)
        if reader.known.get(entry.arn) == entry.hash:
            return None
        reader.known.pop(entry.arn, None)
        return self._written(entry.name, NOWHERE, entry.data)

    def marks(self, reader: Reader, flushed: int) -> list[bytes]:
        """Return the frames that tell a reader that it has everything that is held.

        Their numbers are free ones behind the last flush.
        """
        frames = [self.frame(event, NOWHERE) for event in self._gone_since(reader)]
        for place, part in enumerate(self.parts, start=1):
            if part.ready:
                data = part.completed(self.resources(part))
                number = max(reader.cursor, flushed + place)
                frames.append(self._written(_COMPLETED, number, data))
        return frames

    def _gone_since(self, reader: Reader) -> list[ResourceRemoved]:
        """Return what a client holds from before and is gone, as far as all of it was seen.

        What can not be told yet stays with the reader, until the next mark.
        """
        if reader.known is None:
            return []
        gone, unsure = [], {}
        held = set[str]().union(*map(self._shown, self.shards))
        for arn in reader.known.keys() - held:
            _, _, _, region, account, *_ = [*arn.split(":", 5), "", "", "", "", ""]
            if self._saw_all(account, region or GLOBAL):
                gone.append(ResourceRemoved(arn=arn, type="", region=region or GLOBAL))
            else:
                unsure[arn] = reader.known[arn]
        reader.known = unsure or None
        return gone

    def _saw_all(self, account: str, region: str) -> bool:
        """Whether all was seen that would list something of an account and a region."""
        parts = [part for part in self.parts if account in {part.started.account, ""}]
        return bool(parts) and all(part.saw_all(region) for part in parts)

    def _shown(self, held: Held) -> Iterable[str]:
        return held.resources if self._wanted is None else self._matched[held]

    # ---- frames

    def piece(self, frames: Sequence[bytes], cursor: int) -> Piece:
        """Pack frames for a socket."""
        data = b"".join(frames)
        packed = self.wire.pack(data) if data else b""
        checksum = Checksum.of(data) if self.wire.gzip else Checksum()
        return Piece(packed, len(frames), checksum, cursor)

    def _of(self, entry: Entry) -> bytes:
        if self._wanted is not None and not entry.arn:
            return self._written(entry.name, entry.number, self._own_count(entry.shard))
        return self._written(entry.name, entry.number, entry.data)

    def _own_count(self, held: Held) -> bytes:
        """Return the data of a `shard` event that counts what the filter lets through."""
        assert held.ended is not None
        found = len(self._matched[held])
        return data_of(msgspec.structs.replace(held.ended, resources=found))

    def _gone(self, entry: Entry) -> bytes:
        """Take a resource away, or put in its place what another shard lists by the same ARN."""
        other = self._elsewhere(entry)
        if other is not None:
            return self._written(other.name, entry.number, other.data)
        data = entry.removal() if entry.is_resource else entry.data
        return self._written(_REMOVED, entry.number, data)

    def _elsewhere(self, entry: Entry) -> Entry | None:
        arn = entry.arn
        if self._one_account_twice or any(p.feed.may_be_elsewhere(arn) for p in self.parts):
            for held in self.shards:
                if held is not entry.shard and arn in self._shown(held):
                    return held.resources[arn]
        return None

    def _written(self, name: str, number: int, data: bytes) -> bytes:
        return self.wire.written.frame(name, f"{self.epoch}-{number}", data, None)
