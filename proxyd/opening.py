"""From a question to a running stream, and to its end: the one order in which that happens.

Planned, given a place, put on the trail, given its roles, begun, and judged once more: the rules
may be others by then.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from proxyd import auditing
from proxyd.admission import Caller
from proxyd.alarms import Alarms
from proxyd.audit.streams import StreamTrail
from proxyd.audit.trail import Trail, UnavailableError
from proxyd.aws.shared import Shared
from proxyd.engine import Engine, Wanted
from proxyd.errors import Problem
from proxyd.events import Event
from proxyd.live.feeds import Feeds
from proxyd.live.watching import Selections, Watching
from proxyd.live.watching import Terms as WatchTerms
from proxyd.metrics import Metrics
from proxyd.model import Principal, Scanner
from proxyd.plan import Plan, Query
from proxyd.rights import Rights, over
from proxyd.rules import Rules
from proxyd.sentinel import Sentinel
from proxyd.settings import Settings
from proxyd.stream import Scan, Stream, Terms
from proxyd.streams import Opened, Streams, no_trail, retry_after
from proxyd.turnstile import Turnstile
from proxyd.wire import Wire

MAX_FINISHED = 10_000
"""Finished snapshots that are remembered, to tell an EventSource that comes back to stop."""


class Opening:
    """Opens streams, and writes how they ended.

    Args:
        settings: what holds until the end, whatever a new configuration says.
        registry: type → its scanner.
        rules: what the configuration says now.
        streams: those that are open.
        aws: what all of them share.
        trail: where what is done is told.
        metrics: where it is counted.

    Attributes:
        stuck: whether something of a stream that is over could not be ended.

    """

    def __init__(
        self,
        settings: Settings,
        registry: Mapping[str, Scanner],
        rules: Callable[[], Rules],
        streams: Streams,
        *,
        aws: Shared,
        trail: Trail,
        metrics: Metrics,
    ) -> None:
        self.stuck = False
        self._rules = rules
        self._streams = streams
        self._trail = trail
        self._metrics = metrics
        self._limits = settings.limits
        self._turnstile = Turnstile()
        self._engine = Engine(
            shards_at_once=settings.limits.shards_at_once,
            shard_seconds=settings.limits.shard_seconds,
        )
        self._rights = Rights(aws, settings.limits)
        alarms = Alarms()
        self._sentinel = Sentinel(self._rights, alarms, settings.watch.revoked_seconds)
        self._feeds = Feeds(
            registry,
            alarms=alarms,
            engine=self._engine,
            metrics=metrics,
            limits=settings.limits,
            watch=settings.watch,
        )
        self._watch_terms = WatchTerms(
            feeds=self._feeds,
            rights=self._rights,
            alarms=alarms,
            open_streams=lambda: len(streams),
            selections=Selections(),
            limits=settings.limits,
            watch=settings.watch,
            metrics=metrics,
        )
        self._finished: OrderedDict[tuple[str, str | None], Query] = OrderedDict()

    def preview(self, principal: Principal, query: Query) -> bool:
        """Check a query as `snapshot` and `watch` would, without opening anything.

        Returns:
            Whether it comes back to a complete snapshot of the same question.

        Raises:
            Problem: it would be refused.

        """
        planner = self._rules().planner
        planner.plan(principal, query)
        planner.where(query.where)
        return self._finished.get((principal.name, query.last_event_id)) == query.question()

    def finished(self, principal: Principal, query: Query, event_id: str) -> None:
        """Remember the last event id of a snapshot that its reader has had all of."""
        self._finished[principal.name, event_id] = query.question()
        if len(self._finished) > MAX_FINISHED:
            self._finished.popitem(last=False)

    @asynccontextmanager
    async def snapshot(
        self, caller: Caller, query: Query, framer: Callable[[Event], bytes]
    ) -> AsyncIterator[tuple[Opened, Stream]]:
        """Open a stream that ends when all is scanned; it runs until the block is left.

        Raises:
            Problem: nothing was or will be streamed.

        """
        principal = caller.principal
        plans, wanted = await self._planned(principal, query)
        terms = Terms(
            engine=self._engine,
            limits=self._limits,
            metrics=self._metrics,
            framer=framer,
            wanted=wanted,
            reset="replay_unavailable" if query.last_event_id else None,
            known=query.known or {},
            expires=principal.expires,
        )
        with self._streams.slot(principal):
            ids = [secrets.token_hex(6) for _ in plans]
            opened = self._opened(caller, query, plans, ids)
            await self._assume(opened, ids)
            scans = [
                Scan(
                    id=scan,
                    plan=plan,
                    access=right.access,
                    refused=right.refused,
                    settled=right.settled,
                )
                for plan, scan, right in zip(plans, ids, opened.rights, strict=True)
            ]
        stream = opened.stream = Stream(scans, terms)

        def revoked() -> None:
            stream.end(over(opened.rights))

        self._begun(opened)
        for right in opened.rights:
            right.holders.append(revoked)
        try:
            async with stream:
                opened.judge(self._rules())
                yield opened, stream
        finally:
            for right in opened.rights:
                right.holders.remove(revoked)
            self._ended(opened, stream)

    async def watch(self, caller: Caller, query: Query, wire: Wire) -> tuple[Opened, Watching]:
        """Open a stream that stays, until it is closed.

        Raises:
            Problem: nothing was or will be streamed.

        """
        principal = caller.principal
        plans, wanted = await self._planned(principal, query)
        with self._streams.slot(principal):
            if self._feeds.full:
                raise Problem(503, "state_full", "proxyd holds all it may", headers=retry_after())
            ids = [self._feeds.scan_of(plan.target, query.detail) for plan in plans]
            opened = self._opened(caller, query, plans, ids)
            await self._assume(opened, ids)
            watching = opened.stream = Watching(
                self._watch_terms,
                principal,
                query,
                wire=wire,
                wanted=wanted,
                plans=plans,
                rights=opened.rights,
                scans=ids,
                closed=partial(self._ended, opened),
            )
        self._begun(opened)
        opened.judge(self._rules())
        return opened, watching

    async def stop(self) -> None:
        """End what is kept live."""
        self._sentinel.stop()
        await self._feeds.stop()

    async def _planned(
        self, principal: Principal, query: Query
    ) -> tuple[list[Plan], Wanted | None]:
        """Wait for its turn, and plan by the rules as they are then."""
        await self._turnstile.enter()
        planner = self._rules().planner
        return planner.plan(principal, query), planner.where(query.where)

    def _opened(self, caller: Caller, query: Query, plans: list[Plan], ids: list[str]) -> Opened:
        stream = secrets.token_hex(8)
        scans = auditing.started(caller, query, plans, ids, stream)
        return Opened(caller, query, plans, StreamTrail(self._trail, stream, scans))

    async def _assume(self, opened: Opened, ids: list[str]) -> None:
        """Assume the roles; that, and whatever stands in the way, is on the audit trail."""
        query = opened.query
        try:
            await self._on_trail(opened)
            opened.rights = await self._rights.assume_all(
                opened.caller.principal,
                opened.plans,
                query.detail,
                ids,
                shared=query.mode == "watch",
            )
            self._streams.refuse_when_draining()
        except Problem as problem:
            opened.trail.refused(problem.code)
            raise
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            opened.trail.refused("disconnected" if cancelled else "internal")
            raise

    async def _on_trail(self, opened: Opened) -> None:
        """Have a sink take the records of a stream before anything is done for it."""
        try:
            await opened.trail.begin()
        except UnavailableError:
            raise no_trail() from None

    def _begun(self, opened: Opened) -> None:
        self._streams.begun(opened)
        for right in opened.rights:
            self._sentinel.hold(right)

    def _ended(self, opened: Opened, stream: Stream | Watching) -> None:
        """Give back the place of a stream, and write how it ended."""
        self.stuck = self.stuck or stream.stuck
        self._streams.ended(opened)
        for right in opened.rights:
            self._sentinel.drop(right)
        self._metrics.streams.labels(stream.outcome).inc()
        whole = stream.outcome == "completed" or isinstance(stream, Watching)
        rights = dict(zip(opened.trail.scans, opened.rights, strict=True))
        opened.trail.ended(stream.outcome, auditing.sums(stream.tallies(), rights, whole=whole))
        opened.over(stream.outcome)
