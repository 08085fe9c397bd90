"""One OpenID provider: where its endpoints are, which keys it signs with, what it has signed.

Keys are asked for ahead of need and kept while the provider is down, up to a limit; then nobody
gets in by its tokens. A token with a key that is not known has them asked for again, at most
once a minute: a stranger can make up key ids.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import msgspec
from joserfc.jwk import Key

from proxyd import settings
from proxyd.auth.jwts import Keys, Peeked, peek, verify
from proxyd.auth.proofs import JwtProof, Refused
from proxyd.logs import get_logger
from proxyd.oidc.fetching import Unavailable

log = get_logger(__name__)

UNKNOWN_KEY_SECONDS = 60.0
AGAIN_SECONDS = 5.0
"""Seconds after which a provider is asked again that did not answer."""

State = Literal["ok", "stale", "unavailable"]


class Discovery(msgspec.Struct, frozen=True):
    """The part of a discovery document that is needed (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Fetch(Protocol):
    """What asks a provider."""

    async def get(self, url: str) -> Any:
        """GET a document, or raise Unavailable."""
        ...


class Issuer:
    """A provider and its keys.

    Args:
        terms: what the configuration says of it.
        fetch: what asks it.
        clock: seconds, always going forward.

    """

    def __init__(
        self, terms: settings.Issuer, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.terms = terms
        self._fetch = fetch
        self._clock = clock
        self._discovery: Discovery | None = None
        self._keys: Keys | None = None
        self._fetched = self._asked = self._asked_for_key = -float("inf")
        self._asking: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Whether its tokens can be verified, and by keys how old."""
        age = self._clock() - self._fetched
        if self._keys is None or age > self.terms.keep_seconds:
            return "unavailable"
        return "ok" if age <= self.terms.refresh_seconds + UNKNOWN_KEY_SECONDS else "stale"

    async def verify(self, given: str) -> JwtProof:
        """Verify a token that was sent as a Bearer credential.

        Raises:
            Refused: it is not good, or can not be verified now.

        """
        key = await self._key_of(peek(given))
        audiences = (self.terms.audience,)
        return verify(given, key, self.terms, audiences=audiences, now=datetime.now(UTC))

    async def verify_login(self, given: str, client_id: str, nonce: str) -> JwtProof:
        """Verify the ID token of a login.

        Raises:
            Refused: it is not good, or can not be verified now.

        """
        key = await self._key_of(peek(given))
        now = datetime.now(UTC)
        return verify(given, key, self.terms, audiences=(client_id,), now=now, nonce=nonce)

    async def discovery(self) -> Discovery:
        """Return where its endpoints are.

        Raises:
            Unavailable: it does not say.

        """
        if self._discovery is None:
            self._discovery = await self._discover()
        return self._discovery

    async def warm(self) -> None:
        """Ask for its keys before anybody needs them."""
        await self._ask()

    async def stop(self) -> None:
        """End what is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _key_of(self, peeked: Peeked) -> Key:
        if peeked.issuer != self.terms.issuer:
            raise Refused("issuer")
        if peeked.algorithm not in self.terms.algorithms:
            raise Refused("algorithm")
        await self._freshen()
        key = self._find(peeked)
        if key is None and self._clock() - self._asked_for_key >= UNKNOWN_KEY_SECONDS:
            self._asked_for_key = self._clock()
            await self._ask()
            key = self._find(peeked)
        if key is None:
            raise Refused("no_keys" if self.state == "unavailable" else "unknown_key")
        return key

    def _find(self, peeked: Peeked) -> Key | None:
        if self._keys is None or self.state == "unavailable":
            return None
        return self._keys.find(peeked.key_id, peeked.algorithm)

    async def _freshen(self) -> None:
        """See to it that the keys are not too old: wait for them only where there are none."""
        now = self._clock()
        if now - self._fetched < self.terms.refresh_seconds:
            return
        under_way = self._asking is not None and not self._asking.done()
        if now - self._asked < AGAIN_SECONDS and not under_way:
            return
        asking = self._ask()
        if self.state == "unavailable":
            await asking

    def _ask(self) -> asyncio.Future[None]:
        """Ask for the keys; whoever asks meanwhile gets the same answer."""
        if self._asking is None or self._asking.done():
            self._asked = self._clock()
            self._asking = asyncio.create_task(self._fetch_keys())
        return asyncio.shield(self._asking)

    async def _fetch_keys(self) -> None:
        try:
            where = self.terms.jwks_uri
            if where is None:
                self._discovery = await self._discover()
                where = self._discovery.jwks_uri
            keys = Keys(await self._fetch.get(where))
        except (Unavailable, ValueError) as error:
            log.warning(
                "issuer unavailable", issuer=self.terms.name, why=str(error), keys=self.state
            )
        else:
            self._keys, self._fetched = keys, self._clock()
            log.info("issuer keys", issuer=self.terms.name, keys=len(keys))

    async def _discover(self) -> Discovery:
        base = self.terms.issuer.rstrip("/")
        document = await self._fetch.get(f"{base}/.well-known/openid-configuration")
        try:
            found = msgspec.convert(document, Discovery)
        except msgspec.ValidationError:
            raise Unavailable("no discovery document") from None
        if found.issuer != self.terms.issuer:
            raise Unavailable("its discovery document is another issuer's")
        return found
