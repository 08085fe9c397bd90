"""What to do with a document, for a person who sees it on a terminal. Pure."""

from __future__ import annotations

from proxyd.iam.eventing import region_of
from proxyd.iam.role import Role

POLICY = "The whole role, trust policy and all: proxyd iam cloudformation, or terraform."
TRUST = "The whole role, policies and all: proxyd iam cloudformation, or terraform."
BASE = "This belongs to the role or user that proxyd runs as, and nothing else does."
TERRAFORM = "Write it to a file main.tf, then: terraform init && terraform apply"

_DEPLOY = "aws cloudformation deploy --template-file FILE"


def cloudformation(role: Role, *, events: bool) -> str:
    """Say how a role's stack is made."""
    words = ["--stack-name proxyd --capabilities CAPABILITY_NAMED_IAM"]
    if events and role.events is not None:
        words.append(f"--region {region_of(role.events)}")
    lacks = _lacking(role, "ExternalId")
    if lacks:
        words.append(f"--parameter-overrides {' '.join(f'{name}=…' for name in lacks)}")
    return f"Write it to a FILE, then, in the account: {_DEPLOY} {' '.join(words)}"


def stack_set(role: Role) -> str:
    """Say how an organization's stacks are made."""
    lacks = _lacking(role, "ExternalIdPrefix")
    given = "".join(f" ParameterKey={name},ParameterValue=…" for name in lacks)
    return (
        "Write it to a FILE, then, in the management account:\n"
        "aws cloudformation create-stack-set --stack-set-name proxyd --template-body file://FILE "
        "--capabilities CAPABILITY_NAMED_IAM --permission-model SERVICE_MANAGED "
        "--auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false"
        f"{' --parameters' if given else ''}{given}\n"
        "aws cloudformation create-stack-instances --stack-set-name proxyd --regions us-east-1 "
        "--deployment-targets OrganizationalUnitIds=r-…\n"
        "In the management account itself the same template makes a stack."
    )


def events(region: str) -> str:
    """Say how the stack of one region is made."""
    words = f"--stack-name proxyd-events --region {region} --capabilities CAPABILITY_IAM"
    return f"Write it to a FILE, then, in the account: {_DEPLOY} {words}"


def _lacking(role: Role, external_id: str) -> list[str]:
    """Return the parameters that have no default."""
    values = {"ProxydIdentity": role.principal, external_id: role.external_id}
    return [name for name, value in values.items() if value is None]
