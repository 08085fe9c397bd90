"""Tables of what was measured. Pure: text from numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from benchmarks.fanout.cases import IDLE, STUCK, Case
from benchmarks.fanout.measure import Measure
from benchmarks.scan.report import table

MB = 1e6
KB = 1e3


class Medians:
    """One contestant's measures of one case; an attribute is the median of all of them."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self.measures = measures

    def __getattr__(self, name: str) -> float:
        return self.of(lambda m: getattr(m, name))

    def of(self, figure: Any) -> float:
        """Return the median of a figure."""
        return float(median(map(figure, self.measures)))

    def most(self, name: str) -> int:
        """Return the most of something that the client counted, over all rounds."""
        return max(int(getattr(m.result, name)) for m in self.measures)


def by_case(measures: Iterable[Measure]) -> dict[str, dict[str, Medians]]:
    """Gather measures by case and contestant, in the order in which they first came."""
    found: dict[str, dict[str, list[Measure]]] = {}
    for m in measures:
        found.setdefault(m.case.name, {}).setdefault(m.name, []).append(m)
    return {
        case: {name: Medians(of) for name, of in names.items()} for case, names in found.items()
    }


def loads(found: dict[str, dict[str, Medians]]) -> str:
    """Write the table of the cases in which events are sent."""
    head = (
        "",
        "CPU µs a message",
        "CPU % of a core",
        "arrived % of offered",
        "lost",
        "twice",
        "p50 ms",
        "p99 ms",
        "most ms",
        "B an event",
        "events a read",
        "client CPU %",
        "else CPU %",
    )
    rows = [
        row
        for names in found.values()
        for name, m in names.items()
        if (row := _row(name, m, m.measures[0].case))
    ]
    return table(head, rows) if rows else ""


def _row(name: str, m: Medians, case: Case) -> Sequence[str]:
    if not case.rate:
        return ()
    return (
        f"{name}, {case.title}",
        # Those that do not read cost too, and get nothing: by message it would mean nothing.
        "-" if case.stuck else f"{m.per_message:.2f}",
        f"{m.core:.0f}",
        f"{m.share:.0f}",
        f"{m.most('lost'):,}",
        f"{m.most('again'):,}",
        _ms(m.p50, case),
        _ms(m.p99, case),
        _ms(math.inf if math.isinf(m.p99) or m.most("late") else m.most("max_us") / 1000, case),
        f"{m.of(lambda x: x.result.bytes / max(1, x.result.arrived)):.0f}",
        f"{m.batch:.1f}",
        f"{m.of(lambda x: x.result.busiest_thread * 100):.0f}",
        f"{m.of(lambda x: x.others / x.case.seconds * 100):.0f}",
    )


def _ms(time: float, case: Case) -> str:
    """Write a time; what had not come was on the way for longer than the grace after the window."""
    return f"> {case.grace * 1000:.0f}" if math.isinf(time) else f"{time:.1f}"


def memory(found: dict[str, dict[str, Medians]]) -> str:
    """Write the table of the cases in which memory is what counts."""
    head = (
        "",
        "before MB",
        "streams open MB",
        "most MB",
        "after MB",
        "kB an open stream",
        "growth MB",
        "ended by the server",
    )
    rows = [
        (
            f"{name}, {m.measures[0].case.title}",
            f"{m.before / MB:.1f}",
            f"{m.held / MB:.1f}",
            f"{m.peak / MB:.1f}",
            f"{m.after / MB:.1f}",
            f"{m.per_stream / KB:.1f}",
            f"{m.growth / MB:.1f}",
            f"{m.most('closed'):,} and {m.most('stuck_closed'):,} stuck",
        )
        for case in (IDLE, STUCK)
        for name, m in found.get(case, {}).items()
    ]
    return table(head, rows) if rows else ""
