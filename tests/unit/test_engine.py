"""How shards are run: side by side within bounds, and each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from typing import Any

import pytest

from proxyd.allowance import Allowance
from proxyd.engine import Engine, RunningShard, Work
from proxyd.errors import AwsError, DeclarationError
from proxyd.events import Event, ShardEnded
from proxyd.listing import listing, pages
from proxyd.model import Link, Resource, Scanner, Shard

from .fakes import REGION, TYPE, Emitted, FakeShard, open_fake, scanner, thing

FOREVER = 60.0


def engine(at_once: int = 8, seconds: float = FOREVER) -> Engine:
    """Make an engine that is in no hurry."""
    return Engine(shards_at_once=at_once, shard_seconds=seconds)


def finding(*found: object) -> Scanner:
    """Make a scanner that yields resources, and raises what is an exception."""

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        del shard
        for each in found:
            await asyncio.sleep(0)
            if isinstance(each, BaseException):
                raise each
            yield each  # type: ignore[misc] # what is no resource is given on purpose

    return scanner(scan=scan, fields=("State",))


def works(*scanners: Scanner) -> list[Work]:
    """Make one shard of each scanner."""
    return [Work(s, f"r{i}") for i, s in enumerate(scanners)]


async def run(*scanners: Scanner, **kwargs: Any) -> Emitted:
    """Run one shard of each scanner to its end."""
    emitted = Emitted()
    await engine(**kwargs).run(works(*scanners), open_fake, emitted)
    return emitted


async def ended(one: Scanner, **kwargs: Any) -> ShardEnded:
    """Run one scanner and return how its shard ended."""
    [shard] = (await run(one, **kwargs)).of(ShardEnded)
    assert isinstance(shard, ShardEnded)
    return shard


async def turns() -> None:
    """Let all that can run do so, many times over."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_shard_emits_its_resources_and_then_its_end() -> None:
    """Resources come in order; the end counts them, and comes last."""
    emitted = await run(finding(thing(1), thing(2)))
    *resources, shard = emitted.events
    assert resources == [thing(1), thing(2)]
    assert isinstance(shard, ShardEnded)
    assert (shard.type, shard.region, shard.account) == (TYPE, "r0", thing().account)
    assert (shard.status, shard.resources, shard.code, shard.action) == ("ok", 2, None, None)


async def test_nothing_found_is_ok() -> None:
    """A shard without resources ends `ok` with none: never in silence."""
    shard = await ended(finding())
    assert (shard.status, shard.resources) == ("ok", 0)


async def test_without_work_nothing_happens() -> None:
    """No shards are no events."""
    assert (await run()).events == []


async def test_the_calls_of_a_shard_are_told() -> None:
    """What a shard asked of AWS is in its end."""
    shard = FakeShard({"DescribeThings": [{"Things": [{"Id": "a"}]}, {}]})
    one = listing(TYPE, calls=pages("ec2", "DescribeThings", "Things[]"), arn="arn:{Id}")
    emitted = Emitted()
    await engine().run([Work(one, REGION)], lambda *_: shard, emitted)
    [end] = emitted.of(ShardEnded)
    assert (end.calls, end.resources) == (2, 1)


FAILURES: list[tuple[BaseException, str, str]] = [
    (AwsError("throttled", "SlowDown"), "throttled", "SlowDown"),
    (RuntimeError("secret"), "failed", "RuntimeError"),
    (TimeoutError(), "timeout", "ShardTimeout"),
    (DeclarationError("x"), "failed", "UndeclaredByScanner"),
    (ExceptionGroup("g", [AwsError("denied", "AccessDenied")]), "denied", "AccessDenied"),
    (
        ExceptionGroup("g", [ExceptionGroup("h", [KeyError("secret")]), ValueError()]),
        "failed",
        "KeyError",
    ),
    (StopAsyncIteration(), "failed", "RuntimeError"),
    (asyncio.CancelledError(), "cancelled", "CancelledError"),
]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    FAILURES,
    ids=lambda v: type(v).__name__ if isinstance(v, BaseException) else v,
)
async def test_a_failing_shard_ends_alone(failure: BaseException, status: str, code: str) -> None:
    """Whatever a scanner raises becomes its own shard's end; what it found before stays."""
    good = finding(thing(2), thing(3))
    emitted = await run(good, finding(thing(1), failure), good, good, at_once=2)
    ends = {shard.region: shard for shard in emitted.of(ShardEnded)}
    assert ends.keys() == {"r0", "r1", "r2", "r3"}
    assert (ends["r1"].status, ends["r1"].code, ends["r1"].resources) == (status, code, 1)
    assert all(ends[region].status == "ok" for region in ("r0", "r2", "r3"))
    assert "secret" not in repr(emitted.events)


