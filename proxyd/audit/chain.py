"""The seal of each line: an HMAC over it and all before, with a key that moves on and is forgotten.

    seal(i) = HMAC-SHA256(key(i), seal(i-1) ‖ line(i))      key(i+1) = HMAC-SHA256(key(i), "next")

Who takes over the daemon has the key of the next line, and of none that was written: the past can
not be written anew (Schneier & Kelsey, Secure Audit Logs to Support Computer Forensics, 1999).
key(0) is random and made anew for each run. Its first record holds it: sealed to the auditor's
public key by HPKE (RFC 9180), so that only the auditor can check the chain, or in the clear, which
shows damage and careless editing but not what a careful forger did.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO = b"proxyd audit chain"
_ZERO = bytes(32)
_TAIL = re.compile(rb',"seal":"([0-9a-f]{64})"\}\}$')
_KEY_BYTES = 32


class Chain:
    """Seals lines, one after the other."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seal = _ZERO

    @property
    def head(self) -> str:
        """The seal of the last line, in hexadecimal."""
        return self._seal.hex()

    def next(self, body: bytes) -> str:
        """Return the seal of the next line, and forget the key that it was made with."""
        self._seal = hmac.digest(self._key, self._seal + body, "sha256")
        self.skip(1)
        return self.head

    def after(self, previous: str, body: bytes) -> str:
        """Return what the seal of the next line would be, if the one before it had this one."""
        return hmac.digest(self._key, bytes.fromhex(previous) + body, "sha256").hex()

    def skip(self, lines: int) -> None:
        """Pass over lines."""
        for _ in range(lines):
            self._key = hmac.digest(self._key, b"next", "sha256")


def seal(chain: Chain, body: bytes) -> bytes:
    """Write a line with its seal: `body` is a JSON object whose last member is an object."""
    return b'%b,"seal":"%b"}}' % (body[:-2], chain.next(body).encode())


def unseal(line: bytes) -> tuple[bytes, str] | None:
    """Return a line as it was before it was sealed, and its seal; None where there is none."""
    tail = _TAIL.search(line)
    return (line[: tail.start()] + b"}}", tail[1].decode()) if tail else None


def new_key() -> bytes:
    """Make key(0) of a run."""
    return secrets.token_bytes(_KEY_BYTES)


def new_pair() -> tuple[str, str]:
    """Make an auditor's private and public key, both in base64."""
    private = X25519PrivateKey.generate()
    raw = private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return _encode(raw), _encode(private.public_key().public_bytes_raw())


def public_key(text: str) -> X25519PublicKey:
    """Read a public key.

    Raises:
        ValueError: it is none.

    """
    return X25519PublicKey.from_public_bytes(_decode(text))


def fingerprint(key: X25519PublicKey) -> str:
    """Tell public keys apart: 16 hexadecimal digits of the key's SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def conceal(key: bytes, auditor: X25519PublicKey) -> str:
    """Seal a chain's key to the auditor's public key."""
    return _encode(_SUITE.encrypt(key, auditor, _INFO))


def reveal(sealed: str, private: str) -> bytes:
    """Open what was sealed.

    Raises:
        ValueError: it was sealed to another key, or one of the two is nonsense.

    """
    auditor = X25519PrivateKey.from_private_bytes(_decode(private))
    try:
        return _SUITE.decrypt(_decode(sealed), auditor, _INFO)
    except Exception as error:
        raise ValueError("it was sealed to another key") from error


def fingerprint_of_private(private: str) -> str:
    """Return the fingerprint of the public key that belongs to a private one.

    Raises:
        ValueError: it is none.

    """
    return fingerprint(X25519PrivateKey.from_private_bytes(_decode(private)).public_key())


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.strip(), validate=True)
