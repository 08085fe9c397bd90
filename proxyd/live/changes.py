"""EventBridge events → which shards to run again, pure.

A queue gets CloudTrail's management events and services' own ("EC2 Instance State-change
Notification"), as EventBridge wraps them (EventBridge User Guide, "Events"). They only say where
to look: what is there is always read from AWS itself. So nothing in them has to be believed, and
an event that is not understood costs one look too many at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from proxyd.actions import actions_of
from proxyd.model import GLOBAL, Scanner

MAX_STRINGS = 200
"""Strings of an event in which names of resources are looked for."""

MAX_DEPTH = 8
MAX_LENGTH = 256 * 1024
"""Characters of an event: as many bytes as EventBridge takes."""

_SERVICES = {"monitoring": "cloudwatch"}
"""CloudTrail's names for services that IAM calls otherwise."""

_NOUNS = {
    "AWS::EC2::EIP": ("address",),
    "AWS::EC2::TransitGatewayAttachment": (
        "transitgatewayattachment",
        "transitgatewaypeeringattachment",
        "transitgatewayvpcattachment",
    ),
    "AWS::RDS::ClusterSnapshot": ("dbclustersnapshot",),
}
"""What operations call a type, where that is not the end of its name."""

_NOT_A_LETTER = re.compile(r"[^a-z]")


class _Detail(msgspec.Struct, rename="camel"):
    event_source: str = ""
    event_name: str = ""
    aws_region: str = ""
    read_only: bool | None = None
    error_code: str | None = None


class _Envelope(msgspec.Struct):
    """What EventBridge puts around every event."""

    account: str
    region: str
    source: str
    detail_type: str = msgspec.field(name="detail-type")
    detail: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class Change(msgspec.Struct, frozen=True):
    """Something that was changed.

    Attributes:
        service: as IAM calls it.
        name: letters of what was done, in lower case: `runinstances`.
        strings: words of the event, among which may be ids and ARNs.

    """

    account: str
    region: str
    service: str
    name: str
    strings: frozenset[str]


_decoder = msgspec.json.Decoder(_Envelope)
_detail = msgspec.json.Decoder(_Detail)


def read(body: str) -> Change | None:
    """Read one message of the queue; None where it changed nothing.

    Raises:
        ValueError: it is not an event.

    """
    if len(body) > MAX_LENGTH:
        raise ValueError("longer than any event")
    try:
        return _read(body)
    except RecursionError:
        raise ValueError("nested deeper than any event") from None


def _read(body: str) -> Change | None:
    envelope = _decoder.decode(body)
    detail = _detail.decode(envelope.detail)
    if detail.read_only or detail.error_code:
        return None
    source = detail.event_source.partition(".")[0] or envelope.source.removeprefix("aws.")
    name = detail.event_name or envelope.detail_type
    return Change(
        account=envelope.account,
        region=detail.aws_region or envelope.region,
        service=_SERVICES.get(source, source),
        name=_NOT_A_LETTER.sub("", name.casefold()),
        strings=frozenset(_some(_strings(msgspec.json.decode(envelope.detail), 0))),
    )


def _some(strings: Iterable[str]) -> Iterator[str]:
    for count, text in enumerate(strings):
        if count >= MAX_STRINGS:
            return
        yield text


def _strings(value: object, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _strings(each, depth + 1)
        case list():
            for each in value:
                yield from _strings(each, depth + 1)


class Guide:
    """Knows which types a change may be about."""

    def __init__(self, registry: Mapping[str, Scanner]) -> None:
        self._types: dict[str, dict[str, Scanner]] = {}
        for scanner in registry.values():
            for action in actions_of(scanner.operations):
                service = action.partition(":")[0]
                self._types.setdefault(service, {})[scanner.type] = scanner

    def about(self, change: Change) -> tuple[list[tuple[str, str]], bool]:
        """Return types and regions to look at, and whether the event's name says which.

        Where it does not, these are all that its service has: the names in the event may
        tell which of them hold what was changed.
        """
        types = self._types.get(change.service, {})
        named = {type_: noun for type_ in types if (noun := _noun_in(change.name, type_))}
        precise = [
            type_
            for type_, noun in named.items()
            if not any(noun != other and noun in other for other in named.values())
        ]
        return [
            (type_, GLOBAL if types[type_].scope == "global" else change.region)
            for type_ in (precise or types)
        ], bool(precise)


def _noun_in(name: str, type_: str) -> str | None:
    """Return the longest word for a type in the name of an operation, None if there is none."""
    nouns = _NOUNS.get(type_) or (_NOT_A_LETTER.sub("", type_.rpartition("::")[2].casefold()),)
    return max((noun for noun in nouns if noun in name), key=len, default=None)
