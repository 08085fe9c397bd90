"""What is measured: so many streams, so many events a second, so long."""

from __future__ import annotations

from dataclasses import dataclass, replace

UNBATCHED, UNBATCHED_WIDE = "unbatched-1000", "unbatched-5000"
FAST, WIDE = "fast-1000", "wide-5000"
IDLE, STUCK = "idle-10000", "stuck-190"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One load. Times in seconds.

    Attributes:
        rate: events a second.
        stuck: how many of the streams read the first bytes and nothing more.
        settle: between the first event and the window of measurement.
        seconds: of that window.
        grace: for what was sent in it to arrive.

    """

    name: str
    title: str
    streams: int
    rate: float
    stuck: int = 0
    settle: float = 2.0
    seconds: float = 10.0
    grace: float = 5.0

    @property
    def offered(self) -> float:
        """Messages that all of the streams that read should get in the window."""
        return self.rate * self.seconds * (self.streams - self.stuck)


ALL = {
    case.name: case
    for case in (
        Case(name=UNBATCHED, title="15 events/s, 1,000 streams", streams=1000, rate=15),
        # Slower, so that all have been written to before the next event is there.
        Case(name=UNBATCHED_WIDE, title="5 events/s, 5,000 streams", streams=5000, rate=5),
        Case(name=FAST, title="500 events/s, 1,000 streams", streams=1000, rate=500),
        Case(name=WIDE, title="200 events/s, 5,000 streams", streams=5000, rate=200),
        Case(name=IDLE, title="10,000 idle streams", streams=10_000, rate=0, seconds=10),
        Case(
            name=STUCK,
            title="500 events/s, 200 streams of which 190 do not read",
            streams=200,
            stuck=190,
            rate=500,
            # The kernel holds some 2.6 MB for each before the server notices: 9 s.
            seconds=40,
        ),
    )
}


def chosen(names: list[str], *, quick: bool, seconds: float | None, hold: float) -> list[Case]:
    """Return the cases that are asked for, as long as they are to take."""
    return [_timed(ALL[name], quick=quick, seconds=seconds, hold=hold) for name in names]


def _timed(case: Case, *, quick: bool, seconds: float | None, hold: float) -> Case:
    if not case.rate:
        return replace(case, seconds=hold)
    if seconds is not None:
        return replace(case, seconds=seconds)
    return replace(case, seconds=case.seconds / 2, grace=3.0) if quick else case
