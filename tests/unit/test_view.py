"""What readers of one view are sent, step by step: what random driving comes to seldom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from proxyd.client import Parser, ServerEvent
from proxyd.events import Closing, News, ScanStarted, ShardEnded
from proxyd.live.feed import FIRST, MAX_REMOVED, Entry, Feed, Memory, Numbers, Sweep
from proxyd.live.part import Part, Published, Settled
from proxyd.live.view import GAP, Piece, Reader, View, Wanted
from proxyd.model import GLOBAL, Resource, Status, Target
from proxyd.remedies import Refusal
from proxyd.sse import SSE
from proxyd.wire import Wire

from .fakes import ACCOUNT, REGION, TYPE, thing
from .subscribers import Held

EPOCH = "0123456789abcdef"
WIRE = Wire(SSE, chunked=False)
BUCKET = f"arn:aws:s3:::{ACCOUNT}-logs"
ELSEWHERE = "333333333333"
END = Closing(reason="deadline", retry=1)

Key = tuple[str, str]
HOME: Key = (TYPE, REGION)


def ended(key: Key, status: Status = "ok", **how: Any) -> ShardEnded:
    """Make the end of a run."""
    figures: dict[str, Any] = {"resources": 0, "calls": 1, "ms": 1, "account": ACCOUNT}
    return ShardEnded(type=key[0], region=key[1], status=status, **(figures | how))


def started(target: str, account: str = ACCOUNT) -> ScanStarted:
    """Make the start of a target."""
    return ScanStarted(
        scan="s",
        target=target,
        account=account,
        partition="aws",
        mode="watch",
        regions=[REGION],
        types=[],
        shards=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class World:
    """Feeds, and the flushes between which their views are read."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.batch: list[Published] = []
        self.flushed = 0
        self.views: list[View] = []
        self.flush()

    def feed(self) -> Feed:
        """Make a feed."""
        return Feed(self.numbers, Memory(), self.batch.append)

    def view(self, *parts: Part, piece: int = 1, wanted: Wanted | None = None) -> View:
        """Make a view, which has a piece for each frame unless it is said otherwise."""
        view = View(parts, WIRE, EPOCH, flushed=self.flushed, wanted=wanted, piece=piece)
        self.views.append(view)
        return view

    def flush(self) -> list[list[ServerEvent]]:
        """Do as the hub does, and return what the live ones of each view are written."""
        told = [view.news(self.batch, {}) for view in self.views]
        self.batch.clear()
        self.flushed = self.numbers.last
        self.numbers.next(GAP)
        for feed in {part.feed for view in self.views for part in view.parts}:
            feed.trim(self.flushed)
        return [read(frames) for frames in told]

    def sweep(self, feed: Feed, *found: Resource, key: Key = HOME, **how: Any) -> None:
        """Run a round of one shard."""
        sweep = Sweep(feed, feed.follow(*key))
        for each in found:
            sweep.found(each)
        sweep.ended(ended(key, **how))
        self.settle(feed)

    def settle(self, feed: Feed, *, telling: bool = False) -> None:
        """End a round."""
        self.batch.append(Settled(self.numbers.next(), feed, 5, telling))

    def newcomer(self, known: dict[str, str] | None = None) -> Reader:
        """Make the reader of a new stream."""
        return Reader(0, self.flushed, known)


def part(feed: Feed, *keys: Key, target: str = "a", account: str = ACCOUNT) -> Part:
    """Make a part of a view."""
    held = frozenset(feed.follow(*key) for key in keys or [HOME])
    role = f"arn:aws:iam::{account}:role/proxyd-read"
    whose = Target(name=target, role_arn=role, external_id="x")
    return Part(feed, held, started(target, account), whose)


def read(frames: Iterable[bytes]) -> list[ServerEvent]:
    """Read frames as a client does."""
    return list(Parser().feed(b"".join(frames)))


def number(event: ServerEvent) -> int:
    """Return the number of an event."""
    epoch, _, digits = event.id.rpartition("-")
    assert epoch == EPOCH
    return int(digits)


