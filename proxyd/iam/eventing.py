"""What a target's account needs to tell of its changes, pure: CloudFormation templates.

One region has the queue. Events of others come to it over that region's event bus
(EventBridge User Guide, "Sending and receiving events between AWS Regions").
"""

from __future__ import annotations

from typing import Any

from proxyd.iam.policies import document
from proxyd.model import Target

RETENTION = 300
"""Seconds that a message is kept: what is older is of no use, and nothing deletes it."""

NOTIFICATIONS = (
    "EC2 Instance Launch Successful",
    "EC2 Instance State-change Notification",
    "EC2 Instance Terminate Successful",
    "ECS Service Action",
    "EBS Volume Notification",
    "RDS DB Cluster Event",
    "RDS DB Instance Event",
)
"""What services tell that is no API call of anyone's."""

PATTERN: dict[str, Any] = {
    "$or": [
        {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"readOnly": [False]}},
        {"detail-type": list(NOTIFICATIONS)},
    ]
}


def template(target: Target, region: str) -> dict[str, Any]:
    """Make the template for one region of a target's account.

    Args:
        target: it has to name its queue.
        region: of the queue, for the queue itself; any other, for what passes events on to it.

    """
    assert target.events is not None
    home = region_of(target.events)
    resources = _reading(target) if region == home else _passing_on(target, home)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Tells proxyd of changes in {region}, for its target {target.name}.",
        "Resources": resources,
    }


def region_of(events: str) -> str:
    """Return the region of a queue."""
    return events.split(":")[3]


def name_of(events: str) -> str:
    """Return the name of a queue."""
    return events.rpartition(":")[2]


def called(events: str) -> str:
    """Return what belongs to a queue is called: as no other queue of the account, in any region."""
    return f"{name_of(events)}-{region_of(events)}"


def sending(queue: object, rule: object) -> dict[str, Any]:
    """Make the policy of the queue: only the rule may put events into it."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
    )


def reading(queue: object) -> dict[str, Any]:
    """Make the policy that lets the role read the queue, and do nothing else with it."""
    return document({"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": queue})


def queue(events: str) -> dict[str, Any]:
    """Make the resources `Queue`, `QueuePolicy` and `Rule` of a template."""
    arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    policy = sending(arn, {"Fn::GetAtt": ["Rule", "Arn"]})
    return {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "QueueName": name_of(events),
                "MessageRetentionPeriod": RETENTION,
                "SqsManagedSseEnabled": True,
            },
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy},
        },
        "Rule": _rule({"Arn": arn, "Id": "proxyd"}),
    }


def _reading(target: Target) -> dict[str, Any]:
    return {
        **queue(str(target.events)),
        "RolePolicy": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "RoleName": target.role_arn.rpartition("/")[2],
                "PolicyName": called(str(target.events)),
                "PolicyDocument": reading({"Fn::GetAtt": ["Queue", "Arn"]}),
            },
        },
    }


def _passing_on(target: Target, home: str) -> dict[str, Any]:
    bus = f"arn:{target.partition}:events:{home}:{target.account}:event-bus/default"
    trusts = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    puts = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": document(trusts),
                "Policies": [{"PolicyName": "pass-on", "PolicyDocument": document(puts)}],
            },
        },
        "Rule": _rule({"Arn": bus, "Id": "proxyd", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}),
    }


def _rule(to: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": "Changes, for proxyd",
            "EventPattern": PATTERN,
            "State": "ENABLED",
            "Targets": [to],
        },
    }
