"""What is written when, and to whom: on a loop whose clock is its own."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import TypeVarTuple

import msgspec
import pytest
from structlog.testing import capture_logs

from proxyd.alarms import Alarms
from proxyd.client import ServerEvent
from proxyd.events import ScanStarted, ShardEnded
from proxyd.live.feed import Feed, Memory, Numbers, Sweep
from proxyd.live.hub import BUSY, BUSY_TICK, OTHERS, SILENCE, TICK, Audience, Hub, Subscriber
from proxyd.live.part import Part, Settled
from proxyd.live.view import GAP, Reader, View, Wanted
from proxyd.model import Resource, Status, Target
from proxyd.sse import NDJSON, SSE
from proxyd.wire import Wire

from .fakes import ACCOUNT, REGION, TYPE, thing
from .subscribers import Reading
from .virtual import VirtualLoop

BACKLOG = 10_000
PATIENCE = 30.0
CONTRACT = 15.0
"""Seconds of silence that a client has to bear at most."""

PLAIN = Wire(SSE, chunked=False)
PACKED = Wire(SSE, gzip=True)
SECRET = "what-a-filter-saw"
Args = TypeVarTuple("Args")


class TimedLoop(VirtualLoop):
    """A virtual loop that knows its timers."""

    def __init__(self) -> None:
        super().__init__()
        self._set: list[asyncio.TimerHandle] = []

    def call_at(
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Remember each timer."""
        timer = super().call_at(when, callback, *args, context=context)
        self._set.append(timer)
        return timer

    @property
    def timers(self) -> int:
        """How many will go off."""
        now = self.time() + 1e-6
        return sum(not timer.cancelled() and timer.when() > now for timer in self._set)


class Socket:
    """A socket that keeps what it was given, and when."""

    def __init__(self, loop: TimedLoop, wire: Wire) -> None:
        self.given: list[bytes] = []
        self.at: list[float] = []
        self.waiting = 0
        self.closed = self.aborted = False
        self._loop = loop
        self._wire = wire

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self.given.append(data)
        self.at.append(self._loop.time())

    def get_write_buffer_size(self) -> int:
        """Return how much waits."""
        return self.waiting

    def close(self) -> None:
        """Take no more."""
        self.closed = True

    def abort(self) -> None:
        """Drop everything."""
        self.closed = self.aborted = True

    @property
    def events(self) -> list[ServerEvent]:
        """What a client makes of all that it was given."""
        header = self._wire.opening() if self._wire.gzip else b""
        return Reading(self._wire).feed(header + b"".join(self.given))

    @property
    def ids(self) -> list[str]:
        """The resources among it."""
        return [event.data["id"] for event in self.events if event.name == "resource"]


