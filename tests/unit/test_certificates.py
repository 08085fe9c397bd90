"""The names in client certificates."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from proxyd import certificates

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW + timedelta(days=1)


def der(subject: x509.Name, *names: x509.GeneralName) -> bytes:
    """Make a certificate."""
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(END)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def named(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """Make a subject."""
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


BOT = named((NameOID.ORGANIZATION_NAME, "Example, Inc."), (NameOID.COMMON_NAME, "bot"))


def test_every_name_says_what_kind_it_is() -> None:
    """So none of one kind is taken for one of another."""
    read = certificates.read(
        der(
            BOT,
            x509.DNSName("Bot.Example.COM"),
            x509.UniformResourceIdentifier("spiffe://example.com/Bot"),
            x509.RFC822Name("bot@example.com"),
            x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        )
    )
    assert read.names == {
        r"subject:CN=bot,O=Example\, Inc.",
        "DNS:bot.example.com",
        "URI:spiffe://example.com/Bot",
        "email:bot@example.com",
    }
    assert read.expires == END


def test_a_certificate_may_lack_either_kind_of_name() -> None:
    """An empty subject is no name that somebody could be known by."""
    assert certificates.read(der(BOT)).names == {r"subject:CN=bot,O=Example\, Inc."}
    assert certificates.read(der(x509.Name([]), x509.DNSName("bot"))).names == {"DNS:bot"}
    assert certificates.read(der(x509.Name([]))).names == set()


@pytest.mark.parametrize(
    "written",
    [r"CN=bot,O=Example\, Inc.", r"CN=bot,O=Example\2c Inc.", r"CN=b\6ft,O=Example\2C Inc."],
)
def test_a_subject_may_be_written_in_more_than_one_way(written: str) -> None:
    """What the configuration says is compared with what `read` says."""
    assert certificates.subject(written) in certificates.read(der(BOT)).names


PARTS = st.text(alphabet='a,+=\\"#; \u00fc\n', min_size=1, max_size=3)
TEXTS = st.lists(PARTS, min_size=1, max_size=2)


@given(TEXTS, TEXTS)
def test_two_subjects_are_never_written_alike(one: list[str], two: list[str]) -> None:
    """Commas, equals signs and line breaks in a name do not make it another one."""
    subjects = [named(*((NameOID.COMMON_NAME, text) for text in texts)) for texts in (one, two)]
    [written], [other] = (certificates.read(der(subject)).names for subject in subjects)
    assert (written == other) == (one == two)
    assert certificates.subject(written.removeprefix("subject:")) == written


@pytest.mark.parametrize("written", ["", "bot", "CN", "CN=bot,", "XX=bot", "CN=bot,,O=x"])
def test_what_is_no_subject_is_refused(written: str) -> None:
    """At start, and not when somebody comes."""
    if written == "":
        assert certificates.subject(written) == "subject:"
        return
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own texts
        certificates.subject(written)


@pytest.mark.parametrize("broken", [b"", b"\x30\x00", b"\x30\x82\xff\xff", der(BOT)[:-30]])
def test_what_is_no_certificate_is_a_value_error(broken: bytes) -> None:
    """Nothing else comes out, whatever OpenSSL let through."""
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own texts
        certificates.read(broken)


@pytest.mark.filterwarnings("ignore")
def test_a_certificate_with_a_broken_byte_is_read_or_refused() -> None:
    """No other exception than the one that is expected, whichever byte it is."""
    good = der(BOT, x509.DNSName("bot.example.com"), x509.RFC822Name("bot@example.com"))
    refused = 0
    for place in range(len(good)):
        for bits in (0x01, 0x02, 0x07, 0x10, 0x80, 0xFF):
            broken = bytearray(good)
            broken[place] ^= bits
            try:
                certificates.read(bytes(broken))
            except ValueError:
                refused += 1
    assert refused > len(good)
