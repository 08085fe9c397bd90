"""Whether AWS lets a principal have a target's role: asked for every stream, and again and again.

Each stream assumes the role by itself, so it is its own line in CloudTrail. Only when very many
ask at once do streams of one principal that want the same share one answer: ten thousand that
come back at once must not become ten thousand questions.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

from proxyd.aws.access import Access, Purpose
from proxyd.aws.shared import Shared
from proxyd.errors import AwsError, Problem
from proxyd.events import ClosingReason
from proxyd.flight import Flight
from proxyd.model import Detail, Principal, Target
from proxyd.plan import Plan
from proxyd.reach import refusal
from proxyd.refusals import not_assumed
from proxyd.settings import Limits

DENIED = frozenset({"denied", "scp_denied"})
_Key = tuple[str, Target, Detail, tuple[str, ...]]


class Right:
    """One assumed role, or why it is refused.

    Attributes:
        holders: what is called when it is found to be taken away, one for each stream.

    """

    __slots__ = ("access", "holders", "refused")

    def __init__(self, access: Access, refused: AwsError | None = None) -> None:
        self.access = access
        self.refused = refused
        self.holders: list[Callable[[], None]] = []

    def settled(self, refused: AwsError | None) -> None:
        """Take in whether the role is given to a stream that had to wait for it."""
        self.refused = refused

    def taken(self, refused: AwsError) -> None:
        """Tell all streams that rest on it that AWS no longer gives the role."""
        self.refused = refused
        for tell in list(self.holders):
            tell()


def over(rights: Iterable[Right]) -> ClosingReason:
    """Say why a stream ends of whose roles one was taken away: the others can be come back for."""
    return "revoked" if all(right.refused is not None for right in rights) else "replaced"


class Rights:
    """Assumes roles, and finds out when they are taken away."""

    def __init__(self, aws: Shared, limits: Limits) -> None:
        self._aws = aws
        self._limits = limits
        self._flights: dict[_Key, Flight[Right]] = {}

    async def assume_all(
        self,
        principal: Principal,
        plans: Sequence[Plan],
        detail: Detail,
        scans: Sequence[str],
        *,
        shared: bool,
    ) -> list[Right]:
        """Assume every target's role; only where none can be is there nothing to stream.

        Args:
            principal: for whom.
            plans: the targets, and what is asked of each.
            detail: how much of each resource is asked.
            scans: the scan id of each, which names the session.
            shared: whether other streams may use the same session.

        Raises:
            Problem: no role can be assumed, or too many ask.

        """
        works = []
        for plan, scan in zip(plans, scans, strict=True):
            access = self._access(principal, plan, detail, scan)
            key = (principal.name, plan.target, detail, tuple(s.type for s in plan.extent.scanners))
            works.append((key, access))
        # Of many targets one session each tells whether there is anything to stream: the others
        # are for when a target has its turn.
        alone = len(plans) == 1
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    self._shared(key, access)
                    if shared
                    else self._assume(access.assume if alone else access.assume_once, access)
                )
                for key, access in works
            ]
        rights = [task.result() for task in tasks]
        refused = [right.refused for right in rights if right.refused is not None]
        if len(refused) == len(rights):
            raise not_assumed(refused[0])
        return rights

    def _access(self, principal: Principal, plan: Plan, detail: Detail, scan: str) -> Access:
        access = Access(
            self._aws,
            Purpose(
                target=plan.target,
                scanners=plan.extent.scanners,
                detail=detail,
                principal=principal.name,
                scan=scan,
            ),
        )
        if access.wait > self._limits.assume_seconds:
            wait = max(1, round(access.wait))
            after = str(wait + secrets.randbelow(wait))
            raise Problem(
                503,
                "busy",
                "too many streams are being opened: ask again in a while",
                headers={"Retry-After": after},
            )
        return access

    async def _shared(self, key: _Key, access: Access) -> Right:
        """Assume a role, or wait with others who are doing so when there is a queue."""
        flight = self._flights.get(key)
        if flight is None or flight.landed or flight.dropped or not access.crowded:
            flight = self._flights[key] = Flight(self._assume(access.assume_once, access))
        try:
            return await flight.join()
        finally:
            if self._flights.get(key) is flight and (flight.landed or flight.dropped):
                del self._flights[key]

    async def _assume(self, assume: Callable[[], Awaitable[None]], access: Access) -> Right:
        return Right(access, await refusal(assume, self._limits.assume_seconds))

    async def check(self, right: Right) -> None:
        """Try a right again: it may have been taken away, or given by now."""
        try:
            async with asyncio.timeout(self._limits.assume_seconds):
                await (right.access.assume_once() if right.refused else right.access.check())
        except AwsError as error:
            if right.refused is None and error.status in DENIED:
                right.taken(error)
        except TimeoutError:
            return  # that is STS's or the network's trouble, and no answer
        else:
            right.refused = None
