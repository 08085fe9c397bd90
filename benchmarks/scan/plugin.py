"""The benchmark's plugin: one scanner for each list call, and proxyd's own for instances."""

from __future__ import annotations

from benchmarks.scan.services import CALLS, ListCall
from proxyd.plugin import Scanner, hookimpl, listing, pages
from proxyd_aws import compute

INSTANCE = "AWS::EC2::Instance"


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return them."""
    instances = [scanner for scanner in compute.SCANNERS if scanner.type == INSTANCE]
    return [*map(_scanner, CALLS), *instances]


def _scanner(call: ListCall) -> Scanner:
    return listing(
        call.type,
        calls=pages(call.service, call.operation, call.items),
        arn=call.arn,
        tags=None,
        properties=call.properties,
    )
