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

    What is known is written into it: a stack that is deployed again keeps the values that its
    parameters had before, whatever their defaults are by then.

    Args:
        role: what is known of it; the rest are parameters.
        events: whether its queue belongs to the template, where it has one.

    """
    what = role.purpose
    queue: dict[str, Any] = {}
    if events and role.events is not None:
        queue = eventing.queue(role.events)
        where = eventing.region_of(role.events)
        what += f" Its stack belongs into {where}, where its queue of events is."
    parameters = _identity(role)
    external_id: object = role.external_id
    if external_id is None:
        external_id = {"Ref": "ExternalId"}
        says = "What proxyd has to say to assume the role."
        parameters |= {"ExternalId": _parameter(says, MAX_EXTERNAL_ID)}
    return _template(
        what,
        parameters,
        {**_role(role, external_id, reads=role.events if queue else None), **queue},
    )


def stack_set(role: Role) -> dict[str, Any]:
    """Make the template that a StackSet puts into each account of an organization."""
    parameters = _identity(role)
    prefix = role.external_id
    if prefix is None:
        prefix = "${ExternalIdPrefix}"
        says = "What the external ids begin with; a dot and the account follow."
        most = MAX_EXTERNAL_ID - len(_ACCOUNT)
        parameters |= {"ExternalIdPrefix": _parameter(says, most)}
    external_id = {"Fn::Sub": f"{prefix}.${{AWS::AccountId}}"}
    return _template(role.purpose, parameters, _role(role, external_id))


def _template(what: str, parameters: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": what,
        **({"Parameters": parameters} if parameters else {}),
        "Resources": resources,
        "Outputs": {
            "RoleArn": {
                "Description": "What role_arn is in the configuration of proxyd.",
                "Value": {"Fn::GetAtt": ["Role", "Arn"]},
            }
        },
    }


def _role(role: Role, external_id: object, reads: str | None = None) -> dict[str, Any]:
    documents = role_policies(role.actions)
    policies = {f"Policy{i}": _policy(doc) for i, doc in enumerate(documents, 1)}
    properties: dict[str, Any] = {
        "RoleName": role.name,
        "Path": role.path,
        "Description": role.purpose,
        "MaxSessionDuration": SECONDS,
        "AssumeRolePolicyDocument": trust_policy(
            role.principal or {"Ref": "ProxydIdentity"}, external_id
        ),
        "ManagedPolicyArns": [{"Ref": name} for name in policies],
    }
    if reads is not None:
        document = eventing.reading({"Fn::GetAtt": ["Queue", "Arn"]})
        properties["Policies"] = [
            {"PolicyName": eventing.called(reads), "PolicyDocument": document}
        ]
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
    if role.principal is not None:
        return {}
    return {
        "ProxydIdentity": {
            "Type": "String",
            "Description": "The ARN of the role or user that may assume the role; it has to exist.",
            "AllowedPattern": "arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+",
        }
    }


def _parameter(what: str, longest: int) -> dict[str, Any]:
    return {
        "Type": "String",
        "Description": what,
        "AllowedPattern": "[A-Za-z0-9_+=,.@:/-]+",
        "MinLength": 2,
        "MaxLength": longest,
    }
