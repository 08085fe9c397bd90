from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.paths import filler, getter, placeholders, reads, segments

NAMES = st.sampled_from(["a", "b", "c", "@", "^", "Key-1", "Name_2"])
STEPS = st.tuples(NAMES, st.sampled_from(["", "[]"])).map("".join)
PATHS = st.tuples(
    st.lists(STEPS, min_size=1, max_size=5).map(".".join),
    st.sampled_from(["", "/", ":"]),
    st.sampled_from(["", " ~ a*", " ~ !arn:*", " ~ *"]),
).map("".join)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.datetimes(timezones=st.just(UTC))
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
ITEMS = st.dictionaries(NAMES, VALUES, max_size=5)

ITEM: dict[str, Any] = {
    "State": {"Name": "running", "Code": 0},
    "Groups": [{"GroupId": "sg-1"}, {"Other": 1}, {"GroupId": "sg-2"}],
    "Sets": [{"Ids": ["a", "b"]}, {"Ids": ["c"]}, {"Ids": None}, {"Ids": "text"}],
    "Off": False,
    "Zero": 0,
    "Empty": "",
    "Null": None,
    "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/jobs",
    "TopicArn": "arn:aws:sns:eu-west-1:1:alerts",
    "Plain": "no-separator",
    "Endpoints": ["arn:aws:sqs:1", "mail@example.com", 7, None],
    "^": {"clusterArn": "arn:cluster", "^": {"top": 1}},
    "@": "the item",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Off", False),
        ("Zero", 0),
        ("Empty", ""),
        ("Null", None),
        ("Missing", None),
        ("State", {"Name": "running", "Code": 0}),
        ("State.Name", "running"),
        ("State.Code", 0),
        ("State.Missing", None),
        ("State.Name.Deeper", None),
        ("Missing.Deeper", None),
        ("Plain.Deeper", None),
        ("Groups.GroupId", None),
        ("Groups[].GroupId", ["sg-1", "sg-2"]),
        ("Groups[].Missing", []),
        ("Sets[].Ids[]", ["a", "b", "c"]),
        ("Missing[]", []),
        ("Missing[].Deeper", []),
        ("State[]", []),
        ("Plain[]", []),
        ("@", "the item"),
        ("^.clusterArn", "arn:cluster"),
        ("^.^.top", 1),
        ("QueueUrl/", "jobs"),
        ("TopicArn:", "alerts"),
        ("Plain/", "no-separator"),
        ("Empty/", ""),
        ("Zero/", 0),
        ("Missing/", None),
        ("TopicArn ~ arn:*", "arn:aws:sns:eu-west-1:1:alerts"),
        ("TopicArn ~ !arn:*", None),
        ("Plain ~ arn:*", None),
        ("Plain ~ !arn:*", "no-separator"),
        ("TopicArn: ~ alert?", "alerts"),
        ("Missing ~ !arn:*", None),
        ("Zero ~ *", None),
        ("Endpoints[] ~ arn:*", ["arn:aws:sqs:1"]),
        ("Endpoints[] ~ !arn:*", ["mail@example.com"]),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: object) -> None:
    """Every form of the language reads what stands there, and nothing where nothing stands."""
    assert getter(path)(ITEM) == value


def test_false_and_zero_are_values() -> None:
    """A value that is falsy is told from one that is absent."""
    assert getter("Off")(ITEM) is False
    assert getter("State.Code")(ITEM) == 0


@pytest.mark.parametrize("item", [None, "text", 1, [], [{"a": 1}], {}])
@pytest.mark.parametrize("path", ["a", "a.b", "a/"])
def test_a_path_leads_nowhere_in_what_is_no_structure(path: str, item: object) -> None:
    """An item that is no structure, or an empty one, has nothing at any path."""
    assert getter(path)(item) is None


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", "a b", "a[1]", "a[x=]", "[]", "a[", "ä", "/"]
)
def test_what_is_not_in_the_language_is_refused(path: str) -> None:
    """A path that can not be read is refused when it is compiled, with the path."""
    with pytest.raises(ValueError, match="not a path"):
        getter(path)


def test_segments_tell_which_are_lists() -> None:
    """A path comes apart into names and whether each is a list, without what follows it."""
    assert segments("A[].B.C[]/") == [("A", True), ("B", False), ("C", True)]
    assert segments("A:") == [("A", False)]
    assert segments("A.B ~ !arn:*") == [("A", False), ("B", False)]


@given(PATHS, ITEMS)
def test_no_item_makes_a_path_raise(path: str, item: dict[str, Any]) -> None:
    """Whatever AWS answers, a path gives a value, None, or a list where it has `[]`."""
    value = getter(path)(item)
    if "[]" in path:
        assert isinstance(value, list)
        assert None not in value
    elif " ~ " in path:
        assert value is None or isinstance(value, str | list)


@given(PATHS, VALUES)
def test_no_value_in_the_place_of_an_item_makes_a_path_raise(path: str, value: object) -> None:
    """What stands where an item was expected may be of any kind."""
    getter(path)(value)


