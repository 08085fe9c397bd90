"""What is said of a document on a terminal: commands that make it, and break nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest

from proxyd.iam import hints
from proxyd.iam.role import anybodys, for_members, of_lister, of_members, of_target, stack_of
from proxyd.settings import Organization

from .fakes import ACCOUNT, target

DOCS = Path(__file__).parents[2] / "docs"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:proxyd-events"
CORP = Organization(
    name="corp",
    role_arn="arn:aws:iam::{account}:role/proxyd-read",
    external_id="prefix",
    list_role_arn="arn:aws:iam::999999999999:role/ops/proxyd-list",
)


def stacks(text: str) -> list[str]:
    """Return what stacks are called in commands."""
    return re.findall(r"--stack-name (\S+)", text)


def sets(text: str) -> list[str]:
    """Return what StackSets are called in commands."""
    return re.findall(r"--stack-set-name (\S+)", text)


def test_each_role_of_an_account_has_a_stack_of_its_own() -> None:
    """A stack with the template of another role would delete the role that it made before."""
    roles = [
        of_lister(CORP, None),
        of_members(CORP, [], None),
        of_target(target(role_arn=f"arn:aws:iam::{ACCOUNT}:role/ops/read-2"), [], None),
    ]
    said = [hints.cloudformation(role, events=False) for role in roles]
    assert [stacks(text) for text in said] == [["proxyd-list"], ["proxyd-read"], ["read-2"]]
    assert sets(hints.stack_set(roles[1])) == ["proxyd-read"] * 2
    assert "the same template makes a stack, proxyd-read." in hints.stack_set(roles[1])


def test_a_stack_can_have_the_name_that_is_said() -> None:
    """Whatever the role is called, and no two roles have the same stack."""
    names = ["proxyd-read", "proxyd_read", "proxyd.read", "_", "1-read", "-", "p" * 64, "9" * 64]
    found = [stack_of(name) for name in names]
    assert found[0] == "proxyd-read"
    assert all(re.fullmatch("[A-Za-z][-A-Za-z0-9]{0,127}", name) for name in found)
    assert len(set(found)) == len(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (QUEUE, f"{QUEUE}-2"),
        (QUEUE, QUEUE.replace("eu-west-1", "eu-central-1")),
        (f"{QUEUE}-2", f"{QUEUE}_2"),
    ],
)
def test_each_queue_has_a_stack_of_its_own(one: str, other: str) -> None:
    """Two in an account, and those that pass events on to them, are not one another's update."""
    [mine], [theirs] = (stacks(hints.events(queue, "us-east-1")) for queue in (one, other))
    assert mine == "proxyd-events-eu-west-1" or one != QUEUE
    assert mine != theirs


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")],
)
def test_a_stack_set_is_put_where_its_partition_is(partition: str, region: str) -> None:
    """There is no us-east-1 in GovCloud, nor in China."""
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/proxyd-read"
    organization = Organization(
        name="corp", role_arn=arn.replace(ACCOUNT, "{account}"), external_id="prefix"
    )
    for role in (
        of_members(organization, [], None),
        for_members(of_target(target(role_arn=arn), [], None)),
        anybodys([], arn),
    ):
        assert re.findall(r"--regions (\S+)", hints.stack_set(role)) == [region]


def test_one_account_that_fails_does_not_keep_the_others_from_the_role() -> None:
    """All are tried, at once, by names that CloudFormation knows."""
    said = hints.stack_set(of_members(CORP, [], None))
    [preferences] = re.findall(r"--operation-preferences (\S+)", said)
    assert dict(each.split("=") for each in preferences.split(",")) == {
        "FailureTolerancePercentage": "100",
        "MaxConcurrentPercentage": "100",
        "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
    }
    service = botocore.session.get_session().get_service_model("cloudformation")
    known = service.operation_model("CreateStackInstances").input_shape.members
    members = known["OperationPreferences"].members
    assert {each.partition("=")[0] for each in preferences.split(",")} <= set(members)
    assert "SOFT_FAILURE_TOLERANCE" in members["ConcurrencyMode"].enum
    assert preferences in (DOCS / "roles.md").read_text()


def test_the_pages_have_the_commands_that_are_printed() -> None:
    """Stacks are called in docs/roles.md and docs/events.md as on a terminal."""
    roles, events = ((DOCS / name).read_text() for name in ("roles.md", "events.md"))
    role, queue, lister = (
        stacks(text)[0]
        for text in (
            hints.cloudformation(of_target(target(), [], None), events=True),
            hints.events(QUEUE, "eu-west-1"),
            hints.cloudformation(of_lister(CORP, None), events=False),
        )
    )
    assert [name.strip("`),") for name in stacks(roles)] == [role, lister, role]
    assert sets(roles) == ["proxyd-read"] * 2
    assert stacks(events) == [role, queue, queue]
