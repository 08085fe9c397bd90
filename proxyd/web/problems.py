"""Errors → `application/problem+json` (RFC 9457), in one place. Strangers are told little."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from proxyd.errors import Problem
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.sse import ascii_json

log = get_logger(__name__)

SERVER = "proxyd"
"""What the Server header says; aiohttp's own tells its version and Python's."""

HEADERS = {
    "Server": SERVER,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
"""Of every response, where it does not say otherwise (OWASP REST Security Cheat Sheet)."""

_CODES = {404: "no_such_route", 405: "method_not_allowed", 413: "body_too_large"}


def response(problem: Problem) -> web.Response:
    """Make the response of a problem."""
    body = {
        "type": f"urn:proxyd:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.extra,
    }
    return web.Response(
        status=problem.status,
        body=ascii_json(body) + b"\n",
        content_type="application/problem+json",
        headers={**HEADERS, **problem.headers},
    )


def raw(problem: Problem) -> bytes:
    """Write a problem as the whole of an answer, for where there is no request to answer."""
    made = response(problem)
    body = cast("bytes", made.body)
    headers = {**made.headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {made.status} {made.reason}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def of_http(error: web.HTTPException) -> Problem:
    """Translate what aiohttp itself refuses."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    phrase = HTTPStatus(error.status).phrase
    return Problem(
        error.status, _CODES.get(error.status, "bad_request"), phrase.lower(), headers=headers
    )


def middleware(metrics: Metrics, refused: Callable[[web.Request, Problem], object]) -> Middleware:
    """Make the middleware that turns whatever a handler raises into a problem.

    Args:
        metrics: where problems are counted.
        refused: told of each request that has become one.

    """

    @web.middleware
    async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as error:
            problem = error
        except web.HTTPException as error:
            problem = of_http(error)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: say nothing, log where
            log.error("request failed", **where(error))
            problem = Problem(500, "internal", "proxyd failed; its log says where")
        metrics.refused.labels(problem.code).inc()
        refused(request, problem)
        return response(problem)

    return problems
