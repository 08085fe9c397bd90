"""The streams that are open: whose they are, how many there may be, and their end from outside."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from proxyd.admission import Caller
from proxyd.audit.streams import StreamTrail
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.live.watching import Watching
from proxyd.metrics import Metrics
from proxyd.model import Principal
from proxyd.plan import Plan, Query
from proxyd.rights import Right
from proxyd.rules import Rules
from proxyd.settings import Limits
from proxyd.stream import Stream

RETRY_AFTER = 5


class Opened:
    """One stream that is being opened, or is open.

    Attributes:
        id: by which it is listed and ended.
        caller: who opened it, and by which proof.
        stream: what runs, once it does.
        over: told how it ended.

    """

    __slots__ = ("caller", "id", "over", "plans", "query", "rights", "since", "stream", "trail")

    def __init__(
        self, caller: Caller, query: Query, plans: Sequence[Plan], trail: StreamTrail
    ) -> None:
        self.id = trail.stream
        self.caller = caller
        self.query = query
        self.plans = plans
        self.trail = trail
        self.since: datetime = trail.at
        self.rights: list[Right] = []
        self.stream: Stream | Watching | None = None
        self.over: Callable[[str], object] = lambda _: None

    def judge(self, rules: Rules) -> bool:
        """End it if the rules do not allow it; and return whether it was ended."""
        caller, session = self.caller, self.caller.session
        reason: ClosingReason | None = "ended" if session is not None and session.ended else None
        if reason is None:
            reason = rules.against(caller.proof, caller.principal, self.query, self.plans)
        if reason is None or self.stream is None:
            return False
        self.stream.end(reason)
        return True

    def describe(self) -> dict[str, object]:
        """Return what /v1/streams tells of it."""
        return {
            "id": self.id,
            "principal": self.caller.principal.name,
            "address": self.caller.address,
            "mode": self.query.mode,
            "detail": self.query.detail,
            "targets": [plan.target.name for plan in self.plans],
            "since": self.since,
        }


class Streams:
    """All of them.

    Attributes:
        limits: how many there may be.
        draining: whether no more are taken.

    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self.limits = limits
        self.draining = False
        self._metrics = metrics
        self._open: dict[str, Opened] = {}
        self._taken: Counter[str] = Counter()
        self._one_left = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Opened]:
        return iter(list(self._open.values()))

    @property
    def backlog(self) -> int:
        """How many bytes wait for their readers."""
        return sum(opened.stream.waiting for opened in self if opened.stream is not None)

    @property
    def free(self) -> int:
        """How many more there may be."""
        return self.limits.streams - self._taken.total()

    @contextmanager
    def slot(self, principal: Principal) -> Iterator[None]:
        """Take a place, and give it back when the stream does not begin.

        Raises:
            Problem: 429 or 503, there is none.

        """
        self._admit(principal)
        self._taken[principal.name] += 1
        try:
            yield
        except BaseException:
            self._release(principal)
            raise

    def begun(self, opened: Opened) -> None:
        """Add a stream that has a place."""
        self._open[opened.id] = opened
        self._metrics.streams_open.inc()
        if opened.caller.session is not None:
            opened.caller.session.streams += 1

    def ended(self, opened: Opened) -> None:
        """Take out a stream that has ended, and give back its place."""
        del self._open[opened.id]
        self._one_left.set()
        self._release(opened.caller.principal)
        self._metrics.streams_open.dec()
        if opened.caller.session is not None:
            opened.caller.session.streams -= 1

    def of(self, principal: Principal) -> list[Opened]:
        """Return one's own, or all of them for an admin."""
        return [
            opened
            for opened in self
            if principal.admin or opened.caller.principal.name == principal.name
        ]

    def end(self, reason: ClosingReason, which: Callable[[Opened], bool]) -> int:
        """End streams, and return how many."""
        ending = [opened for opened in self if which(opened)]
        for opened in ending:
            if opened.stream is not None:
                opened.stream.end(reason)
        return len(ending)

    async def drain(self) -> None:
        """Take no more, end those that are open, and wait until they are gone."""
        self.draining = True
        self.end("shutdown", lambda _: True)
        while self._open:
            self._one_left.clear()
            await self._one_left.wait()

    def cut(self) -> None:
        """End those that would not go."""
        for opened in self:
            if isinstance(opened.stream, Watching):
                opened.stream.cut()

    def refuse_when_draining(self) -> None:
        """Take nobody in while all have to go.

        Raises:
            Problem: 503.

        """
        if self.draining:
            raise Problem(503, "shutting_down", "proxyd is shutting down", headers=retry_after())

    def _admit(self, principal: Principal) -> None:
        self.refuse_when_draining()
        if self.free <= 0:
            raise Problem(503, "too_many_streams", "all streams are taken", headers=retry_after())
        if self._taken[principal.name] >= self.limits.streams_per_principal:
            raise Problem(
                429, "too_many_streams", "you have too many streams open", headers=retry_after()
            )

    def _release(self, principal: Principal) -> None:
        self._taken[principal.name] -= 1
        self._taken += Counter()  # forget principals with none


def retry_after() -> dict[str, str]:
    """Spread those who are turned away, so that they do not come back all at once."""
    return {"Retry-After": str(RETRY_AFTER + secrets.randbelow(RETRY_AFTER))}


def no_trail() -> Problem:
    """Return what is answered while the audit trail can not be written."""
    return Problem(
        503,
        "audit_unavailable",
        "the audit trail can not be written, so nothing is done that has to be on it",
        headers=retry_after(),
    )
