"""What a target's account needs to tell of its changes, pure: CloudFormation templates.

One region has the queue. Events of others come to it over that region's event bus
(EventBridge User Guide, "Sending and receiving events between AWS Regions").
"""

from __future__ import annotations

from typing import Any

from proxyd.aws.policy import VERSION
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
    home = target.events.split(":")[3]
    resources = _queue(target) if region == home else _passing_on(target, home)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Tells proxyd of changes in {region}, for its target {target.name}.",
        "Resources": resources,
    }


def _queue(target: Target) -> dict[str, Any]:
    role = target.role_arn.rpartition("/")[2]
    queue = {"Fn::GetAtt": ["Queue", "Arn"]}
    sends = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }
    reads = {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": queue}
    return {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "QueueName": str(target.events).rpartition(":")[2],
                "MessageRetentionPeriod": RETENTION,
                "SqsManagedSseEnabled": True,
            },
        },
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": _document(sends)},
        },
        "Rule": _rule({"Arn": queue, "Id": "proxyd"}),
        "RolePolicy": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "RoleName": role,
                "PolicyName": "proxyd-events",
                "PolicyDocument": _document(reads),
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
                "AssumeRolePolicyDocument": _document(trusts),
                "Policies": [{"PolicyName": "pass-on", "PolicyDocument": _document(puts)}],
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


def _document(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": [statement]}
