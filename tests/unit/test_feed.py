"""The state of one target: what a sweep may do to it, and what the log remembers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.events import ShardEnded
from proxyd.live.feed import (
    ENTRY_BYTES,
    FIRST,
    MAX_REMOVED,
    Entry,
    Feed,
    Held,
    Memory,
    Numbers,
    Sweep,
)
from proxyd.model import Link, Resource, Status

from .fakes import ACCOUNT, REGION, TYPE, thing

FOREVER = 1 << 62
PASSING: list[Status] = ["throttled", "timeout", "expired", "cancelled", "failed"]
REFUSED: list[Status] = ["denied", "scp_denied", "unsupported", "region_disabled"]
NOT_OK = [*REFUSED, *PASSING]
VPC, SUBNET = Link("in", "AWS::EC2::VPC", id="vpc-1"), Link("in", "AWS::EC2::Subnet", id="s-1")
FULL = thing(
    tags={"env": "prod", "team": "web"}, properties={"State": "on", "Size": 1}, links=(VPC, SUBNET)
)


def ended(status: Status = "ok", resources: int = 0, **how: Any) -> ShardEnded:
    """Make the end of a run."""
    return ShardEnded(
        type=TYPE,
        region=REGION,
        account=ACCOUNT,
        status=status,
        resources=resources,
        calls=1,
        ms=1,
        **how,
    )


class Fed:
    """A feed of one shard or more, and all that it has published."""

    def __init__(self) -> None:
        self.published: list[Entry] = []
        self.memory = Memory()
        self.numbers = Numbers()
        self.feed = Feed(self.numbers, self.memory, self.published.append)
        self.held = self.feed.follow(TYPE, REGION)

    def sweep(
        self,
        *found: Resource,
        status: Status = "ok",
        held: Held | None = None,
        **how: Any,
    ) -> list[str]:
        """Run a shard and return what of it was published."""
        sweep, before = Sweep(self.feed, held or self.held), len(self.published)
        for each in found:
            sweep.found(each)
        sweep.ended(ended(status, **how))
        return [shown(entry) for entry in self.published[before:]]

    def holds(self) -> dict[str, Resource]:
        """Return what is held, by ARN."""
        return {arn: entry.resource() for arn, entry in self.held.resources.items()}

    def log(self, after: int = 0, until: int = FOREVER) -> list[Entry]:
        """Return what a reader gets."""
        return list(self.feed.after(after, until))


def varied(changes: dict[str, Any]) -> Resource:
    """Make the resource that is held, but for the changes."""
    made: dict[str, Any] = {"tags": FULL.tags, "properties": FULL.properties, "links": FULL.links}
    return thing(**(made | changes))


def shown(entry: Entry) -> str:
    """Show an entry as its event and the last part of its ARN, or its status."""
    if entry.arn:
        return f"{entry.name} {entry.arn.rpartition('/')[2]}"
    return f"{entry.name} {json.loads(entry.data)['status']}" if entry.data else entry.name


@pytest.fixture
def fed() -> Fed:
    """Give a feed that holds one resource, which was seen whole."""
    fed = Fed()
    fed.sweep(FULL)
    return fed


# ---- what a sweep finds


def test_what_is_found_is_told_at_once() -> None:
    """Nobody waits for the end of a shard to hear of what is there."""
    fed = Fed()
    sweep = Sweep(fed.feed, fed.held)
    sweep.found(thing(1))
    sweep.found(thing(2))
    assert [shown(entry) for entry in fed.published] == ["resource 1", "resource 2"]
    assert sweep.changed
    assert fed.held.ended is None


def test_what_is_as_it_was_is_not_told(fed: Fed) -> None:
    """A sweep that finds what is held publishes nothing and changes nothing."""
    assert fed.sweep(FULL) == []
    sweep = Sweep(fed.feed, fed.held)
    sweep.found(FULL)
    sweep.ended(ended())
    assert not sweep.changed


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"tags": {"env": "test", "team": "web"}},
        {"properties": {"State": "off", "Size": 1}},
        {"properties": {"State": None, "Size": 1}},
        {"properties": {"State": "on", "Size": 1, "More": True}},
        {"links": (VPC, Link("in", "AWS::EC2::Subnet", id="s-2"))},
        {"tags": {"env": "prod", "team": "web", "more": ""}},
    ],
)
def test_a_change_is_told_at_once(fed: Fed, changes: dict[str, Any]) -> None:
    """What has as much as before, or more, was seen whole."""
    changed = varied(changes)
    sweep = Sweep(fed.feed, fed.held)
    sweep.found(changed)
    assert shown(fed.published[-1]) == "resource 1"
    assert fed.published[-1].hash == changed.hash
    assert fed.holds() == {FULL.arn: changed}
    assert sweep.changed


LESS: dict[str, dict[str, Any]] = {
    "a property": {"properties": {"Size": 1}},
    "a tag": {"tags": {"team": "web"}},
    "a link": {"links": (VPC,)},
    "all tags": {"tags": {}},
    "one property for another": {"properties": {"State": "on", "Other": 1}},
    "a tag, but a property more": {"tags": {}, "properties": {"State": "on", "Size": 1, "X": 1}},
}


def less(what: str) -> Resource:
    """Make the resource without something."""
    return varied(LESS[what])


@pytest.mark.parametrize("what", LESS)
def test_what_has_less_waits_for_the_end(fed: Fed, what: str) -> None:
    """Part of it may only not have been seen: that is known when the shard has ended."""
    sweep, before = Sweep(fed.feed, fed.held), len(fed.published)
    sweep.found(less(what))
    assert len(fed.published) == before
    assert fed.holds() == {FULL.arn: FULL}
    assert not sweep.changed
    sweep.ended(ended())
    assert [shown(entry) for entry in fed.published[before:]] == ["resource 1"]
    assert fed.holds() == {FULL.arn: less(what)}
    assert sweep.changed


@pytest.mark.parametrize("what", LESS)
@pytest.mark.parametrize("status", NOT_OK)
def test_what_has_less_stays_as_it_was_when_the_shard_has_trouble(
    fed: Fed, status: Status, what: str
) -> None:
    """The first time that a shard does not end well nothing that was seen is taken away."""
    assert fed.sweep(less(what), status=status) == [f"shard {status}"]
    assert fed.holds() == {FULL.arn: FULL}


@pytest.mark.parametrize("what", LESS)
@pytest.mark.parametrize("status", REFUSED)
def test_a_refusal_that_stays_lets_less_through(fed: Fed, status: Status, what: str) -> None:
    """Ended twice in the same way, by what only someone can change, it is as it is."""
    how: dict[str, Any] = {"status": status, "code": "AccessDenied", "action": "ec2:DescribeThings"}
    fed.sweep(less(what), **how)
    assert fed.sweep(less(what), **how) == ["resource 1"]
    assert fed.holds() == {FULL.arn: less(what)}


@pytest.mark.parametrize("status", PASSING)
def test_trouble_that_may_pass_never_lets_less_through(fed: Fed, status: Status) -> None:
    """However often it comes, the next run may see all of it again."""
    for _ in range(4):
        fed.sweep(less("a tag"), status=status, code="X")
        assert fed.holds() == {FULL.arn: FULL}


@pytest.mark.parametrize(
    "before",
    [
        {"status": "scp_denied", "code": "A", "action": "a:A"},
        {"status": "denied", "code": "B", "action": "a:A"},
        {"status": "denied", "code": "A", "action": "a:B"},
        {"status": "denied", "code": "A", "action": "a:A", "actions": ["a:A", "a:B"]},
        {"status": "denied", "code": "A", "action": "a:A", "cause": "boundary"},
        {"status": "throttled"},
        {"status": "ok"},
    ],
)
def test_another_refusal_than_before_does_not(fed: Fed, before: dict[str, Any]) -> None:
    """Only what ends exactly as it did before has lasted."""
    fed.sweep(FULL, **before)
    fed.sweep(less("a tag"), status="denied", code="A", action="a:A")
    assert fed.holds() == {FULL.arn: FULL}


def test_of_two_sights_in_one_sweep_the_last_counts(fed: Fed) -> None:
    """A list that shifts shows a resource twice: as less, then whole."""
    assert fed.sweep(less("a tag"), FULL) == []
    assert fed.sweep(FULL, less("a tag")) == ["resource 1"]
    assert fed.holds() == {FULL.arn: less("a tag")}


def test_an_empty_shard_that_has_trouble_takes_what_it_sees() -> None:
    """Where nothing was held there is nothing to keep."""
    fed = Fed()
    assert fed.sweep(less("all tags"), status="throttled") == ["resource 1", "shard throttled"]


# ---- what is gone


def test_what_was_not_found_is_gone_when_all_was_seen(fed: Fed) -> None:
    """A shard that ended well without it says that it is not there."""
    sweep = Sweep(fed.feed, fed.held)
    sweep.ended(ended())
    assert [shown(entry) for entry in fed.published[-1:]] == ["resource.removed 1"]
    assert fed.holds() == {}
    assert sweep.changed
    assert json.loads(fed.published[-1].data) == {"arn": FULL.arn, "type": TYPE, "region": REGION}


@pytest.mark.parametrize("status", NOT_OK)
def test_a_shard_with_trouble_adds_and_changes_but_takes_nothing_away(
    fed: Fed, status: Status
) -> None:
    """It may have seen a part: what it has seen is so, what it has not may still be there."""
    fed.sweep(FULL, thing(2), thing(3))
    newer = thing(3, name="newer")
    for _ in range(3):
        fed.sweep(newer, thing(4), status=status, code="A", action="a:A")
    assert fed.holds() == {each.arn: each for each in (FULL, thing(2), newer, thing(4))}
    assert not any(entry.is_removal for entry in fed.published)


def test_what_was_seen_before_the_trouble_counts_for_this_sweep_only(fed: Fed) -> None:
    """The next sweep starts anew: seen once is not seen now."""
    fed.sweep(FULL, thing(2), status="failed")
    assert fed.sweep(FULL) == ["resource.removed 2", "shard ok"]


def test_what_comes_back_takes_the_place_of_its_removal(fed: Fed) -> None:
    """The log has either that it is there or that it is gone."""
    fed.sweep()
    assert [shown(entry) for entry in fed.log()] == ["shard ok", "resource.removed 1"]
    fed.sweep(FULL)
    assert [shown(entry) for entry in fed.log()] == ["shard ok", "resource 1"]


def test_an_entry_knows_since_when_its_arn_is_heard_of(fed: Fed) -> None:
    """From the first event of it that is remembered, over changes, removals and returns."""
    [first] = [entry.number for entry in fed.published if entry.arn]
    fed.sweep(thing(name="newer"))
    fed.sweep()
    fed.sweep(FULL)
    assert {entry.born for entry in fed.published if entry.arn} == {first}


# ---- how a shard ended


def test_only_another_end_than_before_is_an_event() -> None:
    """Status, code and refused actions; figures alone are none."""
    fed = Fed()
    assert fed.sweep() == ["shard ok"]
    assert fed.sweep() == []
    assert fed.sweep(status="denied", code="A", action="a:A") == ["shard denied"]
    assert fed.sweep(status="denied", code="A", action="a:A", resources=5) == []
    assert fed.sweep(status="denied", code="A", action="a:B") == ["shard denied"]
    assert fed.sweep() == ["shard ok"]


def test_newcomers_see_the_latest_figures() -> None:
    """An end like the one before changes what is read of it, not its number."""
    fed = Fed()
    fed.sweep(resources=1)
    [before] = fed.log()
    number = before.number
    fed.sweep(resources=123_456)
    [after] = fed.log()
    assert after.number == number
    assert json.loads(after.data)["resources"] == 123_456
    assert fed.held.ended == ended(resources=123_456)


def test_a_log_has_one_end_of_each_shard() -> None:
    """The one that was before it is superseded."""
    fed = Fed()
    fed.sweep(status="failed")
    fed.sweep()
    assert [shown(entry) for entry in fed.log()] == ["shard ok"]


# ---- reading by number


def test_a_log_is_read_between_two_numbers(fed: Fed) -> None:
    """After the one, up to and with the other."""
    fed.sweep(FULL, thing(2), thing(3))
    numbers = [entry.number for entry in fed.log()]
    assert numbers == sorted(numbers)
    for low in (0, *numbers):
        for high in (0, *numbers, FOREVER):
            expected = [number for number in numbers if low < number <= high]
            assert [entry.number for entry in fed.log(low, high)] == expected


def test_numbers_are_shared_by_all_feeds() -> None:
    """Events of two feeds have an order, and the numbers below the first are nobody's."""
    numbers, published = Numbers(), list[Entry]()
    feeds = [Feed(numbers, Memory(), published.append) for _ in range(2)]
    held = [feed.follow(TYPE, REGION) for feed in feeds]
    for number in range(6):
        feeds[number % 2].put(held[number % 2], thing(number))
    assert [entry.number for entry in published] == sorted({entry.number for entry in published})
    assert min(entry.number for entry in published) > FIRST


