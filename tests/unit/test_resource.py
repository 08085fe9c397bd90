from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.model import Link

from .fakes import thing

SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=4)
DICTS = st.dictionaries(st.text(max_size=3), SCALARS | st.lists(SCALARS, max_size=3), max_size=5)
LINKS = st.lists(
    st.builds(Link, st.sampled_from("ab"), st.sampled_from("XY"), id=st.sampled_from("12")),
    max_size=5,
)


def backwards(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the same mapping, filled the other way round."""
    return dict(reversed(mapping.items()))


@given(DICTS, st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4), LINKS)
def test_the_hash_does_not_depend_on_order(
    properties: dict[str, Any], tags: dict[str, str], links: list[Link]
) -> None:
    """The same content has the same hash, in whatever order it came and however often."""
    one = thing(properties=properties, tags=tags, links=links)
    other = thing(
        properties=backwards(properties), tags=backwards(tags), links=[*links[::-1], *links]
    )
    assert one.hash == other.hash
    assert one == other


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"id": "other"},
        {"region": "us-east-1"},
        {"account": "111111111111"},
        {"arn": "arn:other"},
        {"type": "AWS::EC2::Other"},
        {"tags": {"a": ""}},
        {"properties": {"State": "on"}},
        {"properties": {"State": None}},
        {"links": [Link("in", "A::B::C", id="x")]},
        {"links": [Link("in", "A::B::C", arn="x")]},
    ],
)
def test_the_hash_depends_on_everything(changes: dict[str, Any]) -> None:
    """Whatever of a resource changes changes its hash."""
    assert thing(**changes).hash != thing().hash


def test_the_hash_is_the_same_in_every_process() -> None:
    """Clients keep hashes across restarts: it is a fixed function of the content."""
    assert thing().hash == "dd16afa637a3b7805dc94452"
    assert re.fullmatch(r"[0-9a-f]{24}", thing().hash)


def test_links_are_sorted_and_unique() -> None:
    """The same link twice is one link, and their order is fixed."""
    b, a = Link("uses", "A::B::C", id="2"), Link("in", "A::B::C", arn="arn:1")
    assert thing(links=[b, a, b]).links == (a, b)


def test_half_a_surrogate_pair_does_not_cost_the_resource() -> None:
    """Text that no encoding has is mended where it stands; the rest stays as it is."""
    found = thing(name="a\ud800b", tags={"k\udc00": "é😀"}, properties={"P": ["x\ud83d", 1, None]})
    assert found.name == "a\ufffdb"
    assert found.tags == {"k\ufffd": "é😀"}
    assert found.properties == {"P": ["x\ufffd", 1, None]}
    assert (
        found.hash
        == thing(
            name="a\ufffdb", tags={"k\ufffd": "é😀"}, properties={"P": ["x\ufffd", 1, None]}
        ).hash
    )
