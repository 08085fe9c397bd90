"""`python -m benchmarks.scan`: measure, and print tables of Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.scan import authority, memory, processes, report, rounds, walls
from benchmarks.scan.aws import stubbed
from benchmarks.scan.rounds import Measure
from benchmarks.scan.tools import contest
from benchmarks.scan.tools.contest import Run

_PACKAGES = ("aiobotocore", "aiohttp", "boto3", "uvloop")
_PARTS = ("scans", "memory", "sandbox", "tools")
_SCANS, _QUICK_SCANS = 100, 15
_INSTANCES, _QUICK_INSTANCES = 200_000, 20_000
_QUICK_ROUNDS = 1
_PAIRS, _QUICK_PAIRS = 40, 5
_CAPACITY_SECONDS = 60.0


def main() -> None:
    """Run what is asked for, and print what came of it as soon as it is there."""
    given = _arguments()
    _say(f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}\n")
    with tempfile.TemporaryDirectory(prefix="proxyd-benchmark-") as name:
        directory = Path(name)
        authority.issue(directory)
        if "scans" in given.parts:
            _scans(given, directory)
        if "memory" in given.parts:
            _memory(given, directory)
        if "sandbox" in given.parts:
            _sandbox(given, directory)
    if "tools" in given.parts:
        _tools(given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scan", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the comparison")
    parser.add_argument("--quick", action="store_true", help="one round, less of everything")
    parser.add_argument("--delay-ms", type=float, default=80.0, help="what each call takes")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument(
        "--one-authority",
        action="store_true",
        help="trust the private authority only, not the public ones besides",
    )
    parser.add_argument(
        "--emulator",
        default=os.environ.get("PROXYD_EMULATOR"),
        help="MiniStack's executable, for the tools; default: $PROXYD_EMULATOR",
    )
    given = parser.parse_args()
    if given.quick:
        given.rounds = _QUICK_ROUNDS
    return given


def _scans(given: argparse.Namespace, directory: Path) -> None:
    delay = given.delay_ms / 1000
    _say(f"The stub answers {_capacity(directory)} calls a second without delay.\n")
    with stubbed(directory, delay=delay) as aws:
        found = rounds.measure(given.rounds, aws, directory, _bundle(given, directory), _progress)
    medians = report.by_name(found)
    _say(report.scans(medians) + "\n")
    _say(report.goals(report.goals_of_scans(medians, delay)) + "\n")


def _memory(given: argparse.Namespace, directory: Path) -> None:
    delay, bundle = given.delay_ms / 1000, _bundle(given, directory)
    instances = _QUICK_INSTANCES if given.quick else _INSTANCES
    with stubbed(directory, delay=delay, instances=instances) as aws:
        kept = memory.over_scans(aws, directory, bundle, _QUICK_SCANS if given.quick else _SCANS)
        slow = memory.for_a_slow_reader(aws, directory, bundle)
    _say(report.goals(report.goals_of_memory(kept, slow)) + "\n")


def _sandbox(given: argparse.Namespace, directory: Path) -> None:
    with stubbed(directory, delay=0.0) as aws:
        pairs = _QUICK_PAIRS if given.quick else _PAIRS
        found = walls.measure(pairs, aws, directory, _bundle(given, directory))
    _say(walls.report(found) + "\n")


def _tools(given: argparse.Namespace) -> None:
    if not given.emulator:
        _say("Without --emulator or $PROXYD_EMULATOR the tools are left out.")
        return
    found = contest.measure(given.rounds, Path(given.emulator).absolute(), _progress_of_tool)
    _say(report.tools(found) + "\n")


def _capacity(directory: Path) -> str:
    with stubbed(directory, delay=0.0) as aws:
        command = processes.module(
            "benchmarks.scan.capacity", "--endpoint", aws.url, "--bundle", directory / "ca.pem"
        )
        ended = processes.finish(command, processes.environment(directory), _CAPACITY_SECONDS)
    return f"{int(ended.out):,}"


def _bundle(given: argparse.Namespace, directory: Path) -> Path:
    return directory / ("ca.pem" if given.one_authority else "bundle.pem")


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{os.cpu_count()} cores {platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def _progress(measured: Measure) -> None:
    sys.stderr.write(f"{measured.name}: {measured.wall:.2f} s, stub {measured.stub:.2f} s CPU\n")


def _progress_of_tool(run: Run) -> None:
    sys.stderr.write(f"{run.name}: {run.wall:.2f} s, {run.resources} resources\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
