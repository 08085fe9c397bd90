"""The trail, with sinks that fail: who is told, who waits, and what is there when they are back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from proxyd import settings
from proxyd.audit import denials
from proxyd.audit.denials import Denials
from proxyd.audit.outlet import MAX_WAITING, Outlet
from proxyd.audit.records import (
    LoginRefused,
    Refused,
    RequestRefused,
    ServiceStarted,
    SinkFailed,
    SinkRecovered,
)
from proxyd.audit.trail import GRACE, Trail, UnavailableError
from proxyd.audit.verify import verify
from tests.unit.audited import SAMPLES

STARTED = ServiceStarted(pid=1, targets=1, scanners=1, sinks=("stdout",), sandbox="off")


class FakeSink:
    """A sink that takes lines, blocks or raises, as a test says."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.open = threading.Event()
        self.open.set()
        self.error: OSError | None = None
        self.other: Exception | None = None

    def send(self, lines: Sequence[bytes]) -> None:
        """Take lines, once it may."""
        self.open.wait()
        if self.other is not None:
            raise self.other
        self.check()
        self.lines += lines

    def close(self) -> None:
        """Let go of nothing."""

    def check(self) -> None:
        """Raise what it is to raise."""
        if self.error is not None:
            raise self.error

    def codes(self) -> list[str]:
        """Return the events that it has."""
        return [
            line.partition(b'"event_code":"')[2].partition(b'"')[0].decode() for line in self.lines
        ]


class Told:
    """Notes what a trail tells of."""

    def __init__(self) -> None:
        self.lost = 0
        self.failed: list[str] = []

    def no_sink(self) -> None:
        """Note that there is none."""
        self.lost += 1


@asynccontextmanager
async def trailing(
    *fakes: FakeSink, heartbeat_seconds: float = 60.0
) -> AsyncGenerator[tuple[Trail, Told], None]:
    """Run a trail with these sinks."""
    names = ("stdout", "journald", "unix:/run/audit.sock")[: len(fakes)]
    terms = settings.Audit(sinks=names, heartbeat_seconds=heartbeat_seconds)
    trail = Trail(terms, lambda name, _: fakes[names.index(name)])
    told = Told()
    trail.tell(lost=told.no_sink, failed=told.failed.append, streams=lambda: 3)
    await trail.begin(STARTED)
    try:
        yield trail, told
    finally:
        for fake in fakes:
            fake.error = None
            fake.open.set()
        await trail.end()


