"""What is new → many sockets, written once and never slowed by one that does not read.

What feeds publish within a tick becomes one piece of bytes for each view, and every socket of
that view is given the same object. A socket that is full is left alone: its subscriber reads on
from the log when there is room again, where only the newest of everything is left.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from proxyd.alarms import Alarm, Alarms
from proxyd.events import Closing, ClosingReason, Reset
from proxyd.live.feed import Entry, Numbers
from proxyd.live.part import Published, Settled
from proxyd.live.view import GAP, Piece, Reader, View
from proxyd.logs import get_logger, where
from proxyd.model import Resource
from proxyd.wire import Checksum

TICK = 0.02
"""Seconds between two writes to the same sockets while much is happening."""

BUSY_TICK = 0.05
BUSY = 200.0
"""Events a second above which ticks are longer: fewer writes, each of more."""

OTHERS = 1.0
"""How many times as long as a flush has worked the loop is left to others before the next."""

SILENCE = 13
"""Seconds of silence after which a keep-alive is sent; the contract says 15 at most."""


log = get_logger(__name__)


RETRY = 5000
"""Milliseconds after which a client may come back whose stream failed."""


class Socket(Protocol):
    """The part of asyncio's WriteTransport that is needed."""

    def write(self, data: bytes) -> None:
        """Take bytes, without waiting."""
        ...

    def get_write_buffer_size(self) -> int:
        """Return how many bytes it has not passed on yet."""
        ...

    def close(self) -> None:
        """Pass on what waits, and end."""
        ...

    def abort(self) -> None:
        """End at once."""
        ...


class Audience:
    """The subscribers of one view.

    Attributes:
        live: those to whom the hub writes.
        waiting: those who read on by themselves after the next flush.
        unsure: those who hold something of which it is not known whether it is gone.
        sum: of all that the hub has written.
        alive: the keep-alive of its format.
        broken: whether it has missed something, so that nobody may join it any more.

    """

    def __init__(self, view: View) -> None:
        self.broken = False
        self.view = view
        self.subscribers: set[Subscriber] = set()
        self.live: set[Subscriber] = set()
        self.waiting: set[Subscriber] = set()
        self.unsure: set[Subscriber] = set()
        self.sum = Checksum()
        self.alive = view.piece([view.wire.written.keep_alive], 0)


