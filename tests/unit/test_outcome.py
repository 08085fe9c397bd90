"""How a shard ends for each of AWS's answers; messages as AWS writes them, ARNs and all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import ClientConnectorDNSError
from aiohttp.client_reqrep import ConnectionKey
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from proxyd.aws.outcome import outcome
from proxyd.errors import AwsError
from proxyd.model import GLOBAL, Operation

VPCS = Operation("ec2", "DescribeVpcs")
BUCKET = Operation("s3", "GetBucketEncryption")
WHO = "arn:aws:sts::222222222222:assumed-role/proxyd-read/proxyd-1"
WHAT = "arn:aws:ec2:eu-west-1:222222222222:vpc/vpc-1"


def answered(code: str, message: str = "", operation: Operation = VPCS) -> AwsError:
    """Reduce an error that AWS answered with."""
    response: Any = {"Error": {"Code": code, "Message": message}}
    return outcome(boto.ClientError(response, operation.name), operation, "eu-west-1")


def shows(error: AwsError) -> str:
    """Return all that an outcome could tell anyone."""
    return json.dumps([str(error), repr(error), error.args, vars(error)])


CODES = {
    "expired": [
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "TokenRefreshRequired",
    ],
    "denied": [
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
    ],
    "region_disabled": [
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "OptInRequired",
        "RegionDisabledException",
        "UnrecognizedClientException",
    ],
    "unsupported": [
        "InvalidAction",
        "NotImplemented",
        "SubscriptionRequiredException",
        "UnknownOperation",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    ],
    "throttled": [
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
    ],
    "timeout": ["RequestTimeout", "RequestTimeoutException"],
    "failed": ["InternalError", "ServiceUnavailable", "ValidationException", "500", "accessdenied"],
}


@pytest.mark.parametrize(
    ("code", "status"), [(code, status) for status, codes in CODES.items() for code in codes]
)
def test_each_code_has_its_status(code: str, status: str) -> None:
    """Every row of the table: what AWS answers decides how the shard ends."""
    error = answered(code)
    assert (error.status, error.code) == (status, code)
    assert error.action == ("ec2:DescribeVpcs" if status == "denied" else None)
    assert error.scope == "account"


def test_ec2_may_write_client_before_a_code() -> None:
    """EC2's old spelling of a code is the same code."""
    error = answered("Client.UnauthorizedOperation")
    assert (error.status, error.code) == ("denied", "UnauthorizedOperation")


@pytest.mark.parametrize("code", ["", WHAT, "a b", "x" * 65, "Ünicode", "a/b"])
def test_a_code_that_is_none_is_not_told(code: str) -> None:
    """What stands where the code should might be anything: it is not passed on."""
    error = answered(code)
    assert (error.status, error.code) == ("failed", "UnreadableCode")
    assert "arn:" not in shows(error)


@pytest.mark.parametrize("response", [{}, {"Error": {}}, {"Error": {"Code": None}}])
def test_an_answer_without_an_error_is_a_failure(response: dict[str, Any]) -> None:
    """An answer that can not be understood is a failure, not a crash."""
    error = outcome(boto.ClientError(response, "DescribeVpcs"), VPCS, "eu-west-1")
    assert error.status == "failed"


IMPLICIT = f"User: {WHO} is not authorized to perform: ec2:DescribeSubnets"
DENIALS = [
    (f"{IMPLICIT} because no identity-based policy allows it", "denied", "account"),
    (f"{IMPLICIT} on resource: {WHAT}", "denied", "account"),
    (f"{IMPLICIT} with an explicit deny in an identity-based policy", "denied", "account"),
    (f"{IMPLICIT} because no session policy allows the action", "denied", "account"),
    (f"{IMPLICIT} because no permissions boundary allows it", "denied", "account"),
    (f"{IMPLICIT} with an explicit deny in a service control policy", "scp_denied", "account"),
    (f"{IMPLICIT} because no service control policy allows it", "scp_denied", "account"),
    (f"{IMPLICIT} with an explicit deny in a resource control policy", "scp_denied", "account"),
    (
        f"{IMPLICIT} on resource: {WHAT} with an explicit deny in a resource-based policy",
        "denied",
        "resource",
    ),
    (
        f"{IMPLICIT} because no resource-based policy or identity-based policy allows it",
        "denied",
        "account",
    ),
]


