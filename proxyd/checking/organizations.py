"""The accounts of organizations, listed once, as targets to be tried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from proxyd.aws.organization import PATIENCE, Directory
from proxyd.aws.shared import Shared
from proxyd.checking.report import OrganizationReport
from proxyd.errors import AwsError
from proxyd.members import targets_of
from proxyd.model import Account, Target
from proxyd.settings import Organization


class Listed(NamedTuple):
    """What organizations bring.

    Attributes:
        reports: one for each organization.
        targets: one for each account.
        origins: the name of each target → that of its organization.

    """

    reports: list[OrganizationReport]
    targets: list[Target]
    origins: dict[str, str]

    @property
    def whole(self) -> bool:
        """Whether all could be listed."""
        return all(report.code is None for report in self.reports)

    def of(self, chosen: Iterable[Target]) -> Listed:
        """Leave out the organizations of which no target is chosen."""
        names = {self.origins.get(target.name) for target in chosen}
        return self._replace(reports=[r for r in self.reports if r.organization in names])


async def listed(
    shared: Shared, organizations: Sequence[Organization], configured: Sequence[Target]
) -> Listed:
    """List the accounts of organizations, and say which could not be listed, and why."""
    answers = await asyncio.gather(*(_accounts(shared, each) for each in organizations))
    made = Listed([], [], {})
    known = list(configured)
    for organization, answer in zip(organizations, answers, strict=True):
        accounts = [] if isinstance(answer, AwsError) else answer
        targets = list(targets_of({organization: accounts}, known))
        known += targets
        made.targets.extend(targets)
        made.origins.update(dict.fromkeys((t.name for t in targets), organization.name))
        made.reports.append(_report(organization, answer))
    return made


async def _accounts(shared: Shared, organization: Organization) -> list[Account] | AwsError:
    try:
        async with asyncio.timeout(PATIENCE):
            return await Directory(shared, organization).accounts()
    except AwsError as error:
        return error
    except TimeoutError:
        return AwsError("timeout", "ListingTimeout")


def _report(organization: Organization, answer: list[Account] | AwsError) -> OrganizationReport:
    if isinstance(answer, AwsError):
        return OrganizationReport(
            organization=organization.name,
            ok=False,
            accounts=0,
            code=answer.code,
            action=answer.action,
        )
    return OrganizationReport(
        organization=organization.name,
        ok=bool(answer),
        accounts=len(answer),
        code=None,
        action=None,
    )
