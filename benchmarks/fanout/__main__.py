"""`python -m benchmarks.fanout`: measure proxyd and nchan in turns, and print tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from benchmarks.fanout import cases, goals, load, nchan, relay, report
from benchmarks.fanout.cases import Case
from benchmarks.fanout.measure import Measure, line, measure
from benchmarks.fanout.server import NCHAN, PROXYD, Server
from benchmarks.scan import report as scan_report

_SERVERS = (NCHAN, PROXYD)
_SPARE_FILES = 512
_COMPILER = "cc"


def main() -> None:
    """Run what is asked for, and print what came of it."""
    given = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    wanted = cases.chosen(given.cases, quick=given.quick, seconds=given.seconds, hold=given.hold)
    files = _files()
    if missing := _missing(given.only, files, wanted):
        sys.exit("\n".join(missing))
    _say(f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}\n")
    with tempfile.TemporaryDirectory(prefix="proxyd-benchmark-") as name:
        found = _rounds(given, wanted, Path(name), files)
    _print(found)
    if given.json:
        Path(given.json).write_text(json.dumps([asdict(m) for m in found]))


def _rounds(
    given: argparse.Namespace, wanted: list[Case], directory: Path, files: int
) -> list[Measure]:
    program = load.build(_COMPILER, directory)
    return [
        _measured(case, server, directory, program, files)
        for case in wanted
        for n in range(given.rounds)
        for server in _turns(given.only, n)
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=cases.ALL, default=list(cases.ALL))
    parser.add_argument("--only", nargs="+", choices=_SERVERS, default=list(_SERVERS))
    parser.add_argument("--rounds", type=int, default=3, help="of each case; medians are told")
    parser.add_argument("--quick", action="store_true", help="one round, half as long")
    parser.add_argument("--seconds", type=float, help="of a window; else as the case says")
    parser.add_argument("--hold", type=float, default=10, help="seconds that idle streams are held")
    parser.add_argument("--json", metavar="FILE", help="write every measure there as well")
    given = parser.parse_args()
    if given.quick:
        given.rounds = 1
    return given


def _turns(names: list[str], n: int) -> list[str]:
    """Each round begins with another than the one before."""
    start = n % len(names)
    return names[start:] + names[:start]


def _measured(case: Case, name: str, directory: Path, program: Path, files: int) -> Measure:
    with _serving(name, directory, files) as server:
        measured = measure(case, server, program)
    sys.stderr.write(f"{line(measured)}\n")
    return measured


def _serving(name: str, directory: Path, files: int) -> AbstractContextManager[Server]:
    if name == NCHAN:
        return nchan.serving(directory, files)
    return relay.serving(directory, files)


def _files() -> int:
    """Let this process and those that it starts open as many files as may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _missing(names: list[str], files: int, wanted: list[Case]) -> list[str]:
    """Say what has to be there and is not."""
    found = []
    if not shutil.which(_COMPILER):
        found.append("no C compiler: apt-get install gcc libc6-dev")
    if NCHAN in names and not (nchan.executable() and nchan.MODULE.exists()):
        found.append("no nginx with nchan: apt-get install nginx libnginx-mod-nchan")
    most = max(case.streams for case in wanted) + _SPARE_FILES
    if files < most:
        found.append(f"{files} files may be open, {most} are needed: raise the hard limit")
    return found


def _print(found: list[Measure]) -> None:
    medians = report.by_case(found)
    held = goals.of(medians)
    tables = (report.loads(medians), report.memory(medians), held and scan_report.goals(held))
    _say("\n\n".join(text for text in tables if text))


def _machine() -> str:
    nginx = nchan.executable()
    said = nginx and subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True)  # noqa: S603 - its own version
    version = said.stderr.strip().rpartition("/")[2] if said else "none"
    return (
        f"{os.cpu_count()} cores {platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, nginx {version}"
    )


def _stop(*_: object) -> NoReturn:
    """End as Ctrl-C does, so that what was started is ended too."""
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        sys.exit(f"{error}")
