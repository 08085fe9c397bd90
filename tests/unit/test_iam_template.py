"""The CloudFormation templates of roles, by CloudFormation's own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from proxyd import registry
from proxyd.aws.access import actions_for
from proxyd.aws.models import operations_of
from proxyd.iam.policies import role_policies, trust_policy
from proxyd.iam.role import Role, anybodys, for_members, of_lister, of_members, of_target
from proxyd.iam.template import MAX_TEMPLATE, stack_set, template
from proxyd.settings import Organization

from .fakes import ACCOUNT, target

HUB = "arn:aws:iam::111111111111:role/hub/proxyd"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/ops/read/proxyd-read"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:proxyd-events"
SCANNERS = registry.load(registry.discover(), operations_of)
EVERY = actions_for(SCANNERS.values())
FEW = ["cassandra:Select", "ec2:DescribeRegions", "ec2:DescribeVpcs"]
CORP = Organization(
    name="corp",
    role_arn="arn:aws:iam::{account}:role/proxyd-read",
    external_id="prefix",
    list_role_arn="arn:aws:iam::999999999999:role/proxyd-list",
    units=("ou-abcd-12345678",),
)
TARGETS = of_target(target(role_arn=ROLE_ARN, events=QUEUE), FEW, HUB)
MEMBERS = of_members(CORP, FEW, HUB)
LISTERS = of_lister(CORP, HUB)


def properties(made: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of a resource."""
    found: dict[str, Any] = made["Resources"][name]["Properties"]
    return found


@pytest.mark.parametrize(
    "made",
    [
        template(TARGETS),
        template(TARGETS, events=False),
        template(of_target(target(events=QUEUE), EVERY, None)),
        template(anybodys(EVERY, None)),
        template(LISTERS),
        stack_set(MEMBERS),
        stack_set(of_members(CORP, EVERY, None)),
        stack_set(for_members(TARGETS)),
    ],
)
def test_cloudformation_takes_it(made: dict[str, Any]) -> None:
    """Its schemas refuse nothing, and it is short enough to be sent with the request."""
    text = json.dumps(made, indent=2)
    found = lint(text, config=ManualArgs(regions=["eu-west-1", "us-east-1"]))
    assert [str(problem) for problem in found] == []
    assert len(text.encode()) <= MAX_TEMPLATE


def test_the_linter_does_find_what_is_wrong() -> None:
    """A role with a property that there is not is refused."""
    made = template(TARGETS)
    properties(made, "Role")["Colour"] = "blue"
    assert lint(json.dumps(made), config=ManualArgs(regions=["eu-west-1"]))


def test_all_scanners_leave_room_in_a_template() -> None:
    """Everything that there is takes little more than half of what a template may be."""
    made = template(of_target(target(events=QUEUE), EVERY, HUB))
    assert len(json.dumps(made, indent=2)) < 0.6 * MAX_TEMPLATE
    assert len(properties(made, "Role")["ManagedPolicyArns"]) <= 10


def test_a_targets_role_is_called_and_trusts_as_the_configuration_has_it() -> None:
    """Name and path of role_arn, an hour at most, and nothing is left to be said.

    What is said in parameters a stack keeps when it is deployed again, so nothing that is known is.
    """
    made = template(TARGETS)
    role = properties(made, "Role")
    assert (role["RoleName"], role["Path"]) == ("proxyd-read", "/ops/read/")
    assert role["MaxSessionDuration"] == 3600
    assert role["AssumeRolePolicyDocument"] == trust_policy(HUB, "the-id-of-production")
    assert "Parameters" not in made
    assert made["Outputs"]["RoleArn"]["Value"] == {"Fn::GetAtt": ["Role", "Arn"]}


@pytest.mark.parametrize("actions", [FEW, EVERY])
def test_the_role_has_exactly_the_policies_that_are_printed(actions: list[str]) -> None:
    """Each managed policy is one of those of `proxyd iam policy`, and all are attached."""
    made = template(of_target(target(), actions, HUB))
    attached = [policy["Ref"] for policy in properties(made, "Role")["ManagedPolicyArns"]]
    documents = [properties(made, name)["PolicyDocument"] for name in attached]
    assert documents == role_policies(actions)
    assert "Policies" not in properties(made, "Role")
    assert set(made["Resources"]) == {"Role", *attached}


def test_the_queue_is_in_the_template_of_a_target_that_has_one() -> None:
    """The role may read it, and the description says where the stack belongs."""
    made = template(TARGETS)
    [policy] = properties(made, "Role")["Policies"]
    assert policy["PolicyName"] == "proxyd-events-eu-west-1"
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sqs:ReceiveMessage"
    assert statement["Resource"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert properties(made, "Queue")["QueueName"] == "proxyd-events"
    assert "belongs into eu-west-1" in made["Description"]


def test_the_queue_can_be_left_out() -> None:
    """Without events it is a role, its policy, and nothing that has a region."""
    made = template(TARGETS, events=False)
    assert set(made["Resources"]) == {"Role", "Policy1"}
    assert "eu-west-1" not in made["Description"]


def test_what_nobody_has_said_is_a_parameter_without_a_default() -> None:
    """Without a configuration whoever makes the stack has to say who and what."""
    made = template(anybodys(FEW, None))
    role = properties(made, "Role")
    assert role["RoleName"] == "proxyd-read"
    assert role["AssumeRolePolicyDocument"] == trust_policy(
        {"Ref": "ProxydIdentity"}, {"Ref": "ExternalId"}
    )
    assert list(made["Parameters"]) == ["ProxydIdentity", "ExternalId"]
    assert not any("Default" in value for value in made["Parameters"].values())


def test_a_stack_set_gives_each_account_an_external_id_of_its_own() -> None:
    """What CloudFormation puts together is what the organization's targets say."""
    made = stack_set(MEMBERS)
    assume = properties(made, "Role")["AssumeRolePolicyDocument"]["Statement"][0]
    external_id = assume["Condition"]["StringEquals"]["sts:ExternalId"]
    filled = external_id["Fn::Sub"].replace("${AWS::AccountId}", ACCOUNT)
    assert filled == CORP.external_id_in(ACCOUNT)


def test_a_targets_secret_is_not_an_organizations() -> None:
    """A StackSet that is made like a target takes neither its external id nor its queue."""
    made = stack_set(for_members(TARGETS))
    assert list(made["Parameters"]) == ["ExternalIdPrefix"]
    assert "${ExternalIdPrefix}.${AWS::AccountId}" in json.dumps(made)
    assert "the-id-of-production" not in json.dumps(made)
    assert set(made["Resources"]) == {"Role", "Policy1"}


def test_who_lists_an_organization_may_do_nothing_else() -> None:
    """The role of list_role_arn calls what listing takes, and has its account's external id."""
    made = template(LISTERS)
    assert properties(made, "Role")["RoleName"] == "proxyd-list"
    trust = properties(made, "Role")["AssumeRolePolicyDocument"]
    assert trust == trust_policy(HUB, "prefix.999999999999")
    [statement] = properties(made, "Policy1")["PolicyDocument"]["Statement"]
    assert statement["Action"] == [
        "organizations:ListAccountsForParent",
        "organizations:ListOrganizationalUnitsForParent",
    ]


def test_a_role_without_a_path_has_the_shortest() -> None:
    """`role/NAME` is a role in `/`."""
    made: Role = of_target(target(), FEW, HUB)
    assert (made.path, made.name) == ("/", "proxyd-read")
