from __future__ import annotations

from msgspec import UNSET

from proxyd.coverage import Coverage
from proxyd.errors import Cause
from proxyd.events import Gap, ScanCompleted, ShardEnded, Statement
from proxyd.model import Status, Target
from proxyd.remedies import Refusal

TARGET = Target(name="t", role_arn="arn:aws:iam::222222222222:role/read/proxyd", external_id="x")


def ended(
    status: Status = "ok",
    *,
    type_: str = "A::B::C",
    region: str = "r1",
    resources: int = 0,
    calls: int = 1,
    action: str | None = None,
    cause: Cause | None = None,
) -> ShardEnded:
    """Make the end of a shard."""
    return ShardEnded(
        type=type_,
        region=region,
        account="1",
        status=status,
        resources=resources,
        calls=calls,
        ms=1,
        code=None if status == "ok" else "Code",
        action=action,
        cause=cause,
    )


def summed(coverage: Coverage, calls: int = 0) -> ScanCompleted:
    """Sum a coverage up."""
    return coverage.completed(scan="s", target=TARGET, calls=calls, ms=9)


def test_all_shards_ok_is_complete() -> None:
    """Only when every expected shard ended `ok` is the scan complete."""
    coverage = Coverage(2)
    coverage.add(ended(resources=3, calls=2))
    assert not summed(coverage).complete
    coverage.add(ended(region="r2", resources=4, calls=5))
    assert summed(coverage, calls=10) == ScanCompleted(
        scan="s",
        target="t",
        complete=True,
        resources=7,
        shards={"ok": 2},
        gaps=[],
        missing_actions=[],
        remedies=[],
        calls=17,
        ms=9,
    )


def test_a_shard_that_never_ended_is_no_completeness() -> None:
    """Nothing is inferred from silence: a missing shard leaves the scan incomplete."""
    coverage = Coverage(3)
    coverage.add(ended())
    coverage.add(ended(region="r2"))
    assert not summed(coverage).complete


def test_a_shard_that_is_not_ok_is_a_gap() -> None:
    """Each shard that could not be seen whole is named with its status and action."""
    coverage = Coverage(4)
    coverage.add(ended())
    coverage.add(ended("throttled", type_="B::B::B", region="r2"))
    coverage.add(ended("denied", type_="B::B::B", region="r1", action="b:List", resources=2))
    coverage.add(ended("timeout", type_="A::A::A", region="r9"))
    told = summed(coverage)
    assert not told.complete
    assert told.shards == {"denied": 1, "ok": 1, "throttled": 1, "timeout": 1}
    assert list(told.shards) == sorted(told.shards)
    assert told.gaps == [
        Gap(type="A::A::A", region="r9", status="timeout"),
        Gap(type="B::B::B", region="r1", status="denied", action="b:List"),
        Gap(type="B::B::B", region="r2", status="throttled"),
    ]
    assert told.resources == 2


def test_missing_actions_are_what_a_policy_could_grant() -> None:
    """What an SCP forbids, and AssumeRole itself, no policy of the role would mend."""
    coverage = Coverage(6)
    for status, action in [
        ("denied", "ec2:DescribeVpcs"),
        ("denied", "ec2:DescribeVpcs"),
        ("denied", "a:B"),
        ("denied", None),
        ("denied", "sts:AssumeRole"),
        ("scp_denied", "s3:ListAllMyBuckets"),
    ]:
        coverage.add(ended(status, action=action))  # type: ignore[arg-type] # they are statuses
    assert summed(coverage).missing_actions == ["a:B", "ec2:DescribeVpcs"]


def test_nothing_to_scan_is_complete() -> None:
    """A plan without shards has nothing that could be missing."""
    assert summed(Coverage(0)).complete


def test_what_no_session_has_is_not_what_the_role_lacks() -> None:
    """AWS asked for more than the scanner declares: it is told, and nobody is to grant it."""
    coverage = Coverage(1)
    coverage.add(ended("denied", action="kms:Decrypt", cause="undeclared"))
    told = summed(coverage)
    assert told.missing_actions == []
    assert [gap.action for gap in told.gaps] == ["kms:Decrypt"]
    assert [(r.cause, r.actions, r.statements) for r in told.remedies] == [
        ("undeclared", ["kms:Decrypt"], UNSET)
    ]


def test_what_refuses_an_action_of_proxyd_s_own_is_told() -> None:
    """A boundary without ec2:DescribeRegions is what has to be changed, not the role's policy."""
    coverage = Coverage(0)
    coverage.lacks(Refusal("ec2:DescribeRegions", "boundary"))
    coverage.lacks(Refusal("ec2:DescribeRegions", "organization"))
    told = summed(coverage)
    assert [(each.cause, each.actions) for each in told.remedies] == [
        ("boundary", ["ec2:DescribeRegions"]),
        ("organization", ["ec2:DescribeRegions"]),
    ]


def test_each_cause_has_its_remedy() -> None:
    """What is missing is told by the kind of policy that refuses, with the role that it is in."""
    coverage = Coverage(3)
    coverage.add(ended("denied", action="a:B", cause="policy"))
    coverage.add(ended("denied", region="r2", action="a:B", cause="policy"))
    coverage.add(ended("scp_denied", action="s3:ListAllMyBuckets", cause="organization"))
    coverage.lacks(Refusal("ec2:DescribeRegions"))
    told = summed(coverage).remedies
    assert {(each.role, each.account) for each in told} == {("proxyd", "222222222222")}
    assert [(each.cause, each.actions, each.statements) for each in told] == [
        ("policy", ["a:B"], [Statement(action=["a:B"])]),
        (None, ["ec2:DescribeRegions"], [Statement(action=["ec2:DescribeRegions"])]),
        ("organization", ["s3:ListAllMyBuckets"], UNSET),
    ]
