"""`/v1/openapi.json`: every route, as OpenAPI 3.1. It says nothing about the installation.

What goes in and comes out is in shapes.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from proxyd.sse import ascii_json
from proxyd.web import shapes
from proxyd.web.shapes import BODIES, CODES
from proxyd.web.stream import STREAM_ID

VERSION = "1.0.0"
"""Of the wire contract: the daemon's own version is nobody's business."""

JSON, PROBLEM, METRICS = "application/json", "application/problem+json", "text/plain"

ANYWHERE = (400, 408, 417, 421, 429, 500, 503)
"""What any request may get, whatever it asks for."""

ADMITTED = (401, 403)
"""What one may get beside that where a credential is needed."""

_INTRODUCTION = (
    "proxyd assumes the configured read-only role in an AWS account, scans, and streams what it "
    "finds. /v1/asyncapi.json describes the events of a stream. Every route answers HEAD where it "
    "answers GET, and OPTIONS. A front proxy that the configuration names may also say who sends "
    "a request; its headers are believed from nobody else."
)
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token (`pxd_…`), or a JWT of a configured OpenID provider.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-proxyd",
        "description": "A browser session, from POST /v1/session or /v1/login; over plain http, "
        "which is for loopback addresses only, the cookie is `proxyd`. It is good for requests "
        "of proxyd's own pages.",
    },
    "certificate": {
        "type": "mutualTLS",
        "description": "A client certificate of a configured authority.",
    },
}
_TEXT = {"type": "string"}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def handler(value: object) -> Handler:
    """Make the handler that answers with a document, which is written once."""
    body = ascii_json(value) + b"\n"

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=JSON)

    return answer


def describe() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "proxyd", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": {path: _with_options(item) for path, item in _paths().items()},
        "components": {
            "schemas": {**shapes.schemas(BODIES), "Query": shapes.query()},
            "responses": {str(status): _refusal(status) for status in CODES},
            "headers": _headers(),
            "parameters": {"Last-Event-ID": shapes.last_event_id()},
            "securitySchemes": _SECURITY,
        },
    }


def _headers() -> dict[str, Any]:
    texts = {
        "Retry-After": ("Seconds to wait, spread at random.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": ("The scheme to come with.", {"type": "string"}),
        "Allow": ("The methods of the path.", {"type": "string"}),
        "Location": ("Where to go on.", {"type": "string"}),
        "Set-Cookie": ("The cookie of the session.", {"type": "string"}),
        STREAM_ID: ("The id by which /v1/streams lists and ends it.", {"type": "string"}),
    }
    return {
        name: {"description": text, "required": True, "schema": schema}
        for name, (text, schema) in texts.items()
    }


def _refusal(status: int) -> dict[str, Any]:
    codes = CODES[status]
    narrowed = {"properties": {"status": {"const": status}, "code": {"enum": list(codes)}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}
    headers = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}
    return {
        "description": "Refused: " + ", ".join(f"`{code}`" for code in codes),
        "content": {PROBLEM: {"schema": schema}},
        **({"headers": _named(headers[status])} if status in headers else {}),
    }


def _named(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _answer(text: str, body: str | None = None, *, headers: Sequence[str] = ()) -> dict[str, Any]:
    """Describe an answer; its body is a struct, or there is none."""
    schema = {"$ref": f"#/components/schemas/{body}"}
    return {
        "description": text,
        **({"content": {JSON: {"schema": schema}}} if body else {}),
        **({"headers": _named(*headers)} if headers else {}),
    }


def _operation(
    text: str,
    answers: Mapping[int, Any],
    refusals: Sequence[int] = (),
    *,
    admitted: Collection[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Describe one method of a path.

    Args:
        text: what it does.
        answers: what it gives, by status.
        refusals: the statuses with which it refuses, beside those of all.
        admitted: the security schemes of which one is needed.
        more: further members of the operation.

    """
    refused = {*ANYWHERE, *refusals, *(ADMITTED if admitted else ())} - answers.keys()
    told = {**answers, **{s: {"$ref": f"#/components/responses/{s}"} for s in refused}}
    return {
        "summary": text,
        "security": [{name: []} for name in admitted],
        "responses": {str(status): told[status] for status in sorted(told)},
        **more,
    }


def _readable(text: str, answers: Mapping[int, Any], *refusals: int, **more: Any) -> dict[str, Any]:
    """Describe a path that is only read; a HEAD is answered alike, without a body."""
    get = _operation(text, answers, refusals, **more)
    bodiless = {
        status: {key: value for key, value in answer.items() if key != "content"}
        for status, answer in answers.items()
    }
    head = _operation(f"{text} Without its body.", bodiless, refusals, **more)
    return {"get": get, "head": head}


def _with_options(item: dict[str, Any]) -> dict[str, Any]:
    text = "The methods of this path."
    return {**item, "options": _operation(text, {204: _answer(text, headers=["Allow"])})}


