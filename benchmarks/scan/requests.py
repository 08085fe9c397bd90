"""HTTP/1.1 requests out of bytes, as far as AWS's clients write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEADER_END = b"\r\n\r\n"


class Requests:
    """What one connection has sent, cut into requests: head and body of each."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield every request that is complete with this."""
        self._buffer += data
        while request := self._next():
            yield request

    def _next(self) -> tuple[bytes, bytes] | None:
        end = self._buffer.find(_HEADER_END)
        if end < 0:
            return None
        start = end + len(_HEADER_END)
        head = self._buffer[:start]
        length = _LENGTH.search(head)
        stop = start + (int(length[1]) if length else 0)
        if len(self._buffer) < stop:
            return None
        body, self._buffer = self._buffer[start:stop], self._buffer[stop:]
        return head, body
