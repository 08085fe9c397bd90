"""A role as Terraform's resources. Pure."""

from __future__ import annotations

from typing import Any

from proxyd.iam import eventing
from proxyd.iam.hcl import Block, Expression, Json, written
from proxyd.iam.policies import role_policies, trust_policy
from proxyd.iam.role import SECONDS, Role

_ROLE = "aws_iam_role.proxyd"
_QUEUE = "aws_sqs_queue.proxyd"
_RULE = "aws_cloudwatch_event_rule.proxyd"
_MAX_RULE = 64
"""Characters of a rule's name; a queue may have more."""


def module(role: Role, *, events: bool = True) -> str:
    """Write the resources of one account's role.

    Args:
        role: what is known of it.
        events: whether its queue is among them, where it has one.

    """
    what = [f"# {role.purpose}"]
    queue: list[Block] = []
    if events and role.events is not None:
        queue = _queue(role.events)
        what.append(f"# The provider has to be in {eventing.region_of(role.events)}.")
    output = Block('output "role_arn"', {"value": Expression(f"{_ROLE}.arn")})
    blocks = [_versions(), *_variables(role), *_role(role), *queue, output]
    return "\n".join(what) + "\n\n" + written(blocks)


def _versions() -> Block:
    name = "required_providers"
    providers = Block(name, {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}})
    return Block("terraform", {"required_version": ">= 1.5", name: providers})


def _variables(role: Role) -> list[Block]:
    who = "The ARN of the role or user that may assume this role; it has to exist."
    return [
        _variable("proxyd_identity", who, role.principal),
        _variable("external_id", "What proxyd has to say to assume it.", role.external_id),
    ]


def _variable(name: str, what: str, default: str | None) -> Block:
    body: dict[str, Any] = {"description": what, "type": Expression("string")}
    return Block(f'variable "{name}"', body if default is None else {**body, "default": default})


def _role(role: Role) -> list[Block]:
    trust = trust_policy(Expression("var.proxyd_identity"), Expression("var.external_id"))
    blocks = [
        _resource(
            "aws_iam_role",
            "proxyd",
            name=role.name,
            path=role.path,
            description=role.purpose,
            max_session_duration=SECONDS,
            assume_role_policy=Json(trust),
        )
    ]
    for i, document in enumerate(role_policies(role.actions), 1):
        blocks += _policy(role, f"proxyd_{i}", f"{role.name}-{i}", document)
    return blocks


def _policy(role: Role, label: str, name: str, document: dict[str, Any]) -> list[Block]:
    return [
        _resource("aws_iam_policy", label, name=name, path=role.path, policy=Json(document)),
        _resource(
            "aws_iam_role_policy_attachment",
            label,
            role=Expression(f"{_ROLE}.name"),
            policy_arn=Expression(f"aws_iam_policy.{label}.arn"),
        ),
    ]


def _queue(events: str) -> list[Block]:
    queue, rule = Expression(f"{_QUEUE}.arn"), Expression(f"{_RULE}.arn")
    return [
        _resource(
            "aws_sqs_queue",
            "proxyd",
            name=eventing.name_of(events),
            message_retention_seconds=eventing.RETENTION,
            sqs_managed_sse_enabled=True,
        ),
        _resource(
            "aws_sqs_queue_policy",
            "proxyd",
            queue_url=Expression(f"{_QUEUE}.id"),
            policy=Json(eventing.sending(queue, rule)),
        ),
        _resource(
            "aws_cloudwatch_event_rule",
            "proxyd",
            name=eventing.name_of(events)[:_MAX_RULE],
            description="Changes, for proxyd",
            event_pattern=Json(eventing.PATTERN),
        ),
        _resource(
            "aws_cloudwatch_event_target",
            "proxyd",
            rule=Expression(f"{_RULE}.name"),
            target_id="proxyd",
            arn=queue,
        ),
        _resource(
            "aws_iam_role_policy",
            "proxyd_events",
            name=eventing.called(events),
            role=Expression(f"{_ROLE}.name"),
            policy=Json(eventing.reading(queue)),
        ),
    ]


def _resource(kind: str, label: str, **body: Any) -> Block:
    return Block(f'resource "{kind}" "{label}"', body)
