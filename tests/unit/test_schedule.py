"""When a shard is looked at again: each rule by itself, then what they come to together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from proxyd.events import ShardEnded
from proxyd.live.schedule import EMPTY, JITTER, LONGER, SELDOM, Schedule
from proxyd.model import Status
from proxyd.settings import Watch

from .fakes import TYPE

LEAST, USUAL, MOST = 5.0, 30.0, 300.0
SHARE = 5 * (1 - EMPTY)
"""Calls a second that are for shards that hold something."""
PLAIN = Watch(minimum_seconds=LEAST, default_seconds=USUAL, maximum_seconds=MOST, calls=5)
NOT_OK: list[Status] = [
    "denied",
    "scp_denied",
    "region_disabled",
    "unsupported",
    "throttled",
    "timeout",
    "expired",
    "cancelled",
    "failed",
]


def middle() -> float:
    """Give the number at which jitter changes nothing."""
    return 0.5


def ended(status: Status = "ok", *, calls: int = 1, type_: str = TYPE) -> ShardEnded:
    """Make the end of a run."""
    return ShardEnded(
        type=type_, region="r", account="1", status=status, resources=1, calls=calls, ms=1
    )


class Runs:
    """A schedule, and a clock that moves to when the next shard comes due."""

    def __init__(self, watch: Watch = PLAIN, chance: Callable[[], float] = middle) -> None:
        self.schedule: Schedule[str] = Schedule(watch, chance)
        self.now = 1000.0

    def run(
        self,
        key: str = "a",
        status: Status = "ok",
        *,
        holds: int = 1,
        changed: bool = False,
        calls: int = 1,
        type_: str = TYPE,
    ) -> float:
        """End a run and return after how many seconds the shard is due again."""
        due = self.schedule.next
        if due is not None:
            self.now = max(self.now, due)
            self.schedule.take(self.now)
        run = ended(status, calls=calls, type_=type_)
        self.schedule.ended(key, run, holds=holds, changed=changed, now=self.now)
        assert self.schedule.next is not None
        return self.schedule.next - self.now


def after(intervals: int, **how: Any) -> Runs:
    """Return a schedule of one shard that has had some runs of one kind."""
    runs = Runs()
    for _ in range(intervals):
        runs.run(**how)
    return runs


# ---- what comes due


def test_a_shard_comes_due_at_its_time_and_once() -> None:
    """It is taken when its time has come, not before and not again."""
    schedule = Runs().schedule
    schedule.at("a", 10)
    schedule.at("b", 11)
    assert schedule.next == 10
    assert schedule.take(9.9) == []
    assert schedule.take(10) == ["a"]
    assert schedule.take(20) == ["b"]
    assert schedule.take(1e9) == []
    assert schedule.next is None


def test_shards_come_in_the_order_of_their_times() -> None:
    """Whoever has waited longest is first; at the same time it is who was put in first."""
    schedule = Runs().schedule
    for key, when in [("late", 3), ("first", 1), ("second", 1), ("middle", 2)]:
        schedule.at(key, when)
    assert schedule.take(3) == ["first", "second", "middle", "late"]


def test_the_earliest_time_stays() -> None:
    """A later time changes nothing, an earlier one does, and neither comes twice."""
    schedule = Runs().schedule
    for when in (10, 20, 5, 7, 5):
        schedule.at("a", when)
    assert schedule.next == 5
    assert schedule.take(100) == ["a"]
    assert schedule.next is None


def test_a_shard_that_was_taken_can_be_planned_later_again() -> None:
    """What it was planned for before does not come up."""
    schedule = Runs().schedule
    schedule.at("a", 10)
    schedule.at("a", 5)
    assert schedule.take(5) == ["a"]
    schedule.at("a", 15)
    assert schedule.take(10) == []
    assert schedule.next == 15


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["at", "take", "drop"]), st.integers(0, 4), st.integers(0, 30)),
        max_size=40,
    )
)
def test_it_is_a_table_of_the_earliest_times(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is planned, taken and dropped, it does as a plain table would."""
    schedule: Schedule[int] = Schedule(PLAIN, middle)
    table: dict[int, float] = {}
    for step, key, when in steps:
        match step:
            case "at":
                schedule.at(key, when)
                table[key] = min(when, table.get(key, when))
            case "drop":
                schedule.drop(key)
                table.pop(key, None)
            case "take":
                due = [key for key, at in table.items() if at <= when]
                times = [table.pop(key) for key in due]
                taken = schedule.take(when)
                assert sorted(taken) == sorted(due)
                assert [dict(zip(due, times, strict=True))[key] for key in taken] == sorted(times)
        assert schedule.next == min(table.values(), default=None)


