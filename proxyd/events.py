"""What travels in a stream: one struct per event of the wire contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from proxyd.errors import Cause
from proxyd.model import Resource, Status

Mode = Literal["snapshot", "watch"]
ClosingReason = Literal[
    "shutdown",
    "expired",
    "revoked",
    "deadline",
    "slow",
    "audit_unavailable",
    "replaced",
    "ended",
    "error",
]


class ScanStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Sent once per target and stream, before anything of that target."""

    scan: str
    target: str
    account: str
    partition: str
    mode: Mode
    regions: list[str]
    types: list[str]
    shards: int
    at: datetime


class ShardEnded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One scanner is done in one region. `ms` is wall time from the shard's own start.

    `action` is the first that was refused, and `cause` which kind of policy refuses it where AWS
    says so; `actions` are all of them, where there are more, and `causes` why the others were.
    """

    type: str
    region: str
    status: Status
    resources: int
    calls: int
    ms: int
    account: str
    code: str | None = None
    action: str | None = None
    cause: Cause | None = None
    actions: list[str] | None = None
    causes: dict[str, Cause] | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One type in one region that could not be seen whole, and the action that would mend it."""

    type: str
    region: str
    status: Status
    action: str | None = None


class ResourceRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """A resource is gone: the shard that would list it ended `ok` without it."""

    arn: str
    type: str
    region: str


class News(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a watch hears of changes: it is told, or only looks; `code` says why it is not told."""

    by: Literal["events", "looking"]
    code: str | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A statement of an IAM policy, as IAM writes it."""

    effect: Literal["Allow", "Deny"] = "Allow"
    action: list[str]
    resource: str | list[str] = "*"


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What would let a target's role do what it was refused.

    `cause` is the kind of policy that refuses, null where AWS does not say; `statements` are to be
    added to the role's policy, or to its permissions boundary where that is the cause, and are
    left out where adding one mends nothing.
    """

    cause: Cause | None
    actions: list[str]
    statements: list[Statement] | msgspec.UnsetType = msgspec.UNSET
    role: str
    account: str


class ScanCompleted(msgspec.Struct, frozen=True, kw_only=True):
    """The coverage of one target: `complete` only when every shard ended `ok`.

    `gaps_left_out` counts those that would have made the event too large; `news` is there in a
    watch.
    """

    scan: str
    target: str
    complete: bool
    resources: int
    shards: dict[str, int]
    gaps: list[Gap]
    gaps_left_out: int | msgspec.UnsetType = msgspec.UNSET
    missing_actions: list[str]
    remedies: list[Remedy]
    calls: int
    ms: int
    news: News | msgspec.UnsetType = msgspec.UNSET


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """The client must drop what it holds: a full snapshot follows."""

    reason: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """The last event of a stream that did not end with `scan.completed`. `retry` in ms."""

    reason: ClosingReason
    retry: int


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the data of every event (JSON Schema 2020-12)."""
    kinds = tuple(NAMES)
    references, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The data of proxyd's events, by event name",
        "type": "object",
        "properties": dict(zip(NAMES.values(), references, strict=True)),
        "$defs": definitions,
    }


Event = ScanStarted | Resource | ResourceRemoved | ShardEnded | ScanCompleted | Reset | Closing

NAMES: dict[type, str] = {
    ScanStarted: "scan.started",
    Resource: "resource",
    ResourceRemoved: "resource.removed",
    ShardEnded: "shard",
    ScanCompleted: "scan.completed",
    Reset: "reset",
    Closing: "closing",
}
"""Event names: none may be `open`, `error` or `message`, which are EventSource's own."""
