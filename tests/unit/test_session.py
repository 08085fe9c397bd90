from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.aws.session import AssumeRole, source_identity

ALLOWED = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
"""STS API Reference, AssumeRole, `SourceIdentity`."""


@pytest.mark.parametrize("name", ["dashboard", "a@b.example", "x+y=z,w", "a_b", "ab", "n" * 64])
def test_a_name_that_sts_allows_is_itself(name: str) -> None:
    """CloudTrail shows the principal's own name wherever it can."""
    assert source_identity(name) == name


@pytest.mark.parametrize("name", ["a", "", "a b", "a/b", "a:b", "n" * 65, "jürgen", "名前", "a\n"])
def test_a_name_that_sts_does_not_allow_is_written_otherwise(name: str) -> None:
    """What does not fit is replaced and gets a hash, so that it stays apart from others."""
    identity = source_identity(name)
    assert ALLOWED.fullmatch(identity)
    assert identity != name
    assert re.search(r"-[0-9a-f]{12}$", identity)


@given(st.text(max_size=100))
def test_every_name_becomes_one_that_sts_takes(name: str) -> None:
    """Whatever a principal is called, STS takes it."""
    assert ALLOWED.fullmatch(source_identity(name))


@given(st.text("ab/ :é", max_size=6), st.text("ab/ :é", max_size=6))
def test_different_principals_stay_different(one: str, other: str) -> None:
    """No two principals share an identity, nor has one principal two."""
    assert (source_identity(one) == source_identity(other)) is (one == other)


def test_parameters_are_as_sts_names_them() -> None:
    """All of them are sent; the external id only where there is one."""
    hop = AssumeRole("arn", "proxyd-1", "me", 900, "{}")
    assert hop.parameters() == {
        "RoleArn": "arn",
        "RoleSessionName": "proxyd-1",
        "SourceIdentity": "me",
        "DurationSeconds": 900,
        "Policy": "{}",
    }
    last = AssumeRole("arn", "proxyd-1", "me", 900, "{}", "the-id")
    assert last.parameters()["ExternalId"] == "the-id"
