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
from proxyd.members import Found, targets_of
from proxyd.model import Principal, Scanner, Target
from proxyd.plan import Plan, Planner, Query
from proxyd.settings import Settings

_NEVER = datetime.max.replace(tzinfo=UTC)

MAX_COMPARED = 1000
"""Comparisons of an extent of old rules with one of these that are kept."""

_NARROWED = ("regions", "types")
"""What of a target the plan of a stream is compared by, and not the target itself."""


class Rules:
    """One configuration, ready to be asked.

    Attributes:
        targets: those of the configuration, and those that its organizations bring.

    """

    def __init__(
        self, settings: Settings, registry: Mapping[str, Scanner], found: Found | None = None
    ) -> None:
        self.settings = settings
        self.targets = (
            *settings.targets,
            *targets_of(settings.organizations, found or {}, settings.targets),
        )
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