class Client:
    """One stream of a view and what its client makes of it."""

    def __init__(self, world: World, view: View, reader: Reader | None = None) -> None:
        self.world, self.view = world, view
        self.reader = world.newcomer() if reader is None else reader
        self.held = Held()
        self.got: list[ServerEvent] = []

    def take(self, frames: Iterable[bytes]) -> list[ServerEvent]:
        """Read frames and apply them."""
        events = read(frames)
        for event in events:
            self.held.apply(event)
        self.got += events
        return events

    def piece(self) -> Piece | None:
        """Read one piece."""
        piece = self.view.read(self.reader, self.world.flushed)
        if piece is not None:
            self.take([piece.data])
        return piece

    def until(self, name: str) -> None:
        """Read piece by piece up to an event."""
        while names(self.got[-1:]) != [name]:
            assert self.piece() is not None

    def catch_up(self) -> list[ServerEvent]:
        """Read all that is held, and the marks behind it."""
        before = len(self.got)
        while self.piece() is not None:
            pass
        self.take(self.view.marks(self.reader, self.world.flushed))
        return self.got[before:]

    def back(self) -> Client:
        """Come back with the id of the last event, still holding what it holds."""
        assert self.held.last_id is not None
        reached = self.view.number_of(self.held.last_id, self.world.numbers.last)
        assert reached is not None
        other = Client(self.world, self.view, Reader(reached, reached or self.world.flushed))
        other.held = self.held
        other.take(self.view.opening(reached, None))
        return other

    @property
    def things(self) -> set[str]:
        """What it holds, by the last part of the ARNs."""
        return {arn.rpartition("/")[2] for arn in self.held.resources}


def names(events: Iterable[ServerEvent]) -> list[str]:
    """Show events as their names and the last parts of their ARNs."""
    shown = [(e.name, str(e.data.get("arn", "")).rpartition("/")[2]) for e in events]
    return [f"{name} {arn}".strip() for name, arn in shown]


# ---- pieces that are kept


def test_who_gets_a_piece_of_before_is_told_what_is_gone_since() -> None:
    """A kept piece serves later newcomers too, although something in it is gone by now."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2), thing(3))
    world.flush()
    first = Client(world, view)
    made = [first.piece(), first.piece()]
    world.sweep(feed, thing(2), thing(3))
    world.flush()
    second = Client(world, view)
    assert [second.piece(), second.piece()] == made
    assert second.things == {"1", "2"}
    second.catch_up()
    assert second.things == {"2", "3"}
    assert "resource.removed 1" in names(second.got)


def test_the_same_bytes_serve_all_newcomers() -> None:
    """A piece is written once, for as long as it is of use."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    one, other = Client(world, view), Client(world, view)
    first, second = one.piece(), other.piece()
    assert first is second is not None
    view.forget_pieces()
    third = Client(world, view).piece()
    assert third == first
    assert third is not first


def test_a_piece_of_one_who_needs_less_is_not_used() -> None:
    """A newcomer is not told of removals before it came; who comes back at its place is."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    gone = Client(world, view)
    gone.until("shard")
    view.forget_pieces()
    world.sweep(feed, thing(2))
    world.sweep(feed, thing(2), thing(3), thing(4))
    world.flush()
    newcomer = Client(world, view)
    newcomer.until("resource 3")
    assert "resource.removed 1" not in names(newcomer.got)
    back = gone.back()
    assert names(back.catch_up()) == [
        "resource.removed 1",
        "resource 3",
        "resource 4",
        "scan.completed",
    ]
    assert back.things == {"2", "3", "4"}


def test_a_piece_of_one_who_needs_more_does_no_harm() -> None:
    """A newcomer may be told that something is gone of which it has not heard."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    gone = Client(world, view)
    gone.until("shard")
    world.sweep(feed, thing(2))
    world.sweep(feed, thing(2), thing(3), thing(4))
    world.flush()
    back, newcomer = gone.back(), Client(world, view)
    back.catch_up()
    newcomer.catch_up()
    assert back.things == newcomer.things == {"2", "3", "4"}


