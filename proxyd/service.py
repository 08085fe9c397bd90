"""The joint: `open(request)` → a running stream, or a problem. It knows no HTTP."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import msgspec

from proxyd import auditing
from proxyd.actions import actions_of
from proxyd.admission import Admission, Caller
from proxyd.alarms import Alarms
from proxyd.audit.records import (
    AccountsChanged,
    ConfigurationRefused,
    ConfigurationTaken,
    SessionEnded,
    SessionStarted,
)
from proxyd.audit.streams import StreamTrail
from proxyd.audit.trail import Trail, UnavailableError
from proxyd.auth.failures import address_key
from proxyd.auth.proofs import Proof
from proxyd.auth.sessions import Session, Sessions
from proxyd.aws.shared import Shared
from proxyd.discovery import Discovery
from proxyd.engine import Engine
from proxyd.errors import Problem
from proxyd.events import ClosingReason, Event
from proxyd.live.feeds import Feeds
from proxyd.live.watching import Selections, Watching
from proxyd.live.watching import Terms as WatchTerms
from proxyd.logs import get_logger
from proxyd.metrics import Metrics
from proxyd.model import Account, Principal, Scanner
from proxyd.oidc.issuer import Issuer
from proxyd.plan import Plan, Query
from proxyd.rights import Rights, over
from proxyd.rules import Rules
from proxyd.sandbox import Report
from proxyd.sentinel import Sentinel
from proxyd.settings import Organization, Settings
from proxyd.stream import Scan, Stream, Terms
from proxyd.streams import Opened, Streams, retry_after
from proxyd.turnstile import Turnstile
from proxyd.warming import warm
from proxyd.wire import Wire

log = get_logger(__name__)

MAX_FINISHED = 10_000
"""Finished snapshots that are remembered, to tell an EventSource that comes back to stop."""


class Service:
    """What proxyd does, apart from how it is asked.

    Attributes:
        rules: what the configuration says now.
        streams: those that are open.
        sessions: the browsers that have logged in.
        admission: who is let in.
        configuration: "current", or "refused" when the file has one that was not taken.

    """

    def __init__(
        self,
        settings: Settings,
        registry: Mapping[str, Scanner],
        *,
        aws: Shared,
        trail: Trail,
        metrics: Metrics,
        sandbox: Report,
        issuers: Mapping[str, Issuer],
    ) -> None:
        self._sandbox = sandbox
        metrics.sandbox.labels("held").set(len(sandbox.layers))
        metrics.sandbox.labels("missing").set(len(sandbox.missing))
        self.registry = registry
        self.metrics = metrics
        self.limits = settings.limits
        self.stuck = False
        self.configuration = "current"
        self.rules = Rules(settings, registry)
        self.discovery = Discovery(aws, lambda: self.rules.settings.organizations, self.found)
        self.streams = Streams(settings.limits, metrics)
        self.sessions = Sessions(settings.session, time.monotonic, self._logged_out)
        self.issuers = issuers
        self.admission = Admission(
            settings,
            self.rules.directory,
            sessions=self.sessions,
            issuers={issuer.terms.issuer: issuer for issuer in issuers.values()},
            metrics=metrics,
        )
        metrics.sessions.set_function(lambda: len(self.sessions))
        self._turnstile = Turnstile()
        self._aws = aws
        self._trail = trail
        trail.tell(
            lost=self._without_trail,
            failed=lambda kind: metrics.audit_failures.labels(kind).inc(),
            streams=lambda: len(self.streams),
        )
        metrics.watch_streams(lambda: self.streams.backlog, lambda: aws.buckets.throttles)
        metrics.watch_audit(lambda: len(trail.failures()))
        self._engine = Engine(
            shards_at_once=settings.limits.shards_at_once,
            shard_seconds=settings.limits.shard_seconds,
        )
        self._rights = Rights(aws, settings.limits)
        self._alarms = Alarms()
        self._sentinel = Sentinel(self._rights, self._alarms, settings.watch.revoked_seconds)
        self._watch_terms = self._terms_of_watching(settings)
        self._finished: OrderedDict[tuple[str, str | None], Query] = OrderedDict()

    def _terms_of_watching(self, settings: Settings) -> WatchTerms:
        feeds = Feeds(
            self.registry,
            alarms=self._alarms,
            engine=self._engine,
            metrics=self.metrics,
            limits=self.limits,
            watch=settings.watch,
        )
        return WatchTerms(
            feeds=feeds,
            rights=self._rights,
            alarms=self._alarms,
            open_streams=lambda: len(self.streams),
            selections=Selections(),
            limits=self.limits,
            watch=settings.watch,
            metrics=self.metrics,
        )

    async def warm(self) -> None:
        """Get what will be needed: the clients of the targets, behind those who ask already."""
        await asyncio.gather(
            *(issuer.warm() for issuer in self.issuers.values()),
            self.discovery.first(),
        )
        await warm(self._aws.clients, self.rules.targets, self.registry)

    def adopt(self, settings: Settings) -> int:
        """Go by a new configuration from now on: end what it does not allow any more.

        Returns:
            How many streams had to end.

        """
        ended = self._go_by(self.rules.with_settings(settings))
        self._trail.write(ConfigurationTaken(streams_ended=ended))
        self.discovery.again()
        return ended

    def found(self, organization: Organization, accounts: Sequence[Account]) -> None:
        """Go by the accounts of an organization as they are now."""
        before = self.rules.accounts(organization)
        if before is None or before == accounts:
            return
        ended = self._go_by(self.rules.with_accounts(organization, accounts))
        changed = AccountsChanged(
            organization=organization.name,
            accounts=len(accounts),
            added=len({*accounts} - {*before}),
            removed=len({*before} - {*accounts}),
            streams_ended=ended,
        )
        log.info("accounts", **msgspec.structs.asdict(changed))
        self._trail.write(changed)

    def _go_by(self, rules: Rules) -> int:
        """Judge everything by new rules, and return how many streams had to end."""
        self.rules = rules
        self.admission.adopt(rules.settings, rules.directory)
        self.streams.limits = rules.settings.limits
        self.sessions.terms = rules.settings.session
        return sum(self._judge(opened) for opened in self.streams)

    def not_adopted(self) -> None:
        """Note that a new configuration was wrong."""
        self._trail.write(ConfigurationRefused())

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
            for target, types, regions in self.rules.planner.visible(principal)
        ]

    def scanners(self) -> list[dict[str, object]]:
        """Return what every scanner declares."""
        return [describe(scanner) for scanner in self.registry.values()]

    def end_stream(self, caller: Caller, stream: str) -> None:
        """End one of the streams that a caller may see.

        Raises:
            Problem: 404, whether it is not there or somebody else's.

        """
        mine = [o for o in self.streams.of(caller.principal) if o.id == stream]
        for opened in mine:
            opened.trail.end_requested(caller.principal.name, caller.address)
        if not self.streams.end("ended", lambda opened: opened in mine):
            raise Problem(404, "no_such_stream", "no such stream: see GET /v1/streams")

    async def begin_session(
        self, principal: Principal, proof: Proof, address: str
    ) -> tuple[str, Session]:
        """Begin a browser's session, and return its cookie and it.

        Raises:
            Problem: 503, there are too many, or nobody would know of it.

        """
        if not self._trail.available:
            raise _no_trail()
        begun = self.sessions.begin(principal.name, proof, principal.expires, datetime.now(UTC))
        if begun is None:
            raise Problem(503, "too_many_sessions", "all sessions are taken", headers=retry_after())
        try:
            await self._trail.accept([SessionStarted(principal=principal.name, address=address)])
        except BaseException as error:
            self.sessions.end(begun[1])  # nobody has its cookie
            if isinstance(error, UnavailableError):
                raise _no_trail() from None
            raise
        return begun

    def refused(self, problem: Problem, principal: str | None, address: str) -> None:
        """Have the audit trail tell of a request that was refused."""
        record = auditing.refusal(problem, principal, address)
        if record is not None:
            self._trail.refused(record, address_key(address))

    def ready(self) -> tuple[bool, dict[str, object]]:
        """Return whether a new stream could be taken, and what speaks for or against it."""
        checks: dict[str, object] = {
            "draining": self.streams.draining,
            "configuration": self.configuration,
            "streams_free": self.streams.free,
            "scanners": len(self.registry),
            "targets": len(self.rules.targets),
            "organizations": {name: told.state for name, told in self.discovery.states.items()},
            "issuers": {name: issuer.state for name, issuer in self.issuers.items()},
            "sandbox": self._sandbox,
            "audit": self._trail.state(),
        }
        free = self.streams.free > 0
        return not self.streams.draining and free and self._trail.available, checks

    def preview(self, principal: Principal, query: Query) -> bool:
        """Check a query as `open` would, without opening anything.

        Returns:
            Whether it comes back to a complete snapshot of the same question.

        Raises:
            Problem: it would be refused.

        """
        self.rules.planner.plan(principal, query)
        self.rules.planner.where(query.where)
        return self._finished.get((principal.name, query.last_event_id)) == query.question()

    def finished(self, principal: Principal, query: Query, event_id: str) -> None:
        """Remember the last event id of a snapshot that its reader has had all of."""
        self._finished[principal.name, event_id] = query.question()
        if len(self._finished) > MAX_FINISHED:
            self._finished.popitem(last=False)

    @asynccontextmanager
    async def open(
        self, caller: Caller, query: Query, framer: Callable[[Event], bytes]
    ) -> AsyncIterator[tuple[Opened, Stream]]:
        """Open a stream; it runs until the block is left.

        Raises:
            Problem: nothing was or will be streamed.

        """
        principal = caller.principal
        await self._turnstile.enter()
        plans = self.rules.planner.plan(principal, query)
        terms = Terms(
            engine=self._engine,
            limits=self.limits,
            metrics=self.metrics,
            framer=framer,
            wanted=self.rules.planner.where(query.where),
            reset="replay_unavailable" if query.last_event_id else None,
            known=query.known or {},
            expires=principal.expires,
        )
        with self.streams.slot(principal):
            ids = [secrets.token_hex(6) for _ in plans]
            opened = self._opened(caller, query, plans, ids)
            await self._assume(opened, ids)
            scans = [
                Scan(id=scan, plan=plan, access=right.access, refused=right.refused)
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
                self._judge(opened)
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
        await self._turnstile.enter()
        plans = self.rules.planner.plan(principal, query)
        wanted = self.rules.planner.where(query.where)
        feeds = self._watch_terms.feeds
        with self.streams.slot(principal):
            if feeds.full:
                raise Problem(503, "state_full", "proxyd holds all it may", headers=retry_after())
            ids = [feeds.scan_of(plan.target, query.detail) for plan in plans]
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
        self._judge(opened)
        return opened, watching

    async def drain(self) -> None:
        """Take no more streams, end those that are open, and wait until they are gone."""
        await self.streams.drain()

    async def stop(self) -> None:
        """End what is kept live."""
        self._sentinel.stop()
        await self._watch_terms.feeds.stop()
        await asyncio.gather(*(issuer.stop() for issuer in self.issuers.values()))

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
            self.streams.refuse_when_draining()
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
            raise _no_trail() from None

    def _begun(self, opened: Opened) -> None:
        self.streams.begun(opened)
        for right in opened.rights:
            self._sentinel.hold(right)

    def _ended(self, opened: Opened, stream: Stream | Watching) -> None:
        """Give back the place of a stream, and write how it ended."""
        self.stuck = self.stuck or stream.stuck
        self.streams.ended(opened)
        for right in opened.rights:
            self._sentinel.drop(right)
        self.metrics.streams.labels(stream.outcome).inc()
        whole = stream.outcome == "completed" or isinstance(stream, Watching)
        rights = dict(zip(opened.trail.scans, opened.rights, strict=True))
        opened.trail.ended(stream.outcome, auditing.sums(stream.tallies(), rights, whole=whole))
        opened.over(stream.outcome)

    def _judge(self, opened: Opened) -> bool:
        """End a stream that the rules, as they are now, do not allow; and say whether it was."""
        caller, session = opened.caller, opened.caller.session
        reason: ClosingReason | None = "ended" if session is not None and session.ended else None
        if reason is None:
            reason = self.rules.against(caller.proof, caller.principal, opened.query, opened.plans)
        if reason is None or opened.stream is None:
            return False
        opened.stream.end(reason)
        return True

    def _logged_out(self, session: Session) -> None:
        why = session.ended or "ended"
        self._trail.write(SessionEnded(principal=session.name, outcome=why))
        reason: ClosingReason = "expired" if why in {"expired", "idle"} else "ended"
        self.streams.end(reason, lambda opened: opened.caller.session is session)

    def _without_trail(self) -> None:
        """End all streams: nobody would know what they did."""
        self.streams.end("audit_unavailable", lambda _: True)


def _no_trail() -> Problem:
    return Problem(
        503,
        "audit_unavailable",
        "the audit trail can not be written, so nothing is done that has to be on it",
        headers=retry_after(),
    )


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
