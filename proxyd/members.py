"""The targets that organizations bring, pure: one for each account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from proxyd.forms import MAX_NAME
from proxyd.model import Account, Target
from proxyd.settings import Organization

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")

_LISTING = ("name", "external_id", "units", "exclude", "list_role_arn")
"""What of an organization decides which accounts are listed, and how."""


def targets_of(
    found: Mapping[Organization, Sequence[Account]], configured: Sequence[Target]
) -> Iterator[Target]:
    """Yield a target for each account of each organization, but for those that are configured.

    Args:
        found: the accounts of each organization.
        configured: the targets of the configuration, which go first: by name, and by account.

    """
    names = {target.name for target in configured}
    accounts = {target.account for target in configured}
    for organization, listed in found.items():
        for account in listed:
            target = target_of(organization, account)
            if target.name not in names and account.id not in accounts:
                names.add(target.name)
                accounts.add(account.id)
                yield target


def target_of(organization: Organization, account: Account) -> Target:
    """Return the target that an account of an organization is."""
    return Target(
        name=_name(organization.targets, account),
        role_arn=organization.role_arn.replace("{account}", account.id),
        external_id=organization.external_id_in(account.id),
        regions=organization.regions,
        types=organization.types,
        via=organization.via,
        duration=organization.duration,
    )


def lists_as(one: Organization, other: Organization) -> bool:
    """Whether the accounts that were listed for one are those of the other."""
    return all(getattr(one, key) == getattr(other, key) for key in _LISTING)


def _name(pattern: str, account: Account) -> str:
    """Fill a pattern: the account's name gives way where the whole would be too long."""
    fixed = pattern.replace("{account}", account.id)
    room = MAX_NAME - len(fixed.replace("{name}", ""))
    name = _NOT_IN_A_NAME.sub("-", account.name)[:room]
    return fixed.replace("{name}", name, 1).replace("{name}", "").lstrip("._-")
