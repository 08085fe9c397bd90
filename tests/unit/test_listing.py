"""What `listing()` makes of AWS's answers: a fake shard gives them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.declaration import Pages
from proxyd.errors import AwsError
from proxyd.flow import CONCURRENT_CALLS
from proxyd.lister import plain
from proxyd.listing import batch, each, listing, one, pages, tagged
from proxyd.model import Link, Resource, Scanner

from .fakes import ACCOUNT, TYPE, FakeShard, scan

ARN = "arn:{partition}:ec2:{region}:{account}:thing/{Id}"
LIST = pages("ec2", "DescribeThings", "Things[]")
DENIED = AwsError("denied", "AccessDenied", action="ec2:DescribeThing")


def things(*ids: str, **fields: Any) -> dict[str, Any]:
    """Make one page of things."""
    return {"Things": [{"Id": ident, **fields} for ident in ids]}


def declare(*more: Any, **changes: Any) -> Scanner:
    """Declare a listing of things with more steps after the first."""
    return listing(TYPE, **({"calls": (LIST, *more), "arn": ARN} | changes))


async def found(scanner: Scanner, **answers: Any) -> list[Resource]:
    """Scan over canned answers, where nothing may be missed."""
    shard = FakeShard(answers)
    resources = await scan(scanner, shard)
    assert shard.problems == []
    return resources


def ids(resources: list[Resource]) -> list[str]:
    """Return the ids, in order."""
    return [resource.id for resource in resources]


async def test_every_item_of_every_page_is_a_resource() -> None:
    """Pages are read to the end, and items come out in AWS's order."""
    pages_ = [things("a", "b"), things(), {"NextToken": "no items here"}, things("c")]
    assert ids(await found(declare(), DescribeThings=pages_)) == ["a", "b", "c"]


async def test_a_resource_says_where_it_is_and_what_it_is_called() -> None:
    """ARN, account, region, type, id, name and tags come from the item and the shard."""
    tags = [{"Key": "Name", "Value": "web"}, {"Key": "env", "Value": "prod"}]
    [thing] = await found(declare(), DescribeThings=[things("a", Tags=tags)])
    assert thing.arn == f"arn:aws:ec2:eu-west-1:{ACCOUNT}:thing/a"
    assert (thing.account, thing.region, thing.type) == (ACCOUNT, "eu-west-1", TYPE)
    assert (thing.id, thing.name) == ("a", "web")
    assert thing.tags == {"Name": "web", "env": "prod"}


@pytest.mark.parametrize(
    ("changes", "item", "ident", "name"),
    [
        ({}, {}, "a", "a"),
        ({"arn": "Arn"}, {"Arn": "arn:aws:sns:r:1:topic"}, "topic", "topic"),
        ({"arn": "Arn"}, {"Arn": "arn:aws:x:r:1:a/b/c"}, "c", "c"),
        ({"arn": "Arn"}, {"Arn": "arn:aws:rds:r:1:db:main"}, "main", "main"),
        ({"id": "Uid"}, {"Uid": "u-1"}, "u-1", "u-1"),
        ({"id": "Uid"}, {}, "a", "a"),
        ({"id": "Number"}, {"Number": 7}, "7", "7"),
        ({"name": "Label"}, {"Label": "l"}, "a", "l"),
        ({"name": "Label"}, {"Label": ""}, "a", "a"),
        ({"name": "Label"}, {}, "a", "a"),
        ({"name": "tag:Title"}, {"Tags": {"Title": "t", "Name": "n"}}, "a", "t"),
    ],
)
async def test_id_and_name_fall_back(
    changes: dict[str, Any], item: dict[str, Any], ident: str, name: str
) -> None:
    """The id falls back to the last piece of the ARN, and the name to the id."""
    [thing] = await found(declare(**changes), DescribeThings=[things("a", **item)])
    assert (thing.id, thing.name) == (ident, name)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"Key": "a", "Value": "1"}], {"a": "1"}),
        ([{"key": "a", "value": "1"}], {"a": "1"}),
        ([{"TagKey": "a", "TagValue": "1"}], {"a": "1"}),
        ([{"Key": "a"}], {"a": ""}),
        ([{"Key": "a", "Value": None}], {"a": ""}),
        ([{"Value": "without a key"}], {}),
        ([{"Key": "a", "Value": 5}], {"a": "5"}),
        ({"a": "1", "b": 2}, {"a": "1", "b": "2"}),
        ([], {}),
        (None, {}),
    ],
)
async def test_tags_are_read_in_every_form_that_aws_writes(
    tags: object, expected: dict[str, str]
) -> None:
    """A map, and lists of key and value in any of AWS's spellings, give the same tags."""
    [thing] = await found(declare(), DescribeThings=[things("a", Tags=tags)])
    assert thing.tags == expected


