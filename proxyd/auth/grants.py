"""What a principal may ask: one pure decision, default deny.

"All" never reaches the decision: globs and what was left out are resolved to explicit
lists first, and an empty list is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from proxyd.globs import matches
from proxyd.model import Grant, Principal

MAX_ANSWERS = 1000


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one target. None: left out, so as much as is allowed.

    Attributes:
        types: explicit resource types.
        regions: explicit regions, `global` among them.
        every_type: what "all types" means for this target.
        every_region: what "all regions" means for this target.

    """

    types: tuple[str, ...] | None
    regions: tuple[str, ...] | None
    every_type: tuple[str, ...]
    every_region: tuple[str, ...]


class Scope(msgspec.Struct, frozen=True):
    """A rectangle of types and regions that one grant allows.

    Regions that AWS has and proxyd's data does not know yet are told by `allows`.
    """

    types: tuple[str, ...]
    regions: tuple[str, ...]
    globs: tuple[str, ...]

    def allows(self, region: str) -> bool:
        """Whether the grant behind it covers a region."""
        return matches(self.globs, region)


def applies(grant: Grant, principal: Principal, target: str) -> bool:
    """Whether a grant is about this principal and this target."""
    mine = principal.name in grant.principals or bool(principal.groups & grant.groups)
    return mine and matches(grant.targets, target)


def decide(grants: Iterable[Grant], principal: Principal, target: str, ask: Ask) -> Sequence[Scope]:
    """Return the scopes that are allowed; none means that the request is refused.

    Args:
        grants: all of them, or those that apply.
        principal: who asks.
        target: the name of what is asked.
        ask: what is asked of it.

    A grant has to allow all that was asked explicitly; what was left out is filled with
    what that grant allows. So a request with everything explicit is allowed when one grant
    allows all of it, and one that leaves something out gets all that its principal may see.
    """
    scopes = []
    for grant in grants:
        if not applies(grant, principal, target):
            continue
        types = _within(grant.types, ask.types, ask.every_type)
        regions = _within(grant.regions, ask.regions, ask.every_region)
        if types and regions:
            scopes.append(Scope(types, regions, grant.regions))
    return scopes


@lru_cache(MAX_ANSWERS)
def _within(
    globs: tuple[str, ...], asked: tuple[str, ...] | None, every: tuple[str, ...]
) -> tuple[str, ...]:
    allowed = tuple(value for value in (every if asked is None else asked) if matches(globs, value))
    if asked is not None and len(allowed) < len(asked):
        return ()
    return allowed
