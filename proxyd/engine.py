"""Run shards: the only place that fans out.

Every shard is isolated: whatever goes wrong in it becomes its `shard` event, and never
ends its siblings. Events go into whatever `emit` is; where that waits because the reader
is slow, the shard waits and AWS is not asked for the next page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Protocol

import msgspec

from proxyd.allowance import Allowance
from proxyd.errors import AwsError, Cause, DeclarationError
from proxyd.events import Event, ShardEnded
from proxyd.model import Resource, Scanner, Shard

STARTED_AT_ONCE = 8
"""Shards that start before the loop looks at the sockets again.

Signing a request takes most of a millisecond: hundreds in a row would keep the first answer
waiting for all of them.
"""

Wanted = Callable[[Resource], bool]


class RunningShard(Shard, Protocol):
    """A shard as the engine sees it: what it cost, and what could not be seen.

    `refused` holds every action that was refused, `causes` which kind of policy refused it where
    AWS says so, and `problem` the first thing that went wrong.
    """

    problem: AwsError | None
    refused: set[str]
    causes: dict[str, Cause]

    @property
    def calls(self) -> int:
        """Requests sent to AWS so far."""
        ...

    @property
    def throttles(self) -> int:
        """Answers so far that were throttles."""
        ...


OpenShard = Callable[[Scanner, str, Allowance], RunningShard]


class Work(msgspec.Struct, frozen=True):
    """One shard to run."""

    scanner: Scanner
    region: str


Emit = Callable[[Work, Event], Awaitable[None]]
"""Takes an event, and the shard that it is of."""


class Engine:
    """Runs shards within bounds. Times in seconds."""

    def __init__(self, *, shards_at_once: int, shard_seconds: float) -> None:
        self._shards_at_once = shards_at_once
        self._shard_seconds = shard_seconds

    async def run(
        self,
        works: Sequence[Work],
        open_shard: OpenShard,
        emit: Emit,
        wanted: Wanted | None = None,
    ) -> None:
        """Run all shards and emit their resources, and one `shard` event each."""
        queue = iter(works)
        async with asyncio.TaskGroup() as group:
            for started in range(min(self._shards_at_once, len(works))):
                group.create_task(self._take(queue, open_shard, emit, wanted))
                if started % STARTED_AT_ONCE == STARTED_AT_ONCE - 1:
                    await asyncio.sleep(0)

    async def _take(
        self,
        works: Iterable[Work],
        open_shard: OpenShard,
        emit: Emit,
        wanted: Wanted | None,
    ) -> None:
        """Work off one shard after the other; the iterator is shared with the other takers."""
        for work in works:
            allowance = Allowance(self._shard_seconds)
            shard = open_shard(work.scanner, work.region, allowance)
            await emit(work, await self._run(work, shard, allowance, emit, wanted))

    async def _run(
        self,
        work: Work,
        shard: RunningShard,
        allowance: Allowance,
        emit: Emit,
        wanted: Wanted | None,
    ) -> ShardEnded:
        started = time.monotonic()
        resources = 0
        try:
            async with aclosing(_patient(work.scanner, shard, allowance)) as found:
                async for resource in found:
                    if wanted is None or wanted(resource):
                        resources += 1
                        await emit(work, resource)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; its siblings go on
            shard.incomplete(_reason(error, shard))
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            shard.incomplete(AwsError("cancelled", "CancelledError"))
        problem = shard.problem
        return ShardEnded(
            type=work.scanner.type,
            region=work.region,
            account=shard.account,
            status="ok" if problem is None else problem.status,
            resources=resources,
            calls=shard.calls,
            ms=round((time.monotonic() - started) * 1000),
            code=problem.code if problem else None,
            action=problem.action if problem else None,
            cause=problem.cause if problem else None,
            actions=sorted(shard.refused) if shard.refused - {problem and problem.action} else None,
            causes=_other_causes(shard),
        )


def _other_causes(shard: RunningShard) -> dict[str, Cause] | None:
    """Return why the actions were refused that the shard's own problem is not about."""
    first = shard.problem.action if shard.problem else None
    return {action: why for action, why in shard.causes.items() if action != first} or None


async def _patient(
    scanner: Scanner, shard: RunningShard, allowance: Allowance
) -> AsyncGenerator[Resource, None]:
    """Pass resources on as long as the scanner takes no more than its time to find them."""
    check = _checker(scanner, shard)
    async with aclosing(scanner.scan(shard)) as found:
        while True:
            async with allowance.spending():
                resource = await anext(found, _END)
            if resource is _END:
                return
            yield check(resource)


_END = object()


def _checker(scanner: Scanner, shard: RunningShard) -> Callable[[object], Resource]:
    """Make what holds a scanner to its declaration: nothing undeclared may leave it."""
    fields = frozenset(scanner.fields)
    relations = frozenset((link.rel, link.type) for link in scanner.links)

    def check(found: object) -> Resource:
        if not isinstance(found, Resource):
            raise DeclarationError("not a resource")
        if (found.type, found.account) != (scanner.type, shard.account):
            raise DeclarationError("a resource of another type or account")
        if not found.properties.keys() <= fields:
            raise DeclarationError("an undeclared property")
        if not all(map(_is_plain, found.properties.values())):
            raise DeclarationError("a property that is neither a scalar nor a list of them")
        if any((link.rel, link.type) not in relations for link in found.links):
            raise DeclarationError("an undeclared link")
        return found

    return check


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, _SCALARS) for each in value)
    return isinstance(value, _SCALARS)


_SCALARS = (str, int, float, bool, type(None))


def _is_cancelled() -> bool:
    """Whether the running task is told to end, or only awaited something that was cancelled."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _reason(error: BaseException, shard: RunningShard) -> AwsError:
    """Reduce whatever ended a shard to a status and a code: a class name, never a text."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case AwsError():
            return error
        case TimeoutError() if shard.throttles:
            return AwsError("throttled", "ShardTimeout")
        case TimeoutError():
            return AwsError("timeout", "ShardTimeout")
        case DeclarationError():
            return AwsError("failed", "UndeclaredByScanner")
    return AwsError("failed", type(error).__name__)
