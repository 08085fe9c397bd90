"""Roles that are assumed, shared where STS would have to be waited for, taken away and given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from proxyd.auth.grants import Scope
from proxyd.aws.access import Access, Purpose
from proxyd.aws.clients import Clients
from proxyd.aws.packing import Packings
from proxyd.aws.quota import Buckets
from proxyd.aws.shared import RegionLists, Shared
from proxyd.errors import AwsError, Problem
from proxyd.extent import Extent
from proxyd.model import Detail, Principal, Scanner, Status
from proxyd.plan import Plan
from proxyd.rights import Right, Rights
from proxyd.settings import Aws, Limits, Quota, Rate

from .fakes import principal, scanner, target

Result = TypeVar("Result")
HOME = "eu-west-1"
PATIENCE = 0.25
"""Seconds for which STS is waited for."""

PLENTY = Rate(rate=1000, burst=1000)
ME = principal()
PRODUCTION = target()
STAGING = target("staging", role_arn="arn:aws:iam::333333333333:role/proxyd-read")
DENIED = AwsError("denied", "AccessDenied", action="sts:AssumeRole")


class FakeSts:
    """An STS that answers when it may, with a role or an error."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.cancelled = 0
        self.refuses: dict[str, Exception] = {}
        self.open = asyncio.Event()
        self.open.set()

    async def assume_role(self, **parameters: Any) -> dict[str, Any]:
        """Answer."""
        self.asked.append(parameters)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if parameters["RoleArn"] in self.refuses:
            raise self.refuses[parameters["RoleArn"]]
        until = datetime.now(UTC) + timedelta(hours=1)
        keys = {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T"}
        return {"Credentials": keys | {"Expiration": until}}

    @property
    def sessions(self) -> list[str]:
        """The names of the sessions that were asked for."""
        return [parameters["RoleSessionName"] for parameters in self.asked]


class FakeClients(Clients):
    """Clients of which there is only that of STS."""

    def __init__(self, sts: FakeSts) -> None:
        self._sts = sts

    async def base(self, service: str, region: str) -> FakeSts:
        """Return it."""
        assert (service, region) == ("sts", HOME)
        return self._sts


class FakeShared(Shared):
    """What all streams share, without AWS behind it."""

    def __init__(self, sts: FakeSts, rate: Rate) -> None:
        self.sts_region = HOME
        self.clients = FakeClients(sts)
        self.buckets = Buckets(Quota(services={"sts": rate}))
        self.regions = RegionLists()
        self.packings = Packings()


class Asking:
    """Rights over a fake STS, and streams that ask for them."""

    def __init__(self, rate: Rate = PLENTY, patience: float = PATIENCE) -> None:
        self.sts = FakeSts()
        self.rights = Rights(FakeShared(self.sts, rate), Limits(assume_seconds=patience))
        self._scans = 0

    async def assume(
        self,
        *plans: Plan,
        who: Principal = ME,
        detail: Detail = "full",
        shared: bool = True,
    ) -> list[Right]:
        """Open a stream of some targets; its scans are numbered."""
        asked = plans or (plan(),)
        scans = [str(self._scans + place) for place in range(len(asked))]
        self._scans += len(asked)
        return await self.rights.assume_all(who, asked, detail, scans, shared=shared)

    async def one(self, *plans: Plan, **how: Any) -> Right:
        """Open a stream of one target."""
        [right] = await self.assume(*plans, **how)
        return right


def plan(scanners: Sequence[Scanner] = (scanner(),), on: Any = PRODUCTION) -> Plan:
    """Plan a target."""
    registry = {each.type: each for each in scanners}
    scope = Scope(tuple(registry), (), ("*",))
    return Plan(target=on, extent=Extent([scope], registry=registry, asked=(), allowed=("*",)))


async def begun(work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Start something and let it come to where it has to wait."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0.005)
    return task


async def refusal(work: Coroutine[Any, Any, object]) -> Problem:
    """Return the problem that something ends with, alone or in a group."""
    with pytest.raises((Problem, ExceptionGroup)) as caught:
        await work
    found: Exception = caught.value
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, Problem)
    return found


@asynccontextmanager
async def holding(sts: FakeSts) -> AsyncIterator[None]:
    """Have STS answer nobody for as long as the block lasts."""
    sts.open.clear()
    yield
    sts.open.set()


# ---- who asks


async def test_each_stream_asks_for_itself() -> None:
    """At the same time or not, each assumes the role: a line of its own in CloudTrail."""
    asking = Asking()
    async with holding(asking.sts):
        streams = [await begun(asking.one()) for _ in range(5)]
    rights = await asyncio.gather(*streams)
    await asking.one()
    assert asking.sts.sessions == [f"proxyd-{number}" for number in range(6)]
    assert {asked["SourceIdentity"] for asked in asking.sts.asked} == {"dashboard"}
    assert len({id(right) for right in rights}) == 5


@pytest.mark.parametrize(("burst", "own"), [(2, 2), (10, 6)])
async def test_when_very_many_ask_the_rest_share_what_is_asked_already(
    burst: int, own: int
) -> None:
    """While half of the burst is left each asks for itself; the rest get the last one's answer."""
    asking = Asking(Rate(rate=0.25, burst=burst), patience=5)
    async with holding(asking.sts):
        streams = [await begun(asking.one()) for _ in range(burst + 8)]
    rights = await asyncio.gather(*streams)
    assert asking.sts.sessions == [f"proxyd-{number}" for number in range(own)]
    assert len({id(right) for right in rights[:own]}) == own
    assert all(right is rights[own - 1] for right in rights[own:])
    assert all(right.refused is None for right in rights)


async def test_those_in_the_queue_ask_once_for_all_of_them() -> None:
    """One waits for its turn, and all who come meanwhile wait with it."""
    asking = Asking(Rate(rate=4, burst=1), patience=5)
    await asking.one()
    streams = [await begun(asking.one()) for _ in range(5)]
    rights = await asyncio.gather(*streams)
    assert asking.sts.sessions == ["proxyd-0", "proxyd-1"]
    assert all(right is rights[0] for right in rights)


async def test_when_the_queue_is_gone_each_asks_for_itself_again() -> None:
    """An answer is shared by those who waited for it, not kept for later."""
    asking = Asking(Rate(rate=50, burst=1))
    for _ in range(3):
        await asking.one()
        await asyncio.sleep(0.03)
    assert asking.sts.sessions == ["proxyd-0", "proxyd-1", "proxyd-2"]


async def test_an_answer_that_has_come_is_not_used_for_who_comes_after_it() -> None:
    """Who comes when it is there waits for an answer of its own, however long the queue."""
    asking = Asking(Rate(rate=20, burst=1))
    first = await asking.one()
    assert await asking.one() is not first
    assert len(asking.sts.asked) == 2


OTHERS: dict[str, dict[str, Any]] = {
    "principal": {"who": principal(name="another")},
    "detail": {"detail": "list"},
    "target": {"plan": plan(on=target("other"))},
    "types": {"plan": plan([scanner("AWS::EC2::Other")])},
    "a snapshot": {"shared": False},
}


@pytest.mark.parametrize("what", OTHERS)
async def test_only_the_same_is_shared(what: str) -> None:
    """Another principal, detail, target or set of types, and a snapshot, never get it."""
    asking = Asking(Rate(rate=1, burst=1), patience=5)
    how = dict(OTHERS[what])
    plans = [how.pop("plan")] if "plan" in how else []
    async with holding(asking.sts):
        mine = await begun(asking.one())
        same = await begun(asking.one())
        other = await begun(asking.one(*plans, **how))
    assert await mine is await same
    assert not other.done()
    other.cancel()
    await asyncio.wait([other])


async def test_too_long_a_queue_is_a_problem_at_once() -> None:
    """Who would wait longer than for an answer is told to come back, spread over a while."""
    asking = Asking(Rate(rate=0.1, burst=1))
    await asking.one()
    waits = set()
    for _ in range(40):
        problem = await refusal(asking.one())
        assert (problem.status, problem.code) == (503, "busy")
        waits.add(int(problem.headers["Retry-After"]))
    assert all(10 <= wait < 20 for wait in waits)
    assert len(waits) > 3
    assert len(asking.sts.asked) == 1


async def test_too_long_a_queue_is_raised_as_it_is() -> None:
    """Whoever answers the request knows a `Problem`, and nothing around it."""
    asking = Asking(Rate(rate=0.1, burst=1))
    await asking.one()
    with pytest.raises(Problem):
        await asking.one()


async def test_a_short_patience_is_a_problem_as_well() -> None:
    """Where STS may take less than a second, so may the queue."""
    asking = Asking(Rate(rate=2.2, burst=1))
    await asking.one()
    assert (await refusal(asking.one())).code == "busy"


async def test_asking_sts_counts_against_its_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real client, of an STS that is not there: who comes next would have to wait."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    settings = Aws(region=HOME, endpoint_url="http://127.0.0.1:1", attempts=1)
    quota = Quota(services={"sts": Rate(rate=1e-6, burst=1)})
    async with Shared(settings, quota) as shared:
        rights = Rights(shared, Limits())
        with pytest.raises(Problem):
            await rights.assume_all(ME, [plan()], "full", ["1"], shared=True)
        purpose = Purpose(
            target=PRODUCTION, scanners=[scanner()], detail="full", principal=ME.name, scan="2"
        )
        assert Access(shared, purpose).wait > 0


# ---- what STS says


async def test_one_target_of_two_may_be_refused() -> None:
    """The other is streamed, and the refusal is told in its place."""
    asking = Asking()
    asking.sts.refuses[STAGING.role_arn] = DENIED
    given, refused = await asking.assume(plan(), plan(on=STAGING))
    assert given.refused is None
    assert refused.refused is DENIED


async def test_where_all_are_refused_there_is_nothing_to_stream() -> None:
    """The request is answered with a problem that says what to look at."""
    asking = Asking()
    asking.sts.refuses = dict.fromkeys([PRODUCTION.role_arn, STAGING.role_arn], DENIED)
    with pytest.raises(Problem) as caught:
        await asking.assume(plan(), plan(on=STAGING))
    assert (caught.value.status, caught.value.code) == (502, "role_not_assumable")


async def test_a_refusal_is_shared_like_an_answer() -> None:
    """All who have waited for it get it, and it is not kept for who comes after."""
    asking = Asking(Rate(rate=4, burst=1), patience=5)
    asking.sts.refuses[PRODUCTION.role_arn] = DENIED
    async with holding(asking.sts):
        streams = [await begun(asking.one()) for _ in range(4)]
    found = await asyncio.gather(*streams, return_exceptions=True)
    assert [isinstance(each, Problem) for each in found] == [True] * 4
    assert len(asking.sts.asked) == 1
    del asking.sts.refuses[PRODUCTION.role_arn]
    assert (await asking.one()).refused is None


async def test_an_sts_that_does_not_answer_is_a_refusal_too() -> None:
    """After the patience that there is for it; who comes later asks anew."""
    asking = Asking()
    async with holding(asking.sts):
        with pytest.raises(Problem) as caught:
            await asking.one()
        assert (caught.value.status, caught.value.code) == (502, "sts_unreachable")
        assert caught.value.extra == {"aws_code": "AssumeRoleTimeout"}
        assert asking.sts.cancelled == 1
    assert (await asking.one()).refused is None


# ---- who leaves


async def test_one_who_leaves_stops_nobody_elses_question() -> None:
    """Its stream was closed; those who share its question get their answer."""
    asking = Asking(Rate(rate=1, burst=1), patience=5)
    async with holding(asking.sts):
        streams = [await begun(asking.one()) for _ in range(3)]
        streams[0].cancel()
        await asyncio.wait([streams[0]])
    assert (await streams[1]) is (await streams[2])
    assert asking.sts.cancelled == 0


async def test_the_last_who_leaves_stops_it_and_who_comes_asks_anew() -> None:
    """A question that was given up is not waited for."""
    asking = Asking(Rate(rate=4, burst=1), patience=5)
    async with holding(asking.sts):
        streams = [await begun(asking.one()) for _ in range(3)]
        for stream in streams:
            stream.cancel()
        await asyncio.wait(streams)
        await asyncio.sleep(0)
        assert asking.sts.cancelled == 1
        again = await begun(asking.one())
    assert (await again).refused is None
    assert asking.sts.sessions == ["proxyd-0", "proxyd-3"]


# ---- later on


async def held(asking: Asking) -> tuple[Right, list[str]]:
    """Assume a role on which two streams rest, and note when they are told."""
    right, told = await asking.one(), list[str]()
    right.holders += [lambda: told.append("one"), lambda: told.append("two")]
    return right, told


async def test_a_check_asks_sts_although_the_credentials_are_good() -> None:
    """That is how it is found out that a role was taken away."""
    asking = Asking()
    right, told = await held(asking)
    await asking.rights.check(right)
    assert len(asking.sts.asked) == 2
    assert (right.refused, told) == (None, [])


@pytest.mark.parametrize("status", ["denied", "scp_denied"])
async def test_a_role_that_is_taken_away_is_told_to_all_who_rest_on_it(status: Status) -> None:
    """Each of them once; and the next check does not tell it again."""
    asking = Asking()
    right, told = await held(asking)
    refused = asking.sts.refuses[PRODUCTION.role_arn] = AwsError(status, "AccessDenied")
    await asking.rights.check(right)
    assert right.refused is refused
    assert told == ["one", "two"]
    await asking.rights.check(right)
    assert right.refused is refused
    assert told == ["one", "two"]


async def test_who_is_told_may_leave_at_once() -> None:
    """A stream that ends takes itself off the list while it is gone through."""
    asking = Asking()
    right, told = await held(asking)
    right.holders.insert(0, lambda: right.holders.clear())  # noqa: PLW0108 - that of this moment
    right.taken(DENIED)
    assert (right.holders, told) == ([], ["one", "two"])


OTHER_TROUBLE: list[Status] = ["throttled", "timeout", "failed", "unsupported", "expired"]


@pytest.mark.parametrize("status", OTHER_TROUBLE)
async def test_trouble_of_sts_takes_nothing_away(status: Status) -> None:
    """Only a refusal is an answer."""
    asking = Asking()
    right, told = await held(asking)
    asking.sts.refuses[PRODUCTION.role_arn] = AwsError(status, "X")
    await asking.rights.check(right)
    assert (right.refused, told) == (None, [])


async def test_an_sts_that_does_not_answer_takes_nothing_away() -> None:
    """The check is given up in time, and the role stays given."""
    asking = Asking()
    right, told = await held(asking)
    async with holding(asking.sts):
        await asking.rights.check(right)
    assert (right.refused, told) == (None, [])
    assert asking.sts.cancelled == 1


async def test_a_role_that_was_refused_may_be_given_later() -> None:
    """A stream of two targets goes on with one; a check finds that it has the other by now."""
    asking = Asking()
    asking.sts.refuses[STAGING.role_arn] = DENIED
    _, right = await asking.assume(plan(), plan(on=STAGING))
    told = list[str]()
    right.holders.append(lambda: told.append("one"))
    await asking.rights.check(right)
    assert right.refused is DENIED
    del asking.sts.refuses[STAGING.role_arn]
    await asking.rights.check(right)
    assert [right.refused, *told] == [None]
    await asking.rights.check(right)
    assert len([asked for asked in asking.sts.asked if asked["RoleArn"] == STAGING.role_arn]) == 4


async def test_a_role_that_was_taken_away_may_be_given_again() -> None:
    """And may be taken away once more, of which all are told again."""
    asking = Asking()
    right, told = await held(asking)
    for _ in range(2):
        asking.sts.refuses[PRODUCTION.role_arn] = DENIED
        await asking.rights.check(right)
        assert right.refused is DENIED
        asking.sts.refuses.clear()
        await asking.rights.check(right)
        assert right.refused is None
    assert told == ["one", "two"] * 2
