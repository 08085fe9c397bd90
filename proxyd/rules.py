"""What the configuration says now: who is known, what may be asked, and what may go on. Pure.

A new configuration makes new rules; the old ones are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from proxyd.auth.directory import Directory
from proxyd.auth.proofs import Proof
from proxyd.aws.regions import everywhere
from proxyd.errors import Problem
from proxyd.events import ClosingReason
from proxyd.model import Principal, Scanner, Target
from proxyd.plan import Plan, Planner, Query
from proxyd.settings import Settings

_NEVER = datetime.max.replace(tzinfo=UTC)

_NARROWED = ("regions", "types")
"""What of a target the plan of a stream is compared by, and not the target itself."""


class Rules:
    """One configuration, ready to be asked."""

    def __init__(self, settings: Settings, registry: Mapping[str, Scanner]) -> None:
        self.settings = settings
        self.directory = Directory(settings)
        self.planner = Planner(
            settings.targets,
            settings.grants,
            registry,
            {target.partition: everywhere(target.partition) for target in settings.targets},
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
            return "revoked"
        pairs = list(zip(plans, allowed, strict=True))
        if not all(_within(plan, now) for plan, now in pairs):
            return "revoked"
        if any(_kept(plan.target) != _kept(now.target) for plan, now in pairs):
            return "replaced"
        return None


def _within(plan: Plan, now: Plan) -> bool:
    """Whether all that a plan scans is still allowed."""
    shards = {(scanner.type, region) for scanner, region in plan.shards(plan.regions(None))}
    return shards <= {(scanner.type, region) for scanner, region in now.shards(now.regions(None))}


def _kept(target: Target) -> Target:
    return msgspec.structs.replace(target, **dict.fromkeys(_NARROWED, ()))
