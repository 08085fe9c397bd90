"""A role that an account is asked to make, and what is known of it before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

from proxyd.actions import actions_of
from proxyd.aws import organization as listing
from proxyd.errors import ConfigError
from proxyd.model import Target
from proxyd.settings import Organization

NAME = "proxyd-read"
"""What the role is called where nobody has given it a name."""

SECONDS = 3600
"""Of a session of a role: the least that IAM lets a role have, and the most that is asked for."""

_NOT_IN_A_STACK = re.compile(r"[^A-Za-z0-9-]")
_READS = "Lets proxyd read what is in an account"


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role that lets proxyd read.

    Attributes:
        purpose: what it is for, a sentence.
        name: its name, without the path.
        path: its path, `/` where it has none.
        partition: of AWS, in which it is.
        actions: what it allows, and no more.
        principal: the ARN of what may assume it; None where that is to be given.
        external_id: what has to be said on assuming it; None where that is to be given. For the
            accounts of an organization it is what their external ids begin with.
        events: the ARN of the queue that it may read.

    """

    purpose: str
    name: str = NAME
    path: str = "/"
    partition: str = "aws"
    actions: tuple[str, ...]
    principal: str | None = None
    external_id: str | None = None
    events: str | None = None


def anybodys(actions: Iterable[str], principal: str | None) -> Role:
    """Return a role of which only is known what it has to allow."""
    return Role(
        purpose=f"{_READS}.",
        partition="aws" if principal is None else principal.split(":")[1],
        actions=tuple(actions),
        principal=principal,
    )


def of_target(target: Target, actions: Iterable[str], principal: str | None) -> Role:
    """Return the role of a target.

    Args:
        target: whose role it is.
        actions: what it has to allow.
        principal: what assumes it, where that is known.

    """
    path, name = _called(target.role_arn)
    return Role(
        purpose=f"{_READS}: target {target.name}, account {target.account}.",
        name=name,
        path=path,
        partition=target.partition,
        actions=tuple(actions),
        principal=principal,
        external_id=target.external_id,
        events=target.events,
    )


def of_members(organization: Organization, actions: Iterable[str], principal: str | None) -> Role:
    """Return the role that each account of an organization makes."""
    path, name = _called(organization.role_arn)
    return Role(
        purpose=f"{_READS}: organization {organization.name}.",
        name=name,
        path=path,
        partition=organization.partition,
        actions=tuple(actions),
        principal=principal,
        external_id=organization.external_id,
    )


def for_members(role: Role) -> Role:
    """Return a target's role as one that each account of an organization makes.

    Its external id is the target's alone, and so is its queue.
    """
    return msgspec.structs.replace(role, external_id=None, events=None)


def of_lister(organization: Organization, principal: str | None) -> Role:
    """Return the role that lists the accounts of an organization.

    Raises:
        ConfigError: no role does.

    """
    arn = organization.list_role_arn
    if arn is None:
        raise ConfigError(
            f"--organization: {organization.name!r} has no list_role_arn: proxyd itself lists its "
            "accounts; `proxyd iam base` has what that takes"
        )
    path, name = _called(arn)
    account = arn.split(":")[4]
    return Role(
        purpose=f"Lets proxyd list the accounts of {organization.name}, in account {account}.",
        name=name,
        path=path,
        partition=organization.partition,
        actions=actions_of(listing.operations(organization)),
        principal=principal,
        external_id=organization.external_id_in(account),
    )


def stack_of(name: str) -> str:
    """Return what the stack is called that makes what has this name.

    Each has one of its own: a stack that is deployed with another template deletes what it had
    made before. The name of a stack is of letters, digits and `-` and begins with a letter.
    """
    stack = _NOT_IN_A_STACK.sub("-", name)
    if not stack[0].isalpha():
        stack = f"proxyd-{stack}"
    if stack == name:
        return stack
    return f"{stack}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _called(arn: str) -> tuple[str, str]:
    """Return the path and the name in the ARN of a role."""
    path, _, name = arn.partition(":role")[2].rpartition("/")
    return f"{path}/", name
