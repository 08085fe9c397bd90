"""A target's role, assumed for one scan: sessions by resource type, regions, shards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from copy import copy
from functools import partial

import msgspec

from proxyd.actions import action_of, actions_of
from proxyd.allowance import Allowance
from proxyd.aws import policy
from proxyd.aws.binding import Binding, Meter, calling
from proxyd.aws.outcome import translated
from proxyd.aws.packing import Packed
from proxyd.aws.queue import RECEIVE_MESSAGE, Queue
from proxyd.aws.quota import Pacer
from proxyd.aws.regions import home_of
from proxyd.aws.session import ASSUME_ROLE, Session, open_session
from proxyd.aws.shard import AwsShard
from proxyd.aws.shared import Regions, Shared
from proxyd.aws.tags import RegionTags
from proxyd.errors import AwsError
from proxyd.globs import is_literal
from proxyd.model import GLOBAL, Detail, Operation, Scanner, Scope, Target

DESCRIBE_REGIONS = Operation("ec2", "DescribeRegions")
"""The one operation that proxyd calls on its own behalf."""

_ITSELF = "proxyd"
_PACKED_TOO_LARGE = "PackedPolicyTooLarge"
_NOT_ENABLED = "not-opted-in"


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """For whom and for what a role is assumed; it shows in CloudTrail."""

    target: Target
    scanners: Sequence[Scanner]
    detail: Detail
    principal: str
    scan: str


class Access:
    """An assumed role.

    Attributes:
        purpose: for whom and for what.
        meter: everything that is called through it.
        request_ids: AWS's ids of all its AssumeRole calls, as CloudTrail has them.

    """

    __slots__ = (
        *("_clients", "_pace", "_packing", "_regions", "_sessions", "_sts_region"),
        *("_tags", "meter", "purpose", "request_ids"),
    )

    def __init__(self, shared: Shared, purpose: Purpose) -> None:
        self.meter = Meter()
        self.request_ids: list[str] = []
        self._clients = shared.clients
        self._regions = shared.regions
        self.purpose = purpose
        self._sts_region = shared.sts_region or home_of(purpose.target.partition)
        self._packing = shared.packings.of(_key(purpose), partial(_needs, purpose))
        self._sessions: dict[Packed, Session] = {}
        self._tags: dict[tuple[Scope, str], RegionTags] = {}
        self._pace = Pacer(shared.buckets, purpose.target.account, purpose.principal)

    async def assume(self, types: Iterable[str] | None = None) -> None:
        """Assume the role, once for each session policy, side by side.

        Args:
            types: only those policies are needed that hold these.

        Raises:
            AwsError: STS does not give the role, or can not be reached.

        """
        needed = [p for p in self._packing.holding(types) if not self._has(p)]
        try:
            async with asyncio.TaskGroup() as group:
                for packed in needed:
                    group.create_task(self._assume(packed))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def assume_once(self) -> None:
        """Assume the role once, for proxyd's own calls: the rest is for when it is needed.

        Raises:
            AwsError: STS does not give the role, or can not be reached.

        """
        own = self._packing.holding([_ITSELF]) or self._packing.holding()
        await self._assume(own[0])

    async def check(self) -> None:
        """Assume the role once more: it may have been taken away.

        Raises:
            AwsError: STS does not give the role any more, or can not be reached.

        """
        await next(iter(self._sessions.values())).again()

    def again(self) -> Access:
        """Return the same right for another scan: nothing that was read before is used again."""
        other = copy(self)
        other.meter = Meter(self.meter)
        other._tags = {}  # noqa: SLF001 - it is one of us
        return other

    @property
    def crowded(self) -> bool:
        """Whether so many ask STS that some should share an answer."""
        return self._pace.low(ASSUME_ROLE.service, self._sts_region)

    @property
    def wait(self) -> float:
        """Seconds, about, that STS would have to be waited for, since so many ask."""
        return self._pace.expected(ASSUME_ROLE.service, self._sts_region)

    async def _assume(self, packed: Packed) -> None:
        session = self._session(packed.document)
        try:
            await session.current()
        except AwsError as error:
            if error.code != _PACKED_TOO_LARGE or len(packed.types) == 1:
                raise
            for half in self._packing.refine(packed):
                await self._assume(half)
            return
        self._sessions[packed] = session

    def _has(self, packed: Packed) -> bool:
        """Whether there is a session for each type of a pack; it may have been cut in two since."""
        return packed in self._sessions or packed.types <= set().union(
            *(held.types for held in self._sessions)
        )

    def _session_of(self, type_: str) -> Session:
        return next(s for packed, s in self._sessions.items() if type_ in packed.types)

    def _session(self, document: str) -> Session:
        return open_session(
            self._clients,
            self._sts_region,
            self.purpose.target,
            principal=self.purpose.principal,
            scan=self.purpose.scan,
            policy=document,
            meter=self.meter,
            pace=self._pace,
            request_ids=self.request_ids,
        )

    def queue(self, arn: str) -> Queue:
        """Return a target's queue of events, read under a session of its own."""
        session = self._session(policy.queue_policy(arn))
        return Queue(arn, self._clients, self._binding(session, [RECEIVE_MESSAGE], self.meter))

    async def enabled_regions(self) -> Regions:
        """Return which regions the account has, and whether they are enabled.

        Raises:
            AwsError: EC2 may not be asked, or does not answer.

        """
        return await self._regions.of(self.purpose.target.account, self._ask_for_regions)

    async def _ask_for_regions(self) -> Regions:
        binding = self._binding(self._session_of(_ITSELF), [DESCRIBE_REGIONS], self.meter)
        region = self._region_to_ask()
        with translated(DESCRIBE_REGIONS, region):
            client = await self._clients.get("ec2", region)
            with calling(binding, DESCRIBE_REGIONS):
                answer = await client.describe_regions(AllRegions=True)
        return {r["RegionName"]: r.get("OptInStatus") != _NOT_ENABLED for r in answer["Regions"]}

    def _region_to_ask(self) -> str:
        """Choose a region that the target is about: an organization may have closed all others."""
        named = (region for region in self.purpose.target.regions if is_literal(region))
        return next((r for r in named if r != GLOBAL), None) or self._sts_region

    def shard(self, scanner: Scanner, region: str, allowance: Allowance) -> AwsShard:
        """Open the work of one scanner in one region, with the session that is made for it."""
        target = self.purpose.target
        home = home_of(target.partition, scanner.service)
        return AwsShard(
            scanner,
            account=target.account,
            partition=target.partition,
            region=region,
            endpoint_region=home if region == GLOBAL else region,
            is_home=region == home,
            detail=self.purpose.detail,
            clients=self._clients,
            binding=self._binding(
                self._session_of(scanner.type),
                scanner.needs(self.purpose.detail),
                Meter(self.meter),
                allowance,
            ),
            region_tags=self._tags_of(scanner.scope, home if region == GLOBAL else region),
        )

    def _tags_of(self, scope: Scope, region: str) -> RegionTags:
        """Return what the shards of one region share; a global service has its home."""
        key = (scope, region)
        if key not in self._tags:
            partition = self.purpose.target.partition
            kinds = [
                scanner.tagged
                for scanner in self.purpose.scanners
                if scanner.tagged
                and scanner.scope == scope
                and (scope == "regional" or home_of(partition, scanner.service) == region)
            ]
            self._tags[key] = RegionTags(kinds)
        return self._tags[key]

    def _binding(
        self,
        session: Session,
        operations: Iterable[Operation],
        meter: Meter,
        allowance: Allowance | None = None,
    ) -> Binding:
        return Binding(
            credentials=session,
            operations=frozenset(operations),
            meter=meter,
            pace=self._pace,
            allowance=allowance,
        )


def _key(purpose: Purpose) -> object:
    return purpose.detail, tuple(scanner.type for scanner in purpose.scanners)


def _needs(purpose: Purpose) -> dict[str, tuple[str, ...]]:
    needs = {s.type: actions_of(s.needs(purpose.detail)) for s in purpose.scanners}
    if any(scanner.scope == "regional" for scanner in purpose.scanners):
        needs[_ITSELF] = (action_of(DESCRIBE_REGIONS),)
    return needs


def actions_for(scanners: Iterable[Scanner]) -> list[str]:
    """Return every action that a role needs for these scanners, and for proxyd itself."""
    found = list(scanners)
    operations = {op for scanner in found for op in scanner.operations}
    if any(scanner.scope == "regional" for scanner in found):
        operations.add(DESCRIBE_REGIONS)
    return sorted({action_of(op) for op in operations})