def test_what_was_gone_before_a_reader_came_is_not_told() -> None:
    """A removal concerns who may hold the resource: those who came before it."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    early = Client(world, view)
    early.piece()
    world.sweep(feed, thing(2))
    world.flush()
    view.forget_pieces()
    assert "resource.removed 1" not in names(Client(world, view).catch_up())
    assert "resource.removed 1" in names(early.catch_up())


def test_what_came_and_went_while_a_reader_lagged_is_not_told() -> None:
    """It has not read as far as to where the resource was born."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    client = Client(world, view)
    client.piece()
    world.sweep(feed, thing(1), thing(2), thing(3))
    world.flush()
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    assert names(client.catch_up()) == ["resource 2", "shard", "scan.completed"]


# ---- how a stream ends and begins


def test_the_end_of_one_who_lags_says_how_far_it_is() -> None:
    """It comes back for all that it has not read."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2), thing(3))
    world.flush()
    client = Client(world, view)
    client.piece()
    [last] = client.take([view.closing(END, client.reader, world.flushed)])
    assert number(last) == client.reader.cursor == number(client.got[0])
    assert names(client.back().catch_up())[:2] == ["resource 2", "resource 3"]


def test_the_end_of_one_who_has_read_nothing_lets_it_start_anew() -> None:
    """It has an id, and coming back with it gives everything, without a reset."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1))
    world.flush()
    client = Client(world, view)
    client.take(view.opening(0, None))
    client.take([view.closing(END, client.reader, world.flushed)])
    back = client.back()
    back.catch_up()
    assert "reset" not in names(back.got)
    assert back.things == {"1"}


def test_the_end_of_one_who_has_everything_comes_after_all_others() -> None:
    """Its number is after all that it was told, and before all that has not happened yet."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1))
    world.flush()
    client = Client(world, view)
    client.catch_up()
    [last] = client.take([view.closing(END, client.reader, world.flushed)])
    assert max(map(number, client.got[:-1])) < number(last)
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    assert names(client.back().catch_up()) == ["resource 2", "scan.completed"]


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_a_stream_that_goes_on_opens_with_the_number_it_goes_on_from(targets: int) -> None:
    """A break right after it, or in the middle of it, loses nothing."""
    world = World()
    feeds = [world.feed() for _ in range(targets)]
    view = world.view(*[part(feed, target=str(n)) for n, feed in enumerate(feeds)])
    world.sweep(feeds[0], thing(1), thing(2), thing(3))
    world.flush()
    client = Client(world, view)
    client.piece()
    reached = client.reader.cursor
    opening = read(view.opening(reached, None))
    assert [event.name for event in opening] == ["scan.started"] * targets
    assert [number(event) for event in opening] == [reached] * targets
    back = client.back().back()
    assert names(back.catch_up())[:2] == ["resource 2", "resource 3"]


@pytest.mark.parametrize("reset", [None, "replay_unavailable"])
def test_a_stream_that_starts_has_got_nothing_when_it_has_opened(reset: str | None) -> None:
    """Whoever breaks off in its opening starts anew, each time with an id of its own."""
    world = World()
    feeds = [world.feed(), world.feed()]
    view = world.view(part(feeds[0]), part(feeds[1], target="b"))
    opening = read(view.opening(0, reset))
    assert [event.name for event in opening] == ["reset"] * bool(reset) + ["scan.started"] * 2
    assert len({event.id for event in opening}) == len(opening)
    for event in opening:
        assert view.number_of(event.id, world.numbers.last) == 0


def test_only_ids_of_this_view_and_this_time_can_be_gone_on_from() -> None:
    """Another question, what was never given out, and what is too long ago: none of them."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1))
    world.flush()
    last = world.numbers.last
    born = max(held.born for held in view.shards)
    good = [born, last - 1, last]
    bad = [FIRST, born - 1, last + 1]
    assert [view.number_of(f"{EPOCH}-{n}", last) for n in good] == good
    assert [view.number_of(f"{EPOCH}-{n}", last) for n in bad] == [None] * 3
    assert view.number_of(f"{EPOCH}-{FIRST - 1}", last) == 0
    for text in ("", "-", EPOCH, f"{EPOCH}-", f"{EPOCH}--1", f"{EPOCH}-x", f"{EPOCH}-1.5"):
        assert view.number_of(text, last) is None
    assert view.number_of(f"another-{last}", last) is None
    assert view.number_of(f"{EPOCH}-{'9' * 5000}", last) is None
    feed.horizon = last - 1
    assert [view.number_of(f"{EPOCH}-{n}", last) for n in good] == [None, last - 1, last]


