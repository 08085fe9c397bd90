"""Try targets side by side: is the role given, is what it needs allowed, and what is too much."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from proxyd.actions import action_of
from proxyd.aws.access import DESCRIBE_REGIONS, Access, Purpose, actions_for
from proxyd.aws.queue import RECEIVE_MESSAGE
from proxyd.aws.role import ACTIONS as READS_ITSELF
from proxyd.aws.role import OPERATIONS as READING
from proxyd.aws.role import Role, RoleReader
from proxyd.aws.shared import Regions, Shared
from proxyd.aws.trust import Trust
from proxyd.checking import matrix
from proxyd.checking.assuming import Told, not_given, told_by
from proxyd.checking.beyond import beyond
from proxyd.checking.evaluating import RoleRules
from proxyd.checking.matrix import Matrix
from proxyd.checking.report import Beyond, Region, TargetReport
from proxyd.checking.verdict import foreseen, problems, refined, rescanned
from proxyd.engine import Engine, Work
from proxyd.errors import AwsError
from proxyd.globs import expand
from proxyd.model import Scanner, Target
from proxyd.reach import enabled_regions
from proxyd.registry import Registry
from proxyd.remedies import remedies, role_name
from proxyd.settings import Limits

PRINCIPAL = "proxyd-check"
"""What CloudTrail has as the source identity."""

OPERATIONS = frozenset({*READING, DESCRIBE_REGIONS})
"""What a check calls besides what scanners do."""

TARGETS_AT_ONCE = 8
SHARDS_AT_ONCE = 64
SHARD_SECONDS = 30.0

Progress = Callable[[str, int, int], None]
"""Told of a target how many shards have ended, and of how many."""


def _untold(_: str, __: int, ___: int) -> None:
    pass


async def check_targets(
    shared: Shared,
    registry: Registry,
    targets: Sequence[Target],
    *,
    limits: Limits,
    identity: str | None = None,
    region: str | None = None,
    brief: Collection[str] = (),
    origins: Mapping[str, str] | None = None,
    progress: Progress = _untold,
) -> list[TargetReport]:
    """Try every target.

    Args:
        shared: how AWS is reached.
        registry: the scanners; a target's types say which of them are tried.
        targets: those to try.
        limits: how long AssumeRole may take.
        identity: as whom proxyd runs, as the configuration has it.
        region: where regional scanners are tried, in targets that have that region.
        brief: the names of targets of which only the role is asked for.
        origins: the names of targets → those of the organizations that bring them.
        progress: told how far it is.

    """
    slots = asyncio.Semaphore(TARGETS_AT_ONCE)

    async def checked(target: Target) -> TargetReport:
        scanners = [registry[name] for name in expand(target.types, registry)]
        async with slots:
            check = _Check(
                shared, target, scanners, limits=limits, identity=identity, progress=progress
            )
            report = await check.run(region, brief=target.name in brief)
        origin = (origins or {}).get(target.name)
        return msgspec.structs.replace(report, organization=origin)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(checked(target)) for target in targets]
    return [task.result() for task in tasks]


class _Found(msgspec.Struct, kw_only=True):
    """What was seen through an assumed role."""

    brief: bool = False
    region: str | None = None
    regions: list[Region] = msgspec.field(default_factory=list)
    tried: Matrix = msgspec.field(default_factory=Matrix)
    nowhere: bool = False
    role: Role | None = None
    unread: AwsError | None = None


class _Check:
    """One target that is tried."""

    def __init__(
        self,
        shared: Shared,
        target: Target,
        scanners: Sequence[Scanner],
        *,
        limits: Limits,
        identity: str | None,
        progress: Progress,
    ) -> None:
        self._target, self._scanners = target, scanners
        self._progress = progress
        self._seconds = limits.assume_seconds
        scan = f"check-{secrets.token_hex(4)}"
        self._access = Access(
            shared,
            Purpose(
                target=target, scanners=scanners, detail="full", principal=PRINCIPAL, scan=scan
            ),
        )
        self._trust = Trust(
            shared,
            target,
            identity=identity,
            principal=PRINCIPAL,
            scan=scan,
            seconds=limits.assume_seconds,
        )
        self._reader = RoleReader(shared, target, principal=PRINCIPAL, scan=scan)
        self._engine = Engine(shards_at_once=SHARDS_AT_ONCE, shard_seconds=SHARD_SECONDS)
        self._ended, self._all = 0, 0

    async def run(self, wanted: str | None, *, brief: bool) -> TargetReport:
        """Try all of it, or only its role."""
        since = time.monotonic()
        self._tell()
        told = await told_by(self._trust, self._target)
        found = _Found(brief=brief)
        if told.why is None and not brief:
            told, found = await self._through(told, found, wanted)
        return self._report(told, found, since)

    async def _through(self, told: Told, found: _Found, wanted: str | None) -> tuple[Told, _Found]:
        """Assume the role as a scan does, and look at what it may do."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._access.assume()
        except AwsError as error:
            return told._replace(why=not_given(error)), found
        except TimeoutError:
            return told._replace(why=not_given(AwsError("timeout", "AssumeRoleTimeout"))), found
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(found))
            group.create_task(self._scan(found, wanted))
        return told, found

    async def _read(self, found: _Found) -> None:
        try:
            found.role = await self._reader.read()
        except AwsError as error:
            found.unread = error

    async def _scan(self, found: _Found, wanted: str | None) -> None:
        """Try the scanners in one region, and one of them in each of the others."""
        enabled, lacking = await enabled_regions(self._access, self._scanners)
        regional = any(scanner.scope == "regional" for scanner in self._scanners)
        if regional:
            found.region = matrix.region_to_try(self._target, enabled, wanted)
        found.tried = await self._run(matrix.works(self._scanners, found.region))
        if lacking is not None:
            found.tried.refusals.add(lacking)
        if regional:
            found.regions = await self._regions(found, enabled)
            answers = {region.region: region.status for region in found.regions}
            found.nowhere = answers.get(found.region or "") in {None, "no_answer"}

    async def _regions(self, found: _Found, enabled: Regions | None) -> list[Region]:
        known = matrix.regions_for(self._target, enabled)
        off = [r for r in known if enabled is not None and enabled.get(r) is False]
        others = [r for r in known if r != found.region and r not in off]
        asks = matrix.probe(self._scanners, found.tried.scanned)
        probed = await self._run([Work(asks, region) for region in others] if asks else [])
        tried = [*found.tried.scanned, *probed.scanned]
        return [
            Region(region=region, status="off")
            if region in off
            else matrix.of_region(region, tried)
            for region in known
        ]

    async def _run(self, works: Sequence[Work]) -> Matrix:
        self._all += len(works)
        return await matrix.run(self._access, works, self._engine, self._step)

    def _step(self) -> None:
        self._ended += 1
        self._tell()

    def _tell(self) -> None:
        self._progress(self._target.name, self._ended, self._all)

    def _report(self, told: Told, found: _Found, since: float) -> TargetReport:
        target, tried = self._target, found.tried
        rules = RoleRules(found.role) if found.role is not None else None
        refused = refined(tried.refusals, rules)
        later = foreseen(tried.scanned, rules)
        wrong = problems(
            told.why,
            told.external_id,
            refused,
            found.regions,
            tried.scanned,
            nowhere=found.nowhere,
        )
        meters = (self._trust.meter, self._access.meter, self._reader.meter)
        return TargetReport(
            target=target.name,
            account=target.account,
            role=role_name(target),
            brief=found.brief,
            region=found.region,
            ok=not wrong,
            problems=wrong,
            assumable=told.why is None,
            why=told.why,
            principal=told.principal,
            external_id=told.external_id,
            source_identity=told.source_identity,
            tags=told.tags,
            regions=found.regions,
            scanners=rescanned(tried.scanned, refused),
            foreseen=sorted({refusal.action for refusal in later}),
            remedies=remedies(refused | later, target),
            beyond=self._beyond(found, told.principal),
            calls=sum(meter.calls for meter in meters),
            ms=round((time.monotonic() - since) * 1000),
        )

    def _beyond(self, found: _Found, principal: str | None) -> Beyond:
        if found.role is None:
            return Beyond(readable=False, code=found.unread.code if found.unread else None)
        needed = {*actions_for(self._scanners), *READS_ITSELF}
        if self._target.events is not None:
            needed.add(action_of(RECEIVE_MESSAGE))
        return beyond(found.role, needed, principal)