@pytest.mark.parametrize(("message", "status", "scope"), DENIALS)
def test_the_kind_of_policy_decides_how_far_a_refusal_reaches(
    message: str, status: str, scope: str
) -> None:
    """An SCP, the role's own policies and the policy of one resource are told apart."""
    error = answered("AccessDenied", message)
    assert (error.status, error.scope) == (status, scope)
    assert error.action == "ec2:DescribeSubnets"


CAUSES = [
    ("You are not authorized to perform this operation.", None),
    ("Access Denied", None),
    ("", None),
    (f"{IMPLICIT} on resource: {WHAT}", None),
    (f"{IMPLICIT} because no identity-based policy allows the {{a}} action", "policy"),
    (f"{IMPLICIT} with an explicit deny in an identity-based policy", "explicit_deny"),
    (f"{IMPLICIT} with an explicit deny in an identity-based policy: {{p}}", "explicit_deny"),
    (f"{IMPLICIT} because no permissions boundary allows the {{a}} action", "boundary"),
    (f"{IMPLICIT} with an explicit deny in a permissions boundary", "boundary"),
    (f"{IMPLICIT} with an explicit deny in a permissions boundary: {{p}}", "boundary"),
    (f"{IMPLICIT} because no session policy allows the {{a}} action", "session_policy"),
    (f"{IMPLICIT} with an explicit deny in a sessions policy", "session_policy"),
    (
        f"{IMPLICIT} on resource: {WHAT} because no resource-based policy allows the {{a}} action",
        "resource_policy",
    ),
    (
        f"{IMPLICIT} on resource: {WHAT} with an explicit deny in a resource-based policy",
        "resource_policy",
    ),
    (
        f"{IMPLICIT} on resource: {WHO} because no role trust policy allows the {{a}} action",
        "resource_policy",
    ),
    (f"{IMPLICIT} with an explicit deny in the role trust policy", "resource_policy"),
    (f"{IMPLICIT} because no VPC endpoint policy allows the {{a}} action", "endpoint_policy"),
    (f"{IMPLICIT} with an explicit deny in a VPC endpoint policy", "endpoint_policy"),
    (f"{IMPLICIT} because no service control policy allows the {{a}} action", "organization"),
    (f"{IMPLICIT} with an explicit deny in a service control policy", "organization"),
    (f"{IMPLICIT} with an explicit deny in a service control policy: {{p}}", "organization"),
    (f"{IMPLICIT} due to an explicit deny in a Service Control Policy", "organization"),
    (f"{IMPLICIT} because no resource control policy allows the {{a}} action", "organization"),
    (f"{IMPLICIT} with an explicit deny in a resource control policy", "organization"),
    (f"{IMPLICIT} because no resource-based policy or identity-based policy allows it", "policy"),
    (
        "You are not authorized to perform this operation. "
        f"{IMPLICIT} because no identity-based policy allows the {{a}} action. "
        "Encoded authorization failure message: 4Pf3xk",
        "policy",
    ),
]
"""IAM User Guide, "Troubleshoot access denied error messages", in its old and its new words."""


@pytest.mark.parametrize(("message", "cause"), CAUSES)
def test_the_kind_of_policy_that_refuses_is_told(message: str, cause: str | None) -> None:
    """AWS's sentence decides the cause; the policy whose ARN it may end with does not show."""
    policy = "arn:aws:iam::222222222222:policy/permissions-boundary-of-vpc-1"
    error = answered("AccessDenied", message.format(a="ec2:DescribeSubnets", p=policy))
    assert error.cause == cause
    assert (error.status == "scp_denied") is (cause == "organization")
    assert "arn:" not in shows(error)


