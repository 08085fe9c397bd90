"""Browser sessions: what a cookie stands for. In memory only, and bounded.

A cookie is 256 random bits, of which only a hash is kept. It is replaced now and then, and what
it replaces is good for a little while yet: a browser has several requests under way.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from proxyd.auth.proofs import Proof
from proxyd.settings import Session as Terms

MAX_SESSIONS = 10_000
MAX_EACH = 100
"""Sessions of one principal; the oldest makes room for one more."""

GRACE = 30.0
"""Seconds for which a cookie is good that has been replaced."""


Why = Literal["ended", "expired", "idle", "displaced"]
"""Ended on request, at its time, for want of use, or to make room for another of its owner's."""


class Session:
    """One browser that has logged in.

    Attributes:
        name: whose it is.
        proof: what was proven when it began.
        expires: when it ends for good.
        ended: why it is over; None while it is not.
        streams: how many streams are open by its right.

    """

    __slots__ = (
        "began",
        "cookies",
        "ended",
        "expires",
        "name",
        "proof",
        "rotated",
        "streams",
        "used",
    )

    def __init__(self, name: str, proof: Proof, expires: datetime, now: float) -> None:
        self.name = name
        self.proof = proof
        self.expires = expires
        self.ended: Why | None = None
        self.streams = 0
        self.began = self.used = self.rotated = now
        self.cookies: dict[bytes, float] = {}


class Sessions:
    """All sessions of the process.

    Args:
        terms: how long they last.
        clock: seconds, always going forward.
        ended: is told of each session that ends.

    """

    def __init__(
        self, terms: Terms, clock: Callable[[], float], ended: Callable[[Session], None]
    ) -> None:
        self.terms = terms
        self._clock = clock
        self._ended = ended
        self._found: dict[bytes, Session] = {}
        self._all: dict[Session, None] = {}
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def begin(
        self, name: str, proof: Proof, expires: datetime | None, now: datetime
    ) -> tuple[str, Session] | None:
        """Begin a session.

        Args:
            name: the principal's.
            proof: what was proven.
            expires: when the credential ends that it is traded for.
            now: the time.

        Returns:
            The cookie and the session; None when there are too many of other people.

        """
        self._make_room(name)
        if len(self._all) >= MAX_SESSIONS:
            return None
        until = now + timedelta(seconds=self.terms.seconds)
        session = Session(name, proof, min(until, expires or until), self._clock())
        self._all[session] = None
        self._of[name] += 1
        return self._new_cookie(session), session

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, unless it is over."""
        key = _key(cookie)
        session = self._found.get(key)
        if session is None:
            return None
        now = self._clock()
        if session.cookies[key] <= now:
            return None
        if why := self._over(session):
            self.end(session, why)
            return None
        session.used = now
        return session

    def rotate(self, session: Session) -> str | None:
        """Replace a session's cookie when it is time to."""
        now = self._clock()
        if session.ended or now - session.rotated < self.terms.rotate_seconds:
            return None
        for key, until in list(session.cookies.items()):
            if until <= now:
                del session.cookies[key], self._found[key]
            else:
                session.cookies[key] = min(until, now + GRACE)
        session.rotated = now
        return self._new_cookie(session)

    def end(self, session: Session, why: Why = "ended") -> None:
        """End a session."""
        if session.ended:
            return
        session.ended = why
        for key in session.cookies:
            del self._found[key]
        del self._all[session]
        self._of[session.name] -= 1
        self._of += Counter()  # forget principals with none
        self._ended(session)

    def _over(self, session: Session) -> Why | None:
        if session.expires <= datetime.now(UTC):
            return "expired"
        idle = self._clock() - session.used >= self.terms.idle_seconds and not session.streams
        return "idle" if idle else None

    def _make_room(self, name: str) -> None:
        """Drop what is over, and the oldest of somebody who has very many."""
        if len(self._all) >= MAX_SESSIONS or self._of[name] >= MAX_EACH:
            for session, why in [(each, self._over(each)) for each in self._all]:
                if why is not None:
                    self.end(session, why)
        while self._of[name] >= MAX_EACH:
            self.end(next(each for each in self._all if each.name == name), "displaced")

    def _new_cookie(self, session: Session) -> str:
        cookie = secrets.token_urlsafe(32)
        session.cookies[_key(cookie)] = float("inf")
        self._found[_key(cookie)] = session
        return cookie


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode(errors="replace")).digest()
