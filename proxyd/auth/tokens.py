"""API tokens: 256 random bits that the client holds, of which proxyd knows a hash."""

from __future__ import annotations

import hashlib
import secrets
import zlib

from proxyd.auth.proofs import TokenProof

PREFIX = "pxd_"
MAX_TOKEN = 512
"""Characters of an API token that are looked at; ours have 65."""

_ID = 8


def new_token() -> str:
    """Make a token: prefix, id, secret, and a checksum by which secret scanners know it."""
    body = f"{PREFIX}{secrets.token_hex(_ID // 2)}_{secrets.token_urlsafe(32)}"
    return f"{body}_{zlib.crc32(body.encode()):08x}"


def digest(token: str) -> bytes:
    """Return what the configuration holds of a token.

    A plain hash: 256 random bits need no slow one, and a slow one would be a lever for
    whoever wants the daemon busy.
    """
    return hashlib.sha256(token.encode()).digest()


def proof(given: str) -> TokenProof | None:
    """Reduce a token to what is kept of it; None when it can not be one."""
    if given.isascii() and 0 < len(given) <= MAX_TOKEN:
        return TokenProof(digest(given))
    return None


def id_of(given: str) -> str:
    """Return the part of a token that tells which it is, and is no secret; "" where it has none."""
    return given[len(PREFIX) : len(PREFIX) + _ID] if given.startswith(PREFIX) else ""
