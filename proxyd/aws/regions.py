"""Partitions and their regions, from botocore's endpoint data: what can be named at all."""

from __future__ import annotations

from functools import cache

from botocore.regions import EndpointResolver

from proxyd.aws.models import builtin_loader
from proxyd.model import GLOBAL

_HOMES = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
}


_ELSEWHERE = {
    "globalaccelerator": "us-west-2",
    "networkmanager": "us-west-2",
    "route53-recovery-control-config": "us-west-2",
    "route53-recovery-readiness": "us-west-2",
    "s3control": "us-west-2",
}
"""Global services that the partition `aws` has in another region than its home."""


@cache
def regions_of(partition: str) -> tuple[str, ...]:
    """Return every region of a partition that is known, without `global`, sorted."""
    known = EndpointResolver(builtin_loader().load_data("endpoints"))
    found = set(known.get_available_endpoints("ec2", partition))
    return tuple(sorted(found | {_HOMES[partition]} if partition in _HOMES else found))


def home_of(partition: str, service: str | None = None) -> str:
    """Return the region through which a global service of a partition is called."""
    if partition == "aws" and service in _ELSEWHERE:
        return _ELSEWHERE[service]
    return _HOMES.get(partition) or next(iter(regions_of(partition)), _HOMES["aws"])


def everywhere(partition: str) -> tuple[str, ...]:
    """Return what a region glob may match: `global` and every known region."""
    return (GLOBAL, *regions_of(partition))
