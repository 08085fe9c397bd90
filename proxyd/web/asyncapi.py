"""`/v1/asyncapi.json`: the stream and its events, as AsyncAPI 3.0."""

from __future__ import annotations

from typing import Any

from proxyd import events
from proxyd.sse import NDJSON, SSE
from proxyd.web import openapi, shapes

TERMINAL = frozenset({"scan.completed", "closing"})
"""What a stream may end with: the `scan.completed` of its last target, or `closing`."""

_INTRODUCTION = (
    "The events that proxyd streams. /v1/openapi.json describes the routes, docs/stream.md what "
    "the parameters mean."
)
_CHANNEL = f"""\
One answer to GET or POST /v1/stream is one stream: `{SSE.content_type}`, where each event has one
`event:`, one `id:` and one `data:` line; or `{NDJSON.content_type}` where `Accept` says so, with a
JSON object `event`, `id`, `data` on each line. The payload of a message is what stands in `data`:
ASCII JSON on one line, under 256 KiB.

After at most 15 s of silence a keep-alive is sent: a comment, or in NDJSON an empty line.

Ids are opaque. A client that comes back with the id of its last event, in `Last-Event-ID` or
`last_event_id`, is sent what has happened since, or `reset` and everything anew; 204 means that
it had all of a snapshot.

A stream ends with `scan.completed` of its last target (a watch does not), or with `closing`. One
that ends with neither was cut off: it is incomplete, whatever it held."""


def describe() -> dict[str, Any]:
    """Return the document."""
    names = list(events.NAMES.values())
    payloads = _moved(events.schema())
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "proxyd", "version": openapi.VERSION, "description": _INTRODUCTION},
        "defaultContentType": openapi.JSON,
        "channels": {
            "stream": {
                "address": "/v1/stream",
                "title": "The stream",
                "description": _CHANNEL,
                "messages": {name: _reference("messages", name) for name in names},
            }
        },
        "operations": {
            "stream": {
                "action": "send",
                "summary": "Stream what a scan finds.",
                "channel": {"$ref": "#/channels/stream"},
                "messages": [{"$ref": f"#/channels/stream/messages/{name}"} for name in names],
                "security": [_reference("securitySchemes", name) for name in _SECURITY],
                "bindings": {"http": _binding()},
            }
        },
        "components": {
            "messages": {name: _message(name, payloads) for name in names},
            "schemas": {**payloads["$defs"], **shapes.schemas([*shapes.EVENTS.values()])},
            "securitySchemes": _SECURITY,
        },
    }


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _moved(value: Any) -> Any:
    """Return a schema with its references to where they are found here."""
    if isinstance(value, dict):
        return {key: _moved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", "#/components/schemas/")
    return value


def _message(name: str, payloads: dict[str, Any]) -> dict[str, Any]:
    payload = payloads["properties"][name]
    described = payloads["$defs"][payload["$ref"].rpartition("/")[2]]["description"]
    return {
        "name": name,
        "title": name,
        "summary": described.partition("\n")[0],
        "contentType": openapi.JSON,
        "payload": payload,
        "bindings": {"http": {"statusCode": 200, "bindingVersion": "0.3.0"}},
        "x-frame": {
            kind: _reference("schemas", event.__name__) for kind, event in shapes.EVENTS.items()
        },
        "x-terminal": name in TERMINAL,
    }


def _binding() -> dict[str, Any]:
    asked = shapes.query()
    asked["properties"].pop("known")
    return {"method": "GET", "query": asked, "bindingVersion": "0.3.0"}


_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API token, or a JWT."},
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "__Host-proxyd",
        "description": "A browser session.",
    },
    "certificate": {"type": "X509", "description": "A client certificate."},
}