def test_a_name_in_the_message_is_no_cause() -> None:
    """What is called like a kind of policy, before AWS's words for it, decides nothing."""
    named = f"{IMPLICIT} on resource: {WHAT}/because no permissions boundary "
    error = answered("AccessDenied", f"{named} because no identity-based policy allows it")
    assert error.cause == "policy"
    named = f"{IMPLICIT} on resource: {WHAT}/service control policy "
    error = answered("AccessDenied", f"{named} because no identity-based policy allows it")
    assert (error.status, error.cause) == ("denied", "policy")


@pytest.mark.parametrize(
    ("message", "operation", "action"),
    [
        (
            f"User: {WHO} is not authorized to perform: iam:ListRoles on {WHAT}",
            VPCS,
            "iam:ListRoles",
        ),
        ("You are not authorized to perform this operation.", VPCS, "ec2:DescribeVpcs"),
        ("User is not authorized to perform lambda:ListTags", VPCS, "lambda:ListTags"),
        (
            "is not authorized to perform: access-analyzer:ListAnalyzers.",
            VPCS,
            "access-analyzer:ListAnalyzers",
        ),
        ("Access Denied", BUCKET, "s3:GetEncryptionConfiguration"),
        ("", Operation("efs", "DescribeFileSystems"), "elasticfilesystem:DescribeFileSystems"),
    ],
)
def test_the_action_is_read_from_the_message_or_follows_from_the_operation(
    message: str, operation: Operation, action: str
) -> None:
    """AWS names the action that it refused; where it does not, the operation's is told."""
    error = answered("AccessDenied", message, operation)
    assert error.action == action


@pytest.mark.parametrize(
    ("message", "scope"),
    [
        ("Access Denied", "resource"),
        (f"{IMPLICIT} because no identity-based policy allows it", "account"),
        (f"{IMPLICIT} with an explicit deny in a resource-based policy", "resource"),
    ],
)
def test_a_bare_refusal_of_s3_is_about_one_bucket(message: str, scope: str) -> None:
    """S3 says "Access Denied" for one bucket as for all: the next one is asked for again."""
    assert answered("AccessDenied", message, BUCKET).scope == scope


@pytest.mark.parametrize("code", [code for codes in CODES.values() for code in codes])
@pytest.mark.parametrize("message", [IMPLICIT, f"{WHAT} is gone", f"{IMPLICIT} on {WHAT}", WHO])
def test_no_arn_ever_leaves(code: str, message: str) -> None:
    """The text of an error holds ARNs, account ids and names: none is in what comes out."""
    told = shows(answered(code, message))
    for secret in ("arn:", "222222222222", "proxyd-read", "vpc-1"):
        assert secret not in told


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_answer_has_an_outcome(code: str, message: str) -> None:
    """Whatever stands in an error, an outcome with a readable code comes of it."""
    error = answered(code, message)
    assert error.code.isascii()
    assert 0 < len(error.code) <= 64


DNS = ClientConnectorDNSError(
    ConnectionKey(
        "nowhere.example",
        443,
        is_ssl=True,
        ssl=True,
        proxy=None,
        proxy_auth=None,
        proxy_headers_hash=None,
    ),
    OSError("no such name"),
)
URL = "https://ec2.eu-west-1.amazonaws.com/?arn=" + WHAT

