"""What may stand on the audit trail: one type for each event, and no field that could hold more.

Each text has a shape, and none of the shapes fits an ARN, a resource's id or name, a tag, a
filter, an AWS message or a token; `checked` holds records to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

Principal = Annotated[str, Meta(min_length=1, max_length=1024)]
"""Whom a credential stands for: a name of the configuration, or what a provider calls it."""

Address = Annotated[
    str, Meta(pattern=r"^([0-9.]{7,15}|[0-9a-f:.]{2,45}(%[0-9A-Za-z._-]{1,16})?|unix|many)\Z")
]
"""Where a request came from: an IP address, "unix", or "many"."""

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")]
"""A code of this program: of a problem, an outcome, a reason."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")]
"""What the configuration calls something."""

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{8,32}\Z")]
"""A random number of this program."""

Account = Annotated[str, Meta(pattern=r"^\d{12}\Z")]
Partition = Annotated[str, Meta(pattern=r"^aws[a-z-]{0,24}\Z")]
Region = Annotated[str, Meta(pattern=r"^(global|[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2})\Z")]
Type = Annotated[str, Meta(pattern=r"^\w+(::\w+){1,3}\Z", max_length=128)]
Action = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}:[A-Za-z0-9]{1,128}\Z")]
RequestId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
SessionName = Annotated[str, Meta(pattern=r"^proxyd-[0-9a-f]{8,32}\Z")]
Identity = Annotated[str, Meta(pattern=r"^[\w+=,.@-]{2,64}\Z")]
"""A principal as STS takes it: a source identity."""

SinkName = Annotated[
    str,
    Meta(pattern=r"^(stdout|journald|unix:/[\x21-\x7e]{1,100}|(tcp|tls)://[\x21-\x7e]{3,255})\Z"),
]
"""A sink as the configuration writes it."""

Phrase = Annotated[str, Meta(pattern=r"^[A-Za-z0-9 ,.;()-]{0,160}\Z")]
"""Words of this program or of the kernel: never anybody else's."""

Count = Annotated[int, Meta(ge=0)]

MAX_REQUEST_IDS = 64
"""Of one scan: a stream that stays open assumes its role again and again."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One event.

    Attributes:
        CODE: its stable name, see docs/audit.md.

    """

    CODE: ClassVar[str]


class By(Record, frozen=True, kw_only=True):
    """An event that somebody has caused."""

    principal: Principal
    address: Address


class Scan(By, frozen=True, kw_only=True):
    """One target of a stream.

    Attributes:
        filtered: whether a filter narrows what is sent; what it says is not told.
        session_name: what its calls have in CloudTrail, in the session's ARN.
        source_identity: what they have there as `sourceIdentity`.

    """

    stream: Id
    scan: Id
    target: Name
    account: Account
    partition: Partition
    mode: Literal["snapshot", "watch"]
    detail: Literal["full", "list"]
    filtered: bool
    session_name: SessionName
    source_identity: Identity


class ScanStarted(Scan, frozen=True, kw_only=True):
    """A target is about to be scanned; written before its role is assumed."""

    CODE: ClassVar[str] = "scan.started"
    regions: tuple[Region, ...]
    types: tuple[Type, ...]


class ScanRefused(Scan, frozen=True, kw_only=True):
    """It was not, for the reason that the caller got as the code of a problem."""

    CODE: ClassVar[str] = "scan.refused"
    outcome: Code
    ms: Count


class ScanEnded(Scan, frozen=True, kw_only=True):
    """A stream has ended, and this is what one of its targets came to.

    Attributes:
        outcome: `completed`, `disconnected`, or the reason that its reader was told.
        complete: whether everything that was asked for was seen and sent.
        resources: how many were found.
        calls: requests to AWS, retries included.
        ms: how long the stream was open.
        shards: how many ended with which status.
        aws_request_ids: of its AssumeRole calls, as CloudTrail has them.

    """

    CODE: ClassVar[str] = "scan.ended"
    outcome: Code
    complete: bool
    resources: Count
    calls: Count
    ms: Count
    shards: dict[Code, Count]
    missing_actions: tuple[Action, ...]
    aws_request_ids: Annotated[tuple[RequestId, ...], Meta(max_length=MAX_REQUEST_IDS)]


class StreamEndRequested(By, frozen=True, kw_only=True):
    """Somebody had a stream ended, their own or, as an admin, another's."""

    CODE: ClassVar[str] = "stream.end_requested"
    stream: Id