def test_numbers_can_be_left_out() -> None:
    """What is sent between two flushes has numbers that no other event gets."""
    numbers = Numbers()
    assert [numbers.next(), numbers.next(5), numbers.next()] == [FIRST + 1, FIRST + 7, FIRST + 8]


# ---- what is remembered


def test_removals_are_remembered_up_to_a_bound() -> None:
    """The oldest are forgotten, and `horizon` says up to which number."""
    fed = Fed()
    fed.sweep(*map(thing, range(MAX_REMOVED + 3)))
    fed.sweep()
    removed = [entry for entry in fed.published if entry.is_removal]
    fed.feed.trim(removed[1].number)
    assert fed.feed.horizon == removed[1].number, "what has not been told is not forgotten"
    fed.feed.trim(removed[-1].number)
    assert [entry.live for entry in removed] == [False] * 3 + [True] * MAX_REMOVED
    assert fed.feed.horizon == removed[2].number
    assert fed.log() == [fed.held.status, *removed[3:]]
    assert fed.memory.size == summed(fed.log())
    fed.sweep(thing(arn=removed[0].arn), thing(arn=removed[-1].arn))
    forgotten, remembered = (fed.held.resources[removed[place].arn] for place in (0, -1))
    assert forgotten.born == forgotten.number
    assert remembered.born < removed[0].number