# ---- marks


@pytest.mark.parametrize("targets", [1, 2, 100])
def test_marks_have_numbers_between_two_flushes(targets: int) -> None:
    """As many targets as a stream may have: each has its own, and no event has it."""
    world = World()
    feeds = [world.feed() for _ in range(targets)]
    view = world.view(*[part(feed, target=str(n)) for n, feed in enumerate(feeds)])
    for feed in feeds:
        world.sweep(feed, thing(1))
    world.flush()
    marks = Client(world, view).catch_up()[-targets:]
    assert [event.name for event in marks] == ["scan.completed"] * targets
    given = [number(event) for event in marks]
    assert given == sorted(set(given))
    assert world.flushed < given[0]
    assert given[-1] < world.numbers.next()


COMING_BACK = [
    pytest.param(1, [], id="once"),
    pytest.param(100, [], id="a hundred targets"),
    pytest.param(1, ["break", "break"], id="after two breaks"),
    pytest.param(1, ["end"], id="after an end"),
    *(
        pytest.param(
            targets,
            before,
            id=name,
        )
        for targets, before, name in [
            (2, ["end"], "two targets, after an end"),
            (1, ["end", "break"], "after an end and a break"),
            (100, ["break"], "a hundred targets, after a break"),
        ]
    ),
]


@pytest.mark.parametrize(("targets", "before"), COMING_BACK)
def test_what_happens_after_the_marks_is_told_whoever_came_back(
    targets: int, before: list[str]
) -> None:
    """A client that comes back again and again between two flushes still misses nothing."""
    world = World()
    feeds = [world.feed() for _ in range(targets)]
    view = world.view(*[part(feed, target=str(n)) for n, feed in enumerate(feeds)])
    for place, feed in enumerate(feeds):
        world.sweep(feed, thing(place))
    world.flush()
    client = Client(world, view)
    client.catch_up()
    for how in before:
        if how == "end":
            client.take([view.closing(END, client.reader, world.flushed)])
        client = client.back()
        client.catch_up()
    world.sweep(feeds[-1])
    world.flush()
    assert f"resource.removed {targets - 1}" in names(client.back().catch_up())
    assert len(client.things) == targets - 1


