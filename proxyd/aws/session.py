"""One AssumeRole session: narrowed by its session policy, renewed before it expires."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from botocore.credentials import ReadOnlyCredentials

from proxyd.aws.binding import Binding, Meter, Pace, calling
from proxyd.aws.clients import Clients
from proxyd.aws.outcome import translated
from proxyd.aws.policy import via_policy
from proxyd.model import Operation, Target

RENEW_BEFORE = 300.0
"""Seconds before its end that a session is renewed; a quarter of its life where that is less."""

ASSUME_ROLE = Operation("sts", "AssumeRole")
_ASSUME = frozenset({ASSUME_ROLE})

_NOT_IN_AN_IDENTITY = re.compile(r"[^\w+=,.@-]", re.ASCII)
_MAX_IDENTITY = 64


class AssumeRole(msgspec.Struct, frozen=True):
    """The parameters of one AssumeRole call (STS API Reference, AssumeRole)."""

    role_arn: str
    session_name: str
    source_identity: str
    duration: int
    policy: str
    external_id: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Return them as STS names them."""
        parameters = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.session_name,
            "SourceIdentity": self.source_identity,
            "DurationSeconds": self.duration,
            "Policy": self.policy,
        }
        if self.external_id is not None:
            parameters["ExternalId"] = self.external_id
        return parameters


def source_identity(principal: str) -> str:
    r"""Write a principal's name as STS allows it: `[\w+=,.@-]{2,64}`, a hash where it overflows."""
    name = _NOT_IN_AN_IDENTITY.sub("-", principal)
    if name == principal and 2 <= len(name) <= _MAX_IDENTITY:  # noqa: PLR2004 - STS's minimum
        return name
    digest = hashlib.sha256(principal.encode()).hexdigest()[:12]
    return f"{name[: _MAX_IDENTITY - len(digest) - 1]}-{digest}"


def session_name(scan: str) -> str:
    """Return the name of the sessions of a scan."""
    return f"proxyd-{scan}"


class Unassumed:
    """No session: what signs as proxyd itself needs none, and nothing else may sign."""

    async def current(self) -> ReadOnlyCredentials:
        """Refuse."""
        raise LookupError("there is no session")

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Leave expired credentials to botocore's chain, which renews them."""


class Session:
    """Credentials for one role under one session policy.

    Raises from every method: AwsError, where STS does not give the role.
    """

    __slots__ = (
        *("_clients", "_credentials", "_lock", "_meter", "_pace"),
        *("_region", "_renew_at", "_request", "_request_ids", "_via"),
    )

    def __init__(
        self,
        clients: Clients,
        region: str,
        request: AssumeRole,
        *,
        meter: Meter,
        pace: Pace,
        request_ids: list[str],
        via: Session | None = None,
    ) -> None:
        self._request_ids = request_ids
        self._pace = pace
        self._meter = meter
        self._clients = clients
        self._region = region
        self._request = request
        self._via = via
        self._lock = asyncio.Lock()
        self._credentials: ReadOnlyCredentials | None = None
        self._renew_at = 0.0

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that are good for a while yet."""
        async with self._lock:
            if self._credentials is None or time.monotonic() >= self._renew_at:
                await self._assume()
            assert self._credentials is not None
            return self._credentials

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Replace credentials that AWS called expired, unless another task has done so."""
        async with self._lock:
            if self._credentials is stale:
                await self._assume()

    async def again(self) -> None:
        """Assume the role anew, whatever the credentials are good for: is it still allowed?"""
        async with self._lock:
            await self._assume()

    async def _assume(self) -> None:
        with translated(ASSUME_ROLE, self._region):
            answer = await self._ask()
        given = answer["Credentials"]
        self._credentials = ReadOnlyCredentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        life = (given["Expiration"] - datetime.now(UTC)).total_seconds()
        self._renew_at = time.monotonic() + life - min(RENEW_BEFORE, life / 4)
        self._request_ids.append(answer.get("ResponseMetadata", {}).get("RequestId", ""))

    async def _ask(self) -> dict[str, Any]:
        call = Binding(
            # The base client signs as proxyd itself, whatever is bound.
            credentials=self._via or self,
            operations=_ASSUME,
            meter=self._meter,
            pace=self._pace,
        )
        with calling(call, ASSUME_ROLE):
            if self._via is None:
                sts = await self._clients.base("sts", self._region)
                await self._pace.wait(ASSUME_ROLE.service, self._region)  # its own client does not
            else:
                sts = await self._clients.get("sts", self._region)
            answer: dict[str, Any] = await sts.assume_role(**self._request.parameters())
        return answer


def open_session(
    clients: Clients,
    region: str,
    target: Target,
    *,
    principal: str,
    scan: str,
    policy: str,
    meter: Meter,
    pace: Pace,
    request_ids: list[str],
) -> Session:
    """Prepare a session for a target, through the role that it names as `via` if it does."""
    name, identity = session_name(scan), source_identity(principal)
    via = None
    if target.via is not None:
        hop = AssumeRole(target.via, name, identity, target.duration, via_policy(target.role_arn))
        via = Session(clients, region, hop, meter=meter, pace=pace, request_ids=request_ids)
    request = AssumeRole(
        target.role_arn, name, identity, target.duration, policy, target.external_id
    )
    return Session(
        clients, region, request, meter=meter, pace=pace, request_ids=request_ids, via=via
    )
