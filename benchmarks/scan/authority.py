"""A private certificate authority for the time of a run, and the stub's certificate."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
_RSA_BITS = 2048
_LIFE = timedelta(days=1)


def issue(directory: Path) -> None:
    """Write `stub.pem` (certificate and key), `ca.pem`, and `bundle.pem`.

    The bundle holds the public authorities besides the private one, as a company's does.
    The stub's key is RSA of 2,048 bits, as most of AWS's are.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("benchmark authority")
    root = (
        _draft(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    address = x509.IPAddress(ipaddress.ip_address(HOST))
    leaf = (
        _draft(_name(HOST), root_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    (directory / "stub.pem").write_bytes(_pem(leaf) + _pem_of_key(key))
    (directory / "ca.pem").write_bytes(_pem(root))
    (directory / "bundle.pem").write_bytes(Path(certifi.where()).read_bytes() + _pem(root))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
