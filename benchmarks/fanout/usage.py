"""What the processes of one session use together, as /proc tells it; and the whole machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024
_SESSION, _UTIME, _STIME = 3, 11, 12
"""Places in /proc/PID/stat after the name in brackets (proc(5): fields 6, 14 and 15)."""

_IDLE = slice(3, 5)
_CPU_FIELDS = 8
"""Of the first line of /proc/stat: idle and iowait among user to steal; guests are in user."""

_EVERY = 0.25


class Clock(NamedTuple):
    """CPU in seconds so far: of a session, and of the whole machine."""

    session: float
    machine: float


def clock(session: int) -> Clock:
    """Read both."""
    return Clock(sum(_cpu(stat) for stat, _ in _members(session)), _machine())


def resident(session: int) -> int:
    """Return the memory that a session's processes hold, in bytes; what they share once."""
    own, shared = 0, 0
    for _, pid in _members(session):
        with suppress(FileNotFoundError, ProcessLookupError):
            held = _status(pid)
            own += held["RssAnon"] + held["RssFile"]
            shared = max(shared, held["RssShmem"])
    return own + shared


class Peak(threading.Thread):
    """Looks at a session's memory now and then, and keeps the most, for the time of a block."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.most = resident(session)
        self._session = session
        self._ended = threading.Event()

    def run(self) -> None:
        """Look until the block ends."""
        while not self._ended.wait(_EVERY):
            self.most = max(self.most, resident(self._session))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.join()


def settled(session: int, level: int, seconds: float) -> int:
    """Wait until a session's memory is at most this again, or the time is over; return it."""
    last = time.monotonic() + seconds
    while (held := resident(session)) > level and time.monotonic() < last:
        time.sleep(_EVERY)
    return held


def _members(session: int) -> Iterator[tuple[list[str], int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(stat[_SESSION]) == session:
                    yield stat, int(entry.name)


def _cpu(stat: list[str]) -> float:
    return (int(stat[_UTIME]) + int(stat[_STIME])) / _TICKS


def _status(pid: int) -> dict[str, int]:
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.startswith("Rss"))
    return {name: int(value.split()[0]) * _KIB for name, value in pairs}


def _machine() -> float:
    fields = (_PROC / "stat").read_text().splitlines()[0].split()[1 : 1 + _CPU_FIELDS]
    ticks = [int(field) for field in fields]
    return (sum(ticks) - sum(ticks[_IDLE])) / _TICKS
