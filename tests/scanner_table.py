"""docs/scanners.md, made from the registry: `python -m tests.scanner_table` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from proxyd import registry
from proxyd.actions import actions_of
from proxyd.aws.models import operations_of
from proxyd.model import Scanner
from proxyd.proofs.reviewed import LEFT_OUT

PAGE = Path(__file__).parents[1] / "docs" / "scanners.md"

_START = """\
# Scanners

This page is made from the scanners themselves (`make docs`), and a test fails when it is stale.
`proxyd scanners` prints the same of what is installed, and `GET /v1/scanners` gives it to programs.

{count} resource types of {services} services. What is not listed is at the end.

**Cost** is in calls: `1 per region` and, where it has to be, one for each parent, for each resource
(left out by `detail=list`) or for each hundred. Tags of the tagging API are asked for once in a
region for all types, where one answer holds them; `+1 per 100 tagged` is what it takes at most.
**Links** read from the resource to the other end.
"""


def render() -> str:
    """Write the whole page."""
    scanners = registry.load(registry.discover(), operations_of).values()
    ours = [scanner for scanner in scanners if scanner.plugin == "aws"]
    by_service = [(name, list(group)) for name, group in groupby(ours, key=_service)]
    lines = [_START.format(count=len(ours), services=len(by_service))]
    for name, group in by_service:
        lines += [f"## {name}\n", *_table(group), ""]
    return "\n".join([*lines, *_left_out()]) + "\n"


def _service(scanner: Scanner) -> str:
    return scanner.type.split("::")[1]


def _table(scanners: Iterable[Scanner]) -> Iterator[str]:
    yield "| type | scope | cost | actions | properties | links |"
    yield "|---|---|---|---|---|---|"
    for scanner in scanners:
        links = dict.fromkeys(f"{link.rel} {_short(link.type, scanner)}" for link in scanner.links)
        columns = (
            f"`{scanner.type}`",
            scanner.scope,
            scanner.cost,
            ", ".join(f"`{action}`" for action in actions_of(scanner.operations)),
            ", ".join(scanner.fields),
            ", ".join(links),
        )
        yield f"| {' | '.join(columns)} |"


def _short(type_: str, scanner: Scanner) -> str:
    """Leave out what a type has in common with the scanner's own."""
    service = f"AWS::{_service(scanner)}::"
    return type_.removeprefix(service).removeprefix("AWS::")


def _left_out() -> Iterator[str]:
    yield "## Not listed\n"
    yield "What other inventory tools list and proxyd does not, and why.\n"
    yield "| type | why |"
    yield "|---|---|"
    yield from (f"| `{type_}` | {why} |" for type_, why in LEFT_OUT.items())


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
