"""Requests to plans: what is refused, and what is scanned where."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.errors import Problem
from proxyd.model import GLOBAL, Grant, Principal, Scanner, Target
from proxyd.plan import MAX_GLOB, MAX_GLOBS, Plan, Planner, Query

from .fakes import grant, principal, scanner, target, thing

ALL = {
    "aws": (GLOBAL, "eu-west-1", "eu-west-2", "us-east-1"),
    "aws-cn": (GLOBAL, "cn-north-1"),
}
REGISTRY = {
    s.type: s
    for s in (
        scanner("AWS::EC2::Instance", fields=("State", "VpcId")),
        scanner("AWS::EC2::VPC"),
        scanner("AWS::IAM::Role", scope="global"),
        scanner("AWS::S3::Bucket"),
    )
}
ME = principal("platform")
CHINA = "arn:aws-cn:iam::333333333333:role/proxyd-read"


def planner(*grants: Grant, targets: tuple[Target, ...] = ()) -> Planner:
    """Make a planner that knows production and whatever else is given."""
    known = (target(), target("secret"), *targets)
    return Planner(
        known, grants or (grant("platform", targets=("prod*",)),), REGISTRY, ALL, max_targets=100
    )


def query(**asked: Any) -> Query:
    """Ask production for everything, but for what is asked."""
    parts = {name: (v,) if isinstance(v, str) else v for name, v in asked.items()}
    return Query(**({"target": ("production",)} | parts))


def plan(*grants: Grant, on: Target | None = None, **asked: Any) -> Plan:
    """Plan a query for production."""
    known = () if on is None else (on,)
    who = planner(*grants, targets=known)
    if on is not None:
        asked["target"] = on.name
    [found] = who.plan(ME, query(**asked))
    return found


def refusal(who: Principal = ME, by: Planner | None = None, **asked: Any) -> Problem:
    """Return why a query is refused."""
    with pytest.raises(Problem) as caught:
        (by or planner()).plan(who, query(**asked))
    return caught.value


def seen(problem: Problem) -> tuple[object, ...]:
    """Return all of a problem that a client can see."""
    return (problem.status, problem.code, problem.detail, problem.extra, problem.headers)


def cells(found: Plan, enabled: dict[str, bool] | None = None) -> set[tuple[str, str]]:
    """Return what would run: types and regions."""
    return {
        (s.type.rpartition("::")[2], r)
        for s, r in found.extent.shards(found.extent.regions(enabled))
    }


EVERYTHING = {
    *((name, region) for name in ("Instance", "VPC", "Bucket") for region in ALL["aws"][1:]),
    ("Role", GLOBAL),
}


def test_everything_left_out_is_everything_allowed() -> None:
    """A bare target means every scanner in every region, global ones once."""
    assert cells(plan()) == EVERYTHING


def test_types_and_regions_are_globs() -> None:
    """Only what matches is planned; several globs add up."""
    assert cells(plan(type="AWS::EC2::*", region="eu-*")) == {
        (name, region) for name in ("Instance", "VPC") for region in ("eu-west-1", "eu-west-2")
    }
    assert cells(plan(type=("AWS::S3::Bucket", "*::Role"), region=("us-east-1", "global"))) == {
        ("Bucket", "us-east-1"),
        ("Role", GLOBAL),
    }


def test_a_global_scanner_runs_in_global_only() -> None:
    """Regions without `global` leave global services out, and the other way round."""
    assert refusal(type="AWS::IAM::Role", region="eu-west-1").extra == {"parameter": "region"}
    assert cells(plan(region="global")) == {("Role", GLOBAL)}


def test_each_target_is_planned_once() -> None:
    """A target that is named twice is one plan; the order is the request's."""
    other = target("prod-2")
    plans = planner(targets=(other,)).plan(
        ME, query(target=("prod-2", "production", "prod-2", "production"))
    )
    assert [p.target.name for p in plans] == ["prod-2", "production"]


