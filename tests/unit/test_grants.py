"""The decision, against an oracle that was written without looking at it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyd.auth.grants import Ask, Scope, applies, decide
from proxyd.model import Grant, Principal

from .fakes import grant, principal

TYPES = ("A::X", "A::Y", "B::X")
REGIONS = ("global", "eu-1", "eu-2", "us-1")
GROUPS = ("g1", "g2")
NAMES = ("p1", "p2")
TARGETS = ("prod", "proof", "dev")


def ask(types: Sequence[str] | None = None, regions: Sequence[str] | None = None) -> Ask:
    """Ask for some types and regions of a target that has all of them."""
    return Ask(
        types=None if types is None else tuple(types),
        regions=None if regions is None else tuple(regions),
        every_type=TYPES,
        every_region=REGIONS,
    )


def shown(scopes: Sequence[Scope]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return scopes as plain tuples."""
    return [(scope.types, scope.regions) for scope in scopes]


# The oracle.


def glob(pattern: str, word: str) -> bool:
    """Match a glob the slow way."""
    return (
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), word) is not None
    )


def permits(rule: Grant, who: Principal, name: str, type_: str, region: str) -> bool:
    """Whether one grant permits one type in one region of one target."""
    if who.name not in rule.principals and not any(g in rule.groups for g in who.groups):
        return False
    return all(
        any(glob(pattern, word) for pattern in patterns)
        for patterns, word in (
            (rule.targets, name),
            (rule.types, type_),
            (rule.regions, region),
        )
    )


def oracle(rules: Sequence[Grant], who: Principal, name: str, asked: Ask) -> set[tuple[str, str]]:
    """Return the pairs of type and region that may be seen: none means refused."""
    types = asked.every_type if asked.types is None else asked.types
    regions = asked.every_region if asked.regions is None else asked.regions
    seen: set[tuple[str, str]] = set()
    for rule in rules:
        mine = {(t, r) for t in types for r in regions if permits(rule, who, name, t, r)}
        all_types = asked.types is None or {t for t, _ in mine} == set(types)
        all_regions = asked.regions is None or {r for _, r in mine} == set(regions)
        if mine and all_types and all_regions:
            seen |= mine
    return seen


GLOBS_OF_TYPES = st.sampled_from(["*", "A::*", "*::X", "A::?", "A::X", "B::X", "C::*"])
GLOBS_OF_REGIONS = st.sampled_from(["*", "eu-*", "?u-1", "eu-1", "us-1", "global", "ap-*"])
GLOBS_OF_TARGETS = st.sampled_from(["*", "pro*", "prod", "dev", "staging"])
SUBSETS = st.frozensets
GRANTS = st.builds(
    Grant,
    groups=SUBSETS(st.sampled_from(GROUPS), max_size=2),
    principals=SUBSETS(st.sampled_from(NAMES), max_size=1),
    targets=st.lists(GLOBS_OF_TARGETS, min_size=1, max_size=2).map(tuple),
    types=st.lists(GLOBS_OF_TYPES, min_size=1, max_size=2).map(tuple),
    regions=st.lists(GLOBS_OF_REGIONS, min_size=1, max_size=2).map(tuple),
)
PRINCIPALS = st.builds(
    Principal, name=st.sampled_from(NAMES), groups=SUBSETS(st.sampled_from(GROUPS), max_size=2)
)
ASKS = st.builds(
    ask,
    st.none() | st.lists(st.sampled_from(TYPES), unique=True),
    st.none() | st.lists(st.sampled_from(REGIONS), unique=True),
)


@settings(max_examples=1500)
@given(st.lists(GRANTS, max_size=4), PRINCIPALS, st.sampled_from(TARGETS), ASKS)
def test_the_decision_is_that_of_the_oracle(
    grants: list[Grant], who: Principal, name: str, asked: Ask
) -> None:
    """For any grants, principal, target and ask exactly the same may be seen."""
    scopes = decide(grants, who, name, asked)
    seen = {(t, r) for scope in scopes for t in scope.types for r in scope.regions}
    assert seen == oracle(grants, who, name, asked)
    assert all(scope.types and scope.regions for scope in scopes)