UNREACHED: list[tuple[Exception, str, str, str]] = [
    (boto.ConnectTimeoutError(endpoint_url=URL), "eu-west-1", "region_disabled", "ConnectTimeout"),
    (boto.ConnectTimeoutError(endpoint_url=URL), GLOBAL, "failed", "ConnectTimeout"),
    (
        boto.EndpointConnectionError(endpoint_url=URL, error=OSError()),
        "eu-west-1",
        "region_disabled",
        "EndpointConnection",
    ),
    (
        boto.EndpointConnectionError(endpoint_url=URL, error=DNS),
        "eu-west-1",
        "unsupported",
        "EndpointConnection",
    ),
    (
        boto.EndpointConnectionError(endpoint_url=URL, error=DNS),
        GLOBAL,
        "unsupported",
        "EndpointConnection",
    ),
    (boto.EndpointConnectionError(endpoint_url=URL), GLOBAL, "failed", "EndpointConnection"),
    (
        boto.ProxyConnectionError(proxy_url="http://u:secret@proxy"),
        GLOBAL,
        "failed",
        "ProxyConnection",
    ),
    (boto.ReadTimeoutError(endpoint_url=URL), "eu-west-1", "timeout", "ReadTimeout"),
    (TimeoutError(), "eu-west-1", "timeout", "ReadTimeout"),
    (boto.NoRegionError(), "eu-west-1", "unsupported", "NoEndpoint"),
    (
        boto.UnknownServiceError(service_name="x", known_service_names="y"),
        "eu-west-1",
        "unsupported",
        "NoEndpoint",
    ),
    (boto.EndpointProviderError(msg=URL), "eu-west-1", "unsupported", "NoEndpoint"),
    (boto.EndpointVariantError(tags=["fips"]), "eu-west-1", "unsupported", "NoEndpoint"),
    (
        boto.UnknownEndpointError(service_name="x", region_name="y"),
        "eu-west-1",
        "unsupported",
        "NoEndpoint",
    ),
    (boto.PaginationError(message=WHAT), "eu-west-1", "failed", "RepeatedPageToken"),
    (ResponseParserError(f"<html>{WHAT}"), "eu-west-1", "failed", "UnreadableResponse"),
    (boto.NoCredentialsError(), "eu-west-1", "failed", "NoCredentials"),
    (boto.ProfileNotFound(profile=WHO), "eu-west-1", "failed", "NoCredentials"),
    (
        boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        "eu-west-1",
        "failed",
        "NoCredentials",
    ),
    (
        boto.CredentialRetrievalError(provider="p", error_msg=WHO),
        "eu-west-1",
        "failed",
        "NoCredentials",
    ),
    (boto.SSLError(endpoint_url=URL, error=WHAT), "eu-west-1", "failed", "SSLError"),
    (boto.ParamValidationError(report=WHAT), "eu-west-1", "failed", "ParamValidationError"),
    (RuntimeError(WHAT), "eu-west-1", "failed", "RuntimeError"),
    (KeyError(WHAT), "eu-west-1", "failed", "KeyError"),
]


@pytest.mark.parametrize(
    ("error", "region", "status", "code"),
    UNREACHED,
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else str(v),
)
def test_what_never_got_an_answer_has_its_status(
    error: Exception, region: str, status: str, code: str
) -> None:
    """Each way to get no answer ends a shard in its own way, and tells no address or text."""
    found = outcome(error, VPCS, region)
    assert (found.status, found.code, found.action) == (status, code, None)
    for secret in ("arn:", "amazonaws.com", "secret", "vpc-1"):
        assert secret not in shows(found)


def test_an_outcome_is_its_own_outcome() -> None:
    """What was reduced once passes through."""
    error = AwsError("throttled", "SlowDown")
    assert outcome(error, VPCS, "eu-west-1") is error


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("NoSuchBucket", True),
        ("NoSuchTagSet", True),
        ("ResourceNotFoundException", True),
        ("InvalidVpcID.NotFound", True),
        ("QueueDoesNotExist", True),
        ("AWS.SimpleQueueService.NonExistentQueue", True),
        ("AccessDenied", False),
        ("InternalError", False),
    ],
)
def test_absence_is_told_from_failure(code: str, absent: bool) -> None:  # noqa: FBT001 - of the table
    """AWS's many words for "it does not exist" are one."""
    assert answered(code).absent is absent


@pytest.mark.parametrize(
    ("service", "code", "message"),
    [
        ("macie2", "AccessDeniedException", "Macie is not enabled."),
        (
            "securityhub",
            "InvalidAccessException",
            "Account 2 is not subscribed to Security Hub",
        ),
        ("quicksight", "UnsupportedUserEditionException", "Account 2 is not subscribed for it"),
    ],
)
def test_a_service_that_is_not_switched_on_is_no_failure(
    service: str, code: str, message: str
) -> None:
    """What nobody has switched on has nothing in it, though some services call that a refusal."""
    off = answered(code, message, Operation(service, "ListThings"))
    assert (off.code, off.absent) == ("NotInUse", True)
    assert not answered(code, message, Operation("ec2", "ListThings")).absent
