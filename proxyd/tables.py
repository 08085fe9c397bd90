"""The tables of the configuration file: what each may hold, checked as it is read.

msgspec converts TOML to these; a ValueError of a table's own check gets the path to it.
"""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from proxyd import forms, settings
from proxyd.model import FRONT

_SANDBOX_MODES = ("required", "best-effort", "off")
_MIN_SESSION, _MAX_SESSION = 900, 3600
_LEAST_REFRESH = 10
_AWS_LEAST = {
    "attempts": 1,
    "clients": 1,
    "warm_clients": 0,
    "client_seconds": 60,
    "connect_timeout": 0.1,
    "read_timeout": 0.1,
}
_RATE = settings.Quota().default
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
)
"""Signatures with a key that only the issuer has; never one that proxyd would have to know."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key in it is an error."""


class Credential(Strict, frozen=True, kw_only=True):
    """`{ credential = "NAME" }`: the content of that file of the credentials directory."""

    credential: str


Secret = str | Credential


class Tls(Strict, frozen=True, kw_only=True):
    """[server.tls]."""

    certificate: str
    key: Credential
    client_ca: str | None = None


class Server(Strict, frozen=True, kw_only=True):
    """[server]."""

    listen: str = settings.Server().listen
    hosts: list[str] = msgspec.field(default_factory=lambda: list(settings.Server().hosts))
    tls: Tls | None = None

    def __post_init__(self) -> None:
        host, _, port = self.listen.rpartition(":")
        is_path = self.listen.startswith("unix:") and len(self.listen) > len("unix:")
        if not is_path and not (host and port.isdigit() and int(port) <= forms.MAX_PORT):
            msg = 'listen: expected HOST:PORT or "unix:/PATH"'
            raise ValueError(msg)
        if not self.hosts:
            msg = "hosts: expected at least one name: it answers to no other"
            raise ValueError(msg)