def _paths() -> dict[str, Any]:
    return {
        "/v1/stream": _stream(),
        "/v1/streams": _readable(
            "The streams that are open: your own, or all of them for an admin.",
            {200: _answer("The streams.", "Streams")},
            admitted=_SECURITY,
        ),
        "/v1/streams/{id}": {"delete": _end_stream(), "parameters": [_ID]},
        "/v1/session": _session(),
        "/v1/targets": _readable(
            "The targets that you may see, and what of them.",
            {200: _answer("The targets.", "Targets")},
            admitted=_SECURITY,
        ),
        "/v1/scanners": _readable(
            "What there is to scan, what it calls and what that costs.",
            {200: _answer("The scanners.", "Scanners")},
            admitted=_SECURITY,
        ),
        **_login(),
        **_open(),
    }


def _stream() -> dict[str, Any]:
    headers = [STREAM_ID]
    events = {
        **_answer("Events as they come, until `scan.completed` or `closing`.", headers=headers),
        "content": {
            kind: {"schema": {"$ref": f"#/components/schemas/{event.__name__}"}}
            for kind, event in shapes.EVENTS.items()
        },
    }
    over = _answer("There is no more: this was the last event id of a complete snapshot.")
    refusals = (404, 406, 413, 415, 502)
    text = "Scan, and stream what is found."
    asked = [*shapes.url_parameters(), {"$ref": "#/components/parameters/Last-Event-ID"}]
    body = {"required": True, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Query"}}}}
    item = _readable(text, {200: events, 204: over}, 404, 406, 502, admitted=_SECURITY)
    item["head"] = _operation(
        "Whether the stream would be refused, before AWS is asked.",
        {200: _answer("It would not.")},
        (404, 406),
        admitted=_SECURITY,
    )
    post = _operation(
        f"{text} For long lists, and for `known`.",
        {200: events, 204: over},
        refusals,
        admitted=_SECURITY,
        parameters=asked[-1:],
        requestBody=body,
    )
    return {
        **{method: {**told, "parameters": asked} for method, told in item.items()},
        "post": post,
    }


def _end_stream() -> dict[str, Any]:
    return _operation(
        "End a stream; its last event is `closing`.",
        {204: _answer("It ends.")},
        (404,),
        admitted=_SECURITY,
    )


def _session() -> dict[str, Any]:
    cookie = ["Set-Cookie"]
    return {
        **_readable("Who you are.", {200: _answer("You.", "Session")}, admitted=_SECURITY),
        "post": _operation(
            "Trade a credential for a browser session.",
            {201: _answer("You, with a cookie.", "Session", headers=cookie)},
            admitted=["bearer"],
        ),
        "delete": _operation(
            "End the browser session, and the streams that it has opened.",
            {204: _answer("It is over.", headers=cookie)},
            admitted=_SECURITY,
        ),
    }


def _login() -> dict[str, Any]:
    cookie, there = ["Location", "Set-Cookie"], "Only there where a login is configured."
    onwards = {"name": "return", "in": "query", "schema": {"type": "string", "default": "/"}}
    onwards["description"] = "The path of this server at which the browser arrives in the end."
    return {
        "/v1/login": _readable(
            "Begin the login of a browser.",
            {303: _answer("To the OpenID provider.", headers=cookie)},
            *(404, 502),
            description=there,
            parameters=[onwards],
        ),
        "/v1/callback": _readable(
            "Where the OpenID provider sends the browser back to.",
            {303: _answer("Logged in; on to where it began.", headers=cookie)},
            *(401, 403, 404, 502),
            description=there,
        ),
    }


def _open() -> dict[str, Any]:
    """Describe what anybody may read."""
    text = "JSON Schema of the data of every event."
    ready = _answer("Ready.", "Readiness")
    not_ready = {
        "description": "Not ready; or refused.",
        "content": {**ready["content"], **_refusal(503)["content"]},
    }
    numbers = _content("Prometheus text.", METRICS, _TEXT)
    documents = {
        "/v1/schema": text,
        "/v1/openapi.json": "This document.",
        "/v1/asyncapi.json": "The events of a stream, as AsyncAPI 3.0.",
    }
    return {
        **{
            path: _readable(told, {200: _content(told, JSON, {"type": "object"})})
            for path, told in documents.items()
        },
        "/": _readable("The web client.", {200: _content("A page.", "text/html", _TEXT)}),
        "/assets/{name}": {
            **_readable(
                "What the web client is made of.",
                {200: {"description": "A file of it.", "content": {"*/*": {}}}},
                404,
            ),
            "parameters": [{**_ID, "name": "name"}],
        },
        "/healthz": _readable("Whether it is alive.", {200: _answer("It is.", "Health")}),
        "/readyz": _readable("Whether a new stream would be taken.", {200: ready, 503: not_ready}),
        "/metrics": _readable("Numbers, for Prometheus.", {200: numbers}),
    }


def _content(text: str, kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {kind: {"schema": schema}}}
