"""The templates that make an account tell of its changes, by CloudFormation's own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from proxyd.iam.eventing import region_of, template

from .fakes import ACCOUNT, target

QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:proxyd-events"


def made(region: str) -> dict[str, Any]:
    """Make the template for one region."""
    return template(target(events=QUEUE), region)


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_cloudformation_takes_it(region: str) -> None:
    """The template of the queue's region and of another have nothing that its schemas refuse."""
    found = lint(json.dumps(made(region)), config=ManualArgs(regions=[region]))
    assert [str(problem) for problem in found] == []


def test_the_role_may_read_this_queue_and_no_more() -> None:
    """One action on one queue, for the role of the target."""
    policy = made("eu-west-1")["Resources"]["RolePolicy"]["Properties"]
    assert policy["RoleName"] == "proxyd-read"
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sqs:ReceiveMessage",
            "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
        }
    ]


def test_a_second_queue_takes_nothing_from_the_first() -> None:
    """Both are read by one role, by policies of different names, in one region or in two."""
    queues = [QUEUE, f"{QUEUE}-2", QUEUE.replace("eu-west-1", "eu-central-1")]
    roles = [
        template(target(events=queue), region_of(queue))["Resources"]["RolePolicy"]
        for queue in queues
    ]
    assert [role["Properties"]["PolicyName"] for role in roles] == [
        "proxyd-events-eu-west-1",
        "proxyd-events-2-eu-west-1",
        "proxyd-events-eu-central-1",
    ]


def test_only_the_rule_may_send() -> None:
    """Nobody else's events can be put into the queue by EventBridge."""
    [statement] = made("eu-west-1")["Resources"]["QueuePolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}
    }


def test_another_region_passes_its_events_on() -> None:
    """Its rule sends to the event bus of the queue's region, by a role that can do nothing else."""
    resources = made("us-east-1")["Resources"]
    bus = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
    assert resources["Rule"]["Properties"]["Targets"][0]["Arn"] == bus
    [policy] = resources["Role"]["Properties"]["Policies"]
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == bus
    assert "Queue" not in resources
