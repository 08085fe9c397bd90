"""One open stream: the scans of its targets, into one bounded queue of events."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

import msgspec

from proxyd.aws.access import Access
from proxyd.coverage import Coverage
from proxyd.engine import Engine, Wanted, Work
from proxyd.errors import AwsError
from proxyd.events import Closing, ClosingReason, Event, Reset, ScanStarted, ShardEnded
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.model import Resource
from proxyd.plan import Plan
from proxyd.settings import Limits

log = get_logger(__name__)

MAX_BATCH = 256
"""Events that are handed out at once."""

TARGETS_AT_ONCE = 16
RETRY = 5000
"""Milliseconds after which a client whose stream was closed may come back."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a stream: its plan and the role, or why it could not be assumed."""

    id: str
    plan: Plan
    access: Access
    refused: AwsError | None = None


class Stream:
    """Runs scans while it is open; leaving it cancels whatever they still do.

    Use as `async with stream:` and call `next()` until it gives None.
    """

    def __init__(
        self,
        scans: Sequence[Scan],
        *,
        engine: Engine,
        limits: Limits,
        metrics: Metrics,
        wanted: Wanted | None,
        reset: str | None,
    ) -> None:
        self.outcome = "disconnected"
        self.coverages: list[Coverage] = []
        self._scans = scans
        self._engine = engine
        self._limits = limits
        self._metrics = metrics
        self._wanted = wanted
        self._reset = reset
        self._since = time.monotonic()
        self._first = True
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(limits.queue + 1)
        self._producer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._producer = asyncio.create_task(self._produce())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def next(self, wait: float) -> list[Event] | None:
        """Return the next events: none after `wait` seconds of silence, None at the end."""
        try:
            async with asyncio.timeout(wait):
                event = await self._queue.get()
        except TimeoutError:
            return []
        batch = []
        while event is not None:
            batch.append(event)
            if len(batch) >= MAX_BATCH or self._queue.empty():
                return batch
            event = self._queue.get_nowait()
        if batch:
            self._queue.put_nowait(None)
            return batch
        return None

    async def close(self, reason: ClosingReason) -> None:
        """End it from this side: drop what is queued, and say why as its last event."""
        await self._stop()
        self._say_last(reason)

    async def _stop(self) -> None:
        producer = self._producer
        if producer is not None and not producer.done():
            producer.cancel()
            await asyncio.wait([producer])

    def _say_last(self, reason: ClosingReason) -> None:
        """Put the closing event at the head of the queue, unless the last event is said."""
        if self.outcome != "disconnected":
            return
        while not self._queue.empty():
            self._queue.get_nowait()
        self.outcome = reason
        self._queue.put_nowait(Closing(reason=reason, retry=RETRY))
        self._queue.put_nowait(None)

    async def _produce(self) -> None:
        try:
            if self._reset is not None:
                await self._queue.put(Reset(reason=self._reset))
            async with asyncio.timeout(self._limits.scan_seconds):
                await self._scan_all()
        except TimeoutError:
            self._say_last("deadline")
        except Exception as error:  # noqa: BLE001 - the client must be told, whatever it was
            log.error("stream failed", **where(error))
            self._say_last("error")
        else:
            self.outcome = "completed"
            await self._queue.put(None)

    async def _scan_all(self) -> None:
        slots = asyncio.Semaphore(TARGETS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for scan in self._scans:
                group.create_task(self._scan(scan, slots))

    async def _scan(self, scan: Scan, slots: asyncio.Semaphore) -> None:
        async with slots:
            started = time.monotonic()
            enabled = await _enabled(scan)
            regions = scan.plan.regions(enabled)
            shards = scan.plan.shards(regions)
            coverage = Coverage(len(shards))
            self.coverages.append(coverage)
            await self._queue.put(_started(scan, regions, len(shards)))

            async def emit(event: Event) -> None:
                await self._emit(event, coverage)

            works = []
            for scanner, region in shards:
                known = scan.refused or _known_off(region, enabled)
                if known is None:
                    works.append(Work(scanner, region))
                else:
                    await emit(_unseen(scan, scanner.type, region, known))
            await self._engine.run(works, scan.access.shard, emit, self._wanted)
            shard_calls = coverage.calls
            await self._queue.put(
                coverage.completed(
                    scan=scan.id,
                    target=scan.plan.target.name,
                    calls=scan.access.meter.calls - shard_calls,
                    ms=round((time.monotonic() - started) * 1000),
                )
            )

    async def _emit(self, event: Event, coverage: Coverage) -> None:
        match event:
            case ShardEnded():
                coverage.add(event)
                self._metrics.shards.labels(event.status).inc()
                self._metrics.calls.inc(event.calls)
            case Resource() if self._first:
                self._first = False
                self._metrics.first.observe(time.monotonic() - self._since)
        await self._queue.put(event)

    @property
    def statuses(self) -> Counter[str]:
        """How the shards ended so far."""
        total: Counter[str] = Counter()
        for coverage in self.coverages:
            total += coverage.statuses
        return total


async def _enabled(scan: Scan) -> dict[str, bool] | None:
    """Ask which regions are on; None where that can not be known, and then all are tried."""
    if scan.refused is not None or not any(s.scope == "regional" for s in scan.plan.scanners):
        return None
    try:
        return await scan.access.enabled_regions()
    except AwsError:
        return None


def _known_off(region: str, enabled: dict[str, bool] | None) -> AwsError | None:
    """Save the calls to a region that someone named and that the account has switched off."""
    off = enabled is not None and enabled.get(region) is False
    return AwsError("region_disabled", "OptInRequired") if off else None


def _started(scan: Scan, regions: list[str], shards: int) -> ScanStarted:
    target = scan.plan.target
    return ScanStarted(
        scan=scan.id,
        target=target.name,
        account=target.account,
        partition=target.partition,
        mode="snapshot",
        regions=regions,
        types=[scanner.type for scanner in scan.plan.scanners],
        shards=shards,
        at=datetime.now(UTC),
    )


def _unseen(scan: Scan, type_: str, region: str, refused: AwsError) -> ShardEnded:
    return ShardEnded(
        type=type_,
        region=region,
        account=scan.plan.target.account,
        status=refused.status,
        resources=0,
        calls=0,
        ms=0,
        code=refused.code,
        action=refused.action,
    )
