"""What would mend a refusal, and what would not."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from proxyd.actions import RESOURCES
from proxyd.errors import Cause
from proxyd.events import ShardEnded
from proxyd.model import Status, Target
from proxyd.remedies import Refusal, place, refusals, remedies
from proxyd.statements import allowing, document

TARGET = Target(name="t", role_arn="arn:aws:iam::222222222222:role/a/b/read", external_id="x")
CAUSES = st.sampled_from([*get_args(Cause), None])
ACTIONS = st.sampled_from(["ec2:DescribeVpcs", "s3:ListAllMyBuckets", "cassandra:Select", "a:B"])
REFUSALS = st.sets(st.builds(Refusal, ACTIONS, CAUSES))


def ended(status: Status, **how: object) -> ShardEnded:
    """Make the end of a shard."""
    figures = {"resources": 0, "calls": 1, "ms": 1, "account": "1", "type": "t", "region": "r"}
    return ShardEnded(status=status, **(figures | how))  # type: ignore[arg-type] # a table


@given(REFUSALS)
def test_a_statement_is_made_only_where_it_mends_something(refused: set[Refusal]) -> None:
    """A remedy has statements for exactly its actions, and only where adding some would help."""
    told = remedies(refused, TARGET)
    assert len({remedy.cause for remedy in told}) == len(told)
    for remedy in told:
        assert {Refusal(a, remedy.cause) for a in remedy.actions} <= refused
        assert (remedy.role, remedy.account) == ("read", "222222222222")
        if remedy.cause in {"policy", "boundary", None}:
            assert remedy.statements is not UNSET
            assert {a for s in remedy.statements for a in s.action} == set(remedy.actions)
        else:
            assert remedy.statements is UNSET
    assert {a for remedy in told for a in remedy.actions} == {a for a, _ in refused}


def test_what_an_organization_forbids_is_in_no_statement() -> None:
    """No policy of a role can mend it, so it is named apart and nobody is told to add it."""
    told = remedies({Refusal("a:B", "policy"), Refusal("a:C", "organization")}, TARGET)
    assert [remedy.cause for remedy in told] == ["policy", "organization"]
    assert "a:C" not in document(s for r in told if r.statements for s in r.statements)
    assert "no policy of the role mends that" in place(told[1])


def test_what_is_known_is_not_told_again_as_unknown() -> None:
    """Where one service says why an action is refused, the silence of another adds nothing."""
    told = remedies({Refusal("a:B", "boundary"), Refusal("a:B"), Refusal("a:C")}, TARGET)
    assert [(r.cause, r.actions) for r in told] == [(None, ["a:C"]), ("boundary", ["a:B"])]


@pytest.mark.parametrize("cause", [*get_args(Cause), None])
def test_each_cause_has_a_place(cause: Cause | None) -> None:
    """A person is told where the change goes, and in which role where it goes into one."""
    (remedy,) = remedies({Refusal("a:B", cause)}, TARGET)
    assert "{" not in place(remedy)
    of_the_role = cause in {"policy", "boundary", "explicit_deny", "resource_policy", None}
    assert ("read in account 222222222222" in place(remedy)) is of_the_role


def test_an_action_that_would_also_read_data_is_allowed_narrowly() -> None:
    """The statement names the resources that such an action may be used on, and never `*`."""
    broad, narrow = allowing(["cassandra:Select", "b:B", "a:A", "a:A"])
    assert (broad.action, broad.resource) == (["a:A", "b:B"], "*")
    assert narrow.resource == list(RESOURCES["cassandra:Select"])


def test_a_policy_is_written_as_iam_reads_it() -> None:
    """The document has IAM's own keys, in their order, and no white space."""
    text = document(allowing(["a:B"]))
    assert text == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:B"],"Resource":"*"}]}'
    )
    assert json.loads(text)["Statement"][0]["Effect"] == "Allow"


@pytest.mark.parametrize(
    ("shard", "found"),
    [
        (ended("ok"), set()),
        (ended("throttled", code="SlowDown"), set()),
        (ended("denied", action="a:B"), {Refusal("a:B")}),
        (ended("denied", action="a:B", cause="boundary"), {Refusal("a:B", "boundary")}),
        (ended("scp_denied", action="a:B", cause="organization"), {Refusal("a:B", "organization")}),
        (ended("denied", action="sts:AssumeRole", cause="policy"), set()),
        (
            ended("denied", action="a:B", actions=["a:B", "a:C"], causes={"a:C": "policy"}),
            {Refusal("a:B"), Refusal("a:C", "policy")},
        ),
        (
            ended("throttled", actions=["a:C"], causes={"a:D": "organization"}),
            {Refusal("a:C"), Refusal("a:D", "organization")},
        ),
    ],
)
def test_what_a_shard_was_refused_is_read_from_its_end(
    shard: ShardEnded, found: set[Refusal]
) -> None:
    """Every action that it lacks comes with the cause that AWS gave, and AssumeRole is apart."""
    assert refusals(shard) == found
