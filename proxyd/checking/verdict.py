"""What was found out about a target → what of it has to be mended, pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from proxyd.checking.evaluating import RoleRules
from proxyd.checking.report import ExternalId, Problem, Region, Scanned, Why
from proxyd.errors import Cause
from proxyd.remedies import Refusal

_NOT_SEEN = frozenset({"throttled", "timeout", "expired", "cancelled", "failed"})
_READ_BY_US: frozenset[Cause | None] = frozenset({"policy", None})
"""Causes for which the role's own policies may say more than AWS does."""


def problems(
    why: Why | None,
    external_id: ExternalId,
    refused: Iterable[Refusal],
    regions: Iterable[Region],
    scanned: Iterable[Scanned],
    *,
    nowhere: bool = False,
) -> list[Problem]:
    """Return what a person in the account has to mend, or has to look at.

    What the organization forbids, what is off and what is not there is none of it.

    Args:
        why: why the role is not given.
        external_id: whether it is given to others.
        refused: what is refused through it.
        regions: what of each region can be reached.
        scanned: what came of each scanner.
        nowhere: whether there was no region in which regional scanners could be tried.

    """
    doors = external_id.required, external_id.wrong_refused
    found: dict[Problem, bool] = {
        "not_assumable": why is not None,
        "external_id_not_required": external_id.required is False,
        "wrong_external_id_accepted": external_id.wrong_refused is False,
        "denied": any(refusal.cause != "organization" for refusal in refused),
        "region_denied": any(region.status == "denied" for region in regions),
        "not_seen": any(each.status in _NOT_SEEN for each in scanned)
        or nowhere
        or (why is None and None in doors),
    }
    return [problem for problem, there in found.items() if there]


def refined(refused: Iterable[Refusal], rules: RoleRules | None) -> set[Refusal]:
    """Say more of why actions are refused than AWS does, where the role's policies are known."""
    told: set[Refusal] = set()
    for refusal in refused:
        known: list[Cause] = []
        if rules and refusal.cause in _READ_BY_US:
            known = rules.causes(refusal.action)
            if rules.lets(refusal.action):
                known = ["elsewhere"]
        told |= {Refusal(refusal.action, cause) for cause in known} or {refusal}
    return told


def foreseen(scanned: Iterable[Scanned], rules: RoleRules | None) -> set[Refusal]:
    """Return what would be refused, of that which there was nothing to try on."""
    if rules is None:
        return set()
    untried = {action for each in scanned for action in each.untried or ()}
    return {Refusal(action, cause) for action in untried for cause in rules.causes(action)}


def rescanned(scanned: Iterable[Scanned], refused: Iterable[Refusal]) -> list[Scanned]:
    """Tell of each scanner the cause that is known by now."""
    known = {refusal.action: refusal.cause for refusal in sorted(refused, key=_worst_last)}
    return [
        msgspec.structs.replace(each, cause=known[each.action])
        if each.action in known and each.status == "denied"
        else each
        for each in scanned
    ]


def _worst_last(refusal: Refusal) -> tuple[bool, str]:
    """Sort so that what a policy of the role lacks is told rather than what a boundary does."""
    return refusal.cause == "policy", refusal.cause or ""


def words(found: Sequence[Problem]) -> str:
    """Say what is wrong, in one line."""
    return "; ".join(_WORDS[problem] for problem in found)


_WORDS: dict[Problem, str] = {
    "not_assumable": "the role can not be assumed",
    "external_id_not_required": "the role is given without the external id",
    "wrong_external_id_accepted": "the role is given with a wrong external id",
    "denied": "actions are denied",
    "region_denied": "a region is denied",
    "not_seen": "not all could be tried",
}
