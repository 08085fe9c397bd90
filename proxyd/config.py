"""The configuration: one TOML file and a credentials directory. The only reader of either."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from proxyd import certificates, settings, tables
from proxyd.errors import ConfigError
from proxyd.forms import NO_PROXY, is_address
from proxyd.globs import did_you_mean, expand, is_literal
from proxyd.model import FRONT, Grant, Principal, Target

_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,}", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_MAX_EXTERNAL_ID = 1224  # STS API Reference, AssumeRole


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


def _parse(text: str) -> tables.File:
    try:
        return msgspec.convert(tomllib.loads(text), tables.File)
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
    known: dict[str, type[msgspec.Struct]] = {
        "": tables.File,
        "server": tables.Server,
        "server.tls": tables.Tls,
        "aws": tables.Aws,
        "quota": tables.Quota,
        "quota.default": tables.Rate,
        "quota.services": tables.Rate,
        "watch": tables.Watch,
        "audit": tables.Audit,
        "sandbox": tables.Sandbox,
        "limits": tables.Limits,
        "session": tables.Session,
        "front": tables.Front,
        "login": tables.Login,
        "issuers": tables.Issuer,
        "certificates": tables.Certificate,
        "targets": tables.Target,
        "organizations": tables.Organization,
        "principals": tables.Principal,
        "grants": tables.Grant,
    }
    return known.get(table, tables.Credential).__struct_fields__


def _resolve(file: tables.File, credentials: Path | None) -> settings.Settings:
    """Read the secrets in, and check what one table says against another."""
    secrets = _Secrets(credentials)
    result = settings.Settings(
        server=_server(file.server, secrets),
        aws=_aws(file.aws, secrets),
        quota=settings.Quota(default=file.quota.default, services=dict(file.quota.services)),
        watch=file.watch,
        audit=_audit(file.audit, secrets),
        sandbox=file.sandbox,
        limits=file.limits,
        session=file.session,
        front=file.front,
        login=_login(file.login, secrets),
        issuers=tuple(_issuer(i, table, secrets) for i, table in enumerate(file.issuers)),
        targets=tuple(_target(i, t, secrets) for i, t in enumerate(file.targets)),
        organizations=tuple(
            _organization(i, table, secrets) for i, table in enumerate(file.organizations)
        ),
        tokens=tuple(_token(p) for p in file.principals),
        certificates=tuple(_certificate(i, c) for i, c in enumerate(file.certificates)),
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
    yield from _repeats("organizations", "name", [o.name for o in result.organizations])
    yield from _repeats(
        "organizations", "external id", [o.external_id for o in result.organizations], say=False
    )
    for i, target in enumerate(result.targets):
        for j, organization in enumerate(result.organizations):
            if _is_of(organization, target.external_id):
                yield f"targets[{i}]: the same external id as organizations[{j}]"
    yield from _repeats("principals", "token_sha256", [t.sha256.hex() for t in result.tokens])
    yield from _repeats("certificates", "name in them", [c.known_by for c in result.certificates])
    yield from _repeats("issuers", "name", [issuer.name for issuer in result.issuers])
    yield from _repeats("issuers", "issuer", [issuer.issuer for issuer in result.issuers])
    yield from _login_contradictions(result)
    yield from _nobodies(result, names)


def _is_of(organization: settings.Organization, external_id: str) -> bool:
    """Whether it is what the external ids of an organization begin with, or that of any account."""
    prefix, _, account = external_id.rpartition(".")
    ours = prefix == organization.external_id and _ACCOUNT.fullmatch(account) is not None
    return ours or external_id == organization.external_id


def _login_contradictions(result: settings.Settings) -> Iterator[str]:
    if result.login is None:
        return
    issuers = [issuer.name for issuer in result.issuers]
    if result.login.issuer not in issuers:
        yield _nobody("login.issuer", "issuer", result.login.issuer, issuers)
    host = urlsplit(result.login.url).hostname
    if host not in result.server.hosts:
        yield f"login.url: {host!r} is not one of server.hosts, so proxyd would not answer to it"


def _nobodies(result: settings.Settings, names: list[str]) -> Iterator[str]:
    """Find grants about what is not there; whom an issuer or a front knows can not be told."""
    people = {token.principal.name for token in result.tokens}
    people |= {certificate.principal.name for certificate in result.certificates}
    elsewhere = tuple(f"{name}:" for name in [*(i.name for i in result.issuers), FRONT])
    for i, grant in enumerate(result.grants):
        for glob in grant.targets:
            if not expand([glob], names) and not _may_come(result.organizations, glob):
                yield _nobody(f"grants[{i}].targets", "target", glob, names)
        for name in grant.principals - people:
            if name.startswith(elsewhere):
                continue
            yield _nobody(f"grants[{i}].principals", "principal", name, people)


def _may_come(organizations: Iterable[settings.Organization], glob: str) -> bool:
    """Whether an organization may bring what a grant is about: that is known once it was asked."""
    return any(not is_literal(glob) or each.may_bring(glob) for each in organizations)


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

    def value(self, where: str, secret: tables.Secret) -> str:
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


def _server(table: tables.Server, secrets: _Secrets) -> settings.Server:
    tls = None
    if table.tls is not None:
        key = secrets.path("server.tls.key", table.tls.key.credential)
        tls = settings.Tls(
            certificate=table.tls.certificate, key=str(key), client_ca=table.tls.client_ca
        )
    return settings.Server(listen=table.listen, hosts=tuple(table.hosts), tls=tls)


def _audit(table: tables.Audit, secrets: _Secrets) -> settings.Audit:
    values = msgspec.structs.asdict(table)
    if table.key is not None:
        values["key"] = str(secrets.path("audit.key", table.key.credential))
    return settings.Audit(**values)


def _aws(table: tables.Aws, secrets: _Secrets) -> settings.Aws:
    values = msgspec.structs.asdict(table)
    if table.proxy is not None:
        values["proxy"] = secrets.value("aws.proxy", table.proxy)
        if not is_address(values["proxy"], "http", "https"):
            raise ConfigError(f"aws: {NO_PROXY}")
    return settings.Aws(**values)


def _issuer(i: int, table: tables.Issuer, secrets: _Secrets) -> settings.Issuer:
    values = msgspec.structs.asdict(table)
    if table.proxy is not None:
        values["proxy"] = secrets.value(f"issuers[{i}].proxy", table.proxy)
        if not is_address(values["proxy"], "http", "https"):
            raise ConfigError(f"issuers[{i}]: {NO_PROXY}")
    return settings.Issuer(**values)


def _login(table: tables.Login | None, secrets: _Secrets) -> settings.Login | None:
    if table is None:
        return None
    secret = table.client_secret
    return settings.Login(
        issuer=table.issuer,
        url=table.url.rstrip("/"),
        client_id=table.client_id,
        client_secret=None if secret is None else secrets.value("login.client_secret", secret),
        scopes=tuple(table.scopes),
    )


def _certificate(i: int, table: tables.Certificate) -> settings.Certificate:
    principal = Principal(name=table.name, groups=frozenset(table.groups), admin=table.admin)
    if table.san is not None:
        return settings.Certificate(table.san, principal)
    try:
        return settings.Certificate(certificates.subject(table.subject or ""), principal)
    except ValueError:
        msg = (
            f'certificates[{i}].subject: expected a name as RFC 4514 writes it, "CN=bot,O=Example"'
        )
        raise ConfigError(msg) from None


def _external_id(where: str, table: tables.Secret, secrets: _Secrets, most: int) -> str:
    external_id = secrets.value(where, table)
    if not _EXTERNAL_ID.fullmatch(external_id) or len(external_id) > most:
        msg = f"{where}: expected 2 to {most} letters, digits and +=,.@:/-"
        raise ConfigError(msg)
    return external_id


def _organization(i: int, table: tables.Organization, secrets: _Secrets) -> settings.Organization:
    where = f"organizations[{i}].external_id"
    most = _MAX_EXTERNAL_ID - len(".222222222222")
    values = msgspec.structs.asdict(table)
    values["external_id"] = _external_id(where, table.external_id, secrets, most)
    return settings.Organization(**values)


def _target(i: int, table: tables.Target, secrets: _Secrets) -> Target:
    where = f"targets[{i}].external_id"
    return Target(
        name=table.name,
        role_arn=table.role_arn,
        external_id=_external_id(where, table.external_id, secrets, _MAX_EXTERNAL_ID),
        regions=tuple(table.regions),
        types=tuple(table.types),
        via=table.via,
        duration=table.duration,
        events=table.events,
    )


def _token(table: tables.Principal) -> settings.Token:
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


def _grant(table: tables.Grant) -> Grant:
    return Grant(
        groups=frozenset(table.groups),
        principals=frozenset(table.principals),
        targets=tuple(table.targets),
        types=tuple(table.types),
        regions=tuple(table.regions),
    )