def test_the_end_comes_after_the_marks_of_one_who_came_back_from_an_end() -> None:
    """However often it comes back, its last event is after all others."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1))
    world.flush()
    client = Client(world, view)
    client.catch_up()
    client.take([view.closing(END, client.reader, world.flushed)])
    back = client.back()
    [*_, mark] = back.catch_up()
    [last] = read([view.closing(END, back.reader, world.flushed)])
    assert number(last) >= number(mark)


def test_a_target_that_was_not_seen_yet_has_no_mark() -> None:
    """Who has all that is held of one target may still wait for another."""
    world = World()
    feeds = [world.feed(), world.feed()]
    view = world.view(part(feeds[0]), part(feeds[1], target="b"))
    world.sweep(feeds[0], thing(1))
    world.flush()
    marks = [e for e in Client(world, view).catch_up() if e.name == "scan.completed"]
    assert [mark.data["target"] for mark in marks] == ["a"]
    assert not view.ready
    world.sweep(feeds[1], status="denied")
    [told] = world.flush()
    assert names(told) == ["shard", "scan.completed"]
    assert told[-1].data["target"] == "b"
    assert view.ready


def test_a_view_is_ready_by_what_has_been_flushed() -> None:
    """What has ended but was not written yet is told by the next flush, not by a mark."""
    world = World()
    feed = world.feed()
    world.sweep(feed, thing(1))
    view = world.view(part(feed))
    assert not view.ready
    [told] = world.flush()
    assert names(told) == ["resource 1", "shard", "scan.completed"]
    assert world.view(part(feed)).ready


# ---- what a target's mark says


def test_a_round_is_told_when_something_has_changed() -> None:
    """One that found everything as it was is not, unless it is to be told."""
    world = World()
    feed = world.feed()
    world.view(part(feed))
    expected = [["resource 1", "shard", "scan.completed"], [], [], ["scan.completed"], []]
    for told in expected:
        if told == ["scan.completed"]:
            world.settle(feed, telling=True)
        world.sweep(feed, thing(1))
        assert [names(events) for events in world.flush()] == [told]


def test_a_round_is_told_when_all_shards_have_ended_once() -> None:
    """Before that a client does not hold all there is, whatever rounds are over."""
    world = World()
    feed = world.feed()
    other: Key = ("AWS::EC2::Other", REGION)
    view = world.view(part(feed, HOME, other))
    world.sweep(feed, thing(1))
    assert [names(events) for events in world.flush()] == [["resource 1", "shard"]]
    assert not view.ready
    world.sweep(feed, key=other, status="failed")
    assert [names(events) for events in world.flush()] == [["shard", "scan.completed"]]


def test_a_mark_says_what_was_seen_and_what_not() -> None:
    """Resources that are held, how shards ended last, gaps, and actions that the role lacks."""
    world = World()
    feed = world.feed()
    other: Key = ("AWS::EC2::Other", REGION)
    one = part(feed, HOME, other)
    one.lacking = Refusal("ec2:DescribeRegions", "boundary")
    view = world.view(one)
    world.sweep(feed, thing(1), thing(2))
    how = {"status": "denied", "code": "X", "action": "ec2:DescribeOthers"}
    feed.news = News(by="looking", code="AccessDenied")
    world.sweep(feed, thing(3), key=other, **how)
    [told] = world.flush()
    [mark] = Client(world, view).catch_up()[-1:]
    for data in (told[-1].data, mark.data):
        assert data["complete"] is False
        assert (data["resources"], data["shards"]) == (3, {"denied": 1, "ok": 1})
        assert [gap["type"] for gap in data["gaps"]] == ["AWS::EC2::Other"]
        assert data["missing_actions"] == ["ec2:DescribeOthers", "ec2:DescribeRegions"]
        assert data["news"] == {"by": "looking", "code": "AccessDenied"}
    assert told[-1].data["ms"] == mark.data["ms"] == 5


def test_a_mark_says_how_it_is_now() -> None:
    """A shard that was refused and is not any more leaves no gap behind."""
    world = World()
    feed = world.feed()
    world.view(part(feed))
    for status, complete in [("denied", False), ("ok", True), ("failed", False)]:
        world.sweep(feed, status=status)
        [told] = world.flush()
        assert told[-1].data["complete"] is complete


def test_another_cause_is_told() -> None:
    """What mends a refusal is told anew when another kind of policy refuses the same action."""
    world = World()
    feed = world.feed()
    world.view(part(feed))
    for cause in ("policy", "boundary"):
        world.sweep(feed, status="denied", code="X", action="a:B", cause=cause)
        [told] = world.flush()
        assert told[-2].data["cause"] == cause
        [remedy] = told[-1].data["remedies"]
        assert (remedy["cause"], remedy["role"], remedy["actions"]) == (
            cause,
            "proxyd-read",
            ["a:B"],
        )


def test_rounds_and_shards_of_others_are_not_told() -> None:
    """A view tells of its own shards and feeds."""
    world = World()
    feed, stranger = world.feed(), world.feed()
    world.view(part(feed))
    world.sweep(feed, thing(1), key=("AWS::EC2::Other", REGION))
    world.sweep(stranger, thing(2))
    world.settle(stranger, telling=True)
    assert world.flush() == [[]]


# ---- what a client knows from before

KNOWN = {thing(1).arn: thing(1).hash, thing(2).arn: "of another version", thing(3).arn: "gone"}


def test_what_is_known_is_not_sent_and_what_is_gone_is_told() -> None:
    """Only differences: what has changed, what is new, and what is not there any more."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2), thing(4))
    world.flush()
    client = Client(world, view, world.newcomer(KNOWN))
    assert names(client.catch_up()) == [
        "resource 2",
        "resource 4",
        "shard",
        "resource.removed 3",
        "scan.completed",
    ]
    assert client.reader.known is None


