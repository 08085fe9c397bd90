"""One look at the tags of a region, shared by the shards of a scan."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxyd.aws.tags import MAX_KINDS, RegionTags
from proxyd.errors import AwsError
from proxyd.model import Status

KINDS = ("lambda:function", "sqs", "kms:key")
ONE = [{"ResourceARN": "arn:aws:sqs:eu-west-1:222222222222:q", "Tags": []}]


class Asked:
    """What answers, and notes how often it was asked for what."""

    def __init__(self, answer: dict[str, Any] | AwsError) -> None:
        self.answer = answer
        self.kinds: list[list[str]] = []

    async def __call__(self, kinds: list[str]) -> dict[str, Any]:
        """Answer after the others had their turn."""
        self.kinds.append(kinds)
        await asyncio.sleep(0)
        if isinstance(self.answer, AwsError):
            raise self.answer
        return self.answer


async def test_all_kinds_of_a_region_are_asked_for_at_once() -> None:
    """Three shards at the same time cost one call."""
    tags, asked = RegionTags(KINDS), Asked({"ResourceTagMappingList": ONE, "PaginationToken": ""})
    found = await asyncio.gather(*(tags.mappings(kind, asked) for kind in KINDS))
    assert found == [ONE] * len(KINDS)
    assert asked.kinds == [sorted(KINDS)]


async def test_where_there_are_more_each_shard_reads_its_own() -> None:
    """An answer that is not all there is is used by nobody."""
    tags, asked = RegionTags(KINDS), Asked({"ResourceTagMappingList": ONE, "PaginationToken": "x"})
    assert [await tags.mappings(kind, asked) for kind in KINDS] == [None] * len(KINDS)
    assert len(asked.kinds) == 1


@pytest.mark.parametrize("status", ["denied", "timeout", "throttled", "region_disabled"])
async def test_a_failure_is_everybodys(status: Status) -> None:
    """What is refused, or takes a shard's time, is not asked again by every shard."""
    tags, asked = RegionTags(KINDS), Asked(AwsError(status, "Some"))
    for kind in KINDS:
        with pytest.raises(AwsError):
            await tags.mappings(kind, asked)
    assert len(asked.kinds) == 1


async def test_one_kind_that_is_refused_does_not_spoil_the_others() -> None:
    """A parameter that the API does not take is found out by each shard for itself."""
    tags, asked = RegionTags(KINDS), Asked(AwsError("failed", "InvalidParameterException"))
    assert [await tags.mappings(kind, asked) for kind in KINDS] == [None] * len(KINDS)
    assert len(asked.kinds) == 1


async def test_one_kind_alone_and_an_unknown_one_are_read_directly() -> None:
    """A look is for several; a kind that nobody announced is not among them."""
    asked = Asked({})
    assert await RegionTags(["sqs"]).mappings("sqs", asked) is None
    assert await RegionTags(KINDS).mappings("sns", asked) is None
    assert asked.kinds == []


async def test_who_is_cancelled_leaves_the_look_to_the_next() -> None:
    """The shard that asks may go; another asks again."""
    tags, asked = RegionTags(KINDS), Asked({"ResourceTagMappingList": ONE})
    first = asyncio.create_task(tags.mappings("sqs", asked))
    await asyncio.sleep(0)
    first.cancel()
    assert await tags.mappings("kms:key", asked) == ONE


async def test_no_call_names_more_kinds_than_the_api_takes() -> None:
    """Beyond its limit there is a second look."""
    kinds = [f"service:kind{i:03}" for i in range(MAX_KINDS + 1)]
    tags, asked = RegionTags(kinds), Asked({"ResourceTagMappingList": ONE})
    for kind in kinds:
        assert await tags.mappings(kind, asked) == ONE
    assert [len(asked_for) for asked_for in asked.kinds] == [MAX_KINDS, 1]
