"""The benchmark's plugin: estates of a thousand, ten thousand and fifty thousand things."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from proxyd.plugin import Link, LinkTo, Operation, Resource, Scanner, Shard, hookimpl

SIZES = (1_000, 10_000, 50_000)
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
TYPES = 20
NETWORKS = 5
"""In a region; with as many subnets in each. Half of all things are in one."""

_LINKS = (
    LinkTo("in", "AWS::EC2::VPC", ""),
    LinkTo("in", "AWS::EC2::Subnet", ""),
    LinkTo("uses", "Bench::Thing", ""),
)


def types(size: int) -> str:
    """Return the glob that asks for one of the estates."""
    return f"Bench::Of{size}::*"


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return them. Their operation is declared only because every scanner has one."""
    return [
        Scanner(
            type=f"Bench::Of{size}::Type{number}",
            operations=(Operation("ec2", "DescribeVpcs"),),
            scan=partial(_things, size // TYPES // len(REGIONS), number),
            fields=("State", "Size"),
            links=_LINKS,
        )
        for size in SIZES
        for number in range(TYPES)
    ]


async def _things(many: int, number: int, shard: Shard) -> AsyncGenerator[Resource, None]:
    for n in range(many):
        yield _thing(shard, f"{number}-{n}", n, number)


def _thing(shard: Shard, name: str, n: int, number: int) -> Resource:
    network, subnet = n % NETWORKS, n // NETWORKS % NETWORKS
    inside = (
        Link("in", "AWS::EC2::VPC", id=f"vpc-{network}"),
        Link("in", "AWS::EC2::Subnet", id=f"subnet-{network}-{subnet}"),
    )
    arn = f"arn:aws:bench:{shard.region}:{shard.account}:thing"
    other = Link("uses", "Bench::Thing", arn=f"{arn}/{(number + 1) % TYPES}-{n}")
    return shard.resource(
        arn=f"{arn}/{name}",
        id=name,
        name=f"thing-{name}",
        tags={"env": "prod" if n % 2 else "test", "team": f"team-{number}"},
        properties={"State": "running", "Size": n},
        links=(other, *(inside if number % 2 else ())),
    )
