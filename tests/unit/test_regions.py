from __future__ import annotations

import pytest

from proxyd.aws.models import operations_of
from proxyd.aws.regions import everywhere, home_of, regions_of
from proxyd.model import GLOBAL


@pytest.mark.parametrize(
    ("partition", "home"),
    [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")],
)
def test_a_partition_has_regions_and_a_home(partition: str, home: str) -> None:
    """Global services are called through a region of the same partition."""
    assert home_of(partition) == home
    assert home in regions_of(partition)
    assert list(regions_of(partition)) == sorted(set(regions_of(partition)))


def test_global_is_no_region_but_counts_as_one() -> None:
    """What a glob may match is `global` and every region."""
    assert everywhere("aws") == (GLOBAL, *regions_of("aws"))
    assert GLOBAL not in regions_of("aws")


def test_an_unknown_partition_has_no_regions() -> None:
    """A partition that botocore does not know has nothing but `global`."""
    assert everywhere("aws-mars") == (GLOBAL,)
    assert home_of("aws-mars")


def test_operations_are_those_of_the_service() -> None:
    """Names are the API's own; a service that is not there has none."""
    assert {"DescribeVpcs", "RunInstances"} <= operations_of("ec2")
    assert "describe_vpcs" not in operations_of("ec2")
    assert "ListBuckets" in operations_of("s3")
    assert operations_of("ec3") == frozenset()
    assert operations_of("") == frozenset()
