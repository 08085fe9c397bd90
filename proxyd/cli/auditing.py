"""`proxyd audit`: what an auditor needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import typer

from proxyd.audit import chain
from proxyd.audit.verify import MAX_LINE, Report, UncheckableError, verify
from proxyd.cli.printing import counted
from proxyd.errors import StartupError

SHOWN = 50
"""Faults that are printed one by one."""


def check(file: Path, private_keys: Sequence[Path], *, running: bool) -> bool:
    """Check a trail, print what is wrong with it, and return whether nothing is.

    Raises:
        StartupError: it can not be read, or not be checked with what was given.

    """
    private = [_read(path) for path in private_keys]
    try:
        if str(file) == "-":
            report = verify(_lines(sys.stdin.buffer), private=private, running=running)
        else:
            with file.open("rb") as lines:
                report = verify(_lines(lines), private=private, running=running)
    except OSError as error:
        raise StartupError(f"{file}: {error.strerror}") from None
    except UncheckableError as error:
        raise StartupError(f"{file}: {error}") from None
    _print(file, report)
    return not report.faults


def new_key() -> None:
    """Print a new pair of keys: the private one alone on standard output."""
    private, public = chain.new_pair()
    typer.echo(private)
    typer.echo(
        "\n# Keep the line above where proxyd does not run: it checks the trail\n"
        "# (proxyd audit verify --private-key FILE). For the configuration:\n"
        f'[audit]\npublic_key = "{public}"',
        err=True,
    )


def _print(file: Path, report: Report) -> None:
    for fault in report.faults[:SHOWN]:
        typer.echo(f"{file}:{fault.line}: {fault.what}")
    if len(report.faults) > SHOWN:
        typer.echo(f"… and {len(report.faults) - SHOWN} more")
    what = f"{counted(report.records, 'record')} of {counted(report.runs, 'run')}"
    if report.faults:
        typer.echo(f"BAD: {what}, {counted(len(report.faults), 'fault')}")
    else:
        typer.echo(f"good: {what}, whole and in order")
    for begins in report.begins[:SHOWN]:
        typer.echo(f"run {begins}")
    if report.clear:
        typer.echo(
            "note: the chain's key is in the file, so this shows damage and editing, but not what\n"
            "a forger did who has sealed all lines anew: see audit.public_key (proxyd audit key)"
        )


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Read lines, and of one that has no end no more than can be one."""
    return iter(partial(file.readline, MAX_LINE + 1), b"")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise StartupError(f"--private-key: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartupError(f"--private-key: {path}: it holds no key") from None