def test_nothing_is_forgotten_before_that(fed: Fed) -> None:
    """A horizon of zero is before all that was ever told."""
    fed.sweep()
    assert fed.feed.horizon == 0


def test_an_arn_of_two_shards_is_known_to_be_so(fed: Fed) -> None:
    """Whether it is gone can not be told by one of them."""
    other = fed.feed.follow("AWS::EC2::Other", REGION)
    assert not fed.feed.may_be_elsewhere(FULL.arn)
    fed.sweep(FULL, thing(2), held=other)
    assert fed.feed.may_be_elsewhere(FULL.arn)
    assert not fed.feed.may_be_elsewhere(thing(2).arn)
    fed.sweep()
    fed.sweep(FULL)
    assert fed.feed.may_be_elsewhere(FULL.arn)


# ---- forgetting a shard


def test_a_shard_that_is_forgotten_leaves_nothing_and_tells_nobody(fed: Fed) -> None:
    """Those who watched it are gone: its resources, its end and its removals go too."""
    fed.sweep(thing(2), thing(3))
    before = len(fed.published)
    fed.feed.forget(fed.held)
    assert len(fed.published) == before
    assert fed.log() == []
    assert fed.holds() == {}
    assert fed.memory.size == 0
    assert fed.feed.shards == {}


