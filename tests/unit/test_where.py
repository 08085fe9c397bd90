from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyd.where import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, WhereError, compile_where

from .fakes import thing

PROPERTIES = ("State", "Zones", "Encrypted", "Size", "Empty")
RESOURCE = thing(
    name="Web [1]",
    tags={"env": "prod", "empty": "", "Mixed": "x"},
    properties={
        "State": "running",
        "Zones": ["a", "b"],
        "Encrypted": True,
        "Size": 8,
        "Empty": [],
    },
)


def matches(text: str, resource: Any = RESOURCE) -> bool:
    """Whether a filter lets the resource through."""
    return compile_where(text, PROPERTIES)(resource)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type=AWS::EC2::Thing", True),
        ("type=AWS::EC2::*", True),
        ("type=AWS::S3::*", False),
        ("type=AWS::EC2", False),
        ("type=aws::ec2::thing", False),
        ("TYPE=AWS::EC2::Thing", True),
        ("region=eu-west-?", True),
        ("account=222222222222", True),
        ("id=thing-1", True),
        ("arn=arn:aws:ec2:*:thing/1", True),
        ("type!=AWS::S3::*", True),
        ("type!=AWS::EC2::*", False),
        ("name~web", True),
        ("name~EB", True),
        ("name~and", False),
        ('name~"EB ["', True),
        ('name="Web [1]"', True),
        ('name="Web [0-9]"', False),
        ('name="Web [?]"', True),
        ('name="*"', True),
        ("name~*", False),
        ('name=""', False),
        ('name~""', True),
        ("state=running", True),
        ("State=running", True),
        ("STATE~RUN", True),
        ("state=stopped", False),
        ("state!=stopped", True),
        ("zones=a", True),
        ("zones=b", True),
        ("zones=c", False),
        ("zones!=a", False),
        ("zones!=c", True),
        ("encrypted=true", True),
        ("encrypted=True", False),
        ("size=8", True),
        ("empty=*", False),
        ("empty!=*", True),
        ("tag:env=prod", True),
        ("tag:env=p*", True),
        ("tag:env!=prod", False),
        ("tag:env", True),
        ("tag:ENV", False),
        ("tag:empty", True),
        ('tag:empty=""', True),
        ("tag:missing", False),
        ("tag:missing=*", False),
        ("tag:missing!=*", True),
        ("tag:Mixed~X", True),
        ("not tag:missing", True),
        ("not not tag:missing", False),
        ("not state=stopped", True),
        ("NOT state=stopped AND tag:env OR state=x", True),
        ("(state=running)", True),
        ("((state=running))", True),
        ("not (state=running or tag:missing)", False),
        ("tag:env=prod and(name~web)", True),
        ("  state  =  running  ", True),
        ("state\n=\trunning", True),
        (r'name~"\"" or name="We\b [1]"', True),
        ("type=AWS::EC2::* and (tag:env=prod or name~x) and not state=stopped", True),
    ],
)
def test_what_a_filter_lets_through(text: str, expected: bool) -> None:  # noqa: FBT001 - of the table
    """Each form of the grammar compares as it is documented."""
    assert matches(text) is expected


@pytest.mark.parametrize("a", [False, True])
@pytest.mark.parametrize("b", [False, True])
@pytest.mark.parametrize("c", [False, True])
def test_and_binds_closer_than_or_and_not_closest(a: bool, b: bool, c: bool) -> None:  # noqa: FBT001 - of the table
    """Precedence is that of every other language."""
    there = {key: "" for key, value in zip("abc", (a, b, c), strict=True) if value}
    resource = thing(tags=there)
    assert matches("tag:a or tag:b and tag:c", resource) == (a or (b and c))
    assert matches("tag:a and tag:b or tag:c", resource) == ((a and b) or c)
    assert matches("(tag:a or tag:b) and tag:c", resource) == ((a or b) and c)
    assert matches("not tag:a and tag:b", resource) == ((not a) and b)
    assert matches("not tag:a or tag:b", resource) == ((not a) or b)
    assert matches("not (tag:a and tag:b)", resource) == (not (a and b))
    assert matches("tag:a and tag:b and tag:c", resource) == (a and b and c)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "expected a field, found the end"),
        ("   ", 4, "expected a field, found the end"),
        ("state", 6, "expected `=`, `!=` or `~`, found the end"),
        ("state running", 7, "expected `=`, `!=` or `~`, found 'running'"),
        ("state=", 7, "expected a value after `=`, found the end"),
        ("state!=", 8, "expected a value after `!=`, found the end"),
        ("state==x", 7, "expected a value after `=`, found '='"),
        ("state=(x)", 7, "expected a value after `=`, found '\\('"),
        ("=x", 1, "expected a field, found '='"),
        ('"state"=x', 1, "expected a field, found 'state'"),
        ("stat=x", 1, r"unknown field 'stat' \(did you mean state\?\)"),
        ("wholly-else=x", 1, "unknown field 'wholly-else'$"),
        ("tag:=x", 1, "unknown field 'tag:'"),
        ("state=x and", 12, "expected a field, found the end"),
        ("state=x or or state=y", 12, "unknown field 'or'"),
        ("state=x state=y", 9, "expected `and`, `or` or the end, found 'state'"),
        ("state=x)", 8, "expected `and`, `or` or the end, found '\\)'"),
        ("(state=x", 9, r"expected `\)`, found the end"),
        ("(state=x or (tag:a)", 20, r"expected `\)`, found the end"),
        ("()", 2, "expected a field, found '\\)'"),
        ("not", 4, "expected a field, found the end"),
        ('state="x', 7, "unexpected '\"'"),
        ('state=x and   "', 15, "unexpected '\"'"),
        ("state!x", 6, "unexpected '!'"),
        ("state=x and !tag:a", 13, "unexpected '!'"),
        ("tag:a and\n\nstat=1", 12, "unknown field 'stat'"),
    ],
)
def test_an_error_points_at_its_column(text: str, column: int, message: str) -> None:
    """What is wrong is told with the column of the token where it stops making sense."""
    with pytest.raises(WhereError, match=message) as caught:
        compile_where(text, PROPERTIES)
    assert caught.value.column == column


