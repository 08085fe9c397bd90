"""Frames that wait for a reader: bounded by bytes, in the order in which they were made."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from proxyd.backlog import MAX_TAKEN, Backlog


async def fill(backlog: Backlog, count: int, size: int) -> asyncio.Task[None]:
    """Put frames, each numbered when it is made, until there is no room."""
    numbers = itertools.count(1)

    def frame() -> bytes:
        return f"{next(numbers):0{size}d}".encode()

    async def put_all() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(backlog.put(frame))

    task = asyncio.create_task(put_all())
    await asyncio.sleep(0.01)
    return task


async def test_whoever_puts_waits_while_it_is_full() -> None:
    """No more than its bytes and one frame are held, however many wait."""
    backlog = Backlog(1000)
    task = await fill(backlog, 50, 100)
    taken = await backlog.take(1)
    assert taken is not None
    assert (len(taken[0]), taken[1]) == (1000, 10)
    assert not task.done()
    task.cancel()


async def test_frames_come_out_in_the_order_of_their_numbers() -> None:
    """A frame is made when there is room for it, so its number is its place."""
    backlog = Backlog(1000)
    task = await fill(backlog, 50, 100)
    numbers: list[int] = []
    while len(numbers) < 50:
        taken = await backlog.take(1)
        assert taken is not None
        data = taken[0]
        numbers += [int(data[i : i + 100]) for i in range(0, len(data), 100)]
    assert numbers == list(range(1, 51))
    await task


async def test_what_is_taken_at_once_is_bounded() -> None:
    """Many small frames are cut into pieces; one large one goes out whole."""
    backlog = Backlog(10 * MAX_TAKEN)
    await backlog.put(lambda: b"x" * (MAX_TAKEN + 1))
    for _ in range(3):
        await backlog.put(lambda: b"y" * (MAX_TAKEN // 2))
    sizes = []
    backlog.end()
    while (taken := await backlog.take(1)) is not None:
        sizes.append(len(taken[0]))
    assert sizes == [MAX_TAKEN + 1, MAX_TAKEN, MAX_TAKEN // 2]


async def test_silence_gives_nothing_and_the_end_none() -> None:
    """After the wait there are no bytes; at the end there is None, again and again."""
    backlog = Backlog(1000)
    assert await backlog.take(0.01) == (b"", 0)
    backlog.end(b"last")
    assert await backlog.take(1) == (b"last", 1)
    assert await backlog.take(1) is None
    assert await backlog.take(1) is None


async def test_an_end_instead_of_what_waits_lets_everyone_go() -> None:
    """The last frame replaces the others, and nobody waits for room any more."""
    backlog = Backlog(100)
    task = await fill(backlog, 20, 100)
    backlog.end(b"closing", instead=True)
    await task
    assert await backlog.take(1) == (b"closing", 1)
    assert await backlog.take(1) is None


async def test_one_that_is_cancelled_while_it_waits_holds_up_nobody() -> None:
    """Its turn goes to the next."""
    backlog = Backlog(100)
    await backlog.put(lambda: b"x" * 100)
    first = asyncio.create_task(backlog.put(lambda: b"first"))
    second = asyncio.create_task(backlog.put(lambda: b"second"))
    await asyncio.sleep(0)
    first.cancel()
    await backlog.take(1)
    await second
    assert await backlog.take(1) == (b"second", 1)
    with pytest.raises(asyncio.CancelledError):
        await first
