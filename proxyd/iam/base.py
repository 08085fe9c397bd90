"""What proxyd's own identity may do, pure: assume the configured roles, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from proxyd.actions import ASSUMING, actions_of
from proxyd.aws import organization as listing
from proxyd.errors import ConfigError, UsageError
from proxyd.iam.policies import MAX_MANAGED_POLICY, document
from proxyd.settings import Organization, Settings


def base_policies(settings: Settings, via: str | None = None) -> list[dict[str, Any]]:
    """Make the policies of proxyd's own identity, each small enough for a managed policy.

    Args:
        settings: the targets and the organizations.
        via: of the role that others are assumed through, instead.

    Raises:
        ConfigError: there is nothing to assume.
        UsageError: there is nothing behind `via`.

    """
    roles = sorted(_roles(settings, via))
    if not roles and via is not None:
        raise UsageError(f"--via: the configuration has no role behind {via}")
    if not roles:
        raise ConfigError("the configuration names no role")
    documents = [document(_assuming([]))]
    for arn in roles:
        [statement] = documents[-1]["Statement"]
        longer = document(_assuming([*statement["Resource"], arn]))
        if _fits(longer):
            documents[-1] = longer
        else:
            documents.append(document(_assuming([arn])))
    lists = _listing(settings.organizations) if via is None else []
    return _with(documents, _allow(lists, "*")) if lists else documents


def _with(documents: list[dict[str, Any]], statement: dict[str, Any]) -> list[dict[str, Any]]:
    longer = document(*documents[-1]["Statement"], statement)
    return [*documents[:-1], longer] if _fits(longer) else [*documents, document(statement)]


def _fits(policy: dict[str, Any]) -> bool:
    return len(json.dumps(policy, separators=(",", ":"))) <= MAX_MANAGED_POLICY


def _roles(settings: Settings, via: str | None) -> set[str]:
    """Return the roles that are assumed first, or those that are assumed from `via` on."""
    roles = {
        *((target.via, target.role_arn) for target in settings.targets),
        *((o.via, o.role_arn.replace("{account}", "*")) for o in settings.organizations),
    }
    if via is not None:
        return {role for first, role in roles if first == via}
    listers = {o.list_role_arn for o in settings.organizations if o.list_role_arn is not None}
    return {first or role for first, role in roles} | listers


def _listing(organizations: Iterable[Organization]) -> list[str]:
    """Return what listing accounts takes of proxyd itself."""
    own = (o for o in organizations if o.list_role_arn is None)
    return sorted({action for o in own for action in actions_of(listing.operations(o))})


def _assuming(roles: list[str]) -> dict[str, Any]:
    return _allow(list(ASSUMING), roles)


def _allow(actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
