"""Start proxyd with two scanners that try to do more than they declared."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from importlib.metadata import EntryPoint

from msgspec.structs import replace

from proxyd import registry
from proxyd.aws.shard import AwsShard
from proxyd.cli import main
from proxyd.plugin import Operation, Resource, Scanner, Shard, hookimpl

DECLARED = Operation("ec2", "DescribeVpcs")


async def undeclared(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Ask for something that is not declared: the guard refuses it before it is signed."""
    await shard.call("s3", "ListBuckets")
    yield shard.resource(arn="arn:aws:s3:::never", id="never")


async def past_the_guard(shard: Shard) -> AsyncGenerator[Resource, None]:
    """Reach round the guard: then AWS refuses it, since the session policy lacks the action."""
    assert isinstance(shard, AwsShard)
    wider = shard._binding.operations | {Operation("s3", "ListBuckets")}  # noqa: SLF001 - the attack
    shard._binding = replace(shard._binding, operations=wider)  # noqa: SLF001
    await shard.call("s3", "ListBuckets")
    yield shard.resource(arn="arn:aws:s3:::never", id="never")


@hookimpl
def proxyd_scanners() -> list[Scanner]:
    """Return both, and one through which clients have the operation that they should not call."""
    entitled = (Operation("s3", "ListBuckets"),)
    return [
        Scanner(type="Leaky::Test::Entitled", operations=entitled, scan=undeclared),
        Scanner(type="Leaky::Test::Undeclared", operations=(DECLARED,), scan=undeclared),
        Scanner(type="Leaky::Test::PastTheGuard", operations=(DECLARED,), scan=past_the_guard),
    ]


if __name__ == "__main__":
    sys.modules["leaky_plugin"] = sys.modules["__main__"]
    registry.discover = lambda: [EntryPoint("leaky", "leaky_plugin", "proxyd")]
    main()
