"""Who assumes the roles: one role or user, never all of an account and never one session."""

from __future__ import annotations

import re

from proxyd import forms
from proxyd.aws.regions import regions_of
from proxyd.errors import UsageError

_ROOT = re.compile(r"(arn:aws[a-z-]*:iam::)?\d{12}(:root)?", re.ASCII)
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.*", re.ASCII)


def checked(arn: str) -> str:
    """Return an ARN that a trust policy may name.

    Raises:
        UsageError: it is none; says what it is and what to give instead.

    """
    if forms.IDENTITY.fullmatch(arn) and arn.isascii():
        if regions_of(partition := arn.split(":")[1]):
            return arn
        raise UsageError(f"--identity: {arn!r}: AWS has no partition {partition!r}")
    if _ROOT.fullmatch(arn):
        why = "would let every role and user of that account in: name the one that proxyd runs as"
    elif session := _SESSION.fullmatch(arn):
        partition, account, name = session.groups()
        role = f"arn:{partition}:iam::{account}:role/{name}"
        why = f"is one session of a role: give the role, {role}, with its path where it has one"
    else:
        why = "is neither a role nor a user"
    raise UsageError(f"--identity: {arn!r} {why}; {forms.IDENTITY_EXPECTED}")
