"""How many streams there may be, whose they are, and how they are ended from outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proxyd.admission import Caller
from proxyd.audit.streams import StreamTrail
from proxyd.auth.proofs import TokenProof
from proxyd.auth.sessions import Session
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.metrics import Metrics
from proxyd.model import Principal
from proxyd.plan import Plan, Query
from proxyd.settings import Limits
from proxyd.stream import Stream
from proxyd.streams import RETRY_AFTER, Opened, Streams

from .fakes import principal, target

PEOPLE = ("anna", "ben", "cora")
LIMITS = Limits(streams=5, streams_per_principal=2)


class FakeStream:
    """A stream that notes why it is ended."""

    def __init__(self) -> None:
        self.reasons: list[ClosingReason] = []

    def end(self, reason: ClosingReason) -> None:
        """End."""
        self.reasons.append(reason)


def opened(number: int, who: Principal, session: Session | None = None) -> Opened:
    """Make one that runs."""
    trail = SimpleNamespace(stream=f"s{number}", at=datetime(2026, 6, 1, tzinfo=UTC))
    caller = Caller(principal=who, proof=TokenProof(b""), address="192.0.2.1", session=session)
    plans = [cast("Plan", SimpleNamespace(target=target()))]
    made = Opened(caller, Query(target=("production",)), plans, cast("StreamTrail", trail))
    made.stream = cast("Stream", FakeStream())
    return made


def reasons(of: Opened) -> list[ClosingReason]:
    """Return why a stream was told to end."""
    return cast("FakeStream", of.stream).reasons


class Kept:
    """Streams, and the numbers of them."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.metrics = Metrics()
        self.streams = Streams(limits, self.metrics)
        self._number = 0

    def open(self, name: str = "anna", session: Session | None = None) -> Opened:
        """Open one more."""
        self._number += 1
        made = opened(self._number, principal("g", name=name), session)
        with self.streams.slot(made.caller.principal):
            self.streams.begun(made)
        return made

    def refused(self, name: str = "anna") -> Problem:
        """Return why there can not be one more."""
        with pytest.raises(Problem) as caught:
            self.open(name)
        return caught.value

    @property
    def gauge(self) -> float:
        """What the metric says."""
        value = self.metrics.registry.get_sample_value("proxyd_streams_open")
        assert value is not None
        return value


def test_a_principal_has_its_share_and_all_have_theirs() -> None:
    """429 for who has too many, 503 where all are taken; both say when to come back."""
    kept = Kept()
    kept.open("anna")
    first = kept.open("anna")
    problem = kept.refused("anna")
    assert (problem.status, problem.code) == (429, "too_many_streams")
    for name in ("ben", "ben", "cora"):
        kept.open(name)
    full = kept.refused("cora")
    assert (full.status, full.code) == (503, "too_many_streams")
    for refusal in (problem, full):
        after = int((refusal.headers or {})["Retry-After"])
        assert RETRY_AFTER <= after < 2 * RETRY_AFTER
    kept.streams.ended(first)
    kept.open("cora")


def test_those_who_are_turned_away_do_not_come_back_at_once() -> None:
    """The time that they are told is spread."""
    kept = Kept(Limits(streams=0))
    told = {(kept.refused().headers or {})["Retry-After"] for _ in range(200)}
    assert len(told) == RETRY_AFTER


def test_a_place_is_given_back_when_the_stream_does_not_begin() -> None:
    """A role that can not be assumed, or a client that is gone, costs no place."""
    kept = Kept(Limits(streams=1))
    for error in (RuntimeError, asyncio.CancelledError, KeyboardInterrupt):
        with pytest.raises(error), kept.streams.slot(principal()):
            raise error
        assert kept.streams.free == 1
    with kept.streams.slot(principal()):
        assert kept.streams.free == 0
    assert len(kept.streams) == 0


def test_one_sees_ones_own_and_an_admin_all() -> None:
    """By name: a group that two share shows neither the other's."""
    kept = Kept()
    mine, theirs = kept.open("anna"), kept.open("ben")
    assert kept.streams.of(principal("g", name="anna")) == [mine]
    assert kept.streams.of(principal(name="ben", admin=True)) == [mine, theirs]
    assert kept.streams.of(principal(name="dora")) == []
    assert mine.describe() == {
        "id": "s1",
        "principal": "anna",
        "address": "192.0.2.1",
        "mode": "snapshot",
        "detail": "full",
        "targets": ["production"],
        "since": datetime(2026, 6, 1, tzinfo=UTC),
    }


def test_only_the_ones_that_are_meant_are_ended() -> None:
    """And one that does not run yet is counted, and ended when it does."""
    kept = Kept()
    mine, theirs = kept.open("anna"), kept.open("ben")
    ended = kept.streams.end("ended", lambda each: each.id == mine.id)
    assert (ended, reasons(mine), reasons(theirs)) == (1, ["ended"], [])
    mine.stream = None
    assert kept.streams.end("revoked", lambda _: True) == 2
    assert reasons(theirs) == ["revoked"]


def test_a_session_knows_how_many_streams_it_has() -> None:
    """While one is open it is not idle."""
    kept = Kept()
    session = Session("anna", TokenProof(b""), datetime(2126, 1, 1, tzinfo=UTC), 0.0)
    first, second = kept.open("anna", session), kept.open("anna", session)
    assert session.streams == 2
    kept.streams.ended(first)
    kept.streams.ended(second)
    assert session.streams == 0


async def test_draining_waits_for_the_last() -> None:
    """Nobody is let in, all are told, and it is done when they are gone."""
    kept = Kept()
    first, second = kept.open("anna"), kept.open("ben")
    draining = asyncio.create_task(kept.streams.drain())
    await asyncio.sleep(0)
    assert reasons(first) == reasons(second) == ["shutdown"]
    assert (kept.refused("cora").status, kept.refused("cora").code) == (503, "shutting_down")
    kept.streams.ended(first)
    await asyncio.sleep(0)
    assert not draining.done()
    kept.streams.ended(second)
    await asyncio.wait_for(draining, 1)


class Crowd(RuleBasedStateMachine):
    """Streams that come, fail to come, and go: the numbers are always those of a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = Kept()
        self.model: list[Opened] = []

    @rule(name=st.sampled_from(PEOPLE))
    def come(self, name: str) -> None:
        """Open one, if there may be one."""
        mine = Counter(each.caller.principal.name for each in self.model)[name]
        if len(self.model) >= LIMITS.streams:
            assert self.kept.refused(name).status == 503
        elif mine >= LIMITS.streams_per_principal:
            assert self.kept.refused(name).status == 429
        else:
            self.model.append(self.kept.open(name))

    @rule(name=st.sampled_from(PEOPLE))
    def fail(self, name: str) -> None:
        """Take a place, and do not begin."""
        with pytest.raises((KeyError, Problem)), self.kept.streams.slot(principal(name=name)):
            raise KeyError

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        """End one."""
        gone = data.draw(st.sampled_from(self.model))
        self.model.remove(gone)
        self.kept.streams.ended(gone)

    @invariant()
    def counted(self) -> None:
        """Everything adds up."""
        streams = self.kept.streams
        assert list(streams) == self.model
        assert len(streams) == self.kept.gauge == len(self.model)
        assert streams.free == LIMITS.streams - len(self.model)


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=60, stateful_step_count=30)
