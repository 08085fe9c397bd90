"""One open watch stream: what it asks, by what right, and how long it may last."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from proxyd.alarms import Alarm, Alarms
from proxyd.coverage import Tally
from proxyd.events import ClosingReason
from proxyd.extent import Extent
from proxyd.live.feeds import Asked, Feeds, Question, Selection
from proxyd.live.hub import Socket, Subscriber
from proxyd.live.view import Reader, View, Wanted
from proxyd.metrics import Metrics
from proxyd.model import Principal
from proxyd.plan import Plan, Query
from proxyd.reach import enabled_regions
from proxyd.rights import Right, Rights, over
from proxyd.settings import Limits, Watch
from proxyd.wire import Wire

RETRY = (1000, 5000)
"""Milliseconds after which a client may come back: spread, so that not all come at once."""

RETRY_EACH = 2
"""Milliseconds more of spread for each stream that is open, when all have to come back."""

MAX_SELECTIONS = 100
"""Each holds up to twelve thousand shards."""


class Selections:
    """The shards of extents, computed once for all streams that ask the same."""

    def __init__(self) -> None:
        self._made: dict[tuple[Extent, tuple[str, ...]], Selection] = {}

    def of(self, extent: Extent, regions: Sequence[str]) -> Selection:
        """Return the shards of an extent in these regions."""
        key = (extent, tuple(regions))
        if key not in self._made:
            if len(self._made) >= MAX_SELECTIONS:
                self._made.clear()
            self._made[key] = Selection(extent.shards(regions))
        return self._made[key]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What all watch streams are run with."""

    feeds: Feeds
    rights: Rights
    alarms: Alarms
    selections: Selections
    limits: Limits
    watch: Watch
    metrics: Metrics
    open_streams: Callable[[], int]


class Watching:
    """A stream in watch mode, from its roles being assumed to its last bytes.

    `join()` it, `begin()` with its socket, tell it when that is `full()`, has `room()` or is
    gone (`close()`). It needs no task: what happens to it calls it.

    Attributes:
        stuck: whether something of it could not be ended; nothing of it can be.

    """

    __slots__ = (
        *("_check", "_checking", "_closed", "_end", "_ending", "_number", "_principal", "_query"),
        *("_question", "_reset", "_rights", "_subscriber", "_targets", "_terms", "_wanted"),
        "wire",
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
        closed: Callable[[Watching], None],
    ) -> None:
        self.wire = wire
        self._terms = terms
        self._principal = principal
        self._query = query
        self._wanted = wanted
        self._targets = list(zip(plans, rights, scans, strict=True))
        self._rights = list(rights)
        self._closed: Callable[[Watching], None] | None = closed
        self._question: Question | None = None
        self._subscriber: Subscriber | None = None
        self._ending: ClosingReason | None = None
        self._reset: str | None = None
        self._number = 0
        self._checking: asyncio.Task[None] | None = None
        seconds, reason = min(self._ends())
        self._end = terms.alarms.after(seconds, partial(self.end, reason))
        self._check = self._next_check()
        for right in self._rights:
            right.holders.append(self._revoked)

    @property
    def outcome(self) -> str:
        """Why it ended; "disconnected" when nobody wanted it to."""
        return self._ending or (self._subscriber and self._subscriber.ended) or "disconnected"

    async def join(self) -> None:
        """Join the feeds of its targets."""
        asked = await asyncio.gather(*(self._ask(*target) for target in self._targets))
        self._question = Question(asked, self._query.where, self._wanted)
        self._subscriber = await self._terms.feeds.join(
            self._principal.name, self._question, self.wire, self._reader
        )

    def begin(self, socket: Socket, *, full: bool) -> None:
        """Write everything to a socket from now on.

        Args:
            socket: what is written to; the wire's opening has been.
            full: whether it takes no more for now.

        """
        assert self._subscriber is not None
        view = self._subscriber.view
        self._subscriber.begin(socket, view.opening(self._number, self._reset), full=full)
        if self._ending is not None:
            self._subscriber.end(self._ending, self._retry())

    def full(self) -> None:
        """Note that the socket takes no more for now."""
        if self._subscriber is not None:
            self._subscriber.full()

    def room(self) -> None:
        """Note that the socket takes more again."""
        if self._subscriber is not None:
            self._subscriber.room()

    def end(self, reason: ClosingReason) -> None:
        """Have it say why it ends, and end."""
        self._ending = self._ending or reason
        if self._subscriber is not None and self._subscriber.socket is not None:
            self._subscriber.end(self._ending, self._retry())

    def cut(self) -> None:
        """End it without a word."""
        if self._subscriber is not None and self._subscriber.socket is not None:
            self._subscriber.socket.abort()

    def close(self) -> None:
        """Let go of everything: its socket is gone, or never was."""
        closed, self._closed = self._closed, None
        if closed is None:
            return
        self._terms.alarms.call_off(self._end)
        self._terms.alarms.call_off(self._check)
        if self._checking is not None:
            self._checking.cancel()
        for right in self._rights:
            right.holders.remove(self._revoked)
        try:
            closed(self)
        finally:
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

    def _retry(self) -> int:
        """Return the milliseconds after which to come back: more of them where all have to."""
        least, most = RETRY
        if self._ending == "shutdown":
            most += RETRY_EACH * self._terms.open_streams()
        return random.randint(least, most)  # noqa: S311 - no secret

    def _revoked(self) -> None:
        self.end(over(self._rights))

    def _next_check(self) -> Alarm:
        wait = self._terms.watch.recheck_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        return self._terms.alarms.after(wait, self._start_check)

    def _start_check(self) -> None:
        self._checking = asyncio.create_task(self._check_rights())

    async def _check_rights(self) -> None:
        """See whether the roles are still given."""
        try:
            for right in self._rights:
                await self._terms.rights.check(right)
        finally:
            self._checking = None
            if self._closed is not None:
                self._check = self._next_check()

    async def _ask(self, plan: Plan, right: Right, scan: str) -> Asked:
        enabled, lacking = None, None
        if right.refused is None:
            enabled, lacking = await enabled_regions(right.access, plan.extent.scanners)
        return Asked(
            target=plan.target,
            detail=self._query.detail,
            scan=scan,
            selection=self._terms.selections.of(plan.extent, plan.extent.regions(enabled)),
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
    def waiting(self) -> int:
        """How many bytes wait for its reader."""
        socket = None if self._subscriber is None else self._subscriber.socket
        return 0 if socket is None else socket.get_write_buffer_size()

    def tallies(self) -> dict[str, Tally]:
        """Return what each scan came to, by its id: what its reader holds, if it has read all."""
        if self._subscriber is None:
            return {}
        view = self._subscriber.view
        return {
            part.started.scan: Tally(part.coverage, view.resources(part)) for part in view.parts
        }