@given(st.lists(GRANTS, max_size=3), GRANTS, PRINCIPALS, st.sampled_from(TARGETS), ASKS)
def test_one_grant_more_takes_nothing_away(
    grants: list[Grant], more: Grant, who: Principal, name: str, asked: Ask
) -> None:
    """Grants only add: nothing that was allowed is refused by another one."""
    before = decide(grants, who, name, asked)
    assert set(shown(before)) <= set(shown(decide([*grants, more], who, name, asked)))


def test_without_grants_everything_is_refused() -> None:
    """The default is to deny, for an admin as well."""
    assert not decide([], principal("g1", admin=True), "t", ask())


@pytest.mark.parametrize(
    "rule",
    [
        grant("another"),
        grant(),
        grant("g1", targets=("dev",)),
        grant("g1", targets=("PRODUCTION",)),
        grant("g1", types=("C::*",)),
        grant("g1", regions=("ap-*",)),
    ],
)
def test_a_grant_that_misses_in_one_part_allows_nothing(rule: Grant) -> None:
    """Principal, target, types and regions all have to match."""
    assert not decide([rule], principal("g1"), "production", ask())


def test_a_principal_is_meant_by_name_or_by_group() -> None:
    """Either is enough, and a group is never taken for a name."""
    by_name = grant(principals=frozenset({"p1"}))
    assert applies(by_name, principal(name="p1"), "t")
    assert not applies(by_name, principal("p1", name="other"), "t")
    assert applies(grant("g1"), principal("g1", "g2"), "t")
    assert not applies(grant("p1"), principal(name="p1"), "t")


def test_what_is_explicit_needs_one_grant_that_allows_all_of_it() -> None:
    """Two grants that allow a half each do not add up to the whole."""
    halves = [grant("g1", types=("A::*",)), grant("g1", types=("B::*",))]
    who = principal("g1")
    assert not decide(halves, who, "t", ask(TYPES))
    assert shown(decide([*halves, grant("g1")], who, "t", ask(TYPES))) == [(TYPES, REGIONS)]


def test_explicit_types_in_explicit_regions_need_one_grant() -> None:
    """A grant for the type and another one for the region are no grant for both."""
    grants = [
        grant("g1", types=("A::*",), regions=("eu-1",)),
        grant("g1", types=("B::*",), regions=("us-1",)),
    ]
    assert not decide(grants, principal("g1"), "t", ask(["A::X"], ["us-1"]))
    assert decide(grants, principal("g1"), "t", ask(["A::X"], ["eu-1"]))


def test_what_is_left_out_is_filled_with_what_each_grant_allows() -> None:
    """Each grant gives its own rectangle: types of one never meet regions of another."""
    grants = [
        grant("g1", types=("A::*",), regions=("eu-*",)),
        grant("g1", types=("B::*",), regions=("us-*", "global")),
    ]
    who = principal("g1")
    assert shown(decide(grants, who, "t", ask())) == [
        (("A::X", "A::Y"), ("eu-1", "eu-2")),
        (("B::X",), ("global", "us-1")),
    ]
    assert shown(decide(grants, who, "t", ask(["A::X"]))) == [(("A::X",), ("eu-1", "eu-2"))]
    assert shown(decide(grants, who, "t", ask(regions=["us-1"]))) == [(("B::X",), ("us-1",))]


@pytest.mark.parametrize("asked", [ask([]), ask(regions=[]), ask([], [])])
def test_an_empty_list_is_refused(asked: Ask) -> None:
    """Nothing is not everything: an empty list never stands for all."""
    assert not decide([grant("g1")], principal("g1"), "t", asked)


def test_a_scope_tells_of_regions_that_are_not_known_yet() -> None:
    """A grant's globs also cover the regions that AWS will have."""
    [scope] = decide([grant("g1", regions=("eu-*",))], principal("g1"), "t", ask())
    assert scope.allows("eu-99")
    assert not scope.allows("us-99")
