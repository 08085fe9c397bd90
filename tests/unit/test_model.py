from __future__ import annotations

import pytest

from proxyd.actions import action_of, actions_of
from proxyd.model import Operation

from .fakes import target


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ec2", "DescribeVpcs", "ec2:DescribeVpcs"),
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3", "HeadBucket", "s3:ListBucket"),
        ("elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
    ],
)
def test_an_operation_has_its_action(service: str, operation: str, action: str) -> None:
    """The action has the operation's name under the service's IAM prefix, but for exceptions."""
    assert action_of(Operation(service, operation)) == action


def test_actions_are_sorted_and_distinct() -> None:
    """Two operations with one action need it once."""
    operations = (Operation("s3", "X"), Operation("ec2", "Y"), Operation("s3control", "X"))
    assert actions_of(operations) == ("ec2:Y", "s3:X")


def test_a_target_knows_its_account_and_partition() -> None:
    """Both follow from the ARN of the role."""
    china = target(role_arn="arn:aws-cn:iam::333333333333:role/path/r")
    assert (china.account, china.partition) == ("333333333333", "aws-cn")


def test_a_target_never_shows_its_external_id() -> None:
    """The secret between proxyd and the role is in no repr, nor in one of what holds it."""
    secret = target(external_id="the-secret")
    assert "the-secret" not in f"{secret!r} {secret} {[secret]}"
