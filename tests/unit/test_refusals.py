"""Why a role could not be assumed, as it is told."""

from __future__ import annotations

import pytest

from proxyd.errors import AwsError
from proxyd.refusals import not_assumed


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AwsError("failed", "NoCredentials"), 502, "no_base_credentials"),
        (AwsError("region_disabled", "InvalidClientTokenId"), 502, "bad_base_credentials"),
        (AwsError("region_disabled", "UnrecognizedClientException"), 502, "bad_base_credentials"),
        (AwsError("expired", "ExpiredToken"), 502, "bad_base_credentials"),
        (AwsError("failed", "SignatureDoesNotMatch"), 502, "bad_base_credentials"),
        (AwsError("denied", "AccessDenied"), 502, "role_not_assumable"),
        (AwsError("scp_denied", "AccessDenied"), 502, "role_not_assumable"),
        (AwsError("failed", "MalformedPolicyDocument"), 502, "role_not_assumable"),
        (AwsError("throttled", "Throttling"), 503, "sts_throttled"),
        (AwsError("timeout", "AssumeRoleTimeout"), 502, "sts_unreachable"),
        (AwsError("region_disabled", "ConnectTimeout"), 502, "sts_unreachable"),
        (AwsError("unsupported", "EndpointConnection"), 502, "sts_unreachable"),
        (AwsError("failed", "ProxyConnection"), 502, "sts_unreachable"),
    ],
)
def test_each_cause_has_its_code(error: AwsError, status: int, code: str) -> None:
    """A person is pointed to what can be mended, with AWS's own code beside it."""
    problem = not_assumed(error)
    assert (problem.status, problem.code) == (status, code)
    assert problem.extra == {"aws_code": error.code}
    assert ("Retry-After" in problem.headers) == (status == 503)
