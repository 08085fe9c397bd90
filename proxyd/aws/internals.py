"""Everything that leans on the inside of aiobotocore and botocore, in one place.

tests/unit/test_internals.py fails when a release changes what is used here.
"""

from __future__ import annotations

import random
import re
import ssl
from collections.abc import Callable, Coroutine, Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

import aiohttp
from aiobotocore.credentials import AioCredentials
from aiobotocore.httpsession import AIOHTTPSession
from botocore import exceptions as boto
from botocore.credentials import ReadOnlyCredentials

from proxyd.aws import binding
from proxyd.aws.models import NarrowLoader
from proxyd.aws.outcome import EXPIRED, THROTTLED
from proxyd.aws.reduced import ParserFactory
from proxyd.aws.settled import SettledSession
from proxyd.model import Operation

KEEP_ALIVE = 60.0
"""Seconds that an idle connection is kept: scans come in bursts, and a TLS handshake is dear."""

MAX_RENEWALS = 2
"""Times that one request is sent again with new credentials: more would be a wrong clock."""

MAX_BACKOFF = 20.0
"""Seconds between two requests at most, as in botocore."""

_TRANSIENT = frozenset({500, 502, 503, 504})
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
        # Its own way with a proxy does not check the server's certificate (2.25).
        del proxy_url
        return aiohttp.TCPConnector(
            limit=self._max_pool_connections,
            ssl=self._shared_context,
            keepalive_timeout=KEEP_ALIVE,
        )

    async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession:
        """Turn off aiohttp's own second try of a GET: it would be a call that nobody counts."""
        session: aiohttp.ClientSession = await super()._get_session(proxy_url)
        session._retry_connection = False  # noqa: SLF001 - there is no option
        return session

    async def send(self, request: Any) -> Any:
        """Send it, and tell a connection that broke from one that never was."""
        try:
            return await super().send(request)
        except boto.EndpointConnectionError as error:
            cause = error.kwargs.get("error")
            if isinstance(cause, aiohttp.ClientConnectorError):
                raise
            raise boto.ConnectionClosedError(
                error=cause, request=request, endpoint_url=request.url
            ) from None


def http_session_class(context: ssl.SSLContext) -> Any:
    """Return what `AioConfig(http_session_cls=…)` takes, bound to one SSLContext."""
    return partial(SharedTlsSession, context=context)


def guarded_session(operations: Iterable[Operation] | None = None) -> SettledSession:
    """Make a botocore session whose clients sign, check, count and parse by the running call.

    Args:
        operations: those that its clients have; None: all that there are.

    """
    session = SettledSession(loader=None if operations is None else NarrowLoader(operations))
    session._credentials = BoundCredentials()  # noqa: SLF001 - the public setter takes fixed keys only
    session.register_component("response_parser_factory", ParserFactory())
    session.register("before-parameter-build.*.*", _guard)
    session.register("before-send.*.*", _count)
    return session


def metered(client: Any, region: str, attempts: int) -> None:
    """Have a client that signs as proxyd itself count its requests, and judge what is sent again.

    botocore would send six times what a proxy refuses or a certificate forbids.
    """
    hooks = _Hooks(client.meta.service_model.service_name, region, attempts, lambda: None)
    client.meta.events.register("before-send", _count)
    client.meta.events.register_first("needs-retry", hooks.judge)


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


def attend(client: Any, region: str, attempts: int, touch: Callable[[], None]) -> None:
    """Have a client of the guarded session keep the quota, and decide what is sent again.

    Args:
        client: made by the guarded session, with botocore's own retries off.
        region: where it calls.
        attempts: requests that one call may take.
        touch: called before each request: the client is in use.

    """
    hooks = _Hooks(client.meta.service_model.service_name, region, attempts, touch)
    client.meta.events.register_first("request-created", hooks.before)
    client.meta.events.register_first("needs-retry", hooks.judge)


def on_one_host(client: Any) -> None:
    """Have a client of an emulator leave out the account that s3control puts before the host."""
    client.meta.events.register_first("request-created.s3-control", _without_account)


def _without_account(request: Any, **_: Any) -> None:
    request.url = re.sub(r"(?<=://)\d{12}\.", "", request.url)


class _Hooks:
    """What happens around each request of one client.

    botocore's standard retries keep a budget for each client. Ours are shared by all scans,
    so one account in trouble would use up what another needs: the decision is made here, by
    the same rules (botocore.retries.standard), for each call by itself.
    """

    def __init__(self, service: str, region: str, attempts: int, touch: Callable[[], None]) -> None:
        self._service = service
        self._region = region
        self._attempts = attempts
        self._touch = touch

    async def before(self, **_: Any) -> None:
        """Wait for the quota before the request is signed: a signature is good for minutes."""
        self._touch()
        call = binding.current().binding
        with call.allowance.standing() if call.allowance else nullcontext():
            await call.pace.wait(self._service, self._region)

    async def judge(
        self,
        *,
        response: Any,
        caught_exception: Any,
        request_dict: dict[str, Any],
        attempts: int,
        **_: Any,
    ) -> float | None:
        """Return after how many seconds to send a request again, None where it stands."""
        if caught_exception is not None:
            again = _is_transient(caught_exception, attempts)
        else:
            code = response[1].get("Error", {}).get("Code")
            if code in EXPIRED:
                return await self._renewed(request_dict["context"])
            if code in THROTTLED:
                self._throttled()
            again = code in THROTTLED or response[0].status_code in _TRANSIENT
        if not again or attempts >= self._attempts:
            return None
        return random.uniform(0, min(MAX_BACKOFF, 2.0 ** (attempts - 1)))  # noqa: S311 - jitter

    def _throttled(self) -> None:
        call = binding.current().binding
        call.meter.throttled()
        call.pace.throttled(self._service, self._region)

    async def _renewed(self, context: dict[str, Any]) -> float | None:
        """Have the credentials replaced; the same request goes out again, so at the same page."""
        call = binding.current()
        renewals = context.get(_RENEWALS, 0)
        if renewals >= MAX_RENEWALS or call.signed is None:
            return None
        context[_RENEWALS] = renewals + 1
        await call.binding.credentials.renew(call.signed)
        return 0.0


def _is_transient(error: Exception, attempts: int) -> bool:
    """Whether a request that got no answer may get one at the next try.

    Not where an address took the whole connect time-out, nor where a name does not exist: a
    region that is dead, or lacks the service, must cost seconds.
    """
    match error:
        case boto.ConnectTimeoutError():
            return False
        case boto.EndpointConnectionError():
            unknown = isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorDNSError)
            return not unknown and attempts == 1
    return isinstance(error, boto.ConnectionClosedError | boto.ReadTimeoutError)


def _guard(model: Any, **_: Any) -> None:
    """Refuse undeclared operations, those that botocore adds by itself included."""
    wanted = Operation(model.service_model.service_name, model.name)
    binding.current().binding.check(wanted)


def _count(**_: Any) -> None:
    binding.current().binding.meter.sent()