async def test_no_tags_are_read_where_none_are_declared() -> None:
    """`tags=None` takes none, even if the answer has some."""
    answer = things("a", Tags={"Name": "x"})
    [thing] = await found(declare(tags=None), DescribeThings=[answer])
    assert thing.tags == {}


async def test_only_declared_properties_leave() -> None:
    """What is declared comes out under its name; all else in the answer stays inside."""
    item: dict[str, Any] = {
        "State": {"Name": "on"},
        "Secret": "x",
        "UserData": "y",
        "Empty": [],
        "Null": None,
    }
    scanner = declare(properties="State=State.Name, Empty, Null, Missing")
    [thing] = await found(scanner, DescribeThings=[things("a", **item)])
    assert thing.properties == {"State": "on"}


async def test_a_structure_is_never_a_property() -> None:
    """A path that leads to a structure gives nothing: only names that are declared leave."""
    scanner = declare(properties="State, Parts[]")
    item = {"State": {"Secret": "x"}, "Parts": [{"Secret": "y"}]}
    [thing] = await found(scanner, DescribeThings=[things("a", **item)])
    assert thing.properties == {}


async def test_links_are_by_arn_or_by_id() -> None:
    """What looks like an ARN is one, anything else is an id, lists give one link each."""
    scanner = declare(
        links=(
            "in AWS::EC2::VPC VpcId",
            "uses AWS::EC2::SecurityGroup Groups[].Id",
            "encrypts-with AWS::KMS::Key Key",
            "absent AWS::X::Y Missing",
            "empty AWS::X::Y Empty",
            "number AWS::X::Y Number",
        )
    )
    item: dict[str, Any] = {
        "VpcId": "vpc-1",
        "Groups": [{"Id": "sg-1"}, {"Id": "sg-2"}],
        "Key": "arn:aws:kms:r:1:key/k",
        "Empty": "",
        "Number": 5,
    }
    [thing] = await found(scanner, DescribeThings=[things("a", **item)])
    assert set(thing.links) == {
        Link("in", "AWS::EC2::VPC", id="vpc-1"),
        Link("uses", "AWS::EC2::SecurityGroup", id="sg-1"),
        Link("uses", "AWS::EC2::SecurityGroup", id="sg-2"),
        Link("encrypts-with", "AWS::KMS::Key", arn="arn:aws:kms:r:1:key/k"),
    }


async def test_parameters_name_where_the_shard_is() -> None:
    """Templates of the first step know the shard's region, account and partition."""
    step = pages(
        "ec2",
        "DescribeThings",
        "Things[]",
        Region="{region}",
        Filters=[{"Name": "owner", "Values": ["{account}", "fixed"]}],
        Flag=True,
    )
    shard = FakeShard({"DescribeThings": [things("a")]})
    await scan(declare(calls=step), shard)
    assert shard.params_of("DescribeThings") == [
        {
            "Region": "eu-west-1",
            "Filters": [{"Name": "owner", "Values": [ACCOUNT, "fixed"]}],
            "Flag": True,
        }
    ]


async def test_a_lone_path_passes_its_value_on_whole() -> None:
    """A parameter that is one path keeps the kind of its value: number, list or structure."""
    step = each("ec2", "DescribeThing", Number="{N}", Ids="{L}", Text="n-{N}")
    shard = FakeShard(
        {
            "DescribeThings": [things("a", N=5, L=["x", "y"])],
            "DescribeThing": [{}],
        }
    )
    await scan(declare(step), shard)
    assert shard.params_of("DescribeThing") == [{"Number": 5, "Ids": ["x", "y"], "Text": "n-5"}]


async def test_an_arn_that_can_not_be_made_is_told_and_skipped() -> None:
    """An item without what its ARN needs is left out, and the shard is not `ok`."""
    shard = FakeShard({"DescribeThings": [{"Things": [{"Id": "a"}, {"Other": 1}, {"Id": "b"}]}]})
    assert ids(await scan(declare(), shard)) == ["a", "b"]
    assert shard.problem is not None
    assert (shard.problem.status, shard.problem.code) == ("failed", "ArnMissing")


async def test_an_error_of_the_first_step_ends_the_scan() -> None:
    """Where listing itself fails there is nothing to go on with: the error passes."""
    with pytest.raises(AwsError, match="denied: AccessDenied"):
        await found(declare(), DescribeThings=[DENIED])