class Refused(Record, frozen=True, kw_only=True):
    """Requests that were not let in, or asked for what their sender may not see.

    Attributes:
        reason: the code of the problem that was the answer.
        principal: who it was, where that is known.
        count: how many there were, alike, in `ms` milliseconds until now.

    """

    reason: Code
    address: Address
    principal: Principal | None = None
    count: Annotated[int, Meta(ge=1)] = 1
    ms: Count = 0


class LoginRefused(Refused, frozen=True, kw_only=True):
    """Credentials that were not good."""

    CODE: ClassVar[str] = "login.refused"


class RequestRefused(Refused, frozen=True, kw_only=True):
    """Requests that were refused though their credentials were good, or needed none."""

    CODE: ClassVar[str] = "request.refused"


class SessionStarted(By, frozen=True, kw_only=True):
    """A browser has logged in."""

    CODE: ClassVar[str] = "session.started"


class SessionEnded(Record, frozen=True, kw_only=True):
    """A browser's session is over: `ended` on request, or `expired`, `idle` or `displaced`."""

    CODE: ClassVar[str] = "session.ended"
    principal: Principal
    outcome: Literal["ended", "expired", "idle", "displaced"]


class ServiceStarted(Record, frozen=True, kw_only=True):
    """The first record of every run; it holds what it takes to check those that follow.

    Attributes:
        chain: the key of the chain in hexadecimal, or sealed to a public key in base64.
        sealed_to: which public key that was: the start of its SHA-256.
        sandbox: the mode; `layers` hold, `missing` do not.

    """

    CODE: ClassVar[str] = "service.started"
    pid: Count
    targets: Count
    scanners: Count
    sinks: tuple[SinkName, ...]
    sandbox: Name
    layers: tuple[Phrase, ...] = ()
    missing: tuple[Phrase, ...] = ()
    chain: Annotated[str, Meta(pattern=r"^[0-9A-Za-z+/=]{64,128}\Z")] = ""
    sealed_to: Id | None = None


class ServiceStopped(Record, frozen=True, kw_only=True):
    """The last record of a run that ended in order."""

    CODE: ClassVar[str] = "service.stopped"


class ConfigurationTaken(Record, frozen=True, kw_only=True):
    """A new configuration is in force; so many streams had to end."""

    CODE: ClassVar[str] = "configuration.taken"
    streams_ended: Count


class ConfigurationRefused(Record, frozen=True, kw_only=True):
    """A new configuration was wrong: the one before holds on."""

    CODE: ClassVar[str] = "configuration.refused"


class AccountsChanged(Record, frozen=True, kw_only=True):
    """The accounts of an organization are not those of before; so many streams had to end."""

    CODE: ClassVar[str] = "accounts.changed"
    organization: Name
    accounts: Count
    added: Count
    removed: Count
    streams_ended: Count


class Heartbeat(Record, frozen=True, kw_only=True):
    """Nothing has to happen for the trail to go on: what comes after a gap in these is late.

    Attributes:
        head: the seal of the record before this one.

    """

    CODE: ClassVar[str] = "audit.heartbeat"
    streams: Count
    head: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class SinkFailed(Record, frozen=True, kw_only=True):
    """A sink takes no records for now."""

    CODE: ClassVar[str] = "audit.sink_failed"
    sink: SinkName
    reason: Phrase


class SinkRecovered(Record, frozen=True, kw_only=True):
    """A sink takes records again.

    Attributes:
        lost: how many it never got, since too many had to wait.

    """

    CODE: ClassVar[str] = "audit.sink_recovered"
    sink: SinkName
    lost: Count


_Record = TypeVar("_Record", bound=Record)
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def checked(record: _Record) -> _Record:
    """Hold a record to the shapes of its fields.

    Raises:
        msgspec.ValidationError: it holds something that it must not.

    """
    return msgspec.convert(msgspec.to_builtins(record), type(record))


def request_ids(given: Iterable[str]) -> tuple[str, ...]:
    """Pick from what AWS called ids those that can be ids, the last of them."""
    return tuple(i for i in given if _REQUEST_ID.fullmatch(i))[-MAX_REQUEST_IDS:]


def phrase(text: str) -> str:
    """Make words of the kernel fit: what is not of the shape becomes a space."""
    return re.sub(r"[^A-Za-z0-9 ,.;()-]", " ", text)[:160]


CODES: dict[str, type[Record]] = {
    kind.CODE: kind
    for kind in (
        *(ScanStarted, ScanRefused, ScanEnded, StreamEndRequested, RequestRefused),
        *(LoginRefused, SessionStarted, SessionEnded),
        *(ServiceStarted, ServiceStopped, ConfigurationTaken, ConfigurationRefused),
        *(AccountsChanged, Heartbeat, SinkFailed, SinkRecovered),
    )
}
"""The registry: every event that there is."""
