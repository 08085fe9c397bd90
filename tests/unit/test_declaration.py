from __future__ import annotations

import pytest

from proxyd.declaration import Declaration, Each
from proxyd.listing import batch, each, listing, pages, tagged
from proxyd.model import LinkTo, Operation, Scanner

LIST = pages("kms", "ListKeys", "Keys[]")
DESCRIBE = each("kms", "DescribeKey", KeyId="{KeyId}")
TAGS = each("kms", "ListResourceTags", into="Tagging", KeyId="{KeyId}")
ALIASES = each("kms", "ListAliases", "Aliases[]", KeyId="{KeyId}")


def declared(*steps: object, **changes: object) -> Scanner:
    """Declare a scanner of keys from some steps."""
    return listing("AWS::KMS::Key", **({"calls": steps, "arn": "KeyArn"} | changes))  # type: ignore[arg-type] # the point is to vary them


def test_operations_are_those_of_the_steps_in_order_of_use() -> None:
    """Every operation that is called is declared once, in the order of its first use."""
    scanner = declared(LIST, DESCRIBE, TAGS, DESCRIBE)
    assert [op.name for op in scanner.operations] == [
        "ListKeys",
        "DescribeKey",
        "ListResourceTags",
    ]
    assert scanner.service == "kms"


def test_the_tagging_api_is_an_operation_too() -> None:
    """Tags from the tagging API need its operation declared, after those of the steps."""
    scanner = declared(LIST, tags=tagged("kms:key"))
    assert scanner.operations[-1] == Operation("resourcegroupstaggingapi", "GetResources")


def test_one_step_needs_no_list() -> None:
    """A lone step may be given as it is."""
    assert listing("A::B::C", calls=LIST, arn="x").operations == (Operation("kms", "ListKeys"),)


def test_detail_is_what_merges_unless_it_is_always_needed() -> None:
    """`detail=list` leaves out merging calls, but neither listings nor `always`."""
    always = each("kms", "GetKeyPolicy", always=True, KeyId="{KeyId}")
    scanner = declared(LIST, ALIASES, DESCRIBE, TAGS, always)
    assert [op.name for op in scanner.detail_operations] == ["DescribeKey", "ListResourceTags"]
    assert [op.name for op in scanner.needs("list")] == ["ListKeys", "ListAliases", "GetKeyPolicy"]
    assert scanner.needs("full") == scanner.operations


def test_an_operation_that_is_also_needed_otherwise_is_no_detail() -> None:
    """A session for `detail=list` holds what both a listing and a detail call use."""
    both = each("kms", "ListKeys", into="More", KeyId="{KeyId}")
    assert declared(LIST, both).detail_operations == ()


@pytest.mark.parametrize(
    ("scanner", "cost"),
    [
        (declared(LIST), "1 per region"),
        (declared(LIST, DESCRIBE), "1 per region +1 per resource"),
        (declared(LIST, ALIASES), "1 per region +1 per parent"),
        (
            declared(LIST, batch("kms", "Many", "Found[]", size=10, Ids=["{KeyId}"])),
            "1 per region +1 per 10",
        ),
        (declared(LIST, tags=tagged("kms:key")), "1 per region +1 per 100 tagged"),
    ],
)
def test_cost_says_what_a_scan_takes(scanner: Scanner, cost: str) -> None:
    """The cost counts calls per region, resource, parent, batch and tagged resources."""
    assert scanner.cost == cost


def test_merging_is_told_from_listing() -> None:
    """A step without items adds to the item; one with items lists what is under it."""
    assert DESCRIBE.merges
    assert DESCRIBE.is_detail
    assert not ALIASES.merges
    assert not ALIASES.is_detail
    assert isinstance(TAGS, Each)
    assert TAGS.into == "Tagging"


def test_a_batch_knows_which_parameter_collects() -> None:
    """The parameter that is a list of one template is the one that collects."""
    step = batch(
        "ecs", "DescribeServices", "services[]", size=10, cluster="{^.c}", services=["{@}"]
    )
    assert step.collects == "services"


@pytest.mark.parametrize("params", [{}, {"names": "{@}"}, {"names": ["x"]}, {"n": ["{a}", "{b}"]}])
def test_a_batch_that_collects_nothing_is_refused(params: dict[str, object]) -> None:
    """A batch without a list of one template could only ever ask for nothing."""
    with pytest.raises(ValueError, match="DescribeClusters: no parameter collects the items"):
        batch("ecs", "DescribeClusters", "clusters[]", size=10, **params)


