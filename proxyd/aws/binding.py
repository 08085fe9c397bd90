"""Whose call it is: the credentials, the allowed operations and the meter of the running task.

Clients are shared by every scan, so nothing of a scan may live in them. What belongs to
one lives in a ContextVar; a call made without it raises before anything is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import msgspec
from botocore.credentials import ReadOnlyCredentials

from proxyd.allowance import Allowance
from proxyd.errors import DeclarationError
from proxyd.model import Operation


class Credentials(Protocol):
    """What signs the calls of one session, renewed before it expires."""

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that are good for a while yet."""
        ...

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Replace credentials that AWS called expired, unless another task has done so."""
        ...


class Meter:
    """Requests that were really sent, and how often AWS throttled them."""

    __slots__ = ("calls", "parent", "throttles")

    def __init__(self, parent: Meter | None = None) -> None:
        self.calls = 0
        self.throttles = 0
        self.parent = parent

    def sent(self) -> None:
        """Count one request, retries included."""
        self.calls += 1
        if self.parent is not None:
            self.parent.sent()

    def throttled(self) -> None:
        """Count one answer that was a throttle."""
        self.throttles += 1
        if self.parent is not None:
            self.parent.throttled()


class Pace(Protocol):
    """How fast this principal may ask this account."""

    async def wait(self, service: str, region: str) -> None:
        """Wait until one more request may be sent."""
        ...

    def throttled(self, service: str, region: str) -> None:
        """Note that AWS throttled a request."""
        ...


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """One session's credentials, and what may be called with them.

    `allowance` is the time of the shard that calls: it stands while the quota holds a call back.
    """

    credentials: Credentials
    operations: frozenset[Operation]
    meter: Meter
    pace: Pace
    allowance: Allowance | None = None

    def check(self, operation: Operation) -> None:
        """Refuse what was not declared.

        Raises:
            DeclarationError: the operation is not among the declared ones.

        """
        if operation not in self.operations:
            raise DeclarationError(f"{operation.service}:{operation.name} is not declared")


class Call(msgspec.Struct):
    """One call that is being made.

    Attributes:
        binding: whose it is.
        operation: which it is.
        paths: which paths of its answer are wanted; None: all.
        signed: the credentials that signed its last request.

    """

    binding: Binding
    operation: Operation
    paths: tuple[str, ...] | None = None
    signed: ReadOnlyCredentials | None = None


_CALL: ContextVar[Call] = ContextVar("proxyd_aws_call")


def current() -> Call:
    """Return the call of the running task.

    Raises:
        LookupError: there is none, so nothing may be signed.

    """
    return _CALL.get()


@contextmanager
def calling(
    binding: Binding, operation: Operation, paths: tuple[str, ...] | None = None
) -> Iterator[None]:
    """Make every AWS request in the block go out as this binding's."""
    token = _CALL.set(Call(binding, operation, paths))
    try:
        yield
    finally:
        _CALL.reset(token)
