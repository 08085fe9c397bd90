"""Browser sessions: rotated, bounded, over when they are, and then forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from proxyd.auth.proofs import TokenProof
from proxyd.auth.sessions import GRACE, MAX_EACH, MAX_SESSIONS, Session, Sessions
from proxyd.settings import Session as Terms

PROOF = TokenProof(b"x")
TERMS = Terms(seconds=1000, idle_seconds=100, rotate_seconds=50)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Say what time it is."""
        return self.now


class Kept:
    """Sessions, their clock, and who was told to have ended."""

    def __init__(self, terms: Terms = TERMS) -> None:
        self.clock = Clock()
        self.ended: list[Session] = []
        self.sessions = Sessions(terms, self.clock, self.ended.append)

    def begin(self, name: str = "anna", expires: datetime | None = None) -> tuple[str, Session]:
        """Begin one."""
        begun = self.sessions.begin(name, PROOF, expires, datetime.now(UTC))
        assert begun is not None
        return begun


def test_a_cookie_is_its_session() -> None:
    """What was given is found, and nothing else."""
    kept = Kept()
    cookie, session = kept.begin()
    assert kept.sessions.find(cookie) is session
    assert (session.name, session.proof) == ("anna", PROOF)
    for other in (
        "",
        cookie[:-1],
        f"{cookie}x",
        cookie.upper(),
        "\udcff",
    ):
        assert kept.sessions.find(other) is None


def test_it_lasts_as_long_as_both_allow() -> None:
    """No longer than it may, and no longer than the credential that it was traded for."""
    kept, now = Kept(), datetime.now(UTC)
    _, short = kept.begin(expires=now + timedelta(seconds=5))
    _, long = kept.begin(expires=now + timedelta(days=5))
    _, free = kept.begin()
    assert (short.expires - now).total_seconds() == pytest.approx(5, abs=1)
    for session in (long, free):
        assert (session.expires - now).total_seconds() == pytest.approx(1000, abs=1)
    cookie, _ = kept.begin(expires=now - timedelta(seconds=1))
    assert kept.sessions.find(cookie) is None
    assert len(kept.ended) == 1


def test_it_is_over_when_nobody_uses_it() -> None:
    """Idle for too long it ends; a use, or an open stream, keeps it."""
    kept = Kept()
    idle, _ = kept.begin()
    used, _ = kept.begin()
    open_, session = kept.begin()
    session.streams = 1
    kept.clock.now += 99
    assert kept.sessions.find(used) is not None
    kept.clock.now += 1
    assert kept.sessions.find(idle) is None
    assert kept.sessions.find(used) is not None
    kept.clock.now += 500
    assert kept.sessions.find(open_) is session
    assert kept.sessions.find(used) is None


def test_a_cookie_is_replaced_and_good_for_a_moment_yet() -> None:
    """After a while there is another; the old one is good for the requests under way."""
    kept = Kept()
    first, session = kept.begin()
    kept.clock.now += 49
    assert kept.sessions.rotate(session) is None
    kept.clock.now += 1
    second = kept.sessions.rotate(session)
    assert second
    assert second != first
    assert kept.sessions.rotate(session) is None
    kept.clock.now += GRACE - 0.1
    assert kept.sessions.find(first) is kept.sessions.find(second) is session
    kept.clock.now += 0.1
    assert kept.sessions.find(first) is None
    assert kept.sessions.find(second) is session
    for _ in range(20):
        kept.clock.now += 60
        assert kept.sessions.find(kept.sessions.rotate(session) or "") is session
        assert len(session.cookies) <= 2


def test_an_end_is_told_once_and_leaves_nothing() -> None:
    """Every cookie of it is nobody's, and no table keeps any of it."""
    kept = Kept()
    first, session = kept.begin()
    kept.clock.now += 60
    second = kept.sessions.rotate(session) or ""
    kept.sessions.end(session)
    kept.sessions.end(session)
    assert kept.ended == [session]
    assert session.ended
    assert kept.sessions.find(first) is kept.sessions.find(second) is None
    assert kept.sessions.rotate(session) is None
    assert forgotten(kept.sessions)


def forgotten(sessions: Sessions) -> bool:
    """Whether nothing is kept."""
    return not any(vars(sessions)[name] for name in ("_found", "_all", "_of"))


def test_somebody_with_very_many_loses_the_oldest() -> None:
    """The hundred and first ends the first, and tells; those of others stay."""
    kept = Kept()
    other, _ = kept.begin("bert")
    mine = [kept.begin() for _ in range(MAX_EACH + 1)]
    assert kept.ended == [mine[0][1]]
    assert kept.sessions.find(mine[0][0]) is None
    assert kept.sessions.find(mine[1][0]) is mine[1][1]
    assert kept.sessions.find(other) is not None


def test_there_are_no_more_than_there_may_be() -> None:
    """When all are taken there is none, until some are over."""
    kept = Kept()
    for i in range(MAX_SESSIONS):
        kept.begin(f"p{i // MAX_EACH}")
    assert kept.sessions.begin("more", PROOF, None, datetime.now(UTC)) is None
    kept.clock.now += 101
    assert kept.begin("more")
    assert len(kept.sessions) == 1


class AnySession(RuleBasedStateMachine):
    """Sessions begin, are used, replaced and ended in any order, at any time."""

    cookies = Bundle("cookies")

    def __init__(self) -> None:
        super().__init__()
        self.kept = Kept()
        self.owner: dict[str, Session] = {}
        self.dead: set[Session] = set()

    @rule(target=cookies, name=st.sampled_from(["anna", "bert"]))
    def begin(self, name: str) -> str:
        """Begin one."""
        cookie, session = self.kept.begin(name)
        assert cookie not in self.owner
        self.owner[cookie] = session
        return cookie

    @rule(cookie=cookies)
    def use(self, cookie: str) -> None:
        """A cookie finds its own session, or none."""
        found = self.kept.sessions.find(cookie)
        assert found in {self.owner[cookie], None}
        assert found not in self.dead

    @rule(target=cookies, cookie=cookies)
    def rotate(self, cookie: str) -> str:
        """Replace one."""
        fresh = self.kept.sessions.rotate(self.owner[cookie])
        if fresh is not None:
            self.owner[fresh] = self.owner[cookie]
        return fresh or cookie

    @rule(cookie=consumes(cookies))
    def end(self, cookie: str) -> None:
        """End one."""
        self.kept.sessions.end(self.owner[cookie])
        self.dead.add(self.owner[cookie])

    @rule(seconds=st.sampled_from([1, 29, 31, 51, 101]))
    def wait(self, seconds: int) -> None:
        """Let time go by."""
        self.kept.clock.now += seconds

    @invariant()
    def counted(self) -> None:
        """Nothing is kept of what is over, and everything of what is not is counted."""
        sessions = self.kept.sessions
        assert not self.dead & set(vars(sessions)["_found"].values())
        assert sum(vars(sessions)["_of"].values()) == len(sessions)
        assert set(vars(sessions)["_found"].values()) == set(vars(sessions)["_all"])


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
