"""Run the steps of a declaration: items flow through them page by page.

No more than one page per step is held, so a slow reader slows AWS paging down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from functools import partial
from itertools import groupby
from typing import Any

from proxyd.declaration import Batch, Each, Pages, Step
from proxyd.errors import AwsError
from proxyd.model import Shard
from proxyd.paths import CONSTANTS, ITEM, PARENT, filler, getter, placeholders

Item = dict[str, Any]
Call = Callable[[], Coroutine[Any, Any, list[Item]]]
Wanted = Callable[[Item], bool]

CONCURRENT_CALLS = 8
"""Calls that one shard makes side by side where a step calls once per item or batch."""

_GIVE_UP = frozenset({"denied", "scp_denied", "unsupported", "region_disabled", "expired"})


class Run:
    """One step with its templates compiled."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.items = getter(step.items) if step.items else None
        self.fill = _params(step.params)
        self.at_home = _params(step.at_home) if isinstance(step, Pages) and step.at_home else None
        self.merges = isinstance(step, Each) and step.merges
        self.is_detail = isinstance(step, Each) and step.is_detail

    def children(self, answer: dict[str, Any], parent: Item | None) -> list[Item]:
        """Take the items out of an answer, each of which knows what it was listed under."""
        found = self.items(answer) if self.items else [_without_metadata(answer)]
        items = [e if isinstance(e, dict) else {ITEM: e} for e in found or ()]
        if parent is not None:
            for item in items:
                item[PARENT] = parent
        return items


async def flow(
    steps: list[Run], shard: Shard, wanted: Wanted = bool
) -> AsyncGenerator[list[Item], None]:
    """Yield pages of the wanted items as they leave the last of these steps.

    What is not wanted is left out before it is asked about in detail.
    """
    *before, last = steps
    early, late = (wanted, bool) if before and last.is_detail else (bool, wanted)
    if not before:
        pages = _listed(last, shard)
    else:
        pages = _extended(last, flow(before, shard, early), shard)
    async with aclosing(pages):
        async for page in pages:
            yield [item for item in page if late(item)]


async def _extended(
    run: Run, before: AsyncGenerator[list[Item], None], shard: Shard
) -> AsyncGenerator[list[Item], None]:
    extend = _EXTEND[type(run.step)](run, shard)
    async with aclosing(before) as pages:
        async for page in pages:
            for piece in extend.pieces(page):
                yield [item for items in await _side_by_side(piece) for item in items]


async def _listed(run: Run, shard: Shard) -> AsyncGenerator[list[Item], None]:
    """List what a declaration starts with; where the service is not in use there is nothing."""
    step, where = run.step, constants(shard)
    fills = [run.fill, run.at_home] if run.at_home and shard.is_home else [run.fill]
    for fill in fills:
        try:
            async with aclosing(
                shard.pages(step.service, step.operation, **fill({}, **where))
            ) as answers:
                async for answer in answers:
                    yield run.children(answer, None)
        except AwsError as error:
            if not error.absent:
                raise


class _Extend:
    """What a later step does to a page; it stops asking once AWS refuses it for good."""

    def __init__(self, run: Run, shard: Shard) -> None:
        self.run = run
        self.shard = shard
        self.where = constants(shard)
        self.given_up = False

    def pieces(self, page: list[Item]) -> Iterator[list[Call]]:
        """Cut a page into pieces of calls that run side by side."""
        calls = self.calls(page)
        for start in range(0, len(calls), CONCURRENT_CALLS):
            yield calls[start : start + CONCURRENT_CALLS]

    def calls(self, page: list[Item]) -> list[Call]:
        raise NotImplementedError

    def params(self, item: Item) -> dict[str, Any]:
        return self.run.fill(item, **self.where)

    async def ask(self, item: Item, **collected: list[Any]) -> dict[str, Any]:
        step = self.run.step
        params = self.params(item) | collected
        answer = await self.shard.call(step.service, step.operation, **params)
        return _without_metadata(answer)

    async def list(
        self, item: Item, parent: Item | None = None, found: list[Item] | None = None
    ) -> list[Item]:
        """List page after page into `found`, which holds what there was when a page fails."""
        step, found = self.run.step, [] if found is None else found
        async with aclosing(
            self.shard.pages(step.service, step.operation, **self.params(item))
        ) as answers:
            async for answer in answers:
                found += self.run.children(answer, parent)
        return found

    def failed(self, error: AwsError) -> None:
        self.shard.incomplete(error)
        if error.status in _GIVE_UP and error.scope == "account":
            self.given_up = True