STATUSES: list[Status] = ["denied", "throttled", "region_disabled", "unsupported", "failed"]


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_known_of_a_region_waits_until_all_of_it_was_seen(status: Status) -> None:
    """One shard of the region that could not be seen is enough: it might have it."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed, HOME, ("AWS::EC2::Other", REGION)))
    world.sweep(feed)
    world.sweep(feed, key=("AWS::EC2::Other", REGION), status=status)
    world.flush()
    client = Client(world, view, world.newcomer({thing(3).arn: "gone"}))
    assert "resource.removed 3" not in names(client.catch_up())
    world.sweep(feed, key=("AWS::EC2::Other", REGION))
    assert "resource.removed 3" in names(client.catch_up())
    assert "resource.removed 3" not in names(client.catch_up())


def test_regions_are_seen_one_by_one() -> None:
    """What is known of a region that was seen whole does not wait for the others."""
    world = World()
    feed = world.feed()
    far = thing(5, region="us-east-1", arn=f"arn:aws:ec2:us-east-1:{ACCOUNT}:thing/5").arn
    view = world.view(part(feed, HOME, (TYPE, "us-east-1")))
    world.sweep(feed)
    world.sweep(feed, key=(TYPE, "us-east-1"), status="throttled")
    world.flush()
    client = Client(world, view, world.newcomer({thing(3).arn: "gone", far: "gone?"}))
    assert names(client.catch_up())[-2:] == ["resource.removed 3", "scan.completed"]
    assert client.reader.known == {far: "gone?"}


def test_what_has_no_region_needs_everything() -> None:
    """A bucket's ARN does not say where it is: any shard that was not seen might have it."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed, HOME, ("AWS::S3::Bucket", "us-east-1"), ("A::B::C", GLOBAL)))
    world.sweep(feed)
    world.sweep(feed, key=("A::B::C", GLOBAL))
    world.sweep(feed, key=("AWS::S3::Bucket", "us-east-1"), status="throttled")
    world.flush()
    client = Client(world, view, world.newcomer({BUCKET: "gone?", thing(3).arn: "gone"}))
    assert [e.data["arn"] for e in client.catch_up() if e.name == "resource.removed"] == [
        thing(3).arn
    ]
    world.sweep(feed, key=("AWS::S3::Bucket", "us-east-1"))
    [gone] = [e for e in client.catch_up() if e.name == "resource.removed"]
    assert gone.data == {"arn": BUCKET, "type": "", "region": GLOBAL}


