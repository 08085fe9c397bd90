"""What proxyd does, put together; it knows no HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from proxyd import auditing
from proxyd.actions import actions_of
from proxyd.admission import Admission, Caller
from proxyd.audit.records import (
    AccountsChanged,
    ConfigurationRefused,
    ConfigurationTaken,
    SessionEnded,
    SessionStarted,
)
from proxyd.audit.trail import Trail, UnavailableError
from proxyd.auth.failures import address_key
from proxyd.auth.proofs import Proof
from proxyd.auth.sessions import Session, Sessions
from proxyd.aws.shared import Shared
from proxyd.discovery import Discovery
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.logs import get_logger
from proxyd.metrics import Metrics
from proxyd.model import Account, Principal, Scanner
from proxyd.oidc.issuer import Issuer
from proxyd.opening import Opening
from proxyd.rules import Rules
from proxyd.sandbox import Report
from proxyd.settings import Organization, Settings
from proxyd.streams import Streams, no_trail, retry_after
from proxyd.warming import warm

log = get_logger(__name__)


class Service:
    """What proxyd does, apart from how it is asked.

    Attributes:
        rules: what the configuration says now.
        opening: how a stream is opened.
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
        self._aws = aws
        self._trail = trail
        trail.tell(
            lost=self._without_trail,
            failed=lambda kind: metrics.audit_failures.labels(kind).inc(),
            streams=lambda: len(self.streams),
        )
        metrics.watch_streams(lambda: self.streams.backlog, lambda: aws.buckets.throttles)
        metrics.watch_audit(lambda: len(trail.failures()))
        self.opening = Opening(
            settings,
            registry,
            lambda: self.rules,
            self.streams,
            aws=aws,
            trail=trail,
            metrics=metrics,
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
        return sum(opened.judge(rules) for opened in self.streams)

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
            raise no_trail()
        begun = self.sessions.begin(principal.name, proof, principal.expires, datetime.now(UTC))
        if begun is None:
            raise Problem(503, "too_many_sessions", "all sessions are taken", headers=retry_after())
        try:
            await self._trail.accept([SessionStarted(principal=principal.name, address=address)])
        except BaseException as error:
            self.sessions.end(begun[1])  # nobody has its cookie
            if isinstance(error, UnavailableError):
                raise no_trail() from None
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

    async def drain(self) -> None:
        """Take no more streams, end those that are open, and wait until they are gone."""
        await self.streams.drain()

    async def stop(self) -> None:
        """End what is kept live."""
        await self.opening.stop()
        await asyncio.gather(*(issuer.stop() for issuer in self.issuers.values()))

    def _logged_out(self, session: Session) -> None:
        why = session.ended or "ended"
        self._trail.write(SessionEnded(principal=session.name, outcome=why))
        reason: ClosingReason = "expired" if why in {"expired", "idle"} else "ended"
        self.streams.end(reason, lambda opened: opened.caller.session is session)

    def _without_trail(self) -> None:
        """End all streams: nobody would know what they did."""
        self.streams.end("audit_unavailable", lambda _: True)


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
