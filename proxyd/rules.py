"""What the configuration says now: who is known, what may be asked, and what may go on. Pure.

A new configuration makes new rules; the old ones are never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from proxyd.auth.directory import Directory
from proxyd.auth.proofs import Proof
from proxyd.aws.regions import everywhere
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.extent import Extent
from proxyd.globs import is_literal
from proxyd.members import lists_as, targets_of
from proxyd.model import Account, Principal, Scanner, Target
from proxyd.plan import Plan, Planner, Query
from proxyd.settings import Organization, Settings

_NEVER = datetime.max.replace(tzinfo=UTC)

MAX_COMPARED = 1000
"""Comparisons of an extent of old rules with one of these that are kept."""

_NARROWED = ("regions", "types")
"""What of a target the plan of a stream is compared by, and not the target itself."""


Accounts = Mapping[Organization, Sequence[Account]]
"""Organization, as it was asked → its accounts, as they were listed last."""


class Rules:
    """One configuration, and the accounts of its organizations, ready to be asked.

    Attributes:
        targets: those of the configuration, and those that its organizations bring.

    """

    def __init__(
        self,
        settings: Settings,
        registry: Mapping[str, Scanner],
        accounts: Accounts | None = None,
    ) -> None:
        """Make them; accounts that were listed by other terms are forgotten."""
        self.settings = settings
        self._registry = registry
        self._accounts = {
            now: listed
            for now in settings.organizations
            for was, listed in (accounts or {}).items()
            if lists_as(was, now)
        }
        self.targets = (*settings.targets, *targets_of(self._accounts, settings.targets))
        self.directory = Directory(settings)
        # Many streams are judged at once, and most of them by the same two extents.
        self._within = lru_cache(MAX_COMPARED)(_within)
        partitions = {target.partition for target in self.targets}
        partitions |= {organization.partition for organization in settings.organizations}
        self.planner = Planner(
            self.targets,
            settings.grants,
            registry,
            {partition: everywhere(partition) for partition in partitions},
            max_targets=settings.limits.targets_per_stream,
        )

    def with_settings(self, settings: Settings) -> Rules:
        """Return the rules of a new configuration."""
        return Rules(settings, self._registry, self._accounts)

    def with_accounts(self, organization: Organization, accounts: Sequence[Account]) -> Rules:
        """Return the rules by which an organization has these accounts."""
        known = {each: v for each, v in self._accounts.items() if each.name != organization.name}
        return Rules(self.settings, self._registry, {**known, organization: accounts})

    def accounts(self, organization: Organization) -> Sequence[Account] | None:
        """Return the accounts of an organization; None where it is not one by these rules.

        None are known before it was listed.
        """
        for now in self.settings.organizations:
            if lists_as(organization, now):
                return self._accounts.get(now, ())
        return None

    def against(
        self, proof: Proof, was: Principal, query: Query, plans: Sequence[Plan]
    ) -> ClosingReason | None:
        """Return why a stream may not go on that was opened by other rules; None when it may.

        Args:
            proof: what was proven of its caller.
            was: whom that stood for.
            query: what it asked.
            plans: what it was given.

        """
        principal = self.directory.principal(proof)
        if principal is None or principal.name != was.name:
            return "revoked"
        if principal.expires is not None and principal.expires < (was.expires or _NEVER):
            return "replaced"
        try:
            allowed = self.planner.plan(principal, query)
        except Problem:
            # What globs match may be there again at once, when an organization was listed anew.
            return "revoked" if any(map(is_literal, query.target)) else "replaced"
        return _against(query, plans, {plan.target.name: plan for plan in allowed}, self._within)


def _against(
    query: Query,
    plans: Sequence[Plan],
    allowed: Mapping[str, Plan],
    within: Callable[[Extent, Extent], bool],
) -> ClosingReason | None:
    """Judge target by target; who asked for globs comes back to what they match by now."""
    pairs = [(plan, allowed[p.name]) for plan in plans if (p := plan.target).name in allowed]
    if not all(within(plan.extent, now.extent) for plan, now in pairs):
        return "revoked"
    gone = len(pairs) < len(plans)
    if gone or any(_kept(plan.target) != _kept(now.target) for plan, now in pairs):
        return "replaced"
    if query.mode == "watch" and len(allowed) > len(plans):
        return "replaced"
    return None


def _within(was: Extent, now: Extent) -> bool:
    """Whether all that was scanned is still allowed."""
    return _shards(was) <= _shards(now)


def _shards(extent: Extent) -> set[tuple[str, str]]:
    return {(scanner.type, region) for scanner, region in extent.shards(extent.regions(None))}


def _kept(target: Target) -> Target:
    return msgspec.structs.replace(target, **dict.fromkeys(_NARROWED, ()))