async def test_an_error_between_pages_ends_the_scan_after_what_was_found() -> None:
    """What the pages before held is out already; the error still passes."""
    shard = FakeShard({"DescribeThings": [things("a"), AwsError("throttled", "Throttling")]})
    scanning = declare().scan(shard)
    assert (await anext(scanning)).id == "a"
    with pytest.raises(AwsError, match="throttled"):
        await anext(scanning)


async def test_an_empty_account_has_no_resources() -> None:
    """No items are no resources and no problem."""
    assert await found(declare(), DescribeThings=[{}]) == []


async def test_no_page_is_asked_for_before_the_one_before_is_read() -> None:
    """Pages flow on demand: a reader that stops stops the paging."""
    shard = FakeShard({"DescribeThings": [things("a", "b"), things("c")]})
    scanning = declare().scan(shard)
    assert (await anext(scanning)).id == "a"
    assert (await anext(scanning)).id == "b"
    assert shard.calls == 1
    await scanning.aclose()
    assert shard.calls == 1


# Which items are kept.


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"keep": ("State", "on")}, ["on"]),
        ({"keep": ("State", "o*")}, ["on", "off"]),
        ({"keep": ("State", "on", "gone")}, ["on", "gone"]),
        ({"keep": ("State", "")}, ["absent"]),
        ({"keep": ("State", "on", "")}, ["on", "absent"]),
        ({"keep": ("State", "{region}")}, ["here"]),
        ({"keep": ("State", "{Missing}")}, []),
        ({"keep": ("State", "{Twin}")}, ["off"]),
        ({"drop": ("State", "{Twin}")}, ["on", "gone", "here", "absent"]),
        ({"drop": ("State", "o*")}, ["gone", "here", "absent"]),
        ({"drop": ("State", "")}, ["on", "off", "gone", "here"]),
        ({"keep": ("State", "o*"), "drop": ("State", "off")}, ["on"]),
    ],
)
async def test_keep_and_drop_choose_items(changes: dict[str, Any], kept: list[str]) -> None:
    """`keep` lets only matching items through and `drop` stops them; `""` matches absence."""
    states = {"on": "on", "off": "off", "gone": "gone", "here": "eu-west-1", "absent": None}
    items = [{"Id": ident, "State": state, "Twin": "off"} for ident, state in states.items()]
    assert ids(await found(declare(**changes), DescribeThings=[{"Things": items}])) == kept


async def test_keep_compares_what_is_no_text_as_text() -> None:
    """A boolean or number is compared as Python writes it."""
    answer = {"Things": [{"Id": "a", "Default": True}, {"Id": "b", "Default": False}]}
    assert ids(await found(declare(keep=("Default", "True")), DescribeThings=[answer])) == ["a"]


# Details: `each` without items.


async def test_a_detail_call_merges_its_answer_into_the_item() -> None:
    """What it answers adds to the item, without the response's own metadata."""
    step = each("ec2", "DescribeThing", ThingId="{Id}")
    shard = FakeShard(
        {
            "DescribeThings": [things("a", "b")],
            "DescribeThing": lambda p: {
                "State": f"on-{p['ThingId']}",
                "ResponseMetadata": {"Id": "x"},
            },
        }
    )
    resources = await scan(declare(step, properties="State, Id=ResponseMetadata.Id"), shard)
    assert [r.properties for r in resources] == [{"State": "on-a"}, {"State": "on-b"}]
    assert shard.problems == []


async def test_into_keeps_the_answer_under_a_name() -> None:
    """With `into` the answer does not overwrite the item's own fields."""
    step = each("ec2", "DescribeThing", into="More", ThingId="{Id}")
    scanner = declare(step, properties="Id, Other=More.Id")
    [thing] = await found(
        scanner, DescribeThings=[things("a")], DescribeThing=lambda _: {"Id": "other"}
    )
    assert thing.properties == {"Id": "a", "Other": "other"}


@pytest.mark.parametrize(("into", "left"), [(None, ["b"]), ("More", ["a", "b"])])
async def test_a_thing_that_is_gone_is_no_problem(into: str | None, left: list[str]) -> None:
    """An item that is gone by the time of its call is left out, a missing `into` is not."""
    step = each("ec2", "DescribeThing", into=into, ThingId="{Id}")

    def answer(params: dict[str, Any]) -> dict[str, Any] | Exception:
        gone = AwsError("failed", "ThingNotFoundException")
        return gone if params["ThingId"] == "a" else {}

    resources = await found(declare(step), DescribeThings=[things("a", "b")], DescribeThing=answer)
    assert ids(resources) == left


