"""Lists of regions, asked once for everyone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from proxyd.aws.shared import RegionLists, Regions
from proxyd.errors import AwsError

ON: Regions = {"eu-west-1": True}


class Aws:
    """Counts questions, and answers when it is told to."""

    def __init__(self, answer: Regions | AwsError = ON) -> None:
        self.asked = 0
        self.cancelled = 0
        self.ready = asyncio.Event()
        self.answer = answer

    async def __call__(self) -> Regions:
        """Answer once it may."""
        self.asked += 1
        try:
            await self.ready.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.answer, AwsError):
            raise self.answer
        return self.answer


def of(lists: RegionLists, ask: Callable[[], Awaitable[Regions]]) -> asyncio.Task[Regions]:
    """Ask for an account's list."""
    return asyncio.create_task(lists.of("1", ask))


async def test_all_who_ask_at_once_get_one_answer() -> None:
    """Ten who ask cost one question, and so does an eleventh a moment later."""
    lists, aws = RegionLists(), Aws()
    asking = [of(lists, aws) for _ in range(10)]
    await asyncio.sleep(0)
    aws.ready.set()
    assert await asyncio.gather(*asking) == [ON] * 10
    assert await lists.of("1", aws) == ON
    assert aws.asked == 1


async def test_a_failure_is_shared_and_remembered() -> None:
    """Nobody queues behind a question that failed for another."""
    lists, aws = RegionLists(), Aws(AwsError("timeout", "ReadTimeout"))
    asking = [of(lists, aws) for _ in range(5)]
    await asyncio.sleep(0)
    aws.ready.set()
    failed = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, AwsError) for each in failed)
    with pytest.raises(AwsError):
        await lists.of("1", aws)
    assert aws.asked == 1


async def test_one_who_goes_stops_nobody_else_and_the_last_stops_the_question() -> None:
    """The question lives as long as somebody waits for its answer."""
    lists, aws = RegionLists(), Aws()
    first, second = of(lists, aws), of(lists, aws)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert aws.cancelled == 0
    second.cancel()
    await asyncio.wait([first, second])
    await asyncio.sleep(0)
    assert aws.cancelled == 1
    third = of(lists, aws)
    await asyncio.sleep(0)
    aws.ready.set()
    assert await third == ON
    assert aws.asked == 2
