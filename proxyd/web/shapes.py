"""What the routes take and give, for the documents: parameters, answers, and refusals by code.

The parameters are those of `Query`. No answer is made from the structs here; the tests hold what
is really sent against them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from proxyd.discovery import ListingState
from proxyd.events import Mode
from proxyd.model import Detail, Scope
from proxyd.plan import MAX_GLOB, MAX_GLOBS, Query
from proxyd.sse import NDJSON, SSE

CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_parameter", "bad_request", "request_too_long"),
    401: ("unauthenticated",),
    403: ("cross_site", "insecure", "login_failed"),
    404: ("no_such_stream", "no_such_target", "no_such_route"),
    405: ("method_not_allowed",),
    406: ("not_acceptable",),
    408: ("request_timeout",),
    413: ("body_too_large",),
    415: ("unsupported_encoding",),
    417: ("bad_request",),
    421: ("foreign_host",),
    429: ("too_many_connections", "too_many_failures", "too_many_streams"),
    500: ("internal",),
    502: (
        *("role_not_assumable", "bad_base_credentials", "sts_unreachable", "no_base_credentials"),
        "provider_unavailable",
    ),
    503: (
        *("sts_throttled", "too_many_streams", "too_many_connections", "too_many_sessions"),
        *("busy", "state_full", "shutting_down", "audit_unavailable"),
    ),
}
"""Every refusal, as docs/errors.md explains them."""

PARAMETERS = {
    "target": "The name of a target; GET /v1/targets lists those that you may see.",
    "type": "A glob over resource types, with `*` and `?`; left out: all that you may see.",
    "region": "A glob over regions, `global` among them; left out: all that you may see.",
    "mode": "`snapshot` ends when all is seen; `watch` stays and sends what changes.",
    "detail": "`full`, or `list` to spare what costs a call per resource.",
    "where": "A filter, such as `tag:env=prod and not state=stopped`.",
    "last_event_id": "The id of the last event received, where a stream broke off.",
    "known": "The hash of each resource that you hold, by ARN: only differences are sent.",
}

_GLOB = {"type": "string", "minLength": 1, "maxLength": MAX_GLOB, "pattern": "^[!-Z^-z|~]+$"}
_LISTS: dict[str, dict[str, Any]] = {
    "target": {"items": {"type": "string"}, "minItems": 1},
    "type": {"items": _GLOB, "maxItems": MAX_GLOBS},
    "region": {"items": _GLOB, "maxItems": MAX_GLOBS},
}

Instant = Annotated[datetime, Meta(tz=True)]


class Problem(msgspec.Struct):
    """Why a request is refused (RFC 9457). `code` is stable; `detail` is for a person."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    parameter: Annotated[str, Meta(description="The parameter at fault.")] | UnsetType = UNSET
    column: Annotated[int, Meta(description="Where `where` goes wrong.")] | UnsetType = UNSET
    aws_code: Annotated[str, Meta(description="AWS's own error code.")] | UnsetType = UNSET
    login: Annotated[str, Meta(description="Where a browser may log in.")] | UnsetType = UNSET


class Target(msgspec.Struct):
    """A target, and what of it you may ask."""

    name: str
    account: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    partition: str
    regions: list[str]
    types: list[str]


class Targets(msgspec.Struct):
    """The targets that you may see."""

    targets: list[Target]


class LinkTo(msgspec.Struct):
    """A relation that resources of a type may have to others."""

    rel: str
    type: str


class Scanner(msgspec.Struct):
    """What lists one resource type: the IAM actions that it needs, and what it costs."""

    type: str
    service: str
    scope: Scope
    plugin: str
    actions: list[str]
    fields: list[str]
    links: list[LinkTo]
    cost: str


class Scanners(msgspec.Struct):
    """All scanners."""

    scanners: list[Scanner]


class Stream(msgspec.Struct):
    """An open stream."""

    id: str
    principal: str
    address: str
    mode: Mode
    detail: Detail
    targets: list[str]
    since: Instant


class Streams(msgspec.Struct):
    """The streams that are open: your own, or all of them for an admin."""

    streams: list[Stream]


class Session(msgspec.Struct):
    """Who you are. `logout_url` is where the OpenID provider ends its own session."""

    principal: str
    groups: list[str]
    admin: bool
    expires: Instant | None
    logout_url: str | UnsetType | None = UNSET


class Health(msgspec.Struct):
    """It is alive."""

    status: Literal["ok"]


class Readiness(msgspec.Struct):
    """Whether a new stream would be taken, and what speaks for or against it."""

    ready: bool
    draining: bool
    configuration: Literal["current", "refused"]
    streams_free: int
    scanners: int
    targets: int
    issuers: dict[str, str]
    organizations: dict[str, ListingState]
    sandbox: dict[str, Any]
    audit: dict[str, str]


class SseEvent(msgspec.Struct, forbid_unknown_fields=True):
    """An event of `text/event-stream`; /v1/asyncapi.json has what is in its data."""

    event: str
    id: str
    data: Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/json"})]
    retry: Annotated[int, Meta(description="Milliseconds; with `closing`.")] | UnsetType = UNSET


class NdjsonEvent(msgspec.Struct, forbid_unknown_fields=True):
    """A line of `application/x-ndjson`; /v1/asyncapi.json has what is in its data."""

    event: str
    id: str
    data: dict[str, Any]


BODIES = (Problem, Targets, Scanners, Streams, Session, Health, Readiness, SseEvent, NdjsonEvent)

EVENTS: dict[str, type] = {SSE.content_type: SseEvent, NDJSON.content_type: NdjsonEvent}
"""What each event of a stream is, by media type: OpenAPI 3.1 has the schema tell of one of them."""


def query() -> dict[str, Any]:
    """Return the schema of a stream's parameters, as a POST has them."""
    (schema,) = schemas([Query]).values()
    properties = schema["properties"]
    for name, more in _LISTS.items():
        properties[name] = properties[name] | more
    properties["target"].pop("default")
    for name, text in PARAMETERS.items():
        one = properties[name].get("items")
        # A lone name may stand for a list of one, as it does in a query string.
        told = {"anyOf": [one, properties[name]]} if one else properties[name]
        properties[name] = {**told, "description": text}
    return {**schema, "description": "What a stream is asked.", "required": ["target"]}


def url_parameters() -> list[dict[str, Any]]:
    """Return the same as a URL has them; a map has no place in one."""
    return [
        _parameter(name, schema, required=name == "target")
        for name, schema in query()["properties"].items()
        if name != "known"
    ]


def _parameter(name: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    told = {key: value for key, value in kinds[-1].items() if key != "description"}
    parameter = {"name": name, "in": "query", "description": schema["description"], "schema": told}
    return {**parameter, "required": True} if required else parameter


def last_event_id() -> dict[str, Any]:
    """Return the header that does as a parameter does."""
    text = "As `last_event_id`, which goes before it; an EventSource sends it by itself."
    told = {"name": "Last-Event-ID", "in": "header", "description": text}
    return {**told, "schema": {"type": "string"}}


def schemas(structs: Sequence[type]) -> dict[str, Any]:
    """Return the schemas of structs, and of what is in them, by name."""
    template = "#/components/schemas/{name}"
    return msgspec.json.schema_components(structs, ref_template=template)[1]