def test_shards_are_the_pairs_that_one_grant_allows() -> None:
    """Types of one grant are not scanned in the regions of another one."""
    grants = [
        grant("platform", types=("AWS::EC2::VPC",), regions=("eu-west-1",)),
        grant("platform", types=("AWS::S3::Bucket", "*::Role"), regions=("us-*", "global")),
    ]
    assert cells(plan(*grants)) == {
        ("VPC", "eu-west-1"),
        ("Bucket", "us-east-1"),
        ("Role", GLOBAL),
    }


def test_a_pair_that_two_grants_allow_is_one_shard() -> None:
    """Overlapping grants do not scan anything twice."""
    found = plan(grant("platform"), grant("platform"))
    shards = found.extent.shards(found.extent.regions(None))
    assert len(shards) == len(EVERYTHING)


def test_a_target_bounds_types_and_regions() -> None:
    """What a target does not have is not asked of it, whatever the grant says; global is in."""
    small = target("small", regions=("eu-*",), types=("AWS::EC2::VPC", "AWS::IAM::*"))
    found = plan(grant("platform"), on=small)
    assert cells(found) == {("VPC", "eu-west-1"), ("VPC", "eu-west-2"), ("Role", GLOBAL)}
    assert cells(plan(grant("platform"), on=small, type="*", region="*-1")) == {
        ("VPC", "eu-west-1")
    }


def test_each_partition_has_its_own_regions() -> None:
    """A role in China is scanned in China."""
    china = target("china", role_arn=CHINA)
    assert cells(plan(grant("platform"), on=china, type="*::VPC")) == {("VPC", "cn-north-1")}


# Refusals.


UNKNOWN = ("absent", "secret")
"""A target that is not there, and one that this principal may not see."""


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"type": "AWS::EC2::*"},
        {"region": "eu-west-1"},
        {"region": "*"},
        {"region": "cn-north-1"},
        {"region": ("cn-*", "eu-west-1")},
        {"region": "xx-new-1"},
        {"region": "no-where-9"},
        {"type": "AWS::No::Thing"},
        {"region": "[bad]"},
        {"detail": "list"},
    ],
)
def test_unknown_and_forbidden_targets_can_not_be_told_apart(asked: dict[str, Any]) -> None:
    """Whatever else is asked, the two answers are the same to the last byte."""
    china = target("china", role_arn=CHINA)
    named = target("named", regions=("xx-new-1", "eu-*"))
    by = Planner(
        (target(), target("secret"), china, named),
        [grant("platform", targets=("production",))],
        REGISTRY,
        ALL,
        max_targets=100,
    )
    asked = {k: v for k, v in asked.items() if k != "detail"}
    answers = [seen(refusal(by=by, target=name, **asked)) for name in (*UNKNOWN, "china", "named")]
    assert answers == [answers[0]] * 4


def test_a_forbidden_target_is_not_found() -> None:
    """The answer is a 404 that leads to the list of what may be seen."""
    problem = refusal(target="secret")
    assert (problem.status, problem.code, problem.extra) == (404, "no_such_target", {})
    assert "GET /v1/targets" in problem.detail


def test_one_forbidden_target_refuses_the_whole_request() -> None:
    """A request is not cut down to what is allowed of what was named."""
    assert refusal(target=("production", "secret")).status == 404
    assert seen(refusal(target=("production", "secret"))) == seen(
        refusal(target=("production", "absent"))
    )


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ({"types": ("AWS::EC2::*",)}, {"type": "AWS::S3::Bucket"}),
        ({"types": ("AWS::EC2::*",)}, {"type": "*"}),
        ({"regions": ("eu-*",)}, {"region": "us-east-1"}),
        ({"regions": ("eu-*",)}, {"region": "*"}),
        ({"regions": ("eu-*",)}, {"region": ("eu-west-1", "us-east-1")}),
        ({}, {"region": "cn-north-1"}),
        ({}, {"region": "cn-*"}),
    ],
)
def test_asking_for_more_than_is_allowed_is_refused(
    rule: dict[str, Any], asked: dict[str, Any]
) -> None:
    """What was asked explicitly is given whole or not at all, and never says what is missing."""
    china = target("china", role_arn=CHINA)
    by = planner(grant("platform", **rule), targets=(china,))
    assert seen(refusal(by=by, **asked)) == seen(refusal(by=by, target="absent"))


