"""What a person reads of a check."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from proxyd.checking.report import (
    Beyond,
    ExternalId,
    Region,
    Report,
    Scanned,
    TargetReport,
    Why,
)
from proxyd.cli.check import laid_out
from proxyd.cli.reporting import rows
from proxyd.model import Target
from proxyd.remedies import Refusal, remedies

LONG = "bedrock-agentcore:ListAgentRuntimeEndpointsOfSomethingWithALongName"
TARGET = Target(name="t", role_arn="arn:aws:iam::222222222222:role/read", external_id="x")


def report(**changes: Any) -> TargetReport:
    """Make the report of a target that is ready but for the changes."""
    found: dict[str, Any] = {
        "target": "production",
        "account": "222222222222",
        "role": "read",
        "brief": False,
        "region": "eu-west-1",
        "ok": not changes.get("problems"),
        "problems": [],
        "assumable": True,
        "why": None,
        "principal": "arn:aws:iam::1:role/proxyd",
        "external_id": ExternalId(required=True, wrong_refused=True),
        "source_identity": "allowed",
        "tags": "allowed",
        "regions": [Region(region="eu-west-1", status="allowed")],
        "scanners": [scanned("ok")],
        "foreseen": [],
        "remedies": [],
        "beyond": Beyond(readable=True),
        "calls": 9,
        "ms": 1234,
    }
    return TargetReport(**(found | changes))


def scanned(status: Any, type_: str = "AWS::EC2::VPC", **other: Any) -> Scanned:
    """Make what came of a scanner."""
    return Scanned(type=type_, region="eu-west-1", status=status, calls=1, **other)


def read(of: TargetReport, width: int = 10_000, again: str = "", **options: Any) -> str:
    """Lay a report out."""
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, **options)
    for line in laid_out(of, console, again):
        console.print(line)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_target_that_is_ready_is_told_in_a_few_lines() -> None:
    """The first line says so; counts and regions follow, and nothing to mend."""
    assert read(report()) == (
        "production · account 222222222222 · role read: ready · 9 AWS calls · 1.2 s\n"
        "  types in eu-west-1: ok 1\n"
        "  regions allowed: eu-west-1\n"
        "  the role grants nothing that proxyd does not need\n"
    )


def test_what_is_denied_is_laid_out_by_service_with_its_remedy() -> None:
    """A service's name stands once; each action has its row, and what mends it is below."""
    refused = [Refusal("ec2:DescribeVpcs", "policy"), Refusal("sqs:ListQueues", "organization")]
    text = read(
        report(
            problems=["denied"],
            scanners=[
                scanned("denied", action="ec2:DescribeVpcs", cause="policy"),
                scanned(
                    "denied",
                    "AWS::EC2::Subnet",
                    action="ec2:DescribeSubnets",
                    actions=["ec2:DescribeSubnets", "tag:GetResources"],
                ),
                scanned(
                    "scp_denied", "AWS::SQS::Queue", action="sqs:ListQueues", cause="organization"
                ),
                scanned("throttled", "AWS::SNS::Topic", code="SlowDown"),
                scanned("ok", "AWS::S3::Bucket"),
            ],
            remedies=remedies(refused, TARGET),
        )
    )
    head, *lines = text.splitlines()
    assert head.startswith("production · account 222222222222 · role read: NOT READY: actions are")
    assert [" ".join(line.split()) for line in lines[:6]] == [
        "service type region status action refused by",
        "EC2 VPC eu-west-1 denied ec2:DescribeVpcs no policy of the role allows it",
        "Subnet eu-west-1 denied ec2:DescribeSubnets",
        "Subnet eu-west-1 denied tag:GetResources",
        "SQS Queue eu-west-1 scp_denied sqs:ListQueues a policy of the organization",
        "SNS Topic eu-west-1 throttled SlowDown",
    ]
    assert lines[6] == "  types in eu-west-1: denied 2 · ok 1 · scp_denied 1 · throttled 1"
    assert "  add to a policy of the role read in account 222222222222:" in lines
    assert "  a policy of the organization forbids it: no policy of the role mends that:" in lines
    [command] = [line for line in lines if "aws iam put-role-policy" in line]
    assert "sqs:ListQueues" not in command


