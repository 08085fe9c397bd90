"""One open watch stream: what it asks, by what right, and how long it may last."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Self

import msgspec

from proxyd.alarms import Alarm, Alarms
from proxyd.coverage import Coverage
from proxyd.events import ClosingReason
from proxyd.feeds import Asked, Feeds, Question, Selection
from proxyd.hub import Socket, Subscriber
from proxyd.metrics import Metrics
from proxyd.model import Principal
from proxyd.plan import Plan, Query
from proxyd.reach import enabled_regions
from proxyd.rights import Right, Rights
from proxyd.settings import Limits, Watch
from proxyd.view import Piece, Reader, View, Wanted
from proxyd.wire import Checksum, Wire

RETRY = (1000, 5000)
"""Milliseconds after which a client may come back: spread, so that not all come at once."""

RETRY_EACH = 2
"""Milliseconds more of spread for each stream that is open, when all have to come back."""

MAX_SELECTIONS = 1000

Drained = Callable[[], Awaitable[None]]


class Selections:
    """The shards of plans, computed once for all streams that ask the same."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, tuple[str, ...]], tuple[Plan, Selection]] = {}

    def of(self, plan: Plan, regions: Sequence[str]) -> Selection:
        """Return the shards of a plan in these regions."""
        key = (id(plan), tuple(regions))  # the plan is kept with it, so its id stays its own
        if key not in self._made:
            if len(self._made) >= MAX_SELECTIONS:
                self._made.clear()
            self._made[key] = (plan, Selection(plan.shards(regions)))
        return self._made[key][1]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What all watch streams are run with."""

    feeds: Feeds
    rights: Rights
    alarms: Alarms
    selections: Selections
    limits: Limits
    watch: Watch
    metrics: Metrics


class Watching:
    """A stream in watch mode, from its roles being assumed to its last bytes.

    Use as `async with watching:`, then `serve()`, then write `farewell()` if it gives any.

    Attributes:
        outcome: why it ended: "disconnected" until there is a reason.
        stuck: whether something of it could not be ended; nothing of it can be.

    """

    __slots__ = (
        *("_alarms", "_check_due", "_ending", "_number", "_principal", "_query", "_question"),
        *("_reset", "_rights", "_subscriber", "_targets", "_terms", "_wanted", "outcome", "wire"),
    )
    stuck = False

    def __init__(
        self,
        terms: Terms,
        principal: Principal,
        query: Query,
        *,
        wire: Wire,
        wanted: Wanted | None,
        plans: Sequence[Plan],
        rights: Sequence[Right],
        scans: Sequence[str],
    ) -> None:
        self.outcome = "disconnected"
        self.wire = wire
        self._terms = terms
        self._principal = principal
        self._query = query
        self._wanted = wanted
        self._targets = list(zip(plans, rights, scans, strict=True))
        self._rights = list(rights)
        self._question: Question | None = None
        self._subscriber: Subscriber | None = None
        self._ending: ClosingReason | None = None
        self._reset: str | None = None
        self._number = 0
        self._alarms: list[Alarm] = []
        self._check_due = False

    async def __aenter__(self) -> Self:
        seconds, reason = min(self._ends())
        self._alarms.append(self._terms.alarms.after(seconds, partial(self.end, reason)))
        self._plan_check()
        for right in self._rights:
            right.holders.append(self._revoked)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for alarm in self._alarms:
            self._terms.alarms.call_off(alarm)
        for right in self._rights:
            right.holders.remove(self._revoked)
        if self._subscriber is not None and self._question is not None:
            self._terms.feeds.left(self._principal.name, self._question, self._subscriber)

    def _ends(self) -> list[tuple[float, ClosingReason]]:
        """Return after how many seconds it ends, and why."""
        life = self._terms.limits.stream_seconds * random.uniform(0.8, 1.0)  # noqa: S311 - no secret
        ends: list[tuple[float, ClosingReason]] = [(life, "deadline")]
        if self._principal.expires is not None:
            left = (self._principal.expires - datetime.now(UTC)).total_seconds()
            ends.append((left, "expired"))
        return ends

    def end(self, reason: ClosingReason) -> None:
        """Have it say why it ends, and end."""
        self._ending = self._ending or reason
        if self._subscriber is not None:
            self._subscriber.end(reason)

    async def close(self, reason: ClosingReason) -> None:
        """End it from this side."""
        self.end(reason)

    def _revoked(self) -> None:
        self.end("revoked")

    async def serve(self, socket: Socket, drained: Drained) -> None:
        """Write everything to a socket, until there is a reason to end.

        Args:
            socket: what is written to; its opening has been.
            drained: waits until there is room in it again.

        Raises:
            TimeoutError: the socket took nothing for too long.

        """
        subscriber = await self._join()
        view = subscriber.view
        subscriber.counted(Piece(b"", 0, Checksum.of(self.wire.written.greeting), 0))
        subscriber.opened(socket)
        self._write(
            socket, subscriber.counted(view.piece(view.opening(self._number, self._reset), 0))
        )
        if self._ending is not None:
            subscriber.end(self._ending)
        while subscriber.ended is None:
            if socket.get_write_buffer_size():
                async with asyncio.timeout(self._terms.limits.write_seconds):
                    await drained()
            piece = subscriber.next()
            if piece is not None:
                self._write(socket, piece)
            else:
                await self._turn(subscriber)
        self.outcome = subscriber.ended

    def _write(self, socket: Socket, piece: Piece) -> None:
        socket.write(piece.data)
        self._terms.metrics.count_sent(piece.events, len(piece.data))

    async def _turn(self, subscriber: Subscriber) -> None:
        """Wait until it lags or has to end; in between, see whether the roles are still given."""
        if not self._check_due:
            await subscriber.turn()
        if self._check_due:
            self._check_due = False
            self._alarms.pop()
            self._plan_check()
            for right in self._rights:
                await self._terms.rights.check(right)

    def _plan_check(self) -> None:
        wait = self._terms.watch.recheck_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._alarms.append(self._terms.alarms.after(wait, self._is_due))

    def _is_due(self) -> None:
        self._check_due = True
        if self._subscriber is not None:
            self._subscriber.wake()

    def farewell(self, open_streams: int) -> bytes:
        """Return the last bytes: why it ends, and when to come back.

        Args:
            open_streams: how many have to come back, when all have to.

        """
        assert self._subscriber is not None
        least, most = RETRY
        if self.outcome == "shutdown":
            most += RETRY_EACH * open_streams
        return self._subscriber.farewell(random.randint(least, most)).data  # noqa: S311 - no secret

    async def _join(self) -> Subscriber:
        asked = [await self._ask(*target) for target in self._targets]
        self._question = Question(asked, self._query.where, self._wanted)
        self._subscriber = await self._terms.feeds.join(
            self._principal.name, self._question, self.wire, self._reader
        )
        return self._subscriber

    async def _ask(self, plan: Plan, right: Right, scan: str) -> Asked:
        enabled, lacking = None, None
        if right.refused is None:
            enabled, lacking = await enabled_regions(right.access, plan.scanners)
        return Asked(
            target=plan.target,
            detail=self._query.detail,
            scan=scan,
            selection=self._terms.selections.of(plan, plan.regions(enabled)),
            right=right,
            refused=right.refused is not None,
            lacking=lacking,
        )

    def _reader(self, view: View) -> Reader:
        """Find out from where it goes on: from where it broke off, or from the start."""
        flushed = self._terms.feeds.hub.flushed
        last = self._query.last_event_id
        if last is None:
            return Reader(0, flushed, self._query.known)
        number = view.number_of(last, self._terms.feeds.numbers.last)
        self._terms.metrics.resumed.labels("reset" if number is None else "continued").inc()
        if number is None:
            self._reset = "replay_unavailable"
            return Reader(0, flushed)
        self._number = number
        return Reader(number, number or flushed)

    @property
    def coverages(self) -> list[Coverage]:
        """What was seen of each target."""
        return [] if self._subscriber is None else [p.coverage for p in self._subscriber.view.parts]

    @property
    def resources(self) -> int:
        """How many resources its reader holds, if it has read all."""
        if self._subscriber is None:
            return 0
        view = self._subscriber.view
        return sum(map(view.resources, view.parts))

    @property
    def statuses(self) -> Counter[str]:
        """How the shards ended last."""
        total: Counter[str] = Counter()
        for coverage in self.coverages:
            total += coverage.statuses
        return total
