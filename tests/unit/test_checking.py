"""What a check makes of what it was answered, without AWS."""

from __future__ import annotations

import pytest

from proxyd.aws.role import Policy, Role
from proxyd.checking import assuming
from proxyd.checking.assuming import FULL, Answers, external_id, source_identity, why
from proxyd.checking.evaluating import RoleRules
from proxyd.checking.matrix import of_region, probe, region_to_try, regions_for, works
from proxyd.checking.report import ExternalId, Region, RegionStatus, Scanned, Why
from proxyd.checking.verdict import foreseen, problems, refined, rescanned
from proxyd.engine import Work
from proxyd.errors import AwsError, Cause
from proxyd.model import GLOBAL, Operation, Scanner, Status, Target
from proxyd.remedies import Refusal

from .fakes import scanner as made

TARGET = Target(
    name="t",
    role_arn="arn:aws:iam::222222222222:role/read",
    external_id="x",
    via="arn:aws:iam::111111111111:role/hub",
)
DENIED = AwsError("denied", "AccessDenied")
SLOW = AwsError("throttled", "Throttling")
NO_ID, NO_ID_PLAIN = (
    "without an external id",
    ("without an external id and without a source identity"),
)
PLAIN = "without a source identity"
ASKING = assuming.Asking(TARGET, "arn:aws:iam::1:role/proxyd", None)


@pytest.mark.parametrize(
    ("answers", "required"),
    [
        ({FULL: None, PLAIN: None, NO_ID: DENIED, NO_ID_PLAIN: DENIED}, True),
        ({FULL: None, PLAIN: None, NO_ID: None, NO_ID_PLAIN: None}, False),
        # A trust policy that forbids the source identity must not hide an open door.
        ({FULL: DENIED, PLAIN: None, NO_ID: DENIED, NO_ID_PLAIN: None}, False),
        ({FULL: DENIED, PLAIN: None, NO_ID: DENIED, NO_ID_PLAIN: DENIED}, True),
        # Where nothing works, a refusal says nothing of the external id.
        ({FULL: DENIED, PLAIN: DENIED, NO_ID: DENIED, NO_ID_PLAIN: DENIED}, None),
        # The configured one may be wrong, and the door open all the same.
        ({FULL: DENIED, PLAIN: DENIED, NO_ID: DENIED, NO_ID_PLAIN: None}, False),
        ({FULL: None, PLAIN: None, NO_ID: SLOW, NO_ID_PLAIN: DENIED}, None),
        ({FULL: DENIED}, None),
    ],
)
def test_a_door_is_shut_only_where_the_right_key_opens_it(
    answers: Answers,
    required: bool | None,  # noqa: FBT001 - of the table
) -> None:
    """Open, shut, and not known are told apart, by the form that differs in the key alone."""
    assert external_id(answers).required is required


BY_CAUSE = [
    (AwsError("scp_denied", "AccessDenied", cause="organization"), "organization"),
    (AwsError("denied", "AccessDenied", cause="policy"), "own_policy"),
    (AwsError("denied", "AccessDenied", cause="explicit_deny"), "own_policy"),
    (AwsError("denied", "AccessDenied", cause="boundary"), "own_policy"),
    (AwsError("denied", "AccessDenied", cause="endpoint_policy"), "endpoint_policy"),
    (AwsError("denied", "AccessDenied", cause="resource_policy"), "role_not_assumable"),
]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({FULL: AwsError("failed", "NoCredentials")}, "no_base_credentials"),
        ({FULL: AwsError("expired", "ExpiredToken")}, "bad_base_credentials"),
        ({FULL: AwsError("timeout", "ReadTimeout")}, "sts_unreachable"),
        ({FULL: SLOW}, "sts_throttled"),
        ({FULL: DENIED, PLAIN: None}, "source_identity_refused"),
        ({FULL: DENIED, PLAIN: DENIED}, "role_not_assumable"),
        ({FULL: AwsError("failed", "Odd"), PLAIN: DENIED}, "role_not_assumable"),
        *(({FULL: error, PLAIN: DENIED}, code) for error, code in BY_CAUSE),
    ],
)
def test_each_way_to_be_refused_is_told_apart(answers: Answers, code: str) -> None:
    """What came of asking in other ways decides what a person is told to look at."""
    told = why(answers, ASKING)
    assert told is not None
    assert told.code == code
    assert told.tried == list(answers)
    assert TARGET.external_id not in told.detail.split()


