"""Credential → caller: who sends a request, by which proof, and slowly for whoever guesses.

One kind of credential decides, in this order: an Authorization header, what a believed front
proxy says, a session cookie, a client certificate. The first is sent on purpose; a browser sends
the others by itself, wherever a page comes from, so they are `ambient`: see web/origins.py.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from proxyd import certificates
from proxyd.auth import fronts, jwts, tokens
from proxyd.auth.directory import Directory
from proxyd.auth.failures import Failures, address_key
from proxyd.auth.presented import Presented
from proxyd.auth.proofs import CertificateProof, Proof, Refused
from proxyd.auth.sessions import Session, Sessions
from proxyd.errors import Problem
from proxyd.logs import get_logger
from proxyd.metrics import Metrics
from proxyd.model import Principal
from proxyd.oidc.issuer import Issuer
from proxyd.settings import Settings

log = get_logger(__name__)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever sends a request.

    Attributes:
        principal: who it is.
        proof: what was proven of it, without any secret.
        address: where it is, as far as is known.
        ambient: whether its credential is one that browsers send by themselves.
        session: the browser session that it comes by.

    """

    principal: Principal
    proof: Proof
    address: str
    ambient: bool = False
    session: Session | None = None


class Admission:
    """Lets in whom it should, and nobody else.

    Attributes:
        directory: whom proofs stand for now; replaced when the configuration is.

    """

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        *,
        sessions: Sessions,
        issuers: Mapping[str, Issuer],
        metrics: Metrics,
    ) -> None:
        self._issuers = issuers
        self._sessions = sessions
        self._metrics = metrics
        self._failures = Failures(settings.limits.failed_logins, time.monotonic)
        self.adopt(settings, directory)

    def adopt(self, settings: Settings, directory: Directory) -> None:
        """Go by a new configuration from now on."""
        self.directory = directory
        self._front = settings.front
        self._login = settings.login is not None
        self._failures.per_minute = settings.limits.failed_logins

    def address(self, presented: Presented) -> str:
        """Return where a request comes from, past the proxies that are believed."""
        return fronts.client(self._front, presented.peer, presented.values("x-forwarded-for"))

    def secure(self, presented: Presented) -> bool | None:
        """Return whether the browser's connection is encrypted; None when no proxy says."""
        return fronts.secure(self._front, presented.peer, presented.values("x-forwarded-proto"))

    async def admit(self, presented: Presented) -> Caller:
        """Return who sends a request.

        Raises:
            Problem: 401, the same for every cause; 429 for one who has guessed too often.

        """
        address = self.address(presented)
        try:
            if presented.authorization:
                return await self._by_authorization(presented.authorization, address)
            return self._by_ambient(presented, address)
        except Refused as refused:
            self._metrics.logins.labels(refused.reason).inc()
            log.debug("login refused", reason=refused.reason)
            raise self.unauthenticated() from None

    def unauthenticated(self) -> Problem:
        """Make the one answer for every credential that is not good."""
        return Problem(
            401,
            "unauthenticated",
            "a valid credential is needed, such as Authorization: Bearer pxd_…",
            headers={"WWW-Authenticate": 'Bearer realm="proxyd"'},
            extra={"login": "/v1/login"} if self._login else None,
        )

    async def _by_authorization(self, headers: tuple[str, ...], address: str) -> Caller:
        given = bearer(headers)
        keys = [address_key(address)]
        if token_id := tokens.id_of(given):
            keys.append(f"token {token_id}")
        wait = self._failures.wait(keys, given)
        if wait:
            self._metrics.logins.labels("slowed").inc()
            raise _slow_down(wait)
        try:
            proof = await self._prove(given)
            caller = self._caller(proof, address)
        except Refused:
            self._failures.failed(keys)
            raise
        self._failures.succeeded(given)
        return caller

    async def _prove(self, given: str) -> Proof:
        if jwts.looks_like_one(given):
            issuer = self._issuers.get(jwts.peek(given).issuer)
            if issuer is None:
                raise Refused("issuer")
            return await issuer.verify(given)
        proof = tokens.proof(given)
        if proof is None:
            raise Refused("malformed")
        return proof

    def _by_ambient(self, presented: Presented, address: str) -> Caller:
        front = fronts.proof(
            self._front,
            presented.peer,
            presented.values(self._front.user_header),
            presented.values(self._front.groups_header),
        )
        if front is not None:
            return self._caller(front, address, ambient=True)
        session = self._sessions.find(presented.cookie) if presented.cookie else None
        if session is not None:
            return self._by_session(session, address)
        if presented.certificate is not None:
            return self._caller(_certified(presented.certificate), address, ambient=True)
        raise Refused("nothing")

    def _by_session(self, session: Session, address: str) -> Caller:
        caller = self._caller(session.proof, address, ambient=True)
        expires = min(session.expires, caller.principal.expires or session.expires)
        return msgspec.structs.replace(
            caller,
            principal=msgspec.structs.replace(caller.principal, expires=expires),
            session=session,
        )

    def _caller(self, proof: Proof, address: str, *, ambient: bool = False) -> Caller:
        principal = self.directory.principal(proof, datetime.now(UTC))
        if principal is None:
            raise Refused("unknown")
        return Caller(principal=principal, proof=proof, address=address, ambient=ambient)


def bearer(headers: Sequence[str]) -> str:
    """Return the credential of the Authorization header.

    Raises:
        Refused: it is of another scheme, or there is not exactly one.

    """
    if len(headers) != 1:
        raise Refused("malformed")
    scheme, _, given = headers[0].partition(" ")
    if scheme.casefold() != "bearer":
        raise Refused("malformed")
    return given.strip(" ")


def _certified(der: bytes) -> CertificateProof:
    try:
        read = certificates.read(der)
    except ValueError:
        raise Refused("malformed") from None
    return CertificateProof(read.names, read.expires)


def _slow_down(wait: float) -> Problem:
    seconds = int(wait) + 1 + random.randint(0, 2)  # noqa: S311 - to spread them, no secret
    return Problem(
        429,
        "too_many_failures",
        "too many failed logins: wait before the next",
        headers={"Retry-After": str(seconds)},
    )