def test_a_region_that_the_target_leaves_out_is_refused() -> None:
    """A literal region outside of the target's is not silently dropped."""
    small = target("small", regions=("eu-*",))
    by = planner(grant("platform"), targets=(small,))
    assert refusal(by=by, target="small", region="us-east-1").status == 404
    assert refusal(by=by, target="small", region=("eu-west-1", "us-east-1")).status == 404


@pytest.mark.parametrize(
    ("asked", "parameter", "told"),
    [
        ({"target": ()}, "target", "at least one target"),
        ({"type": "AWS::EC2::Instanc"}, "type", "(did you mean AWS::EC2::Instance?)"),
        ({"type": "aws::ec2::*"}, "type", "no scanner for type 'aws::ec2::*'"),
        ({"type": ("AWS::EC2::VPC", "AWS::X::*")}, "type", "no scanner for type 'AWS::X::*'"),
        ({"region": "eu-west-11"}, "region", "(did you mean eu-west-1?)"),
        ({"region": "ap-*"}, "region", "no region 'ap-*'"),
        ({"type": ""}, "type", "'' is not a glob"),
        ({"region": ""}, "region", "'' is not a glob"),
        ({"type": "AWS::[EC2]"}, "type", "is not a glob: use `*` and `?`"),
        ({"type": "{a,b}"}, "type", "is not a glob"),
        ({"region": "eu west"}, "region", "is not a glob"),
        ({"region": "eu-wést-1"}, "region", "is not a glob"),
        ({"type": "*" * (MAX_GLOB + 1)}, "type", "is not a glob"),
        ({"type": ("*",) * (MAX_GLOBS + 1)}, "type", f"more than {MAX_GLOBS}"),
        ({"region": ("*",) * (MAX_GLOBS + 1)}, "region", f"more than {MAX_GLOBS}"),
    ],
)
def test_a_bad_parameter_is_named(asked: dict[str, Any], parameter: str, told: str) -> None:
    """A 400 names the parameter at fault and says what is wrong with it."""
    problem = refusal(**asked)
    assert (problem.status, problem.code) == (400, "bad_parameter")
    assert problem.extra == {"parameter": parameter}
    assert told in problem.detail


def test_a_bad_filter_points_at_its_column() -> None:
    """The 400 for `where` has the parameter, the column and the reason."""
    with pytest.raises(Problem) as caught:
        planner().where("state=on and colour=red")
    assert caught.value.status == 400
    assert caught.value.extra == {"parameter": "where", "column": 14}
    assert caught.value.detail == "where: column 14: unknown field 'colour'"


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_filter_is_none(text: str | None) -> None:
    """An empty filter lets everything through."""
    assert planner().where(text) is None


def test_a_filter_knows_the_fields_of_every_scanner() -> None:
    """Properties of any scanner may be asked for."""
    wanted = planner().where("vpcid=vpc-1")
    assert wanted is not None
    assert wanted(thing(properties={"VpcId": "vpc-1"}))
    assert not wanted(thing())


# Regions that an account has switched on or off, and those that are new.

ON = dict.fromkeys(ALL["aws"][1:], True)


def test_without_an_answer_every_region_is_tried() -> None:
    """Where EC2 does not say which regions are on, none is left out."""
    assert plan().extent.regions(None) == [GLOBAL, "eu-west-1", "eu-west-2", "us-east-1"]


def test_regions_that_are_off_are_left_out() -> None:
    """A region that a glob matched and that is off, or that EC2 does not name, is no gap."""
    enabled = ON | {"eu-west-2": False}
    assert plan().extent.regions(enabled) == [GLOBAL, "eu-west-1", "us-east-1"]
    assert plan(region="eu-*").extent.regions(enabled) == ["eu-west-1"]
    assert plan().extent.regions({"us-east-1": True}) == [GLOBAL, "us-east-1"]


