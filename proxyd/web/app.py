"""The routes, and what guards all of them."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from proxyd import events
from proxyd.errors import Problem
from proxyd.service import Service
from proxyd.sse import ascii_json
from proxyd.web import problems, stream
from proxyd.web.query import MAX_BODY

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def build(service: Service, hosts: Collection[str]) -> web.Application:
    """Make the application.

    Args:
        service: what it serves.
        hosts: the Host names it answers to.

    """

    async def name_server(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = problems.SERVER

    app = web.Application(
        middlewares=[problems.middleware(service.metrics), _only(hosts)],
        client_max_size=MAX_BODY,
    )
    app.on_response_prepare.append(name_server)
    answer_stream = stream.handler(service)
    _route(app, "/v1/stream", GET=answer_stream, HEAD=answer_stream, POST=answer_stream)
    for path, handler in _documents(service).items():
        _route(app, path, GET=handler, HEAD=handler)
    return app


def _route(app: web.Application, path: str, **handlers: Handler) -> None:
    """Add the methods of a path, and OPTIONS, which says what they are."""
    allow = ", ".join([*handlers, "OPTIONS"])

    async def options(_: web.Request) -> web.Response:
        return web.Response(status=204, headers={"Allow": allow})

    resource = app.router.add_resource(path)
    for method, handler in {**handlers, hdrs.METH_OPTIONS: options}.items():
        resource.add_route(method, handler, expect_handler=_expect)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Answer `Expect`, which comes before any middleware: 100 goes on, anything else does not."""
    if request.headers.get(hdrs.EXPECT, "").casefold() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None
    return problems.response(Problem(417, "bad_request", "only Expect: 100-continue is known"))


def _documents(service: Service) -> dict[str, Handler]:
    """Return the routes that answer at once."""

    async def targets(request: web.Request) -> web.Response:
        principal = service.authenticate(request.headers.get("Authorization"))
        return _json({"targets": service.targets(principal)})

    async def scanners(request: web.Request) -> web.Response:
        service.authenticate(request.headers.get("Authorization"))
        return _json({"scanners": service.scanners()})

    async def schema(_: web.Request) -> web.Response:
        return _json(events.schema())

    async def healthz(_: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        ready, checks = service.ready()
        return _json({"ready": ready, **checks}, status=200 if ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=service.metrics.text(),
            headers={**_HEADERS, "Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    return {
        "/v1/targets": targets,
        "/v1/scanners": scanners,
        "/v1/schema": schema,
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": metrics,
    }


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=ascii_json(value) + b"\n",
        content_type="application/json",
        headers=_HEADERS,
    )


def _only(
    hosts: Collection[str],
) -> Middleware:
    """Make the middleware that answers to our own names only: DNS rebinding ends here."""
    known = {host.casefold() for host in hosts}

    @web.middleware
    async def only(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _hostname(request.headers.get(hdrs.HOST, "")) not in known:
            raise Problem(421, "foreign_host", "this is not the server of that name")
        return await handler(request)

    return only


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0].casefold()
    return host.partition(":")[0].casefold()
