"""A scan uses exactly the operations that its scanners declare: no more, and no fewer."""

from __future__ import annotations

import pytest

from proxyd.aws.access import DESCRIBE_REGIONS
from proxyd.events import ScanCompleted
from proxyd.model import Resource

from .conftest import Estate, emulated
from .recorded import recording, scan

SEEDED = 30
"""Types of which the estate has something, at least."""


@pytest.mark.parametrize("detail", ["full", "list"])
async def test_the_operations_used_are_the_operations_declared(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, detail: str
) -> None:
    """A full scan calls no operation that is not declared; of what the estate has it calls all."""
    for name, value in estate.environment.items():
        monkeypatch.setenv(name, value)
    found = dict(emulated())
    async with recording(estate, found) as (service, used):
        events = await scan(service, detail=detail)
    done = [event for event in events if isinstance(event, ScanCompleted)]
    assert len(done) == 2
    assert all(event.complete for event in done)
    there = {event.type for event in events if isinstance(event, Resource)}
    assert len(there) >= SEEDED
    declared = {op for each in found.values() for op in each.needs(detail)}  # type: ignore[arg-type]
    needed = {op for name in there for op in found[name].needs(detail)}  # type: ignore[arg-type]
    assert needed | {DESCRIBE_REGIONS} <= used <= declared | {DESCRIBE_REGIONS}