@pytest.mark.parametrize("into", [None, "More"])
async def test_denied_details_give_up_but_keep_the_resources(into: str | None) -> None:
    """After a refusal for the whole account no more detail calls are made; items stay."""
    step = each("ec2", "DescribeThing", into=into, ThingId="{Id}")
    names = [f"t{i}" for i in range(4 * CONCURRENT_CALLS)]
    shard = FakeShard({"DescribeThings": [things(*names)], "DescribeThing": lambda _: DENIED})
    assert ids(await scan(declare(step), shard)) == names
    assert len(shard.params_of("DescribeThing")) == CONCURRENT_CALLS
    assert shard.problem == DENIED


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (AwsError("denied", "AccessDenied", scope="resource"), 20),
        (AwsError("throttled", "Throttling"), 20),
        (AwsError("failed", "InternalError"), 20),
        (AwsError("timeout", "ReadTimeout"), 20),
        (AwsError("denied", "AccessDenied"), CONCURRENT_CALLS),
        (AwsError("scp_denied", "AccessDenied"), CONCURRENT_CALLS),
        (AwsError("unsupported", "UnknownOperation"), CONCURRENT_CALLS),
        (AwsError("region_disabled", "OptInRequired"), CONCURRENT_CALLS),
        (AwsError("expired", "ExpiredToken"), CONCURRENT_CALLS),
    ],
)
async def test_only_what_holds_for_all_gives_up(error: AwsError, asked: int) -> None:
    """A refusal by one resource, or a passing trouble, says nothing about the next one."""
    step = each("ec2", "DescribeThing", ThingId="{Id}")
    names = [f"t{i}" for i in range(20)]
    shard = FakeShard({"DescribeThings": [things(*names)], "DescribeThing": lambda _: error})
    assert ids(await scan(declare(step), shard)) == names
    assert len(shard.params_of("DescribeThing")) == asked
    assert shard.problem is error


async def test_one_step_giving_up_leaves_the_others_asking() -> None:
    """A role that lacks one action of two still gets what the other one tells."""
    scanner = declare(
        each("ec2", "DescribeThing", ThingId="{Id}"),
        each("ec2", "ListThingParts", into="Parts", ThingId="{Id}"),
        properties="Size=Parts.Size",
    )
    names = [f"t{i}" for i in range(2 * CONCURRENT_CALLS)]
    shard = FakeShard(
        {
            "DescribeThings": [things(*names)],
            "DescribeThing": lambda _: DENIED,
            "ListThingParts": lambda _: {"Size": 3},
        }
    )
    resources = await scan(scanner, shard)
    assert [r.properties for r in resources] == [{"Size": 3}] * len(names)


async def test_details_are_asked_for_side_by_side_within_the_bound() -> None:
    """Detail calls of a page run together, but never more than the bound."""
    step = each("ec2", "DescribeThing", ThingId="{Id}")
    names = [f"t{i}" for i in range(3 * CONCURRENT_CALLS + 1)]
    shard = FakeShard({"DescribeThings": [things(*names)], "DescribeThing": lambda _: {}})
    assert ids(await scan(declare(step), shard)) == names
    assert shard.most_at_once == CONCURRENT_CALLS


async def test_a_bug_in_a_detail_call_is_not_swallowed() -> None:
    """Anything but an AwsError ends the scan: it is not AWS saying no."""
    step = each("ec2", "DescribeThing", ThingId="{Id}")
    shard = FakeShard(
        {"DescribeThings": [things("a", "b")], "DescribeThing": lambda _: RuntimeError("bug")}
    )
    with pytest.raises(ExceptionGroup) as caught:
        await scan(declare(step), shard)
    assert caught.group_contains(RuntimeError, match="bug")


# What `detail=list` leaves out.


async def test_detail_list_skips_what_costs_a_call_per_resource() -> None:
    """Merging calls are left out; listings under a parent and `always` are not."""
    scanner = declare(
        each("ec2", "ListParts", "Parts[]", ThingId="{Id}"),
        each("ec2", "DescribePart", PartId="{PartId}"),
        each("ec2", "ListPartTags", into="T", PartId="{PartId}"),
        each("ec2", "GetPart", always=True, PartId="{PartId}"),
        arn="arn:part/{PartId}",
        properties="State, Kind",
    )
    answers: dict[str, Any] = {
        "DescribeThings": [things("a")],
        "ListParts": [{"Parts": [{"PartId": "p"}]}],
        "DescribePart": lambda _: {"State": "on"},
        "ListPartTags": lambda _: {},
        "GetPart": lambda _: {"Kind": "k"},
    }
    full, brief = FakeShard(answers), FakeShard(answers, detail="list")
    [whole] = await scan(scanner, full)
    [part] = await scan(scanner, brief)
    assert whole.properties == {"State": "on", "Kind": "k"}
    assert part.properties == {"Kind": "k"}
    assert [name for name, _ in brief.asked] == ["DescribeThings", "ListParts", "GetPart"]
    assert {name for name, _ in full.asked} == answers.keys()
    assert {op.name for op in scanner.needs("list")} == {name for name, _ in brief.asked}


