"""Request → caller: the credentials of an HTTP request, and the cookies of browser sessions."""

from __future__ import annotations

from aiohttp import hdrs, web

from proxyd.admission import Caller
from proxyd.auth.presented import Presented
from proxyd.auth.sessions import Session
from proxyd.errors import Problem
from proxyd.service import Service
from proxyd.web import hosts, origins

COOKIE = "proxyd"
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


async def admit(service: Service, request: web.Request, *, strict: bool = False) -> Caller:
    """Return who sends a request.

    Args:
        service: what it is sent to.
        request: the request.
        strict: whether it starts something: then a cookie has to come from one of our pages.

    Raises:
        Problem: nobody who is let in, or another site's page.

    """
    shown = presented(request)
    caller = await service.admission.admit(shown)
    if caller.ambient:
        check_origin(service, request, shown, strict=strict)
    request[CALLER] = caller
    return caller


def check_origin(service: Service, request: web.Request, shown: Presented, *, strict: bool) -> None:
    """Refuse what another site's page has sent.

    Raises:
        Problem: 403.

    """
    origins.check(
        site=request.headers.get("Sec-Fetch-Site"),
        origin=request.headers.get(hdrs.ORIGIN),
        host=request.headers.get(hdrs.HOST, ""),
        secure=True if request.secure else service.admission.secure(shown),
        strict=strict,
    )


def presented(request: web.Request) -> Presented:
    """Collect what a request shows of who sends it."""
    return Presented(
        peer=request.remote or "unix",
        authorization=tuple(request.headers.getall(hdrs.AUTHORIZATION, ())),
        cookie=request.cookies.get(cookie_name(request)),
        certificate=_certificate(request),
        headers={name.casefold(): tuple(request.headers.getall(name)) for name in request.headers},
    )


def refused(service: Service, request: web.Request, problem: Problem) -> None:
    """Have the audit trail tell whose request was refused, and why."""
    caller = request.get(CALLER)
    if caller is None:
        service.refused(problem, None, service.admission.address(presented(request)))
    else:
        service.refused(problem, caller.principal.name, caller.address)


def cookie_name(request: web.Request, name: str = COOKIE) -> str:
    """Return a cookie's name.

    With `__Host-` browsers take it over an encrypted connection only, and from this host only.
    """
    return name if is_plain_loopback(request) else f"__Host-{name}"


def set_cookie(
    request: web.Request,
    response: web.StreamResponse,
    value: str,
    *,
    name: str = COOKIE,
    same_site: str = "Strict",
    seconds: int | None = None,
) -> None:
    """Give a browser a cookie; one without `seconds` ends with the browser."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        path="/",
        secure=not is_plain_loopback(request),
        httponly=True,
        samesite=same_site,
        max_age=seconds,
    )


def drop_cookie(request: web.Request, response: web.StreamResponse, *, name: str = COOKIE) -> None:
    """Have a browser forget a cookie."""
    set_cookie(request, response, "", name=name, seconds=0)


def rotate(service: Service, request: web.Request, response: web.StreamResponse) -> None:
    """Replace the cookie of a session when it is time to."""
    caller = request.get(CALLER)
    session: Session | None = None if caller is None else caller.session
    if session is not None and cookie_name(request) not in response.cookies:
        cookie = service.sessions.rotate(session)
        if cookie is not None:
            set_cookie(request, response, cookie)
            # The headers are being written: it is too late for aiohttp to add it by itself.
            morsel = response.cookies[cookie_name(request)]
            response.headers.add(hdrs.SET_COOKIE, morsel.OutputString())


def is_plain_loopback(request: web.Request) -> bool:
    """Whether it came unencrypted to a name of this machine, as a developer's browser sends it."""
    name = hosts.name_of(request.headers.get(hdrs.HOST, ""))
    return name in hosts.LOOPBACK and not request.secure


def _certificate(request: web.Request) -> bytes | None:
    """Return what the client has proven in the handshake; asked for only with a `client_ca`."""
    if request.transport is None:
        return None
    tls = request.transport.get_extra_info("ssl_object")
    return None if tls is None else tls.getpeercert(binary_form=True)
