"""A thin client that measures: opens a stream, notes when its parts come, and how much it is."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.scan.authority import HOST
from benchmarks.scan.daemon import Daemon

_CHUNK = 1 << 16
_OK = 200
_SILENCE = 60.0
_RESOURCE = b"event: resource\n"
_COMPLETED = b"event: scan.completed\n"
_SMALL_BUFFER = 1 << 16


class Streamed(NamedTuple):
    """When what came, in seconds from the request, and what the scan said of itself."""

    first_byte: float
    first_resource: float
    wall: float
    size: int
    completed: dict[str, Any]


class Reading:
    """A stream that is being read."""

    def __init__(self, daemon: Daemon, **parameters: Any) -> None:
        self._connection = http.client.HTTPConnection(HOST, daemon.port, timeout=_SILENCE)
        self._connection.connect()
        self._socket = self._connection.sock
        self._started = time.monotonic()
        self._connection.request(
            "POST",
            "/v1/stream",
            json.dumps({"target": ["estate"], **parameters}),
            {"Authorization": f"Bearer {daemon.token}", "Content-Type": "application/json"},
        )

    def bound_buffer(self) -> None:
        """Have the kernel hold little, so that it is this reader's pace that is felt."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)

    def chunks(self) -> Iterator[tuple[float, bytes]]:
        """Yield what comes, with the seconds since the request."""
        with self._connection.getresponse() as response:
            if response.status != _OK:
                raise RuntimeError(f"{response.status} {response.read()!r}")
            while chunk := response.read1(_CHUNK):
                yield time.monotonic() - self._started, chunk
        self._connection.close()


def read(daemon: Daemon, **parameters: Any) -> Streamed:
    """Read one stream as fast as it comes.

    Raises:
        RuntimeError: it was refused, or did not see everything.

    """
    content, first_byte, first_resource, at = bytearray(), 0.0, 0.0, 0.0
    for at, chunk in Reading(daemon, **parameters).chunks():
        content += chunk
        first_byte = first_byte or at
        if not first_resource and _RESOURCE in content:
            first_resource = at
    return Streamed(first_byte, first_resource, at, len(content), completed(bytes(content)))


def read_slowly(
    daemon: Daemon, rate: float, notice: Callable[[float, int], None], **parameters: Any
) -> Streamed:
    """Read one stream at so many bytes a second; `notice` hears of each piece's time and size."""
    reading = Reading(daemon, **parameters)
    reading.bound_buffer()
    size, first, at, tail = 0, 0.0, 0.0, b""
    for at, chunk in reading.chunks():
        first = first or at
        size += len(chunk)
        tail = (tail + chunk)[-_CHUNK:]
        notice(at, size)
        time.sleep(max(0.0, size / rate - (at - first)))
    return Streamed(first, first, at, size, completed(tail))


def completed(content: bytes) -> dict[str, Any]:
    """Return the data of the stream's last event.

    Raises:
        RuntimeError: it does not end as it should, or something could not be seen.

    """
    _, found, last = content.rpartition(_COMPLETED)
    if not found:
        raise RuntimeError(f"the stream ends with {content[-500:]!r}")
    data: dict[str, Any] = json.loads(last.partition(b"data: ")[2].splitlines()[0])
    if not data["complete"]:
        raise RuntimeError(f"the scan saw not all: {data['shards']} {data['gaps'][:3]}")
    return data