async def until(condition: object, seconds: float = 5) -> None:
    """Wait until something holds."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another thread does it
            await asyncio.sleep(0.01)


async def test_accepted_means_taken() -> None:
    """`accept` returns when a sink has the record, and every sink gets all, in order."""
    one, two = FakeSink(), FakeSink()
    async with trailing(one, two) as (trail, _):
        await trail.accept(SAMPLES[:2])
        taken = ["service.started", "scan.started", "scan.refused"]
        assert taken in (one.codes(), two.codes())
    assert one.lines == two.lines
    assert one.codes()[-1] == "service.stopped"
    assert verify([line + b"\n" for line in one.lines]).faults == ()


async def test_one_good_sink_is_enough() -> None:
    """With one sink blocked and one that raises, the third takes what has to be taken."""
    good, blocked, broken = FakeSink(), FakeSink(), FakeSink()
    async with trailing(good, blocked, broken) as (trail, told):
        blocked.open.clear()
        broken.error = BrokenPipeError(32, "Broken pipe")
        for _ in range(3):
            await trail.accept(SAMPLES[:1])
        await until(lambda: len(told.failed) == 2)
        assert set(told.failed) == {"unix", "journald"}
        assert trail.available
        assert trail.failures() == {
            "journald": "it took nothing for 1 s",
            "unix:/run/audit.sock": "Broken pipe",
        }
        assert trail.state() == {"journald": "failed", "stdout": "ok", "unix": "failed"}
        blocked.open.set()
        broken.error = None
        await until(lambda: good.codes().count(SinkRecovered.CODE) == 2)
        assert set(trail.state().values()) == {"ok"}
    assert good.codes().count(SinkFailed.CODE) == good.codes().count(SinkRecovered.CODE) == 2
    assert good.lines == blocked.lines == broken.lines
    assert told.lost == 0


@pytest.mark.parametrize("how", ["blocks", "raises"])
async def test_with_no_sink_nothing_is_accepted(how: str) -> None:
    """Within about a second it says so; then at once, until a sink is back; nothing is lost."""
    fake = FakeSink()
    async with trailing(fake) as (trail, told):
        if how == "blocks":
            fake.open.clear()
        else:
            fake.error = BrokenPipeError(32, "Broken pipe")
        since = time.monotonic()
        with pytest.raises(UnavailableError):
            await trail.accept(SAMPLES[:1])
        assert time.monotonic() - since < 2
        since = time.monotonic()
        with pytest.raises(UnavailableError):
            await trail.accept(SAMPLES[:1])
        assert time.monotonic() - since < 0.5
        assert not trail.available
        await until(lambda: told.lost == 1, GRACE + 1.5)
        fake.error = None
        fake.open.set()
        await until(lambda: trail.available)
        await trail.accept(SAMPLES[:1])
    assert verify([line + b"\n" for line in fake.lines]).faults == ()
    assert fake.codes().count("scan.started") == 2


async def test_a_busy_loop_is_not_the_sinks_fault() -> None:
    """The loop stands still for longer than a sink has: what it has taken meanwhile is taken."""
    fake = FakeSink()
    async with trailing(fake) as (trail, told):
        waiting = [asyncio.create_task(trail.accept(SAMPLES[:1])) for _ in range(3)]
        await asyncio.sleep(0)
        time.sleep(1.5)  # noqa: ASYNC251 - that is what it is about
        await asyncio.gather(*waiting)
        await trail.accept(SAMPLES[:1])
        assert told.failed == []


async def test_streams_outlast_a_short_break() -> None:
    """A sink that is gone for less than the grace ends no stream."""
    fake = FakeSink()
    async with trailing(fake) as (trail, told):
        fake.error = BrokenPipeError(32, "Broken pipe")
        await until(lambda: not trail.available)
        await asyncio.sleep(GRACE / 2)
        fake.error = None
        await until(lambda: trail.available)
        await asyncio.sleep(GRACE)
        assert told.lost == 0


async def test_an_idle_sink_that_goes_is_noticed() -> None:
    """Nothing has to be written for it to be found out that nobody would take it."""
    fake = FakeSink()
    async with trailing(fake) as (trail, told):
        fake.error = ConnectionResetError(104, "gone")
        await until(lambda: told.failed == ["stdout"], 3)
        assert not trail.available


async def test_the_loop_never_waits_for_a_sink() -> None:
    """While a sink blocks, and a thousand records wait for it, the loop turns as ever."""
    fake = FakeSink()
    async with trailing(fake) as (trail, _):
        fake.open.clear()
        worst = 0.0
        for _ in range(100):
            before = time.monotonic()
            for _ in range(10):
                trail.write(SAMPLES[0])
            await asyncio.sleep(0)
            worst = max(worst, time.monotonic() - before)
        assert worst < 0.5
        assert trail.turning


async def test_whatever_goes_wrong_elsewhere_the_rest_goes_on() -> None:
    """A step that raises each time takes nothing from the others; without any it is not turning."""
    fake = FakeSink()
    async with trailing(fake, heartbeat_seconds=0.3) as (trail, told):
        trail.tell(lost=told.no_sink, failed=_raise, streams=lambda: 3)
        fake.error = BrokenPipeError(32, "Broken pipe")
        await until(lambda: told.lost >= 1, GRACE + 3)
        fake.error = None
        before = fake.codes().count("audit.heartbeat")
        await until(lambda: fake.codes().count("audit.heartbeat") > before)
        assert trail.turning
        assert trail._ticking is not None  # noqa: SLF001 - to see it end
        trail._ticking.cancel()  # noqa: SLF001
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not trail.turning


def _raise(kind: str) -> None:
    raise RuntimeError(kind)


async def test_what_is_no_oserror_is_a_failure_too() -> None:
    """A name that can not be looked up at all: the sink has failed, its thread goes on."""
    fake = FakeSink()
    async with trailing(fake) as (trail, _):
        fake.other = UnicodeError("label too long")
        trail.write(SAMPLES[0])
        await until(lambda: trail.failures() == {"stdout": "UnicodeError"})
        fake.other = None
        await until(lambda: trail.available)
        await trail.accept(SAMPLES[:1])
    assert fake.codes().count("scan.started") == 2


async def test_a_burst_that_does_not_fit_is_told_of() -> None:
    """More than can wait, while the sink is well: how many were lost is on the trail."""
    fake = FakeSink()
    async with trailing(fake) as (trail, _):
        fake.open.clear()
        _fill(trail, MAX_WAITING)  # on the loop, where everything is written
        fake.open.set()
        await until(lambda: SinkRecovered.CODE in fake.codes(), 10)
    told_of = [msgspec.json.decode(line)["unmapped"] for line in fake.lines]
    assert sum(held.get("lost", 0) for held in told_of) > 0
    faults = verify([line + b"\n" for line in fake.lines]).faults
    assert {fault.what[-7:] for fault in faults} == {"missing"}


def _fill(trail: Trail, size: int) -> None:
    long = msgspec.structs.replace(SAMPLES[0], principal="x" * 1000)
    for _ in range(size // 1500):
        trail.write(long)


async def test_the_last_records_wait_for_a_sink_that_comes_back() -> None:
    """A collector that is restarted while the daemon ends gets the end of the trail."""
    fake = FakeSink()
    async with trailing(fake) as (trail, _):
        await trail.accept(SAMPLES[:1])
        fake.error = ConnectionResetError(104, "reset")
        asyncio.get_running_loop().call_later(0.5, setattr, fake, "error", None)
        await trail.end()
        assert fake.codes()[-1] == "service.stopped"


async def test_a_heartbeat_anchors_the_head() -> None:
    """Now and then a record says how many streams there are, and the seal of the one before."""
    fake = FakeSink()
    async with trailing(fake, heartbeat_seconds=0.3):
        await until(lambda: fake.codes().count("audit.heartbeat") >= 2)
    beat = next(n for n, code in enumerate(fake.codes()) if code == "audit.heartbeat")
    held = msgspec.json.decode(fake.lines[beat])["unmapped"]
    assert held["streams"] == 3
    assert held["head"] == msgspec.json.decode(fake.lines[beat - 1])["unmapped"]["seal"]


def test_what_waits_is_bounded_and_what_is_lost_is_counted() -> None:
    """A sink that is blocked for long loses what does not fit, and none of that counts as taken."""
    fake = FakeSink()
    fake.open.clear()
    outlet = Outlet("stdout", fake, lambda: None)
    outlet.start()
    line = b"x" * 64 * 1024
    fits = MAX_WAITING // len(line)
    for number in range(fits + 3):
        outlet.put(number, line)
    assert outlet.lost == 3
    fake.open.set()
    outlet.end(5)
    assert len(fake.lines) == fits
    assert outlet.took(0, fits - 1)
    assert not outlet.took(fits, fits)
    assert not outlet.took(fits - 1, fits + 2)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def refusal(address: str = "192.0.2.1", reason: str = "unauthenticated") -> Refused:
    """Make a refusal."""
    return LoginRefused(reason=reason, address=address)


def test_a_million_refusals_are_a_line_a_minute() -> None:
    """The first is told of at once, those like it once a minute, with how many there were."""
    clock = Clock()
    sums = Denials(clock)
    assert sums.note(refusal(), "a") == refusal()
    for _ in range(999_999):
        assert sums.note(refusal(), "a") is None
    assert sums.due() == []
    clock.now = denials.WINDOW
    (told,) = sums.due()
    assert (told.count, told.ms) == (999_999, 60_000)
    assert sums.note(refusal(), "a") is None, "the next window is one line, too"
    clock.now += denials.WINDOW
    assert [told.count for told in sums.due()] == [1]
    clock.now += denials.WINDOW
    assert sums.due() == []
    assert sums.note(refusal(), "a") == refusal(), "after a quiet minute it is news again"


def test_refusals_from_everywhere_are_bounded() -> None:
    """From a hundred thousand addresses, some hundred lines; all of them are counted."""
    clock = Clock()
    sums = Denials(clock)
    lines = [sums.note(refusal(f"10.0.{n % 256}.{n // 256}"), str(n)) for n in range(60_000)]
    told = [line for line in lines if line is not None]
    assert len(told) == denials.MAX_KEYS + 1
    clock.now = denials.WINDOW
    late = sums.due()
    assert [line.address for line in late] == [denials.MANY]
    assert len(told) + sum(line.count for line in late) == 60_000


def test_refusals_that_differ_are_told_apart() -> None:
    """By what they are, why, for whom and from where; the rest comes at the end."""
    sums = Denials(Clock())
    other = RequestRefused(reason="unauthenticated", address="192.0.2.1", principal="anna")
    given = [refusal(), refusal(reason="too_many_failures"), refusal("192.0.2.2"), other]
    for number, record in enumerate(given):
        assert sums.note(record, record.address) == record, number
    assert sums.note(other, other.address) is None
    assert sums.rest() == [msgspec.structs.replace(other, count=1)]
