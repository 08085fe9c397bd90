"""One open stream: the scans of its targets, into one bounded queue of events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

import msgspec

from proxyd.aws.access import Access
from proxyd.aws.shared import Regions
from proxyd.backlog import Backlog
from proxyd.coverage import Coverage, Tally
from proxyd.engine import Engine, Wanted, Work
from proxyd.errors import AwsError
from proxyd.events import Closing, ClosingReason, Event, Reset, ShardEnded
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.model import Resource, Scanner
from proxyd.plan import Plan
from proxyd.reach import enabled_regions, known_off, refusal, started, unseen
from proxyd.settings import Limits

log = get_logger(__name__)

TARGETS_AT_ONCE = 16
CANCEL_SECONDS = 5.0
"""Seconds that a cancelled scan has to end before it is left behind."""

_MAY_PASS = frozenset({"timeout", "throttled"})
"""Why a role was not given that is no answer: of many targets the last ones may wait too long."""

RETRY = 5000
"""Milliseconds after which a client whose stream was closed may come back."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a stream: its plan and the role, or why it could not be assumed.

    Attributes:
        settled: told what came of the role in its turn, where it had not been given before.

    """

    id: str
    plan: Plan
    access: Access
    refused: AwsError | None
    settled: Callable[[AwsError | None], None]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream is run with.

    Attributes:
        framer: event → bytes, which numbers the events.
        wanted: the filter.
        reset: why the client has to drop what it holds, if it came back.
        known: ARN → hash of what the client holds.
        expires: when the right to it ends.

    """

    engine: Engine
    limits: Limits
    metrics: Metrics
    framer: Callable[[Event], bytes]
    wanted: Wanted | None = None
    reset: str | None = None
    known: Mapping[str, str] = msgspec.field(default_factory=dict)
    expires: datetime | None = None

    def time_left(self) -> tuple[float, ClosingReason]:
        """Return the seconds that it may last, and why it ends then."""
        seconds = self.limits.scan_seconds
        if self.expires is not None:
            left = (self.expires - datetime.now(UTC)).total_seconds()
            if left < seconds:
                return left, "expired"
        return seconds, "deadline"