class Subscriber:
    """One open stream of a view.

    While it lags it writes piece after piece as there is room. Once it has everything it is
    live: the hub writes to it, until its socket is full.

    Attributes:
        ended: why it has to end, when it has to.

    """

    __slots__ = (
        *("_alarm", "_audience_sum", "_full", "_hub", "_said", "_sum", "audience", "ended"),
        *("live", "reader", "retry", "slot", "socket", "view"),
    )

    def __init__(self, hub: Hub, audience: Audience) -> None:
        self.audience = audience
        self.view = audience.view
        self.reader = Reader(0, 0)
        self.socket: Socket | None = None
        self.ended: ClosingReason | None = None
        self.retry = 0
        self.live = False
        self.slot: set[Subscriber] | None = None
        self._hub = hub
        self._sum = Checksum()
        self._audience_sum = Checksum()
        self._full = False
        self._said = False
        self._alarm: Alarm | None = None
        audience.subscribers.add(self)

    def begin(self, socket: Socket, opening: Sequence[bytes], *, full: bool = False) -> None:
        """Write everything to a socket from now on.

        Args:
            socket: what is written to; the wire's opening has been.
            opening: the frames that open the stream.
            full: whether the socket takes no more for now.

        """
        self.socket = socket
        self._hub.keep_alive(self)
        self.counted(Piece(b"", 0, Checksum.of(self.view.wire.written.greeting), 0))
        self._write(self.view.piece(opening, 0))
        if full:
            self.full()
        self.proceed()

    def full(self) -> None:
        """Write no more: the socket says that it is full."""
        self._full = True
        if self._alarm is None:
            self._alarm = self._hub.alarms.after(self._hub.patience, self._stuck)

    def room(self) -> None:
        """Write on: the socket says that there is room."""
        self._full = False
        self._calm()
        self.proceed()

    def proceed(self) -> None:
        """Write what it has not got, as long as there is room; then leave it to the hub."""
        while not (self._full or self.live or self.ended or self.socket is None):
            piece = self._next()
            if piece is None:
                break
            self._write(piece)
        if self.ended and not self._full:
            self._say_why()

    def lag(self) -> None:
        """Take it out of the hub's hands, from where it is."""
        if self.live:
            self._catch_up()
            self.live = False
            self.audience.live.discard(self)
            self.reader.cursor = self.reader.since = self._hub.flushed

    def end(self, reason: ClosingReason, retry: int = RETRY) -> None:
        """Say why it ends, and end. `retry` in milliseconds."""
        if self.ended is None:
            self.ended, self.retry = reason, retry
            self.lag()
            self.proceed()

    def counted(self, piece: Piece) -> Piece:
        """Note that a piece is written to this subscriber alone."""
        if self.view.wire.gzip:
            self._catch_up()
            self._sum = self._sum.then(piece.sum)
        return piece

    def left(self) -> None:
        """Forget it everywhere."""
        self._calm()
        self._hub.forget(self)

    def _next(self) -> Piece | None:
        """Return what to write next; None when the hub has taken over, or when it has to wait."""
        if self.view.lost(self.reader):
            self.reader = Reader(0, self._hub.flushed)
            return self.view.piece([self.view.frame(Reset(reason="too_far_behind"), 1)], 0)
        while (piece := self.view.read(self.reader, self._hub.flushed)) is not None:
            if piece.data:
                return piece
        if self.reader.known is not None and not self.view.ready:
            self.audience.waiting.add(self)
            return None
        marks = self.view.piece(self.view.marks(self.reader, self._hub.flushed), 0)
        if self.reader.known is not None:
            self.audience.unsure.add(self)
        self._write(marks)
        self.live = True
        self.audience.live.add(self)
        self._audience_sum = self.audience.sum
        return None

    def _write(self, piece: Piece) -> None:
        assert self.socket is not None
        if piece.data:
            self.socket.write(self.counted(piece).data)
            self._hub.sent(piece.events, len(piece.data))

    def _say_why(self) -> None:
        if self.socket is None or self.ended is None or self._said:
            return
        self._said = True
        last = Closing(reason=self.ended, retry=self.retry)
        frame = self.view.closing(last, self.reader, self._hub.flushed)
        piece = self.counted(self.view.piece([frame], self.reader.cursor))
        self.socket.write(piece.data + self.view.wire.ending(self._sum))
        self._hub.sent(1, len(piece.data))
        self._alarm = self._alarm or self._hub.alarms.after(self._hub.patience, self._stuck)
        self.socket.close()

    def _stuck(self) -> None:
        """Cut a reader that takes nothing."""
        assert self.socket is not None
        self.ended = self.ended or "slow"
        self.lag()
        self.socket.abort()

    def _calm(self) -> None:
        if self._alarm is not None:
            self._hub.alarms.call_off(self._alarm)
            self._alarm = None

    def _catch_up(self) -> None:
        """Take over the checksum of what the hub has written since it went live."""
        if self.live and self.view.wire.gzip:
            self._sum = self._sum.then(self.audience.sum.without(self._audience_sum))
            self._audience_sum = self.audience.sum


