"""Proof → principal: whom a proof stands for, as the configuration has it. Pure.

It is asked when somebody comes, and again for every open stream when the configuration changes.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from proxyd.auth import fronts
from proxyd.auth.proofs import CertificateProof, FrontProof, JwtProof, Proof, TokenProof
from proxyd.model import FRONT, Principal
from proxyd.settings import Settings


class Directory:
    """Everybody who is known."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = settings.tokens
        self._certificates = {each.known_by: each.principal for each in settings.certificates}
        self._issuers = {each.issuer: each for each in settings.issuers}
        self._login = settings.login
        self._front = settings.front

    def principal(self, proof: Proof, now: datetime | None = None) -> Principal | None:
        """Return whom a proof stands for; None when it is nobody, or nobody any more."""
        match proof:
            case TokenProof():
                found = self._of_token(proof)
            case JwtProof():
                found = self._of_jwt(proof)
            case CertificateProof():
                found = self._of_certificate(proof)
            case FrontProof():
                found = self._of_front(proof)
        if found is None or found.expires is None or found.expires > (now or datetime.now(UTC)):
            return found
        return None

    def _of_token(self, proof: TokenProof) -> Principal | None:
        """Compare every known token, always: the time taken tells nothing about which."""
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.sha256, proof.sha256):
                found = token.principal
        return found

    def _of_jwt(self, proof: JwtProof) -> Principal | None:
        issuer = self._issuers.get(proof.issuer)
        if issuer is None:
            return None
        accepted = {issuer.audience}
        if self._login is not None and self._login.issuer == issuer.name:
            accepted.add(self._login.client_id)
        if proof.audience not in accepted:
            return None
        groups = _prefixed(issuer.groups_prefix, proof.groups)
        return Principal(
            name=f"{issuer.name}:{proof.subject}",
            groups=groups,
            admin=not groups.isdisjoint(issuer.admin_groups),
            expires=proof.expires,
        )

    def _of_certificate(self, proof: CertificateProof) -> Principal | None:
        """Take the one principal that the certificate's names lead to; two are a contradiction."""
        found = {self._certificates[name] for name in proof.names & self._certificates.keys()}
        if len(found) != 1:
            return None
        [known] = found
        return Principal(
            name=known.name, groups=known.groups, admin=known.admin, expires=proof.expires
        )

    def _of_front(self, proof: FrontProof) -> Principal | None:
        if self._front.user_header is None or not fronts.believed(self._front, proof.peer):
            return None
        groups = _prefixed(self._front.groups_prefix, proof.groups)
        return Principal(
            name=f"{FRONT}:{proof.user}",
            groups=groups,
            admin=not groups.isdisjoint(self._front.admin_groups),
        )


def _prefixed(prefix: str, groups: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{prefix}{group}" for group in groups)
