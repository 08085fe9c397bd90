"""Listen to a target's queue of events, and have what they touch looked at again at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from proxyd.aws.queue import Queue
from proxyd.errors import AwsError
from proxyd.live.changes import Guide, read
from proxyd.live.keeper import Keeper
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.model import Target
from proxyd.rights import Right

log = get_logger(__name__)

RETRY_SECONDS = (5.0, 60.0)
"""Seconds after which a queue that failed is tried again: at first, and at most."""


class Listener:
    """Reads the queue of one target while somebody watches it."""

    def __init__(self, target: Target, guide: Guide, metrics: Metrics) -> None:
        self.keepers: set[Keeper] = set()
        self._target = target
        self._guide = guide
        self._metrics = metrics
        self._queue: tuple[Right, Queue] | None = None
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        wait = RETRY_SECONDS[0]
        while True:
            try:
                self._take(await self._receive() or ())
            except AwsError as error:
                self._queue = None
                self._tell(error.code)
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_SECONDS[1])
            except Exception as error:  # noqa: BLE001 - looking goes on without it
                log.error("listening failed", **where(error))
                self._tell(type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS[1])
            else:
                wait = RETRY_SECONDS[0]
                self._tell(None)

    async def _receive(self) -> list[str] | None:
        """Read messages by the right of one who watches; None where nobody has one now."""
        right = next((r for keeper in self.keepers for r in keeper.usable_rights()), None)
        if right is None:
            await asyncio.sleep(1)
            return None
        if self._queue is None or self._queue[0] is not right:
            assert self._target.events is not None
            self._queue = (right, right.access.queue(self._target.events))
        return await self._queue[1].receive()

    def _tell(self, code: str | None) -> None:
        for keeper in self.keepers:
            keeper.hears(code)

    def _take(self, bodies: Iterable[str]) -> None:
        for body in bodies:
            try:
                change = read(body)
            except ValueError:
                self._metrics.pushed.labels("unreadable").inc()
                continue
            used = False
            if change is not None and change.account == self._target.account:
                for keeper in self.keepers:
                    used = keeper.touch(change, self._guide) or used
            self._metrics.pushed.labels("used" if used else "of_no_use").inc()
