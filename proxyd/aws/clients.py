"""The client pool: one client for each service, region and endpoint, shared by every scan.

Making a client costs more than a call through it, so clients are kept. They hold no
credentials: those come with the task (`proxyd.aws.binding`).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, Self
from urllib.parse import urlsplit

import aioboto3
from aiobotocore.config import AioConfig
from botocore.config import Config

from proxyd import __version__
from proxyd.aws import internals
from proxyd.aws.pages import Paging, paginator, paging
from proxyd.aws.settled import BaseSession
from proxyd.errors import ConfigError
from proxyd.model import Operation
from proxyd.settings import Aws

MAX_CONNECTIONS = 32
"""Connections of one client: what a service in a region is asked at the same time."""


TEND = 30.0
"""Seconds between looks for clients that are not needed any more."""

BUSY = 300.0
"""Seconds after it was asked for in which a client may still be in use."""

_BASE = "proxyd "
"""What comes before the service in the keys of clients that sign as proxyd itself."""

_OURS = 1
"""What botocore is told of attempts where the retries are proxyd's (`internals.attend`)."""

_OF_THE_CHAIN = 3
"""Attempts of what botocore asks to find proxyd's own credentials: a request waits for it."""

_PORTS = {"http": 80, "https": 443}
_METADATA_PORT = 80
"""Where an instance or a container gets its credentials."""

_DNS_PORT = 53


def ports(settings: Aws) -> set[int]:
    """Return the TCP ports that reaching AWS may take."""
    addresses = [settings.endpoint_url, settings.proxy, *settings.endpoints.values()]
    split = [urlsplit(address) for address in addresses if address]
    named = {parts.port or _PORTS[parts.scheme] for parts in split}
    return named | {_PORTS["https"], _METADATA_PORT, _DNS_PORT}


Key = tuple[str, str]
"""Service and region; the endpoint follows from the settings."""


