"""All that a configuration names, tried: its targets, and the accounts of its organizations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from proxyd.aws import organization
from proxyd.aws.shared import Shared
from proxyd.checking import targets
from proxyd.checking.matrix import regions_for
from proxyd.checking.organizations import listed
from proxyd.checking.report import Report, TargetReport
from proxyd.checking.targets import Progress, check_targets
from proxyd.errors import UsageError
from proxyd.globs import did_you_mean
from proxyd.model import Target
from proxyd.registry import Registry
from proxyd.settings import Settings

OPERATIONS = frozenset({*targets.OPERATIONS, *organization.OPERATIONS})
"""What a check calls besides what scanners do."""


async def check_everything(
    shared: Shared,
    settings: Settings,
    registry: Registry,
    *,
    names: Sequence[str],
    region: str | None,
    progress: Progress,
) -> Report:
    """Try the targets of these names, all where there are none.

    Of an organization's accounts, whose roles were made alike, the first that gives its role is
    tried in full, and of the others the role.

    Args:
        shared: how AWS is reached.
        settings: the configuration.
        registry: the scanners.
        names: of targets that are tried in full.
        region: where regional scanners are tried.
        progress: told how far it is.

    Raises:
        UsageError: there is no such target, or none has such a region.

    """
    configured = {target.name for target in settings.targets}
    asked = settings.organizations if not names or set(names) - configured else ()
    brought = await listed(shared, asked, settings.targets)
    chosen = _chosen([*settings.targets, *brought.targets], names, whole=brought.whole)
    if names and set(names) == {target.name for target in chosen}:
        brought = brought.of(chosen)
    _check_region(chosen, region)
    tried = partial(
        check_targets,
        shared,
        registry,
        limits=settings.limits,
        identity=settings.aws.identity,
        region=region,
        origins=brought.origins,
        progress=progress,
    )
    reports = await tried(chosen, brief=brought.origins.keys() - set(names))
    samples = _samples(reports)
    in_full = await tried([target for target in chosen if target.name in samples])
    by_name = {report.target: report for report in (*reports, *in_full)}
    good = all(each.ok for each in by_name.values()) and all(each.ok for each in brought.reports)
    return Report(ok=good, organizations=brought.reports, targets=list(by_name.values()))


def _samples(reports: Iterable[TargetReport]) -> set[str]:
    """Choose one account of each organization."""
    given = [report for report in reports if report.brief and report.assumable]
    return {report.target for report in {r.organization: r for r in reversed(given)}.values()}


def _chosen(known: Sequence[Target], names: Sequence[str], *, whole: bool) -> list[Target]:
    """Choose by name; one that is not known may be an account that could not be listed."""
    by_name = {target.name: target for target in known}
    for name in names if whole else ():
        if name not in by_name:
            raise UsageError(f"--target: no target is called {name!r}{did_you_mean(name, by_name)}")
    wanted = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
    return wanted if names else list(known)


def _check_region(tried: Sequence[Target], region: str | None) -> None:
    if region is None or not tried:
        return
    known = sorted({each for target in tried for each in regions_for(target, None)})
    if region not in known:
        raise UsageError(f"--region: no target has {region!r}{did_you_mean(region, known)}")