def test_a_role_in_the_middle_is_told_apart() -> None:
    """Where the hop fails it is that one which has to be looked at, for its own reason."""
    asking = assuming.Asking(TARGET, "p", DENIED)
    told = why({FULL: DENIED}, asking)
    assert told is not None
    assert (told.code, TARGET.via in told.detail) == ("via_not_assumable", True)  # type: ignore[operator] # it has one
    unreached = why({FULL: DENIED}, assuming.Asking(TARGET, "p", AwsError("timeout", "X")))
    assert unreached is not None
    assert unreached.code == "sts_unreachable"


def test_a_role_that_is_given_has_no_why() -> None:
    """Nothing is said of one that works."""
    assert why({FULL: None}, ASKING) is None
    assert source_identity({FULL: None}) == "allowed"
    assert source_identity({FULL: DENIED, PLAIN: None}) == "refused"
    assert source_identity({FULL: DENIED, PLAIN: DENIED}) == "unknown"


def test_who_is_somebody_else_than_expected_is_told_so() -> None:
    """Nobody is to be let into the trust policy who only happens to try it on another machine."""
    anna, proxyd = "arn:aws:iam::1:user/anna", "arn:aws:iam::1:role/proxyd"
    mistaken = assuming.Asking(TARGET, anna, None, proxyd)
    told = why({FULL: DENIED, PLAIN: DENIED}, mistaken)
    assert told is not None
    assert told.code == "another_identity"
    assert "run as arn:aws:iam::1:user/anna, but by aws.identity proxyd runs as" in told.detail
    unreached = why({FULL: AwsError("failed", "Odd"), PLAIN: DENIED}, mistaken)
    assert unreached is not None
    assert unreached.code == "role_not_assumable"


def target(*regions: str) -> Target:
    """Make a target of some regions."""
    return Target(name="t", role_arn=TARGET.role_arn, external_id="x", regions=regions)


ON = {"us-east-1": True, "eu-west-1": True, "eu-north-1": True, "me-south-1": False}


@pytest.mark.parametrize(
    ("regions", "wanted", "tried"),
    [
        (("eu-*",), "eu-north-1", "eu-north-1"),
        (("us-*", "eu-west-1", "eu-north-1"), None, "eu-west-1"),
        (("*",), None, "us-east-1"),
        (("eu-*",), None, "eu-north-1"),
        (("me-south-1", "eu-*"), None, "eu-north-1"),
        (("global",), None, None),
        (("eu-west-1",), "us-east-1", "eu-west-1"),
    ],
)
def test_a_region_that_is_on_is_tried(
    regions: tuple[str, ...], wanted: str | None, tried: str | None
) -> None:
    """The one that is asked for, else the first that is named, else home, else any that is on."""
    assert region_to_try(target(*regions), ON, wanted) == tried


def test_regions_that_only_a_glob_names_and_that_are_off_are_left_out() -> None:
    """One that is named is told of even where it is off; where nobody knows, all are asked."""
    assert regions_for(target("*"), ON) == ["eu-north-1", "eu-west-1", "us-east-1"]
    assert "me-south-1" in regions_for(target("me-south-1", "eu-*"), ON)
    assert len(regions_for(target("eu-*"), None)) > 5


def scanned(
    status: Status = "ok",
    type_: str = "AWS::EC2::VPC",
    region: str = "r",
    *,
    code: str | None = None,
    action: str | None = None,
    cause: Cause | None = None,
    untried: list[str] | None = None,
) -> Scanned:
    """Make what came of a scanner."""
    return Scanned(
        type=type_,
        region=region,
        status=status,
        calls=1,
        code=code,
        action=action,
        cause=cause,
        untried=untried,
    )


@pytest.mark.parametrize(
    ("tried", "status"),
    [
        ([scanned()], "allowed"),
        ([scanned("denied"), scanned()], "allowed"),
        ([scanned("denied")], "denied"),
        ([scanned("denied"), scanned("scp_denied")], "denied_by_organization"),
        ([scanned("region_disabled", code="OptInRequired")], "off"),
        ([scanned("region_disabled", code="ConnectTimeout")], "no_answer"),
        ([scanned("timeout", code="ReadTimeout")], "no_answer"),
        ([scanned("unsupported")], "unknown"),
        ([scanned(region="another")], "unknown"),
        ([], "unknown"),
    ],
)
def test_a_region_is_what_its_scanners_say(tried: list[Scanned], status: RegionStatus) -> None:
    """One that works shows that the region does; silence is not the same as being off."""
    assert of_region("r", tried).status == status


def scanner(type_: str, service: str, scope: str = "regional") -> Scanner:
    """Make a scanner of one operation."""
    operations = (Operation(service, "ListThings"),)
    return made(type_, operations=operations, scope=scope)


