"""An organization in the emulator: accounts, each with the role and one topic of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from proxyd.aws.access import actions_for
from proxyd.iam.policies import role_policies

from .conftest import scanners
from .oracle import Account

MANAGEMENT = "999999999999"
REGION = "eu-west-1"
PREFIX = "kept-secret"
TYPES = ["AWS::SNS::Topic", "AWS::SQS::Queue"]


class Company:
    """The management account of an emulator, and the accounts that it has made."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.management = self.account(MANAGEMENT)
        self.organizations = self.management.client("organizations", "us-east-1")
        self.root = self.organizations.list_roots()["Roots"][0]["Id"]
        self.iam = self.management.client("iam", "us-east-1")
        self.iam.create_user(UserName="proxyd")
        key = self.iam.create_access_key(UserName="proxyd")["AccessKey"]
        self.environment = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def account(self, account: str) -> Account:
        """Return one account with all rights."""
        return Account(
            account,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )

    def allow(self, *actions: str) -> None:
        """Let proxyd's own user assume the roles, and do this besides."""
        role = allowed(["sts:AssumeRole", "sts:SetSourceIdentity"], "arn:aws:iam::*:role/*")
        more = [allowed(actions, "*")] if actions else []
        self.iam.put_user_policy(
            UserName="proxyd", PolicyName="proxyd", PolicyDocument=document(role, *more)
        )

    def hire(self, name: str, unit: str | None = None, *, role: bool = True) -> str:
        """Make an account, in a unit if one is given, with its role, and a topic of its name."""
        topic = name.replace(" ", "-")
        status = self.organizations.create_account(Email=f"{topic}@example.com", AccountName=name)
        number: str = status["CreateAccountStatus"]["AccountId"]
        if unit is not None:
            self.organizations.move_account(
                AccountId=number, SourceParentId=self.root, DestinationParentId=unit
            )
        if role:
            self.trust(number, role_policies(actions_for(scanners()[name] for name in TYPES)))
        self.account(number).client("sns", REGION).create_topic(Name=topic)
        return number

    def trust(
        self, number: str, policies: Sequence[dict[str, Any]], role: str = "proxyd-read"
    ) -> None:
        """Make a role in an account that proxyd's user may assume with its external id."""
        iam = self.account(number).client("iam", "us-east-1")
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:user/proxyd"},
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
            "Condition": {"StringEquals": {"sts:ExternalId": f"{PREFIX}.{number}"}},
        }
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
        for place, policy in enumerate(policies):
            iam.put_role_policy(
                RoleName=role, PolicyName=f"proxyd-{place}", PolicyDocument=json.dumps(policy)
            )

    def unit(self, name: str, parent: str | None = None) -> str:
        """Make an organizational unit."""
        made = self.organizations.create_organizational_unit(
            ParentId=parent or self.root, Name=name
        )
        ident: str = made["OrganizationalUnit"]["Id"]
        return ident


def allowed(actions: Iterable[str], resource: str) -> dict[str, Any]:
    """Write a statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def document(*statements: dict[str, Any]) -> str:
    """Write a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def organization(**more: Any) -> dict[str, Any]:
    """Write the organization as the configuration has it."""
    return {
        "name": "corp",
        "role_arn": "arn:aws:iam::{account}:role/proxyd-read",
        "external_id": PREFIX,
        "regions": [REGION],
        "types": TYPES,
        "refresh_seconds": 10,
        **more,
    }
