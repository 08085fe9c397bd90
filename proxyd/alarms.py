"""Times at which something has to happen, thousands of them on one timer of the loop.

A timer of the loop's own costs half a kilobyte; ten thousand streams have some each.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

_FEW = 100


class Alarm:
    """What is called, and when; None when it was called off."""

    __slots__ = ("call", "when")

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: Alarm) -> bool:
        """Order by time, for the heap."""
        return self.when < other.when


class Alarms:
    """Calls things when their time has come. Seconds, by the loop's clock."""

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._off = 0
        self._timer: asyncio.TimerHandle | None = None

    def after(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Have something called; the alarm can be called off."""
        alarm = Alarm(asyncio.get_running_loop().time() + seconds, call)
        heapq.heappush(self._heap, alarm)
        if self._heap[0] is alarm:
            self._set()
        return alarm

    def call_off(self, alarm: Alarm) -> None:
        """Forget what was to be called, if it has not been."""
        if alarm.call is None:
            return
        alarm.call = None
        self._off += 1
        if self._off > _FEW + len(self._heap) // 2:
            self._heap = [each for each in self._heap if each.call is not None]
            heapq.heapify(self._heap)
            self._off = 0

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(self._heap[0].when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._heap and self._heap[0].when <= now:
            alarm = heapq.heappop(self._heap)
            call, alarm.call = alarm.call, None
            if call is None:
                self._off -= 1
            else:
                call()
        if self._heap:
            self._set()