# Children: `each` with items.


async def test_children_replace_their_parent_and_know_it() -> None:
    """What is listed under an item comes instead of it and reads it as `^`."""
    step = each("ec2", "ListParts", "Parts[]", ThingId="{Id}")
    scanner = declare(
        step,
        arn="arn:thing/{^.Id}/part/{PartId}",
        links=f"in {TYPE} ^.Id",
    )
    shard = FakeShard(
        {
            "DescribeThings": [things("a", "b")],
            "ListParts": lambda p: {"Parts": [{"PartId": f"{p['ThingId']}{i}"} for i in (1, 2)]},
        }
    )
    resources = await scan(scanner, shard)
    assert [r.arn for r in resources] == [
        "arn:thing/a/part/a1",
        "arn:thing/a/part/a2",
        "arn:thing/b/part/b1",
        "arn:thing/b/part/b2",
    ]
    assert resources[-1].links == (Link("in", TYPE, id="b"),)


async def test_children_come_from_every_page() -> None:
    """A listing under a parent is paged to its end."""
    step = each("ec2", "ListParts", "Parts[]", ThingId="{Id}")
    resources = await found(
        declare(step, arn="arn:{PartId}"),
        DescribeThings=[things("a")],
        ListParts=[{"Parts": [{"PartId": "1"}]}, {"Parts": [{"PartId": "2"}]}],
    )
    assert [r.arn for r in resources] == ["arn:1", "arn:2"]


async def test_grandchildren_reach_up_twice() -> None:
    """`^.^` is the item above the one above."""
    scanner = declare(
        each("ec2", "ListParts", "Parts[]", ThingId="{Id}"),
        each("ec2", "ListBits", "Bits[]", ThingId="{^.Id}", Part="{PartId}"),
        arn="arn:{^.^.Id}/{^.PartId}/{@}",
    )
    resources = await found(
        scanner,
        DescribeThings=[things("a")],
        ListParts=lambda _: {"Parts": [{"PartId": "p"}]},
        ListBits=lambda p: {"Bits": [f"{p['ThingId']}-{p['Part']}"]},
    )
    assert [r.arn for r in resources] == ["arn:a/p/a-p"]


async def test_a_parent_that_is_gone_has_no_children() -> None:
    """A parent that vanished between two calls is no gap."""
    step = each("ec2", "ListParts", "Parts[]", ThingId="{Id}")
    gone = AwsError("failed", "NoSuchThing")
    answer = {"a": gone, "b": {"Parts": [{"PartId": "1"}]}}
    resources = await found(
        declare(step, arn="arn:{PartId}"),
        DescribeThings=[things("a", "b")],
        ListParts=lambda p: answer[p["ThingId"]],
    )
    assert [r.arn for r in resources] == ["arn:1"]


async def test_denied_children_are_a_gap_and_are_not_asked_for_again() -> None:
    """A refusal for the whole account ends asking, is told, and leaves nothing to show."""
    step = each("ec2", "ListParts", "Parts[]", ThingId="{Id}")
    names = [f"t{i}" for i in range(3 * CONCURRENT_CALLS)]
    shard = FakeShard({"DescribeThings": [things(*names)], "ListParts": lambda _: DENIED})
    assert await scan(declare(step, arn="arn:{PartId}"), shard) == []
    assert len(shard.params_of("ListParts")) <= CONCURRENT_CALLS
    assert shard.problem is DENIED


async def test_children_found_before_a_failing_page_are_kept() -> None:
    """A page that fails after another one leaves what the other one held, and a gap."""
    step = each("ec2", "ListParts", "Parts[]", ThingId="{Id}")
    shard = FakeShard(
        {
            "DescribeThings": [things("a")],
            "ListParts": [{"Parts": [{"PartId": "1"}]}, AwsError("throttled", "SlowDown")],
        }
    )
    assert len(await scan(declare(step, arn="arn:{PartId}"), shard)) == 1
    assert shard.problem is not None
    assert shard.problem.status == "throttled"


