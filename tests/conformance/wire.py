"""Bytes → events, as strictly as the contract has them: curl's output is held to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .torture_plugin import LIMIT

_FIELD = re.compile(rb"(event|id|retry|data): ([\x20-\x7e]*)")
"""Printable ASCII, one space, LF only: no BOM can be in it."""


class Wire:
    """Cuts what comes into events; whatever is not as it has to be fails the test."""

    def __init__(self) -> None:
        self.comments = 0
        self.longest = 0
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that are whole with this chunk."""
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            rest = block
            while rest.startswith(b":"):
                self.comments += 1
                rest = rest.partition(b"\n")[2]
            if rest:
                yield self._event(rest)

    def _event(self, block: bytes) -> dict[str, Any]:
        """Take one `event:`, one `id:` and one `data:`, in any order, and `retry:` beside them."""
        matches = [_FIELD.fullmatch(line) for line in block.split(b"\n")]
        pairs = [(m[1].decode(), m[2].decode()) for m in matches if m]
        fields = dict(pairs)
        assert len(fields) == len(matches), block[:200]
        assert fields.keys() - {"retry"} == {"event", "id", "data"}, block[:200]
        assert fields.get("retry", "0").isdigit()
        self.longest = max(self.longest, len(block) + 2)
        assert self.longest < LIMIT
        return fields

    def finish(self) -> None:
        """Hold the end to it: no event may be left unfinished."""
        assert not self._rest, self._rest[:200]


class Ndjson(Wire):
    """The same for NDJSON: one object a line, and empty lines in silence."""

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that are whole with this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line:
                event = json.loads(line)
                assert event.keys() == {"event", "id", "data"}
                yield event | {"data": json.dumps(event["data"])}
            else:
                self.comments += 1