class Stream:
    """Runs scans while it is open; leaving it cancels whatever they still do.

    Use as `async with stream:` and call `take()` until it gives None.

    Attributes:
        outcome: how it ended: "completed" once its reader has had all of it, the reason of
            `closing` where it had one, and "disconnected" until then.

    """

    def __init__(self, scans: Sequence[Scan], terms: Terms) -> None:
        self.outcome = "disconnected"
        self._coverages: dict[str, Coverage] = {}
        self.stuck = False
        self._scans = scans
        self._terms = terms
        self._since = time.monotonic()
        self._first = True
        self._backlog = Backlog(terms.limits.backlog_bytes)
        self._producer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._complete = False

    async def __aenter__(self) -> Self:
        self._producer = asyncio.create_task(self._produce())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def take(self, wait: float) -> tuple[bytes, int] | None:
        """Return what is to be sent and how many events that is.

        None at the end; no bytes after `wait` seconds without an event.
        """
        taken = await self._backlog.take(wait)
        if taken is None and self._complete:
            self.outcome = "completed"
        return taken

    def end(self, reason: ClosingReason) -> None:
        """Have it say why it ends, and end."""
        if self._closing is None:
            self._closing = asyncio.create_task(self.close(reason))

    async def close(self, reason: ClosingReason) -> None:
        """End it from this side: drop what is not sent, and say why as the last event."""
        await self._stop()
        self._say_last(reason)

    async def _stop(self) -> None:
        """Cancel what runs; a scanner that will not be cancelled is left behind, and told of."""
        producer = self._producer
        if producer is None or producer.done():
            return
        producer.cancel()
        _, running = await asyncio.wait([producer], timeout=CANCEL_SECONDS)
        self.stuck = bool(running)
        if self.stuck:
            log.error("a scanner swallows its cancellation", seconds=CANCEL_SECONDS)

    def _say_last(self, reason: ClosingReason) -> None:
        """Put `closing` before its reader, unless all that there is will reach it anyway."""
        if self._complete or self.outcome != "disconnected":
            return
        self.outcome = reason
        last = self._terms.framer(Closing(reason=reason, retry=RETRY))
        self._backlog.end(last, instead=True)

    async def _produce(self) -> None:
        seconds, reason = self._terms.time_left()
        try:
            async with asyncio.timeout(seconds):
                if self._terms.reset is not None:
                    await self._put(Reset(reason=self._terms.reset))
                await self._scan_all()
        except TimeoutError:
            self._say_last(reason)
        except Exception as error:  # noqa: BLE001 - the client must be told, whatever it was
            log.error("stream failed", **where(error))
            self._say_last("error")
        else:
            self._complete = True
            self._backlog.end()

    async def _put(self, event: Event) -> None:
        await self._backlog.put(lambda: self._terms.framer(event))

    async def _scan_all(self) -> None:
        slots = asyncio.Semaphore(TARGETS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for scan in self._scans:
                group.create_task(self._scan(scan, slots))

    async def _scan(self, scan: Scan, slots: asyncio.Semaphore) -> None:
        async with slots:
            since = time.monotonic()
            enabled, lacking = None, None
            refused = scan.refused
            if refused is None or refused.status in _MAY_PASS:
                refused = await refusal(scan.access.assume, self._terms.limits.assume_seconds)
                scan.settled(refused)
            if refused is None:
                enabled, lacking = await enabled_regions(scan.access, scan.plan.extent.scanners)
            shards = scan.plan.extent.shards(scan.plan.extent.regions(enabled))
            coverage = Coverage(len(shards))
            self._coverages[scan.id] = coverage
            if lacking is not None:
                coverage.lacks(lacking)
            await self._put(started(scan.id, scan.plan.target, "snapshot", shards))
            await self._run(scan, shards, refused, enabled, coverage)
            own_calls = scan.access.meter.calls - coverage.calls
            self._terms.metrics.calls.inc(own_calls)
            await self._put(
                coverage.completed(
                    scan=scan.id,
                    target=scan.plan.target,
                    calls=own_calls,
                    ms=round((time.monotonic() - since) * 1000),
                )
            )

    async def _run(
        self,
        scan: Scan,
        shards: Sequence[tuple[Scanner, str]],
        refused: AwsError | None,
        enabled: Regions | None,
        coverage: Coverage,
    ) -> None:
        """Run the shards, but for those of which it is known that nothing can be seen."""

        async def emit(_: Work, event: Event) -> None:
            await self._emit(event, coverage)

        works = []
        for scanner, region in shards:
            work = Work(scanner, region)
            known = refused or known_off(region, enabled)
            if known is None:
                works.append(work)
            else:
                await emit(work, unseen(scan.plan.target, scanner.type, region, known))
        await self._terms.engine.run(works, scan.access.shard, emit, self._terms.wanted)

    async def _emit(self, event: Event, coverage: Coverage) -> None:
        match event:
            case ShardEnded():
                coverage.add(event)
                self._terms.metrics.shards.labels(event.status).inc()
                self._terms.metrics.calls.inc(event.calls)
            case Resource() if self._terms.known.get(event.arn) == event.hash:
                return
            case Resource() if self._first:
                self._first = False
                self._terms.metrics.first.observe(time.monotonic() - self._since)
        await self._put(event)

    @property
    def waiting(self) -> int:
        """How many bytes wait for its reader."""
        return self._backlog.size

    def tallies(self) -> dict[str, Tally]:
        """Return what each scan came to so far, by its id."""
        return {
            scan: Tally(coverage, coverage.resources) for scan, coverage in self._coverages.items()
        }
