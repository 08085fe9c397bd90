"""All feeds of the process: who watches what, and what may be shared."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from proxyd import reach
from proxyd.alarms import Alarms
from proxyd.engine import Engine
from proxyd.live.changes import Guide
from proxyd.live.feed import Memory, Numbers
from proxyd.live.hub import Audience, Hub, Subscriber
from proxyd.live.keeper import Keeper
from proxyd.live.part import Part
from proxyd.live.pushing import Listener
from proxyd.live.view import Reader, View, Wanted
from proxyd.metrics import Metrics
from proxyd.model import Detail, Scanner, Target
from proxyd.remedies import Refusal
from proxyd.rights import Right
from proxyd.settings import Limits, Watch
from proxyd.wire import Wire


class Selection:
    """The shards that are asked of a target, made once for all who ask the same."""

    def __init__(self, shards: Sequence[tuple[Scanner, str]]) -> None:
        self.shards = tuple(shards)
        self.keys = frozenset((scanner.type, region) for scanner, region in shards)


class Asked(NamedTuple):
    """What a stream asks of one target, and by what right.

    Attributes:
        refused: whether AWS refused the role when the stream was opened.
        lacking: an action of proxyd's own that the role refuses.

    """

    target: Target
    detail: Detail
    scan: str
    selection: Selection
    right: Right
    refused: bool
    lacking: Refusal | None


class Question(NamedTuple):
    """What a stream asks: the filter as it was written and as it was compiled."""

    asked: Sequence[Asked]
    where: str | None
    wanted: Wanted | None


class Feeds:
    """The keepers and audiences of the process."""

    def __init__(
        self,
        registry: Mapping[str, Scanner],
        *,
        engine: Engine,
        alarms: Alarms,
        metrics: Metrics,
        limits: Limits,
        watch: Watch,
    ) -> None:
        self.numbers = Numbers()
        self.hub = Hub(
            self.numbers,
            alarms,
            backlog=limits.backlog_bytes,
            patience=limits.write_seconds,
            sent=metrics.count_sent,
            fell_behind=metrics.lagged.inc,
        )
        self._registry = registry
        self._engine = engine
        self._metrics = metrics
        self._watch = watch
        self._memory = Memory()
        self._secret = secrets.token_bytes(16)
        self._coming: dict[tuple[Target, Detail], str] = {}
        self._keepers: dict[tuple[Target, Detail, str], Keeper] = {}
        self._audiences: dict[object, Audience] = {}
        self._guide = Guide(registry)
        self._listeners: dict[Target, Listener] = {}
        self._preparing: dict[Audience, asyncio.Task[None]] = {}
        self._leaving: dict[Audience, asyncio.TimerHandle] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        metrics.watch_feeds(lambda: len(self._keepers), lambda: self._memory.size)

    @property
    def full(self) -> bool:
        """Whether no more can be held."""
        return self._memory.size >= self._watch.state_bytes

    def scan_of(self, target: Target, detail: Detail) -> str:
        """Return the id of the scan that is, or will be, kept live for a target."""
        keeper = self._keepers.get((target, detail, ""))
        if keeper is not None:
            return keeper.scan
        return self._coming.setdefault((target, detail), secrets.token_hex(6))

    async def join(
        self, principal: str, question: Question, wire: Wire, reader: Callable[[View], Reader]
    ) -> Subscriber:
        """Add a subscriber to the audience of its question, which is made when it is the first.

        Args:
            principal: who asks.
            question: what.
            wire: how it gets its bytes.
            reader: makes the subscriber's reader, when the view is there.

        """
        audience = self._audience(principal, question, wire)
        leaving = self._leaving.pop(audience, None)
        if leaving is not None:
            leaving.cancel()
        subscriber = Subscriber(self.hub, audience)
        for asked in question.asked:
            self._keeper(principal, asked).use(audience, asked.right)
        try:
            await asyncio.shield(self._preparing[audience])
        except asyncio.CancelledError:
            self.left(principal, question, subscriber)
            raise
        subscriber.reader = reader(audience.view)
        return subscriber

    def left(self, principal: str, question: Question, subscriber: Subscriber) -> None:
        """Take a subscriber out; what nobody watches is dropped when the grace period is over."""
        audience = subscriber.audience
        subscriber.left()
        for asked in question.asked:
            self._keeper(principal, asked).spare(audience, asked.right)
        if not audience.subscribers:
            audience.view.forget_pieces()
            self._leaving[audience] = asyncio.get_running_loop().call_later(
                self._watch.grace_seconds, self._drop, audience
            )

    async def stop(self) -> None:
        """End all that runs."""
        for leaving in self._leaving.values():
            leaving.cancel()
        for keeper in self._keepers.values():
            self._end(keeper)
        tasks = [*self._stopping, *self._preparing.values()]
        if tasks:
            await asyncio.wait(tasks)

    def _keeper(self, principal: str, asked: Asked) -> Keeper:
        """Return what keeps a target live.

        One whose role is refused gets a keeper of its own: it must not see by others' rights.
        """
        alone = principal if asked.refused else ""
        key = (asked.target, asked.detail, alone)
        keeper = self._keepers.get(key)
        if keeper is None:
            keeper = Keeper(
                asked.target,
                self._registry,
                scan=asked.scan,
                engine=self._engine,
                hub=self.hub,
                numbers=self.numbers,
                memory=self._memory,
                metrics=self._metrics,
                watch=self._watch,
            )
            self._keepers[key] = keeper
            self._coming.pop(key[:2], None)
            self._listen(keeper)
        return keeper

    def _listen(self, keeper: Keeper) -> None:
        """Have a keeper told of changes: one listener reads a target's queue for all of them."""
        target = keeper.target
        if target.events is not None:
            if target not in self._listeners:
                self._listeners[target] = Listener(target, self._guide, self._metrics)
            self._listeners[target].keepers.add(keeper)

    def _end(self, keeper: Keeper) -> None:
        """Stop a keeper, and the listener that has no other."""
        ending: list[Coroutine[Any, Any, None]] = [keeper.stop()]
        listener = self._listeners.get(keeper.target)
        if listener is not None:
            listener.keepers.discard(keeper)
            if not listener.keepers:
                ending.append(self._listeners.pop(keeper.target).stop())
        for each in ending:
            task = asyncio.create_task(each)
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    def _audience(self, principal: str, question: Question, wire: Wire) -> Audience:
        keepers = [self._keeper(principal, asked) for asked in question.asked]
        selected = tuple(asked.selection.keys for asked in question.asked)
        key = (tuple(keepers), selected, question.where, wire)
        audience = self._audiences.get(key)
        if audience is None or audience.broken:
            audience = Audience(self._view(keepers, question, wire))
            self._audiences[key] = audience
            self.hub.audiences.add(audience)
            for keeper, part in zip(keepers, audience.view.parts, strict=True):
                keeper.watch(audience, part.held)
            self._preparing[audience] = asyncio.create_task(_prepare(audience.view))
        return audience

    def _view(self, keepers: Sequence[Keeper], question: Question, wire: Wire) -> View:
        parts = []
        for keeper, asked in zip(keepers, question.asked, strict=True):
            shards = asked.selection.shards
            held = frozenset(keeper.feed.follow(scanner.type, region) for scanner, region in shards)
            started = reach.started(keeper.scan, keeper.target, "watch", shards)
            parts.append(Part(keeper.feed, held, started, keeper.target, asked.lacking))
        return View(
            parts,
            wire,
            self._epoch(question),
            flushed=self.hub.flushed,
            wanted=question.wanted,
        )

    def _epoch(self, question: Question) -> str:
        """Return what tells this question's event ids from those of any other."""
        asked = [
            (*_names(each.target), each.detail, each.refused, sorted(each.selection.keys))
            for each in question.asked
        ]
        text = repr((asked, question.where)).encode()
        return hashlib.blake2b(text, key=self._secret, digest_size=8).hexdigest()

    def _drop(self, audience: Audience) -> None:
        """Forget an audience that nobody has come back to, and its feeds if they were its own."""
        del self._leaving[audience]
        self._preparing.pop(audience).cancel()
        self._audiences = {k: a for k, a in self._audiences.items() if a is not audience}
        self.hub.audiences.discard(audience)
        feeds = {part.feed for part in audience.view.parts}
        for key, keeper in list(self._keepers.items()):
            if keeper.feed in feeds:
                keeper.unwatch(audience)
            if keeper.idle:
                del self._keepers[key]
                self._end(keeper)


def _names(target: Target) -> tuple[str, str]:
    return target.name, target.role_arn


async def _prepare(view: View) -> None:
    for _ in view.prepare():
        await asyncio.sleep(0)
