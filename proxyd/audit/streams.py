"""The records of one stream: one for each target before its role is assumed, and one at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from proxyd.audit.records import (
    ScanEnded,
    ScanRefused,
    ScanStarted,
    StreamEndRequested,
)
from proxyd.audit.trail import Trail, UnavailableError

AT_ONCE = 50
"""Records that are written before a sink is waited for."""


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """What one target came to: fields of `ScanEnded`."""

    complete: bool = False
    resources: int = 0
    calls: int = 0
    shards: Mapping[str, int] = msgspec.field(default_factory=dict)
    missing_actions: Sequence[str] = ()
    aws_request_ids: Sequence[str] = ()


class StreamTrail:
    """Writes the records of one stream.

    Attributes:
        stream: the id of the stream.
        at: when it began.

    """

    __slots__ = ("_scans", "_since", "_trail", "_written", "at", "stream")

    def __init__(self, trail: Trail, stream: str, scans: Sequence[ScanStarted]) -> None:
        self.stream = stream
        self.at = datetime.now(UTC)
        self._trail = trail
        self._scans = scans
        self._since = time.monotonic()
        self._written = False

    @property
    def scans(self) -> list[str]:
        """The ids of its scans, in the order of its targets."""
        return [scan.scan for scan in self._scans]

    async def begin(self) -> None:
        """Write that it is about to be opened, and wait until that is taken.

        Raises:
            UnavailableError: nobody took it.

        """
        if not self._trail.available:
            # All who come now come again: their records would fill what waits for a sink.
            raise UnavailableError
        self._written = True
        # A thousand targets are megabytes: nobody else's records may be lost for them.
        for first in range(0, len(self._scans), AT_ONCE):
            await self._trail.accept(self._scans[first : first + AT_ONCE])

    def refused(self, outcome: str) -> None:
        """Write that there was no stream, and the code of the answer."""
        if not self._written:
            return
        for scan in self._scans:
            self._trail.write(ScanRefused(**_fields(scan), outcome=outcome, ms=self._ms()))

    def ended(self, outcome: str, sums: Mapping[str, Sum]) -> None:
        """Write how it ended, and what each scan came to, by its id."""
        for scan in self._scans:
            counts = msgspec.structs.asdict(sums.get(scan.scan, Sum()))
            self._trail.write(ScanEnded(**_fields(scan), **counts, outcome=outcome, ms=self._ms()))

    def end_requested(self, principal: str, address: str) -> None:
        """Write that somebody wants it to end."""
        record = StreamEndRequested(principal=principal, address=address, stream=self.stream)
        self._trail.write(record)

    def _ms(self) -> int:
        return round((time.monotonic() - self._since) * 1000)


def _fields(started: ScanStarted) -> dict[str, Any]:
    """Return what the other records of a scan repeat: what was asked is in the first."""
    fields = msgspec.structs.asdict(started)
    return {name: value for name, value in fields.items() if name not in {"types", "regions"}}
