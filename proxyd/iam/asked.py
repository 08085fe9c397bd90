"""What is asked for, pure: whose role, for which types, assumed by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from proxyd.aws.access import actions_for
from proxyd.errors import ConfigError, UsageError
from proxyd.globs import did_you_mean, expand
from proxyd.iam import identity, role
from proxyd.model import Scanner, Target
from proxyd.preflight import type_meant
from proxyd.settings import Organization, Settings

Whose = Target | Organization | None
"""Whose role it is; None: nobody has said."""

_Named = TypeVar("_Named", Target, Organization)


def one(known: Sequence[_Named], name: str | None, option: str) -> _Named | None:
    """Return the one of that name, or the only one; None where there are none.

    Raises:
        UsageError: none is called that, or it is not said which.

    """
    names = {each.name: each for each in known}
    if name is not None and name not in names:
        what = option.removeprefix("--")
        raise UsageError(f"{option}: no {what} is called {name!r}{did_you_mean(name, names)}")
    if name is None and len(names) > 1:
        raise UsageError(f"{option}: say which; there are {', '.join(sorted(names))}")
    return names[name] if name is not None else next(iter(names.values()), None)


def a_target(settings: Settings, name: str | None) -> Target | None:
    """Return the target that is meant; None where the configuration has nothing.

    Raises:
        UsageError: it is not said which, or only organizations are configured.

    """
    found = one(settings.targets, name, "--target")
    if found is None and settings.organizations:
        raise UsageError(
            "--target: only organizations are configured; `proxyd iam stackset` prints what makes "
            "the roles of their accounts"
        )
    return found


def either(settings: Settings, target: str | None, organization: str | None) -> Whose:
    """Return the target or the organization that is meant; None where there is neither.

    Raises:
        UsageError: it is not said which, or both are.

    """
    if target is not None and organization is not None:
        raise UsageError("--target, --organization: expected one of them")
    if organization is not None or (target is None and not settings.targets):
        return one(settings.organizations, organization, "--organization")
    return one(settings.targets, target, "--target")


def members(settings: Settings, target: str | None, organization: str | None) -> Whose:
    """Return what the role of an organization's accounts is made like.

    Raises:
        UsageError: it is not said which, or both are.

    """
    if target is not None:
        return either(settings, target, organization)
    return one(settings.organizations, organization, "--organization")


def principal(settings: Settings, whose: Whose, given: str | None) -> str | None:
    """Return the ARN of what assumes the role; None where it is not known.

    Raises:
        UsageError: what is given can not be it.

    """
    via = None if whose is None else whose.via
    if given is None:
        return via or settings.aws.identity
    if via is not None:
        raise UsageError(f"--identity: the role is assumed through {via}; leave it out")
    return identity.checked(given)


def via_principal(settings: Settings, via: str, given: str | None) -> str | None:
    """Return the ARN of what assumes a role that others are assumed through, where it is known.

    Raises:
        UsageError: no role is assumed through it, or what is given can not be it.

    """
    targets, organizations = settings.targets, settings.organizations
    if via not in {*(each.via for each in targets), *(each.via for each in organizations)}:
        raise UsageError(f"--via: the configuration has no role behind {via}")
    return principal(settings, None, given)


def actions(registry: Mapping[str, Scanner], whose: Whose, types: Sequence[str]) -> list[str]:
    """Return what a role has to allow, for these types or all.

    Raises:
        UsageError: there is no such scanner, or it may never be asked of the target.
        ConfigError: of the target nothing may be asked that any scanner finds.

    """
    for glob in types:
        if not expand([glob], registry):
            raise UsageError(f"--type: no scanner matches {glob!r}{type_meant(glob, registry)}")
    wanted = expand(types or ["*"], registry)
    if whose is not None:
        wanted = expand(whose.types, wanted)
        if not wanted and types:
            raise UsageError(f"--type: the `types` of {whose.name!r} hold none of these")
        if not wanted:
            raise ConfigError(f"the `types` of {whose.name!r} hold no type that a scanner finds")
    return actions_for(registry[name] for name in wanted)


def role_of(
    settings: Settings,
    registry: Mapping[str, Scanner],
    whose: Whose,
    *,
    types: Sequence[str] = (),
    given: str | None = None,
) -> role.Role:
    """Return the role that is to be made.

    Raises:
        UsageError: what is asked for makes no role.

    """
    assumed_by = principal(settings, whose, given)
    allows = actions(registry, whose, types)
    match whose:
        case Target():
            return role.of_target(whose, allows, assumed_by)
        case Organization():
            return role.of_members(whose, allows, assumed_by)
    return role.anybodys(allows, assumed_by)
