"""Query string or JSON body → `Query`. Every parameter is known by name or refused by name."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import hdrs, http_exceptions, web
from multidict import MultiMapping

from proxyd.errors import Problem, bad_parameter
from proxyd.globs import did_you_mean
from proxyd.plan import Query

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a POST: room for `known` of some 40,000 resources."""

BODY_SECONDS = 8.0

_LISTS = ("target", "type", "region")
_WORDS = {"mode": ("snapshot", "watch"), "detail": ("full", "list")}
_SINGLE = ("mode", "detail", "where", "last_event_id")


async def read(request: web.Request) -> Query:
    """Read the parameters of a stream.

    Raises:
        Problem: 400, naming the parameter.

    """
    query = await _body(request) if request.method == "POST" else _from_url(request.query)
    header = request.headers.get("Last-Event-ID")
    if header is not None and query.last_event_id is None:
        query = msgspec.structs.replace(query, last_event_id=header)
    return query


def _from_url(given: MultiMapping[str]) -> Query:
    fields: dict[str, object] = {}
    for name in dict.fromkeys(given):
        values = given.getall(name)
        if name in _LISTS:
            fields[name] = tuple(values)
        elif name in _SINGLE:
            if len(values) > 1:
                raise bad_parameter(name, f"{name} may be given once only")
            fields[name] = values[0]
        else:
            raise _unknown(name)
    for name, words in _WORDS.items():
        if name in fields and fields[name] not in words:
            raise bad_parameter(name, f"{name}: expected {' or '.join(words)}")
    return msgspec.convert(fields, Query)


async def _body(request: web.Request) -> Query:
    if request.query_string:
        raise bad_parameter(next(iter(request.query)), "a POST takes its parameters from the body")
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").casefold() != "identity":
        raise Problem(415, "unsupported_encoding", "send the body as it is, not compressed")
    body = await _received(request)
    try:
        given = msgspec.json.decode(body)
        if isinstance(given, dict):
            # A lone name may stand for a list of one, as it does in a query string.
            given |= {n: [given[n]] for n in _LISTS if isinstance(given.get(n), str)}
        return msgspec.convert(given, Query)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        name = where.strip("`.").partition("[")[0]
        if "unknown field" in what:
            raise _unknown(what.partition("`")[2].rstrip("`")) from None
        raise bad_parameter(
            name or "body", f"{name or 'body'}: {what[0].lower()}{what[1:]}"
        ) from None
    except msgspec.DecodeError:
        raise bad_parameter("body", "the body must be a JSON object") from None


async def _received(request: web.Request) -> bytes:
    """Read a body, within a while."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Problem(408, "request_timeout", f"no body within {BODY_SECONDS:g} seconds") from None
    except (web.RequestPayloadError, http_exceptions.HttpProcessingError):
        raise Problem(400, "bad_request", "the body is not valid HTTP/1.1") from None


def _unknown(name: str) -> Exception:
    known = Query.__struct_fields__
    shown = name if name.isidentifier() and len(name) <= 32 else "?"  # noqa: PLR2004 - enough to know it by
    return bad_parameter(
        shown, f"unknown parameter {shown!r}{did_you_mean(shown, known)}; known: {', '.join(known)}"
    )
