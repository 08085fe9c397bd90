"""The configuration: one TOML file and a credentials directory. The only reader of either."""

from __future__ import annotations

import ipaddress
import math
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from proxyd import settings
from proxyd.errors import ConfigError
from proxyd.globs import did_you_mean, expand
from proxyd.model import Grant, Principal, Target

_GLOB = re.compile(r"[A-Za-z0-9:_.*?-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_PORT = 65535
_SINKS = ("stdout",)
_SANDBOX_MODES = ("required", "best-effort", "off")
_MIN_SESSION, _MAX_SESSION = 900, 3600
_AWS_LEAST = {
    "attempts": 1,
    "clients": 1,
    "warm_clients": 0,
    "client_seconds": 60,
    "connect_timeout": 0.1,
    "read_timeout": 0.1,
}
_RATE = settings.Quota().default
_NO_PROXY = "proxy: expected an address such as http://egress.example:3128"


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key in it is an error."""


class _Credential(_Strict, frozen=True, kw_only=True):
    """`{ credential = "NAME" }`: the content of that file of the credentials directory."""

    credential: str


_Secret = str | _Credential


class _Tls(_Strict, frozen=True, kw_only=True):
    certificate: str
    key: _Credential


class _Server(_Strict, frozen=True, kw_only=True):
    listen: str = settings.Server().listen
    hosts: list[str] = msgspec.field(default_factory=lambda: list(settings.Server().hosts))
    tls: _Tls | None = None

    def __post_init__(self) -> None:
        host, _, port = self.listen.rpartition(":")
        is_path = self.listen.startswith("unix:") and len(self.listen) > len("unix:")
        if not is_path and not (host and port.isdigit() and int(port) <= _MAX_PORT):
            msg = 'listen: expected HOST:PORT or "unix:/PATH"'
            raise ValueError(msg)
        if not self.hosts:
            msg = "hosts: expected at least one name: it answers to no other"
            raise ValueError(msg)


class _Aws(settings.Aws, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proxy: _Secret | None = None  # type: ignore[assignment] # it may hold a password

    def __post_init__(self) -> None:
        for name, least in _AWS_LEAST.items():
            if not getattr(self, name) >= least:
                msg = f"{name}: expected at least {least}"
                raise ValueError(msg)
        if self.endpoint_url is not None and not _is_loopback(self.endpoint_url):
            msg = (
                "endpoint_url is for emulators: expected a loopback address, http://127.0.0.1:PORT"
            )
            raise ValueError(msg)
        for service, url in self.endpoints.items():
            if not (_is_address(url, "https") or _is_loopback(url)):
                msg = f"endpoints.{service}: expected an https:// address"
                raise ValueError(msg)
        if isinstance(self.proxy, str) and not _is_address(self.proxy, "http", "https"):
            raise ValueError(_NO_PROXY)
        if self.ca_bundle is not None and not Path(self.ca_bundle).is_file():
            msg = "ca_bundle: there is no such file"
            raise ValueError(msg)


class _Rate(settings.Rate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf or not 1 <= self.burst < math.inf:
            msg = "expected a rate above 0 and a burst of at least 1"
            raise ValueError(msg)


class _Quota(_Strict, frozen=True, kw_only=True):
    default: _Rate = msgspec.field(
        default_factory=lambda: _Rate(rate=_RATE.rate, burst=_RATE.burst)
    )
    services: dict[str, _Rate] = msgspec.field(default_factory=dict)


class _Audit(settings.Audit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        if not self.sinks or any(sink not in _SINKS for sink in self.sinks):
            msg = f"sinks: expected some of {', '.join(_SINKS)}"
            raise ValueError(msg)


class _Sandbox(settings.Sandbox, frozen=True, kw_only=True, forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        if self.mode not in _SANDBOX_MODES:
            msg = f"mode: expected one of {', '.join(_SANDBOX_MODES)}"
            raise ValueError(msg)


class _Limits(settings.Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) < math.inf:  # nan compares with nothing
                msg = f"{name}: expected a number above 0"
                raise ValueError(msg)


class _Target(_Strict, frozen=True, kw_only=True):
    name: str
    role_arn: str
    external_id: _Secret
    regions: list[str] = msgspec.field(default_factory=lambda: ["*"])
    types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    via: str | None = None
    duration: int = _MAX_SESSION

    def __post_init__(self) -> None:
        _check(_NAME, self.name, "name: expected letters, digits, `.`, `_`, `-`")
        for name in ("role_arn", "via"):
            value = getattr(self, name)
            if value is not None:
                _check(_ROLE_ARN, value, f"{name}: expected arn:aws:iam::ACCOUNT:role/NAME")
        _check_globs("regions", self.regions)
        _check_globs("types", self.types)
        if not _MIN_SESSION <= self.duration <= _MAX_SESSION:
            msg = f"duration: expected {_MIN_SESSION} to {_MAX_SESSION} seconds"
            raise ValueError(msg)


class _Principal(_Strict, frozen=True, kw_only=True):
    name: str
    token_sha256: str
    groups: list[str] = msgspec.field(default_factory=list)
    admin: bool = False
    expires: object = None  # a TOML date or date-time; msgspec knows no union of the two

    def __post_init__(self) -> None:
        if not isinstance(self.expires, date | None):
            msg = "expires: expected a date such as 2027-01-01, or a date-time"
            raise ValueError(msg)  # noqa: TRY004 - msgspec adds the path to a ValueError only
        _check(_NAME, self.name, "name: expected letters, digits, `.`, `_`, `-`")
        _check(
            _SHA256,
            self.token_sha256,
            "token_sha256: expected 64 lower-case hex digits, as `proxyd token new` prints them",
        )


class _Grant(_Strict, frozen=True, kw_only=True):
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


class _File(_Strict, frozen=True, kw_only=True):
    server: _Server = msgspec.field(default_factory=_Server)
    aws: _Aws = msgspec.field(default_factory=_Aws)
    quota: _Quota = msgspec.field(default_factory=_Quota)
    audit: _Audit = msgspec.field(default_factory=_Audit)
    sandbox: _Sandbox = msgspec.field(default_factory=_Sandbox)
    limits: _Limits = msgspec.field(default_factory=_Limits)
    targets: list[_Target] = msgspec.field(default_factory=list)
    principals: list[_Principal] = msgspec.field(default_factory=list)
    grants: list[_Grant] = msgspec.field(default_factory=list)


def load(path: Path, credentials: Path | None) -> settings.Settings:
    """Read and check the configuration.

    Args:
        path: the TOML file.
        credentials: the directory that holds one file per secret.

    Raises:
        ConfigError: what is wrong, where, and what was expected.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{path}: can not be read: {error.strerror}"
        raise ConfigError(msg) from None
    except UnicodeDecodeError:
        msg = f"{path}: is not UTF-8 text"
        raise ConfigError(msg) from None
    try:
        return _resolve(_parse(text), credentials)
    except ConfigError as error:
        msg = f"{path}: {error}"
        raise ConfigError(msg) from None


def _parse(text: str) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        msg = f"is not valid TOML: {error}"
        raise ConfigError(msg) from None
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error))) from None


