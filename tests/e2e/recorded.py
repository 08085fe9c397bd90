"""A service in this process, whose every AWS call is noted as it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from proxyd.admission import Caller
from proxyd.audit.records import ServiceStarted
from proxyd.audit.trail import Trail
from proxyd.auth.proofs import TokenProof
from proxyd.aws.shared import Shared
from proxyd.events import Event
from proxyd.metrics import Metrics
from proxyd.model import Grant, Operation, Principal, Scanner, Target
from proxyd.plan import Query
from proxyd.sandbox import Report
from proxyd.service import Service
from proxyd.settings import Audit as AuditSettings
from proxyd.settings import Aws, Limits, Quota, Sandbox, Server, Settings, Token, Watch

from .conftest import TARGETS, Estate

ME = Principal(name="tester")
PROOF = TokenProof(b"the hash of a token")


class Nowhere:
    """A sink that takes everything."""

    def send(self, lines: Sequence[bytes]) -> None:
        """Take lines."""

    def close(self) -> None:
        """Let go of nothing."""

    def check(self) -> None:
        """Be there."""


@asynccontextmanager
async def recording(
    estate: Estate,
    registry: dict[str, Scanner],
    targets: Sequence[Mapping[str, Any]] | None = None,
) -> AsyncGenerator[tuple[Service, set[Operation]], None]:
    """Make a service in this process, whose every AWS call is noted as it is made."""
    used: set[Operation] = set()

    def note(model: Any, **_: Any) -> None:
        used.add(Operation(model.service_model.service_name, model.name))

    settings = Settings(
        server=Server(),
        aws=Aws(endpoint_url=estate.endpoint),
        quota=Quota(),
        watch=Watch(),
        audit=AuditSettings(),
        sandbox=Sandbox(mode="off"),
        limits=Limits(),
        targets=tuple(
            Target(
                name=row["name"],
                role_arn=row["role_arn"],
                external_id=row["external_id"],
                regions=tuple(row["regions"]),
            )
            for row in (estate.targets if targets is None else targets)
        ),
        tokens=(Token(PROOF.sha256, ME),),
        grants=(
            Grant(principals=frozenset({ME.name}), targets=("*",), types=("*",), regions=("*",)),
        ),
    )
    async with Shared(settings.aws, settings.quota) as shared:
        shared.clients._session._session.register("before-call.*.*", note)  # noqa: SLF001 - to see all
        trail = Trail(settings.audit, lambda *_: Nowhere())
        service = Service(
            settings,
            registry,
            aws=shared,
            trail=trail,
            metrics=Metrics(),
            sandbox=Report(mode="off"),
            issuers={},
        )
        await trail.begin(ServiceStarted(pid=0, targets=2, scanners=0, sinks=(), sandbox="off"))
        yield service, used
        await trail.end()


async def scan(service: Service, **query: Any) -> list[Any]:
    """Scan all targets to the end, unless the query names some."""
    events: list[Any] = []
    every = tuple(target["name"] for target in TARGETS)
    wanted = Query(**({"target": every} | query))

    def framer(event: Event) -> bytes:
        events.append(event)
        return b"-"

    caller = Caller(principal=ME, proof=PROOF, address="127.0.0.1")
    async with service.opening.snapshot(caller, wanted, framer) as (_, stream):
        while await stream.take(10) is not None:
            pass
    return events
