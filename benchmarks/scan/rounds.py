"""The same 340 calls by proxyd and by boto3, in turns, round after round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scan import processes, reader
from benchmarks.scan.aws import Aws
from benchmarks.scan.daemon import Daemon, serving, settings
from benchmarks.scan.services import CALLS, REGIONS

STARTED = "proxyd, just started"
POOLED = "proxyd, clients made, not connected"
WARM = "proxyd, warm"
SEQUENTIAL = "boto3, one call after the other"
THREADS = "boto3, 64 threads"
PREPARED = "boto3, 64 threads, warm"

_PLACES = len(CALLS) * len(REGIONS)
_THREADS = 64
_WARM_SCANS = 3
_LIMIT_SECONDS = 180.0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One scan by one contestant. Times in seconds, memory in bytes.

    Attributes:
        first_byte: when the answer began; None for what answers nobody.
        cpu: of the scan alone, in the process that makes the calls.
        peak: of that process since it started.
        stub: CPU of the stub meanwhile.

    """

    name: str
    wall: float
    first_byte: float | None
    first: float
    cpu: float
    peak: int
    calls: int
    connections: int
    stub: float


def measure(
    rounds: int, aws: Aws, directory: Path, bundle: Path, notice: Callable[[Measure], None]
) -> list[Measure]:
    """Run the rounds; each begins with another contestant than the one before."""
    turns = (_proxyd, _sequential, _threads, _prepared)
    found = []
    for n in range(rounds):
        start = n % len(turns)
        for turn in turns[start:] + turns[:start]:
            aws.counts()
            for measured in turn(aws, directory, bundle):
                notice(measured)
                found.append(measured)
    return found


def _proxyd(aws: Aws, directory: Path, bundle: Path) -> Iterator[Measure]:
    with serving(directory, settings(aws.url, bundle)) as daemon:
        yield scanned(STARTED, daemon, aws)
    with serving(directory, settings(aws.url, bundle)) as daemon:
        daemon.warmed()
        yield scanned(POOLED, daemon, aws)
        for _ in range(_WARM_SCANS):
            yield scanned(WARM, daemon, aws)


def scanned(name: str, daemon: Daemon, aws: Aws) -> Measure:
    """Scan once through proxyd."""
    before = daemon.usage().cpu
    streamed = reader.read(daemon)
    used, counts = daemon.usage(), aws.counts()
    return Measure(
        name=name,
        wall=streamed.wall,
        first_byte=streamed.first_byte,
        first=streamed.first_resource,
        cpu=used.cpu - before,
        peak=used.peak,
        calls=counts.calls,
        connections=counts.connections,
        stub=counts.cpu,
    )


def _sequential(aws: Aws, directory: Path, bundle: Path) -> Iterator[Measure]:
    yield _boto3(SEQUENTIAL, aws, directory, bundle, threads=1, scans=1)


def _threads(aws: Aws, directory: Path, bundle: Path) -> Iterator[Measure]:
    yield _boto3(THREADS, aws, directory, bundle, threads=_THREADS, scans=1)


def _prepared(aws: Aws, directory: Path, bundle: Path) -> Iterator[Measure]:
    yield _boto3(PREPARED, aws, directory, bundle, threads=_THREADS, scans=1 + _WARM_SCANS)


def _boto3(
    name: str, aws: Aws, directory: Path, bundle: Path, *, threads: int, scans: int
) -> Measure:
    command = processes.module(
        "benchmarks.scan.rival",
        *("--endpoint", aws.url, "--bundle", bundle),
        *("--threads", str(threads), "--scans", str(scans)),
    )
    ended = processes.finish(command, processes.environment(directory), _LIMIT_SECONDS)
    if ended.code:
        raise RuntimeError(f"{name} failed:\n{ended.err}")
    told, counts = json.loads(ended.out), aws.counts()
    # The first of several scans makes the connections; what is told of is the last.
    made_before = _PLACES if scans > 1 else 0
    return Measure(
        name=name,
        wall=told["wall"],
        first_byte=None,
        first=told["first"],
        cpu=told["cpu"],
        peak=ended.peak,
        calls=counts.calls // scans,
        connections=max(0, counts.connections - made_before),
        stub=counts.cpu / scans,
    )