@given(PATHS, ITEMS)
def test_reading_leaves_the_item_alone(path: str, item: dict[str, Any]) -> None:
    """A path only reads."""
    before = repr(item)
    getter(path)(item)
    assert repr(item) == before


def test_a_template_is_filled_from_the_item_and_the_constants() -> None:
    """Paths come from the item and constants from the keywords."""
    fill = filler("arn:{partition}:x:{State.Name}/{^.clusterArn}", frozenset({"partition"}))
    assert fill(ITEM, partition="aws-cn") == "arn:aws-cn:x:running/arn:cluster"


@pytest.mark.parametrize("template", ["x/{Missing}", "x/{State}", "x/{Groups[].GroupId}", "{Null}"])
def test_a_template_with_a_hole_is_none(template: str) -> None:
    """What is absent, a structure or a list leaves no half-filled text."""
    assert filler(template)(ITEM) is None


def test_a_template_takes_numbers_and_empty_text() -> None:
    """Zero and the empty string are values, not holes."""
    assert filler("{Zero}-{Empty}-")(ITEM) == "0--"


def test_a_constant_wins_over_a_field_of_the_same_name() -> None:
    """`{region}` is where the shard is even if the item has a field called so."""
    assert filler("{region}", frozenset({"region"}))({"region": "wrong"}, region="r") == "r"


def test_a_template_without_placeholders_is_itself() -> None:
    """Plain text passes through."""
    assert filler("plain")({}) == "plain"
    assert placeholders("plain") == []


def test_placeholders_are_the_paths_in_braces() -> None:
    """They come in the order in which they stand."""
    assert placeholders("arn:{partition}:{A.B}/{C[]}") == ["partition", "A.B", "C[]"]


def test_a_template_with_a_bad_path_is_refused() -> None:
    """A placeholder that is not a path is refused when the template is compiled."""
    with pytest.raises(ValueError, match="not a path: 'a b'"):
        filler("x/{a b}")


def test_a_text_with_commas_is_a_list() -> None:
    """`[,]` takes a text apart, and leaves alone what is no text."""
    assert getter("A[,]")({"A": "x, y,z"}) == ["x", "y", "z"]
    assert getter("A[,] ~ y*")({"A": "x, y"}) == ["y"]
    assert getter("A[,]")({"A": 1}) == 1
    assert getter("A[,]")({}) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Pairs[Name=Id].Value", ["i-1"]),
        ("Pairs[Name=None].Value", []),
        ("Pairs[0].Value", "i-1"),
        ("Pairs[0]", {"Name": "Id", "Value": "i-1"}),
        ("Stores[*].Bucket", ["a/b", "c"]),
        ("Stores[*].Bucket/", ["b", "c"]),
        ("Stores[*].Bucket ~ *(?)", ["b", "c"]),
        ("Missing[0].Value", None),
        ("Missing[*]", []),
        ("Pairs[*]", []),
    ],
)
def test_elements_are_chosen(path: str, expected: object) -> None:
    """A condition, the first one, and the values of a map."""
    pairs = [{"Name": "Id", "Value": "i-1"}, {"Name": "Zone", "Value": "a"}]
    item = {"Pairs": pairs, "Stores": {"x": {"Bucket": "a/b"}, "y": {"Bucket": "c"}}}
    assert getter(path)(item) == expected


@pytest.mark.parametrize(
    ("glob", "value", "expected"),
    [
        (
            "(arn:*:log-group:*):*",
            "arn:aws:logs:r:a:log-group:/x/y:*",
            "arn:aws:logs:r:a:log-group:/x/y",
        ),
        ("s3://(*)/*", "s3://bucket/a/b", "bucket"),
        ("s3://(*)/*", "s3://bucket", None),
        (
            '*"(arn:*:sqs:*)"*',
            '{"deadLetterTargetArn":"arn:aws:sqs:r:a:q","n":"5"}',
            "arn:aws:sqs:r:a:q",
        ),
        ("service:(*)", "service:web", "web"),
        ("service:(*)", "family:web", None),
        ("(i-[0-9a-f]*)", "i-0abc", "i-0abc"),
        ("(*).s3.*", "a.b(c)+.s3.amazonaws.com", "a.b(c)+"),
        ("(*)", 5, None),
    ],
)
def test_a_part_of_a_value_is_taken(glob: str, value: object, expected: str | None) -> None:
    """What stands in brackets passes, as short as it can be."""
    assert getter(f"A ~ {glob}")({"A": value}) == expected


def test_what_a_path_reads() -> None:
    """A condition reads a field more, and a map is read whole."""
    assert reads("A.Pairs[Name=Id].Value/") == {"A.Pairs[].Value", "A.Pairs[].Name"}
    assert reads("Stores[*].Bucket ~ x") == {"Stores"}
    assert reads("A[0].B[,]") == {"A[].B"}
