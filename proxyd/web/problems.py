"""Errors → `application/problem+json` (RFC 9457), in one place. Strangers are told little."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from proxyd.errors import Problem
from proxyd.logs import get_logger, where
from proxyd.metrics import Metrics
from proxyd.sse import ascii_json

log = get_logger(__name__)

SERVER = "proxyd"
"""What the Server header says; aiohttp's own tells its version and Python's."""

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
        headers={"Cache-Control": "no-store", "Server": SERVER, **problem.headers},
    )


def of_http(error: web.HTTPException) -> Problem:
    """Translate what aiohttp itself refuses."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    phrase = HTTPStatus(error.status).phrase
    return Problem(
        error.status, _CODES.get(error.status, "bad_request"), phrase.lower(), headers=headers
    )


def middleware(metrics: Metrics) -> Middleware:
    """Make the middleware that turns whatever a handler raises into a problem."""

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
        return response(problem)

    return problems
