"""JSON from an OpenID provider, over HTTPS: bounded in time and size, and never led elsewhere."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from proxyd.settings import Issuer

SECONDS = 5.0
MAX_BYTES = 512 * 1024
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Unavailable(Exception):  # noqa: N818 - it is the provider that is
    """The provider did not give what was asked; the text says why, and nothing that it said."""


def port_of(url: str) -> int:
    """Return the TCP port of an address."""
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORTS[parts.scheme]


def ports(issuer: Issuer) -> set[int]:
    """Return the TCP ports that reaching an issuer takes."""
    if issuer.proxy is not None:
        return {port_of(issuer.proxy)}
    return {port_of(url) for url in (issuer.issuer, issuer.jwks_uri) if url is not None}


class Fetcher:
    """Asks one provider."""

    def __init__(self, issuer: Issuer) -> None:
        self._proxy = issuer.proxy
        self._plain = urlsplit(issuer.issuer).scheme == "http"
        self._ports = {443, *ports(issuer)}
        self._tls = ssl.create_default_context(cafile=issuer.ca_bundle)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    async def get(self, url: str) -> Any:
        """GET a document.

        Raises:
            Unavailable: there is none.

        """
        return await self._ask("GET", url)

    async def post(self, url: str, form: Mapping[str, str], *, basic: str | None = None) -> Any:
        """POST a form, and return the document that answers it.

        Args:
            url: where to.
            form: the fields.
            basic: the value of an Authorization header.

        Raises:
            Unavailable: there is none.

        """
        headers = {} if basic is None else {"Authorization": basic}
        return await self._ask("POST", url, data=dict(form), headers=headers)

    async def _ask(self, method: str, url: str, **options: Any) -> Any:
        self._check(url)
        try:
            # A few times an hour: a session is not worth keeping open.
            async with (
                asyncio.timeout(SECONDS),
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=self._tls),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                ) as session,
                session.request(
                    method, url, proxy=self._proxy, allow_redirects=False, **options
                ) as response,
            ):
                return await _document(response)
        except TimeoutError:
            raise Unavailable(f"no answer within {SECONDS:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(type(error).__name__) from None

    def _check(self, url: str) -> None:
        """Refuse what a provider may not send us to, whatever its documents say."""
        scheme, host = _read(url)
        if not host or scheme not in _DEFAULT_PORTS:
            raise Unavailable("it names no https:// address")
        if scheme == "http" and not (self._plain and _is_loopback(host)):
            raise Unavailable("it names an address without https")
        if self._proxy is None and port_of(url) not in self._ports:
            raise Unavailable(f"it names port {port_of(url)}, which the sandbox does not let out")


def _read(url: str) -> tuple[str, str | None]:
    """Return scheme and host of an address; none of what is no address at all."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None
    return parts.scheme, parts.hostname if port != 0 else None


async def _document(response: aiohttp.ClientResponse) -> Any:
    if response.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise Unavailable(f"status {response.status}")
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Unavailable(f"more than {MAX_BYTES} bytes")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Unavailable("no JSON") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