def test_a_region_that_is_off_and_was_named_is_told_about() -> None:
    """Who names a region, in the request or for the target, hears of it even if it is off."""
    enabled = ON | {"eu-west-2": False}
    assert plan(region=("eu-west-2", "us-*")).extent.regions(enabled) == ["eu-west-2", "us-east-1"]
    named = target("named", regions=("eu-west-2", "us-*"))
    assert plan(grant("platform"), on=named).extent.regions(enabled) == [
        GLOBAL,
        "eu-west-2",
        "us-east-1",
    ]


def test_a_region_that_is_new_is_scanned() -> None:
    """A region that AWS names and proxyd does not know is in where globs admit it."""
    enabled = ON | {"eu-new-1": True, "eu-off-1": False}
    assert "eu-new-1" in plan().extent.regions(enabled)
    assert "eu-off-1" not in plan().extent.regions(enabled)
    assert plan(region="eu-*").extent.regions(enabled) == ["eu-new-1", "eu-west-1", "eu-west-2"]
    assert ("VPC", "eu-new-1") in cells(plan(), enabled)


@pytest.mark.parametrize(
    ("rule", "limits", "asked"),
    [
        ({"regions": ("us-*", "global")}, {}, {}),
        ({}, {"regions": ("us-*",)}, {}),
        ({}, {}, {"region": "us-*"}),
        ({}, {}, {"region": "eu-west-1"}),
        ({}, {"regions": ("eu-west-1",)}, {}),
    ],
)
def test_a_new_region_needs_grant_target_and_request(
    rule: dict[str, Any], limits: dict[str, Any], asked: dict[str, Any]
) -> None:
    """A new region is scanned only where all three would have allowed it."""
    found = plan(grant("platform", **rule), on=target("t", **limits), **asked)
    assert "eu-new-1" not in found.extent.regions(ON | {"eu-new-1": True})


def test_a_new_region_is_only_for_the_types_of_its_grant() -> None:
    """Where grants differ by region, a new region gets the types of the grants that admit it."""
    grants = [
        grant("platform", types=("AWS::EC2::VPC",), regions=("eu-*",)),
        grant("platform", types=("AWS::S3::Bucket",), regions=("us-*",)),
    ]
    found = cells(plan(*grants), ON | {"eu-new-1": True})
    assert ("VPC", "eu-new-1") in found
    assert ("Bucket", "eu-new-1") not in found


def test_a_region_that_only_the_target_names_can_be_asked_for() -> None:
    """A literal region of a target's counts even if botocore does not know it."""
    named = target("named", regions=("xx-new-1", "eu-*"))
    found = plan(grant("platform"), on=named, region="xx-new-1", type="*::VPC")
    assert cells(found) == {("VPC", "xx-new-1")}
    assert cells(plan(grant("platform"), on=named, type="*::VPC")) >= {("VPC", "xx-new-1")}


REGION_NAMES = [*ALL["aws"][1:], "eu-new-1"]


@given(
    st.dictionaries(st.sampled_from(REGION_NAMES), st.booleans()), st.sampled_from(["*", "eu-*"])
)
def test_regions_are_sorted_and_unique_and_global_is_never_off(
    enabled: dict[str, bool], glob: str
) -> None:
    """Whatever EC2 says, `global` comes first and everything else once, in order."""
    regions = plan(region=(glob, "global")).extent.regions(enabled)
    assert regions[0] == GLOBAL
    assert regions[1:] == sorted(set(regions[1:]))
    assert all(enabled[region] for region in regions[1:])


# What a principal may see.


