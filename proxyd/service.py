"""The joint: `open(request)` → a running stream, or a problem. It knows no HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial

from proxyd.actions import actions_of
from proxyd.alarms import Alarms
from proxyd.audit import Audit, Record, StreamAudit, TargetRecord
from proxyd.auth.tokens import authenticate
from proxyd.aws.regions import everywhere
from proxyd.aws.shared import Shared
from proxyd.engine import Engine
from proxyd.errors import Problem
from proxyd.events import Event
from proxyd.feeds import Feeds
from proxyd.metrics import Metrics
from proxyd.model import Principal, Scanner
from proxyd.plan import Plan, Planner, Query
from proxyd.rights import Right, Rights
from proxyd.sandbox import Report
from proxyd.settings import Settings
from proxyd.stream import Scan, Stream, Terms
from proxyd.turnstile import Turnstile
from proxyd.warming import warm
from proxyd.watching import Selections, Watching
from proxyd.watching import Terms as WatchTerms
from proxyd.wire import Wire

MAX_FINISHED = 10_000
"""Finished snapshots that are remembered, to tell an EventSource that comes back to stop."""

RETRY_AFTER = 5


class Service:
    """What proxyd does, apart from how it is asked."""

    def __init__(
        self,
        settings: Settings,
        registry: Mapping[str, Scanner],
        *,
        aws: Shared,
        audit: Audit,
        metrics: Metrics,
        sandbox: Report,
    ) -> None:
        regions = {target.partition: everywhere(target.partition) for target in settings.targets}
        self._sandbox = sandbox
        self.registry = registry
        self.metrics = metrics
        self.limits = settings.limits
        self.draining = False
        self.stuck = False
        self._turnstile = Turnstile()
        self._settings = settings
        self._aws = aws
        self._audit = audit
        self._planner = Planner(
            settings.targets,
            settings.grants,
            registry,
            regions,
            max_targets=settings.limits.targets_per_stream,
        )
        self._engine = Engine(
            shards_at_once=settings.limits.shards_at_once,
            shard_seconds=settings.limits.shard_seconds,
        )
        self._rights = Rights(aws, settings.limits)
        self._watch_terms = self._terms_of_watching()
        self._open: set[Stream | Watching] = set()
        self._one_left = asyncio.Event()
        self._taken: Counter[str] = Counter()
        self._finished: OrderedDict[tuple[str, str | None], Query] = OrderedDict()

    def _terms_of_watching(self) -> WatchTerms:
        alarms = Alarms()
        feeds = Feeds(
            self.registry,
            alarms=alarms,
            engine=self._engine,
            metrics=self.metrics,
            limits=self.limits,
            watch=self._settings.watch,
        )
        return WatchTerms(
            feeds=feeds,
            rights=self._rights,
            alarms=alarms,
            open_streams=lambda: len(self._open),
            selections=Selections(),
            limits=self.limits,
            watch=self._settings.watch,
            metrics=self.metrics,
        )

    async def warm(self) -> None:
        """Make the clients that the targets will need, behind the back of whoever asks already."""
        await warm(self._aws.clients, self._settings.targets, self.registry)

    def authenticate(self, authorization: str | None) -> Principal:
        """Return who asks.

        Raises:
            Problem: 401, the same for every cause.

        """
        principal = authenticate(authorization, self._settings.tokens)
        if principal is None:
            raise Problem(
                401,
                "unauthenticated",
                "a valid token is needed: Authorization: Bearer pxd_…",
                headers={"WWW-Authenticate": 'Bearer realm="proxyd"'},
            )
        return principal

    def targets(self, principal: Principal) -> list[dict[str, object]]:
        """Return the targets that a principal may see, and what of them."""
        return [
            {
                "name": target.name,
                "account": target.account,
                "partition": target.partition,
                "regions": regions,
                "types": types,
            }
            for target, types, regions in self._planner.visible(principal)
        ]

    def scanners(self) -> list[dict[str, object]]:
        """Return what every scanner declares."""
        return [describe(scanner) for scanner in self.registry.values()]

    def ready(self) -> tuple[bool, dict[str, object]]:
        """Return whether a new stream could be taken, and what speaks for or against it."""
        free = self.limits.streams - self._taken.total()
        checks: dict[str, object] = {
            "draining": self.draining,
            "streams_free": free,
            "scanners": len(self.registry),
            "targets": len(self._settings.targets),
            "sandbox": self._sandbox,
        }
        return not self.draining and free > 0, checks

    def preview(self, principal: Principal, query: Query) -> bool:
        """Check a query as `open` would, without opening anything.

        Returns:
            Whether it comes back to a complete snapshot of the same question.

        Raises:
            Problem: it would be refused.

        """
        self._planner.plan(principal, query)
        self._planner.where(query.where)
        return self._finished.get((principal.name, query.last_event_id)) == query.question()

    def finished(self, principal: Principal, query: Query, event_id: str) -> None:
        """Remember the last event id of a snapshot that its reader has had all of."""
        self._finished[principal.name, event_id] = query.question()
        if len(self._finished) > MAX_FINISHED:
            self._finished.popitem(last=False)

    @asynccontextmanager
    async def open(
        self, principal: Principal, query: Query, peer: str, framer: Callable[[Event], bytes]
    ) -> AsyncIterator[Stream]:
        """Open a stream; it runs until the block is left.

        Raises:
            Problem: nothing was or will be streamed.

        """
        await self._turnstile.enter()
        plans = self._planner.plan(principal, query)
        terms = Terms(
            engine=self._engine,
            limits=self.limits,
            metrics=self.metrics,
            framer=framer,
            wanted=self._planner.where(query.where),
            reset="replay_unavailable" if query.last_event_id else None,
            known=query.known or {},
            expires=principal.expires,
        )
        with self._slot(principal):
            ids = [secrets.token_hex(6) for _ in plans]
            trail = StreamAudit(self._audit, _record(principal, query, peer, plans, ids))
            rights = await self._assumed(principal, query, plans, ids, trail)
            scans = [
                Scan(id=scan, plan=plan, access=right.access, refused=right.refused)
                for plan, scan, right in zip(plans, ids, rights, strict=True)
            ]
        async with self._running(Stream(scans, terms), principal, trail, rights) as stream:
            yield stream

    async def watch(self, principal: Principal, query: Query, peer: str, wire: Wire) -> Watching:
        """Open a stream that stays, until it is closed.

        Raises:
            Problem: nothing was or will be streamed.

        """
        await self._turnstile.enter()
        plans = self._planner.plan(principal, query)
        wanted = self._planner.where(query.where)
        feeds = self._watch_terms.feeds
        with self._slot(principal):
            if feeds.full:
                raise Problem(503, "state_full", "proxyd holds all it may", headers=_retry())
            ids = [feeds.scan_of(plan.target.name, query.detail) for plan in plans]
            trail = StreamAudit(self._audit, _record(principal, query, peer, plans, ids))
            rights = await self._assumed(principal, query, plans, ids, trail)
            watching = Watching(
                self._watch_terms,
                principal,
                query,
                wire=wire,
                wanted=wanted,
                plans=plans,
                rights=rights,
                scans=ids,
                closed=partial(self._ended, principal, trail, rights),
            )
        self._begun(watching)
        return watching

    async def _assumed(
        self,
        principal: Principal,
        query: Query,
        plans: list[Plan],
        ids: list[str],
        trail: StreamAudit,
    ) -> list[Right]:
        """Assume the roles; whatever stands in the way is on the audit trail."""
        try:
            rights = await self._rights.assume_all(
                principal, plans, query.detail, ids, shared=query.mode == "watch"
            )
            self._refuse_when_draining()
        except Problem as problem:
            trail.refused(problem.code)
            raise
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            trail.refused("disconnected" if cancelled else "internal")
            raise
        return rights

    @asynccontextmanager
    async def _running(
        self, stream: Stream, principal: Principal, trail: StreamAudit, rights: list[Right]
    ) -> AsyncIterator[Stream]:
        self._begun(stream)
        try:
            async with stream:
                yield stream
        finally:
            self._ended(principal, trail, rights, stream)

    def _begun(self, stream: Stream | Watching) -> None:
        self._open.add(stream)
        self.metrics.streams_open.inc()

    def _ended(
        self,
        principal: Principal,
        trail: StreamAudit,
        rights: list[Right],
        stream: Stream | Watching,
    ) -> None:
        """Give back the place of a stream, and write how it ended."""
        self.stuck = self.stuck or stream.stuck
        self._open.discard(stream)
        self._one_left.set()
        self._release(principal)
        self.metrics.streams_open.dec()
        self.metrics.streams.labels(stream.outcome).inc()
        trail.ended(stream.outcome, **_counts(stream, rights))

    @contextmanager
    def _slot(self, principal: Principal) -> Iterator[None]:
        """Take one of the places for streams, and give it back when the stream does not begin."""
        self._admit(principal)
        self._taken[principal.name] += 1
        try:
            yield
        except BaseException:
            self._release(principal)
            raise

    def _release(self, principal: Principal) -> None:
        self._taken[principal.name] -= 1
        self._taken += Counter()  # forget principals with none

    async def drain(self) -> None:
        """Take no more streams, end those that are open, and wait until they are gone."""
        self.draining = True
        for stream in list(self._open):
            if isinstance(stream, Watching):
                stream.end("shutdown")
        async with asyncio.TaskGroup() as group:
            for stream in list(self._open):
                if isinstance(stream, Stream):
                    group.create_task(stream.close("shutdown"))
        while self._open:
            self._one_left.clear()
            await self._one_left.wait()

    def cut(self) -> None:
        """End the streams that would not go."""
        for stream in list(self._open):
            if isinstance(stream, Watching):
                stream.cut()

    async def stop(self) -> None:
        """End what is kept live."""
        await self._watch_terms.feeds.stop()

    def _admit(self, principal: Principal) -> None:
        self._refuse_when_draining()
        if self._taken.total() >= self.limits.streams:
            raise Problem(503, "too_many_streams", "all streams are taken", headers=_retry())
        if self._taken[principal.name] >= self.limits.streams_per_principal:
            raise Problem(
                429, "too_many_streams", "you have too many streams open", headers=_retry()
            )

    def _refuse_when_draining(self) -> None:
        if self.draining:
            raise Problem(503, "shutting_down", "proxyd is shutting down", headers=_retry())


def describe(scanner: Scanner) -> dict[str, object]:
    """Return what a scanner declares, as /v1/scanners gives it."""
    return {
        "type": scanner.type,
        "service": scanner.service,
        "scope": scanner.scope,
        "plugin": scanner.plugin,
        "actions": list(actions_of(scanner.operations)),
        "fields": list(scanner.fields),
        "links": [{"rel": link.rel, "type": link.type} for link in scanner.links],
        "cost": scanner.cost,
    }


def _retry() -> dict[str, str]:
    """Spread those who are turned away, so that they do not come back all at once."""
    return {"Retry-After": str(RETRY_AFTER + secrets.randbelow(RETRY_AFTER))}


def _record(
    principal: Principal, query: Query, peer: str, plans: list[Plan], ids: list[str]
) -> Record:
    return Record(
        at=datetime.now(UTC),
        event="stream.started",
        stream=secrets.token_hex(8),
        principal=principal.name,
        peer=peer,
        mode=query.mode,
        detail=query.detail,
        filtered=query.where is not None,
        targets=[
            TargetRecord(
                target=plan.target.name,
                account=plan.target.account,
                scan=scan,
                **plan.asked(),
            )
            for plan, scan in zip(plans, ids, strict=True)
        ],
    )


def _counts(stream: Stream | Watching, rights: list[Right]) -> dict[str, object]:
    coverages = stream.coverages
    ended_well = stream.outcome == "completed" or isinstance(stream, Watching)
    return {
        "complete": ended_well and bool(coverages) and all(c.complete for c in coverages),
        "resources": stream.resources,
        "calls": sum(right.access.meter.calls for right in rights),
        "shards": dict(sorted(stream.statuses.items())),
        "missing_actions": sorted({a for c in coverages for a in c.missing_actions()}),
        "aws_request_ids": [i for right in rights for i in right.access.request_ids],
    }
