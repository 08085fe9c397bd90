"""What was proven of a caller, apart from any secret: kept, to be judged again later.

A proof says what a credential said. Whom it stands for is what the configuration says, which may
change while a stream is open.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Refused(Exception):  # noqa: N818 - it says what the credential is
    """A credential is not good; `reason` is one of few words, for the metrics and the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TokenProof(msgspec.Struct, frozen=True):
    """An API token was given, with this SHA-256."""

    sha256: bytes


class JwtProof(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer's token was given, and its signature and times were good.

    Attributes:
        issuer: the `iss` claim.
        audience: the `aud` claim that it was accepted for.
        subject: the `sub` claim.
        groups: as the issuer writes them.
        expires: the `exp` claim; None for a login, which lasts as long as its session.

    """

    issuer: str
    audience: str
    subject: str
    groups: frozenset[str]
    expires: datetime | None


class CertificateProof(msgspec.Struct, frozen=True):
    """The TLS handshake proved the key of a certificate with these names."""

    names: frozenset[str]
    expires: datetime


class FrontProof(msgspec.Struct, frozen=True):
    """A front proxy at this address said who it is."""

    peer: str
    user: str
    groups: frozenset[str]


Proof = TokenProof | JwtProof | CertificateProof | FrontProof