def test_a_filter_has_a_greatest_length() -> None:
    """One character more than the limit is refused, at that character."""
    text = "id=" + "x" * (MAX_LENGTH - 3)
    assert not matches(text)
    with pytest.raises(WhereError, match=f"longer than {MAX_LENGTH} characters") as caught:
        compile_where(text + "x", ())
    assert caught.value.column == MAX_LENGTH + 1


def test_a_filter_has_a_greatest_number_of_comparisons() -> None:
    """One comparison more than the limit is refused, at its column."""
    most = " or ".join(["id=x"] * MAX_TERMS)
    assert not matches(most)
    with pytest.raises(WhereError, match=f"more than {MAX_TERMS} comparisons") as caught:
        compile_where(most + " or id=x", ())
    assert caught.value.column == len(most) + len(" or ") + 1


def test_a_filter_has_a_greatest_depth() -> None:
    """One bracket deeper than the limit is refused, at that bracket; siblings do not count."""
    assert matches("(" * MAX_DEPTH + "id=*" + ")" * MAX_DEPTH)
    assert matches(" or ".join(["(id=*)"] * (MAX_DEPTH + 1)))
    with pytest.raises(WhereError, match=f"more than {MAX_DEPTH} brackets deep") as caught:
        compile_where("(" * (MAX_DEPTH + 1) + "id=*", ())
    assert caught.value.column == MAX_DEPTH + 1


@pytest.mark.parametrize("glob", ["*a" * 2000, "*?" * 2000, "?*" * 2000 + "b", "*" * 4000])
def test_no_glob_is_costly(glob: str) -> None:
    """A glob as long as the limit allows compares at once: it is data from a stranger."""
    assert matches(f"name={glob}", thing(name="a" * 1500)) in (True, False)


PIECES = st.sampled_from(
    ["type", "state", "tag:env", "tag:", "not", "and", "or", "=", "!=", "~", "(", ")", '"', "x*"]
)
FILTERS = st.lists(PIECES | st.text(max_size=4), max_size=14).map(" ".join) | st.text(max_size=60)


@settings(max_examples=2000)
@given(FILTERS)
def test_any_text_compiles_or_is_refused_with_a_column(text: str) -> None:
    """Nothing that a stranger sends raises anything but WhereError, now or when it is used."""
    column = 1
    try:
        assert matches(text) in (True, False)
    except WhereError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


WORDS = st.text("ab*?[]!-{}.", min_size=1, max_size=6)


@given(WORDS, WORDS)
def test_unequal_is_the_opposite_of_equal(value: str, glob: str) -> None:
    """For every value and glob exactly one of `=` and `!=` holds."""
    resource = thing(name=value)
    with suppress(WhereError):
        equal = matches(f'name="{glob}"', resource)
        assert matches(f'name!="{glob}"', resource) is not equal


@given(st.text(max_size=8))
def test_quotes_take_any_text_literally(value: str) -> None:
    """Text in quotes, with quotes and backslashes escaped, finds itself with `~`."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if "\n" not in value:
        assert matches(f'name~"{escaped}"', thing(name=f"<{value}>"))


def test_a_tag_key_may_stand_in_quotes() -> None:
    """A key with spaces or operators in it is written `tag:"…"`."""
    tagged = thing(tags={"cost = centre": "4711"})
    assert compile_where('tag:"cost = centre"=4711', PROPERTIES)(tagged)
    assert compile_where('tag:"cost = centre"', PROPERTIES)(tagged)
    assert not compile_where('tag:"cost"', PROPERTIES)(tagged)
