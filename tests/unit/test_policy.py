"""Session policies: STS counts characters, so these tests do too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.aws.policy import (
    MAX_SESSION_POLICY,
    SessionPolicy,
    pack,
    split,
    via_policy,
)

ACTIONS = st.builds(
    "{}:{}".format,
    st.sampled_from(["ec2", "s3", "elasticloadbalancing", "lambda"]),
    st.text("ABCDEabcde", min_size=1, max_size=60),
)
NEEDS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=8),
    st.lists(ACTIONS, min_size=1, max_size=12),
    max_size=40,
)


def actions_in(document: str) -> set[str]:
    """Return the actions of a policy, after making sure that it is one."""
    policy = json.loads(document)
    [statement] = policy["Statement"]
    assert policy["Version"] == "2012-10-17"
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    return set(statement["Action"])


@given(NEEDS)
def test_every_pack_fits_and_nothing_is_lost(needs: Mapping[str, list[str]]) -> None:
    """Each type is in one policy, which fits, grants what it needs and nothing else."""
    packs = pack(needs)
    assert sorted(name for p in packs for name in p.types) == sorted(needs)
    for policy in packs:
        assert len(policy.document) <= MAX_SESSION_POLICY
        granted = actions_in(policy.document)
        assert granted == set(policy.actions)
        assert granted == {action for name in policy.types for action in needs[name]}


@given(NEEDS)
def test_no_two_packs_could_be_one(needs: Mapping[str, list[str]]) -> None:
    """Sessions are few: joining any two of them would be more than STS takes."""
    packs = pack(needs)
    for i, one in enumerate(packs):
        for other in packs[i + 1 :]:
            joined = SessionPolicy((), tuple(sorted({*one.actions, *other.actions})))
            assert len(joined.document) > MAX_SESSION_POLICY


@given(NEEDS)
def test_packing_is_the_same_in_any_order(needs: Mapping[str, list[str]]) -> None:
    """The same types give the same sessions, however they are listed."""
    backwards = {name: needs[name][::-1] for name in list(needs)[::-1]}
    assert pack(backwards) == pack(needs)


def test_types_that_share_actions_share_a_session() -> None:
    """A hundred types that need the same actions take one session."""
    needs = {f"type-{i}": ["ec2:DescribeVpcs", "ec2:DescribeSubnets"] for i in range(100)}
    [policy] = pack(needs)
    assert len(policy.types) == 100
    assert policy.actions == ("ec2:DescribeSubnets", "ec2:DescribeVpcs")


def test_a_document_has_no_character_too_many() -> None:
    """Every character counts against STS's limit."""
    document = SessionPolicy(("t",), ("a:B", "c:D")).document
    assert document == (
        '{"Version":"2012-10-17","Statement":'
        '[{"Effect":"Allow","Action":["a:B","c:D"],"Resource":"*"}]}'
    )


def test_a_policy_may_be_as_long_as_the_limit() -> None:
    """A type that fits to the last character is packed; one character more can not be."""
    empty = len(SessionPolicy((), ("",)).document)
    fits = "a" * (MAX_SESSION_POLICY - empty)
    [policy] = pack({"type": [fits]})
    assert len(policy.document) == MAX_SESSION_POLICY
    with pytest.raises(ValueError, match="type alone needs more actions than fit"):
        pack({"type": [fits + "a"]})


@pytest.mark.parametrize(("more", "sessions"), [("", 1), ("b", 2)])
def test_two_types_share_a_session_up_to_the_limit(more: str, sessions: int) -> None:
    """Two types that together fit to the last character are one session, one more are two."""
    empty = len(SessionPolicy((), ("a", "b")).document)
    long = "b" + "b" * (MAX_SESSION_POLICY - empty)
    packs = pack({"one": ["a"], "other": [long + more]})
    assert len(packs) == sessions


def test_nothing_needs_no_session() -> None:
    """No types, no policies."""
    assert pack({}) == []


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(ACTIONS, min_size=1, max_size=3)))
def test_splitting_keeps_types_and_their_actions(needs: Mapping[str, list[str]]) -> None:
    """Halves hold all types between them, each with exactly what its types need."""
    for policy in pack(needs):
        if len(policy.types) > 1:
            first, second = split(policy, needs)
            assert first.types + second.types == policy.types
            assert abs(len(first.types) - len(second.types)) <= 1
            for half in (first, second):
                assert set(half.actions) == {a for name in half.types for a in needs[name]}


def test_one_type_can_not_be_split() -> None:
    """There is no half of one type."""
    with pytest.raises(ValueError, match="can not be split"):
        split(SessionPolicy(("type",), ("a:B",)), {"type": ["a:B"]})


def test_a_chained_role_may_only_go_on() -> None:
    """The session of a role on the way may assume the one target and nothing else.

    It may pass tags on: those of EKS Pod Identity go on with each session, asked or not.
    """
    role = "arn:aws:iam::222222222222:role/proxyd-read"
    [statement] = json.loads(via_policy(role))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Resource": role,
    }


def test_an_action_that_would_read_data_is_allowed_on_what_holds_none() -> None:
    """Keyspaces' one action for names and data is narrowed to the names."""
    document = json.loads(SessionPolicy(("t",), ("a:B", "cassandra:Select")).document)
    anywhere, narrow = document["Statement"]
    assert (anywhere["Action"], anywhere["Resource"]) == (["a:B"], "*")
    assert narrow["Action"] == ["cassandra:Select"]
    table = "arn:aws:cassandra:eu-west-1:222222222222:/keyspace/shop/table/orders"
    keyspace = "arn:aws:cassandra:eu-west-1:222222222222:/keyspace/shop/"
    assert not any(fnmatchcase(table, glob) for glob in narrow["Resource"])
    assert any(fnmatchcase(keyspace, glob) for glob in narrow["Resource"])