async def test_a_refused_action_is_told() -> None:
    """The end of a denied shard names the action that a policy would have to grant."""
    shard = await ended(finding(AwsError("denied", "AccessDenied", action="ec2:DescribeVpcs")))
    assert (shard.code, shard.action) == ("AccessDenied", "ec2:DescribeVpcs")


async def test_a_shard_may_be_incomplete_and_go_on() -> None:
    """What a scanner notes as unseen decides the status, and ends nothing."""

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        shard.incomplete(AwsError("denied", "AccessDenied"))
        yield thing()

    shard = await ended(scanner(scan=scan))
    assert (shard.status, shard.resources) == ("denied", 1)


async def test_a_scan_that_is_no_generator_fails_its_shard() -> None:
    """A plugin that raises before it yields, or gives something else, fails alone."""

    def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        raise TypeError(str(shard))

    assert (await ended(scanner(scan=scan))).code == "TypeError"


# What a scanner did not declare.


@pytest.mark.parametrize(
    "undeclared",
    [
        thing(2, properties={"Secret": "x"}),
        thing(2, properties={"State": "on", "Secret": "x"}),
        thing(2, type="AWS::EC2::Other"),
    ],
)
async def test_nothing_undeclared_leaves_a_shard(undeclared: Resource) -> None:
    """A property or type that was not declared ends the shard before it is seen."""
    declared = thing(1, properties={"State": "on"})
    emitted = await run(finding(declared, undeclared, thing(3)))
    assert emitted.of(Resource) == [declared]
    [shard] = emitted.of(ShardEnded)
    assert (shard.status, shard.code) == ("failed", "UndeclaredByScanner")


async def test_what_is_no_resource_fails_the_shard() -> None:
    """A scanner that yields something else is at fault, and it is not sent."""
    emitted = await run(finding({"arn": "x"}))
    [shard] = emitted.events
    assert isinstance(shard, ShardEnded)
    assert shard.status == "failed"


# Filters.


async def test_only_what_is_wanted_is_emitted_and_counted() -> None:
    """A filter drops resources before anyone waits for them."""
    emitted = Emitted()
    await engine().run(
        works(finding(thing(1), thing(2), thing(3))),
        open_fake,
        emitted,
        lambda resource: resource.id != "thing-2",
    )
    assert emitted.of(Resource) == [thing(1), thing(3)]
    assert emitted.of(ShardEnded)[0].resources == 2


async def test_a_filter_that_fails_fails_its_shard_only() -> None:
    """A fault in a filter is not the end of the stream."""

    def wanted(resource: Resource) -> bool:
        raise ValueError(resource.id)

    emitted = Emitted()
    await engine().run(works(finding(thing()), finding()), open_fake, emitted, wanted)
    assert sorted(shard.status for shard in emitted.of(ShardEnded)) == ["failed", "ok"]


# Time. It is what these are about, so they let some pass.


async def test_a_scanner_that_takes_too_long_times_out() -> None:
    """A shard that finds nothing in its time ends as `timeout`, with what it had."""
    closed = asyncio.Event()

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        del shard
        try:
            yield thing(1)
            await asyncio.Event().wait()
        finally:
            closed.set()

    shard = await ended(scanner(scan=scan), seconds=0.02)
    assert (shard.status, shard.code, shard.resources) == ("timeout", "ShardTimeout", 1)
    assert closed.is_set()


async def test_the_time_of_a_shard_adds_up() -> None:
    """Many short waits are one long one: the time is that of the shard, not of a step."""

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        del shard
        for number in range(100):
            await asyncio.sleep(0.02)
            yield thing(number)

    shard = await ended(scanner(scan=scan), seconds=0.1)
    assert shard.status == "timeout"
    assert shard.resources <= 5


async def test_the_clock_stands_while_the_reader_is_slow() -> None:
    """What `emit` takes is not the scanner's time, however long it is."""

    async def slow(work: Work, event: Event) -> None:
        await emitted(work, event)
        await asyncio.sleep(0.15)

    emitted = Emitted()
    await engine(seconds=0.1).run(works(finding(thing(1), thing(2), thing(3))), open_fake, slow)
    [shard] = emitted.of(ShardEnded)
    assert (shard.status, shard.resources) == ("ok", 3)
    assert shard.ms >= 400


async def test_a_timeout_ends_its_own_shard_only() -> None:
    """A hanging scanner takes no one along."""

    async def hang(shard: Shard) -> AsyncGenerator[Resource, None]:
        await asyncio.Event().wait()
        yield shard.resource(arn="never", id="never")

    emitted = await run(scanner(scan=hang), finding(thing()), at_once=1, seconds=0.02)
    assert [shard.status for shard in emitted.of(ShardEnded)] == ["timeout", "ok"]


