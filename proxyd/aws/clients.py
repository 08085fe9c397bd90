"""The client pool: one client for each service, region and endpoint, shared by every scan.

Making a client costs more than a call through it, so clients are kept. They hold no
credentials: those come with the task (`proxyd.aws.binding`).
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import urlsplit

import aioboto3
from aiobotocore.config import AioConfig
from botocore.config import Config

from proxyd.aws import internals
from proxyd.settings import Aws

MAX_CONNECTIONS = 32
"""Connections of one client: what a service in a region is asked at the same time."""


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


class Clients:
    """Makes clients when they are first needed and keeps them until the daemon ends."""

    def __init__(self, settings: Aws) -> None:
        self._settings = settings
        self._context = ssl.create_default_context(cafile=settings.ca_bundle)
        self._session = aioboto3.Session(botocore_session=internals.guarded_session())
        self._base = aioboto3.Session()
        self._clients: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for making in self._clients.values():
            making.cancel()
        await asyncio.gather(*self._clients.values(), return_exceptions=True)
        await self._stack.aclose()

    async def get(self, service: str, region: str) -> Any:
        """Return the client that signs as the running task's session."""
        return await self._kept(self._session, service, region)

    async def base_sts(self, region: str) -> Any:
        """Return the STS client that signs as proxyd itself, by botocore's own chain."""
        return await self._kept(self._base, "sts", region, base=True)

    async def _kept(
        self, session: aioboto3.Session, service: str, region: str, *, base: bool = False
    ) -> Any:
        key = ("base" if base else service, region)
        making = self._clients.get(key)
        if making is None or (making.done() and making.exception() is not None):
            making = asyncio.create_task(self._make(session, service, region))
            self._clients[key] = making
        return await asyncio.shield(making)

    async def _make(self, session: aioboto3.Session, service: str, region: str) -> Any:
        settings = self._settings
        endpoint = settings.endpoints.get(service) or settings.endpoint_url
        client = session.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            verify=settings.ca_bundle or True,
            config=_config(settings, self._context, emulated=settings.endpoint_url is not None),
        )
        return await self._stack.enter_async_context(client)


def _config(settings: Aws, context: ssl.SSLContext, *, emulated: bool) -> Config:
    return AioConfig(
        http_session_cls=internals.http_session_class(context),
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=MAX_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        proxies={"http": settings.proxy, "https": settings.proxy} if settings.proxy else {},
        use_fips_endpoint=settings.fips,
        use_dualstack_endpoint=settings.dual_stack,
        ignore_configured_endpoint_urls=True,
        # An emulator has one address: no bucket or account may be put before it.
        s3={"addressing_style": "path"} if emulated else None,
        inject_host_prefix=not emulated,
        # Where aiobotocore is told of a region, it must not ask the instance for defaults.
        defaults_mode="legacy",
    )
