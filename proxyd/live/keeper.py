"""Keep one feed true: run its shards again and again, whoever watches, with a watcher's right."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from logging import INFO, WARNING

from proxyd.engine import Engine
from proxyd.events import News, ShardEnded
from proxyd.live.changes import Change, Guide
from proxyd.live.feed import Feed, Held, Memory, Numbers, Sweep
from proxyd.live.hub import Audience, Hub
from proxyd.live.part import Settled
from proxyd.live.round import Round
from proxyd.live.schedule import Schedule
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.model import Scanner, Target
from proxyd.rights import Right
from proxyd.settings import Watch

log = get_logger(__name__)

MERGE = 0.25
"""Seconds for which shards that come due are gathered into one round."""

SOON = 0.5
"""Seconds after an event that its shard is run: AWS may not show yet what it has just done."""

DEBOUNCE = 2.0
"""Seconds at least between two runs of a shard, however many events there are about it."""

RETRY_SECONDS = 10.0
"""Seconds after which shards are run again that nobody's right could be used for."""


class Keeper:
    """Runs the shards of one feed while somebody watches them.

    Attributes:
        scan: the id of the scan that is kept live.

    """

    def __init__(
        self,
        target: Target,
        registry: Mapping[str, Scanner],
        *,
        scan: str,
        engine: Engine,
        hub: Hub,
        numbers: Numbers,
        memory: Memory,
        metrics: Metrics,
        watch: Watch,
    ) -> None:
        self.scan = scan
        self.target = target
        self.feed = Feed(numbers, memory, hub.publish)
        self._memory = memory
        self._most = watch.state_bytes
        self._registry = registry
        self._engine = engine
        self._hub = hub
        self._numbers = numbers
        self._metrics = metrics
        self._schedule: Schedule[Held] = Schedule(watch, random.random)
        self._watched: dict[Held, set[Audience]] = defaultdict(set)
        self._rights: dict[Audience, Counter[Right]] = {}
        self._running: set[Held] = set()
        self._begun: dict[Held, float] = {}
        self._starved: set[Held] = set()
        self._rounds: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody watches, not even one who has just gone."""
        return not self._rights

    def watch(self, audience: Audience, shards: Iterable[Held]) -> None:
        """Keep some shards true for an audience; those that nobody watched are run at once."""
        self._rights[audience] = Counter()
        now = time.monotonic()
        for held in shards:
            self._watched[held].add(audience)
            if held.ended is None and held not in self._running:
                self._schedule.at(held, now)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def unwatch(self, audience: Audience) -> None:
        """Stop for an audience; what nobody watches any more is forgotten."""
        del self._rights[audience]
        for held in [held for held, watching in self._watched.items() if audience in watching]:
            self._watched[held].discard(audience)
            if not self._watched[held]:
                del self._watched[held]
                self._schedule.drop(held)
                self._begun.pop(held, None)
                self._starved.discard(held)
                self.feed.forget(held)

    def use(self, audience: Audience, right: Right) -> None:
        """Use a subscriber's right for what its audience watches."""
        self._rights[audience][right] += 1
        for held in self._starved:
            self._schedule.at(held, time.monotonic())
        self._starved.clear()
        self._changed.set()

    def spare(self, audience: Audience, right: Right) -> None:
        """Do not use a right any more: its subscriber has gone."""
        self._rights[audience] -= Counter([right])

    def usable_rights(self) -> Iterator[Right]:
        """Yield the rights of those who watch, as far as AWS gives them the role."""
        for rights in self._rights.values():
            yield from (right for right in rights if right.refused is None)

    def hears(self, code: str | None) -> None:
        """Note whether changes are told, or why they are not: it looks less often when they are."""
        news = News(by="looking", code=code) if code else News(by="events")
        if news != self.feed.news:
            self.feed.news = news
            self._schedule.told = code is None
            log.log(WARNING if code else INFO, "events", target=self.target.name, code=code or "ok")
            self._settled(0, telling=True)

    def touch(self, change: Change, guide: Guide) -> bool:
        """Run what a change may be about, soon; return whether anything of it is watched."""
        about, precise = guide.about(change)
        shards = [held for key in about if (held := self.feed.shards.get(key)) is not None]
        if not precise:
            holding = [held for held in shards or self.feed.shards.values() if _holds(held, change)]
            shards = holding or shards
        now = time.monotonic()
        for held in shards:
            wait = max(SOON, self._begun.get(held, 0.0) + DEBOUNCE - now)
            self._schedule.at(held, now + wait)
        self._changed.set()
        return bool(shards)

    async def stop(self) -> None:
        """End whatever runs."""
        tasks = [task for task in (self._task, *self._rounds) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        while True:
            due = self._schedule.take(time.monotonic() + MERGE)
            if due:
                self._start(due)
            await self._until_due()

    async def _until_due(self) -> None:
        self._changed.clear()
        due = self._schedule.next
        wait = None if due is None else max(0.0, due - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            return

    def _start(self, due: Sequence[Held]) -> None:
        """Start a round of what is due and does not run yet, each with a right that covers it."""
        by_right: dict[Right, list[Held]] = defaultdict(list)
        now = time.monotonic()
        for held in due:
            right = self._right_for(held)
            if held in self._running:
                self._schedule.at(held, now + DEBOUNCE)
            elif right is None:
                self._starved.add(held)  # until somebody comes who may see it
            else:
                by_right[right].append(held)
                self._running.add(held)
                self._begun[held] = now
        if by_right:
            task = asyncio.create_task(self._round(by_right))
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)

    def _right_for(self, held: Held) -> Right | None:
        """Choose a right of one who watches this shard: nobody's may be used for more."""
        refused = None
        for audience in self._watched[held]:
            for right in self._rights[audience]:
                if right.refused is None:
                    return right
                refused = right
        return refused

    async def _round(self, by_right: Mapping[Right, Sequence[Held]]) -> None:
        started = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                for right, shards in by_right.items():
                    group.create_task(self._round_of(right).run(shards))
        except Exception as error:  # noqa: BLE001 - the next round may go well
            log.error("a round failed", target=self.target.name, **where(error))
        finally:
            self._running.difference_update(*by_right.values())
            for held in [held for shards in by_right.values() for held in shards]:
                if not held.forgotten and not self._schedule.planned(held):
                    self._schedule.at(held, time.monotonic() + RETRY_SECONDS)
            self._changed.set()
        self._settled(round((time.monotonic() - started) * 1000))

    def _settled(self, ms: int, *, telling: bool = False) -> None:
        self._hub.publish(Settled(self._numbers.next(), self.feed, ms, telling))

    def _round_of(self, right: Right) -> Round:
        return Round(
            self.feed,
            self.target,
            self._registry,
            engine=self._engine,
            right=right,
            ends=self,
        )

    def refused(self, right: Right, shards: Sequence[Held]) -> bool:
        """Have shards run by another's right at once, where there is one."""
        if right.refused is None or all(other is right for other in self.usable_rights()):
            return False
        for held in shards:
            self._schedule.at(held, time.monotonic())
        return True

    def ended(self, held: Held, sweep: Sweep, ended: ShardEnded) -> None:
        """Take in how a shard ended, and plan its next run."""
        self._metrics.shards.labels(ended.status).inc()
        self._metrics.calls.inc(ended.calls)
        sweep.ended(ended)
        if not held.forgotten:
            self._schedule.ended(
                held,
                ended,
                holds=len(held.resources),
                changed=sweep.changed,
                now=time.monotonic(),
            )

    def found(self) -> None:
        """End the streams of a feed that would take more than all feeds may."""
        if self._memory.size <= self._most:
            return
        log.error(
            "what is held is larger than watch.state_bytes: ask for less at once, or raise it",
            target=self.target.name,
            state_bytes=self._most,
        )
        for task in self._rounds:
            task.cancel()
        for audience in list(self._rights):
            for subscriber in list(audience.subscribers):
                subscriber.end("error")


def _holds(held: Held, change: Change) -> bool:
    """Whether a shard holds anything that a change names, by ARN or by the end of one."""
    if not held.resources.keys().isdisjoint(change.strings):
        return True
    return any(re.split("[:/]", arn)[-1] in change.strings for arn in held.resources)
