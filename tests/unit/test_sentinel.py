"""Who looks whether roles are still given: how often, at which rights, and whom it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

from proxyd.alarms import Alarms
from proxyd.aws.access import Access, Purpose
from proxyd.errors import AwsError
from proxyd.model import Target
from proxyd.rights import Right, Rights
from proxyd.sentinel import Sentinel

from .fakes import target
from .virtual import VirtualLoop

SECONDS = 4.0
DENIED = AwsError("denied", "AccessDenied", action="sts:AssumeRole")
PRODUCTION, STAGING = target(), target("staging")


class FakeRights(Rights):
    """Knows which principals a role is given to, and notes each question."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, Right]] = []
        self.denied: set[tuple[str, str]] = set()
        self.cancelled = 0
        self.takes = 0.0

    async def check(self, right: Right) -> None:
        """Answer after a while; nothing comes of what can not be asked."""
        self.asked.append((asyncio.get_running_loop().time(), right))
        try:
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        purpose = right.access.purpose
        if (purpose.target.name, purpose.principal) in self.denied and right.refused is None:
            right.taken(DENIED)

    @property
    def times(self) -> list[float]:
        """When it was asked."""
        return [when for when, _ in self.asked]


class World:
    """A sentinel, the rights that it looks at, and who was told."""

    def __init__(self) -> None:
        self.rights = FakeRights()
        self.sentinel = Sentinel(self.rights, Alarms(), SECONDS)
        self.told: list[Right] = []

    def right(self, who: str = "a", on: Target = PRODUCTION) -> Right:
        """Make one, of which one stream is told."""
        purpose = cast("Purpose", SimpleNamespace(target=on, principal=who))
        right = Right(cast("Access", SimpleNamespace(purpose=purpose)))
        right.holders.append(lambda: self.told.append(right))
        return right

    def held(self, who: str = "a", on: Target = PRODUCTION) -> Right:
        """Make one and have it watched over."""
        right = self.right(who, on)
        self.sentinel.hold(right)
        return right


def play(story: Callable[[World], Awaitable[None]]) -> World:
    """Run a story on a clock of its own."""

    async def told() -> World:
        world = World()
        await story(world)
        cancelled = world.rights.cancelled
        world.sentinel.stop()
        await asyncio.sleep(0)
        world.rights.cancelled = cancelled
        return world

    loop = VirtualLoop()
    try:
        return loop.run(told())
    finally:
        loop.close()


async def after(periods: float) -> None:
    """Let so many periods pass."""
    await asyncio.sleep(periods * SECONDS)


def test_one_question_for_each_target_however_many_streams() -> None:
    """A hundred streams of one target and one of another: two questions in each period."""

    async def story(world: World) -> None:
        for number in range(100):
            world.held(f"p{number}")
        world.held("p0", STAGING)
        await after(10.5)

    world = play(story)
    assert len(world.rights.asked) == 20
    assert len(set(world.rights.times)) == 10


def test_every_right_has_its_turn() -> None:
    """Whom a role trusts may depend on the principal, so it is another one each time."""

    async def story(world: World) -> None:
        for number in range(5):
            world.held(f"p{number}")
        await after(5.5)

    asked = [right for _, right in play(story).rights.asked]
    assert len(set(asked)) == len(asked) == 5


def test_a_role_that_is_taken_away_is_told_to_all_who_have_it() -> None:
    """Within a period, with one question for each principal, however many streams it has."""

    async def story(world: World) -> None:
        for number in range(30):
            world.held(f"p{number % 3}")
        world.held("p0", STAGING)
        await after(1.5)
        assert not world.told
        world.rights.denied = {("production", f"p{number}") for number in range(3)}
        asked = len(world.rights.asked)
        await after(1)
        assert len(world.told) == len(set(world.told)) == 30
        assert len(world.rights.asked) - asked == 3 + 1, "and one of the other target"

    world = play(story)
    assert all(right.refused is DENIED for right in world.told)


def test_only_the_principal_that_is_refused_is_told() -> None:
    """The others are asked as well, and go on."""

    async def story(world: World) -> None:
        world.rights.denied = {("production", "b")}
        for who in "aabbc":
            world.held(who)
        await after(5.5)

    world = play(story)
    assert [right.access.purpose.principal for right in world.told] == ["b", "b"]