class Hub:
    """Writes what is new to the sockets of all subscribers.

    Attributes:
        flushed: the number up to which everything has been written to those who are live.

    """

    def __init__(
        self,
        numbers: Numbers,
        alarms: Alarms,
        *,
        backlog: int,
        patience: float,
        sent: Callable[[int, int], None],
        fell_behind: Callable[[], None],
    ) -> None:
        """Make a hub.

        Args:
            numbers: of the process's events.
            alarms: of the process.
            backlog: bytes that may wait in one socket.
            patience: seconds for which a socket may be full.
            sent: is told how many events and bytes were written.
            fell_behind: is told of each socket that was full.

        """
        self.audiences: set[Audience] = set()
        self.alarms = alarms
        self.patience = patience
        self.sent = sent
        self._numbers = numbers
        self._backlog = backlog
        self._fell_behind = fell_behind
        self._batch: list[Published] = []
        self._timer: asyncio.Handle | None = None
        self._free_at = 0.0
        self._slots: deque[set[Subscriber]] = deque(set() for _ in range(SILENCE))
        self._heart: asyncio.TimerHandle | None = None
        self._mark_flushed()

    def publish(self, published: Published) -> None:
        """Have something written: at once when nothing has been for a while, else with the tick."""
        self._batch.append(published)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._free_at - loop.time()
            if wait > 0:
                self._timer = loop.call_later(wait, self._flush)
            else:
                self._timer = loop.call_soon(self._flush)

    def keep_alive(self, subscriber: Subscriber) -> None:
        """See to it that a subscriber's socket never falls silent."""
        subscriber.slot = self._slots[-1]
        subscriber.slot.add(subscriber)
        if self._heart is None:
            self._heart = asyncio.get_running_loop().call_later(1.0, self._beat)

    def forget(self, subscriber: Subscriber) -> None:
        """Write no more to a subscriber that has gone."""
        audience = subscriber.audience
        for those in (audience.live, audience.waiting, audience.unsure, audience.subscribers):
            those.discard(subscriber)
        if subscriber.slot is not None:
            subscriber.slot.discard(subscriber)

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        started, worked = loop.time(), time.thread_time()
        batch, self._batch, self._timer = self._batch, [], None
        decoded: dict[Entry, Resource] = {}
        full: list[Subscriber] = []
        for audience in self.audiences:
            try:
                frames = audience.view.news(batch, decoded)
                if frames and audience.live:
                    full += self._write(audience, audience.view.piece(frames, 0))
            except Exception as error:  # noqa: BLE001 - the other audiences go on
                log.error("an audience could not be told", **where(error))
                audience.broken = True
                for subscriber in list(audience.subscribers):
                    subscriber.end("error")
        self._mark_flushed()
        settled = [each for each in batch if isinstance(each, Settled)]
        for each in settled:
            each.feed.trim(self.flushed)
        for audience in self.audiences:
            full += audience.waiting
            audience.waiting.clear()
            if settled:
                full += audience.unsure
                audience.unsure.clear()
        for subscriber in full:
            subscriber.lag()
            subscriber.proceed()
        tick = BUSY_TICK if len(batch) > BUSY * TICK else TICK
        self._free_at = started + max(tick, (1 + OTHERS) * (time.thread_time() - worked))

    def _mark_flushed(self) -> None:
        """Leave numbers for what subscribers are sent between this flush and the next."""
        self.flushed = self._numbers.last
        self._numbers.next(GAP)

    def _write(self, audience: Audience, piece: Piece) -> list[Subscriber]:
        """Write a piece to all who are live; return those whose sockets are full instead."""
        data, limit = piece.data, self._backlog - len(piece.data)
        full = []
        for subscriber in audience.live:
            socket = subscriber.socket
            assert socket is not None
            waiting = socket.get_write_buffer_size()
            if waiting and waiting > limit:
                full.append(subscriber)
            else:
                socket.write(data)
        for subscriber in full:
            subscriber.lag()
            self._fell_behind()
        audience.sum = audience.sum.then(piece.sum)
        count = len(audience.live)
        self.sent(piece.events * count, len(data) * count)
        return full

    def _beat(self) -> None:
        """Send the keep-alives of one slot: each comes round once within the silence."""
        self._slots.rotate(1)
        for subscriber in self._slots[-1]:
            socket = subscriber.socket
            assert socket is not None
            if subscriber.ended is None and socket.get_write_buffer_size() < self._backlog:
                socket.write(subscriber.counted(subscriber.audience.alive).data)
        loop = asyncio.get_running_loop()
        self._heart = loop.call_later(1.0, self._beat) if any(self._slots) else None