class Aws(settings.Aws, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[aws]."""

    proxy: Secret | None = None  # type: ignore[assignment] # it may hold a password

    def __post_init__(self) -> None:
        for name, least in _AWS_LEAST.items():
            if not getattr(self, name) >= least:
                msg = f"{name}: expected at least {least}"
                raise ValueError(msg)
        if self.endpoint_url is not None and not forms.is_loopback(self.endpoint_url):
            msg = (
                "endpoint_url is for emulators: expected a loopback address, http://127.0.0.1:PORT"
            )
            raise ValueError(msg)
        for service, url in self.endpoints.items():
            if not (forms.is_address(url, "https") or forms.is_loopback(url)):
                msg = f"endpoints.{service}: expected an https:// address"
                raise ValueError(msg)
        if self.identity is not None:
            _check(forms.IDENTITY, self.identity, f"identity: {forms.IDENTITY_EXPECTED}")
        _check_proxy_and_bundle(self.proxy, self.ca_bundle)


class Rate(settings.Rate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rate of [quota]."""

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf or not 1 <= self.burst < math.inf:
            msg = "expected a rate above 0 and a burst of at least 1"
            raise ValueError(msg)


class Quota(Strict, frozen=True, kw_only=True):
    """[quota]."""

    default: Rate = msgspec.field(default_factory=lambda: Rate(rate=_RATE.rate, burst=_RATE.burst))
    services: dict[str, Rate] = msgspec.field(default_factory=dict)


class Watch(settings.Watch, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[watch]."""

    def __post_init__(self) -> None:
        numbers = {name: getattr(self, name) for name in self.__struct_fields__ if name != "types"}
        _check_globs("types", list(self.types) or ["*"])
        for name, value in {**numbers, **{f"types.{k}": v for k, v in self.types.items()}}.items():
            if not 0 < value < math.inf:
                msg = f"{name}: expected a number above 0"
                raise ValueError(msg)
        if not self.minimum_seconds <= self.default_seconds <= self.maximum_seconds:
            msg = "expected minimum_seconds <= default_seconds <= maximum_seconds"
            raise ValueError(msg)


class Issuer(settings.Issuer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[issuers]]."""

    proxy: Secret | None = None  # type: ignore[assignment] # it may hold a password

    def __post_init__(self) -> None:
        _check(forms.NAME, self.name, f"name: {forms.NAME_EXPECTED}")
        if self.name == FRONT:
            msg = f"name: {FRONT!r} stands for front proxies; expected another"
            raise ValueError(msg)
        for name in ("issuer", "jwks_uri"):
            value = getattr(self, name)
            if value is not None and not (
                forms.is_address(value, "https") or forms.is_loopback(value)
            ):
                msg = f"{name}: expected an https:// address"
                raise ValueError(msg)
        if not self.audience:
            msg = "audience: expected what `aud` of its tokens holds, the client's id for most"
            raise ValueError(msg)
        if not self.algorithms or not set(self.algorithms) <= set(ALGORITHMS):
            msg = f"algorithms: expected some of {', '.join(ALGORITHMS)}"
            raise ValueError(msg)
        if not 0 < self.refresh_seconds <= self.keep_seconds < math.inf:
            msg = "expected 0 < refresh_seconds <= keep_seconds"
            raise ValueError(msg)
        _check_proxy_and_bundle(self.proxy, self.ca_bundle)


class Login(Strict, frozen=True, kw_only=True):
    """[login]."""

    issuer: str
    url: str
    client_id: str
    client_secret: Secret | None = None
    scopes: list[str] = msgspec.field(default_factory=lambda: ["openid"])

    def __post_init__(self) -> None:
        origin = forms.is_address(self.url, "https") or forms.is_loopback(self.url)
        if not origin or urlsplit(self.url).path not in {"", "/"}:
            msg = "url: expected https://HOST, where browsers reach proxyd"
            raise ValueError(msg)
        if "openid" not in self.scopes:
            msg = 'scopes: expected "openid" to be one of them'
            raise ValueError(msg)


class Session(settings.Session, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[session]."""

    def __post_init__(self) -> None:
        _check_positive(self)


class Front(settings.Front, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[front]."""

    def __post_init__(self) -> None:
        for peer in self.peers:
            if peer != "unix" and not forms.is_network(peer):
                msg = f'peers: {peer!r} is neither an address, nor a network, nor "unix"'
                raise ValueError(msg)
        for name in ("user_header", "groups_header"):
            value = getattr(self, name)
            if value is not None:
                _check(forms.HEADER, value, f"{name}: expected the name of a header")
        if self.groups_header is not None and self.user_header is None:
            msg = "groups_header: needs a user_header: groups are somebody's"
            raise ValueError(msg)
        if self.user_header is not None and not self.peers:
            msg = "user_header: needs peers: by default no proxy is believed"
            raise ValueError(msg)


class Audit(settings.Audit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[audit]."""

    key: Credential | None = None  # type: ignore[assignment] # it becomes a path

    def __post_init__(self) -> None:
        if not self.sinks or not all(map(forms.is_sink, self.sinks)):
            msg = f"sinks: expected some of {forms.SINKS}"
            raise ValueError(msg)
        if len(set(self.sinks)) < len(self.sinks):
            msg = "sinks: one of them is there twice"
            raise ValueError(msg)
        if not 1 <= self.heartbeat_seconds < math.inf:
            msg = "heartbeat_seconds: expected at least 1"
            raise ValueError(msg)
        if self.public_key is not None and not forms.is_public_key(self.public_key):
            msg = "public_key: expected what `proxyd audit key` prints"
            raise ValueError(msg)
        if (self.certificate is None) != (self.key is None):
            msg = "certificate: needs key, and key a certificate"
            raise ValueError(msg)
        _check_files(ca_bundle=self.ca_bundle, certificate=self.certificate)


class Sandbox(settings.Sandbox, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[sandbox]."""

    def __post_init__(self) -> None:
        if self.mode not in _SANDBOX_MODES:
            msg = f"mode: expected one of {', '.join(_SANDBOX_MODES)}"
            raise ValueError(msg)


class Limits(settings.Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[limits]."""

    def __post_init__(self) -> None:
        _check_positive(self)


class Target(Strict, frozen=True, kw_only=True):
    """[[targets]]."""

    name: str
    role_arn: str
    external_id: Secret
    regions: list[str] = msgspec.field(default_factory=lambda: ["*"])
    types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    via: str | None = None
    duration: int = _MAX_SESSION
    events: str | None = None

    def __post_init__(self) -> None:
        _check(forms.NAME, self.name, f"name: {forms.NAME_EXPECTED}")
        for name in ("role_arn", "via"):
            value = getattr(self, name)
            if value is not None:
                _check(forms.ROLE_ARN, value, f"{name}: {forms.ROLE_EXPECTED}")
        if self.events is not None:
            _check(
                forms.QUEUE_ARN, self.events, "events: expected arn:aws:sqs:REGION:ACCOUNT:QUEUE"
            )
        _check_globs("regions", self.regions)
        _check_globs("types", self.types)
        _check_duration(self.duration)


class Organization(settings.Organization, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[organizations]]."""

    external_id: Secret  # type: ignore[assignment] # it becomes a text

    def __post_init__(self) -> None:
        _check(forms.NAME, self.name, f"name: {forms.NAME_EXPECTED}")
        _check(
            forms.ROLE_PATTERN,
            self.role_arn,
            f"role_arn: {forms.ROLE_EXPECTED.replace('ACCOUNT', '{account}')}",
        )
        for name in ("via", "list_role_arn"):
            value = getattr(self, name)
            if value is not None:
                _check(forms.ROLE_ARN, value, f"{name}: {forms.ROLE_EXPECTED}")
        if not forms.NAMES.fullmatch(self.targets) or "{account}" not in self.targets:
            msg = "targets: expected {account} in it, and {name}, letters, digits, `.`, `_`, `-`"
            raise ValueError(msg)
        fixed = self.targets.replace("{name}", "").replace("{account}", "0" * 12)
        if len(fixed) > forms.MAX_NAME:
            msg = f"targets: expected names of at most {forms.MAX_NAME} characters"
            raise ValueError(msg)
        for name in ("units", "exclude"):
            for value in getattr(self, name):
                _check(
                    forms.ACCOUNT_OR_UNIT, value, f"{name}: {value!r} is no id: expected ou-…, r-…"
                )
        if any(unit.isdigit() for unit in self.units):
            msg = "units: expected ids of units, ou-… or r-…; an account alone is a target"
            raise ValueError(msg)
        _check_globs("regions", list(self.regions))
        _check_globs("types", list(self.types))
        _check_duration(self.duration)
        if not _LEAST_REFRESH <= self.refresh_seconds < math.inf:
            msg = f"refresh_seconds: expected at least {_LEAST_REFRESH}"
            raise ValueError(msg)


class Principal(Strict, frozen=True, kw_only=True):
    """[[principals]]."""

    name: str
    token_sha256: str
    groups: list[str] = msgspec.field(default_factory=list)
    admin: bool = False
    expires: object = None  # a TOML date or date-time; msgspec knows no union of the two

    def __post_init__(self) -> None:
        if not isinstance(self.expires, date | None):
            msg = "expires: expected a date such as 2027-01-01, or a date-time"
            raise ValueError(msg)  # noqa: TRY004 - msgspec adds the path to a ValueError only
        _check(forms.NAME, self.name, f"name: {forms.NAME_EXPECTED}")
        _check(
            forms.SHA256,
            self.token_sha256,
            "token_sha256: expected 64 lower-case hex digits, as `proxyd token new` prints them",
        )


class Certificate(Strict, frozen=True, kw_only=True):
    """[[certificates]]."""

    name: str
    subject: str | None = None
    san: str | None = None
    groups: list[str] = msgspec.field(default_factory=list)
    admin: bool = False

    def __post_init__(self) -> None:
        _check(forms.NAME, self.name, f"name: {forms.NAME_EXPECTED}")
        if (self.subject is None) == (self.san is None):
            msg = 'expected either subject = "CN=...,O=..." or san = "DNS:..."'
            raise ValueError(msg)
        if self.san is not None:
            _check(forms.SAN, self.san, "san: expected DNS:NAME, URI:ADDRESS or email:ADDRESS")


class Grant(Strict, frozen=True, kw_only=True):
    """[[grants]]."""

    targets: list[str]
    types: list[str]
    regions: list[str]
    groups: list[str] = msgspec.field(default_factory=list)
    principals: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.groups and not self.principals:
            msg = "expected groups or principals: a grant to nobody allows nothing"
            raise ValueError(msg)
        for name in ("targets", "types", "regions"):
            _check_globs(name, getattr(self, name))


class File(Strict, frozen=True, kw_only=True):
    """The whole file."""

    server: Server = msgspec.field(default_factory=Server)
    aws: Aws = msgspec.field(default_factory=Aws)
    quota: Quota = msgspec.field(default_factory=Quota)
    watch: Watch = msgspec.field(default_factory=Watch)
    audit: Audit = msgspec.field(default_factory=Audit)
    sandbox: Sandbox = msgspec.field(default_factory=Sandbox)
    limits: Limits = msgspec.field(default_factory=Limits)
    session: Session = msgspec.field(default_factory=Session)
    front: Front = msgspec.field(default_factory=Front)
    login: Login | None = None
    issuers: list[Issuer] = msgspec.field(default_factory=list)
    targets: list[Target] = msgspec.field(default_factory=list)
    organizations: list[Organization] = msgspec.field(default_factory=list)
    principals: list[Principal] = msgspec.field(default_factory=list)
    certificates: list[Certificate] = msgspec.field(default_factory=list)
    grants: list[Grant] = msgspec.field(default_factory=list)


def _check(pattern: re.Pattern[str], value: str, message: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(message)


def _check_duration(seconds: int) -> None:
    if not _MIN_SESSION <= seconds <= _MAX_SESSION:
        msg = f"duration: expected {_MIN_SESSION} to {_MAX_SESSION} seconds"
        raise ValueError(msg)


def _check_positive(table: msgspec.Struct) -> None:
    for name in table.__struct_fields__:
        if not 0 < getattr(table, name) < math.inf:  # nan compares with nothing
            msg = f"{name}: expected a number above 0"
            raise ValueError(msg)


def _check_proxy_and_bundle(proxy: Secret | None, ca_bundle: str | None) -> None:
    if isinstance(proxy, str) and not forms.is_address(proxy, "http", "https"):
        raise ValueError(forms.NO_PROXY)
    _check_files(ca_bundle=ca_bundle)


def _check_files(**files: str | None) -> None:
    for name, path in files.items():
        if path is not None and not Path(path).is_file():
            msg = f"{name}: there is no such file"
            raise ValueError(msg)


def _check_globs(name: str, globs: list[str]) -> None:
    if not globs:
        msg = f'{name}: expected at least one glob; ["*"] means all'
        raise ValueError(msg)
    for glob in globs:
        _check(
            forms.GLOB,
            glob,
            f"{name}: {glob!r} is not a glob: only letters, digits, `:-_.`, `*`, `?`",
        )