def _explain(error: str) -> str:
    """Turn msgspec's `Object contains unknown field `x` - at `$.server`` round: path first."""
    what, _, where = error.partition(" - at `$")
    where = where.rstrip("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown:
        table = re.sub(r"\[(\d+|\.\.\.)\]", "", where)
        known = _keys_of(table)
        near = did_you_mean(unknown[1], known)
        path = f"{where}.{unknown[1]}" if where else unknown[1]
        return f"{path}: unknown key{near}; expected one of {', '.join(known)}"
    return f"{where or 'top level'}: {what[0].lower()}{what[1:]}"


def _keys_of(table: str) -> tuple[str, ...]:
    tables: dict[str, type[msgspec.Struct]] = {
        "": _File,
        "server": _Server,
        "server.tls": _Tls,
        "aws": _Aws,
        "quota": _Quota,
        "quota.default": _Rate,
        "quota.services": _Rate,
        "audit": _Audit,
        "sandbox": _Sandbox,
        "limits": _Limits,
        "targets": _Target,
        "principals": _Principal,
        "grants": _Grant,
    }
    return tables.get(table, _Credential).__struct_fields__


def _resolve(file: _File, credentials: Path | None) -> settings.Settings:
    """Read the secrets in, and check what one table says against another."""
    secrets = _Secrets(credentials)
    result = settings.Settings(
        server=_server(file.server, secrets),
        aws=_aws(file.aws, secrets),
        quota=settings.Quota(default=file.quota.default, services=dict(file.quota.services)),
        audit=file.audit,
        sandbox=file.sandbox,
        limits=file.limits,
        targets=tuple(_target(i, t, secrets) for i, t in enumerate(file.targets)),
        tokens=tuple(_token(p) for p in file.principals),
        grants=tuple(_grant(g) for g in file.grants),
    )
    for problem in _contradictions(result):
        raise ConfigError(problem)
    return result


def _contradictions(result: settings.Settings) -> Iterator[str]:
    names = [target.name for target in result.targets]
    yield from _repeats("targets", "name", names)
    yield from _repeats(
        "targets", "external id", [t.external_id for t in result.targets], say=False
    )
    yield from _repeats("principals", "token_sha256", [t.sha256.hex() for t in result.tokens])
    people = {token.principal.name for token in result.tokens}
    for i, grant in enumerate(result.grants):
        for glob in grant.targets:
            if not expand([glob], names):
                yield _nobody(f"grants[{i}].targets", "target", glob, names)
        for name in grant.principals - people:
            yield _nobody(f"grants[{i}].principals", "principal", name, people)


def _nobody(where: str, what: str, name: str, known: Iterable[str]) -> str:
    return f"{where}: no {what} is called {name!r}{did_you_mean(name, known)}"


def _repeats(table: str, key: str, values: list[str], *, say: bool = True) -> Iterator[str]:
    seen: dict[str, int] = {}
    for i, value in enumerate(values):
        if value in seen:
            shown = f" {value!r}" if say else ""
            yield f"{table}[{i}]: the same {key}{shown} as {table}[{seen[value]}]"
        seen[value] = i


class _Secrets:
    """The credentials directory."""

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory

    def path(self, where: str, name: str) -> Path:
        if self.directory is None:
            msg = (
                f"{where}: needs the credential {name!r}, but no credentials directory is given "
                "(--credentials DIR, or $CREDENTIALS_DIRECTORY under systemd)"
            )
            raise ConfigError(msg)
        path = self.directory / name
        if Path(name).name != name or not _is_file(path):
            msg = f"{where}: there is no credential {name!r} in {self.directory}"
            raise ConfigError(msg)
        return path

    def value(self, where: str, secret: _Secret) -> str:
        if isinstance(secret, str):
            return secret
        path = self.path(where, secret.credential)
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            msg = f"{where}: the credential {path.name!r} can not be read: {error.strerror}"
        except UnicodeDecodeError:
            msg = f"{where}: the credential {path.name!r} is not UTF-8 text"
        raise ConfigError(msg)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _server(table: _Server, secrets: _Secrets) -> settings.Server:
    tls = None
    if table.tls is not None:
        key = secrets.path("server.tls.key", table.tls.key.credential)
        tls = settings.Tls(certificate=table.tls.certificate, key=str(key))
    return settings.Server(listen=table.listen, hosts=tuple(table.hosts), tls=tls)


def _aws(table: _Aws, secrets: _Secrets) -> settings.Aws:
    values = msgspec.structs.asdict(table)
    if table.proxy is not None:
        values["proxy"] = secrets.value("aws.proxy", table.proxy)
        if not _is_address(values["proxy"], "http", "https"):
            raise ConfigError(f"aws: {_NO_PROXY}")
    return settings.Aws(**values)


def _target(i: int, table: _Target, secrets: _Secrets) -> Target:
    where = f"targets[{i}].external_id"
    external_id = secrets.value(where, table.external_id)
    if not _EXTERNAL_ID.fullmatch(external_id):
        msg = f"{where}: expected 2 to 1224 letters, digits and +=,.@:/-"
        raise ConfigError(msg)
    return Target(
        name=table.name,
        role_arn=table.role_arn,
        external_id=external_id,
        regions=tuple(table.regions),
        types=tuple(table.types),
        via=table.via,
        duration=table.duration,
    )


def _token(table: _Principal) -> settings.Token:
    principal = Principal(
        name=table.name,
        groups=frozenset(table.groups),
        admin=table.admin,
        expires=_moment(table.expires),
    )
    return settings.Token(bytes.fromhex(table.token_sha256), principal)


def _moment(written: object) -> datetime | None:
    """Read a date as its first moment, and a time without a zone as UTC."""
    match written:
        case datetime():
            return written if written.tzinfo else written.replace(tzinfo=UTC)
        case date():
            return datetime.combine(written, time.min, UTC)
    return None


def _grant(table: _Grant) -> Grant:
    return Grant(
        groups=frozenset(table.groups),
        principals=frozenset(table.principals),
        targets=tuple(table.targets),
        types=tuple(table.types),
        regions=tuple(table.regions),
    )


def _check(pattern: re.Pattern[str], value: str, message: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(message)


def _check_globs(name: str, globs: list[str]) -> None:
    if not globs:
        msg = f'{name}: expected at least one glob; ["*"] means all'
        raise ValueError(msg)
    for glob in globs:
        _check(
            _GLOB, glob, f"{name}: {glob!r} is not a glob: only letters, digits, `:-_.`, `*`, `?`"
        )


def _is_address(url: str, *schemes: str) -> bool:
    """Whether it is scheme://host, with a port that there can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_loopback(url: str) -> bool:
    if not _is_address(url, "http", "https"):
        return False
    parts = urlsplit(url)
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