def test_visible_targets_are_those_with_a_grant() -> None:
    """The list shows what could be asked, and nothing of what could not."""
    grants = [
        grant("platform", targets=("production",), types=("AWS::EC2::*",), regions=("eu-*",)),
        grant("platform", targets=("production",), types=("*::Role",), regions=("global",)),
        grant("platform", targets=("secret",), types=("AWS::Nothing::*",)),
    ]
    [(found, types, regions)] = planner(*grants).visible(ME)
    assert found.name == "production"
    assert types == ["AWS::EC2::Instance", "AWS::EC2::VPC", "AWS::IAM::Role"]
    assert regions == [GLOBAL, "eu-west-1", "eu-west-2"]
    assert planner(*grants).visible(principal("others")) == []


def test_a_plan_has_only_scanners_of_its_scopes() -> None:
    """A session is made for these scanners: none may be in it without need."""
    found = plan(type="AWS::EC2::*")
    assert [s.type for s in found.extent.scanners] == ["AWS::EC2::Instance", "AWS::EC2::VPC"]
    assert all(isinstance(s, Scanner) for s in found.extent.scanners)


MANY = {name: scanner(name) for name in (f"AWS::EC2::Thing{n}" for n in range(400))}
"""As many as there are; their shards are some hundred kilobytes a region."""

STAFF = (target("prod-eu"), target("prod-us"), target("dev-eu"))


def names(found: list[Plan]) -> list[str]:
    """Return whose plans they are."""
    return [plan.target.name for plan in found]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("*",), ["production", "prod-eu", "prod-us"]),
        (("prod-*",), ["prod-eu", "prod-us"]),
        (("prod-us", "prod-*"), ["prod-us", "prod-eu"]),
        (("prod-?s", "*-eu"), ["prod-eu", "prod-us"]),
        (("production", "prod-eu"), ["production", "prod-eu"]),
    ],
)
def test_a_glob_stands_for_every_target_that_may_be_seen(
    asked: tuple[str, ...], expected: list[str]
) -> None:
    """Each of them once, first those that are named; what may not be seen does not match."""
    assert names(planner(targets=STAFF).plan(ME, query(target=asked))) == expected


def test_a_glob_leaves_out_what_may_not_be_asked_of_one() -> None:
    """What is asked of all is asked of those of which it may be."""
    grants = (
        grant("platform", targets=("prod-eu",), types=("AWS::EC2::*",)),
        grant("platform", targets=("prod-us",), types=("AWS::S3::*",)),
    )
    by = planner(*grants, targets=STAFF)
    assert names(by.plan(ME, query(target="*", type="AWS::S3::Bucket"))) == ["prod-us"]
    assert names(by.plan(ME, query(target="*"))) == ["prod-eu", "prod-us"]


@pytest.mark.parametrize("glob", ["nothing-*", "secret*", "*cret", "????????????"])
def test_a_glob_that_matches_nothing_to_be_seen_is_no_target(glob: str) -> None:
    """The answer is that for a name that is not there, whatever there is out of sight."""
    assert seen(refusal(target=glob)) == seen(refusal(target="nowhere"))


def test_a_bad_glob_is_named() -> None:
    """What no glob can be is the fault of a parameter, as of types and regions."""
    assert refusal(target="prod-[a]*").extra == {"parameter": "target"}


def test_a_glob_may_not_stand_for_too_many() -> None:
    """The bound of targets of one stream holds for what globs come to."""
    many = tuple(target(f"prod-{number}") for number in range(101))
    problem = refusal(by=planner(targets=many), target="prod-*")
    assert (problem.code, problem.extra) == ("bad_parameter", {"parameter": "target"})


def test_targets_that_are_asked_alike_share_their_extent() -> None:
    """What 300 accounts of an organization come to is worked out once."""
    first, second = planner(targets=STAFF).plan(ME, query(target=("prod-eu", "prod-us")))
    assert first.extent is second.extent


def test_what_a_question_keeps_is_small() -> None:
    """A thousand questions that differ in nothing but their stars must not fill the memory."""
    by = Planner([target()], [grant("platform")], MANY, ALL, max_targets=1)
    by.plan(ME, query(region="*"))
    tracemalloc.start()
    for stars in range(2, 102):
        by.plan(ME, query(region="*" * stars))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100 * 100_000
