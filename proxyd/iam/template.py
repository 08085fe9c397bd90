"""A role as a CloudFormation template, for one account or for each of an organization. Pure."""

from __future__ import annotations

from typing import Any

from proxyd.iam import eventing
from proxyd.iam.policies import role_policies, trust_policy
from proxyd.iam.role import SECONDS, Role

MAX_TEMPLATE = 51_200
"""Bytes of a template that is sent with the request."""

MAX_EXTERNAL_ID = 1224
_ACCOUNT = ".222222222222"


def template(role: Role, *, events: bool = True) -> dict[str, Any]:
    """Make the template of one account's role.

    Args:
        role: what is known of it.
        events: whether its queue belongs to the template, where it has one.

    """
    what = role.purpose
    queue: dict[str, Any] = {}
    if events and role.events is not None:
        queue = eventing.queue(role.events)
        where = eventing.region_of(role.events)
        what += f" Its stack belongs into {where}, where its queue of events is."
    external_id = _parameter(
        "What proxyd has to say to assume the role.", role.external_id, MAX_EXTERNAL_ID
    )
    return _template(
        what,
        {"ProxydIdentity": _identity(role), "ExternalId": external_id},
        {**_role(role, {"Ref": "ExternalId"}, reads=bool(queue)), **queue},
    )


def stack_set(role: Role) -> dict[str, Any]:
    """Make the template that a StackSet puts into each account of an organization."""
    prefix = _parameter(
        "What the external ids begin with; a dot and the account follow.",
        role.external_id,
        MAX_EXTERNAL_ID - len(_ACCOUNT),
    )
    external_id = {"Fn::Sub": "${ExternalIdPrefix}.${AWS::AccountId}"}
    return _template(
        role.purpose,
        {"ProxydIdentity": _identity(role), "ExternalIdPrefix": prefix},
        _role(role, external_id, reads=False),
    )


def _template(what: str, parameters: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": what,
        "Parameters": parameters,
        "Resources": resources,
        "Outputs": {
            "RoleArn": {
                "Description": "What role_arn is in the configuration of proxyd.",
                "Value": {"Fn::GetAtt": ["Role", "Arn"]},
            }
        },
    }


def _role(role: Role, external_id: object, *, reads: bool) -> dict[str, Any]:
    documents = role_policies(role.actions)
    policies = {f"Policy{i}": _policy(doc) for i, doc in enumerate(documents, 1)}
    properties: dict[str, Any] = {
        "RoleName": role.name,
        "Path": role.path,
        "Description": role.purpose,
        "MaxSessionDuration": SECONDS,
        "AssumeRolePolicyDocument": trust_policy({"Ref": "ProxydIdentity"}, external_id),
        "ManagedPolicyArns": [{"Ref": name} for name in policies],
    }
    if reads:
        document = eventing.reading({"Fn::GetAtt": ["Queue", "Arn"]})
        properties["Policies"] = [{"PolicyName": eventing.READING, "PolicyDocument": document}]
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}, **policies}


def _policy(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": "What proxyd calls with the role.",
            "PolicyDocument": document,
        },
    }


def _identity(role: Role) -> dict[str, Any]:
    return {
        "Type": "String",
        "Description": "The ARN of the role or user that may assume this role; it has to exist.",
        "AllowedPattern": "arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+",
        **_default(role.principal),
    }


def _parameter(what: str, value: str | None, longest: int) -> dict[str, Any]:
    return {
        "Type": "String",
        "Description": what,
        "AllowedPattern": "[A-Za-z0-9_+=,.@:/-]+",
        "MinLength": 2,
        "MaxLength": longest,
        **_default(value),
    }


def _default(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Default": value}
