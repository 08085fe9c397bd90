"""When organizations are listed, and what is told of them meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from proxyd.aws.organization import PATIENCE
from proxyd.discovery import AT_START, RETRY, Discovery
from proxyd.model import Account
from proxyd.settings import Organization

from .test_members import organization
from .test_organization import FakeOrganizations, FakeShared
from .virtual import Result, VirtualLoop

SHOP = Account("222222222222", "shop")
FIRST = organization(refresh_seconds=300.0)
OTHER = organization(name="other", external_id="another", refresh_seconds=300.0)


def now() -> float:
    """Return the seconds since the loop began."""
    return asyncio.get_running_loop().time() - 1000.0


class Clock(FakeOrganizations):
    """Notes when it was asked, takes its time, and may refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.takes: list[float] = []
        self.error: Exception | None = None

    async def list_accounts(self, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's own name
        """Answer with one account after a while."""
        assert NextToken == "0"
        self.times.append(now())
        await asyncio.sleep(self.takes.pop(0) if self.takes else 0)
        if self.error is not None:
            raise self.error
        return {"Accounts": [{"Id": SHOP.id, "Name": SHOP.name, "State": "ACTIVE"}]}


class Found:
    """What discovery has told."""

    def __init__(self, *organizations: Organization) -> None:
        self.organizations: Sequence[Organization] = organizations
        self.told: list[tuple[str, float]] = []
        self.error: Exception | None = None

    def take(self, one: Organization, accounts: Sequence[Account]) -> None:
        """Note it."""
        assert accounts == [SHOP]
        self.told.append((one.name, now()))
        if self.error is not None:
            raise self.error


def discovery(client: Clock, found: Found) -> Discovery:
    """Make one over a fake AWS."""
    return Discovery(FakeShared(client), lambda: found.organizations, found.take)


def run(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a test on a clock of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


async def stopped(task: asyncio.Task[None]) -> None:
    """End it."""
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


def test_it_lists_at_once_and_then_at_its_pace() -> None:
    """The first time at the start, then after `refresh_seconds` each."""
    client, found = Clock(), Found(FIRST)

    async def main() -> None:
        made = discovery(client, found)
        task = asyncio.create_task(made.run())
        await made.first()
        assert made.states["corp"].state == "current"
        await asyncio.sleep(650)
        await stopped(task)

    run(main)
    assert [round(at) for at in client.times] == [0, 300, 600]


def test_one_that_does_not_answer_is_asked_sooner_and_holds_nobody_up() -> None:
    """It is unavailable until it has answered, stale after that; the start does not wait for it."""
    client, found = Clock(), Found(FIRST)
    client.error = RuntimeError()

    async def main() -> None:
        made = discovery(client, found)
        task = asyncio.create_task(made.run())
        await made.first()
        seen = [made.states["corp"].state]
        client.error = None
        await asyncio.sleep(RETRY + 1)
        seen.append(made.states["corp"].state)
        client.error = RuntimeError()
        await asyncio.sleep(300)
        seen.append(made.states["corp"].state)
        await stopped(task)
        assert seen == ["unavailable", "current", "stale"]

    run(main)
    assert len(found.told) == 1


def test_a_slow_one_keeps_no_other_waiting() -> None:
    """Each is listed by itself, and given up after a time; the start waits some seconds only."""
    client, found = Clock(), Found(FIRST, OTHER)
    client.takes = [10_000.0]

    async def main() -> None:
        made = discovery(client, found)
        task = asyncio.create_task(made.run())
        await made.first()
        assert now() == AT_START
        assert {name: told.state for name, told in made.states.items()} == {
            "corp": "listing",
            "other": "current",
        }
        await asyncio.sleep(PATIENCE)
        assert made.states["corp"].state == "unavailable"
        await stopped(task)

    run(main)
    often = 1 + int(PATIENCE / OTHER.refresh_seconds)
    assert [name for name, _ in found.told] == ["other"] * often


def test_a_new_configuration_is_listed_at_once() -> None:
    """What is in flight is dropped; what is listed as before stays known, the rest is not."""
    client, found = Clock(), Found(FIRST, OTHER)

    async def main() -> None:
        made = discovery(client, found)
        task = asyncio.create_task(made.run())
        await made.first()
        client.takes = [50.0, 50.0]
        found.organizations = [
            organization(regions=("eu-west-1",)),
            organization(name="other", external_id="changed"),
        ]
        made.again()
        await asyncio.sleep(1)
        assert {name: told.state for name, told in made.states.items()} == {
            "corp": "current",
            "other": "listing",
        }
        found.organizations = [FIRST]
        made.again()
        await asyncio.sleep(1)
        assert set(made.states) == {"corp"}
        await stopped(task)

    run(main)
    assert [name for name, _ in found.told] == ["corp", "other", "corp"]


def test_what_goes_wrong_with_accounts_ends_nothing() -> None:
    """Whoever is told of them may fail: they are listed again."""
    client, found = Clock(), Found(FIRST)
    found.error = RuntimeError()

    async def main() -> None:
        made = discovery(client, found)
        task = asyncio.create_task(made.run())
        await made.first()
        await asyncio.sleep(RETRY + 1)
        await stopped(task)

    run(main)
    assert len(found.told) == 2


def test_nothing_to_list_is_listed() -> None:
    """Without organizations the start waits for nothing."""
    found = Found()

    async def main() -> float:
        made = discovery(Clock(), found)
        task = asyncio.create_task(made.run())
        await made.first()
        await stopped(task)
        return now()

    assert run(main) == 0
