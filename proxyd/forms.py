"""What a value of the configuration may look like."""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import urlsplit

GLOB = re.compile(r"[A-Za-z0-9:_.*?-]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_IN_IAM = r"(?!.*//)([\w+=,.@-][\w+=,.@/-]{0,509}/)?[\w+=,.@-]{1,64}"
"""The path of a role or user, where it has one, and its name."""

ROLE_ARN = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:role/{_IN_IAM}", re.ASCII)
ROLE_PATTERN = re.compile(rf"arn:aws[a-z-]*:iam::\{{account\}}:role/{_IN_IAM}", re.ASCII)
IDENTITY = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:(role|user)/{_IN_IAM}", re.ASCII)
NAMES = re.compile(r"([A-Za-z0-9._-]|\{name\}|\{account\})+")
ACCOUNT_OR_UNIT = re.compile(r"\d{12}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}", re.ASCII)
QUEUE_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}", re.ASCII)
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
SAN = re.compile(r"(DNS|URI|email):[\x21-\x7e]{1,512}")
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_NAME = 63
MAX_PORT = 65535
SINKS = "stdout, journald, unix:/PATH, tcp://HOST:PORT, tls://HOST:PORT"
NAME_EXPECTED = "expected letters (a-z, A-Z), digits, `.`, `_`, `-`, the first a letter or digit"
ROLE_EXPECTED = "expected arn:aws:iam::ACCOUNT:role/NAME, the NAME of at most 64 characters"
IDENTITY_EXPECTED = (
    "expected arn:aws:iam::ACCOUNT:role/NAME, or :user/NAME, the NAME of at most 64 characters"
)
NO_PROXY = "proxy: expected an address such as http://egress.example:3128"

_PUBLIC_KEY_BYTES = 32  # of X25519
_SINK = re.compile(r"stdout|journald|unix:/[\x21-\x7e]{1,100}|(tcp|tls)://[\x21-\x7e]{3,255}")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?")


def is_name(name: str) -> bool:
    """Whether something of the configuration can be called that."""
    return NAME.fullmatch(name) is not None


def is_sink(sink: str) -> bool:
    """Whether it names a sink of the audit trail."""
    if not _SINK.fullmatch(sink):
        return False
    kind = sink.partition(":")[0]
    if kind not in {"tcp", "tls"}:
        return True
    if not is_address(sink, kind) or not urlsplit(sink).port:
        return False
    host = urlsplit(sink).hostname or ""
    return ":" in host or _HOST.fullmatch(host) is not None


def is_public_key(text: str) -> bool:
    """Whether it is the public half of what `proxyd audit key` prints."""
    try:
        return len(base64.b64decode(text, validate=True)) == _PUBLIC_KEY_BYTES
    except ValueError:
        return False


def is_network(peer: str) -> bool:
    """Whether it is an IP address, or a network of them."""
    try:
        ipaddress.ip_network(peer)
    except ValueError:
        return False
    return True


def is_address(url: str, *schemes: str) -> bool:
    """Whether it is scheme://host, with a port that there can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_loopback(url: str) -> bool:
    """Whether it is the http(s) address of something on this machine."""
    if not is_address(url, "http", "https"):
        return False
    parts = urlsplit(url)
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
