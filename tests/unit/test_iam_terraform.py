"""Terraform's resources: what the CloudFormation template has, in Terraform's language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd import registry
from proxyd.aws.access import actions_for
from proxyd.aws.models import operations_of
from proxyd.iam.eventing import PATTERN
from proxyd.iam.hcl import Block, Expression, Json, written
from proxyd.iam.policies import role_policies, trust_policy
from proxyd.iam.role import Role, anybodys, of_target
from proxyd.iam.terraform import module

from .fakes import ACCOUNT, target
from .hcl_read import misformatted, read

HUB = "arn:aws:iam::111111111111:role/hub/proxyd"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:proxyd-events"
SCANNERS = registry.load(registry.discover(), operations_of)
EVERY = actions_for(SCANNERS.values())
FEW = ["cassandra:Select", "ec2:DescribeRegions", "ec2:DescribeVpcs"]
TARGETS = of_target(
    target(role_arn=f"arn:aws:iam::{ACCOUNT}:role/ops/proxyd-read", events=QUEUE), FEW, HUB
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(0, 10**6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("role", [TARGETS, anybodys(EVERY, None)])
def test_the_policies_are_those_that_are_printed(role: Role) -> None:
    """Read by somebody else's parser, each policy is one of `proxyd iam policy`, attached."""
    found = read(module(role))
    documents = role_policies(role.actions)
    for i, document in enumerate(documents, 1):
        assert found[f"resource aws_iam_policy proxyd_{i}"]["policy"] == document
        assert found[f"resource aws_iam_role_policy_attachment proxyd_{i}"] == {
            "role": "${aws_iam_role.proxyd.name}",
            "policy_arn": f"${{aws_iam_policy.proxyd_{i}.arn}}",
        }
    assert sum(name.startswith("resource aws_iam_policy ") for name in found) == len(documents)


def test_the_role_trusts_as_the_configuration_has_it() -> None:
    """Name, path and duration, and the trust policy with its variables' defaults."""
    found = read(module(TARGETS))
    role = found["resource aws_iam_role proxyd"]
    assert (role["name"], role["path"]) == ("proxyd-read", "/ops/")
    assert role["max_session_duration"] == 3600
    assert role["assume_role_policy"] == trust_policy(
        "${var.proxyd_identity}", "${var.external_id}"
    )
    assert found["variable proxyd_identity"]["default"] == HUB
    assert found["variable external_id"]["default"] == "the-id-of-production"
    assert found["output role_arn"] == {"value": "${aws_iam_role.proxyd.arn}"}


def test_what_nobody_has_said_is_a_variable_without_a_default() -> None:
    """Terraform asks for it."""
    found = read(module(anybodys(FEW, None)))
    assert "default" not in found["variable proxyd_identity"]
    assert "default" not in found["variable external_id"]


def test_the_queue_is_there_for_a_target_that_has_one() -> None:
    """What the events' template makes, and leave for the role to read it."""
    found = read(module(TARGETS))
    queue = found["resource aws_sqs_queue proxyd"]
    assert (queue["name"], queue["message_retention_seconds"]) == ("proxyd-events", 300)
    assert queue["sqs_managed_sse_enabled"] is True
    assert found["resource aws_cloudwatch_event_rule proxyd"]["event_pattern"] == PATTERN
    assert found["resource aws_iam_role_policy proxyd_events"]["name"] == "proxyd-events-eu-west-1"
    [reads] = found["resource aws_iam_role_policy proxyd_events"]["policy"]["Statement"]
    assert (reads["Action"], reads["Resource"]) == (
        "sqs:ReceiveMessage",
        "${aws_sqs_queue.proxyd.arn}",
    )
    [sends] = found["resource aws_sqs_queue_policy proxyd"]["policy"]["Statement"]
    assert sends["Condition"]["ArnEquals"] == {
        "aws:SourceArn": "${aws_cloudwatch_event_rule.proxyd.arn}"
    }
    assert not any(
        "queue" in name or "event" in name for name in read(module(TARGETS, events=False))
    )


@pytest.mark.parametrize("role", [TARGETS, anybodys(EVERY, None), anybodys(FEW, HUB)])
def test_fmt_would_leave_it_as_it_is(role: Role) -> None:
    """Blanks and columns are as `terraform fmt` has them, so nobody's diff is of those."""
    assert misformatted(module(role)) == []


@pytest.mark.parametrize(
    "text",
    [
        "a {\n  b = 1\n  long = 2\n}\n",
        "a {\n  b    = 1\n  long = [\n    1,\n  ]\n}\n",
        "a {\n b = 1\n}\n",
        "a {\n  b    = [\n    1,\n  ]\n  long = 2\n}\n",
    ],
)
def test_what_fmt_would_change_is_noticed(text: str) -> None:
    """What is asserted above is not true of any text."""
    assert misformatted(text) != []


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_any_document_comes_out_as_it_went_in(document: dict[str, Any]) -> None:
    """No text of a policy is read as a template, an escape or a name."""
    text = written([Block("a", {"document": Json({"all": document})})])
    assert misformatted(text) == []
    assert read(text)["a"]["document"]["all"] == document


def test_what_looks_like_a_template_is_a_text() -> None:
    """A `${…}` in a policy is not Terraform's, and a reference is not a text."""
    text = written([Block("a", {"text": "${var.x} %{if}", "reference": Expression("var.x")})])
    assert '"$${var.x} %%{if}"' in text
    assert json.dumps("${var.x}") not in text
    assert "reference = var.x\n" in text
