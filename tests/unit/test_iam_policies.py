"""The policies of a role: exactly what the scanners need, in as few as may be."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_sentry.analysis.analyze import analyze_by_access_level
from policy_sentry.querying.actions import get_action_data

from proxyd import registry
from proxyd.aws.access import actions_for
from proxyd.aws.models import operations_of
from proxyd.aws.policy import via_policy
from proxyd.iam.policies import MAX_MANAGED_POLICY, role_policies, trust_policy, via_trust_policy
from proxyd.model import Operation

from .fakes import scanner
from .judged import findings

ACTIONS = st.builds(
    "{}:{}".format,
    st.sampled_from(["ec2", "s3", "elasticloadbalancing", "lambda"]),
    st.text("ABCDEabcde", min_size=1, max_size=60),
)
SCANNERS = registry.load(registry.discover(), operations_of)
EVERY = role_policies(actions_for(SCANNERS.values()))
KNOWN = {"RESOURCE_STAR"}
"""A scan is about whatever is there: no ARN is known before it."""


def size(policy: dict[str, Any]) -> int:
    """Count a policy's characters as IAM does, without white space."""
    return len("".join(json.dumps(policy).split()))


def actions_in(policy: dict[str, Any]) -> list[str]:
    """Return the actions that a policy allows."""
    return [action for statement in policy["Statement"] for action in statement["Action"]]


@given(st.lists(ACTIONS, min_size=1, max_size=300))
def test_policies_fit_and_hold_every_action_once(actions: list[str]) -> None:
    """A role's policies are each small enough for IAM, and allow all that was asked."""
    policies = role_policies(actions)
    assert max(map(size, policies)) <= MAX_MANAGED_POLICY
    assert sorted(a for policy in policies for a in actions_in(policy)) == sorted(set(actions))


@given(st.lists(ACTIONS, max_size=300), st.randoms())
def test_the_same_actions_give_the_same_policies(actions: list[str], order: random.Random) -> None:
    """In whatever order plugins were found, the documents are the same to the byte."""
    shuffled = actions * 2
    order.shuffle(shuffled)
    assert json.dumps(role_policies(shuffled)) == json.dumps(role_policies(actions))


def test_the_registry_in_another_order_gives_the_same_policies() -> None:
    """Scanners are found in some order, and it does not show."""
    for seed in range(20):
        found = list(SCANNERS.values())
        random.Random(seed).shuffle(found)  # noqa: S311 - an order, no secret
        assert json.dumps(role_policies(actions_for(found))) == json.dumps(EVERY)


