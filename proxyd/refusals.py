"""Why a role can not be assumed, for the person who asked: what AWS told stays inside."""

from __future__ import annotations

from proxyd.errors import AwsError, Problem

_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_UNREACHABLE = frozenset({"region_disabled", "timeout", "unsupported"})
_UNREACHABLE_CODES = frozenset(
    {
        "ConnectionClosedError",
        "InternalError",
        "InternalFailure",
        "ProxyConnection",
        "SSLError",
        "ServiceUnavailable",
    }
)
_RETRY_AFTER = "10"


def not_assumed(error: AwsError) -> Problem:
    """Say what to look at."""
    status, headers = 502, {}
    match error:
        case AwsError(code="NoCredentials"):
            code = "no_base_credentials"
            detail = (
                "proxyd has no AWS credentials of its own: give it an instance profile, "
                "a web identity, a key and its secret in the environment, or a profile that is "
                "there"
            )
        case AwsError(code=aws_code) if aws_code in _BAD_CREDENTIALS:
            code = "bad_base_credentials"
            detail = (
                "AWS does not accept proxyd's own credentials: they are deleted, mistyped, expired "
                "or of another partition, or the clock of the machine is wrong"
            )
        case AwsError(status="denied" | "scp_denied"):
            code = "role_not_assumable"
            detail = (
                "AWS refused AssumeRole: look at the role's name, its trust policy (principal, "
                "external id, sts:SetSourceIdentity), and whether proxyd may call sts:AssumeRole"
            )
        case AwsError(status="throttled"):
            status, code, headers = 503, "sts_throttled", {"Retry-After": _RETRY_AFTER}
            detail = "AWS STS throttles proxyd: ask again in a while"
        case AwsError(status=how, code=aws_code) if (
            how in _UNREACHABLE or aws_code in _UNREACHABLE_CODES
        ):
            code = "sts_unreachable"
            detail = (
                "AWS STS did not answer, or could not: look at the network, the proxy, "
                "the CA bundle and the endpoints"
            )
        case _:
            code = "role_not_assumable"
            detail = "AWS STS answered AssumeRole with an error"
    return Problem(status, code, detail, headers=headers, extra={"aws_code": error.code})
