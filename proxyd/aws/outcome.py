"""Foreign errors → outcomes, pure: one table says how a shard ends for each of AWS's answers.

The text of an AWS error is read here for two facts, the IAM action and what kind of
policy said no, and never leaves: it holds ARNs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientConnectorDNSError
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from proxyd.actions import action_of
from proxyd.errors import AwsError, Cause, DeclarationError
from proxyd.model import GLOBAL, Operation, Status

EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "403",
    }
)
_REGION_DISABLED = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "OptInRequired",
        "RegionDisabledException",
        "UnrecognizedClientException",
    }
)
_UNSUPPORTED = frozenset(
    {
        "InvalidAction",
        "NotImplemented",
        "SubscriptionRequiredException",
        "UnknownOperation",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "CallRateLimitExceededException",
        "DependencyThrottle",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NOT_IN_USE = {
    "auditmanager": ("Audit Manager setup",),
    "ce": ("not enabled for cost explorer",),
    "fms": ("No default admin",),
    "macie2": ("is not enabled",),
    "quicksight": ("your identity region is", "is not subscribed"),
    "securityhub": ("not subscribed",),
    "timestream-write": ("Only existing Timestream",),
}
"""What services say where nobody has switched them on; some of them call it a refusal."""

_TIMEOUT = frozenset({"RequestTimeout", "RequestTimeoutException"})

_BY_CODE: dict[str, Status] = {
    **dict.fromkeys(EXPIRED, "expired"),
    **dict.fromkeys(_REGION_DISABLED, "region_disabled"),
    **dict.fromkeys(_UNSUPPORTED, "unsupported"),
    **dict.fromkeys(THROTTLED, "throttled"),
    **dict.fromkeys(_TIMEOUT, "timeout"),
}

_ACTION = re.compile(r"perform:? ([a-z0-9-]{2,40}:[A-Za-z0-9]{2,80})\b")
_OF_THE_ROLE = frozenset({"policy", "explicit_deny", "boundary", "session_policy"})
_REASON = re.compile(r"(?:because no|(explicit deny) in (?:an?|the)) ")
_CAUSES: tuple[tuple[str, Cause], ...] = (
    ("service control polic", "organization"),
    ("resource control polic", "organization"),
    ("permissions boundar", "boundary"),
    ("session polic", "session_policy"),
    ("sessions polic", "session_policy"),  # as AWS writes it of an explicit deny
    ("endpoint polic", "endpoint_policy"),
    ("identity-based polic", "policy"),
    ("resource-based polic", "resource_policy"),
    ("trust polic", "resource_policy"),
)
"""IAM User Guide, "Troubleshoot access denied error messages": an implicit denial of several kinds
of policy is one that the first of these can mend."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@contextmanager
def translated(operation: Operation, region: str) -> Iterator[None]:
    """Raise whatever goes wrong in the block as an AwsError.

    Cancellation passes, and so does what is not AWS's doing: a call that was not declared.
    """
    try:
        yield
    except DeclarationError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever botocore raises becomes an outcome
        raise outcome(error, operation, region) from None


def outcome(  # noqa: C901, PLR0911 - a table reads best as one
    error: Exception, operation: Operation, region: str
) -> AwsError:
    """Reduce what botocore raised to a status, a code and the action that was refused."""
    match error:
        case AwsError():
            return error
        case boto.ClientError():
            return _answered(error, operation)
        case boto.ProxyConnectionError():
            return AwsError("failed", "ProxyConnection")
        case boto.ConnectTimeoutError() | boto.EndpointConnectionError():
            return AwsError(_unreachable(error, region), type(error).__name__.removesuffix("Error"))
        case boto.ReadTimeoutError() | TimeoutError():
            return AwsError("timeout", "ReadTimeout")
        case boto.NoRegionError() | boto.UnknownServiceError() | boto.EndpointProviderError():
            return AwsError("unsupported", "NoEndpoint")
        case boto.EndpointVariantError() | boto.UnknownEndpointError():
            return AwsError("unsupported", "NoEndpoint")
        case boto.PaginationError():
            return AwsError("failed", "RepeatedPageToken")
        case ResponseParserError():
            return AwsError("failed", "UnreadableResponse")
        case (
            boto.NoCredentialsError()
            | boto.PartialCredentialsError()
            | boto.CredentialRetrievalError()
            | boto.ProfileNotFound()
        ):
            return AwsError("failed", "NoCredentials")
    return AwsError("failed", type(error).__name__)


def _answered(error: boto.ClientError, operation: Operation) -> AwsError:
    told = error.response.get("Error", {})
    code, text = str(told.get("Code", "")), str(told.get("Message", ""))
    code = code.rpartition(".")[2] if code.startswith("Client.") else code
    shown = code if _CODE.fullmatch(code) else "UnreadableCode"
    if any(phrase in text for phrase in _NOT_IN_USE.get(operation.service, ())):
        return AwsError("failed", "NotInUse")
    if code in _DENIED:
        return _denied(shown, text, operation)
    status = _BY_CODE.get(code)
    if status is None:
        status = "failed"
    return AwsError(status, shown)


def _denied(code: str, text: str, operation: Operation) -> AwsError:
    named = _ACTION.search(text)
    action = named[1] if named else action_of(operation)
    cause = _cause(text.lower())
    if cause == "organization":
        return AwsError("scp_denied", code, action=action, cause=cause)
    # S3 refuses with a bare "Access Denied" for one bucket as for all of them.
    of_one = cause == "resource_policy" or (operation.service == "s3" and cause not in _OF_THE_ROLE)
    scope = "resource" if of_one else "account"
    return AwsError("denied", code, action=action, scope=scope, cause=cause)


def _cause(text: str) -> Cause | None:
    """Read which kind of policy refused from what follows AWS's words for it: ARNs come before."""
    said = list(_REASON.finditer(text))
    if not said:
        return None
    rest = text[said[-1].end() :]
    cause = next((cause for words, cause in _CAUSES if words in rest), None)
    return "explicit_deny" if cause == "policy" and said[-1][1] else cause


def _unreachable(error: boto.BotoCoreError, region: str) -> Status:
    """Tell a region that does not answer from a service that is not in it."""
    if isinstance(error.kwargs.get("error"), ClientConnectorDNSError):
        return "unsupported"
    return "failed" if region == GLOBAL else "region_disabled"
