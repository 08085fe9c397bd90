"""The routes, and what guards all of them."""

from __future__ import annotations

from functools import partial

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from proxyd import events
from proxyd.errors import Problem
from proxyd.oidc.login import Login
from proxyd.service import Service
from proxyd.web import asyncapi, callers, hosts, openapi, pages, problems, requests, stream
from proxyd.web.documents import document
from proxyd.web.query import MAX_BODY
from proxyd.web.session import login_handlers, session_handlers

_HSTS = "max-age=31536000"


def build(service: Service, login: Login | None) -> web.Application:
    """Make the application.

    Args:
        service: what it serves.
        login: the login of browsers, where there is one.

    """

    async def finish(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in problems.HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers[hdrs.SERVER] = problems.SERVER  # aiohttp has put its own there by now
        if request.secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        callers.rotate(service, request, response)

    app = web.Application(
        middlewares=[
            requests.one_line,
            problems.middleware(service.metrics, partial(_refused, service)),
            hosts.only(lambda: service.rules.settings.server.hosts),
        ],
        client_max_size=MAX_BODY,
    )
    app.on_response_prepare.append(finish)
    answer_stream = stream.handler(service)
    _route(app, "/v1/stream", GET=answer_stream, HEAD=answer_stream, POST=answer_stream)
    _route(app, "/v1/session", **session_handlers(service, login))
    _route(app, "/v1/streams/{id}", DELETE=_end_stream(service))
    client = pages.handler(pages.read())
    documents = {**_documents(service), **_states(service), "/": client, "/assets/{name}": client}
    for path, handler in {**documents, **(login_handlers(service, login) if login else {})}.items():
        _route(app, path, GET=handler, HEAD=handler)
    return app


def _refused(service: Service, request: web.Request, problem: Problem) -> None:
    """Have the line of the log and the audit trail tell that a request was refused."""
    requests.refused(request, problem.code)
    callers.refused(service, request, problem)


def _route(app: web.Application, path: str, **handlers: Handler) -> None:
    """Add the methods of a path, and OPTIONS, which says what they are."""
    allow = ", ".join([*handlers, "OPTIONS"])

    async def options(_: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Allow": allow})

    resource = app.router.add_resource(path)
    for method, handler in {**handlers, hdrs.METH_OPTIONS: options}.items():
        resource.add_route(method, handler)


def _documents(service: Service) -> dict[str, Handler]:
    """Return the routes that answer at once, by path."""

    async def targets(request: web.Request) -> web.Response:
        caller = await callers.admit(service, request)
        return document({"targets": service.targets(caller.principal)})

    async def scanners(request: web.Request) -> web.Response:
        await callers.admit(service, request)
        return document({"scanners": service.scanners()})

    async def streams(request: web.Request) -> web.Response:
        caller = await callers.admit(service, request)
        mine = service.streams.of(caller.principal)
        return document({"streams": [opened.describe() for opened in mine]})

    async def schema(_: web.Request) -> web.Response:
        return document(events.schema())

    return {
        "/v1/targets": targets,
        "/v1/scanners": scanners,
        "/v1/streams": streams,
        "/v1/schema": schema,
        "/v1/openapi.json": openapi.handler(openapi.describe()),
        "/v1/asyncapi.json": openapi.handler(asyncapi.describe()),
    }


def _states(service: Service) -> dict[str, Handler]:
    """Return the routes that tell how proxyd is, by path."""

    async def healthz(_: web.Request) -> web.Response:
        return document({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        ready, checks = service.ready()
        return document({"ready": ready, **checks}, status=200 if ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=service.metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def _end_stream(service: Service) -> Handler:
    async def end(request: web.Request) -> web.Response:
        caller = await callers.admit(service, request, strict=True)
        service.end_stream(caller, request.match_info["id"])
        return web.Response(status=204)

    return end