class Stage:
    """A hub, a feed of one shard, and audiences of it."""

    def __init__(self, loop: TimedLoop) -> None:
        self.loop = loop
        self.numbers = Numbers()
        self.sent: list[tuple[int, int]] = []
        self.lagged = 0
        self.hub = Hub(
            self.numbers,
            Alarms(),
            backlog=BACKLOG,
            patience=PATIENCE,
            sent=lambda events, size: self.sent.append((events, size)),
            fell_behind=self._fell_behind,
        )
        self.feed = Feed(self.numbers, Memory(), self.hub.publish)
        self.held = self.feed.follow(TYPE, REGION)

    def _fell_behind(self) -> None:
        self.lagged += 1

    def audience(
        self, wire: Wire = PLAIN, *, wanted: Wanted | None = None, types: Sequence[str] = (TYPE,)
    ) -> Audience:
        """Make an audience."""
        started = ScanStarted(
            scan="s",
            target="a",
            account=ACCOUNT,
            partition="aws",
            mode="watch",
            regions=[REGION],
            types=[TYPE],
            shards=1,
            at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        held = frozenset(self.feed.follow(type_, REGION) for type_ in types)
        target = Target(
            name="a", role_arn=f"arn:aws:iam::{ACCOUNT}:role/proxyd-read", external_id="x"
        )
        part = Part(self.feed, held, started, target)
        audience = Audience(View([part], wire, "e", flushed=self.hub.flushed, wanted=wanted))
        self.hub.audiences.add(audience)
        return audience

    def join(
        self, audience: Audience, number: int | None = None, known: dict[str, str] | None = None
    ) -> tuple[Subscriber, Socket]:
        """Let one join, who has everything up to a number; all that is held if none is given."""
        subscriber = Subscriber(self.hub, audience)
        reached = self.hub.flushed if number is None else number
        subscriber.reader = Reader(reached, reached or self.hub.flushed, known)
        socket = Socket(self.loop, audience.view.wire)
        self.do(partial(subscriber.begin, socket, []))
        return subscriber, socket

    def do(self, *steps: Callable[[], object]) -> None:
        """Do things at one moment, and let the loop do what is due at that moment."""

        async def all_() -> None:
            for step in steps:
                step()
            for _ in range(3):
                await asyncio.sleep(0)

        self.loop.run(all_())

    def put(self, *found: Resource) -> None:
        """Publish resources at one moment."""
        self.do(*[partial(self.feed.put, self.held, each) for each in found])

    def settle(self, *found: Resource, type_: str = TYPE, status: Status = "ok") -> None:
        """Sweep a shard, and end the round."""
        sweep = Sweep(self.feed, self.feed.follow(type_, REGION))
        ended = ShardEnded(
            type=type_, region=REGION, account=ACCOUNT, status=status, resources=0, calls=1, ms=1
        )

        def round_() -> None:
            for each in found:
                sweep.found(each)
            sweep.ended(ended)
            self.hub.publish(Settled(self.numbers.next(), self.feed, 1))

        self.do(round_)
        self.wait(1)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run(asyncio.sleep(seconds))


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Give a stage, and close its loop."""
    loop = TimedLoop()
    yield Stage(loop)
    loop.close()


# ---- ticks


def test_what_is_new_is_written_at_once_when_nothing_was_for_a_while(stage: Stage) -> None:
    """The first change after a silence waits for nothing."""
    _, socket = stage.join(stage.audience())
    for place in range(3):
        stage.wait(1)
        stage.put(thing(place))
        assert socket.at[-1] == stage.loop.time()
    assert len(socket.given) == 3


def test_what_follows_is_written_once_a_tick(stage: Stage) -> None:
    """Everything of a tick is one write, in the order in which it happened."""
    _, socket = stage.join(stage.audience())
    stage.wait(1)
    begun = stage.loop.time()
    for place in range(9):
        stage.put(thing(place))
        stage.wait(TICK * 0.24)
    stage.wait(1)
    assert [round((at - begun) / TICK, 3) for at in socket.at] == [0, 1, 2]
    assert socket.ids == [f"thing-{place}" for place in range(9)]


def test_when_much_happens_ticks_are_longer(stage: Stage) -> None:
    """Above so many events a second fewer and larger writes are made."""
    _, socket = stage.join(stage.audience())
    few = int(BUSY * TICK)
    for count, tick in [(few, TICK), (few + 1, BUSY_TICK)]:
        stage.wait(1)
        begun = stage.loop.time()
        stage.put(*map(thing, range(count)))
        stage.put(thing(name=str(count)))
        stage.wait(1)
        assert socket.at[-2] == begun
        assert socket.at[-1] - begun == pytest.approx(tick)


def test_what_takes_long_leaves_time_to_others(stage: Stage) -> None:
    """After a flush that has worked for longer than a tick others have the loop for a while."""
    worked = 3 * TICK

    def slow(_: Resource) -> bool:
        until = time.thread_time() + worked
        while time.thread_time() < until:
            pass
        return True

    _, socket = stage.join(stage.audience(wanted=slow))
    stage.wait(1)
    begun = stage.loop.time()
    stage.put(thing(1))
    stage.put(thing(2))
    stage.wait(1)
    assert socket.at[0] == begun
    assert socket.at[1] - begun >= (1 + OTHERS) * worked


def test_numbers_stay_free_between_two_flushes(stage: Stage) -> None:
    """What comes after a flush has a number after all that its marks may have."""
    for place in range(3):
        stage.put(thing(place))
        stage.wait(1)
        assert stage.numbers.last > stage.hub.flushed + GAP


# ---- sockets


def test_all_get_the_same_bytes(stage: Stage) -> None:
    """What is new is packed once, whoever reads it."""
    audience = stage.audience(PACKED)
    sockets = [stage.join(audience)[1] for _ in range(5)]
    stage.put(thing(1))
    data = sockets[0].given[-1]
    assert all(socket.given[-1] is data for socket in sockets)
    assert stage.sent[-1] == (5, 5 * len(data))


def test_audiences_get_what_their_format_and_filter_make_of_it(stage: Stage) -> None:
    """Each view is written by itself, and one whose filter lets nothing through is not."""
    _, plain = stage.join(stage.audience())
    _, lines = stage.join(stage.audience(Wire(NDJSON, chunked=False)))
    _, packed = stage.join(stage.audience(PACKED))
    _, filtered = stage.join(stage.audience(wanted=lambda _: False))
    stage.put(thing(1))
    assert plain.given[0].startswith(b"event: resource\n")
    assert lines.given[0].startswith(b'{"event":"resource"')
    assert packed.ids == plain.ids == ["thing-1"]
    assert filtered.given == []


def test_a_full_socket_lags_and_others_do_not_wait(stage: Stage) -> None:
    """It is left alone and counted; the others get their bytes as if it were not there."""
    audience = stage.audience()
    stuck, full = stage.join(audience)
    others = [stage.join(audience)[1] for _ in range(2)]
    stage.do(stuck.full)
    full.waiting = BACKLOG
    stage.put(thing(1))
    assert full.given == []
    assert (stuck.live, stage.lagged) == (False, 1)
    assert others[0].ids == ["thing-1"]
    assert others[0].given[0] is others[1].given[0]
    assert stage.sent[-1] == (2, 2 * len(others[0].given[0]))
    stage.wait(1)
    stage.put(thing(2))
    assert stage.lagged == 1
    assert others[0].ids == ["thing-1", "thing-2"]


def test_who_lags_gets_the_newest_of_everything_and_is_live_again(stage: Stage) -> None:
    """What was superseded while it could not read is never sent to it."""
    audience = stage.audience()
    stage.put(thing(1), thing(2))
    stage.wait(1)
    subscriber, socket = stage.join(audience)
    stage.do(subscriber.full)
    socket.waiting = BACKLOG
    for version in range(5):
        stage.put(thing(1, name=str(version)))
        stage.wait(1)
    assert socket.given == []
    socket.waiting = 0
    stage.do(subscriber.room)
    assert [event.data["name"] for event in socket.events] == ["4"]
    assert subscriber.live
    stage.put(thing(2, name="newer"))
    assert [event.data["name"] for event in socket.events] == ["4", "newer"]
    stage.do(subscriber.full)
    socket.waiting = BACKLOG
    stage.put(thing(1, name="5"))
    stage.wait(1)
    socket.waiting = 0
    stage.do(subscriber.room)
    assert [event.data["name"] for event in socket.events] == ["4", "newer", "5"]


@pytest.mark.parametrize(("more", "lags"), [(-1, False), (0, False), (1, True)])
def test_a_socket_takes_as_much_as_the_backlog_may_be(
    stage: Stage,
    more: int,
    lags: bool,  # noqa: FBT001 - a case
) -> None:
    """It lags when what waits and what is new would be more than may wait."""
    audience = stage.audience()
    _, other = stage.join(audience)
    stage.put(thing(1))
    subscriber, socket = stage.join(audience)
    stage.do(subscriber.full)
    stage.wait(1)
    socket.waiting = BACKLOG - len(other.given[0]) + more
    stage.put(thing(2))
    assert subscriber.live is not lags
    assert len(socket.given) == (not lags)


def test_an_empty_socket_takes_everything(stage: Stage) -> None:
    """Where nothing waits there is room, even for more than the backlog."""
    subscriber, socket = stage.join(stage.audience())
    stage.put(thing(1, properties={"Text": "x" * 2 * BACKLOG}))
    assert socket.ids == ["thing-1"]
    assert subscriber.live
    assert stage.lagged == 0


def test_a_newcomer_reads_what_is_held_and_what_is_new_once(stage: Stage) -> None:
    """Nothing is missed or sent twice between reading on by itself and being written to."""
    audience = stage.audience()
    stage.settle(thing(1), thing(2))
    subscriber, socket = stage.join(audience, 0)
    assert subscriber.live
    stage.put(thing(3))
    assert socket.ids == ["thing-1", "thing-2", "thing-3"]
    assert [event.name for event in socket.events][2:4] == ["shard", "scan.completed"]


def test_a_newcomer_with_a_full_socket_waits_for_room(stage: Stage) -> None:
    """It is written nothing before there is room, and everything then."""
    audience = stage.audience()
    stage.settle(thing(1))
    subscriber = Subscriber(stage.hub, audience)
    subscriber.reader = Reader(0, stage.hub.flushed)
    socket = Socket(stage.loop, PLAIN)
    stage.do(partial(subscriber.begin, socket, [], full=True))
    stage.settle(thing(1), thing(2))
    assert (socket.given, subscriber.live) == ([], False)
    stage.do(subscriber.room)
    assert socket.ids == ["thing-1", "thing-2"]


# ---- those who come with what they know


def test_who_knows_something_waits_until_all_was_seen_once(stage: Stage) -> None:
    """Until then it is sent what is new to it; then what is gone, and the mark."""
    audience = stage.audience()
    known = {thing(1).arn: thing(1).hash, thing(9).arn: "gone"}
    subscriber, socket = stage.join(audience, 0, known)
    stage.put(thing(1), thing(2))
    assert (subscriber.live, socket.ids) == (False, ["thing-2"])
    stage.settle(thing(1), thing(2))
    assert (subscriber.live, socket.ids) == (True, ["thing-2"])
    names = [event.name for event in socket.events]
    assert names[-2:] == ["resource.removed", "scan.completed"]
    assert socket.events[-2].data["arn"] == thing(9).arn
    assert audience.waiting == audience.unsure == set()


def test_who_is_unsure_is_told_when_all_of_a_region_was_seen(stage: Stage) -> None:
    """It is live meanwhile; after the round that saw the rest it hears what is gone."""
    audience = stage.audience(types=[TYPE, "A::B::C"])
    stage.settle(thing(1))
    stage.settle(type_="A::B::C", status="denied")
    subscriber, socket = stage.join(audience, 0, {thing(9).arn: "gone?"})
    assert (subscriber.live, audience.unsure) == (True, {subscriber})
    stage.settle(thing(1), thing(2))
    assert socket.ids == ["thing-1", "thing-2"]
    assert "resource.removed" not in [event.name for event in socket.events]
    stage.settle(type_="A::B::C")
    assert [event.name for event in socket.events].count("resource.removed") == 1
    assert (subscriber.live, audience.unsure) == (True, set())
    stage.settle(thing(1), thing(2), thing(3))
    assert socket.ids == ["thing-1", "thing-2", "thing-3"]


# ---- silence


def test_a_keep_alive_is_sent_at_least_every_thirteen_seconds(stage: Stage) -> None:
    """Whenever it joined, a socket is never silent for longer, and each is spared the others'."""
    audience = stage.audience()
    sockets = []
    for _ in range(20):
        sockets.append((stage.loop.time(), stage.join(audience)[1]))
        stage.wait(0.37)
    stage.wait(5 * SILENCE)
    for joined, socket in sockets:
        times = [joined, *socket.at]
        pauses = [after - before for before, after in pairwise(times)]
        assert len(pauses) >= 5
        assert max(pauses) < CONTRACT
        assert SILENCE - 1 < pauses[0] <= SILENCE + 1e-6
        assert pauses[1:] == [pytest.approx(SILENCE)] * len(pauses[1:])
        assert set(socket.given) == {SSE.keep_alive}


def test_there_is_one_timer_for_all(stage: Stage) -> None:
    """A thousand sockets need no more timers than one, and none when they are gone."""
    audience = stage.audience()
    everyone = []
    for _ in range(300):
        everyone.append(stage.join(audience)[0])
        stage.wait(0.05)
        assert stage.loop.timers == 1
    stage.wait(20)
    assert stage.loop.timers == 1
    stage.do(*[subscriber.left for subscriber in everyone])
    stage.wait(1)
    assert stage.loop.timers == 0
    _, socket = stage.join(audience)
    stage.wait(SILENCE)
    assert socket.given == [SSE.keep_alive]


def test_a_full_socket_is_not_kept_alive(stage: Stage) -> None:
    """It has enough that waits."""
    subscriber, socket = stage.join(stage.audience())
    socket.waiting = BACKLOG
    stage.wait(2 * SILENCE)
    assert socket.given == []
    socket.waiting = BACKLOG - 1
    stage.wait(SILENCE)
    assert socket.given == [SSE.keep_alive]
    assert subscriber.live


def test_nothing_is_written_behind_the_end(stage: Stage) -> None:
    """A client that is slow to read the end gets nothing behind it: the answer is over."""
    subscriber, socket = stage.join(stage.audience(PACKED))
    socket.waiting = 1000
    stage.do(partial(subscriber.end, "deadline"))
    assert socket.closed
    given = len(socket.given)
    stage.wait(SILENCE)
    assert len(socket.given) == given


# ---- ends


def test_a_stream_says_why_it_ends_and_closes(stage: Stage) -> None:
    """The reason is the first that there was, and a compressed stream has its proper end."""
    audience = stage.audience(PACKED)
    stage.join(audience)
    stage.put(thing(1))
    stage.wait(1)
    subscriber, socket = stage.join(audience)
    stage.put(thing(1, name="newer"))
    stage.wait(2 * SILENCE)
    stage.do(partial(subscriber.end, "revoked", 1234), partial(subscriber.end, "deadline", 1))
    reading = Reading(PACKED)
    *_, last = reading.feed(PACKED.opening() + b"".join(socket.given))
    assert (last.name, last.data) == ("closing", {"reason": "revoked", "retry": 1234})
    assert reading.whole
    assert socket.closed
    assert not socket.aborted
    assert subscriber.ended == "revoked"
    stage.put(thing(2))
    assert socket.ids == ["thing-1"]


def test_a_full_socket_is_told_why_when_there_is_room(stage: Stage) -> None:
    """The end waits like everything else, and says how far it is."""
    subscriber, socket = stage.join(stage.audience())
    stage.do(subscriber.full)
    stage.do(partial(subscriber.end, "shutdown"))
    assert socket.given == []
    stage.do(subscriber.room)
    assert [event.name for event in socket.events] == ["closing"]
    assert socket.closed


def test_a_socket_that_takes_nothing_for_too_long_is_cut(stage: Stage) -> None:
    """It has been full for as long as it may be; one that had room in between has not."""
    audience = stage.audience()
    (stuck, cut), (slow, spared) = stage.join(audience), stage.join(audience)
    stage.do(stuck.full, slow.full)
    stage.wait(PATIENCE - 1)
    stage.do(slow.room, slow.full)
    stage.wait(2)
    assert (cut.aborted, stuck.ended, stuck.live) == (True, "slow", False)
    assert (spared.aborted, slow.ended) == (False, None)


def test_an_audience_whose_view_fails_ends_and_others_go_on(stage: Stage) -> None:
    """Its streams say `error`; everyone else is written to in the same tick, as before."""

    def fails(found: Resource) -> bool:
        raise ValueError(found.name + SECRET)

    good = [stage.join(stage.audience())[1] for _ in range(5)]
    broken, bad = stage.join(stage.audience(wanted=fails))
    others = [stage.join(stage.audience(PACKED))[1] for _ in range(5)]
    with capture_logs() as logs:
        stage.put(thing(1))
    assert [event.data["reason"] for event in bad.events] == ["error"]
    assert bad.closed
    assert broken.ended == "error"
    assert all(socket.ids == ["thing-1"] for socket in (*good, *others))
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert logs[0]["error"] == "ValueError"
    assert SECRET not in str(logs)
    stage.wait(1)
    stage.put(thing(2))
    assert all(socket.ids == ["thing-1", "thing-2"] for socket in (*good, *others))


def test_who_was_not_told_because_of_an_error_comes_back_for_it(stage: Stage) -> None:
    """The end has a number before what failed, so that nothing of it is lost."""
    failures = [ValueError(SECRET)]

    def frame(name: str, number: str, data: bytes, retry: int | None) -> bytes:
        if name == "resource" and failures:
            raise failures.pop()
        return SSE.frame(name, number, data, retry)

    audience = stage.audience(Wire(msgspec.structs.replace(SSE, frame=frame), chunked=False))
    _, socket = stage.join(audience)
    with capture_logs():
        stage.put(thing(1))
    stage.wait(1)
    [last] = socket.events
    assert last.name == "closing"
    stage.put(thing(2))
    _, again = stage.join(audience, audience.view.number_of(last.id, stage.numbers.last) or 0)
    assert again.ids == ["thing-1", "thing-2"]


def test_one_who_has_left_leaves_nothing_behind(stage: Stage) -> None:
    """No audience, no slot and no timer of it is left, whatever state it was in."""
    audience = stage.audience()
    stage.settle(thing(1))
    live, _ = stage.join(audience)
    lagging, stuck = stage.join(audience)
    stage.do(lagging.full)
    stuck.waiting = BACKLOG
    stage.put(thing(1), thing(2))
    unsure, _ = stage.join(audience, 0, {"arn:aws:ec2:us-east-1:1:thing/1": "elsewhere"})
    waiting, _ = stage.join(stage.audience(types=["A::B::C"]), 0, {thing(9).arn: "?"})
    ended, closing = stage.join(audience)
    stage.do(partial(ended.end, "deadline"))
    everyone = [live, lagging, unsure, waiting, ended]
    assert [one.live for one in everyone] == [True, False, True, False, False]
    assert audience.unsure == {unsure}
    assert waiting.audience.waiting == {waiting}
    stage.do(*[one.left for one in everyone])
    for one in everyone:
        of = one.audience
        assert not of.subscribers | of.live | of.waiting | of.unsure
        assert one.slot is not None
        assert one not in one.slot
    stage.wait(2 * PATIENCE)
    assert stage.loop.timers == 0
    assert (stuck.aborted, closing.aborted) == (False, False)


def test_an_audience_without_subscribers_is_kept_right(stage: Stage) -> None:
    """Nobody is written to, but who comes back finds what its filter lets through."""
    audience = stage.audience(wanted=lambda found: found.name != "hidden")
    stage.put(thing(1), thing(2), thing(3))
    stage.wait(1)
    stage.put(thing(2, name="hidden"))
    assert stage.sent == []
    assert stage.join(audience, 0)[1].ids == ["thing-1", "thing-3"]
