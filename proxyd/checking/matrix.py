"""Which scanners may do what they need: each is run by the engine itself, to its first resource."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import partial

import msgspec

from proxyd.actions import actions_of, with_besides
from proxyd.allowance import Allowance
from proxyd.aws.access import Access
from proxyd.aws.regions import home_of, regions_of
from proxyd.aws.shard import AwsShard
from proxyd.checking.report import Region, RegionStatus, Scanned
from proxyd.engine import Engine, Work
from proxyd.events import Event, ShardEnded
from proxyd.globs import expand, is_literal
from proxyd.model import GLOBAL, Resource, Scan, Scanner, Shard, Target
from proxyd.remedies import Refusal, refusals

_EVERYWHERE = ("ec2", "sqs", "sns", "cloudwatch", "logs", "dynamodb", "lambda", "rds", "kms")
"""Services that every region has, the cheapest to ask first."""

_SILENT = frozenset({"ConnectTimeout", "EndpointConnection"})

Step = Callable[[], None]
"""Called when a shard has ended."""


class Matrix:
    """What came of some shards.

    Attributes:
        refusals: all that was refused.

    """

    def __init__(self) -> None:
        self.refusals: set[Refusal] = set()
        self.scanned: list[Scanned] = []

    def add(self, ended: ShardEnded, scanner: Scanner, shard: AwsShard) -> None:
        """Take in how a shard ended, and what it did not come to."""
        self.refusals |= refusals(ended)
        tried = set(actions_of(with_besides(shard.asked)))
        left = [action for action in actions_of(scanner.operations) if action not in tried]
        self.scanned.append(
            Scanned(
                type=ended.type,
                region=ended.region,
                status=ended.status,
                calls=ended.calls,
                code=ended.code,
                action=ended.action,
                cause=ended.cause,
                actions=ended.actions,
                untried=left or None,
            )
        )


async def run(access: Access, works: Iterable[Work], engine: Engine, step: Step) -> Matrix:
    """Run scanners, each to its first resource."""
    matrix = Matrix()
    shards: dict[tuple[str, str], AwsShard] = {}

    def opened(scanner: Scanner, region: str, allowance: Allowance) -> AwsShard:
        shard = shards[scanner.type, region] = access.shard(scanner, region, allowance)
        shard.sampling = True
        return shard

    async def emit(work: Work, event: Event) -> None:
        if isinstance(event, ShardEnded):
            matrix.add(event, work.scanner, shards[event.type, event.region])
            step()

    brief = [Work(_briefly(work.scanner), work.region) for work in works]
    await engine.run(brief, opened, emit)
    matrix.scanned.sort(key=lambda scanned: (scanned.type, scanned.region))
    return matrix


def _briefly(scanner: Scanner) -> Scanner:
    return msgspec.structs.replace(scanner, scan=partial(_first, scanner.scan))


async def _first(scan: Scan, shard: Shard) -> AsyncGenerator[Resource, None]:
    """Find one resource: by then its list was read, and what is asked of each was asked of some."""
    async with aclosing(scan(shard)) as found:
        async for resource in found:
            yield resource
            return


def works(scanners: Sequence[Scanner], region: str | None) -> list[Work]:
    """Return what to run: regional scanners in one region, the others where they are."""
    return [
        Work(scanner, GLOBAL if scanner.scope == "global" else region or GLOBAL)
        for scanner in scanners
        if scanner.scope == "global" or region is not None
    ]


def regions_for(target: Target, enabled: Mapping[str, bool] | None) -> list[str]:
    """Return the regions of a target, but for those that only a glob names and that are off."""
    known = {*regions_of(target.partition), *filter(is_literal, target.regions), *(enabled or ())}
    return [
        region
        for region in expand(target.regions, sorted(known - {GLOBAL}))
        if enabled is None or enabled.get(region) or region in target.regions
    ]


def region_to_try(
    target: Target, enabled: Mapping[str, bool] | None, wanted: str | None
) -> str | None:
    """Choose the region in which regional scanners are tried: a wanted one, or the first named."""
    found = [r for r in regions_for(target, enabled) if enabled is None or enabled.get(r, True)]
    if wanted is not None and wanted in expand(target.regions, [wanted]):
        return wanted
    literal = (r for r in target.regions if is_literal(r) and r in found)
    home = home_of(target.partition)
    return next(literal, home if home in found else next(iter(found), None))


def probe(scanners: Iterable[Scanner], tried: Iterable[Scanned]) -> Scanner | None:
    """Choose what asks the other regions: a regional scanner that worked, of a common service."""
    worked = {each.type for each in tried if each.status == "ok" and each.region != GLOBAL}
    able = [s for s in scanners if s.type in worked and s.service in _EVERYWHERE]
    return min(able, key=lambda s: (_EVERYWHERE.index(s.service), len(s.operations)), default=None)


def of_region(region: str, tried: Sequence[Scanned]) -> Region:
    """Say what of a region can be reached, by what came of the scanners that were tried in it."""
    found = [each for each in tried if each.region == region]
    if not found:
        return Region(region=region, status="unknown")
    by_status = {_status(each): each for each in found}
    status = next(status for status in _BEST_FIRST if status in by_status)
    code = None if status == "allowed" else by_status[status].code
    return Region(region=region, status=status, code=code)


_BEST_FIRST: tuple[RegionStatus, ...] = (
    "allowed",
    "denied_by_organization",
    "denied",
    "off",
    "no_answer",
    "unknown",
)


def _status(tried: Scanned) -> RegionStatus:
    match tried.status:
        case "ok":
            return "allowed"
        case "denied":
            return "denied"
        case "scp_denied":
            return "denied_by_organization"
        case "region_disabled":
            return "no_answer" if tried.code in _SILENT else "off"
        case "timeout":
            return "no_answer"
    return "unknown"