async def test_plain_strings_are_items() -> None:
    """Where a call lists strings, `@` is the item itself."""
    calls = pages("sqs", "ListQueues", "QueueUrls[]")
    scanner = declare(
        calls=calls, arn="arn:aws:sqs:{region}:{account}:{@/}", name="@/", properties="Url=@"
    )
    [queue] = await found(scanner, ListQueues=[{"QueueUrls": ["https://sqs/1/jobs"]}])
    assert (queue.name, queue.id) == ("jobs", "jobs")
    assert queue.properties == {"Url": "https://sqs/1/jobs"}


# Batches.


BATCH = batch("ecs", "DescribeThings2", "things[]", size=3, things=["{@}"])
NAMES = pages("ecs", "ListThings", "names[]")


def described(params: dict[str, Any]) -> dict[str, Any]:
    """Answer a batch: one thing for each name."""
    return {"things": [{"Id": name} for name in params["things"]]}


async def test_a_batch_asks_for_so_many_at_once() -> None:
    """Items are described in groups of `size`, the last of them smaller, in order."""
    names = [f"t{i}" for i in range(7)]
    shard = FakeShard({"ListThings": [{"names": names}], "DescribeThings2": described})
    assert ids(await scan(declare(calls=(NAMES, BATCH)), shard)) == names
    sizes = [len(p["things"]) for p in shard.params_of("DescribeThings2")]
    assert sizes == [3, 3, 1]


async def test_a_batch_of_nothing_is_not_asked_for() -> None:
    """An empty page makes no call."""
    shard = FakeShard({"ListThings": [{"names": []}], "DescribeThings2": described})
    assert await scan(declare(calls=(NAMES, BATCH)), shard) == []
    assert shard.params_of("DescribeThings2") == []


async def test_a_batch_holds_items_of_one_parent_only() -> None:
    """Items of different parents are asked for apart, and what comes back knows its own."""
    scanner = declare(
        calls=(
            pages("ecs", "ListClusters", "clusterArns[]"),
            each("ecs", "ListServices", "serviceArns[]", cluster="{@}"),
            batch(
                "ecs", "DescribeServices", "services[]", size=10, cluster="{^.@}", services=["{@}"]
            ),
        ),
        arn="arn:{^.@}/{Id}",
    )
    shard = FakeShard(
        {
            "ListClusters": [{"clusterArns": ["c1", "c2", "c3"]}],
            "ListServices": lambda p: {
                "serviceArns": [] if p["cluster"] == "c2" else [p["cluster"] + x for x in "ab"]
            },
            "DescribeServices": lambda p: {"services": [{"Id": s} for s in p["services"]]},
        }
    )
    resources = await scan(scanner, shard)
    assert shard.params_of("DescribeServices") == [
        {"cluster": "c1", "services": ["c1a", "c1b"]},
        {"cluster": "c3", "services": ["c3a", "c3b"]},
    ]
    assert [r.arn for r in resources] == ["arn:c1/c1a", "arn:c1/c1b", "arn:c3/c3a", "arn:c3/c3b"]


@pytest.mark.parametrize(
    ("error", "problem"),
    [(AwsError("failed", "ThingNotFound"), None), (DENIED, DENIED)],
)
async def test_a_batch_that_fails_is_a_gap_unless_all_of_it_is_gone(
    error: AwsError, problem: AwsError | None
) -> None:
    """A refused batch is told; one whose items are gone is not."""
    shard = FakeShard({"ListThings": [{"names": ["a"]}], "DescribeThings2": lambda _: error})
    assert await scan(declare(calls=(NAMES, BATCH)), shard) == []
    assert shard.problem is problem


async def test_denied_batches_give_up() -> None:
    """After a refusal for the whole account no later page asks again."""
    shard = FakeShard(
        {"ListThings": [{"names": ["a"]}, {"names": ["b"]}], "DescribeThings2": lambda _: DENIED}
    )
    assert await scan(declare(calls=(NAMES, BATCH)), shard) == []
    assert len(shard.params_of("DescribeThings2")) == 1


# What a call lists for each item, and what is not asked about.


