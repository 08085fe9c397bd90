"""The names in a client certificate, written in one way: `subject:CN=bot,O=Example`, `DNS:bot`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from cryptography import x509

_UNREADABLE = (
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
    *(TypeError, ValueError),
)
"""What is raised for certificates that OpenSSL lets through: see `read`."""


class Certified(msgspec.Struct, frozen=True):
    """What a certificate says, once the TLS handshake has proven it.

    Attributes:
        names: its subject and its alternative names.
        expires: when it ends.

    """

    names: frozenset[str]
    expires: datetime


def subject(written: str) -> str:
    """Write a subject as `read` does.

    Raises:
        ValueError: it is not a name as RFC 4514 writes it.

    """
    return f"subject:{x509.Name.from_rfc4514_string(written).rfc4514_string()}"


def read(der: bytes) -> Certified:
    """Read a certificate.

    Args:
        der: as `SSLObject.getpeercert(binary_form=True)` gives it.

    Raises:
        ValueError: it can not be read.

    """
    try:
        return _read(x509.load_der_x509_certificate(der))
    except _UNREADABLE as error:
        raise ValueError(str(error)) from None


def _read(certificate: x509.Certificate) -> Certified:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = set(_alternatives(alternatives.value))
    except x509.ExtensionNotFound:
        names = set()
    if certificate.subject.rdns:
        names.add(f"subject:{certificate.subject.rfc4514_string()}")
    return Certified(frozenset(names), certificate.not_valid_after_utc)


def _alternatives(names: x509.SubjectAlternativeName) -> Iterator[str]:
    for name in names:
        match name:
            case x509.DNSName(value=value):
                yield f"DNS:{value.casefold()}"
            case x509.UniformResourceIdentifier(value=value):
                yield f"URI:{value}"
            case x509.RFC822Name(value=value):
                yield f"email:{value}"
