"""Everything that leans on the inside of aiobotocore and botocore, in one place.

tests/unit/test_internals.py fails when a release changes what is used here.
"""

from __future__ import annotations

import ssl
from collections.abc import Coroutine
from functools import partial
from typing import Any

import aiohttp
from aiobotocore.credentials import AioCredentials
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore import exceptions as boto
from botocore.credentials import ReadOnlyCredentials

from proxyd.aws import binding
from proxyd.aws.outcome import EXPIRED, THROTTLED
from proxyd.aws.reduced import ParserFactory
from proxyd.model import Operation

KEEP_ALIVE = 60.0
"""Seconds that an idle connection is kept: scans come in bursts, and a TLS handshake is dear."""

MAX_RENEWALS = 2
"""Times that one request is sent again with new credentials: more would be a wrong clock."""

_RENEWALS = "proxyd_renewals"


class BoundCredentials(AioCredentials):  # type: ignore[misc] # aiobotocore is untyped
    """Credentials of whoever's task is signing; without a binding it raises, before signing."""

    def __init__(self) -> None:
        super().__init__(access_key="bound", secret_key="bound", method="proxyd")  # noqa: S106 - never used to sign

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of the running task's session."""
        call = binding.current()
        call.signed = await call.binding.credentials.current()
        return call.signed


class SharedTlsSession(AIOHTTPSession):  # type: ignore[misc] # aiobotocore is untyped
    """An HTTP session that takes its SSLContext from outside instead of making one.

    aiobotocore loads the CA bundle into a context of its own for every client, which is
    most of the cost of making one.
    """

    def __init__(self, *args: Any, context: ssl.SSLContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shared_context = context

    def _create_connector(self, proxy_url: str | None) -> aiohttp.TCPConnector:
        if proxy_url and self._setup_proxy_ssl_context(proxy_url):
            connector: aiohttp.TCPConnector = super()._create_connector(proxy_url)
            return connector
        return aiohttp.TCPConnector(
            limit=self._max_pool_connections,
            ssl=self._shared_context,
            keepalive_timeout=KEEP_ALIVE,
        )


def http_session_class(context: ssl.SSLContext) -> Any:
    """Return what `AioConfig(http_session_cls=…)` takes, bound to one SSLContext."""
    return partial(SharedTlsSession, context=context)


def guarded_session() -> AioSession:
    """Make a botocore session whose clients sign, check, count and parse by the running call."""
    session = AioSession()
    session._credentials = BoundCredentials()  # noqa: SLF001 - the public setter takes fixed keys only
    session.set_config_variable("account_id_endpoint_mode", "disabled")
    session.register_component("response_parser_factory", ParserFactory())
    session.register("before-parameter-build.*.*", _guard)
    session.register("before-send.*.*", _count)
    return session


def complete(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that awaits nothing to its end, in whatever thread this is.

    aiobotocore makes a client in one: models are loaded and classes built, for 5 to 150 ms,
    and no step of it waits for anything where the credentials are there already.

    Raises:
        RuntimeError: it did wait, so it needs an event loop.

    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("making a client waits for something")


def attend(client: Any, region: str) -> None:
    """Have a client of the guarded session keep the quota, and renew what has expired."""
    hooks = _Hooks(client.meta.service_model.service_name, region)
    client.meta.events.register_first("request-created", hooks.wait)
    client.meta.events.register_first("needs-retry", hooks.judge)


class _Hooks:
    """What happens around each request of one client."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region

    async def wait(self, **_: Any) -> None:
        """Wait for the quota before the request is signed: a signature is good for minutes."""
        await binding.current().binding.pace.wait(self._service, self._region)

    async def judge(
        self, *, response: Any, caught_exception: Any, request_dict: dict[str, Any], **_: Any
    ) -> int | None:
        """Say before botocore does whether to send a request again.

        Where AWS calls the credentials expired: at once, with new ones. It is the same
        request, so a scan goes on at the same page. Where an address took the whole connect
        time-out: no, since a dead region must cost seconds.
        """
        if isinstance(caught_exception, boto.ConnectTimeoutError):
            raise caught_exception
        if response is None:
            return None
        call = binding.current()
        code = response[1].get("Error", {}).get("Code")
        if code in THROTTLED:
            call.binding.meter.throttled()
            call.binding.pace.throttled(self._service, self._region)
        context = request_dict["context"]
        renewals = context.get(_RENEWALS, 0)
        if code not in EXPIRED or renewals >= MAX_RENEWALS or call.signed is None:
            return None
        context[_RENEWALS] = renewals + 1
        await call.binding.credentials.renew(call.signed)
        return 0


def _guard(model: Any, **_: Any) -> None:
    """Refuse undeclared operations, those that botocore adds by itself included."""
    wanted = Operation(model.service_model.service_name, model.name)
    binding.current().binding.check(wanted)


def _count(**_: Any) -> None:
    binding.current().binding.meter.sent()
