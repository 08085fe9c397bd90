"""What the sandbox costs: the same scans by two daemons, one inside of it and one outside."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.scan.aws import Aws
from benchmarks.scan.daemon import serving, settings
from benchmarks.scan.rounds import Measure, scanned

INSIDE, OUTSIDE = "sandbox required", "sandbox off"


def measure(pairs: int, aws: Aws, directory: Path, bundle: Path) -> dict[str, list[Measure]]:
    """Scan by turns, so often each, with the daemons warm; each goes first every other time."""
    modes = {INSIDE: {"mode": "required"}, OUTSIDE: {"mode": "off"}}
    configurations = {
        name: settings(aws.url, bundle, sandbox=table) for name, table in modes.items()
    }
    with (
        serving(directory, configurations[INSIDE]) as inside,
        serving(directory, configurations[OUTSIDE]) as outside,
    ):
        daemons = {INSIDE: inside, OUTSIDE: outside}
        for name, daemon in daemons.items():
            daemon.warmed()
            scanned(name, daemon, aws)
        found: dict[str, list[Measure]] = {name: [] for name in daemons}
        for pair in range(pairs):
            for name in sorted(daemons, reverse=pair % 2 == 0):
                found[name].append(scanned(name, daemons[name], aws))
    return found


def report(found: dict[str, list[Measure]]) -> str:
    """Write medians, and the median of the ratios within each pair."""
    lines = ["| | wall s | CPU s | peak MB |", "|---|---:|---:|---:|"]
    for name, measures in found.items():
        wall, cpu = median(m.wall for m in measures), median(m.cpu for m in measures)
        peak = max(m.peak for m in measures) / 1e6
        lines.append(f"| {name} | {wall:.3f} | {cpu:.3f} | {peak:.0f} |")
    pairs = list(zip(found[INSIDE], found[OUTSIDE], strict=True))
    wall = median(a.wall / b.wall for a, b in pairs)
    cpu = median(a.cpu / b.cpu for a, b in pairs)
    lines.append(f"| inside by outside, median of {len(pairs)} pairs | {wall:.2f} | {cpu:.2f} | |")
    return "\n".join(lines)
