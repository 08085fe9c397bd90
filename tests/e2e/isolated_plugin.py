"""Start proxyd with one scanner whose every request says for which account it was made."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

from proxyd import registry
from proxyd.cli import main
from proxyd.plugin import Scanner, hookimpl, listing, pages

VPCS = pages(
    "ec2", "DescribeVpcs", "Vpcs[]", Filters=[{"Name": "owner-id", "Values": ["{account}"]}]
)


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return it."""
    return [
        listing(
            "AWS::EC2::VPC",
            calls=VPCS,
            arn="arn:{partition}:ec2:{region}:{account}:vpc/{VpcId}",
            tags=None,
            properties="OwnerId",
        )
    ]


if __name__ == "__main__":
    sys.modules["isolated_plugin"] = sys.modules["__main__"]
    registry.discover = lambda: [EntryPoint("isolated", "isolated_plugin", "proxyd")]
    main()
