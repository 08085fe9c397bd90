"""Everything that proxyd raises on purpose.

Three kinds, by who has to act on them: the operator at start-up (`StartupError`), the
caller of one request (`Problem`), and one shard of a scan (`AwsError`, `DeclarationError`).
None of them ever carries an AWS message text: those hold ARNs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxyd.model import Status

Cause = Literal[
    "policy",
    "boundary",
    "explicit_deny",
    "session_policy",
    "resource_policy",
    "endpoint_policy",
    "organization",
    "elsewhere",
    "undeclared",
]
"""Which kind of policy refuses an action.

`elsewhere`: none of the role's own, as a check knows. `undeclared`: no scanner asks for it, so no
session has it, whatever the role allows.
"""


class StartupError(Exception):
    """The daemon can not start; the text says what is wrong, where, and what was expected."""


class ConfigError(StartupError):
    """The configuration is refused."""


class UsageError(StartupError):
    """What was given on the command line can not be; the text starts with the option's name."""


class PluginError(StartupError):
    """A plugin is refused; the text starts with the plugin's name."""


class DeclarationError(Exception):
    """A scanner does what it did not declare: an operation, a property, a path."""


class AwsError(Exception):
    """One AWS call failed for good, reduced to what may be told and logged.

    Attributes:
        status: how the shard ends because of it (the contract's `status`).
        code: AWS's own error code, or a client-side one (`ConnectTimeout`).
        action: the IAM action that was refused, where it was one (`ec2:DescribeVpcs`).
        scope: how far a refusal reaches. "resource" means only that one resource said no.
        cause: which kind of policy refused it; None where AWS does not say.

    """

    def __init__(
        self,
        status: Status,
        code: str,
        *,
        action: str | None = None,
        scope: str = "account",
        cause: Cause | None = None,
    ) -> None:
        super().__init__(f"{status}: {code}")
        self.status = status
        self.code = code
        self.action = action
        self.scope = scope
        self.cause = cause

    def because(self, cause: Cause) -> AwsError:
        """Return the same refusal, by another kind of policy."""
        return AwsError(self.status, self.code, action=self.action, scope=self.scope, cause=cause)

    @property
    def absent(self) -> bool:
        """Whether AWS says that the thing does not (or no longer) exist, or is not in use."""
        return self.status == "failed" and any(word in self.code for word in _ABSENT)


_ABSENT = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "NotInUse")


class Problem(Exception):  # noqa: N818 - named after the response that it becomes (RFC 9457)
    """A request that is answered with `application/problem+json` before any event.

    Attributes:
        status: the HTTP status.
        code: stable and documented in docs/errors.md.
        detail: one sentence for the person who sent the request.
        extra: further members of the problem object (`parameter`, `column`).
        headers: response headers (`Retry-After`, `WWW-Authenticate`).

    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


def bad_parameter(name: str, detail: str, **extra: str | int) -> Problem:
    """Build the 400 that names the parameter at fault."""
    return Problem(400, "bad_parameter", detail, extra={"parameter": name, **extra})