def test_a_dropped_shard_does_not_come_due() -> None:
    """Nobody watches it any more; it may be watched again and then starts anew."""
    runs = after(1, status="denied")
    assert runs.run(status="denied") > LEAST
    runs.schedule.drop("a")
    assert runs.schedule.next is None
    assert runs.schedule.take(1e9) == []
    assert runs.run(status="denied") == LEAST


def test_dropping_what_is_not_there_is_nothing() -> None:
    """A shard that never ran can be dropped."""
    schedule = Runs().schedule
    schedule.drop("a")
    assert schedule.next is None


# ---- the rules


def test_the_first_interval_is_what_the_calls_allow() -> None:
    """At the least, or as much longer as the target costs."""
    assert Runs().run(calls=1) == LEAST
    assert Runs().run(calls=75) == 75 / SHARE
    assert Runs().run(calls=100_000) == 100_000 / SHARE


@pytest.mark.parametrize("how", [{"status": status} for status in NOT_OK] + [{"holds": 0}])
def test_what_holds_nothing_takes_nothing_from_the_others(how: dict[str, Any]) -> None:
    """It has a share of its own, in which it is asked less and less."""
    runs = Runs()
    runs.run("nothing", calls=100_000, **how)
    assert runs.run("a", calls=75) == 75 / SHARE


def test_all_shards_of_a_target_share_its_calls() -> None:
    """The more the others cost, the longer each has to wait."""
    runs = Runs()
    runs.schedule.ended("other", ended(calls=100), holds=1, changed=False, now=runs.now + 1e6)
    assert runs.run("a", calls=50) == 150 / SHARE


def test_a_shard_counts_by_its_last_run_only() -> None:
    """What it has cost before, and what a dropped one has cost, is forgotten."""
    runs = Runs()
    runs.run("gone", calls=500)
    runs.run("less", calls=500)
    runs.schedule.drop("gone")
    runs.run("less", calls=20)
    runs.schedule.drop("refused")
    assert runs.run("new", calls=80) == pytest.approx(100 / SHARE)


def test_a_shard_that_is_refused_now_gives_its_share_back() -> None:
    """Its calls count no longer, from the run that did not see it."""
    runs = Runs()
    runs.run("a", calls=500)
    runs.run("a", "denied", calls=1)
    runs.schedule.drop("a")
    assert runs.run("b") == LEAST


@pytest.mark.parametrize("how", [{}, {"status": "denied"}, {"holds": 0}])
def test_after_a_change_it_is_looked_at_as_often_as_may_be(how: dict[str, Any]) -> None:
    """However seldom it was looked at, and whatever else there is: more may happen."""
    runs = after(12, **how)
    assert runs.run(**how) > LEAST
    assert runs.run(changed=True, **how) == LEAST
    assert runs.run(changed=True, **how) == LEAST


def test_without_a_change_it_is_looked_at_less_often_up_to_the_default() -> None:
    """A small target is looked at every `default_seconds` when nothing happens."""
    runs = Runs()
    assert runs.run() == LEAST
    for times in range(1, 5):
        assert runs.run() == LEAST * LONGER**times
    assert runs.run() == USUAL
    assert runs.run() == USUAL


def test_without_a_change_a_large_target_is_looked_at_half_as_often_as_may_be() -> None:
    """Where `default_seconds` would cost too much, the calls decide."""
    runs = after(12, calls=750)
    assert runs.run(calls=750) == SELDOM * 750 / SHARE


