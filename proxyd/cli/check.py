"""`proxyd check`: the configuration, then each target live, and what to do about what fails."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import msgspec
import uvloop
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from proxyd.aws.shared import Shared
from proxyd.checking.everything import OPERATIONS, check_everything
from proxyd.checking.report import Report, TargetReport
from proxyd.checking.targets import Progress as Told
from proxyd.cli.advising import DIM
from proxyd.cli.reporting import HEADER, after, before, of_organization, rows, summary
from proxyd.registry import Registry
from proxyd.settings import Settings
from proxyd.sse import ascii_json

NARROW = 100
"""Columns below which there is no room for who refuses."""

_WIDE = 10_000
"""Columns where there is no terminal: nothing is cut, and nothing broken."""


def run(
    settings: Settings,
    scanners: Registry,
    *,
    names: Sequence[str],
    region: str | None,
    offline: bool,
    as_json: bool,
    again: str,
) -> bool:
    """Try the targets of these names, all where there are none, and print what was found out.

    Offline nothing is tried: the configuration has been read by then, and is good. `again` are the
    options that lead a command to it.

    Raises:
        UsageError: there is no such target, or none has such a region.

    """
    if offline:
        report = Report(ok=True, targets=[])
    else:
        with _progress() as told, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(_tried(settings, scanners, names, region, told))
    if as_json:
        sys.stdout.write(msgspec.json.format(ascii_json(report).decode(), indent=2) + "\n")
    else:
        _print(report, again)
    return report.ok


async def _tried(
    settings: Settings,
    scanners: Registry,
    names: Sequence[str],
    region: str | None,
    told: Told,
) -> Report:
    declared = {op for scanner in scanners.values() for op in scanner.operations}
    async with Shared(settings.aws, settings.quota, {*declared, *OPERATIONS}) as shared:
        return await check_everything(
            shared, settings, scanners, names=names, region=region, progress=told
        )


@contextmanager
def _progress() -> Generator[Told, None, None]:
    """Show on stderr how far each target is; nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
    bars: dict[str, TaskID] = {}
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:

        def told(target: str, ended: int, of: int) -> None:
            if target not in bars:
                bars[target] = shown.add_task(target, total=None)
            shown.update(bars[target], completed=ended, total=of or None)

        yield told


def _print(report: Report, again: str) -> None:
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDE
    for each in report.organizations:
        text, style = of_organization(each, again)
        console.print(Text(text, style))
    for target in report.targets:
        for line in laid_out(target, console, again):
            console.print(line)


def laid_out(
    report: TargetReport, console: Console, again: str = ""
) -> Generator[Text, None, None]:
    """Lay one target out: a line that says how it is, then only what is not as it should be."""
    text, style = summary(report)
    yield Text(text, style)
    yield from (Text(f"  {line.text}", line.style) for line in before(report, again))
    gaps = rows(report)
    if gaps:
        yield from _table(gaps, console)
    yield from (Text(f"  {line.text}", line.style) for line in after(report, again))


def _table(gaps: Sequence[tuple[str, ...]], console: Console) -> Generator[Text, None, None]:
    """Lay out what was not seen; only the words in the last column are ever broken.

    In a narrow terminal they are left out: what to change is told below.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style=DIM)
    columns = len(HEADER) if console.width >= NARROW else len(HEADER) - 1
    for name in HEADER[:columns]:
        table.add_column(name, no_wrap=name != HEADER[-1])
    seen = ""
    for service, *rest in (gap[:columns] for gap in gaps):
        table.add_row(*(Text(cell) for cell in ("" if service == seen else service, *rest)))
        seen = service
    least = Measurement.get(console, console.options.update(width=_WIDE), table).minimum
    drawn = Console(file=io.StringIO(), width=max(least, console.width - 2))
    for line in drawn.render_lines(table, pad=False):
        laid = Text.assemble("  ", *((part.text, part.style or "") for part in line))
        laid.rstrip()
        yield laid
