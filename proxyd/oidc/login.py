"""The login of a browser: authorization code flow with PKCE (RFC 7636), state and nonce.

What has to be remembered between leaving and coming back is in an encrypted cookie of the
browser's own, so that nobody can fill our memory with logins that are never finished.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from proxyd import settings
from proxyd.auth.proofs import JwtProof, Refused
from proxyd.oidc.fetching import Unavailable
from proxyd.oidc.issuer import Discovery, Issuer

SECONDS = 600
"""Seconds that a person has to log in."""

CALLBACK = "/v1/callback"


class Post(Protocol):
    """What asks a provider."""

    async def post(self, url: str, form: Mapping[str, str], *, basic: str | None = None) -> Any:
        """POST a form, or raise Unavailable."""
        ...


class Begun(NamedTuple):
    """Where the browser is sent, and the cookie that it takes along."""

    url: str
    cookie: str


class Finished(NamedTuple):
    """Who has logged in, and the path that the browser came for."""

    proof: JwtProof
    back: str


class _Memory(msgspec.Struct, kw_only=True):
    state: str
    nonce: str
    verifier: str
    back: str


class _Answer(msgspec.Struct):
    id_token: str


class Login:
    """Logins at one provider."""

    def __init__(self, terms: settings.Login, issuer: Issuer, post: Post) -> None:
        self._terms = terms
        self._issuer = issuer
        self._post = post
        self._sealed = Fernet(Fernet.generate_key())

    async def begin(self, back: str) -> Begun:
        """Begin a login.

        Args:
            back: the path to which the browser is sent in the end; see `is_path`.

        Raises:
            Unavailable: the provider does not answer.

        """
        discovery = await self._issuer.discovery()
        memory = _Memory(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32),
            back=back,
        )
        challenge = hashlib.sha256(memory.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._terms.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(self._terms.scopes),
            "state": memory.state,
            "nonce": memory.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        url = _with(discovery.authorization_endpoint, query)
        return Begun(url, self._sealed.encrypt(msgspec.json.encode(memory)).decode())

    async def finish(self, query: Mapping[str, str], cookie: str) -> Finished:
        """Finish a login: trade the code that the browser has brought for an ID token.

        Args:
            query: the parameters of the callback.
            cookie: what `begin` gave this browser.

        Raises:
            Refused: it is not the login that this browser began, or it failed.
            Unavailable: the provider does not answer.

        """
        memory = self._opened(cookie)
        if not secrets.compare_digest(
            query.get("state", "").encode(errors="replace"), memory.state.encode()
        ):
            raise Refused("state")
        discovery = await self._issuer.discovery()
        self._check_issuer(query, discovery)
        if "code" not in query:
            raise Refused("denied")
        token = await self._trade(query["code"], memory.verifier, discovery)
        proof = await self._issuer.verify_login(token, self._terms.client_id, memory.nonce)
        # The token says for how long the login may be shown to us, not how long it lasts.
        return Finished(msgspec.structs.replace(proof, expires=None), memory.back)

    async def logout_url(self) -> str | None:
        """Return where a browser can log out of the provider as well."""
        try:
            discovery = await self._issuer.discovery()
        except Unavailable:
            return None
        if discovery.end_session_endpoint is None:
            return None
        query = {
            "client_id": self._terms.client_id,
            "post_logout_redirect_uri": f"{self._terms.url}/",
        }
        return _with(discovery.end_session_endpoint, query)

    @property
    def _redirect_uri(self) -> str:
        return f"{self._terms.url}{CALLBACK}"

    def _opened(self, cookie: str) -> _Memory:
        try:
            return msgspec.json.decode(self._sealed.decrypt(cookie, ttl=SECONDS), type=_Memory)
        except (InvalidToken, ValueError):
            raise Refused("cookie") from None

    def _check_issuer(self, query: Mapping[str, str], discovery: Discovery) -> None:
        """See that the answer is this provider's and no other's (RFC 9207)."""
        said = query.get("iss")
        if said is None and not discovery.authorization_response_iss_parameter_supported:
            return
        if said != discovery.issuer:
            raise Refused("issuer")

    async def _trade(self, code: str, verifier: str, discovery: Discovery) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._terms.client_id,
            "code_verifier": verifier,
        }
        basic, secret = None, self._terms.client_secret
        if secret is not None and "client_secret_basic" in (
            discovery.token_endpoint_auth_methods_supported
        ):
            basic = _basic(self._terms.client_id, secret)
        elif secret is not None:
            form["client_secret"] = secret
        answer = await self._post.post(discovery.token_endpoint, form, basic=basic)
        try:
            return msgspec.convert(answer, _Answer).id_token
        except msgspec.ValidationError:
            raise Unavailable("no ID token") from None


def is_path(back: str) -> bool:
    """Whether it is a path of our own, to which a browser may be sent after a login."""
    plain = back.isascii() and back.isprintable() and "\\" not in back and " " not in back
    return plain and back.startswith("/") and not back.startswith("//")


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _basic(client_id: str, secret: str) -> str:
    """Write the client's credentials as OAuth 2.0 has them (RFC 6749, section 2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
