"""Event → bytes, pure: one frame per event, as SSE or as a line of NDJSON.

JSON is ASCII only, since there are clients that cut a line at U+2028; a frame is one
`event:`, one `id:` and one `data:` line, LF only (HTML Standard, 9.2.6).
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

import msgspec

from proxyd.events import NAMES, Closing, Event, ScanCompleted
from proxyd.model import Resource

MAX_DATA = 256 * 1024 - 512
"""Bytes of a `data:` line: the whole event stays under 256 KiB."""

_SHORT_NAME = 256
"""Characters that are kept of a name that does not fit: as many as a tag's value may have."""

_encoder = msgspec.json.Encoder(order="deterministic")
_NOT_ASCII = re.compile(r"[^\x00-\x7e]+")


def ascii_json(value: object) -> bytes:
    """Encode to JSON without any character above `~`."""
    data = _encoder.encode(value)
    if data.isascii() and b"\x7f" not in data:
        return data
    return _NOT_ASCII.sub(_escape, data.decode()).encode("ascii")


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def data_of(event: Event) -> bytes:
    """Encode an event's data; a resource that is too large loses its largest properties."""
    data = ascii_json(event)
    if len(data) <= MAX_DATA:
        return data
    match event:
        case Resource():
            return ascii_json(_shortened(event))
        case ScanCompleted():
            return ascii_json(_with_fewer_gaps(event))
    return data


def _with_fewer_gaps(event: ScanCompleted) -> ScanCompleted:
    """Keep as many gaps as fit and say how many do not: each has had its `shard` event.

    Where not even the rest fits, as with thousands of actions, the remedies go as well.
    """
    bare = msgspec.structs.replace(event, gaps=[], gaps_left_out=len(event.gaps))
    if len(ascii_json(bare)) > MAX_DATA:
        bare = msgspec.structs.replace(bare, remedies=[])
    sizes = accumulate(len(ascii_json(gap)) + 1 for gap in event.gaps)
    kept = bisect_right(list(sizes), MAX_DATA - len(ascii_json(bare)))
    return msgspec.structs.replace(
        bare, gaps=event.gaps[:kept], gaps_left_out=len(event.gaps) - kept
    )


def _shortened(resource: Resource) -> Resource:
    """Leave out properties, largest first, then links and tags, until the event fits."""
    properties = dict(resource.properties)
    by_size = sorted(properties, key=lambda key: len(ascii_json(properties[key])))
    left_out: list[str] = []
    fields: dict[str, object] = {}
    while True:
        short = msgspec.structs.replace(
            resource, properties=properties, truncated=tuple(left_out), **fields
        )
        if len(ascii_json(short)) <= MAX_DATA:
            return short
        if by_size:
            left_out.append(by_size.pop())
            properties.pop(left_out[-1])
        elif "links" not in fields:
            left_out.append("links")
            fields["links"] = ()
        elif "tags" not in fields:
            left_out.append("tags")
            fields["tags"] = {}
        elif "name" not in fields:
            left_out.append("name")
            fields["name"] = resource.name[:_SHORT_NAME]
        else:  # what is left are the ARN and the id: AWS has none of such a length
            return short


def _sse(name: str, number: str, data: bytes, retry: int | None) -> bytes:
    # A `retry:` of its own block would be an empty event to some clients.
    wait = b"" if retry is None else b"retry: %d\n" % retry
    return b"event: %b\nid: %b\n%bdata: %b\n\n" % (name.encode(), number.encode(), wait, data)


def _ndjson(name: str, number: str, data: bytes, retry: int | None) -> bytes:
    del retry  # it is in the data, too
    return b'{"event":"%b","id":"%b","data":%b}\n' % (name.encode(), number.encode(), data)


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A way to write events.

    Attributes:
        frame: event name, id, data, and the milliseconds after which to come back → bytes.
        greeting: what is sent before AWS is asked.
        keep_alive: what is sent in silence.

    """

    content_type: str
    frame: Callable[[str, str, bytes, int | None], bytes]
    greeting: bytes
    keep_alive: bytes

    def write(self, event: Event, number: str) -> bytes:
        """Write one event."""
        retry = event.retry if isinstance(event, Closing) else None
        return self.frame(NAMES[type(event)], number, data_of(event), retry)


SSE = Format(content_type="text/event-stream", frame=_sse, greeting=b":\n\n", keep_alive=b":\n\n")
"""Server-Sent Events."""

NDJSON = Format(content_type="application/x-ndjson", frame=_ndjson, greeting=b"", keep_alive=b"\n")
"""One JSON object a line: `{"event","id","data"}`."""

FORMATS = {SSE.content_type: SSE, NDJSON.content_type: NDJSON}


class Framer:
    """Numbers and writes the events of one stream: ids of an epoch that no other stream has."""

    def __init__(self, written: Format) -> None:
        self.epoch = secrets.token_hex(8)
        self.sequence = 0
        self._format = written

    def __call__(self, event: Event) -> bytes:
        """Write the next event."""
        self.sequence += 1
        return self._format.write(event, self.last)

    @property
    def last(self) -> str:
        """The id that was given out last."""
        return f"{self.epoch}-{self.sequence}"
