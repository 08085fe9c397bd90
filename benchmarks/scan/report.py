"""Tables of what was measured, and whether it reaches the goals. Pure: text from numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from benchmarks.scan.memory import Kept, Slow
from benchmarks.scan.rounds import PREPARED, THREADS, WARM, Measure
from benchmarks.scan.tools.contest import Run

MB = 1e6
_MAX_WALL = 0.5
_MIN_FASTER = 6.0
_MAX_CPU = 0.35
_MAX_PEAK = 260 * MB
_MAX_SLOW = 200 * MB
_ROUND_TRIPS = 3
_LATE = 0.05
_FLAT = 1.05
"""How much more memory is still called flat."""


Measured = TypeVar("Measured", Measure, Run)


class Medians(Generic[Measured]):
    """One contestant's medians, and the least and most of its wall times."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.measures: list[Measured] = []

    def __getattr__(self, name: str) -> float:
        return float(median(getattr(m, name) for m in self.measures))

    @property
    def spread(self) -> str:
        """The least and the most wall time."""
        walls = [m.wall for m in self.measures]
        return f"{min(walls):.2f}-{max(walls):.2f}"


class Goal(NamedTuple):
    """One goal and what came of it."""

    figure: str
    goal: str
    measured: str
    reached: bool


def by_name(measures: Iterable[Measured]) -> dict[str, Medians[Measured]]:
    """Gather measures by contestant, in the order in which they first came."""
    found: dict[str, Medians[Measured]] = {}
    for measure in measures:
        found.setdefault(measure.name, Medians(measure.name)).measures.append(measure)
    return found


def scans(medians: dict[str, Medians[Measure]]) -> str:
    """Write the table of the rounds."""
    cold, warm = medians[THREADS], medians[PREPARED]
    head = (
        "",
        "scans",
        "wall s (least-most)",
        "first byte ms",
        "first resource ms",
        "CPU s",
        "peak MB",
        "calls",
        "new connections",
        "times faster than boto3-64",
        "than boto3-64 warm",
    )
    return table(head, [_row(m, cold, warm) for m in medians.values()])


def _row(m: Medians[Measure], cold: Medians[Measure], warm: Medians[Measure]) -> Sequence[str]:
    return (
        m.name,
        f"{len(m.measures)}",
        f"{m.wall:.2f} ({m.spread})",
        "-" if m.measures[0].first_byte is None else f"{m.first_byte * 1000:.0f}",
        f"{m.first * 1000:.0f}",
        f"{m.cpu:.2f}",
        f"{m.peak / MB:.0f}",
        f"{m.calls:.0f}",
        f"{m.connections:.0f}",
        f"{cold.wall / m.wall:.1f}",
        f"{warm.wall / m.wall:.1f}",
    )


def tools(runs: Iterable[Run]) -> str:
    """Write the table of the tools."""
    head = ("", "runs", "wall s", "first resource s", "CPU s", "peak MB", "calls", "resources")
    found: dict[str, Medians[Run]] = by_name(runs)
    rows = [
        (
            m.name,
            f"{len(m.measures)}",
            f"{m.wall:.2f}",
            f"{m.first:.2f}",
            f"{m.cpu:.2f}",
            f"{m.peak / MB:.0f}",
            f"{m.calls:.0f}",
            f"{m.resources:.0f}",
        )
        for m in found.values()
    ]
    return table(head, rows)


def goals_of_scans(medians: dict[str, Medians[Measure]], delay: float) -> list[Goal]:
    """Hold the rounds against their goals."""
    proxyd, cold, warm = medians[WARM], medians[THREADS], medians[PREPARED]
    latest = _ROUND_TRIPS * delay + _LATE
    return [
        Goal("wall, warm", f"≤ {_MAX_WALL} s", f"{proxyd.wall:.2f} s", proxyd.wall <= _MAX_WALL),
        _faster("boto3-64", proxyd, cold),
        _faster("boto3-64 warm", proxyd, warm),
        Goal(
            "first resource, warm",
            f"≤ {latest * 1000:.0f} ms",
            f"{proxyd.first * 1000:.0f} ms",
            proxyd.first <= latest,
        ),
        _cheaper("boto3-64", proxyd, cold),
        _cheaper("boto3-64 warm", proxyd, warm),
    ]


def goals_of_memory(kept: Kept, slow: Slow) -> list[Goal]:
    """Hold the memory against its goals."""
    return [
        Goal(
            "peak memory, all clients pooled",
            f"≤ {_MAX_PEAK / MB:.0f} MB",
            f"{kept.peak / MB:.0f} MB ({kept.pooled / MB:.0f} MB before the first scan)",
            kept.peak <= _MAX_PEAK,
        ),
        Goal(
            f"memory over {kept.scans} scans",
            "flat",
            f"{kept.settled / MB:.1f} MB after 10, {kept.last / MB:.1f} MB at the end",
            kept.last <= kept.settled * _FLAT,
        ),
        Goal(
            f"{slow.resources:,} instances at 1 MB/s",
            f"flat, ≤ {_MAX_SLOW / MB:.0f} MB",
            f"{slow.early / MB:.0f} MB early, {slow.late / MB:.0f} MB late, "
            f"peak {slow.peak / MB:.0f} MB; {slow.size / MB:.0f} MB in {slow.seconds:.0f} s, "
            f"CPU {slow.cpu:.0f} s",
            slow.peak <= _MAX_SLOW and slow.late <= slow.early * _FLAT,
        ),
    ]


def goals(found: Iterable[Goal]) -> str:
    """Write the table of goals."""
    rows = [(g.figure, g.goal, g.measured, "yes" if g.reached else "**no**") for g in found]
    return table(("figure", "goal", "measured", "reached"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _faster(name: str, proxyd: Medians[Measure], rival: Medians[Measure]) -> Goal:
    times = rival.wall / proxyd.wall
    return Goal(
        f"faster than {name}", f"≥ {_MIN_FASTER:.0f} x", f"{times:.1f} x", times >= _MIN_FASTER
    )


def _cheaper(name: str, proxyd: Medians[Measure], rival: Medians[Measure]) -> Goal:
    ratio = proxyd.cpu / rival.cpu
    return Goal(f"CPU to {name}", f"≤ {_MAX_CPU}", f"{ratio:.2f}", ratio <= _MAX_CPU)
