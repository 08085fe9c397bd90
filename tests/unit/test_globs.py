from __future__ import annotations

import pytest

from proxyd.globs import did_you_mean, expand, is_literal, matches


@pytest.mark.parametrize(
    ("globs", "value", "expected"),
    [
        (["*"], "", True),
        (["eu-*"], "eu-west-1", True),
        (["eu-*"], "EU-west-1", False),
        (["eu-west-?"], "eu-west-1", True),
        (["eu-west-?"], "eu-west-11", False),
        (["west"], "eu-west-1", False),
        (["a", "b"], "b", True),
        ([], "a", False),
    ],
)
def test_a_glob_matches_the_whole_value(globs: list[str], value: str, expected: bool) -> None:  # noqa: FBT001 - of the table
    """One of the globs has to match all of it, and case counts."""
    assert matches(globs, value) is expected


def test_expanding_keeps_the_order_of_the_values() -> None:
    """Values come once and in their own order, however many globs match them."""
    assert expand(iter(["b*", "*"]), ["a", "b", "ba"]) == ["a", "b", "ba"]
    assert expand(["x*"], ["a"]) == []


@pytest.mark.parametrize(("glob", "literal"), [("eu-west-1", True), ("eu-*", False), ("a?", False)])
def test_a_literal_can_match_itself_only(glob: str, literal: bool) -> None:  # noqa: FBT001 - of the table
    """A glob without `*` and `?` names one thing."""
    assert is_literal(glob) is literal


def test_only_what_is_close_is_suggested() -> None:
    """A typo gets a suggestion, anything else none."""
    assert did_you_mean("regoins", ["regions", "types"]) == " (did you mean regions?)"
    assert did_you_mean("colour", ["regions", "types"]) == ""
    assert did_you_mean("colour", []) == ""