# Bounds.


@pytest.mark.parametrize(("at_once", "shards", "most"), [(1, 4, 1), (3, 10, 3), (8, 5, 5)])
async def test_so_many_shards_run_at_once_and_no_more(at_once: int, shards: int, most: int) -> None:
    """The bound is reached where there is work for it, and never passed."""
    running = 0
    seen: list[int] = []
    full = asyncio.Event()

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        nonlocal running
        running += 1
        seen.append(running)
        if running == most:
            full.set()
        await full.wait()
        await turns()
        running -= 1
        yield shard.resource(arn=f"arn:{shard.region}", id="x")

    emitted = await run(*[scanner(scan=scan)] * shards, at_once=at_once)
    assert max(seen) == most
    assert len(emitted.of(ShardEnded)) == len(emitted.of(Resource)) == shards


async def test_a_blocked_reader_stops_the_asking() -> None:
    """While `emit` waits the scanner is not asked for more, and AWS for no page."""
    opened = asyncio.Event()
    blocked = asyncio.Event()
    shard = FakeShard({"DescribeThings": [{"Things": [{"Id": str(i)}]} for i in range(9)]})
    one = listing(TYPE, calls=pages("ec2", "DescribeThings", "Things[]"), arn="arn:{Id}")
    emitted = Emitted()

    async def emit(work: Work, event: Event) -> None:
        blocked.set()
        await opened.wait()
        await emitted(work, event)

    async with asyncio.TaskGroup() as group:
        group.create_task(engine().run([Work(one, REGION)], lambda *_: shard, emit))
        await blocked.wait()
        await turns()
        assert shard.calls == 1
        assert emitted.events == []
        opened.set()
    assert shard.calls == 9
    assert len(emitted.of(Resource)) == 9


async def test_a_blocked_reader_stops_the_shards_that_wait() -> None:
    """A shard is not begun as long as the ones before it can not be read."""
    opened = asyncio.Event()
    begun: list[str] = []

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        begun.append(shard.region)
        yield thing()

    async def emit(_: Work, event: Event) -> None:
        del event
        await opened.wait()

    async with asyncio.TaskGroup() as group:
        work = works(*[scanner(scan=scan)] * 6)
        group.create_task(engine(at_once=2).run(work, open_fake, emit))
        await turns()
        assert begun == ["r0", "r1"]
        opened.set()
    assert len(begun) == 6


# Cancellation.


class Closing:
    """Scanners that note when they are opened and closed."""

    def __init__(self) -> None:
        self.open = 0
        self.opened = 0

    async def scan(self, shard: Shard) -> AsyncGenerator[Resource, None]:
        """Yield one resource and wait forever."""
        del shard
        self.open += 1
        self.opened += 1
        try:
            yield thing()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.open -= 1


async def cancelled(run: Awaitable[None], when: asyncio.Event) -> None:
    """Start a run, cancel it as soon as something happened, and wait for its end."""
    task = asyncio.ensure_future(run)
    await when.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_cancelling_closes_every_generator() -> None:
    """When a stream is left its scanners have run their clean-up before the run ends."""
    scanners, emitted = Closing(), Emitted()
    all_found = asyncio.Event()

    async def emit(work: Work, event: Event) -> None:
        await emitted(work, event)
        if len(emitted.events) == 3:
            all_found.set()

    work = works(*[scanner(scan=scanners.scan)] * 5)
    await cancelled(engine(at_once=3).run(work, open_fake, emit), all_found)
    assert (scanners.opened, scanners.open) == (3, 0)
    assert emitted.of(ShardEnded) == []


async def test_cancelling_closes_generators_whose_reader_is_slow() -> None:
    """A shard that waits in `emit` is cleaned up as well."""
    scanners = Closing()
    all_wait = asyncio.Event()

    async def emit(_: Work, event: Event) -> None:
        del event
        if scanners.open == 2:
            all_wait.set()
        await asyncio.Event().wait()

    work = works(*[scanner(scan=scanners.scan)] * 2)
    await cancelled(engine().run(work, open_fake, emit), all_wait)
    assert (scanners.opened, scanners.open) == (2, 0)


async def test_cancelling_closes_the_pages_of_a_listing() -> None:
    """The paging under a declared scanner ends with it."""
    asked = asyncio.Event()
    closed = asyncio.Event()

    class Hanging(FakeShard):
        async def pages(
            self, service: str, operation: str, **params: Any
        ) -> AsyncGenerator[dict[str, Any], None]:
            del service, operation, params
            try:
                asked.set()
                await asyncio.Event().wait()
                yield {}
            finally:
                closed.set()

    one = listing(TYPE, calls=pages("ec2", "DescribeThings", "Things[]"), arn="arn:{Id}")
    run = engine().run([Work(one, REGION)], lambda *_: Hanging(), Emitted())
    await cancelled(run, asked)
    assert closed.is_set()