class _Kept:
    """A client, its paginators, and when it was last asked for."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.paginators: dict[str, Any] = {}
        self.touch()

    def touch(self) -> None:
        """Note that it is in use."""
        self.used = time.monotonic()


class Clients:
    """Makes clients one after the other, off the event loop, and keeps them for a while."""

    def __init__(self, settings: Aws, operations: Iterable[Operation] | None = None) -> None:
        self._settings = settings
        self._context = _tls(settings.ca_bundle)
        self._session = aioboto3.Session(botocore_session=internals.guarded_session(operations))
        self._base = aioboto3.Session(
            botocore_session=BaseSession(partial(self._reach, attempts=_OF_THE_CHAIN))
        )
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Any]] = {}
        self._paging: dict[Operation, Paging | None] = {}
        # One thread: botocore's loaders and sessions are not made for more, and two clients
        # made at once are made no sooner.
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="clients")
        self._tending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._tending = asyncio.create_task(self._tend())
        return self

    async def __aexit__(self, *exc: object) -> None:
        tasks = [*self._making.values(), *([self._tending] if self._tending else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._maker.shutdown(cancel_futures=True)
        for kept in self._kept.values():
            await kept.client.close()
        self._kept.clear()

    async def get(self, service: str, region: str) -> Any:
        """Return the client that signs as the running call's session."""
        key = (service, region)
        kept = self._kept.get(key)
        if kept is None:
            return await self._once(key, self._make_guarded)
        kept.touch()
        self._kept.move_to_end(key)
        return kept.client

    async def base(self, service: str, region: str) -> Any:
        """Return the client that signs as proxyd itself, by botocore's own chain."""
        key = (_BASE + service, region)
        kept = self._kept.get(key)
        return kept.client if kept else await self._once(key, self._make_base)

    async def warm(self, keys: Iterable[Key]) -> int:
        """Make clients ahead of need, one at a time, and return how many; see `warm_clients`."""
        wanted = list(islice(keys, self._settings.warm_clients))
        for service, region in wanted:
            await self.get(service, region)
        return len(wanted)

    def paging(self, client: Any, operation: Operation) -> Paging | None:
        """Return how an operation is paged; it is the same in every region."""
        if operation not in self._paging:
            self._paging[operation] = paging(client, operation.name)
        return self._paging[operation]

    def paginator(self, client: Any, key: Key, operation: str) -> Any:
        """Return a client's paginator of an operation: botocore makes a class for each."""
        kept = self._kept.get(key)
        if kept is None or kept.client is not client:  # closed meanwhile, and perhaps made anew
            return paginator(client, operation)
        if operation not in kept.paginators:
            kept.paginators[operation] = paginator(client, operation)
        return kept.paginators[operation]

    async def _once(self, key: Key, make: Callable[[Key], Awaitable[Any]]) -> Any:
        """Make a client, once for all who want it; whoever stops wanting it stops nobody else."""
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._keep(key, make))
        return await asyncio.shield(making)

    async def _keep(self, key: Key, make: Callable[[Key], Awaitable[Any]]) -> Any:
        try:
            client = await make(key)
            kept = self._kept[key] = _Kept(client)
            if key[0].startswith(_BASE):
                internals.metered(client, key[1], self._settings.attempts)
            else:
                internals.attend(client, key[1], self._settings.attempts, kept.touch)
            if self._settings.endpoint_url is not None:
                internals.on_one_host(client)
        finally:
            del self._making[key]
        return client

    async def _make_guarded(self, key: Key) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._maker, self._made, key)

    def _made(self, key: Key) -> Any:
        """Make it from the first step on: of what is called off nothing has been begun."""
        service, region = key
        reach = self._reach(service, _OURS, region)
        client = self._session.client(service, region_name=region, **reach)
        return internals.complete(client.__aenter__())

    async def _make_base(self, key: Key) -> Any:
        """Make it on the loop: finding proxyd's own credentials may take a request."""
        config = AioConfig(retries=_retries(_OURS))
        service = key[0].removeprefix(_BASE)
        return await self._base.client(service, region_name=key[1], config=config).__aenter__()

    def _reach(self, service: str, attempts: int, region: str = "") -> dict[str, Any]:
        """Return what a client takes to reach its service as configured."""
        settings = self._settings
        endpoints = settings.endpoints
        of_region = endpoints.get(f"{service}/{region}") or endpoints.get(service)
        return {
            "endpoint_url": of_region or settings.endpoint_url,
            "verify": settings.ca_bundle or True,
            "config": _config(settings, self._context, attempts),
        }

    async def _tend(self) -> None:
        """Close what nobody has asked for in a long time, and the oldest of too many."""
        while True:
            await asyncio.sleep(TEND)
            for key in self._dispensable(time.monotonic()):
                await self._kept.pop(key).client.close()

    def _dispensable(self, now: float) -> list[Key]:
        """Choose what to close: never anything that may be in the middle of a call."""
        settings = self._settings
        surplus = len(self._kept) - settings.clients
        idle = [
            (key, now - kept.used)
            for key, kept in self._kept.items()
            if not key[0].startswith(_BASE)
        ]
        return [
            key
            for place, (key, seconds) in enumerate(idle)
            if seconds > settings.client_seconds or (place < surplus and seconds > BUSY)
        ]


def _tls(ca_bundle: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except ssl.SSLError:
        raise ConfigError(f"aws.ca_bundle: holds no certificate: {ca_bundle}") from None


def _retries(attempts: int) -> dict[str, Any]:
    return {"mode": "standard", "total_max_attempts": attempts}


def _config(settings: Aws, context: ssl.SSLContext, attempts: int) -> Config:
    emulated = settings.endpoint_url is not None
    return AioConfig(
        # CloudTrail shows it; and botocore's own is put together anew for each request.
        user_agent=f"proxyd/{__version__}",
        http_session_cls=internals.http_session_class(context),
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=MAX_CONNECTIONS,
        retries=_retries(attempts),
        proxies={"http": settings.proxy, "https": settings.proxy} if settings.proxy else {},
        use_fips_endpoint=settings.fips,
        use_dualstack_endpoint=settings.dual_stack,
        ignore_configured_endpoint_urls=True,
        # A bearer token of the environment would sign for Bedrock, whoever asks.
        auth_scheme_preference="sigv4",
        # An emulator has one address: no bucket or account may be put before it.
        s3={"addressing_style": "path"} if emulated else None,
        inject_host_prefix=not emulated,
        # Where aiobotocore is told of a region, it must not ask the instance for defaults.
        defaults_mode="legacy",
    )
