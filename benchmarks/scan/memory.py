"""Whether proxyd's memory stays where it is: over many scans, and for a slow reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scan import reader
from benchmarks.scan.aws import Aws
from benchmarks.scan.daemon import serving, settings
from benchmarks.scan.plugin import INSTANCE

RATE = 1_000_000.0
"""Bytes a second that the slow reader takes."""

_SETTLED = 10
_REGION = "eu-west-1"
_EVERY = 1.0


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Memory of a daemon with all its clients, in bytes, before and after many scans."""

    scans: int
    pooled: int
    settled: int
    last: int
    peak: int


def over_scans(aws: Aws, directory: Path, bundle: Path, scans: int) -> Kept:
    """Scan many times; settled is what it holds after the first ten."""
    with serving(directory, settings(aws.url, bundle)) as daemon:
        daemon.warmed()
        held = [daemon.usage().rss]
        for _ in range(scans):
            reader.read(daemon)
            held.append(daemon.usage().rss)
        return Kept(
            scans=scans,
            pooled=held[0],
            settled=held[min(_SETTLED, scans)],
            last=held[-1],
            peak=daemon.usage().peak,
        )


@dataclass
class Slow:
    """A long stream to a slow reader: seconds, bytes, and the daemon's memory on the way."""

    resources: int = 0
    seconds: float = 0.0
    size: int = 0
    peak: int = 0
    cpu: float = 0.0
    held: list[int] = field(default_factory=list)

    @property
    def early(self) -> int:
        """Memory when a tenth was read."""
        return self.held[len(self.held) // 10]

    @property
    def late(self) -> int:
        """The most memory in the second half."""
        return max(self.held[len(self.held) // 2 :])


def for_a_slow_reader(aws: Aws, directory: Path, bundle: Path) -> Slow:
    """Stream every instance that the stub has to a reader of 1 MB/s."""
    slow = Slow()
    config = settings(aws.url, bundle, types=(INSTANCE,), target={"regions": [_REGION]})
    with serving(directory, config) as daemon:
        daemon.warmed()

        def notice(at: float, _: int) -> None:
            if at >= len(slow.held) * _EVERY:
                slow.held.append(daemon.usage().rss)

        before = daemon.usage().cpu
        streamed = reader.read_slowly(daemon, RATE, notice)
        used = daemon.usage()
    slow.resources = streamed.completed["resources"]
    slow.seconds, slow.size = streamed.wall, streamed.size
    slow.peak, slow.cpu = used.peak, used.cpu - before
    return slow
