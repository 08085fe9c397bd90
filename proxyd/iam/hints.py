"""What to do with a document, for a person who sees it on a terminal. Pure."""

from __future__ import annotations

from proxyd.aws.regions import home_of
from proxyd.iam import eventing
from proxyd.iam.role import Role, stack_of

POLICY = "The whole role, trust policy and all: proxyd iam cloudformation, or terraform."
TRUST = "The whole role, policies and all: proxyd iam cloudformation, or terraform."
VIA_TRUST = "What the role needs besides, for those behind it: proxyd iam base --via ARN."
BASE = "This belongs to the role or user that proxyd runs as, and nothing else does."
TERRAFORM = "Write it to a file main.tf, then: terraform init && terraform apply"

_DEPLOY = "aws cloudformation deploy --template-file FILE"
_ALL_OF_THEM = (
    "FailureTolerancePercentage=100,MaxConcurrentPercentage=100,"
    "ConcurrencyMode=SOFT_FAILURE_TOLERANCE"
)
"""By default a StackSet goes one by one, and stops at the first account that fails."""


def cloudformation(role: Role, *, events: bool) -> str:
    """Say how a role's stack is made."""
    words = [f"--stack-name {stack_of(role.name)} --capabilities CAPABILITY_NAMED_IAM"]
    if events and role.events is not None:
        words.append(f"--region {eventing.region_of(role.events)}")
    lacks = _lacking(role, "ExternalId")
    if lacks:
        words.append(f"--parameter-overrides {' '.join(f'{name}=…' for name in lacks)}")
    return f"Write it to a FILE, then, in the account: {_DEPLOY} {' '.join(words)}"


def stack_set(role: Role) -> str:
    """Say how an organization's stacks are made."""
    lacks = _lacking(role, "ExternalIdPrefix")
    given = "".join(f" ParameterKey={name},ParameterValue=…" for name in lacks)
    name = f"--stack-set-name {stack_of(role.name)}"
    return (
        "Write it to a FILE, then, in the management account:\n"
        f"aws cloudformation create-stack-set {name} --template-body file://FILE "
        "--capabilities CAPABILITY_NAMED_IAM --permission-model SERVICE_MANAGED "
        "--auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false"
        f"{' --parameters' if given else ''}{given}\n"
        f"aws cloudformation create-stack-instances {name} --regions {home_of(role.partition)} "
        f"--deployment-targets OrganizationalUnitIds=r-… --operation-preferences {_ALL_OF_THEM}\n"
        "In the management account itself the same template makes a stack, "
        f"{stack_of(role.name)}."
    )


def events(queue: str, region: str) -> str:
    """Say how the stack of one region is made, for a target's queue."""
    stack = stack_of(eventing.called(queue))
    words = f"--stack-name {stack} --region {region} --capabilities CAPABILITY_IAM"
    return f"Write it to a FILE, then, in the account: {_DEPLOY} {words}"


def _lacking(role: Role, external_id: str) -> list[str]:
    """Return the parameters that have no default."""
    values = {"ProxydIdentity": role.principal, external_id: role.external_id}
    return [name for name, value in values.items() if value is None]
