"""Whose call it is: the credentials, the allowed operations and the meter of the running task.

Clients are shared by every scan, so nothing of a scan may live in them. What belongs to
one lives in a ContextVar; a call made without it raises before anything is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from botocore.credentials import ReadOnlyCredentials

from proxyd.errors import DeclarationError
from proxyd.model import Operation


class Credentials(Protocol):
    """What signs the calls of one session, renewed before it expires."""

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that are good for a while yet."""
        ...

    async def renew(self) -> None:
        """Replace credentials that AWS called expired, unless that was done a moment ago."""
        ...


class Meter:
    """Requests that were really sent, and AWS's ids of them: what the audit record tells."""

    MAX_REQUEST_IDS = 5

    def __init__(self, parent: Meter | None = None) -> None:
        self.calls = 0
        self.throttles = 0
        self.parent = parent

    def sent(self) -> None:
        """Count one request, retries included."""
        self.calls += 1
        if self.parent is not None:
            self.parent.sent()


class Binding:
    """One session's credentials, and what may be called with them."""

    def __init__(
        self, credentials: Credentials, operations: frozenset[Operation], meter: Meter
    ) -> None:
        self.credentials = credentials
        self.operations = operations
        self.meter = meter

    def check(self, operation: Operation) -> None:
        """Refuse what was not declared.

        Raises:
            DeclarationError: the operation is not among the declared ones.

        """
        if operation not in self.operations:
            raise DeclarationError(f"{operation.service}:{operation.name} is not declared")


_BINDING: ContextVar[Binding] = ContextVar("proxyd_aws_binding")


def current() -> Binding:
    """Return the binding of the running task.

    Raises:
        LookupError: there is none, so nothing may be signed.

    """
    return _BINDING.get()


@contextmanager
def bound(binding: Binding) -> Iterator[None]:
    """Make every AWS call in the block go out as this binding's."""
    token = _BINDING.set(binding)
    try:
        yield
    finally:
        _BINDING.reset(token)
