"""`/v1/session`, `/v1/login`, `/v1/callback`: how a browser logs in and out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from proxyd.auth.proofs import Proof, Refused
from proxyd.auth.sessions import Session
from proxyd.errors import Problem, bad_parameter
from proxyd.model import Principal
from proxyd.oidc.fetching import Unavailable
from proxyd.oidc.login import SECONDS, Login, is_path
from proxyd.service import Service
from proxyd.web import callers
from proxyd.web.documents import document

LOGIN_COOKIE = "proxyd-login"


def session_handlers(service: Service, login: Login | None) -> Mapping[str, Handler]:
    """Make the handlers of `/v1/session`, by method."""

    async def trade(request: web.Request) -> web.Response:
        shown = callers.presented(request)
        if not shown.authorization:
            raise service.admission.unauthenticated()
        callers.check_origin(service, request, shown, strict=False)
        caller = await service.admission.admit(shown)
        _refuse_in_the_clear(service, request)
        cookie, session = await _begin(service, request, caller.principal, caller.proof)
        response = document(_describe(caller.principal, session.expires), status=201)
        callers.set_cookie(request, response, cookie)
        return response

    async def show(request: web.Request) -> web.Response:
        caller = await callers.admit(service, request)
        described = _describe(caller.principal, caller.principal.expires)
        if login is not None and caller.session is not None:
            described["logout_url"] = await login.logout_url()
        return document(described)

    async def end(request: web.Request) -> web.Response:
        caller = await callers.admit(service, request)
        if caller.session is not None:
            service.sessions.end(caller.session)
        response = web.Response(status=204)
        callers.drop_cookie(request, response)
        return response

    return {"GET": show, "HEAD": show, "POST": trade, "DELETE": end}


def login_handlers(service: Service, login: Login) -> Mapping[str, Handler]:
    """Make the handlers of `/v1/login` and `/v1/callback`, by path."""

    async def begin(request: web.Request) -> web.Response:
        back = request.query.get("return", "/")
        if not is_path(back):
            raise bad_parameter("return", "return: expected a path of this server")
        try:
            begun = await login.begin(back)
        except Unavailable as error:
            raise _no_provider(error) from None
        response = _redirect(begun.url)
        callers.set_cookie(
            request,
            response,
            begun.cookie,
            name=LOGIN_COOKIE,
            same_site="Lax",  # the browser has to bring it when the provider sends it back here
            seconds=SECONDS,
        )
        return response

    async def callback(request: web.Request) -> web.Response:
        cookie = request.cookies.get(callers.cookie_name(request, LOGIN_COOKIE), "")
        try:
            finished = await login.finish(request.query, cookie)
        except Unavailable as error:
            raise _no_provider(error) from None
        except Refused as refused:
            service.metrics.logins.labels(f"login_{refused.reason}").inc()
            raise Problem(
                403, "login_failed", "the login was not finished: begin again at /v1/login"
            ) from None
        principal = service.rules.directory.principal(finished.proof)
        if principal is None:
            raise service.admission.unauthenticated()
        response = _redirect(finished.back)
        callers.drop_cookie(request, response, name=LOGIN_COOKIE)
        cookie, _ = await _begin(service, request, principal, finished.proof)
        callers.set_cookie(request, response, cookie)
        return response

    return {"/v1/login": begin, "/v1/callback": callback}


async def _begin(
    service: Service, request: web.Request, principal: Principal, proof: Proof
) -> tuple[str, Session]:
    """Begin a session, always with a cookie of its own; the one that the browser had is over."""
    before = service.sessions.find(request.cookies.get(callers.cookie_name(request), ""))
    if before is not None:
        service.sessions.end(before)
    address = service.admission.address(callers.presented(request))
    return await service.begin_session(principal, proof, address)


def _describe(principal: Principal, expires: datetime | None) -> dict[str, object]:
    return {
        "principal": principal.name,
        "groups": sorted(principal.groups),
        "admin": principal.admin,
        "expires": expires,
    }


def _refuse_in_the_clear(service: Service, request: web.Request) -> None:
    """Refuse a browser that would not keep the cookie, since its connection is not encrypted."""
    clear = service.admission.secure(callers.presented(request)) is False
    clear = clear or request.headers.get(hdrs.ORIGIN, "").startswith("http://")
    if clear and not request.secure and not callers.is_plain_loopback(request):
        raise Problem(403, "insecure", "a browser session needs https, but for loopback addresses")


def _redirect(url: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: url})


def _no_provider(error: Unavailable) -> Problem:
    return Problem(502, "provider_unavailable", f"the OpenID provider does not answer: {error}")