async def test_what_is_listed_for_an_item_is_kept_in_it() -> None:
    """All pages of a list stand under one name, and a refusal leaves the item without."""
    more = each("ec2", "ListParts", "Parts[]", into="Parts", Id="{Id}")
    scanner = declare(more, properties="Parts=Parts[].Name", links=f"uses {TYPE} Parts[].Name")
    parts = {"a": [{"Parts": [{"Name": "x"}]}, {"Parts": [{"Name": "y"}]}]}

    class Paged(FakeShard):
        def _pages(self, operation: str, params: dict[str, Any]) -> Any:
            if operation == "ListParts":
                return parts.get(params["Id"], [DENIED])
            return super()._pages(operation, params)

    shard = Paged({"DescribeThings": [things("a", "b")]})
    first, second = await scan(scanner, shard)
    assert first.properties == {"Parts": ["x", "y"]}
    assert [link.id for link in first.links] == ["x", "y"]
    assert (second.properties, shard.problem) == ({}, DENIED)
    assert scanner.detail_operations == (more.op,)


async def test_what_is_dropped_is_not_asked_about() -> None:
    """A filter comes before the detail, which costs a call for each."""
    more = each("ec2", "DescribeThing", into="More", Id="{Id}")
    shard = FakeShard({"DescribeThings": [things("a", "b")], "DescribeThing": lambda _: {}})
    [found] = await scan(declare(more, drop=("Id", "a")), shard)
    assert found.id == "b"
    assert shard.params_of("DescribeThing") == [{"Id": "b"}]


# Services that have one thing, or keep things in one place.


async def test_the_answer_is_the_one_item() -> None:
    """A service of which an account has one is one resource."""
    answer = {"Id": "a", "State": "on", "ResponseMetadata": {"Id": "x"}}
    shard = FakeShard({"DescribeThing": [answer]})
    [found] = await scan(declare(calls=one("ec2", "DescribeThing"), properties="State"), shard)
    assert (found.id, found.properties) == ("a", {"State": "on"})


@pytest.mark.parametrize("step", [one("ec2", "DescribeThing"), LIST])
async def test_a_service_that_nobody_uses_has_nothing(step: Pages) -> None:
    """Where AWS says that there is no such thing, that is no failure."""
    shard = FakeShard({step.operation: [AwsError("failed", "ResourceNotFoundException")]})
    assert await scan(declare(calls=step), shard) == []
    assert shard.problem is None


@pytest.mark.parametrize(("is_home", "scopes"), [(False, ["HERE"]), (True, ["HERE", "WORLD"])])
async def test_the_home_region_lists_the_worlds_too(is_home: bool, scopes: list[str]) -> None:  # noqa: FBT001 - of the table
    """What AWS keeps in one region for all is listed there, and nowhere else."""
    step = pages("ec2", "DescribeThings", "Things[]", Scope="HERE", at_home={"Scope": "WORLD"})
    shard = FakeShard({"DescribeThings": lambda p: things(p["Scope"])}, is_home=is_home)
    assert [found.id for found in await scan(declare(calls=step), shard)] == scopes


# Tags from the tagging API.


TAGGING: dict[str, Any] = {
    "ResourceTagMappingList": [
        {
            "ResourceARN": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:thing/a",
            "Tags": [{"Key": "Name", "Value": "tagged"}],
        },
        {"ResourceARN": "arn:of:another"},
    ]
}


async def test_tags_come_from_the_tagging_api_by_arn() -> None:
    """One paged call for the kind gives each resource its tags, and those it lacks none."""
    shard = FakeShard(
        {"DescribeThings": [things("a", "b", Tags={"Name": "x"})], "GetResources": [TAGGING]}
    )
    tagged_, bare = await scan(declare(tags=tagged("ec2:thing")), shard)
    assert (tagged_.tags, tagged_.name) == ({"Name": "tagged"}, "tagged")
    assert (bare.tags, bare.name) == ({}, "b")
    assert shard.params_of("GetResources")[0] == {"ResourceTypeFilters": ["ec2:thing"]}


async def test_a_refused_tagging_api_leaves_resources_without_tags() -> None:
    """A role that may not read tags sees everything else, and the gap is told."""
    denied = AwsError("denied", "AccessDenied", action="tag:GetResources")
    shard = FakeShard({"DescribeThings": [things("a")], "GetResources": [denied]})
    [thing] = await scan(declare(tags=tagged("ec2:thing")), shard)
    assert thing.tags == {}
    assert shard.problem is denied


