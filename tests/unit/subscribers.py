"""Clients without a network: sockets that may stall, and what a client makes of their bytes."""

from __future__ import annotations

import zlib
from typing import Any

from proxyd.client import Parser, ServerEvent
from proxyd.live.hub import Subscriber
from proxyd.wire import Wire

LOW = 1024
"""Bytes under which a socket that was full takes more: asyncio's way, with other figures."""

HIGH = 4 * 1024


class FakeSocket:
    """A socket whose other end reads, or does not; it tells its subscriber, as transports do."""

    def __init__(self, *, stalled: bool = False) -> None:
        self.stalled = stalled
        self.waiting = b""
        self.taken = b""
        self.most = 0
        self.closed = False
        self.aborted = False
        self.writes: list[bytes] = []
        self.subscriber: Subscriber | None = None
        self._full = False

    def write(self, data: bytes) -> None:
        """Take bytes."""
        assert not self.closed
        self.writes.append(data)
        self.waiting += data
        self.most = max(self.most, len(self.waiting))
        if not self.stalled:
            self.taken += self.waiting
            self.waiting = b""
        elif len(self.waiting) > HIGH and not self._full:
            self._full = True
            if self.subscriber is not None:
                self.subscriber.full()

    def get_write_buffer_size(self) -> int:
        """Return how much waits."""
        return len(self.waiting)

    def close(self) -> None:
        """Take no more."""
        self.closed = True

    def abort(self) -> None:
        """Drop everything."""
        self.closed = self.aborted = True

    def flow(self) -> None:
        """Let the other end read all that waits, and all that comes."""
        self.stalled = False
        self.sip(len(self.waiting))

    def sip(self, size: int) -> None:
        """Let the other end read a part of what waits."""
        self.taken += self.waiting[:size]
        self.waiting = self.waiting[size:]
        if self._full and len(self.waiting) <= LOW:
            self._full = False
            if self.subscriber is not None:
                self.subscriber.room()


class Reading:
    """What a client makes of the bytes of one stream: chunks, gzip and events undone."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._parser = Parser()
        self._inflate = zlib.decompressobj(31)
        self._rest = b""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Return the events that some bytes complete."""
        if self._wire.chunked:
            data = self._dechunked(data)
        if self._wire.gzip:
            data = self._inflate.decompress(data)
        return list(self._parser.feed(data))

    @property
    def whole(self) -> bool:
        """Whether a compressed stream has come to its proper end."""
        return not self._wire.gzip or self._inflate.eof

    def _dechunked(self, data: bytes) -> bytes:
        self._rest += data
        content = b""
        while b"\r\n" in self._rest:
            size, _, rest = self._rest.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                break
            assert rest[length : length + 2] == b"\r\n", "a chunk is as long as it says"
            content += rest[:length]
            self._rest = rest[length + 2 :]
        return content


class Held:
    """A client's picture: it does as the contract says, and nothing else."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.last_id: str | None = None
        self.names: list[str] = []
        self.completed: dict[str, dict[str, Any]] = {}

    def apply(self, event: ServerEvent) -> None:
        """Apply one event."""
        self.names.append(event.name)
        assert event.id
        self.last_id = event.id
        match event.name:
            case "resource":
                self.resources[event.data["arn"]] = event.data
            case "resource.removed":
                self.resources.pop(event.data["arn"], None)
            case "reset":
                self.resources.clear()
            case "scan.completed":
                self.completed[event.data["target"]] = event.data
