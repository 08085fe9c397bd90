"""The targets that organizations bring, pure: one for each account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from proxyd.model import Account, Target
from proxyd.settings import Organization

MAX_NAME = 63
"""Characters of a target's name."""

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")

_LISTING = ("external_id", "units", "exclude", "list_role_arn")
"""What of an organization decides which accounts are listed, and how."""

Found = Mapping[str, Sequence[Account]]
"""Organization → its accounts, as they were listed last."""


def targets_of(
    organizations: Iterable[Organization], found: Found, configured: Sequence[Target]
) -> Iterator[Target]:
    """Yield a target for each account of each organization, but for those that are configured.

    Args:
        organizations: those of the configuration.
        found: the accounts of each.
        configured: the targets of the configuration, which go first: by name, and by role.

    """
    names = {target.name for target in configured}
    roles = {target.role_arn for target in configured}
    for organization in organizations:
        for account in found.get(organization.name, ()):
            target = target_of(organization, account)
            if target.name not in names and target.role_arn not in roles:
                names.add(target.name)
                roles.add(target.role_arn)
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
    return all(getattr(one, name) == getattr(other, name) for name in _LISTING)


def _name(pattern: str, account: Account) -> str:
    """Fill a pattern: the account's name gives way where the whole would be too long."""
    fixed = pattern.replace("{account}", account.id)
    room = MAX_NAME - len(fixed.replace("{name}", ""))
    name = _NOT_IN_A_NAME.sub("-", account.name)[: max(room, 0)] if "{name}" in fixed else ""
    return fixed.replace("{name}", name, 1).replace("{name}", "").lstrip("._-")[:MAX_NAME]
