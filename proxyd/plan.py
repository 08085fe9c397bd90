"""Request → plan, pure: which scanners in which regions of which targets, or a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from proxyd.auth.grants import Ask, Scope, applies, decide
from proxyd.engine import Wanted
from proxyd.errors import Problem, bad_parameter
from proxyd.events import Mode
from proxyd.extent import Extent, by_place
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
    """What will be scanned of one target."""

    target: Target
    extent: Extent


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
        # The accounts of an organization have the same globs.
        self._everything = lru_cache(MAX_PLANS)(self._expand)
        self._every = {target.name: self._everything_of(target) for target in targets}
        self._stand_in = self._everything_of(_STAND_IN)
        # Thousands that come back at once ask what a few have asked.
        self._planned = lru_cache(MAX_PLANS)(self._resolve)
        self._seen = lru_cache(MAX_PLANS)(self._visible_names)
        self._extent = lru_cache(MAX_PLANS)(self._make_extent)

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
        self._check_number(len(names))
        self._check_types(types)
        # The same check for every target: a 400 must not tell which of them exist.
        _check_against("region", "region", regions, self._every_region)
        globs = tuple(name for name in names if not is_literal(name))
        plans = [self._plan(principal, n, types, regions) for n in names if is_literal(n)]
        if globs:
            _check_globs("target", globs)
            plans += self._matching(principal, globs, set(names), types, regions)
        self._check_number(len(plans))
        return plans

    def _check_number(self, targets: int) -> None:
        if targets > self._max_targets:
            raise bad_parameter("target", f"more than {self._max_targets} targets in one stream")

    def _matching(
        self,
        principal: Principal,
        globs: tuple[str, ...],
        named: set[str],
        types: tuple[str, ...],
        regions: tuple[str, ...],
    ) -> list[Plan]:
        """Plan for every target that matches and of which this may be asked.

        The globs see only what the principal may: the time they take tells of nothing else.

        Raises:
            Problem: there is none.

        """
        plans = []
        for name in self._seen(principal):
            if name not in named and matches(globs, name):
                try:
                    plans.append(self._plan(principal, name, types, regions))
                except Problem:
                    continue  # not this of that one
        if not plans:
            raise _no_such_target()
        return plans

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
        for target, scopes in self._visible(principal):
            types = {t for scope in scopes for t in scope.types}
            regions = {r for scope in scopes for r in scope.regions}
            found.append((target, sorted(types), by_place(regions)))
        return found

    def _visible(self, principal: Principal) -> Iterator[tuple[Target, Sequence[Scope]]]:
        for target in self._targets.values():
            ask = self._ask(self._every[target.name], (), ())
            scopes = decide(self._grants, principal, target.name, ask)
            if scopes:
                yield target, scopes

    def _visible_names(self, principal: Principal) -> tuple[str, ...]:
        return tuple(target.name for target, _ in self._visible(principal))

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
        extent = self._extent(tuple(scopes), regions, target.regions)
        if not extent.asked["types"]:
            raise bad_parameter(
                "region",
                'nothing to scan: global services count as region "global", and only there',
            )
        return Plan(target=target, extent=extent)

    def _make_extent(
        self, scopes: tuple[Scope, ...], asked: tuple[str, ...], allowed: tuple[str, ...]
    ) -> Extent:
        return Extent(scopes, registry=self._registry, asked=asked, allowed=allowed)

    def _everything_of(self, target: Target) -> _Everything:
        return self._everything(target.partition, target.types, target.regions)

    def _expand(
        self, partition: str, types: tuple[str, ...], regions: tuple[str, ...]
    ) -> _Everything:
        """Resolve the globs of a target to explicit lists."""
        known = [*self._regions.get(partition, ()), *filter(is_literal, regions)]
        return _Everything(
            types=tuple(expand(types, self._registry)),
            regions=tuple(expand([*regions, GLOBAL], dict.fromkeys(known))),
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
