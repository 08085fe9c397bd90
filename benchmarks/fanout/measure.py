"""Put one load on one server and look at both."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.fanout import usage
from benchmarks.fanout.cases import Case
from benchmarks.fanout.load import Result, loading
from benchmarks.fanout.server import Server

_WARM_UP_STREAMS = 50
_QUIET_SECONDS = 2.0
_BACK_SECONDS = 45.0
_EDGES = 2
"""Events for each stream that may fall on either side of the window: a clock is not exact."""

_MB = 1e6
_FLAT = 1.05
"""How much more memory than before still counts as back where it was."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What one load cost one server. CPU in seconds within the window, memory in bytes.

    Attributes:
        others: CPU of whatever else ran on the machine, the publisher and the runner included.
        before: memory before the load, when it had served a few streams already.
        held: with all streams open; where events are sent, before the first of them.
        peak: the most from then on.
        after: when the streams are gone.

    """

    case: Case
    name: str
    result: Result
    cpu: float
    others: float
    before: int
    held: int
    peak: int
    after: int

    @property
    def per_message(self) -> float:
        """Microseconds of the server's CPU for each message that arrived."""
        return self.cpu / max(1, self.result.arrived) * 1e6

    @property
    def core(self) -> float:
        """The server's share of one core, in per cent."""
        return self.cpu / self.case.seconds * 100

    @property
    def share(self) -> float:
        """What arrived in the window, in per cent of what should have."""
        return self.result.arrived / max(1.0, self.case.offered) * 100

    @property
    def unseen(self) -> float:
        """The share of what was due in the window that had not come some seconds after it."""
        seen = self.result.counted - self.result.again
        readers = self.case.streams - self.case.stuck
        due = max(1.0, self.case.offered - _EDGES * readers)
        return max(0.0, 1 - seen / due)

    @property
    def p50(self) -> float:
        """Milliseconds on the way: of half of the messages at most. Infinite if not seen."""
        return math.inf if self.unseen > 0.5 else self.result.p50_us / 1000  # noqa: PLR2004

    @property
    def p99(self) -> float:
        """The same of all but one in a hundred."""
        return math.inf if self.unseen > 0.01 else self.result.p99_us / 1000  # noqa: PLR2004

    @property
    def batch(self) -> float:
        """Events that the client got in one read: about so many the server writes at once."""
        return self.result.arrived / max(1, self.result.reads)

    @property
    def growth(self) -> int:
        """Bytes of memory that sending took on top of the open streams."""
        return self.peak - self.held

    @property
    def per_stream(self) -> float:
        """Bytes of memory for each stream that is open."""
        return (self.held - self.before) / self.case.streams


def line(m: Measure) -> str:
    """Say in a line what came of a measure."""
    memory = f"{m.held / _MB:.0f} MB with all open, {m.after / _MB:.0f} MB after"
    if not m.case.rate:
        return f"{m.name}, {m.case.title}: {memory}"
    return (
        f"{m.name}, {m.case.title}: {m.core:.0f} % of a core, {m.per_message:.2f} µs a message, "
        f"{m.share:.0f} % arrived, p99 {m.p99:.1f} ms, {memory}"
    )


def measure(case: Case, server: Server, program: Path) -> Measure:
    """Put a case's load on a server."""
    before = _warmed_up(case, server, program)
    with loading(program, server, case) as load:
        load.reach("connected")
        if not case.rate:
            load.reach("window")
        held = usage.resident(server.session)
        with usage.Peak(server.session) as peak, server.publishing(case.rate):
            if case.rate:
                load.reach("window")
            start = usage.clock(server.session)
            load.reach("over")
            end = usage.clock(server.session)
            result = load.result()
    cpu = end.session - start.session
    return Measure(
        case=case,
        name=server.name,
        result=result,
        cpu=cpu,
        others=max(0.0, end.machine - start.machine - cpu - result.cpu),
        before=before,
        held=held,
        peak=peak.most,
        after=_after(case, server, before),
    )


def _warmed_up(case: Case, server: Server, program: Path) -> int:
    """Return the memory after a few streams, so that what is allocated once counts to nobody."""
    few = replace(
        case, streams=_WARM_UP_STREAMS, stuck=0, rate=0, settle=0.0, seconds=1.0, grace=0.0
    )
    with loading(program, server, few) as load:
        load.result()
    time.sleep(_QUIET_SECONDS)
    return usage.resident(server.session)


def _after(case: Case, server: Server, before: int) -> int:
    """Return the memory without streams: of idle ones it matters whether it is given back."""
    if case.rate:
        return usage.resident(server.session)
    return usage.settled(server.session, round(before * _FLAT), _BACK_SECONDS)
