"""Many alarms on one timer."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

from proxyd.alarms import Alarms

from .virtual import VirtualLoop


def test_they_ring_in_the_order_of_their_times() -> None:
    """Whatever the order in which they were set; one that was called off does not ring."""
    loop = VirtualLoop()
    rung: list[float] = []

    async def run() -> None:
        alarms = Alarms()
        set_ = {n: alarms.after(n, partial(rung.append, n)) for n in (30.0, 10.0, 20.0, 5.0, 40.0)}
        alarms.call_off(set_[20.0])
        alarms.call_off(set_[20.0])
        await asyncio.sleep(31)
        assert rung == [5.0, 10.0, 30.0]
        alarms.call_off(set_[5.0])
        await asyncio.sleep(10)
        assert rung == [5.0, 10.0, 30.0, 40.0]

    loop.run(run())
    loop.close()


def test_an_alarm_may_set_another() -> None:
    """What rings may ask to be rung again."""
    loop = VirtualLoop()
    rung: list[float] = []

    async def run() -> None:
        alarms = Alarms()

        def again() -> None:
            rung.append(asyncio.get_running_loop().time())
            if len(rung) < 3:
                alarms.after(1.0, again)

        alarms.after(1.0, again)
        await asyncio.sleep(10)

    loop.run(run())
    loop.close()
    assert [later - earlier for earlier, later in pairwise(rung)] == [1.0, 1.0]


def test_those_that_were_called_off_do_not_pile_up() -> None:
    """A hundred thousand streams that came and went leave next to nothing behind."""
    loop = VirtualLoop()

    async def run() -> None:
        alarms = Alarms()
        stays = alarms.after(3600.0, lambda: None)
        for _ in range(100_000):
            alarms.call_off(alarms.after(3600.0, lambda: None))
        assert len(alarms._heap) < 300  # noqa: SLF001 - how many are kept is the point
        assert stays in alarms._heap  # noqa: SLF001

    loop.run(run())
    loop.close()
