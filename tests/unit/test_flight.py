"""One piece of work for all who need it: the result, the error, and who leaves."""

from __future__ import annotations

import asyncio

import pytest

from proxyd.errors import AwsError
from proxyd.flight import Flight

DENIED = AwsError("denied", "AccessDenied")


class Work:
    """Work that is done when it is told to be, and notes what happens to it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.cancelled = 0
        self.done = asyncio.Event()
        self._error = error

    async def __call__(self) -> str:
        """Do it."""
        self.begun += 1
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._error is not None:
            raise self._error
        return "done"


async def joined(flight: Flight[str], count: int) -> list[asyncio.Task[str]]:
    """Let some wait for it."""
    tasks = [asyncio.create_task(flight.join()) for _ in range(count)]
    await settled()
    return tasks


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_who_wait_get_one_result() -> None:
    """The work is done once, and all get the very same."""
    work = Work()
    flight = Flight(work())
    waiting = await joined(flight, 5)
    assert (flight.landed, flight.dropped) == (False, False)
    work.done.set()
    results = await asyncio.gather(*waiting)
    assert all(result is results[0] for result in results)
    assert work.begun == 1
    assert (flight.landed, flight.dropped) == (True, False)


async def test_all_who_wait_get_one_error() -> None:
    """What fails fails for all of them, by the very same error."""
    work = Work(DENIED)
    flight = Flight(work())
    waiting = await joined(flight, 5)
    work.done.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(result is DENIED for result in results)
    assert flight.landed
    assert not flight.dropped


async def test_who_comes_when_it_has_landed_gets_the_result_too() -> None:
    """It stays what it was, and nothing is done again."""
    work = Work()
    work.done.set()
    flight = Flight(work())
    assert await flight.join() == "done"
    assert await flight.join() == "done"
    assert work.begun == 1
    assert not flight.dropped


async def test_who_comes_when_it_has_failed_gets_the_error_too() -> None:
    """An error is kept like a result."""
    work = Work(DENIED)
    work.done.set()
    flight = Flight(work())
    for _ in range(2):
        with pytest.raises(AwsError):
            await flight.join()
    assert work.begun == 1


@pytest.mark.parametrize("who", [0, 1, 2])
async def test_one_who_leaves_stops_nothing(who: int) -> None:
    """Whoever it is, the one who began it or another, the rest still get the result."""
    work = Work()
    flight = Flight(work())
    waiting = await joined(flight, 3)
    waiting.pop(who).cancel()
    await settled()
    assert work.cancelled == 0
    assert not flight.dropped
    work.done.set()
    assert await asyncio.gather(*waiting) == ["done", "done"]


async def test_the_last_who_leaves_stops_the_work() -> None:
    """Nobody needs it any more: it is cancelled, and says so to who would join."""
    work = Work()
    flight = Flight(work())
    waiting = await joined(flight, 3)
    for count, task in enumerate(waiting, start=1):
        task.cancel()
        await settled()
        assert flight.dropped is (count == 3)
    assert work.cancelled == 1
    assert flight.landed
    assert all(task.cancelled() for task in waiting)


async def test_all_who_leave_at_once_stop_the_work() -> None:
    """Cancelled in the same moment, they count like those who leave one after the other."""
    work = Work()
    flight = Flight(work())
    waiting = await joined(flight, 3)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await settled()
    assert flight.dropped
    assert work.cancelled == 1


async def test_a_wait_that_is_over_counts_like_one_that_was_cancelled() -> None:
    """Who waits with a time limit leaves when it has passed."""
    work = Work()
    flight = Flight(work())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await flight.join()
    await settled()
    assert flight.dropped
    assert work.cancelled == 1


async def test_one_who_comes_while_the_last_leaves_keeps_the_work_going() -> None:
    """What counts is whether anyone waits in the end."""
    work = Work()
    flight = Flight(work())
    [first] = await joined(flight, 1)
    second = asyncio.create_task(flight.join())
    await asyncio.sleep(0)
    first.cancel()
    await settled()
    assert not flight.dropped
    work.done.set()
    assert await second == "done"


async def test_leaving_when_it_has_landed_drops_nothing() -> None:
    """The result was there before the last one left: it was not cancelled for anyone."""
    work = Work()
    flight = Flight(work())
    [waiting] = await joined(flight, 1)
    work.done.set()
    await asyncio.sleep(0)
    assert flight.landed
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not flight.dropped
    assert work.cancelled == 0


async def test_an_error_that_nobody_waits_for_is_no_noise() -> None:
    """One who leaves while the work fails leaves no error behind that nobody has taken."""
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    work = Work(DENIED)
    flight = Flight(work())
    [waiting] = await joined(flight, 1)
    work.done.set()
    await asyncio.sleep(0)
    assert flight.landed
    waiting.cancel()
    await asyncio.wait([waiting])
    del flight, waiting
    await settled()
    assert noise == []
