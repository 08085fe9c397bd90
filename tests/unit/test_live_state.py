"""Whatever happens in whatever order, a client ends up holding what AWS holds.

A machine of feeds, a hub and clients is driven at random: AWS changes, sweeps run side by side
and fail in the middle, clients join, stall, are cut off and come back, views are dropped.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proxyd.alarms import Alarms
from proxyd.events import ScanStarted, ShardEnded
from proxyd.live.feed import Feed, Memory, Numbers, Sweep
from proxyd.live.feed import Held as Shard
from proxyd.live.hub import Audience, Hub, Subscriber
from proxyd.live.part import Part, Settled
from proxyd.live.view import Reader, View
from proxyd.model import Resource, Status, Target
from proxyd.sse import SSE
from proxyd.wire import Wire

from .fakes import ACCOUNT, thing
from .subscribers import HIGH, FakeSocket, Held, Reading
from .virtual import VirtualLoop

SHARDS = [("a", "T::One::A"), ("a", "T::One::B"), ("b", "T::Two::C")]
"""Feed and type of each shard; all are in one region."""

VIEWS: list[tuple[tuple[int, ...], bool, Wire]] = [
    ((0, 1), False, Wire(SSE)),
    ((0,), False, Wire(SSE, gzip=True)),
    ((0, 1, 2), False, Wire(SSE, chunked=False)),
    ((0, 1), True, Wire(SSE, gzip=True, chunked=False)),
    ((1, 2), True, Wire(SSE)),
]
"""Which shards, whether filtered, and how it is written."""

BACKLOG = 3 * 1024
PIECE = 1500
STATUSES: list[Status] = ["denied", "throttled", "timeout", "failed", "ok"]

shards = st.integers(0, len(SHARDS) - 1)
numbers = st.integers(1, 6)
clients = st.integers(0, 3)


def wanted(found: Resource) -> bool:
    """Filter by a tag."""
    return found.tags.get("env") == "prod"


class Client:
    """A client and, while it is connected, its stream."""

    def __init__(self) -> None:
        self.view = 0
        self.held = Held()
        self.claimed: set[str] = set()
        self.socket: FakeSocket | None = None
        self.subscriber: Subscriber | None = None
        self.reading: Reading | None = None

    @property
    def connected(self) -> bool:
        """Whether it has a stream."""
        return self.subscriber is not None


class Live(RuleBasedStateMachine):
    """Feeds, a hub and clients, without AWS and without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.numbers = Numbers()
        self.hub = Hub(
            self.numbers,
            Alarms(),
            backlog=BACKLOG,
            patience=1e9,
            sent=lambda *_: None,
            fell_behind=lambda: None,
        )
        memory = Memory()
        self.memory = memory
        self.feeds = {name: Feed(self.numbers, memory, self.hub.publish) for name in "ab"}
        self.aws: dict[int, dict[int, int]] = defaultdict(dict)
        self.told: dict[int, dict[int, int]] = defaultdict(dict)
        self.sweeps: dict[int, tuple[Sweep, Shard, set[int]]] = {}
        self.audiences: dict[int, Audience] = {}
        self.clients = [Client() for _ in range(4)]
        self.reads = True

    def teardown(self) -> None:
        """End what still runs."""
        self.loop.close()

    # ---- AWS

    @rule(shard=shards, number=numbers, version=st.integers(1, 4))
    def put(self, shard: int, number: int, version: int) -> None:
        """Make or change a resource; several shards may list the same one."""
        self.aws[shard][number] = version

    @rule(shard=shards, number=numbers)
    def delete(self, shard: int, number: int) -> None:
        """Delete a resource."""
        self.aws[shard].pop(number, None)

    @initialize(
        views=st.lists(st.integers(0, len(VIEWS) - 1), min_size=4, max_size=4),
        versions=st.lists(st.integers(0, 4), min_size=18, max_size=18),
    )
    def start(self, views: list[int], versions: list[int]) -> None:
        """Begin with clients who have seen a whole AWS."""
        for client, view in enumerate(views):
            self.join(client, view, known=False)
        for place, version in enumerate(versions):
            if version:
                self.put(place % 3, place // 3 + 1, version)
        for shard in range(len(SHARDS)):
            self.begin(shard)
            self.end(shard, "ok")

    # ---- sweeps

    @rule(
        shard=shards,
        changes=st.dictionaries(numbers, st.integers(0, 4), min_size=1, max_size=4),
        status=st.sampled_from(STATUSES),
        seen=st.sets(numbers),
    )
    def look(self, shard: int, changes: dict[int, int], status: Status, seen: set[int]) -> None:
        """Change AWS and run a shard at once; one that fails has seen a part."""
        for number, version in changes.items():
            if version:
                self.put(shard, number, version)
            else:
                self.delete(shard, number)
        self.begin(shard)
        for number in sorted(seen):
            self.find(shard, number)
        self.end(shard, status)

    @rule(shard=shards)
    def begin(self, shard: int) -> None:
        """Begin to run a shard that somebody watches."""
        feed, type_ = SHARDS[shard]
        held = self.feeds[feed].shards.get((type_, "eu-west-1"))
        if shard not in self.sweeps and held is not None:
            self.sweeps[shard] = (Sweep(self.feeds[feed], held), held, set())

    @rule(shard=shards, number=numbers)
    def find(self, shard: int, number: int) -> None:
        """Find one resource, if it is there."""
        if shard in self.sweeps and number in self.aws[shard]:
            self._find(shard, number)

    @rule(shard=shards, status=st.sampled_from(STATUSES))
    def end(self, shard: int, status: Status) -> None:
        """End a run; one that ends well has found all that there is."""
        if shard not in self.sweeps:
            return
        if status == "ok":
            for number in self.aws[shard]:
                self._find(shard, number)
        sweep, held, seen = self.sweeps.pop(shard)
        if status == "ok" and not held.forgotten:
            self.told[shard] = {n: v for n, v in self.told[shard].items() if n in seen}
        feed, type_ = SHARDS[shard]

        async def settle() -> None:
            sweep.ended(_ended(type_, status, len(seen)))
            self.hub.publish(Settled(self.numbers.next(), self.feeds[feed], 1))

        self.loop.run(settle())

    def _find(self, shard: int, number: int) -> None:
        sweep, held, seen = self.sweeps[shard]
        version = self.aws[shard][number]
        seen.add(number)
        if not held.forgotten:
            self.told[shard][number] = version

        async def found() -> None:
            sweep.found(_resource(shard, number, version))

        self.loop.run(found())

    # ---- clients

    @rule(client=clients, view=st.integers(0, len(VIEWS) - 1), known=st.booleans())
    def join(self, client: int, view: int, known: bool) -> None:  # noqa: FBT001 - hypothesis calls it
        """Open a stream, as a newcomer or with what is known from before."""
        one = self.clients[client]
        if not one.connected:
            before, one.held, one.view = one.held, Held(), view
            self._connect(one, known=before.resources if known else None)

    @rule(client=clients)
    def come_back(self, client: int) -> None:
        """Open a stream with the id of the last event."""
        one = self.clients[client]
        if not one.connected and one.held.last_id is not None:
            self._connect(one, last_id=one.held.last_id)

    @rule(client=clients)
    def stall(self, client: int) -> None:
        """Stop reading."""
        socket = self.clients[client].socket
        if socket is not None:
            self._read(self.clients[client])
            socket.stalled = True

    @rule(client=clients)
    def sip(self, client: int) -> None:
        """Read a little, and stop again."""
        socket = self.clients[client].socket
        if socket is not None:
            self.loop.run(_calling(partial(socket.sip, HIGH)))

    @rule(client=clients)
    def read_again(self, client: int) -> None:
        """Read on."""
        socket = self.clients[client].socket
        if socket is not None:
            self.loop.run(_calling(socket.flow))

    @rule(
        client=clients,
        view=st.integers(0, len(VIEWS) - 1),
        known=st.booleans(),
        stalled=st.booleans(),
    )
    def change(self, client: int, view: int, known: bool, stalled: bool) -> None:  # noqa: FBT001 - hypothesis calls it
        """Leave, and open another stream, which may not be read at once."""
        self.vanish(client)
        self.reads = not stalled
        self.join(client, view, known)
        self.reads = True

    @rule(client=clients, stalled=st.booleans())
    def blink(self, client: int, stalled: bool) -> None:  # noqa: FBT001 - the same
        """Be cut off, and come back."""
        self.vanish(client)
        self.reads = not stalled
        self.come_back(client)
        self.reads = True

    @rule(client=clients)
    def vanish(self, client: int) -> None:
        """Be cut off: what was on its way is lost."""
        one = self.clients[client]
        if one.subscriber is not None:
            self._read(one)
            one.subscriber.left()
            one.subscriber = one.socket = None

    @rule(client=clients)
    def closed(self, client: int) -> None:
        """Be told to go: the stream has a proper end, and its id can be gone on from."""
        one = self.clients[client]
        if one.subscriber is None or one.socket is None:
            return
        self.loop.run(self._close(one.socket, one.subscriber))
        self._read(one)
        assert one.socket.closed
        assert one.held.names[-1] == "closing"
        assert one.reading is not None
        assert one.reading.whole
        one.subscriber.left()
        one.subscriber = one.socket = None

    async def _close(self, socket: FakeSocket, subscriber: Subscriber) -> None:
        socket.flow()
        subscriber.end("deadline")

    @rule(view=st.integers(0, len(VIEWS) - 1))
    def drop(self, view: int) -> None:
        """Forget a view that nobody has come back to, and the shards that were its own."""
        audience = self.audiences.get(view)
        if audience is None or audience.subscribers:
            return
        del self.audiences[view]
        self.hub.audiences.discard(audience)
        left = {held for other in self.audiences.values() for held in other.view.shards}
        for held in audience.view.shards - left:
            shard = next(i for i, (_, type_) in enumerate(SHARDS) if type_ == held.type)
            self.feeds[SHARDS[shard][0]].forget(held)
            self.told[shard] = {}
            self.sweeps.pop(shard, None)

    @rule()
    def tick(self) -> None:
        """Let time pass."""
        self.loop.run(asyncio.sleep(0.2))

    @rule()
    def minute(self) -> None:
        """Let so much time pass that keep-alives are sent."""
        self.loop.run(asyncio.sleep(30))

    # ---- what must hold

    @invariant()
    def clients_hold_what_was_last_seen(self) -> None:
        """Who is connected and reads holds what the shards of its view have last been seen with."""
        # Far more than a tick, even where the hub has to make room for seconds of its own work,
        # which it measures by the real clock: a collection of garbage may come in between.
        self.loop.run(asyncio.sleep(120))
        for client in self.clients:
            if client.socket is None or client.socket.stalled:
                continue
            self._read(client)
            selected, filtered, _ = VIEWS[client.view]
            expected: dict[str, set[str]] = defaultdict(set)
            for shard in selected:
                for number, version in self.told[shard].items():
                    found = _resource(shard, number, version)
                    if not filtered or wanted(found):
                        expected[found.arn].add(found.hash)
            extra = client.held.resources.keys() - expected.keys()
            assert client.held.resources.keys() >= expected.keys()
            assert not extra or (extra <= client.claimed and not self._whole(client.view))
            for arn, hashes in expected.items():
                assert client.held.resources[arn]["hash"] in hashes

    @invariant()
    def nothing_waits_without_bound(self) -> None:
        """No socket ever holds more than its backlog and one piece."""
        for client in self.clients:
            if client.socket is not None:
                assert client.socket.most < BACKLOG + 2 * 64 * 1024

    @invariant()
    def the_count_of_bytes_is_right(self) -> None:
        """What is held is counted, and given back when it goes."""
        if not any(feed.shards for feed in self.feeds.values()):
            assert self.memory.size == 0

    # ---- how

    def _whole(self, view: int) -> bool:
        """Whether all shards of a view have ended well: then nothing is left to guess."""
        return all(
            held.ended is not None and held.ended.status == "ok"
            for held in self.audiences[view].view.shards
        )

    def _read(self, client: Client) -> None:
        assert client.socket is not None
        assert client.reading is not None
        data, client.socket.taken = client.socket.taken, b""
        for event in client.reading.feed(data):
            client.held.apply(event)

    def _connect(
        self, client: Client, *, last_id: str | None = None, known: dict[str, Any] | None = None
    ) -> None:
        self.loop.run(self._open(client, last_id, known))

    async def _open(
        self, client: Client, last_id: str | None, known: dict[str, Any] | None
    ) -> None:
        audience = self._audience(client.view)
        view = audience.view
        number, reset = 0, None
        if last_id is not None:
            told = view.number_of(last_id, self.numbers.last)
            reset = "replay_unavailable" if told is None else None
            number = told or 0
        subscriber = Subscriber(self.hub, audience)
        hashes = {arn: data["hash"] for arn, data in known.items()} if known else None
        subscriber.reader = Reader(number, number or self.hub.flushed, hashes)
        if last_id is None:
            client.claimed = set(known or ())
            client.held.resources = dict(known or {})
        client.subscriber, client.socket = subscriber, FakeSocket(stalled=not self.reads)
        client.socket.subscriber = subscriber
        client.reading = Reading(view.wire)
        client.socket.write(view.wire.opening())
        subscriber.begin(client.socket, view.opening(number, reset))

    def _audience(self, index: int) -> Audience:
        audience = self.audiences.get(index)
        if audience is None:
            audience = self.audiences[index] = Audience(self._view(index))
            self.hub.audiences.add(audience)
            for _ in audience.view.prepare():
                pass
        return audience

    def _view(self, index: int) -> View:
        selected, filtered, wire = VIEWS[index]
        parts = []
        for name, feed in self.feeds.items():
            mine = [SHARDS[i][1] for i in selected if SHARDS[i][0] == name]
            if mine:
                held = frozenset(feed.follow(type_, "eu-west-1") for type_ in mine)
                parts.append(Part(feed, held, _started(name), _target(name)))
        epoch = f"{index:016x}"
        return View(
            parts,
            wire,
            epoch,
            flushed=self.hub.flushed,
            wanted=wanted if filtered else None,
            piece=PIECE,
        )


async def _calling(call: Callable[[], None]) -> None:
    """Call something where there is a loop."""
    call()


def _resource(shard: int, number: int, version: int) -> Resource:
    """Make a version of a resource; all shards list the same ARNs."""
    return thing(
        arn=f"arn:aws:ec2:eu-west-1:{ACCOUNT}:thing/{number}",
        type=SHARDS[shard][1],
        tags={"env": "prod" if version % 2 else "test"},
        properties={"Version": version, "Padding": "x" * 500},
    )


def _ended(type_: str, status: Status, resources: int) -> ShardEnded:
    return ShardEnded(
        type=type_,
        region="eu-west-1",
        account=ACCOUNT,
        status=status,
        resources=resources,
        calls=1,
        ms=1,
    )


def _started(target: str) -> ScanStarted:
    return ScanStarted(
        scan="s",
        target=target,
        account=ACCOUNT,
        partition="aws",
        mode="watch",
        regions=["eu-west-1"],
        types=[],
        shards=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _target(name: str) -> Target:
    return Target(name=name, role_arn=f"arn:aws:iam::{ACCOUNT}:role/r", external_id="x")


Live.TestCase.settings = settings(max_examples=1000, stateful_step_count=40, deadline=None)
TestLive = Live.TestCase