def test_the_other_regions_are_asked_by_what_every_region_has() -> None:
    """The cheapest that worked of the services that are everywhere; none where none did."""
    known = [scanner("A::A::A", "rare"), scanner("B::B::B", "sqs"), scanner("C::C::C", "ec2")]
    tried = [scanned(type_="A::A::A"), scanned(type_="B::B::B"), scanned("denied", "C::C::C")]
    found = probe(known, tried)
    assert found is not None
    assert found.type == "B::B::B"
    assert probe(known, [scanned(type_="A::A::A"), scanned(type_="B::B::B", region=GLOBAL)]) is None


def test_global_scanners_run_where_they_are() -> None:
    """A regional one runs in the one region, and not at all where there is none."""
    everywhere, here = scanner("A::A::A", "iam", "global"), scanner("B::B::B", "sqs")
    assert works([everywhere, here], "r") == [Work(everywhere, GLOBAL), Work(here, "r")]
    assert works([everywhere, here], None) == [Work(everywhere, GLOBAL)]


WHY = Why(code="c", detail="d", aws_code="a", tried=[])
GOOD = ExternalId(required=True, wrong_refused=True)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (problems(None, GOOD, [], [], [scanned()]), []),
        (problems(None, ExternalId(), [], [], []), ["not_seen"]),
        (problems(None, ExternalId(required=True), [], [], []), ["not_seen"]),
        (problems(WHY, ExternalId(), [], [], []), ["not_assumable"]),
        (
            problems(None, ExternalId(required=False, wrong_refused=False), [], [], []),
            ["external_id_not_required", "wrong_external_id_accepted"],
        ),
        (problems(None, GOOD, [Refusal("a:B")], [], []), ["denied"]),
        (problems(None, GOOD, [], [], [], nowhere=True), ["not_seen"]),
        (problems(None, GOOD, [Refusal("a:B", "organization")], [], [scanned("scp_denied")]), []),
        (problems(None, GOOD, [], [Region(region="r", status="denied")], []), ["region_denied"]),
        (problems(None, GOOD, [], [Region(region="r", status="off")], []), []),
        (problems(None, GOOD, [], [], [scanned("region_disabled"), scanned("unsupported")]), []),
        *(
            (problems(None, GOOD, [], [], [scanned(status)]), ["not_seen"])
            for status in ("throttled", "timeout", "failed", "expired", "cancelled")
        ),
    ],
)
def test_what_a_person_can_mend_is_a_problem(found: list[str], expected: list[str]) -> None:
    """What the organization forbids, what is off and what is not there is none."""
    assert found == expected


def role(allowed: list[str], bound: list[str]) -> RoleRules:
    """Make the rules of a role, and of its boundary."""
    own, over = (
        {"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}}
        for actions in (allowed, bound)
    )
    return RoleRules(
        Role(
            policies=(Policy(name="own", document=own),),
            boundary=Policy(name="b", arn="b", document=over),
            trust={},
        )
    )


def test_the_policies_say_more_than_aws_does() -> None:
    """What AWS leaves open, or puts down to the policies, is held against them; the rest stands."""
    held = role(["a:*"], ["a:Get"])
    told = refined(
        {
            Refusal("a:List"),
            Refusal("b:List", "policy"),
            Refusal("a:Get"),
            Refusal("c:List", "organization"),
        },
        held,
    )
    assert told == {
        Refusal("a:List", "boundary"),
        Refusal("b:List", "policy"),
        Refusal("b:List", "boundary"),
        Refusal("a:Get", "elsewhere"),
        Refusal("c:List", "organization"),
    }
    assert refined({Refusal("a:List")}, None) == {Refusal("a:List")}


def test_what_would_be_refused_is_foreseen() -> None:
    """Of what could not be tried, that which the policies do not allow is told."""
    tried = [scanned(untried=["a:Get", "a:List", "b:Get"])]
    assert foreseen(tried, role(["a:*"], ["a:*", "b:*"])) == {Refusal("b:Get", "policy")}
    assert foreseen(tried, None) == set()


def test_a_scanner_is_told_the_cause_that_is_known_by_now() -> None:
    """The table says what the remedies say; what the organization forbids stays so."""
    tried = [scanned("denied", action="a:B"), scanned("scp_denied", action="a:B"), scanned()]
    causes = [each.cause for each in rescanned(tried, {Refusal("a:B", "boundary")})]
    assert causes == ["boundary", None, None]
    both = {Refusal("a:B", "boundary"), Refusal("a:B", "policy")}
    assert rescanned(tried, both)[0].cause == "policy"
