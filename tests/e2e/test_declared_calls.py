"""What a full scan calls, and what its scanners declare, are the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from proxyd.audit import Audit
from proxyd.aws.access import DESCRIBE_REGIONS
from proxyd.aws.shared import Shared
from proxyd.events import Event, ScanCompleted
from proxyd.metrics import Metrics
from proxyd.model import Grant, Operation, Principal, Scanner, Target
from proxyd.plan import Query
from proxyd.sandbox import Report
from proxyd.service import Service
from proxyd.settings import Audit as AuditSettings
from proxyd.settings import Aws, Limits, Quota, Sandbox, Server, Settings

from .conftest import TARGETS, Estate, scanners

ME = Principal(name="tester")


@asynccontextmanager
async def recording(
    estate: Estate, registry: dict[str, Scanner]
) -> AsyncGenerator[tuple[Service, set[Operation]], None]:
    """Make a service in this process, whose every AWS call is noted as it is made."""
    used: set[Operation] = set()

    def note(model: Any, **_: Any) -> None:
        used.add(Operation(model.service_model.service_name, model.name))

    settings = Settings(
        server=Server(),
        aws=Aws(endpoint_url=estate.endpoint),
        quota=Quota(),
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
            for row in estate.targets
        ),
        tokens=(),
        grants=(
            Grant(principals=frozenset({ME.name}), targets=("*",), types=("*",), regions=("*",)),
        ),
    )
    async with Shared(settings.aws, settings.quota) as shared:
        shared.clients._session._session.register("before-call.*.*", note)  # noqa: SLF001 - to see all
        service = Service(
            settings,
            registry,
            aws=shared,
            audit=Audit([]),
            metrics=Metrics(),
            sandbox=Report(mode="off"),
        )
        yield service, used


async def scan(service: Service, **query: Any) -> list[Any]:
    """Scan all targets to the end."""
    events: list[Any] = []
    wanted = Query(target=tuple(target["name"] for target in TARGETS), **query)

    def framer(event: Event) -> bytes:
        events.append(event)
        return b"-"

    async with service.open(ME, wanted, "test", framer) as stream:
        while await stream.take(10) is not None:
            pass
    return events


@pytest.mark.parametrize("detail", ["full", "list"])
async def test_the_operations_used_are_the_operations_declared(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, detail: str
) -> None:
    """A full scan calls every operation that is declared, and no other."""
    for name, value in estate.environment.items():
        monkeypatch.setenv(name, value)
    found = dict(scanners())
    async with recording(estate, found) as (service, used):
        events = await scan(service, detail=detail)
    done = [event for event in events if isinstance(event, ScanCompleted)]
    assert len(done) == 2
    assert all(event.complete for event in done)
    needed = {op for each in found.values() for op in each.needs(detail)}  # type: ignore[arg-type]
    assert used == needed | {DESCRIBE_REGIONS}