def test_other_shards_stay(fed: Fed) -> None:
    """Only what was its own is forgotten."""
    other = fed.feed.follow("AWS::EC2::Other", REGION)
    fed.sweep(thing(8), thing(9), held=other)
    fed.sweep(thing(9), held=other)
    mine = [entry for entry in fed.log() if entry.shard is other]
    fed.feed.forget(fed.held)
    assert fed.log() == mine
    assert fed.memory.size == summed(mine)


def test_forgetting_voids_what_still_runs(fed: Fed) -> None:
    """A sweep that began before finds and ends for nobody."""
    sweep = Sweep(fed.feed, fed.held)
    sweep.found(thing(2))
    fed.feed.forget(fed.held)
    before = len(fed.published)
    sweep.found(thing(3))
    sweep.found(less("a tag"))
    sweep.ended(ended())
    assert len(fed.published) == before
    assert fed.log() == []
    assert fed.memory.size == 0


def test_a_shard_that_is_followed_again_starts_empty(fed: Fed) -> None:
    """It is another one than before, of which nobody has ever heard."""
    old, last = fed.held, fed.published[-1].number
    running = Sweep(fed.feed, old)
    assert fed.feed.follow(TYPE, REGION) is old
    fed.feed.forget(old)
    fed.held = fed.feed.follow(TYPE, REGION)
    assert fed.held is not old
    assert fed.held.born > last
    assert (fed.held.ended, fed.held.status, fed.held.resources) == (None, None, {})
    running.found(thing(5))
    running.ended(ended())
    assert fed.log() == []
    assert fed.sweep(FULL) == ["resource 1", "shard ok"]
    assert fed.held.resources[FULL.arn].born > last
    assert not fed.feed.may_be_elsewhere(FULL.arn)


