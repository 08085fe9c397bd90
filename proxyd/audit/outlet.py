"""A sink with a thread of its own: whatever it does, the loop goes on."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec

from proxyd.audit.sinks import SECONDS, Sink

MAX_WAITING = 16 * 1024 * 1024
"""Bytes of lines that wait for a sink; what comes then is lost to it, and that is told of."""

PATIENCE = 5.0
"""Seconds that a line may wait for its turn while the sink takes others."""

_BATCH = 64 * 1024
_AGAIN = 0.5
"""Seconds until a sink is tried again that has failed."""

_SOON = 0.1
"""The same at the end, when there is not much time left."""

_IDLE = 1.0
"""Seconds without a line after which it is looked whether the sink's other end is there."""


class _Line(msgspec.Struct, frozen=True):
    sequence: int
    text: bytes
    since: float


class Outlet:
    """Writes lines to one sink, in order, and knows which of them it has taken.

    Attributes:
        name: what the configuration calls the sink.
        accepted: the highest sequence that the sink has taken.
        turned: when the thread last did something (`time.monotonic`).
        lost: how many lines it never gets, since that was last told of.

    """

    def __init__(self, name: str, sink: Sink, moved: Callable[[], None]) -> None:
        self.name = name
        self.accepted = -1
        self.turned = time.monotonic()
        self.lost = 0
        self._lost_from = self._lost_until = -1
        self._until = math.inf
        self._sink = sink
        self._moved = moved
        self._reason = ""
        self._began: float | None = None
        self._waiting: deque[_Line] = deque()
        self._size = 0
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"audit {name}", daemon=True)

    def start(self) -> None:
        """Start its thread."""
        self._thread.start()

    def put(self, sequence: int, line: bytes) -> None:
        """Have a line written; where too many wait it is lost to this sink."""
        with self._changed:
            if self._size + len(line) > MAX_WAITING:
                self._lost_from = sequence if not self.lost else self._lost_from
                self._lost_until = sequence
                self.lost += 1
                return
            self._waiting.append(_Line(sequence, line, time.monotonic()))
            self._size += len(line)
            self._changed.notify()

    def took(self, first: int, last: int) -> bool:
        """Whether the sink has all of these lines."""
        lost = self._lost_from <= last and first <= self._lost_until
        return last <= self.accepted and not lost

    @property
    def failure(self) -> str | None:
        """Why it does not take lines now; None while it does."""
        if self._reason:
            return self._reason
        now, began = time.monotonic(), self._began
        if began is not None and now - began > SECONDS:
            return f"it took nothing for {SECONDS:.0f} s"
        with self._changed:
            oldest = self._waiting[0].since if self._waiting else now
        # Where the machine is busy lines wait for the thread, which is not the sink's fault.
        return "its thread stands still" if now - oldest > PATIENCE else None

    def end(self, seconds: float) -> None:
        """Write what waits, for so long at most, and end the thread."""
        with self._changed:
            self._ending = True
            self._until = time.monotonic() + seconds
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        batch: list[_Line] = []
        while batch := batch or self._next():
            self._try(batch)
            if not self._reason:
                batch = []
            elif self._pause():
                break
        self._sink.close()

    def _next(self) -> list[_Line]:
        """Wait for lines, and return some; none at the end."""
        while True:
            with self._changed:
                if not self._waiting and not self._ending:
                    self._changed.wait(_IDLE)
                self.turned = time.monotonic()
                batch: list[_Line] = []
                size = 0
                for line in self._waiting:
                    size += len(line.text)
                    if batch and size > _BATCH:
                        break
                    batch.append(line)
                if batch or self._ending:
                    return batch
            self._look()

    def _try(self, batch: list[_Line]) -> None:
        self._began = time.monotonic()
        try:
            self._sink.send([line.text for line in batch])
        except Exception as error:  # noqa: BLE001 - a name that can not be one is a UnicodeError
            self._failed(error)
            return
        finally:
            self._began = None
        with self._changed:
            for line in batch:
                self._waiting.popleft()
                self._size -= len(line.text)
            self.accepted = batch[-1].sequence
            self.turned = time.monotonic()
            self._reason = ""
        self._moved()

    def _look(self) -> None:
        try:
            self._sink.check()
        except Exception as error:  # noqa: BLE001 - the same
            self._failed(error)
        else:
            self._reason = ""

    def _failed(self, error: Exception) -> None:
        self._reason = getattr(error, "strerror", None) or type(error).__name__
        self.turned = time.monotonic()
        self._moved()

    def _pause(self) -> bool:
        """Wait before the next try, and return whether there shall be none."""
        with self._changed:
            if not self._ending:
                self._changed.wait(_AGAIN)
        if self._ending:
            time.sleep(_SOON)
        return time.monotonic() >= self._until