def test_what_is_global_may_be_anywhere() -> None:
    """Where the global shard was not seen no region is whole: its resources name regions, too."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed, HOME, ("A::B::C", GLOBAL)))
    world.sweep(feed)
    world.sweep(feed, key=("A::B::C", GLOBAL), status="denied")
    world.flush()
    client = Client(world, view, world.newcomer({thing(3).arn: "gone?"}))
    assert "resource.removed 3" not in names(client.catch_up())


def test_what_is_known_and_held_by_another_shard_is_not_gone() -> None:
    """All that the view shows is compared, not what one shard has."""
    world = World()
    feed = world.feed()
    other: Key = ("AWS::EC2::Other", REGION)
    view = world.view(part(feed, HOME, other))
    world.sweep(feed)
    world.sweep(feed, thing(3), key=other)
    world.flush()
    client = Client(world, view, world.newcomer({thing(3).arn: thing(3).hash}))
    assert names(client.catch_up()) == ["shard", "shard", "scan.completed"]


@pytest.mark.parametrize(
    "arn", [thing(3, account=ELSEWHERE).arn.replace(ACCOUNT, ELSEWHERE), BUCKET]
)
def test_what_is_known_of_one_account_does_not_go_by_what_was_seen_of_another(arn: str) -> None:
    """Two targets in one view: what one of them could not see may still be there."""
    world = World()
    feeds = [world.feed(), world.feed()]
    view = world.view(part(feeds[0]), part(feeds[1], target="b", account=ELSEWHERE))
    world.sweep(feeds[0])
    world.sweep(feeds[1], status="denied")
    world.flush()
    client = Client(world, view, world.newcomer({arn: "there"}))
    assert "resource.removed" not in [event.name for event in client.catch_up()]


def test_what_is_known_does_not_use_what_others_are_sent() -> None:
    """Pieces of newcomers have everything; one who knows something gets pieces of its own."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2), thing(3))
    world.flush()
    Client(world, view).catch_up()
    client = Client(world, view, world.newcomer({thing(1).arn: thing(1).hash}))
    assert names(client.catch_up())[:2] == ["resource 2", "resource 3"]
    assert names(Client(world, view).catch_up())[:3] == ["resource 1", "resource 2", "resource 3"]


def test_what_is_again_as_it_was_known_is_sent_when_it_was_another_meanwhile() -> None:
    """A client that was sent a newer version holds that one, not what it knew before."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1, name="newer"), thing(2))
    world.flush()
    client = Client(world, view, world.newcomer({thing(1).arn: thing(1).hash}))
    client.piece()
    assert client.held.resources[thing(1).arn]["name"] == "newer"
    world.sweep(feed, thing(1), thing(2))
    world.flush()
    client.catch_up()
    assert client.held.resources[thing(1).arn]["hash"] == thing(1).hash


# ---- the same resource more than once


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("is_live", [True, False])
def test_of_two_targets_of_one_account_both_have_to_say_that_it_is_gone(
    place: int,
    is_live: bool,  # noqa: FBT001 - a case
) -> None:
    """Gone in one, it stays while the other lists it, for who is live and for who reads on."""
    world = World()
    feeds = [world.feed(), world.feed()]
    view = world.view(part(feeds[0]), part(feeds[1], target="b"))
    for feed in feeds:
        world.sweep(feed, thing(1))
    world.flush()
    client = Client(world, view)
    client.catch_up()
    client.reader.cursor = client.reader.since = world.flushed
    for gone, things in [(place, {"1"}), (1 - place, set[str]())]:
        world.sweep(feeds[gone])
        [told] = world.flush()
        if is_live:
            for event in told:
                client.held.apply(event)
        else:
            client.catch_up()
        assert client.things == things


# ---- filters


def is_prod(found: Resource) -> bool:
    """Filter by a tag."""
    return found.tags.get("env") == "prod"


def prod(place: int = 1, **changes: Any) -> Resource:
    """Make a resource that the filter lets through."""
    return thing(place, tags={"env": "prod"}, **changes)


def test_a_filter_is_applied_to_each_version() -> None:
    """It comes when it begins to match and goes when it does not any more."""
    world = World()
    feed = world.feed()
    world.view(part(feed), wanted=is_prod)
    told = []
    for version in (thing(1), prod(), prod(name="newer"), thing(1, tags={"env": "x"}), thing(1)):
        world.sweep(feed, version)
        told += [name for name in names(world.flush()[0]) if name.startswith("resource")]
    assert told == ["resource 1", "resource 1", "resource.removed 1"]


def test_a_filtered_view_counts_what_it_shows() -> None:
    """`shard` and `scan.completed` tell of what passes, so that a client can compare."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed), wanted=is_prod)
    world.sweep(feed, prod(1), prod(2), thing(3), resources=3)
    [told] = world.flush()
    newcomer = Client(world, view).catch_up()
    for events in (told, newcomer):
        counts = [e.data["resources"] for e in events if e.name in {"shard", "scan.completed"}]
        assert counts == [2, 2]


