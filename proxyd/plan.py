"""Request → plan, pure: which scanners in which regions of which targets, or a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from proxyd.auth.grants import Ask, Scope, applies, decide
from proxyd.engine import Wanted
from proxyd.errors import Problem, bad_parameter
from proxyd.events import Mode
from proxyd.globs import did_you_mean, expand, is_literal, matches
from proxyd.model import GLOBAL, Detail, Grant, Principal, Scanner, Target
from proxyd.where import WhereError, compile_where

MAX_GLOBS = 100
MAX_GLOB = 128
MAX_PLANS = 1000


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a stream, as the wire contract names them."""

    target: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    mode: Mode = "snapshot"
    detail: Detail = "full"
    where: str | None = None
    last_event_id: str | None = None
    known: dict[str, str] | None = None

    def question(self) -> Query:
        """Return what is asked, apart from how far an earlier answer was received."""
        return msgspec.structs.replace(self, last_event_id=None, known=None)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be scanned of one target.

    Attributes:
        literal: the regions that someone named: these are told about even where they are off.
        open_ended: whether a region that proxyd's data lacks may be added when AWS names it.

    """

    target: Target
    scopes: Sequence[Scope]
    scanners: Sequence[Scanner]
    literal: frozenset[str]
    open_ended: tuple[str, ...]

    def regions(self, enabled: Mapping[str, bool] | None) -> list[str]:
        """Return the regions to scan, `global` first.

        Args:
            enabled: what EC2 says of the account's regions; None where it does not say.

        """
        named = {region for scope in self.scopes for region in scope.regions}
        if enabled is None:
            return _sorted(named)
        news = {r for r, on in enabled.items() if on and self._admits(r)} - named
        known_off = {r for r in named if r not in self.literal and not enabled.get(r, False)}
        return _sorted((named | news) - (known_off - {GLOBAL}))

    def _admits(self, region: str) -> bool:
        return (
            matches(self.open_ended, region)
            and matches(self.target.regions, region)
            and any(scope.allows(region) for scope in self.scopes)
        )

    def asked(self) -> dict[str, list[str]]:
        """Return the types and regions of it, as far as they are known before AWS is asked."""
        shards = self.shards(self.regions(None))
        return {
            "types": sorted({scanner.type for scanner, _ in shards}),
            "regions": _sorted({region for _, region in shards}),
        }

    def shards(self, regions: Iterable[str]) -> list[tuple[Scanner, str]]:
        """Return what to run: every scanner in every region that one scope allows both of."""
        return [
            (scanner, region)
            for region in regions
            for scanner in self.scanners
            if (region == GLOBAL) == (scanner.scope == "global")
            and any(
                scanner.type in scope.types and (region in scope.regions or scope.allows(region))
                for scope in self.scopes
            )
        ]


class _Everything(NamedTuple):
    """What may ever be asked of a target: explicit types and regions."""

    types: tuple[str, ...]
    regions: tuple[str, ...]


_STAND_IN = Target(name="", role_arn="arn:aws:iam::000000000000:role/none", external_id="")
"""What is decided about where there is no such target; then it is refused all the same."""


class Planner:
    """Knows what can be asked: targets, grants, scanners, regions."""

    def __init__(
        self,
        targets: Sequence[Target],
        grants: Sequence[Grant],
        registry: Mapping[str, Scanner],
        regions: Mapping[str, Sequence[str]],
        max_targets: int,
    ) -> None:
        self._max_targets = max_targets
        self._targets = {target.name: target for target in targets}
        self._grants = grants
        self._registry = registry
        self._regions = regions
        self._fields = {field for scanner in registry.values() for field in scanner.fields}
        literal = {r for target in targets for r in target.regions if is_literal(r)}
        self._every_region = literal.union(*regions.values())
        self._every = {target.name: self._everything(target) for target in targets}
        self._stand_in = self._everything(_STAND_IN)
        # Thousands that come back at once ask what a few have asked.
        self._planned = lru_cache(MAX_PLANS)(self._resolve)

    def plan(self, principal: Principal, query: Query) -> list[Plan]:
        """Resolve a query to plans, one for each target.

        Raises:
            Problem: a parameter is wrong, or the principal may not.

        """
        return self._planned(principal, query.target, query.type, query.region)

    def _resolve(
        self,
        principal: Principal,
        targets: tuple[str, ...],
        types: tuple[str, ...],
        regions: tuple[str, ...],
    ) -> list[Plan]:
        names = dict.fromkeys(targets)
        if not names:
            raise bad_parameter("target", "name at least one target")
        if len(names) > self._max_targets:
            raise bad_parameter("target", f"more than {self._max_targets} targets in one stream")
        self._check_types(types)
        # The same check for every target: a 400 must not tell which of them exist.
        _check_against("region", "region", regions, self._every_region)
        return [self._plan(principal, name, types, regions) for name in names]

    def where(self, text: str | None) -> Wanted | None:
        """Compile the filter of a query.

        Raises:
            Problem: 400, with the column at which it stops making sense.

        """
        if text is None or not text.strip():
            return None
        try:
            return compile_where(text, self._fields)
        except WhereError as error:
            raise bad_parameter(
                "where", f"where: column {error.column}: {error}", column=error.column
            ) from None

    def visible(self, principal: Principal) -> list[tuple[Target, list[str], list[str]]]:
        """Return the targets that a principal may see, with the types and regions of each."""
        found = []
        for target in self._targets.values():
            ask = self._ask(self._every[target.name], (), ())
            scopes = decide(self._grants, principal, target.name, ask)
            if scopes:
                types = {t for scope in scopes for t in scope.types}
                regions = {r for scope in scopes for r in scope.regions}
                found.append((target, sorted(types), _sorted(regions)))
        return found

    def _check_types(self, globs: tuple[str, ...]) -> None:
        _check_against("type", "scanner for type", globs, self._registry)

    def _plan(
        self,
        principal: Principal,
        name: str,
        types: tuple[str, ...],
        regions: tuple[str, ...],
    ) -> Plan:
        # A name that is not there takes the same way as one that may not be seen: the time
        # that the answer takes must not tell them apart.
        grants = [grant for grant in self._grants if applies(grant, principal, name)]
        ask = self._ask(self._every.get(name, self._stand_in), types, regions) if grants else None
        scopes = decide(grants, principal, name, ask) if ask and _askable(ask) else ()
        target = self._targets.get(name)
        if target is None or not scopes:
            raise _no_such_target()
        wanted = {t for scope in scopes for t in scope.types}
        globs = tuple(glob for glob in regions if not is_literal(glob))
        plan = Plan(
            target=target,
            scopes=scopes,
            scanners=[s for s in self._registry.values() if s.type in wanted],
            literal=frozenset(filter(is_literal, (*regions, *target.regions))),
            open_ended=globs if regions else ("*",),
        )
        if not plan.shards(plan.regions(None)):
            raise bad_parameter(
                "region",
                'nothing to scan: global services count as region "global", and only there',
            )
        return plan

    def _everything(self, target: Target) -> _Everything:
        """Resolve the globs of a target to explicit lists."""
        known = [*self._regions.get(target.partition, ()), *filter(is_literal, target.regions)]
        return _Everything(
            types=tuple(expand(target.types, self._registry)),
            regions=tuple(expand([*target.regions, GLOBAL], dict.fromkeys(known))),
        )

    def _ask(self, every: _Everything, types: tuple[str, ...], regions: tuple[str, ...]) -> Ask:
        """Resolve globs and what was left out to explicit lists, within what the target has."""
        return Ask(
            types=_narrowed(types, every.types) if types else None,
            regions=_narrowed(regions, every.regions) if regions else None,
            every_type=every.types,
            every_region=every.regions,
        )


def _narrowed(globs: tuple[str, ...], every: tuple[str, ...]) -> tuple[str, ...]:
    """Expand globs over what there is; a name that is not there refuses all."""
    if any(is_literal(glob) and glob not in every for glob in globs):
        return ()
    return tuple(expand(globs, every))


def _askable(ask: Ask) -> bool:
    return ask.types != () and ask.regions != ()


def _no_such_target() -> Problem:
    """Build the one answer for what is not there and what may not be seen."""
    return Problem(
        404, "no_such_target", "no such target, or you may not ask this of it: see GET /v1/targets"
    )


def _check_globs(name: str, globs: tuple[str, ...]) -> None:
    if len(globs) > MAX_GLOBS:
        raise bad_parameter(name, f"more than {MAX_GLOBS} of them")
    for glob in globs:
        if len(glob) > MAX_GLOB or not glob.isascii() or set(glob) & set("[]{}\\ ") or not glob:
            raise bad_parameter(name, f"{glob[:MAX_GLOB]!r} is not a glob: use `*` and `?`")


def _check_against(name: str, what: str, globs: tuple[str, ...], known: Iterable[str]) -> None:
    if globs:
        _check_globs(name, globs)
    for glob in globs:
        if not expand([glob], known):
            raise bad_parameter(name, f"no {what} {glob!r}{did_you_mean(glob, known)}")


def _sorted(regions: Iterable[str]) -> list[str]:
    return sorted(regions, key=lambda region: (region != GLOBAL, region))
