"""An issuer's tokens (JWT, RFC 7519, as RFC 8725 would have them checked) → proof. Pure.

Nothing in a token is believed before its signature is: `peek` only says whose it claims to be.
The headers that point to a key (`jku`, `jwk`, `x5u`, `x5c`) are never looked at.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from proxyd.auth.proofs import JwtProof, Refused
from proxyd.auth.words import MAX_GROUPS, is_group, is_name
from proxyd.settings import Issuer

MAX_JWT = 8190
"""Characters of a token that are looked at; a header line holds no more."""

MAX_HEADER = 2048
MAX_KEYS = 100
MIN_MODULUS = 2048 // 6
"""Characters of base64url that the modulus of an RSA key has at least: 2048 bits."""

SKEW = 60
"""Seconds that the issuer's clock may be ahead. None is given at the end: a token ends when it
says so, and with it the streams that it opened."""

TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
"""What `typ` may say where it is there: a logout token or a proof of possession is no login."""

_FAMILIES: dict[str, type[Key]] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}


class Peeked(NamedTuple):
    """What a token claims before anything is verified."""

    issuer: str
    algorithm: str
    key_id: str | None


class Keys:
    """The keys of an issuer that can verify a signature."""

    def __init__(self, document: object) -> None:
        """Read a JWK set (RFC 7517); keys of kinds that are not known are passed over.

        Raises:
            ValueError: it is not one.

        """
        given = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(given, list) or len(given) > MAX_KEYS:
            raise ValueError("no JWK set")
        self._keys: list[Key] = [key for key in map(_import, given) if key is not None]

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the one key that a token of this algorithm can mean; None when it is not clear."""
        fitting = [
            key
            for key in self._keys
            if isinstance(key, _FAMILIES[algorithm[:2]])
            and key.get("alg") in {None, algorithm}
            and (key_id is None or key.kid == key_id)
        ]
        return fitting[0] if len(fitting) == 1 else None


class _Registry(JWSRegistry):
    """Exactly the configured algorithms: the base class has others to fall back on."""

    max_header_length = MAX_HEADER
    max_payload_length = MAX_JWT

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


def looks_like_one(given: str) -> bool:
    """Whether it has the form of a signed JWT: three parts, of which the first is an object."""
    return given.startswith("ey") and given.count(".") == 2  # noqa: PLR2004 - RFC 7515's form


def peek(given: str) -> Peeked:
    """Read whose a token claims to be.

    Raises:
        Refused: it is not a JWT.

    """
    if len(given) > MAX_JWT:
        raise Refused("too_long")
    if not looks_like_one(given):
        raise Refused("malformed")
    header, payload, _ = given.split(".")
    if len(header) > MAX_HEADER:
        raise Refused("too_long")
    try:
        said = msgspec.json.decode(_decoded(header))
        claims = msgspec.json.decode(_decoded(payload))
        issuer, algorithm, key_id = claims["iss"], said["alg"], said.get("kid")
    except (
        binascii.Error,
        msgspec.DecodeError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ):
        raise Refused("malformed") from None
    if not (isinstance(issuer, str) and isinstance(algorithm, str)):
        raise Refused("malformed")
    if not (key_id is None or isinstance(key_id, str)):
        raise Refused("malformed")
    return Peeked(issuer, algorithm, key_id)


def verify(
    given: str,
    key: Key,
    issuer: Issuer,
    *,
    audiences: Collection[str],
    now: datetime,
    nonce: str | None = None,
) -> JwtProof:
    """Verify a token with its issuer's key, and reduce it to what is kept of it.

    Args:
        given: the token.
        key: that of the issuer's keys which the token names.
        issuer: whose it has to be.
        audiences: what its `aud` may be.
        now: the time.
        nonce: of the login that it has to belong to, where there is one.

    Raises:
        Refused: something about it is not good.

    """
    registry = _Registry(algorithms=list(issuer.algorithms), strict_check_header=False)
    try:
        token = jwt.decode(given, key, registry=registry)
    except (JoseError, ValueError, TypeError):
        raise Refused("signature") from None
    _check_header(token.header)
    claims = token.claims
    if claims.get("iss") != issuer.issuer:
        raise Refused("issuer")
    if nonce is not None and claims.get("nonce") != nonce:
        raise Refused("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not is_name(subject):
        raise Refused("subject")
    return JwtProof(
        issuer=issuer.issuer,
        audience=_audience(claims, audiences),
        subject=subject,
        groups=_groups(claims, issuer.groups_claim),
        expires=_expires(claims, now),
    )


def _import(given: object) -> Key | None:
    if not isinstance(given, dict) or given.get("use", "sig") != "sig" or "d" in given:
        return None
    if given.get("kty") == "RSA" and len(str(given.get("n"))) < MIN_MODULUS:
        return None
    operations = given.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    try:
        key = JWKRegistry.import_key(given)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _check_header(header: Mapping[str, Any]) -> None:
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.casefold() not in TYPES:
        raise Refused("type")
    if "crit" in header or "zip" in header or "b64" in header:
        raise Refused("critical")


def _audience(claims: Mapping[str, Any], accepted: Collection[str]) -> str:
    given = claims.get("aud")
    audiences = given if isinstance(given, list) else [given]
    for audience in audiences:
        if isinstance(audience, str) and audience in accepted:
            return audience
    raise Refused("audience")


def _expires(claims: Mapping[str, Any], now: datetime) -> datetime:
    expires = _moment(claims.get("exp"))
    if expires is None:
        raise Refused("no_expiry")
    if expires <= now:
        raise Refused("expired")
    for name in ("nbf", "iat"):
        if name in claims:
            begins = _moment(claims[name])
            if begins is None or (begins - now).total_seconds() > SKEW:
                raise Refused("not_yet")
    return expires


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _groups(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Find the groups: a claim of that very name, or, where it has dots, one inside of another."""
    found: object = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    if found is None:
        return frozenset()
    names = found if isinstance(found, list) else [found]
    if len(names) > MAX_GROUPS or not all(map(is_group, names)):
        raise Refused("groups")
    return frozenset(names)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