def test_what_changes_while_a_filter_is_prepared_is_not_mistaken() -> None:
    """What is held is looked at in steps; changes that come in between have the last word."""
    world = World()
    feed = world.feed()
    many = {n: prod(n) if n % 2 else thing(n) for n in range(2000)}
    world.sweep(feed, *many.values())
    world.flush()
    view = world.view(part(feed), wanted=is_prod, piece=1 << 20)
    for step, _ in enumerate(view.prepare()):
        for n in (step, step + 1, 1990 - step, 1991 - step):
            many[n] = thing(n, name="newer") if is_prod(many[n]) else prod(n, name="newer")
        del many[100 + step], many[1800 + step]
        world.sweep(feed, *many.values())
        if step % 2:
            world.flush()
    world.flush()
    client = Client(world, view)
    client.catch_up()
    assert client.things == {str(n) for n, each in many.items() if is_prod(each)}
    assert view.resources(view.parts[0]) == len(client.things) > 900


def test_a_resource_is_read_back_once_for_all_filters() -> None:
    """Views share what was decoded for one of them."""
    world = World()
    feed = world.feed()
    views = [world.view(part(feed), wanted=is_prod) for _ in range(3)]
    world.sweep(feed, prod(1))
    decoded: dict[Entry, Resource] = {}
    frames: list[list[bytes]] = []
    found: list[Resource] = []
    for view in views:
        frames.append(view.news(world.batch, decoded))
        found += decoded.values()
    assert frames[0] == frames[1] == frames[2]
    assert found == [prod(1)] * 3
    assert found[0] is found[1] is found[2]


# ---- much at once

MANY = MAX_REMOVED + 5


def emptied() -> tuple[World, View, Client]:
    """Make a client that holds more than a log remembers removals of, all of which go at once."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed), piece=1 << 26)
    world.sweep(feed, *map(thing, range(MANY)))
    world.flush()
    client = Client(world, view)
    client.piece()
    world.sweep(feed)
    return world, view, client


def test_who_is_live_is_told_of_all_removals() -> None:
    """However many go at once."""
    world, _, client = emptied()
    [told] = world.flush()
    for event in told:
        client.held.apply(event)
    assert len(client.things) == 0


def test_who_lags_is_told_of_all_removals() -> None:
    """Or is told to drop what it holds."""
    world, view, client = emptied()
    assert not view.lost(client.reader)
    world.flush()
    assert view.lost(client.reader)


def test_a_piece_is_not_used_when_what_is_gone_since_was_forgotten() -> None:
    """A newcomer long after it was made is not given what can not be taken away from it."""
    world = World()
    feed = world.feed()
    view = world.view(part(feed))
    world.sweep(feed, thing(1), thing(2), thing(3))
    world.flush()
    Client(world, view).catch_up()
    world.sweep(feed, thing(2), thing(3))
    world.sweep(feed, thing(2), thing(3), *map(thing, range(10, MANY + 10)))
    world.flush()
    world.sweep(feed, thing(2), thing(3))
    world.flush()
    client = Client(world, view)
    client.catch_up()
    assert client.things == {"2", "3"}


def test_who_comes_back_after_too_many_removals_starts_anew() -> None:
    """Its id can not be gone on from: it would not hear of all of them."""
    world, view, client = emptied()
    world.flush()
    assert client.held.last_id is not None
    assert view.number_of(client.held.last_id, world.numbers.last) is None