def test_a_role_that_needs_much_needs_as_few_policies_as_may_be() -> None:
    """More actions than fit in one managed policy are spread over as few as may be."""
    policies = role_policies(f"service:DescribeSomethingLong{i:04}" for i in range(400))
    total = sum(map(size, policies))
    assert len(policies) == -(-total // MAX_MANAGED_POLICY) == 3


def test_the_actions_of_a_service_are_in_one_policy() -> None:
    """All scanners take three policies, and no service is in two of them."""
    services = [{action.partition(":")[0] for action in actions_in(policy)} for policy in EVERY]
    assert len(EVERY) == -(-sum(map(size, EVERY)) // MAX_MANAGED_POLICY) == 3
    assert sum(map(len, services)) == len(set().union(*services)) > 100


def test_a_service_is_parted_where_keeping_it_whole_took_a_policy_more() -> None:
    """Three services of two thirds of a policy each are two policies, not three."""
    wide = [f"{s}:{'Describe' + 'x' * 30}{i:03}" for s in ("a", "b", "c") for i in range(85)]
    assert len(role_policies(wide)) == 2


def test_only_what_is_regional_needs_to_know_the_regions() -> None:
    """The role of global types alone need not let anybody list regions."""
    at_home = scanner(scope="global", operations=(Operation("iam", "ListRoles"),))
    assert actions_for([at_home]) == ["iam:ListRoles"]
    regional = scanner("AWS::EC2::VPC")
    assert actions_for([at_home, regional]) == [
        "ec2:DescribeRegions",
        "ec2:DescribeVpcs",
        "iam:ListRoles",
    ]


@pytest.mark.parametrize("policy", EVERY)
def test_nobody_finds_anything_wrong_with_the_policies(policy: dict[str, Any]) -> None:
    """parliament: no unknown action, no wrong resource, no escalation, no credentials."""
    assert findings(policy) <= KNOWN


@pytest.mark.parametrize("type_", sorted(SCANNERS))
def test_nobody_finds_anything_wrong_with_the_policy_of_a_type(type_: str) -> None:
    """The policy of each type alone is as right as that of all."""
    [policy] = role_policies(actions_for([SCANNERS[type_]]))
    assert findings(policy) <= KNOWN


@pytest.mark.parametrize("level", ["write", "tagging", "permissions-management"])
def test_nothing_can_be_changed(level: str) -> None:
    """policy_sentry: no action of any policy has an access level but List and Read."""
    assert [analyze_by_access_level(policy, level) for policy in EVERY] == [[]] * len(EVERY)


@pytest.mark.parametrize(
    ("action", "resource", "issue"),
    [
        ("ec2:DescribeVPCs2", "*", "UNKNOWN_ACTION"),
        ("cassandra:Select", "arn:aws:s3:::bucket", "RESOURCE_MISMATCH"),
        ("iam:CreateAccessKey", "*", "CREDENTIALS_EXPOSURE"),
        ("iam:AttachRolePolicy", "*", "PERMISSIONS_MANAGEMENT_ACTIONS"),
    ],
)
def test_the_judges_do_find_what_is_wrong(action: str, resource: str, issue: str) -> None:
    """What is asserted of the policies above is not true of any policy."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert issue in findings(policy)


def test_the_trust_policy_asks_for_the_external_id() -> None:
    """Only proxyd assumes the role, only with its external id and session name."""
    hub = "arn:aws:iam::111111111111:role/hub"
    assume, rest = trust_policy(hub, "the-id")["Statement"]
    assert assume["Principal"] == rest["Principal"] == {"AWS": hub}
    assert assume["Action"] == "sts:AssumeRole"
    assert assume["Condition"] == {
        "StringEquals": {"sts:ExternalId": "the-id"},
        "StringLike": {"sts:RoleSessionName": "proxyd-*"},
    }
    assert rest["Action"] == ["sts:SetSourceIdentity", "sts:TagSession"]


def test_a_role_on_the_way_trusts_without_an_external_id() -> None:
    """None is sent on that hop; what it trusts proxyd with is what its session may go on with."""
    hub, target = (f"arn:aws:iam::111111111111:role/{name}" for name in ("hub", "target"))
    assume, rest = via_trust_policy(hub)["Statement"]
    assert assume["Principal"] == rest["Principal"] == {"AWS": hub}
    assert assume["Condition"] == {"StringLike": {"sts:RoleSessionName": "proxyd-*"}}
    [goes_on] = json.loads(via_policy(target))["Statement"]
    assert [assume["Action"], *rest["Action"]] == goes_on["Action"]


@pytest.mark.parametrize("policy", [trust_policy("principal", "the-id"), via_trust_policy("hub")])
def test_conditions_are_on_keys_that_their_actions_have(policy: dict[str, Any]) -> None:
    """A condition on a key that an action does not have would never be true."""
    for statement in policy["Statement"]:
        wanted = {key for test in statement.get("Condition", {}).values() for key in test}
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert wanted <= set(condition_keys(action)), action


def condition_keys(action: str) -> Iterable[str]:
    """Return the condition keys that the IAM reference has for an action."""
    prefix, _, name = action.partition(":")
    rows = get_action_data(prefix, name)[prefix]
    return (key for row in rows for key in row["condition_keys"])
