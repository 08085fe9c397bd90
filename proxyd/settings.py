"""The frozen result of reading the configuration: nouns, each with its safe defaults."""

from __future__ import annotations

import re

import msgspec

from proxyd.model import Grant, Principal, Target


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Files for direct TLS; the key's path lies in the credentials directory.

    Attributes:
        client_ca: the authorities whose client certificates are looked at; none, where not given.

    """

    certificate: str
    key: str
    client_ca: str | None = None


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens, and the Host names it answers to."""

    listen: str = "127.0.0.1:8080"
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    tls: Tls | None = None


class Aws(msgspec.Struct, frozen=True, kw_only=True):
    """How AWS is reached. Times in seconds.

    Attributes:
        identity: the ARN of the role or user that proxyd runs as, for what `proxyd iam` prints.

    """

    identity: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    endpoints: dict[str, str] = msgspec.field(default_factory=dict)
    proxy: str | None = None
    ca_bundle: str | None = None
    fips: bool = False
    dual_stack: bool = False
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    attempts: int = 6
    clients: int = 1000
    warm_clients: int = 400
    client_seconds: float = 3600.0


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a second, and how many at once after a while of none."""

    rate: float
    burst: float


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How fast AWS is asked, for each account, region and service."""

    default: Rate = Rate(rate=10, burst=40)
    services: dict[str, Rate] = msgspec.field(default_factory=dict)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How targets are kept live. Times in seconds, sizes in bytes.

    Attributes:
        types: glob over types → seconds between two looks at each that it matches.
        calls: requests a second that looking again may cost each target, all in all.
        grace_seconds: for which what was held is kept when the last subscriber has gone.
        recheck_seconds: after which each subscriber's right to the role is tried again.
        revoked_seconds: after which one right to each target's role is: a role that is taken
            away is noticed so.
        state_bytes: that everything held may take.

    """

    minimum_seconds: float = 5.0
    default_seconds: float = 30.0
    maximum_seconds: float = 300.0
    types: dict[str, float] = msgspec.field(default_factory=dict)
    calls: float = 5.0
    grace_seconds: float = 30.0
    recheck_seconds: float = 300.0
    revoked_seconds: float = 4.0
    state_bytes: int = 1024 * 1024 * 1024


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenID provider whose tokens are believed. Times in seconds.

    Attributes:
        name: what the names of its principals begin with.
        issuer: its identifier, an address: what `iss` has to be, letter by letter.
        audience: what `aud` has to hold.
        jwks_uri: where its keys are; by default where its discovery document says.
        algorithms: by which its tokens may be signed.
        groups_claim: the claim that holds the groups; dots lead into an object.
        groups_prefix: what is put before each group, so that they meet nobody else's.
        admin_groups: the groups, prefix included, whose members are admins.
        refresh_seconds: after which its keys are asked for again.
        keep_seconds: for which keys are used while it can not be asked.

    """

    name: str
    issuer: str
    audience: str
    jwks_uri: str | None = None
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
    groups_claim: str = "groups"
    groups_prefix: str = ""
    admin_groups: tuple[str, ...] = ()
    ca_bundle: str | None = None
    proxy: str | None = None
    refresh_seconds: float = 600.0
    keep_seconds: float = 86_400.0


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How a browser logs in: OpenID Connect's authorization code flow with PKCE.

    Attributes:
        issuer: the name of one of the issuers.
        url: where browsers reach proxyd: `https://proxyd.example.com`.
        client_secret: none for a public client; PKCE is used with both.

    """

    issuer: str
    url: str
    client_id: str
    client_secret: str | None = None
    scopes: tuple[str, ...] = ("openid",)

    def __repr__(self) -> str:
        """Show everything but the secret."""
        return f"Login({self.issuer!r}, {self.url!r}, {self.client_id!r})"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """How long browser sessions last. Times in seconds.

    Attributes:
        seconds: from the login; never longer than the credential that it was traded for.
        idle_seconds: without a request or an open stream.
        rotate_seconds: after which the cookie is replaced.

    """

    seconds: float = 28_800.0
    idle_seconds: float = 3600.0
    rotate_seconds: float = 900.0


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """The proxies before this one that are believed, and what they are believed.

    Attributes:
        peers: addresses or networks, or "unix"; by default nobody.
        user_header: the header in which they name the user that they have let in.
        groups_header: the header with the user's groups, separated by commas.
        groups_prefix: what is put before each group, so that they meet nobody else's.
        admin_groups: the groups, prefix included, whose members are admins.

    """

    peers: tuple[str, ...] = ()
    user_header: str | None = None
    groups_header: str | None = None
    groups_prefix: str = ""
    admin_groups: tuple[str, ...] = ()


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Where audit records go. Times in seconds.

    Attributes:
        sinks: each "stdout", "journald", "unix:/PATH", "tcp://HOST:PORT" or "tls://HOST:PORT".
        public_key: the auditor's, to which the key of the chain is sealed.
        heartbeat_seconds: after which a record is written though nothing has happened.
        ca_bundle: the authorities of TLS sinks; by default those of the system.
        certificate: what proxyd shows to TLS sinks, with its key.
        key: the path of that key, in the credentials directory.

    """

    sinks: tuple[str, ...] = ("stdout",)
    public_key: str | None = None
    heartbeat_seconds: float = 60.0
    ca_bundle: str | None = None
    certificate: str | None = None
    key: str | None = None


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the kernel can not enforce a promise."""

    mode: str = "required"


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An AWS organization, each account of which becomes a target. Times in seconds.

    Attributes:
        name: what it is called in the log and in `/readyz`.
        role_arn: the role in each account; `{account}` stands for the account.
        external_id: what the roles' external ids begin with; a dot and the account follow.
        targets: what the targets are called; `{account}` and `{name}` are the account's.
        regions: as of a target, and so are `types`, `via` and `duration`.
        units: the organizational units whose accounts are taken, and those below; none: all.
        exclude: accounts, and units with all that is below them, that are left out.
        list_role_arn: the role that may list the accounts; by default proxyd itself may.
        refresh_seconds: after which the accounts are listed again.

    """

    name: str
    role_arn: str
    external_id: str
    targets: str = "{name}-{account}"
    regions: tuple[str, ...] = ("*",)
    types: tuple[str, ...] = ("*",)
    via: str | None = None
    duration: int = 3600
    units: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    list_role_arn: str | None = None
    refresh_seconds: float = 300.0

    def __repr__(self) -> str:
        """Show everything but the external id, as a target does."""
        return f"Organization({self.name!r}, {self.role_arn!r})"

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, from the role's ARN."""
        return self.role_arn.split(":")[1]

    def external_id_in(self, account: str) -> str:
        """Return the external id of its roles in an account: no two accounts have the same."""
        return f"{self.external_id}.{account}"

    def may_bring(self, target: str) -> bool:
        """Whether a target of one of its accounts could have this name."""
        pattern = re.escape(self.targets).replace(r"\{account\}", r"\d{12}")
        return re.fullmatch(pattern.replace(r"\{name\}", ".*"), target) is not None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds. Times in seconds; a shard's counts what AWS takes, not what its reader takes.

    Attributes:
        connections: open at once, all in all.
        connections_per_second: of one address, ten seconds of them at once; front proxies aside.
        failed_logins: a minute, of one address or with one token's id, before it has to wait.

    """

    connections: int = 20_000
    connections_per_second: float = 200.0
    failed_logins: int = 10
    streams: int = 1000
    streams_per_principal: int = 50
    targets_per_stream: int = 1000
    shards_at_once: int = 256
    assume_seconds: float = 10.0
    backlog_bytes: int = 256 * 1024
    shard_seconds: float = 120.0
    scan_seconds: float = 1800.0
    stream_seconds: float = 3600.0
    write_seconds: float = 30.0
    drain_seconds: float = 10.0


class Token(msgspec.Struct, frozen=True):
    """An API token: its SHA-256 and whom it stands for."""

    sha256: bytes
    principal: Principal


class Certificate(msgspec.Struct, frozen=True):
    """A client certificate: the name in it by which it is known, and whom it stands for."""

    known_by: str
    principal: Principal


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the daemon is told."""

    server: Server = Server()
    aws: Aws = Aws()
    quota: Quota = Quota()
    watch: Watch = Watch()
    audit: Audit = Audit()
    sandbox: Sandbox = Sandbox()
    limits: Limits = Limits()
    targets: tuple[Target, ...] = ()
    organizations: tuple[Organization, ...] = ()
    tokens: tuple[Token, ...] = ()
    grants: tuple[Grant, ...] = ()
    session: Session = Session()
    front: Front = Front()
    login: Login | None = None
    issuers: tuple[Issuer, ...] = ()
    certificates: tuple[Certificate, ...] = ()