@pytest.mark.parametrize("status", NOT_OK)
def test_what_is_refused_is_asked_less_and_less(status: Status) -> None:
    """Each time twice as long, up to the most, whatever it holds from before."""
    runs = Runs()
    assert runs.run(status=status) == LEAST
    for times in range(1, 6):
        assert runs.run(status=status) == LEAST * SELDOM**times
    assert runs.run(status=status) == MOST
    assert runs.run(status=status) == MOST


def test_what_is_empty_is_asked_less_and_less() -> None:
    """Nothing there is no reason to look often."""
    runs = Runs()
    assert runs.run(holds=0) == LEAST
    assert runs.run(holds=0) == LEAST * SELDOM
    assert after(12, holds=0).run(holds=0) == MOST


def test_what_can_be_seen_again_comes_back_to_the_default() -> None:
    """A shard that was refused for a while, and is not any more, is like any other."""
    runs = after(12, status="denied")
    assert runs.run() == USUAL


def test_where_changes_are_told_looking_is_seldom() -> None:
    """Events say what happens: looking goes on up to the most, for what they might miss."""
    runs = after(1)
    runs.schedule.told = True
    assert runs.run() == LEAST * LONGER
    for _ in range(12):
        runs.run()
    assert runs.run() == MOST


def test_when_changes_are_told_no_longer_looking_is_as_before() -> None:
    """The next interval is the default again: no shard is left waiting longer than that."""
    runs = after(1)
    runs.schedule.told = True
    for _ in range(12):
        runs.run()
    runs.schedule.told = False
    assert runs.run() == USUAL


def test_a_change_is_followed_closely_even_where_changes_are_told() -> None:
    """What an event has led to is looked at again soon: more of it may still come."""
    runs = after(1)
    runs.schedule.told = True
    for _ in range(12):
        runs.run()
    assert runs.run(changed=True) == LEAST


@pytest.mark.parametrize(
    ("globs", "seconds"),
    [
        ({"AWS::EC2::*": 7.0}, 7.0),
        ({"AWS::EC2::Thing": 1.0, "*": 9.0}, 1.0),
        ({"*": 9.0, "AWS::EC2::Thing": 1.0}, 9.0),
        ({"AWS::IAM::*": 7.0, "AWS::EC2::Thin?": 4000.0}, 4000.0),
    ],
)
def test_a_type_with_an_interval_of_its_own_keeps_it(
    globs: dict[str, float], seconds: float
) -> None:
    """The first glob that matches decides, whatever happens and beyond all other bounds."""
    runs = Runs(Watch(types=globs))
    assert runs.run(calls=1000) == seconds
    assert runs.run(changed=True) == pytest.approx(seconds)
    assert runs.run(holds=0) == pytest.approx(seconds)
    assert runs.run(status="denied") == pytest.approx(seconds)


def test_types_are_matched_with_their_case() -> None:
    """A glob that names no type leaves it to adapt."""
    assert Runs(Watch(types={"aws::ec2::*": 7.0})).run() == LEAST


# ---- bounds

WATCHES = st.builds(
    lambda seconds, calls: Watch(
        minimum_seconds=min(seconds),
        default_seconds=sorted(seconds)[1],
        maximum_seconds=max(seconds),
        calls=calls,
    ),
    st.tuples(*[st.floats(0.1, 5000)] * 3),
    st.floats(0.01, 100),
)
HOW = st.fixed_dictionaries(
    {
        "key": st.sampled_from("abc"),
        "status": st.sampled_from(["ok", "ok", *NOT_OK]),
        "holds": st.integers(0, 3),
        "changed": st.booleans(),
        "calls": st.integers(0, 10_000),
    }
)


