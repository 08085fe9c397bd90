"""Time that stands still while it is nobody's fault."""

from __future__ import annotations

import asyncio

import pytest

from proxyd.allowance import Allowance


async def test_it_runs_out() -> None:
    """Whoever spends more than there is gets a TimeoutError."""
    allowance = Allowance(0.01)
    with pytest.raises(TimeoutError):
        async with allowance.spending():
            await asyncio.Event().wait()


async def test_it_adds_up_over_what_is_spent() -> None:
    """Time between two spendings costs nothing, time within them is summed."""
    allowance = Allowance(0.15)
    for _ in range(2):
        async with allowance.spending():
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        async with allowance.spending():
            await asyncio.sleep(0.15)


async def test_it_stands_while_something_else_holds_it_up() -> None:
    """Held up for longer than it has in all, it has the rest of its time afterwards."""
    allowance = Allowance(0.1)
    async with allowance.spending():
        with allowance.standing():
            await asyncio.sleep(0.2)
    with pytest.raises(TimeoutError):
        await _held_up_and_then_stuck(allowance)


async def _held_up_and_then_stuck(allowance: Allowance) -> None:
    async with allowance.spending():
        with allowance.standing():
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()


async def test_it_stands_until_the_last_of_several_goes_on() -> None:
    """Side by side, it stands from the first that is held up to the last."""
    allowance = Allowance(0.1)

    async def held(seconds: float) -> None:
        with allowance.standing():
            await asyncio.sleep(seconds)

    async with allowance.spending():
        await asyncio.gather(held(0.05), held(0.2))