class _Merge(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        return [partial(self._merge, item) for item in page]

    async def _merge(self, item: Item) -> list[Item]:
        step = self.run.step
        assert isinstance(step, Each)
        if self.given_up:
            return [item]
        try:
            more = await self._more(item)
        except AwsError as error:
            if error.absent:
                return [item] if step.into else []
            self.failed(error)
            return [item]
        item.update(more)
        return [item]

    async def _more(self, item: Item) -> Item:
        step = self.run.step
        assert isinstance(step, Each)
        if step.into is None:
            return await self.ask(item)
        return {step.into: await (self.ask(item) if step.items is None else self.list(item))}


class _Children(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        return [partial(self._children, item) for item in page]

    async def _children(self, item: Item) -> list[Item]:
        if self.given_up:
            return []
        found: list[Item] = []
        try:
            await self.list(item, item, found)
        except AwsError as error:
            if not error.absent:
                self.failed(error)
        return found


class _InBatches(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        step = self.run.step
        assert isinstance(step, Batch)
        families = groupby(page, key=lambda item: id(item.get(PARENT)))
        return [
            partial(self._describe, piece)
            for _, siblings in families
            for piece in _cut(list(siblings), step.size)
        ]

    async def _describe(self, items: list[Item]) -> list[Item]:
        step = self.run.step
        assert isinstance(step, Batch)
        if self.given_up:
            return []
        collected = [self.params(item)[step.collects][0] for item in items]
        try:
            answer = await self.ask(items[0], **{step.collects: collected})
        except AwsError as error:
            if not error.absent:
                self.failed(error)
                return []
            # One that is gone refuses all of them: find it, and let the others be seen.
            middle = len(items) // 2
            halves = (items[:middle], items[middle:]) if middle else ()
            return [found for half in halves for found in await self._describe(half)]
        return self.run.children(answer, items[0].get(PARENT))


def _extend_each(run: Run, shard: Shard) -> _Extend:
    return _Merge(run, shard) if run.merges else _Children(run, shard)


_EXTEND: dict[type[Step], Callable[[Run, Shard], _Extend]] = {
    Each: _extend_each,
    Pages: _Children,
    Batch: _InBatches,
}


def _without_metadata(answer: Item) -> Item:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _cut(items: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _side_by_side(calls: list[Call]) -> list[list[Item]]:
    if len(calls) == 1:
        return [await calls[0]()]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call()) for call in calls]
    return [task.result() for task in tasks]


def constants(shard: Shard) -> dict[str, str]:
    """Return what templates may name besides paths."""
    return {"partition": shard.partition, "region": shard.region, "account": shard.account}


def _params(params: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    fills = {name: _param(value) for name, value in params.items()}
    return lambda item, **where: {name: fill(item, **where) for name, fill in fills.items()}


def _param(value: Any) -> Callable[..., Any]:
    """Compile a parameter: a lone `{path}` passes its value on whole, whatever its kind."""
    if isinstance(value, str) and placeholders(value):
        lone = value[1:-1]
        if placeholders(value) == [lone] and lone not in CONSTANTS:
            get = getter(lone)
            return lambda item, **_: get(item)
        return filler(value, CONSTANTS)
    if isinstance(value, list):
        fills = [_param(v) for v in value]
        return lambda item, **where: [fill(item, **where) for fill in fills]
    if isinstance(value, dict):
        return _params(value)
    return lambda _, **__: value
