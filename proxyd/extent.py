"""Which scanners run in which regions, pure: worked out once for all targets that are asked alike.

The accounts of an organization are. What it keeps is small: a thousand questions are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from proxyd.auth.grants import Scope
from proxyd.globs import is_literal, matches
from proxyd.model import GLOBAL, Scanner


class Extent:
    """What is asked of a target, apart from which target it is.

    Attributes:
        scanners: every scanner that runs somewhere.

    """

    def __init__(
        self,
        scopes: Sequence[Scope],
        *,
        registry: Mapping[str, Scanner],
        asked: tuple[str, ...],
        allowed: tuple[str, ...],
    ) -> None:
        """Make it of what is allowed.

        Args:
            scopes: the types and regions that grants allow.
            registry: every scanner there is.
            asked: the globs of regions that the request names.
            allowed: the globs of regions of the target.

        """
        wanted = {type_ for scope in scopes for type_ in scope.types}
        self.scanners = [scanner for scanner in registry.values() if scanner.type in wanted]
        self._scopes = [
            (frozenset(scope.types), frozenset(scope.regions), scope) for scope in scopes
        ]
        self._allowed = allowed
        # Someone named these: they are told about even where they are off.
        self._literal = frozenset(filter(is_literal, (*asked, *allowed)))
        # A region that proxyd's data lacks may be added where one of these matches it.
        self._open_ended = tuple(g for g in asked if not is_literal(g)) if asked else ("*",)

    def regions(self, enabled: Mapping[str, bool] | None) -> list[str]:
        """Return the regions to scan, `global` first.

        Args:
            enabled: what EC2 says of the account's regions; None where it does not say.

        """
        named = {region for _, regions, _ in self._scopes for region in regions}
        if enabled is None:
            return by_place(named)
        news = {r for r, on in enabled.items() if on and self._admits(r)} - named
        known_off = {r for r in named if r not in self._literal and not enabled.get(r, False)}
        return by_place((named | news) - (known_off - {GLOBAL}))

    def _admits(self, region: str) -> bool:
        return (
            matches(self._open_ended, region)
            and matches(self._allowed, region)
            and any(scope.allows(region) for _, _, scope in self._scopes)
        )

    def shards(self, regions: Iterable[str]) -> list[tuple[Scanner, str]]:
        """Return what to run: every scanner in every region that one scope allows both of."""
        return [(scanner, region) for region in regions for scanner in self._in(region)]

    def _in(self, region: str) -> list[Scanner]:
        kind = "global" if region == GLOBAL else "regional"
        types = self._types_in(region)
        return [s for s in self.scanners if s.scope == kind and s.type in types]

    def _types_in(self, region: str) -> frozenset[str]:
        return frozenset().union(
            *(
                types
                for types, regions, scope in self._scopes
                if region in regions or scope.allows(region)
            )
        )

    @cached_property
    def asked(self) -> dict[str, list[str]]:
        """The types and regions of it, as far as they are known before AWS is asked."""
        found = {region: self._in(region) for region in self.regions(None)}
        return {
            "types": sorted({scanner.type for scanners in found.values() for scanner in scanners}),
            "regions": by_place(region for region, scanners in found.items() if scanners),
        }


def by_place(regions: Iterable[str]) -> list[str]:
    """Sort regions, `global` first."""
    return sorted(regions, key=lambda region: (region != GLOBAL, region))
