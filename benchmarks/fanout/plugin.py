"""The benchmark's plugin: one scanner that does not end, and whose every resource is a change."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from itertools import count, islice
from pathlib import Path

from benchmarks.fanout import payload
from proxyd.plugin import Operation, Resource, Scanner, Shard, hookimpl

_LOOK_EVERY = 0.05


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return it. Its operation is declared only because every scanner has one."""
    return [
        Scanner(
            type=payload.TYPE,
            operations=(Operation("ec2", "DescribeVpcs"),),
            scan=_changes,
            fields=payload.FIELDS,
        )
    ]


async def _changes(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Yield every resource once, and when told so change one after the other, for ever."""
    numbers = count()
    for n in islice(numbers, payload.ROWS):
        yield _resource(shard, n)
    while not (rate := _told()):  # noqa: ASYNC110 - another process tells, by a file
        await asyncio.sleep(_LOOK_EVERY)
    due = time.monotonic()
    for n in numbers:
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield _resource(shard, n)


def _resource(shard: Shard, n: int) -> Resource:
    return shard.resource(
        arn=payload.arn(n, shard.region, shard.account),
        id=payload.identity(n),
        name=payload.identity(n),
        tags=payload.tags(n),
        properties=payload.properties(n, time.time_ns() // 1000),
    )


def _told() -> float:
    """Read how many changes a second there are to be; proxyd may read files, but write none."""
    try:
        return float((Path(os.environ["TMPDIR"]) / payload.RATE_FILE).read_text())
    except FileNotFoundError:
        return 0.0
