"""What a check comes to: `proxyd check --json` prints exactly this."""

from __future__ import annotations

from typing import Literal

import msgspec

from proxyd.errors import Cause
from proxyd.events import Remedy
from proxyd.model import Status

Answer = Literal["allowed", "refused", "unknown"]
RegionStatus = Literal["allowed", "denied", "denied_by_organization", "off", "no_answer", "unknown"]
Problem = Literal[
    "not_assumable",
    "external_id_not_required",
    "wrong_external_id_accepted",
    "denied",
    "region_denied",
    "not_seen",
]
"""What has to be mended by a person in the account, or kept a scanner from being tried."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a role can not be assumed: a stable code, words for a person, and what was tried."""

    code: str
    detail: str
    aws_code: str
    tried: list[str]


class ExternalId(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the role is refused without the external id, and with a wrong one.

    null where it could not be told.
    """

    required: bool | None = None
    wrong_refused: bool | None = None


class Region(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a region can be reached."""

    region: str
    status: RegionStatus
    code: str | None = None


class Scanned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far one scanner came, up to its first resource.

    `action` is the first that was refused, `cause` the kind of policy that refuses it, `actions`
    all that were refused where there are more; `untried` are those that nothing is there for.
    """

    type: str
    region: str
    status: Status
    calls: int
    code: str | None = None
    action: str | None = None
    cause: Cause | None = None
    actions: list[str] | None = None
    untried: list[str] | None = None


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """What the role grants beyond what proxyd needs, where its policies can be read.

    Attributes:
        readable: whether they can.
        code: AWS's own error code where they can not.
        managed: the broad policies of AWS's own among them.
        exposes: reviewed actions that give out data, secrets or credentials, which it allows.
        changes: what it allows that changes something, as far as that can be told.
        unread: the policies among them that may not be read.
        patterns: how many actions and patterns it allows that are not needed.
        boundary: the ARN of its permissions boundary.
        trusts: who may assume it besides proxyd.

    """

    readable: bool
    code: str | None = None
    managed: list[str] = []
    exposes: list[str] = []
    unread: list[str] = []
    changes: list[str] = []
    patterns: int = 0
    boundary: str | None = None
    trusts: list[str] = []


class TargetReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one target.

    Attributes:
        role: its name.
        organization: the one that brings it, where it is an account of one.
        brief: whether only its role was asked for, and nothing was called through it.
        region: where regional scanners were tried.
        principal: who asks for the role, as its trust policy has to name it.
        tags: whether the session may have tags, which proxyd sends none of.
        foreseen: what the role's policies do not allow, of that which could not be tried.
        ms: wall time.

    """

    target: str
    account: str
    role: str
    organization: str | None = None
    brief: bool
    region: str | None
    ok: bool
    problems: list[Problem]
    assumable: bool
    why: Why | None
    principal: str | None
    external_id: ExternalId
    source_identity: Answer
    tags: Answer
    regions: list[Region]
    scanners: list[Scanned]
    foreseen: list[str]
    remedies: list[Remedy]
    beyond: Beyond
    calls: int
    ms: int


class OrganizationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an organization's accounts can be listed, and that there are some.

    `code` is AWS's own where they can not, and `action` what was refused.
    """

    organization: str
    ok: bool
    accounts: int
    code: str | None
    action: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about some targets."""

    ok: bool
    organizations: list[OrganizationReport] = []
    targets: list[TargetReport]
