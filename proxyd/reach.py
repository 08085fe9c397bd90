"""What of a target can be reached: which regions are on, and what is told of those that are not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

from proxyd.aws.access import Access
from proxyd.aws.shared import Regions
from proxyd.errors import AwsError
from proxyd.events import Mode, ScanStarted, ShardEnded
from proxyd.model import Scanner, Target
from proxyd.remedies import REFUSED, Refusal


async def refusal(assume: Callable[[], Awaitable[None]], seconds: float) -> AwsError | None:
    """Assume a role, and return why it is refused where it is."""
    try:
        async with asyncio.timeout(seconds):
            await assume()
    except AwsError as error:
        return error
    except TimeoutError:
        return AwsError("timeout", "AssumeRoleTimeout", action="sts:AssumeRole")
    return None


async def enabled_regions(
    access: Access, scanners: Iterable[Scanner]
) -> tuple[Regions | None, Refusal | None]:
    """Ask which regions are on, and what refuses that.

    None where it can not be known, and then all are tried.
    """
    if not any(scanner.scope == "regional" for scanner in scanners):
        return None, None
    try:
        return await access.enabled_regions(), None
    except AwsError as error:
        if error.action is None or error.status not in REFUSED:
            return None, None
        return None, Refusal(error.action, error.cause)


def known_off(region: str, enabled: Regions | None) -> AwsError | None:
    """Save the calls to a region that someone named and that the account has switched off."""
    off = enabled is not None and enabled.get(region) is False
    return AwsError("region_disabled", "OptInRequired") if off else None


def started(
    scan: str, target: Target, mode: Mode, shards: Sequence[tuple[Scanner, str]]
) -> ScanStarted:
    """Say what will be scanned of a target."""
    return ScanStarted(
        scan=scan,
        target=target.name,
        account=target.account,
        partition=target.partition,
        mode=mode,
        regions=list(dict.fromkeys(region for _, region in shards)),
        types=sorted({scanner.type for scanner, _ in shards}),
        shards=len(shards),
        at=datetime.now(UTC),
    )


def unseen(target: Target, type_: str, region: str, refused: AwsError) -> ShardEnded:
    """Say of a shard that was not run why nothing of it can be seen."""
    return ShardEnded(
        type=type_,
        region=region,
        account=target.account,
        status=refused.status,
        resources=0,
        calls=0,
        ms=0,
        code=refused.code,
        action=refused.action,
        cause=refused.cause,
    )