# What may be a property.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (1.5, 1.5),
        ("", ""),
        (Decimal("1.25"), 1.25),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (
            datetime(2026, 1, 2, 3, 0, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-02T01:00:00Z",
        ),
        ({}, None),
        ({"a": 1}, None),
        (b"bytes", None),
        ({"a"}, None),
        (object(), None),
        ([], []),
        (["b", "a"], ["a", "b"]),
        ([2, 10, 1], [1, 10, 2]),
        (["b", None, {"secret": 1}, ["nested"], b"bytes", "a"], ["a", "b"]),
        ([Decimal(2), datetime(2026, 1, 1, tzinfo=UTC)], [2.0, "2026-01-01T00:00:00Z"]),
        ([True, "a", 1], [True, 1, "a"]),
    ],
)
def test_plain_reduces_to_scalars_and_lists_of_them(value: object, expected: object) -> None:
    """Structures vanish, times are UTC text, decimals floats, and lists come out sorted."""
    assert plain(value) == expected


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


@given(st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=15))
def test_plain_lets_no_structure_through(value: object) -> None:
    """Whatever comes in, a scalar or a flat list of scalars comes out."""
    out = plain(value)
    assert isinstance(out, str | int | float | bool | list | None)
    if isinstance(out, list):
        assert all(isinstance(element, str | int | float | bool) for element in out)


def test_plain_does_not_mix_up_what_is_written_alike() -> None:
    """A number and its text keep a fixed order between them."""
    assert plain(["1", 1]) == plain([1, "1"]) == [1, "1"]


@given(st.lists(st.integers() | st.text(max_size=3) | st.booleans()), st.randoms())
def test_plain_does_not_depend_on_order(values: list[object], random: Any) -> None:
    """AWS's order of a list does not show."""
    shuffled = random.sample(values, len(values))
    assert list(map(repr, plain(values) or ())) == list(map(repr, plain(shuffled) or ()))  # type: ignore[arg-type] # a list in, a list out


# Hashes.


async def test_the_hash_is_stable_under_reordering() -> None:
    """AWS's order of tags, lists and fields does not change a resource's hash."""
    scanner = declare(properties="Zones=Zones[], State", links="uses AWS::X::Y Groups[]")
    one = {
        "State": "on",
        "Zones": ["a", "b"],
        "Groups": ["g1", "g2", "g1"],
        "Tags": [{"Key": "x", "Value": "1"}, {"Key": "y", "Value": "2"}],
    }
    other = {
        "Tags": [{"Key": "y", "Value": "2"}, {"Key": "x", "Value": "1"}],
        "Groups": ["g2", "g1"],
        "Zones": ["b", "a"],
        "State": "on",
    }
    first, second = await found(scanner, DescribeThings=[things("a", **one), things("a", **other)])
    assert first.hash == second.hash
    assert first == second


async def test_the_hash_changes_with_content() -> None:
    """A changed property, tag or link is a changed hash."""
    scanner = declare(properties="State", links="in AWS::X::Y In")
    answers = [
        things("a"),
        things("a", State="on"),
        things("a", Tags={"a": "1"}),
        things("a", In="x"),
    ]
    hashes = {r.hash for r in await found(scanner, DescribeThings=answers)}
    assert len(hashes) == 4


async def test_two_shards_of_one_scanner_share_nothing() -> None:
    """A refusal in one region does not make another region give up."""
    step = each("ec2", "DescribeThing", ThingId="{Id}")
    scanner = declare(step, properties="State")
    refused = FakeShard({"DescribeThings": [things("a")], "DescribeThing": lambda _: DENIED})
    open_ = FakeShard({"DescribeThings": [things("a")], "DescribeThing": lambda _: {"State": "on"}})
    _, [thing] = await asyncio.gather(scan(scanner, refused), scan(scanner, open_))
    assert thing.properties == {"State": "on"}
    assert open_.problem is None


async def test_one_that_is_gone_does_not_take_its_batch_along() -> None:
    """Where AWS refuses a batch for one that is gone, the others are still described."""

    def describe(params: dict[str, Any]) -> dict[str, Any]:
        if "b" in params["Ids"]:
            raise AwsError("failed", "ThingNotFound")
        return things(*params["Ids"])

    scanner = declare(batch("ec2", "DescribeMany", "Things[]", size=4, Ids=["{Id}"]))
    listed = things("a", "b", "c", "d")
    resources = await found(scanner, DescribeThings=[listed], DescribeMany=describe)
    assert [resource.id for resource in resources] == ["a", "c", "d"]


async def test_one_odd_value_does_not_take_the_others_along() -> None:
    """A number that no encoding can hold costs its own resource only."""
    scanner = declare(properties="Odd")
    page = {"Things": [{"Id": "a", "Odd": 1 << 70}, {"Id": "b", "Odd": "even"}]}
    shard = FakeShard({"DescribeThings": [page]})
    assert [resource.id for resource in await scan(scanner, shard)] == ["b"]
    assert shard.problem is not None
    assert shard.problem.code == "UnreadableResource"
