"""The proofs that run a scanner, each shown one that is wrong on purpose."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from proxyd.plugin import Operation, Resource, Scanner, Shard, batch, each, listing, pages
from proxyd.proofs.check import check
from proxyd.proofs.running import Prover

ARN = "arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}"
VPCS = pages("ec2", "DescribeVpcs", "Vpcs[]")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover() -> AsyncGenerator[Prover, None]:
    """An endpoint and clients for it."""
    async with Prover() as started:
        yield started


def vpc(**changes: Any) -> Scanner:
    """Declare a scanner that is right but for the changes."""
    declared: dict[str, Any] = {"calls": VPCS, "arn": ARN, "properties": "State"}
    return listing("AWS::EC2::VPC", **(declared | changes))


def functions(scan: Any, *fields: str) -> Scanner:
    """Make a scanner of functions from a generator."""
    operation = Operation("lambda", "ListFunctions")
    return Scanner(type="AWS::Lambda::Function", operations=(operation,), scan=scan, fields=fields)


async def first_page(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Read only the first of several pages."""
    answer = await shard.call("lambda", "ListFunctions")
    for found in answer.get("Functions", ()):
        yield shard.resource(arn=found["FunctionArn"], id=found["FunctionName"])


async def environment(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Give away what a function is told in secret."""
    async for page in shard.pages("lambda", "ListFunctions"):
        for found in page.get("Functions", ()):
            variables = found.get("Environment", {}).get("Variables", {})
            yield shard.resource(
                arn=found["FunctionArn"],
                id=found["FunctionName"],
                properties={"Told": ",".join(variables.values())},
            )


async def trusting(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Take it for granted that a list is there."""
    async for page in shard.pages("lambda", "ListFunctions"):
        for found in page["Functions"]:
            yield shard.resource(arn=found["FunctionArn"], id=found["FunctionName"])


async def somewhere_else(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Name another account and region than its own."""
    async for page in shard.pages("lambda", "ListFunctions"):
        for found in page.get("Functions", ()):
            name = found["FunctionName"]
            arn = f"arn:{shard.partition}:lambda:eu-west-9:111111111111:function:{name}"
            yield shard.resource(arn=arn, id=name)


@pytest.mark.parametrize(
    ("scanner", "complaint"),
    [
        (vpc(arn="arn:aws:ec2:{region}:{OwnerId}:vpc/{VpcId}"), "is no ARN of aws-cn"),
        (vpc(arn="arn:{partition}:ec2:{region}:{OwnerId}:vpc/{State}"), "two resources"),
        (vpc(keep=("State", "nowhere")), "finds nothing"),
        (vpc(links="in AWS::EC2::VPC State ~ arn:*"), "is never there"),
        (functions(first_page), "reads only the first page of ListFunctions"),
        (functions(environment, "Told"), "Variables is secret"),
        (functions(trusting), "empty: ends as failed: KeyError"),
        (functions(somewhere_else), "is not in eu-west-1 of 222222222222"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_scanner_does_wrong_is_found(
    prover: Prover, scanner: Scanner, complaint: str
) -> None:
    """Each fault shows in some way of running."""
    assert complaint in " ".join(await prover.wrong(scanner))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_scanner_that_is_right_passes(prover: Prover) -> None:
    """The same scanner without a fault has none."""
    assert await prover.wrong(vpc()) == []
    keys = pages("ecs", "ListClusters", "clusterArns[]")
    described = batch("ecs", "DescribeClusters", "clusters[]", size=100, clusters=["{@}"])
    clusters = listing("AWS::ECS::Cluster", calls=(keys, described), arn="clusterArn", tags="tags")
    assert await prover.wrong(clusters) == []
    services = each("ecs", "ListServices", "serviceArns[]", cluster="{@}")
    listed = listing("AWS::ECS::Service", calls=(keys, services), arn="@", tags=None)
    assert await prover.wrong(listed) == []


async def test_a_check_says_all_of_it() -> None:
    """A verdict has what the declaration and what the run is wrong about, and the notes."""
    scanners = [vpc(), vpc(properties="Stat"), vpc(arn="arn:{partition}:ec2:::{VpcId}")]
    right, wrong, odd = [verdict async for verdict in check(scanners, [])]
    assert (right.wrong, right.notes) == ([], [])
    assert "no 'Stat' here" in wrong.wrong[0]
    assert "the IAM reference has no ARN like this" in odd.notes[0]