def test_properties_may_have_other_names() -> None:
    """`Key=path` gives a field its own name; a path alone is its name."""
    scanner = declared(LIST, properties="KeyState, Spec=KeySpec, Arn=A.B:")
    assert scanner.fields == ("KeyState", "Spec", "Arn")
    assert isinstance(scanner.declaration, Declaration)
    assert scanner.declaration.properties == {
        "KeyState": "KeyState",
        "Spec": "KeySpec",
        "Arn": "A.B:",
    }


def test_links_and_scope_are_declared() -> None:
    """The scanner tells its links and its scope."""
    scanner = declared(LIST, links="in AWS::EC2::VPC VpcId", scope="global")
    assert scanner.links == (LinkTo("in", "AWS::EC2::VPC", "VpcId"),)
    assert scanner.scope == "global"


@pytest.mark.parametrize(
    "wrong",
    [
        {"arn": "arn:{a b}"},
        {"arn": "a b"},
        {"id": "a..b"},
        {"name": "[]"},
        {"tags": "a b"},
        {"properties": ("a b",)},
        {"links": "in A::B::C a b"},
        {"keep": ("a b", "x")},
        {"drop": ("State", "{a b}")},
        {"calls": pages("kms", "ListKeys", "Keys []")},
        {"calls": (LIST, each("kms", "DescribeKey", KeyId="{Key Id}"))},
    ],
)
def test_a_bad_path_is_refused_when_it_is_declared(wrong: dict[str, object]) -> None:
    """A path that is not in the language stops proxyd at start-up, wherever it stands."""
    with pytest.raises(ValueError, match="not a path"):
        declared(LIST, **wrong)


@pytest.mark.parametrize("filter_", ["keep", "drop"])
def test_a_filter_without_globs_is_refused(filter_: str) -> None:
    """`keep` and `drop` need at least one glob after the path."""
    with pytest.raises(ValueError, match="no globs after the path 'State'"):
        declared(LIST, **{filter_: ("State",)})


def test_what_is_read_of_each_answer_is_told() -> None:
    """Every path that the declaration takes is among those of the step that gives it."""
    scanner = declared(
        LIST,
        TAGS,
        ALIASES,
        batch("kms", "Many", "Found[]", size=10, Parent="{^.KeyId}", Ids=["{AliasName}"]),
        arn="arn:{region}:{^.KeyArn}/{Id}",
        id="Id/",
        name="Names[].Text",
        tags="^.Tagging.Tags",
        properties="State=State.Name, Kind ~ a*",
        links="in A::B::C Vpc",
        keep=("Owner", "{Other}", "{account}"),
    )
    reads = {operation.name: paths for operation, paths in scanner.reads.items()}
    assert reads == {
        "ListKeys": ("Keys[].KeyArn", "Keys[].KeyId"),
        "ListResourceTags": ("Tags",),
        "ListAliases": ("Aliases[].AliasName",),
        "Many": (
            "Found[].Id",
            "Found[].Kind",
            "Found[].Names[].Text",
            "Found[].Other",
            "Found[].Owner",
            "Found[].State.Name",
            "Found[].Vpc",
        ),
    }


def test_the_tagging_api_is_read_whole() -> None:
    """Tags by ARN need both, the ARNs and the tags, and whether that is all."""
    scanner = declared(LIST, tags=tagged("kms:key"))
    assert scanner.reads[scanner.operations[-1]] == (
        "PaginationToken",
        "ResourceTagMappingList[]",
    )


def test_entries_are_separated_by_commas() -> None:
    """Properties and links are written in one string or in several, with commas between them."""
    together = declared(
        LIST, properties="A, Size=B.C, D ~ a*", links="in A::B::C X, uses D::E::F Y"
    )
    apart = declared(
        LIST, properties=("A", "Size=B.C, D ~ a*"), links=("in A::B::C X", "uses D::E::F Y")
    )
    assert together.declaration == apart.declaration
    assert together.declaration.properties == {"A": "A", "Size": "B.C", "D ~ a*": "D ~ a*"}
    assert together.links[1] == ("uses", "D::E::F", "Y")


def test_a_condition_is_no_name() -> None:
    """What stands before the first `=` is a property's name, unless it is in a condition."""
    scanner = declared(LIST, properties="On=Features[Status=ON].Name, Features[Status=OFF].Name")
    assert scanner.declaration.properties == {
        "On": "Features[Status=ON].Name",
        "Features[Status=OFF].Name": "Features[Status=OFF].Name",
    }


def test_a_link_without_a_path_is_refused() -> None:
    """What is missing in a link is said when it is declared."""
    with pytest.raises(ValueError, match="expected a relation, a type and a path"):
        declared(LIST, links="in A::B::C")
