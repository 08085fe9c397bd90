"""What a role grants beyond need, and to whom, pure."""

from __future__ import annotations

from collections.abc import Iterable

from proxyd.aws.identity import same_identity
from proxyd.aws.role import Document, Policy, Role
from proxyd.checking.broad import EXPOSING, MANAGED
from proxyd.checking.evaluating import RoleRules, Rules, changing, covers
from proxyd.checking.report import Beyond

_OF_AWS = ":iam::aws:policy/"
_ASSUMING = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")


def beyond(role: Role, needed: Iterable[str], principal: str | None) -> Beyond:
    """Compare what a role grants with what is needed of it."""
    held = RoleRules(role)
    allowed, bound = held.own, held.bound
    known = {action.lower() for action in needed}
    extra = [p for p in dict.fromkeys(allowed.patterns()) if p.lower() not in known]
    return Beyond(
        readable=True,
        managed=sorted(name for name in map(_of_aws, role.policies) if name is not None),
        exposes=sorted(
            action
            for action in {a for a in EXPOSING if allowed.allows(a)} | _known(role.policies)
            if action.lower() not in known and (bound is None or bound.allows(action))
        ),
        unread=sorted(policy.name for policy in role.policies if policy.document is None),
        changes=[p for p in extra if changing(p) and (bound is None or _within(bound, p))],
        patterns=len(extra),
        boundary=role.boundary.arn if role.boundary else None,
        trusts=others(role.trust, principal),
    )


def others(trust: Document, principal: str | None) -> list[str]:
    """Return who may assume a role by its trust policy, but for the one that does so for proxyd."""
    found: dict[str, None] = {}
    statements = trust.get("Statement", ())
    for statement in [statements] if isinstance(statements, dict) else statements:
        if isinstance(statement, dict) and _lets_in(statement):
            found |= dict.fromkeys(_principals(statement.get("Principal", "*")))
    return [each for each in found if principal is None or not same_identity(each, principal)]


def _lets_in(statement: Document) -> bool:
    letting = Rules([{"Statement": statement}]).allowing
    return any(s.matches(action) for s in letting for action in _ASSUMING)


def _principals(written: object) -> Iterable[str]:
    """Return the principals of a statement; an account's number stands for its root."""
    if not isinstance(written, dict):
        return [str(written)]
    listed = [v if isinstance(v, list) else [v] for v in written.values()]
    return [str(each) for values in listed for each in values]


def _within(bound: Rules, pattern: str) -> bool:
    """Whether a boundary lets through anything of a pattern."""
    return bound.allows(pattern) or any(covers(pattern, p) for p in bound.patterns())


def _of_aws(policy: Policy) -> str | None:
    """Return the path of a policy that is one of AWS's broad ones."""
    _, found, path = (policy.arn or "").partition(_OF_AWS)
    return path.rpartition("/")[2] if found and path in MANAGED else None


def _known(policies: Iterable[Policy]) -> set[str]:
    """Return what is known to be exposed by those of AWS's policies that can not be read."""
    known: set[str] = set()
    for policy in policies:
        _, _, path = (policy.arn or "").partition(_OF_AWS)
        if policy.document is None:
            patterns = MANAGED.get(path, ())
            known |= {a for a in EXPOSING if any(covers(p, a) for p in patterns)}
    return known
