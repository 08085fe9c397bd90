"""The hub's one user, the role that it may assume in each target, the roles of applications."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .site import Emulated, Site, pairs

_USER = "proxyd"
_ASSUME = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]


def document(**statement: Any) -> str:
    """Return an IAM policy document with the one statement."""
    return _compact({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _compact(policy: Mapping[str, Any]) -> str:
    """Return the policy without the spaces that might count against its size."""
    return json.dumps(policy, separators=(",", ":"))


def make_hub(emulated: Emulated, hub: str, role_arns: Sequence[str]) -> dict[str, str]:
    """Make the user that may assume the roles and do nothing else; return its access key."""
    iam = emulated.client("iam", hub, "us-east-1")
    iam.create_user(UserName=_USER)
    policy = document(Action=_ASSUME, Resource=list(role_arns))
    iam.put_user_policy(UserName=_USER, PolicyName="assume-targets", PolicyDocument=policy)
    key = iam.create_access_key(UserName=_USER)["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


def make_read_role(site: Site, hub: str, target: Mapping[str, Any]) -> None:
    """Make the role that proxyd assumes: the hub's user may, and only with the external id."""
    trust = document(
        Principal={"AWS": f"arn:aws:iam::{hub}:user/{_USER}"},
        Action=_ASSUME,
        Condition={"StringEquals": {"sts:ExternalId": target["external_id"]}},
    )
    iam, role = site.aws("iam"), target["role"]
    # Configurations name this role, so it is the one thing that has no canary in its name.
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, Tags=pairs(site.tags(role)))
    for number, policy in enumerate(target["policies"]):
        iam.put_role_policy(
            RoleName=role, PolicyName=f"proxyd-{number}", PolicyDocument=_compact(policy)
        )
    site.globally["AWS::IAM::Role"] += 1


def make_roles(site: Site) -> None:
    """Make a role for each application, and those that services take on."""
    services = {"ecs-execution": "ecs-tasks", "eks-cluster": "eks", "eks-node": "ec2"}
    for name, service in services.items():
        _make_role(site, name, service, "platform")
    for app in site.portfolio.apps:
        _make_role(site, f"{app.name}-app", "ecs-tasks" if app.service else "ec2", app.team)
        if app.functions:
            _make_role(site, f"{app.name}-functions", "lambda", app.team)


def _make_role(site: Site, name: str, service: str, team: str) -> None:
    site.aws("iam").create_role(
        RoleName=site.name(name),
        Description=site.text(f"Taken on by {service} for {name}"),
        AssumeRolePolicyDocument=document(
            Principal={"Service": f"{service}.amazonaws.com"}, Action="sts:AssumeRole"
        ),
        Tags=pairs(site.tags(name, team)),
    )
    site.globally["AWS::IAM::Role"] += 1