async def test_an_emit_that_fails_ends_the_run() -> None:
    """Where nobody can be told any more, the run ends and leaves nothing open."""
    scanners = Closing()

    async def emit(_: Work, event: Event) -> None:
        raise ConnectionError(type(event).__name__)

    with pytest.raises(ExceptionGroup) as caught:
        await engine().run(works(*[scanner(scan=scanners.scan)] * 2), open_fake, emit)
    assert caught.group_contains(ConnectionError)
    assert scanners.open == 0


async def test_shards_are_opened_when_they_are_run() -> None:
    """Each shard is opened once, for its scanner and region, not before its turn."""
    opened: list[tuple[str, str]] = []

    def open_shard(one: Scanner, region: str, allowance: Allowance) -> RunningShard:
        opened.append((one.type, region))
        return open_fake(one, region, allowance)

    await engine(at_once=1).run(works(finding(), finding()), open_shard, Emitted())
    assert opened == [(TYPE, "r0"), (TYPE, "r1")]


async def test_an_undeclared_link_ends_the_shard() -> None:
    """A relation that the scanner does not declare never leaves it."""
    linked = thing(links=(Link(rel="leads-to", type="AWS::EC2::VPC", id="vpc-1"),))
    shard = await ended(finding(linked))
    assert (shard.status, shard.code) == ("failed", "UndeclaredByScanner")


async def test_a_timeout_after_throttles_is_throttled() -> None:
    """Running out of time while AWS throttles is told as what it is."""

    def throttled(scanner_: Scanner, region: str, _: Allowance) -> RunningShard:
        shard = FakeShard(type_=scanner_.type, region=region)
        shard.throttles = 3
        return shard

    async def hang(shard: Shard) -> AsyncGenerator[Resource, None]:
        await asyncio.Event().wait()
        yield shard.resource(arn="never", id="never")

    emitted = Emitted()
    await engine(seconds=0.02).run(works(scanner(scan=hang)), throttled, emitted)
    [shard] = emitted.of(ShardEnded)
    assert (shard.status, shard.code) == ("throttled", "ShardTimeout")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "not a resource",
        thing(account="999999999999"),
        thing(type="AWS::Other::Thing"),
        thing(properties={"State": {"SecretString": "hunter2"}}),
        thing(properties={"State": [["nested"]]}),
    ],
)
async def test_what_is_no_declared_resource_ends_the_shard_as_failed(odd: object) -> None:
    """Nothing odd leaves a scanner, and what came before it stands."""
    shard = await ended(finding(thing(1), odd, thing(2)))
    assert (shard.status, shard.code, shard.resources) == ("failed", "UndeclaredByScanner", 1)


async def test_every_refused_action_is_told() -> None:
    """Where more than one action was refused, the shard names all of them."""

    async def twice(shard: Shard) -> AsyncGenerator[Resource, None]:
        for action in ("tag:GetResources", "sqs:GetQueueAttributes"):
            shard.incomplete(AwsError("denied", "AccessDenied", action=action))
        yield thing()

    shard = await ended(scanner(scan=twice))
    assert shard.action == "tag:GetResources"
    assert shard.actions == ["sqs:GetQueueAttributes", "tag:GetResources"]


async def test_a_shard_says_which_kind_of_policy_refused_each_action() -> None:
    """The cause of the first is its own; those of the others stand beside it, where known."""

    async def scan(shard: Shard) -> AsyncGenerator[Resource, None]:
        for action, cause in (("a:B", "policy"), ("a:C", "boundary"), ("a:D", None)):
            shard.incomplete(AwsError("denied", "AccessDenied", action=action, cause=cause))  # type: ignore[arg-type] # they are causes
        shard.incomplete(AwsError("scp_denied", "AccessDenied", action="a:E", cause="organization"))
        yield thing()

    shard = await ended(scanner(scan=scan))
    assert (shard.action, shard.cause) == ("a:B", "policy")
    assert shard.causes == {"a:C": "boundary", "a:E": "organization"}


async def test_a_shard_that_is_ok_has_no_cause() -> None:
    """Neither is there one where AWS does not say."""
    assert (await ended(finding(thing()))).cause is None
    denied = await ended(finding(AwsError("denied", "AccessDenied", action="a:B")))
    assert (denied.action, denied.cause, denied.causes) == ("a:B", None, None)