def test_what_is_refused_already_is_not_asked_again() -> None:
    """Those of the same principal that come later are told at the next refusal."""

    async def story(world: World) -> None:
        world.rights.denied = {("production", "a")}
        world.held("a")
        await after(1.5)
        asked = len(world.rights.asked)
        await after(5)
        assert len(world.rights.asked) == asked
        assert len(world.told) == 1
        world.held("a")
        world.held("a")
        await after(1)
        assert len(world.told) == 3
        assert len(world.rights.asked) == asked + 1, "the refusal of one is that of all"

    play(story)


def test_a_refusal_of_yesterday_says_nothing_of_today() -> None:
    """A stream of two targets goes on without the one that was refused, which is given again."""

    async def story(world: World) -> None:
        world.held("a").taken(DENIED)
        world.told.clear()
        now = world.held("a")
        world.rights.denied = {("production", "b")}
        other = world.held("b")
        await after(3.5)
        assert world.told == [other]
        assert now.refused is None

    play(story)


def test_nothing_is_asked_for_what_nobody_holds() -> None:
    """A right is dropped as often as it is held; then its target is left in peace."""

    async def story(world: World) -> None:
        right = world.held()
        world.sentinel.hold(right)
        world.sentinel.drop(right)
        await after(1.5)
        assert len(world.rights.asked) == 1
        world.sentinel.drop(right)
        await after(5)
        assert len(world.rights.asked) == 1
        world.sentinel.hold(right)
        await after(1.5)
        assert len(world.rights.asked) == 2

    play(story)


def test_one_that_comes_late_does_not_hurry_the_others() -> None:
    """Streams that come and go do not make the questions more frequent."""

    async def story(world: World) -> None:
        world.held()
        for _ in range(40):
            await after(0.1)
            world.sentinel.drop(world.held("b"))

    assert len(play(story).rights.asked) in {3, 4}


def test_a_slow_answer_does_not_pile_up() -> None:
    """The next question waits for the answer, and then a period."""

    async def story(world: World) -> None:
        world.rights.takes = 2.5 * SECONDS
        world.held()
        world.held()
        await after(10)

    times = play(story).rights.times
    assert len(times) == 3
    assert all(later - earlier >= 3.5 * SECONDS for earlier, later in pairwise(times))


def test_the_last_one_to_go_ends_the_question_under_way() -> None:
    """Nobody waits for its answer, and no other follows."""

    async def story(world: World) -> None:
        world.rights.takes = SECONDS
        right = world.held()
        await after(1.5)
        world.sentinel.drop(right)
        await after(5)

    world = play(story)
    assert (len(world.rights.asked), world.rights.cancelled) == (1, 1)


def test_one_that_is_dropped_while_it_is_asked_about() -> None:
    """Its place in the turns is gone, and the others keep theirs."""

    async def story(world: World) -> None:
        world.rights.takes = SECONDS / 2
        first, second = world.held(), world.held("b")
        await after(1.25)
        world.sentinel.drop(first)
        await after(3)
        assert [right for _, right in world.rights.asked] == [first, second, second]
        world.sentinel.drop(second)

    play(story)


def test_whoever_is_told_may_let_go_at_once() -> None:
    """A stream that ends drops its right in the moment in which it is told."""

    async def story(world: World) -> None:
        rights = [world.right(who) for who in "abc"]
        for right in rights:
            right.holders.append(partial(world.sentinel.drop, right))
            world.sentinel.hold(right)
        world.rights.denied = {("production", who) for who in "abc"}
        await after(1.5)
        assert len(world.told) == 3
        asked = len(world.rights.asked)
        await after(5)
        assert len(world.rights.asked) == asked

    play(story)


def test_stopping_ends_everything() -> None:
    """No question is left, neither one that waits nor one under way."""

    async def story(world: World) -> None:
        world.rights.takes = SECONDS
        right = world.held()
        await after(1.25)
        world.held("a", STAGING)
        world.sentinel.stop()
        await after(5)
        world.sentinel.drop(right)

    world = play(story)
    assert (len(world.rights.asked), world.rights.cancelled) == (1, 1)
