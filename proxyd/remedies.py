"""What would mend a refusal, pure: the statement that lacks, and in which policy.

What a policy of the organization forbids is never in a statement: no policy of a role can mend it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, get_args

from msgspec import UNSET

from proxyd.actions import ASSUMING
from proxyd.errors import Cause
from proxyd.events import Remedy, ShardEnded
from proxyd.model import Target
from proxyd.statements import allowing

_MENDED_BY_A_STATEMENT: frozenset[Cause | None] = frozenset({"policy", "boundary", None})
_FIRST, *_OTHERS = get_args(Cause)
_ORDER: tuple[Cause | None, ...] = (_FIRST, None, *_OTHERS)
REFUSED = frozenset({"denied", "scp_denied"})
"""How a shard ends to which something was refused."""


class Refusal(NamedTuple):
    """An action that was refused, and by which kind of policy; None where AWS does not say."""

    action: str
    cause: Cause | None = None


def refusals(shard: ShardEnded) -> set[Refusal]:
    """Return what a shard was refused; the trust policy, which lets a role be assumed, is apart."""
    causes = dict(shard.causes or {})
    refused = {*(shard.actions or ()), *causes}
    if shard.action is not None and shard.status in REFUSED:
        refused.add(shard.action)
        if shard.cause is not None:
            causes[shard.action] = shard.cause
    return {Refusal(action, causes.get(action)) for action in refused.difference(ASSUMING)}


def role_name(target: Target) -> str:
    """Return the name of a target's role, without the path that it may have in its ARN."""
    return target.role_arn.rpartition("/")[2]


def remedies(refused: Iterable[Refusal], target: Target) -> list[Remedy]:
    """Say what would mend refusals, one remedy for each cause.

    What a policy is known to refuse is not told again as refused for a reason unknown.
    """
    by_cause: dict[Cause | None, set[str]] = defaultdict(set)
    for action, cause in refused:
        by_cause[cause].add(action)
    by_cause[None] -= {a for cause, actions in by_cause.items() if cause for a in actions}
    return [
        Remedy(
            cause=cause,
            actions=sorted(by_cause[cause]),
            statements=allowing(by_cause[cause]) if cause in _MENDED_BY_A_STATEMENT else UNSET,
            role=role_name(target),
            account=target.account,
        )
        for cause in _ORDER
        if by_cause.get(cause)
    ]


def place(remedy: Remedy) -> str:
    """Say in words what has to be changed."""
    return _PLACES[remedy.cause].format(role=f"{remedy.role} in account {remedy.account}")


_PLACES: dict[Cause | None, str] = {
    "policy": "add to a policy of the role {role}",
    None: "AWS does not say why; where it is not allowed yet, on every resource and without a "
    "condition, add to a policy of the role {role}",
    "boundary": "add to the permissions boundary of the role {role}",
    "explicit_deny": "take the explicit deny out of the policies of the role {role}",
    "session_policy": "the session policy refuses it, which proxyd writes itself: report this",
    "resource_policy": "the resource's own policy refuses it: let the role {role} in there",
    "endpoint_policy": "the policy of the VPC endpoint that proxyd goes through refuses it",
    "undeclared": "AWS asks for it besides what the scanner declares, and proxyd asks for no more: "
    "what needs it can not be seen",
    "organization": "a policy of the organization forbids it: no policy of the role mends that",
    "elsewhere": "the role's policies allow it: a resource's own policy, a condition in theirs or "
    "the organization refuses it",
}
"""By cause; `{role}` is the role and its account."""