# ---- the log itself


def test_a_log_of_dead_entries_is_swept() -> None:
    """A resource that changes for ever does not make the log longer for ever."""
    fed = Fed()
    logs = [fed.feed._log]  # noqa: SLF001 - how long it gets, and how often, is the point
    for version in range(10_000):
        fed.feed.put(fed.held, thing(version % 7, name=str(version)))
        if fed.feed._log is not logs[-1]:  # noqa: SLF001
            logs.append(fed.feed._log)  # noqa: SLF001
        assert len(logs[-1]) <= 3 * 1000
    assert 2 < len(logs) < 20
    assert [entry.resource().name for entry in fed.log()] == [str(v) for v in range(9993, 10_000)]


def test_a_log_that_is_swept_keeps_its_order() -> None:
    """Read from any number, it is what was published and still holds, in the order of numbers."""
    fed, chance = Fed(), random.Random(1)  # noqa: S311 - no secret
    for number in range(1000, 1300):
        fed.feed.put(fed.held, thing(number))
    for version in range(6000):
        number = chance.randrange(60)
        if chance.random() < 0.3 and thing(number).arn in fed.held.resources:
            fed.feed.remove(fed.held, thing(number).arn)
        else:
            fed.feed.put(fed.held, thing(number, name=str(version)))
        if version % 500 == 0:
            after = chance.randrange(fed.numbers.last)
            assert fed.log(after) == live(fed.published, after)
    assert len(fed.published) > 2 * len(fed.feed._log)  # noqa: SLF001 - it was swept
    assert fed.log() == live(fed.published)


# ---- memory


def live(entries: Iterable[Entry], after: int = 0) -> list[Entry]:
    """Return those that nothing has superseded."""
    return [entry for entry in entries if entry.live and entry.number > after]


def summed(entries: Iterable[Entry]) -> int:
    """Return what holding them takes."""
    return sum(len(entry.data) + ENTRY_BYTES for entry in entries)


TYPES = ("A::B::C", "A::B::D", "A::B::E")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("sweep"),
            st.sampled_from(TYPES),
            st.dictionaries(st.integers(1, 5), st.text(max_size=5), max_size=5),
            st.sampled_from(["ok", "ok", "ok", "denied", "failed"]),
        ),
        st.tuples(st.just("forget"), st.sampled_from(TYPES), st.none(), st.none()),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_memory_is_what_is_held_and_nothing_when_all_is_forgotten(
    steps: list[tuple[str, str, dict[int, str] | None, Status | None]],
) -> None:
    """After every step it is the sum over what the log has; after the last `forget` it is none."""
    fed = Fed()
    fed.feed.forget(fed.held)
    for step, type_, found, status in steps:
        held = fed.feed.follow(type_, REGION)
        if step == "forget":
            fed.feed.forget(held)
        else:
            tagged = [thing(n, tags={text: text}, type=type_) for n, text in (found or {}).items()]
            fed.sweep(*tagged, status=status or "ok", held=held, resources=len(fed.published))
        assert fed.log() == live(fed.published)
        assert fed.memory.size == summed(live(fed.published))
    for held in list(fed.feed.shards.values()):
        fed.feed.forget(held)
    assert fed.memory.size == 0
    assert fed.log() == live(fed.published) == []


def test_feeds_share_the_count() -> None:
    """The bound is for all that the process holds."""
    numbers, memory, published = Numbers(), Memory(), list[Entry]()
    feeds = [Feed(numbers, memory, published.append) for _ in range(2)]
    for feed in feeds:
        feed.put(feed.follow(TYPE, REGION), FULL)
    assert memory.size == summed(published)
    feeds[0].forget(feeds[0].follow(TYPE, REGION))
    assert memory.size == summed(published[1:])
