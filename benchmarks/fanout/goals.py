"""Whether proxyd reaches its goals, against nchan where that was measured too. Pure."""

from __future__ import annotations

from statistics import median

from benchmarks.fanout.cases import FAST, IDLE, STUCK, UNBATCHED, UNBATCHED_WIDE, WIDE, Case
from benchmarks.fanout.report import KB, MB, Medians
from benchmarks.fanout.server import NCHAN, PROXYD
from benchmarks.scan.report import Goal

_BACK = 1.05
_LEAST_SENT = 0.97
_BACKLOG = 256 * 1024
_STUCK_REST = 20 * MB
_MAX_IDLE = 16 * KB
_MAX_STUCK_P99 = 500.0
_MAX_RATIO = {UNBATCHED: 1.2, UNBATCHED_WIDE: 0.9}
_MAX_P99 = {FAST: 150.0, WIDE: 300.0}
_MAX_CORE = {FAST: 35.0, WIDE: 90.0}


def of(found: dict[str, dict[str, Medians]]) -> list[Goal]:
    """Hold proxyd against the goals, and against nchan where it was measured too."""
    reached: list[Goal] = []
    for name, names in found.items():
        if PROXYD in names:
            reached += _goals_of(name, names[PROXYD], names.get(NCHAN))
    return reached


def _goals_of(name: str, proxyd: Medians, nchan: Medians | None) -> list[Goal]:
    case = proxyd.measures[0].case
    found = [_ratio(case, proxyd, nchan)] if nchan and case.rate and not case.stuck else []
    if name == IDLE:
        return [*found, *_idle(proxyd)]
    found.append(_complete(case, proxyd))
    if name in _MAX_P99:
        found.append(_most(f"p99, {case.title}", _MAX_P99[name], proxyd.p99, "ms"))
        found.append(_most(f"CPU, {case.title}", _MAX_CORE[name], proxyd.core, "% of a core"))
    if name == STUCK:
        found += _stuck(case, proxyd)
    return found


def _ratio(case: Case, proxyd: Medians, nchan: Medians) -> Goal:
    """Compare round by round: both of a round met the same machine."""
    pairs = zip(proxyd.measures, nchan.measures, strict=False)
    ratio = median(p.per_message / n.per_message for p, n in pairs)
    goal = _MAX_RATIO.get(case.name)
    return Goal(
        f"CPU a message to nchan's, {case.title}",
        f"≤ {goal}" if goal else "-",
        f"{ratio:.2f}, {proxyd.batch:.1f} events a read to {nchan.batch:.1f}",
        goal is None or ratio <= goal,
    )


def _complete(case: Case, proxyd: Medians) -> Goal:
    names = ("lost", "late", "again", "closed")
    lost, late, again, closed = (proxyd.most(name) for name in names)
    sent = min(m.result.expected / (case.rate * case.seconds) for m in proxyd.measures)
    return Goal(
        f"gaps, {case.title}",
        f"none, and {_LEAST_SENT:.0%} of the rate",
        f"{lost:,} lost, {late:,} late, {again:,} twice, {closed:,} ended, {sent:.0%} of the rate",
        not (lost or late or again or closed) and sent >= _LEAST_SENT,
    )


def _stuck(case: Case, proxyd: Medians) -> list[Goal]:
    bound = case.stuck * _BACKLOG + _STUCK_REST
    return [
        _most("p99 of those that read", _MAX_STUCK_P99, proxyd.p99, "ms"),
        _most("growth by those that do not read", bound / MB, proxyd.growth / MB, "MB"),
    ]


def _idle(proxyd: Medians) -> list[Goal]:
    before, after = proxyd.before / MB, proxyd.after / MB
    return [
        _most("memory of an idle stream", _MAX_IDLE / KB, proxyd.per_stream / KB, "kB"),
        Goal("none is ended", "0", f"{proxyd.most('closed'):,}", not proxyd.most("closed")),
        Goal(
            "memory when they are gone",
            f"≤ {_BACK} of {before:.1f} MB",
            f"{after:.1f} MB",
            after <= before * _BACK,
        ),
    ]


def _most(figure: str, goal: float, measured: float, unit: str) -> Goal:
    return Goal(figure, f"≤ {goal:.0f} {unit}", f"{measured:.1f} {unit}", measured <= goal)