def test_a_command_names_the_whole_target() -> None:
    """A name may be longer than what is shown of it, and is copied with the command."""
    name = "a" * 63
    text = read(
        report(
            target=name,
            problems=["external_id_not_required"],
            external_id=ExternalId(required=False),
        )
    )
    assert f"proxyd iam trust --target {name} > trust.json\n" in text


@pytest.mark.parametrize(
    ("code", "organization", "told"),
    [
        ("own_policy", None, ["proxyd iam base AGAIN"]),
        (
            "role_not_assumable",
            None,
            ["proxyd iam cloudformation --target production AGAIN", "proxyd iam base AGAIN"],
        ),
        ("role_not_assumable", "corp", ["proxyd iam stackset --organization corp AGAIN"]),
        (
            "source_identity_refused",
            None,
            [
                "proxyd iam trust --target production AGAIN > trust.json",
                "aws iam update-assume-role-policy --role-name read "
                "--policy-document file://trust.json",
            ],
        ),
        (
            "via_not_assumable",
            None,
            ["proxyd iam trust --via arn:aws:iam::1:role/proxyd AGAIN", "proxyd iam base AGAIN"],
        ),
    ],
)
def test_a_role_that_is_not_given_is_told_with_what_to_run(
    code: str, organization: str | None, told: list[str]
) -> None:
    """Each reason has the commands that print how it should be, for the same configuration."""
    why = Why(code=code, detail="x", aws_code="AccessDenied", tried=[])
    text = read(
        report(assumable=False, why=why, organization=organization, problems=["not_assumable"]),
        again="AGAIN",
    )
    assert [line for line in told if line not in text] == []


def test_each_remedy_has_its_command_below_it() -> None:
    """What is added to the boundary comes after what is added to the role, and has none."""
    refused = [Refusal("a:B", "policy"), Refusal("a:C", "boundary")]
    lines = read(report(problems=["denied"], remedies=remedies(refused, TARGET))).splitlines()
    kinds = [
        kind
        for line in lines
        for kind in ("add to a policy", "put-role-policy", "add to the permissions boundary")
        if kind in line
    ]
    assert kinds == ["add to a policy", "put-role-policy", "add to the permissions boundary"]


def test_each_action_of_a_scanner_has_its_own_cause() -> None:
    """The others are told by what mends them."""
    refused = [Refusal("a:B", "policy"), Refusal("a:C", "boundary")]
    both = scanned("denied", action="a:B", cause="policy", actions=["a:B", "a:C"])
    told = rows(report(scanners=[both], remedies=remedies(refused, TARGET)))
    assert [row[-2:] for row in told] == [
        ("a:B", "no policy of the role allows it"),
        ("a:C", "the role's permissions boundary"),
    ]


def test_a_narrow_terminal_shows_no_column_of_one_word_a_line() -> None:
    """Who refuses is left out: what mends it says so below."""
    denied = scanned("denied", action="ec2:DescribeVpcs", cause="policy")
    changes: dict[str, Any] = {"problems": ["denied"], "scanners": [denied]}
    assert "refused by" in read(report(**changes), width=120)
    narrow = read(report(**changes), width=60)
    assert "refused by" not in narrow
    assert "ec2:DescribeVpcs" in narrow


def test_an_open_role_is_told_with_what_shuts_it() -> None:
    """The condition for the trust policy is there, and the external id is not."""
    text = read(
        report(problems=["external_id_not_required"], external_id=ExternalId(required=False))
    )
    assert "NOT READY: the role is given without the external id" in text
    assert "confused deputy" in " ".join(text.split())
    assert '"Condition": {"StringEquals": {"sts:ExternalId": "(the external id of target' in text


def test_a_door_that_could_not_be_tried_is_not_said_to_be_shut() -> None:
    """Where STS throttles, say, nobody knows: that is told, and is not green."""
    text = read(report(problems=["not_seen"], external_id=ExternalId(required=True)))
    assert "NOT READY: not all could be tried" in text
    assert "external id: whether it is needed could not be told" in text


def test_a_role_that_is_not_given_is_told_with_why_and_nothing_else() -> None:
    """Of what could not be looked at nothing is said."""
    why = Why(
        code="c", detail="look at the trust policy", aws_code="AccessDenied", tried=["a", "b"]
    )
    text = read(
        report(problems=["not_assumable"], assumable=False, why=why, scanners=[], regions=[])
    )
    assert text.splitlines()[1:] == [
        "  AssumeRole: AccessDenied",
        "    look at the trust policy",
        "    tried: a, b",
    ]


