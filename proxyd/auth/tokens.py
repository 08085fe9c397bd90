"""API tokens: 256 random bits that the client holds, of which proxyd knows a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from proxyd.model import Principal
from proxyd.settings import Token

PREFIX = "pxd_"
MAX_TOKEN = 512
"""Characters of an API token that are looked at; ours have 64."""


def new_token() -> str:
    """Make a token: prefix, id, secret, and a checksum by which secret scanners know it."""
    body = f"{PREFIX}{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"
    return f"{body}_{zlib.crc32(body.encode()):08x}"


def digest(token: str) -> bytes:
    """Return what the configuration holds of a token.

    A plain hash: 256 random bits need no slow one, and a slow one would be a lever for
    whoever wants the daemon busy.
    """
    return hashlib.sha256(token.encode()).digest()


def authenticate(
    header: str | None, tokens: Sequence[Token], now: datetime | None = None
) -> Principal | None:
    """Return whom an Authorization header stands for, None whatever is wrong with it.

    Every known token is compared, always: the time taken tells nothing about which.
    """
    scheme, _, given = (header or "").partition(" ")
    given = given.strip()
    usable = scheme.casefold() == "bearer" and given.isascii() and 0 < len(given) <= MAX_TOKEN
    wanted = digest(given if usable else "")
    found: Principal | None = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, wanted):
            found = token.principal
    if found is None or not usable:
        return None
    if found.expires is not None and found.expires <= (now or datetime.now(UTC)):
        return None
    return found