@given(watch=WATCHES, runs=st.lists(HOW, max_size=30), told=st.booleans())
def test_no_interval_is_shorter_than_the_least(
    watch: Watch,
    runs: list[dict[str, Any]],
    told: bool,  # noqa: FBT001 - hypothesis calls it
) -> None:
    """Whatever happens in whatever order, nor is one longer than most and calls make it."""
    schedule: Schedule[str] = Schedule(watch, middle)
    schedule.told = told
    longest = max(watch.maximum_seconds, 30 * 10_000 / (EMPTY * watch.calls) * SELDOM)
    for run in runs:
        key, status, calls = run["key"], run["status"], run["calls"]
        schedule.take(1e18)
        schedule.ended(
            key, ended(status, calls=calls), holds=run["holds"], changed=run["changed"], now=0
        )
        assert schedule.next is not None
        assert watch.minimum_seconds * 0.999 <= schedule.next <= longest * 1.001


@given(chance=st.floats(0, 1, exclude_max=True), calls=st.integers(1, 2000))
def test_jitter_is_a_tenth_at_most(chance: float, calls: int) -> None:
    """Shards that ended together come due at different times, near the planned one."""
    planned = Runs().run(calls=calls)
    moved = Runs(chance=lambda: chance).run(calls=calls)
    assert abs(moved - planned) <= planned * JITTER * 1.0001
    assume(abs(chance - 0.5) > 1e-3)
    assert (moved < planned) is (chance < 0.5)


def test_jitter_does_not_add_up() -> None:
    """The next interval is computed from the planned one, not from how it came out."""
    runs = Runs(chance=lambda: 0.0)
    planned = [LEAST * SELDOM**times for times in range(6)]
    found = [runs.run(holds=0) for _ in planned]
    assert found == pytest.approx([seconds * (1 - JITTER) for seconds in planned])


# ---- what all shards of a target cost together

Cost = Callable[[random.Random], bool]


def calls_a_second(shards: Sequence[tuple[int, int, Cost]], watch: Watch = PLAIN) -> float:
    """Run shards of some calls, holdings and changes for two hours, and measure the second one."""
    chance = random.Random(1)  # noqa: S311 - no secret
    schedule: Schedule[int] = Schedule(watch, chance.random)
    for key in range(len(shards)):
        schedule.at(key, 0)
    calls = 0
    while (now := schedule.next) is not None and now < 7200:
        for key in schedule.take(now):
            cost, holds, changes = shards[key]
            calls += cost * (now >= 3600)
            schedule.ended(key, ended(calls=cost), holds=holds, changed=changes(chance), now=now)
    return calls / 3600


def never(_: random.Random) -> bool:
    """Change nothing."""
    return False


def always(_: random.Random) -> bool:
    """Change every time."""
    return True


@pytest.mark.parametrize("shards", [[(1, 1)] * 600, [(300, 1), (1, 1)]])
def test_a_target_costs_as_many_calls_as_it_may(shards: list[tuple[int, int]]) -> None:
    """Where all changes, many small shards or one large one cost their share of `calls`."""
    busy = calls_a_second([(*each, always) for each in shards])
    calm = calls_a_second([(*each, never) for each in shards])
    assert 0.9 * SHARE <= busy <= 1.1 * SHARE
    assert 0.4 * SHARE <= calm <= 0.6 * SHARE


def test_a_small_target_costs_less_than_it_may() -> None:
    """Ten shards that do not change are looked at every `default_seconds`, though more may be."""
    assert calls_a_second([(1, 1, never)] * 10) == pytest.approx(10 / USUAL, rel=0.1)


def test_a_few_changes_cost_little_more() -> None:
    """Where a shard changes now and then, a target still costs about `calls` a second."""
    now_and_then: Cost = lambda chance: chance.random() < 0.05  # noqa: E731 - a case of a type
    assert calls_a_second([(1, 1, now_and_then)] * 600) <= 1.5 * PLAIN.calls


def test_what_changes_all_the_time_costs_twice_as_much_at_most() -> None:
    """A shard that has just changed is asked twice as often as usual, and no oftener."""
    assert calls_a_second([(6, 1, always)] * 100) <= 2.2 * PLAIN.calls


def test_what_is_empty_keeps_to_the_calls_as_well() -> None:
    """Looking again costs `calls` a second all in all, however many shards hold nothing."""
    assert calls_a_second([(1, 0, never)] * 4000) <= 1.1 * PLAIN.calls
