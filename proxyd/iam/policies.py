"""The policies of a role, pure: exactly the actions of some scanners, and who may assume it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from proxyd.actions import ASSUMING
from proxyd.aws.policy import pack
from proxyd.statements import VERSION

MAX_MANAGED_POLICY = 6144
"""Characters of a customer managed policy, white space not counted."""

SESSIONS = "proxyd-*"
"""What the names of proxyd's sessions look like."""


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """Make a policy of statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def role_policies(actions: Iterable[str]) -> list[dict[str, Any]]:
    """Make the policies that a role needs, each small enough for a managed policy.

    The actions of a service are kept together, unless that took a policy more.
    """
    wanted = sorted(set(actions))
    services: dict[str, list[str]] = defaultdict(list)
    for action in wanted:
        services[action.partition(":")[0]].append(action)
    packed = pack({action: [action] for action in wanted}, MAX_MANAGED_POLICY)
    try:
        whole = pack(services, MAX_MANAGED_POLICY)
    except ValueError:  # one service is more than a policy holds
        whole = packed
    best = whole if len(whole) <= len(packed) else packed
    return [json.loads(policy.document) for policy in best]


def trust_policy(principal: object, external_id: object) -> dict[str, Any]:
    """Make the trust policy of a role: only proxyd, and only with the external id.

    Args:
        principal: the ARN of what assumes the role, or a reference to it in the form at hand.
        external_id: the external id, or a reference to it.

    """
    return _trusting(principal, {"StringEquals": {"sts:ExternalId": external_id}})


def via_trust_policy(principal: str) -> dict[str, Any]:
    """Make the trust policy of a role that others are assumed through: it is told no external id.

    Args:
        principal: the ARN of what assumes the role.

    """
    return _trusting(principal, {})


def _trusting(principal: object, condition: dict[str, Any]) -> dict[str, Any]:
    assume, *rest = ASSUMING
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": assume,
            "Condition": {**condition, "StringLike": {"sts:RoleSessionName": SESSIONS}},
        },
        # The others have neither condition key (AWS's service authorization reference).
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": rest},
    )
