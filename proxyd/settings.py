"""The frozen result of reading the configuration: nouns, each with its safe defaults."""

from __future__ import annotations

import msgspec

from proxyd.model import Grant, Principal, Target


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Files for direct TLS; the key's path lies in the credentials directory."""

    certificate: str
    key: str


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens, and the Host names it answers to."""

    listen: str = "127.0.0.1:8080"
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    tls: Tls | None = None


class Aws(msgspec.Struct, frozen=True, kw_only=True):
    """How AWS is reached. Times in seconds."""

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
        state_bytes: that everything held may take.

    """

    minimum_seconds: float = 5.0
    default_seconds: float = 30.0
    maximum_seconds: float = 300.0
    types: dict[str, float] = msgspec.field(default_factory=dict)
    calls: float = 5.0
    grace_seconds: float = 30.0
    recheck_seconds: float = 300.0
    state_bytes: int = 1024 * 1024 * 1024


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Where audit records go."""

    sinks: tuple[str, ...] = ("stdout",)


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the kernel can not enforce a promise."""

    mode: str = "required"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds. Times in seconds; a shard's counts what AWS takes, not what its reader takes."""

    streams: int = 1000
    streams_per_principal: int = 50
    targets_per_stream: int = 100
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


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the daemon is told."""

    server: Server
    aws: Aws
    quota: Quota
    watch: Watch
    audit: Audit
    sandbox: Sandbox
    limits: Limits
    targets: tuple[Target, ...]
    tokens: tuple[Token, ...]
    grants: tuple[Grant, ...]