def test_regions_are_told_by_what_they_answer() -> None:
    """Those that are off are only counted."""
    regions = [
        Region(region="a-1", status="allowed"),
        Region(region="b-1", status="denied_by_organization"),
        Region(region="c-1", status="off"),
        Region(region="d-1", status="off"),
        Region(region="e-1", status="no_answer"),
    ]
    text = read(report(regions=regions))
    for line in (
        "regions allowed: a-1",
        "regions denied by the organization: b-1",
        "regions off: 2",
        "regions no answer: e-1",
    ):
        assert f"  {line}\n" in text


def test_what_a_role_grants_beyond_need_is_a_warning() -> None:
    """It says what, and who could use it: not proxyd."""
    text = " ".join(
        read(
            report(
                beyond=Beyond(
                    readable=True,
                    managed=["ReadOnlyAccess"],
                    exposes=["s3:GetObject"],
                    changes=["s3:*"],
                    patterns=7,
                    trusts=["*"],
                ),
                foreseen=["a:Later"],
                tags="refused",
            )
        ).split()
    )
    for part in (
        "policies of AWS's own: ReadOnlyAccess",
        "reads data, secrets or credentials: s3:GetObject",
        "changes things: s3:*",
        "beyond need: 7. The session policy keeps every session of proxyd from using any of it",
        "who may assume it besides arn:aws:iam::1:role/proxyd: *",
        "not tried, as nothing is there, but would be refused too: a:Later",
        "session tags: refused: proxyd sends none",
    ):
        assert part in text


def test_what_can_not_be_known_is_said_with_what_would_let_it() -> None:
    """A role that may not read itself gets one sentence, with the actions."""
    text = " ".join(read(report(beyond=Beyond(readable=False, code="AccessDenied"))).split())
    assert "it may not read its own policies (AccessDenied)" in text
    assert "iam:GetRole, iam:GetRolePolicy" in text


@pytest.mark.parametrize("width", [20, 60, 80, 10_000])
def test_no_action_is_ever_cut(width: int) -> None:
    """However narrow the terminal is, what has to be copied stands there in one piece."""
    refused = [Refusal(LONG, "policy")]
    text = read(
        report(
            problems=["denied"],
            scanners=[scanned("denied", action=LONG, cause="policy")],
            remedies=remedies(refused, TARGET),
        ),
        width,
    )
    assert text.count(LONG) == 3
    assert "…" not in text


def test_there_are_colours_only_where_a_terminal_is() -> None:
    """Into a file or a pipe goes text, without trailing blanks."""
    denied = report(problems=["denied"], scanners=[scanned("denied", action="a:B")])
    assert "\x1b[31m" in read(denied, force_terminal=True, color_system="standard")
    text = read(denied)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


@given(st.text(min_size=1, max_size=40))
def test_no_name_can_drive_the_terminal(odd: str) -> None:
    """What comes from AWS or from a file is written without what a terminal obeys."""
    odd = f"\x1b[2J{odd}\x07\u202e[red]"
    text = read(
        report(
            role=odd,
            principal=odd,
            problems=["denied"],
            regions=[Region(region=odd, status="denied")],
            scanners=[scanned("failed", odd, code=odd), scanned("denied", action=odd)],
            beyond=Beyond(
                readable=True, managed=[odd], exposes=[odd], changes=[odd], patterns=1, trusts=[odd]
            ),
            foreseen=[odd],
            remedies=remedies([Refusal(odd, "policy"), Refusal(odd, "organization")], TARGET),
        )
    )
    kinds = {unicodedata.category(c) for c in text.replace("\n", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "[red]" in text


def test_a_report_is_read_back_as_it_was() -> None:
    """What `--json` prints has every key, and null where there is nothing to tell."""
    made = Report(ok=True, targets=[report()])
    text = msgspec.json.encode(made)
    assert msgspec.json.decode(text, type=Report) == made
    [told] = msgspec.json.decode(text)["targets"]
    assert set(told) == set(TargetReport.__struct_fields__)
    assert set(told["beyond"]) == set(Beyond.__struct_fields__)
