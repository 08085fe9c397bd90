"""Audit records: what was asked by whom, what came of it, and never what was found.

A record can only hold the fields of its type, and none of them can hold an ARN, a resource
id or name, a tag, a filter, an AWS message or a token.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

Event = Literal["stream.started", "stream.ended", "stream.refused"]
Sink = Callable[[bytes], None]


class TargetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a stream."""

    target: str
    account: str
    scan: str
    regions: list[str]
    types: list[str]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the audit trail. `ms` is the stream's life in milliseconds."""

    at: datetime
    event: Event
    stream: str
    principal: str
    peer: str
    mode: str
    detail: str
    filtered: bool
    targets: list[TargetRecord]
    outcome: str = "started"
    complete: bool | None = None
    resources: int | None = None
    calls: int | None = None
    ms: int | None = None
    shards: dict[str, int] | None = None
    missing_actions: list[str] | None = None
    aws_request_ids: list[str] | None = None


_encoder = msgspec.json.Encoder(order="deterministic")


def stdout_sink(line: bytes) -> None:
    """Write a line to standard output, past any buffer of Python's."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


class Audit:
    """Writes records to every sink; the only logger of requests."""

    def __init__(self, sinks: list[Sink]) -> None:
        self._sinks = sinks

    def write(self, record: Record) -> None:
        """Write one record, before going on."""
        line = _encoder.encode(record) + b"\n"
        for sink in self._sinks:
            sink(line)


class StreamAudit:
    """The two records of one stream: before the role is assumed, and at the end."""

    __slots__ = ("_audit", "_since", "_started")

    def __init__(self, audit: Audit, started: Record) -> None:
        self._audit = audit
        self._started = started
        self._since = time.monotonic()
        audit.write(started)

    @property
    def stream(self) -> str:
        """The id of the stream."""
        return self._started.stream

    @property
    def at(self) -> datetime:
        """When it began."""
        return self._started.at

    def refused(self, outcome: str) -> None:
        """Write that there was no stream, and the code of the answer."""
        self._end("stream.refused", outcome=outcome)

    def ended(self, outcome: str, **counts: object) -> None:
        """Write how the stream ended, and its counts: fields of `Record`."""
        self._end("stream.ended", outcome=outcome, **counts)

    def _end(self, event: Event, **fields: object) -> None:
        self._audit.write(
            msgspec.structs.replace(
                self._started,
                at=datetime.now(UTC),
                event=event,
                ms=round((time.monotonic() - self._since) * 1000),
                **fields,
            )
        )
