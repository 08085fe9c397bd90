"""What scanners there are, for people and for other programs; and what is wrong with a plugin's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import Any

import typer

from proxyd import registry
from proxyd.aws.models import operations_of
from proxyd.errors import StartupError
from proxyd.globs import expand
from proxyd.hookspecs import PROJECT
from proxyd.model import Scanner
from proxyd.service import describe

_NEEDED = ("policy_sentry", "cfnlint", "moto")


def print_all(scanners: Iterable[Scanner], *, as_json: bool) -> None:
    """Print a line for each scanner, or all that there is to say as JSON."""
    rows = [describe(scanner) for scanner in scanners]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    width = max((len(str(row["type"])) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['type']:{width}}  {row['scope']:8}  {row['plugin']:8}  {row['cost']}")
    typer.echo(_count(len(rows), "scanner"))


def check(module: str, types: Sequence[str], *, as_json: bool) -> bool:
    """Prove the scanners of a module, and print what is wrong with each as soon as it is known.

    Args:
        module: as an entry point names it, `proxyd_mail` or `proxyd_mail.plugin`.
        types: globs; none means all.
        as_json: one object a line.

    Returns:
        whether nothing is wrong.

    Raises:
        StartupError: it can not be loaded, or what the proofs need is not installed.

    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise StartupError(
            f"--check: {', '.join(missing)} not installed: pip install 'proxyd[proofs]'"
        )
    others = [point for point in registry.discover() if point.value != module]
    installed = registry.load(others, operations_of)
    point = EntryPoint(name=module, value=module, group=PROJECT)
    found = registry.load([point], operations_of)
    wanted = [found[name] for name in expand(list(types) or ["*"], found)]
    if not wanted:
        raise StartupError(f"--check: {module} has no scanners of these types")
    return asyncio.run(_check(wanted, {*installed, *found}, as_json=as_json))


async def _check(scanners: Sequence[Scanner], types: Collection[str], *, as_json: bool) -> bool:
    # What it imports is large, and not there without the extra.
    from proxyd.proofs.check import check as prove  # noqa: PLC0415

    wrong = 0
    async for verdict in prove(scanners, types):
        wrong += bool(verdict.wrong)
        if as_json:
            typer.echo(json.dumps(_told(verdict)))
            continue
        typer.echo(f"{'WRONG' if verdict.wrong else 'ok   '}  {verdict.type}")
        for told in verdict.wrong:
            typer.echo(f"       - {told}")
        for note in verdict.notes:
            typer.echo(f"       note: {note}")
    if not as_json:
        typer.echo(f"{_count(len(scanners), 'scanner')}, {wrong} of them wrong")
    return not wrong


def _told(verdict: Any) -> dict[str, Any]:
    return {"type": verdict.type, "wrong": verdict.wrong, "notes": verdict.notes}


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
