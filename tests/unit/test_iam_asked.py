"""What `proxyd iam` is asked for: whose role, for which types, assumed by whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxyd.errors import ConfigError, UsageError
from proxyd.iam import asked, identity
from proxyd.iam.base import base_policies
from proxyd.iam.policies import MAX_MANAGED_POLICY
from proxyd.iam.role import of_lister
from proxyd.model import Operation
from proxyd.settings import Aws, Organization, Settings

from .fakes import ACCOUNT, scanner, target
from .judged import findings

HUB = "arn:aws:iam::111111111111:role/hub"
VIA = "arn:aws:iam::111111111111:role/via"
LISTER = "arn:aws:iam::999999999999:role/proxyd-list"
REGISTRY = {
    "AWS::EC2::VPC": scanner("AWS::EC2::VPC"),
    "AWS::IAM::Role": scanner(
        "AWS::IAM::Role", scope="global", operations=(Operation("iam", "ListRoles"),)
    ),
}


def organization(name: str = "corp", **changes: Any) -> Organization:
    """Make an organization that is right but for the changes."""
    made: dict[str, Any] = {
        "role_arn": "arn:aws:iam::{account}:role/proxyd-read",
        "external_id": f"the-prefix-of-{name}",
    }
    return Organization(name=name, **(made | changes))


def roles_of(settings: Settings, via: str | None = None) -> list[str]:
    """Return the roles that the policies of proxyd's own identity are about."""
    statements = [s for policy in base_policies(settings, via) for s in policy["Statement"]]
    return [arn for s in statements if "sts:AssumeRole" in s["Action"] for arn in s["Resource"]]


def test_the_only_target_need_not_be_named() -> None:
    """Where there is one it is meant, and where there are none nobody is."""
    only = target()
    assert asked.one([only], None, "--target") is only
    assert asked.one([], None, "--target") is None


def test_one_of_several_has_to_be_named() -> None:
    """Which there are is said, and a name that is nearly right is told."""
    several = [target("production"), target("staging")]
    assert asked.one(several, "staging", "--target") is several[1]
    with pytest.raises(UsageError, match=r"--target: say which; there are production, staging"):
        asked.one(several, None, "--target")
    with pytest.raises(UsageError, match=r"no target is called 'stagin' \(did you mean staging"):
        asked.one(several, "stagin", "--target")
    with pytest.raises(UsageError, match="no organization is called 'x'"):
        asked.one([organization()], "x", "--organization")


def test_where_only_organizations_are_configured_their_command_is_told() -> None:
    """A template of one account would not be what their roles are."""
    with pytest.raises(UsageError, match="proxyd iam stackset"):
        asked.a_target(Settings(organizations=(organization(),)), None)
    assert asked.a_target(Settings(), None) is None


def test_a_policy_is_of_a_target_or_of_an_organization() -> None:
    """The one that is named, else the only one there is; never both."""
    one, corp = target(), organization()
    both = Settings(targets=(one,), organizations=(corp,))
    assert asked.either(both, None, None) is one
    assert asked.either(both, None, "corp") is corp
    assert asked.either(Settings(organizations=(corp,)), None, None) is corp
    assert asked.either(Settings(), None, None) is None
    with pytest.raises(UsageError, match="expected one of them"):
        asked.either(both, "production", "corp")


def test_the_role_of_members_is_made_for_the_organization_or_like_a_target() -> None:
    """A target is taken only where it is named."""
    one, corp = target(), organization()
    both = Settings(targets=(one,), organizations=(corp,))
    assert asked.members(both, None, None) is corp
    assert asked.members(both, "production", None) is one
    assert asked.members(Settings(targets=(one,)), None, None) is None


def test_who_assumes_the_role() -> None:
    """The `via` role where there is one, else what is given, else what is configured."""
    settings = Settings(aws=Aws(identity=HUB))
    other = "arn:aws:iam::111111111111:user/proxyd"
    assert asked.principal(settings, target(), None) == HUB
    assert asked.principal(settings, target(), other) == other
    assert asked.principal(settings, target(via=VIA), None) == VIA
    assert asked.principal(Settings(), None, None) is None
    with pytest.raises(UsageError, match=f"through {VIA}; leave it out"):
        asked.principal(settings, target(via=VIA), other)


def test_who_assumes_a_role_on_the_way() -> None:
    """Proxyd itself does; only of a role that is on some way it can be said."""
    settings = Settings(
        aws=Aws(identity=HUB), organizations=(organization(via=VIA),), targets=(target(),)
    )
    other = "arn:aws:iam::111111111111:user/proxyd"
    assert asked.via_principal(settings, VIA, None) == HUB
    assert asked.via_principal(settings, VIA, other) == other
    with pytest.raises(UsageError, match=f"--via: the configuration has no role behind {LISTER}"):
        asked.via_principal(settings, LISTER, None)


@pytest.mark.parametrize(
    "arn",
    [
        HUB,
        "arn:aws-cn:iam::111111111111:user/team/proxyd",
        "arn:aws-us-gov:iam::111111111111:role/a",
    ],
)
def test_a_role_or_user_may_be_trusted(arn: str) -> None:
    """In any partition, with or without a path."""
    assert identity.checked(arn) == arn


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("arn:aws:iam::111111111111:root", "every role and user of that account"),
        ("111111111111", "every role and user of that account"),
        (
            "arn:aws:sts::111111111111:assumed-role/hub/i-0123",
            "one session of a role: give the role, arn:aws:iam::111111111111:role/hub,",
        ),
        ("*", "is neither a role nor a user"),
        ("arn:aws:iam::111111111111:role/*", "is neither a role nor a user"),
        ("arn:aws:iam::111111111111:group/admins", "is neither a role nor a user"),
        ("arn:aws:s3:::bucket", "expected arn:aws:iam::ACCOUNT:role/NAME"),
        ("arn:aws:iam::111111111111:role/h\u00fcb", "is neither a role nor a user"),
        ("arn:aws-foo:iam::111111111111:role/hub", "AWS has no partition 'aws-foo'"),
        (f"{HUB}\n", "is neither a role nor a user"),
    ],
)
def test_nothing_else_may_be(arn: str, why: str) -> None:
    """What it is is said, and what to give instead."""
    with pytest.raises(UsageError, match=r"^--identity: ") as refused:
        identity.checked(arn)
    assert why in str(refused.value)


def test_the_actions_are_those_of_the_types_that_both_allow() -> None:
    """What is asked for, within what may ever be asked of the target."""
    everything = ["ec2:DescribeRegions", "ec2:DescribeVpcs", "iam:ListRoles"]
    assert asked.actions(REGISTRY, None, []) == everything
    assert asked.actions(REGISTRY, target(types=("AWS::IAM::*",)), []) == ["iam:ListRoles"]
    assert asked.actions(REGISTRY, target(), ["AWS::IAM::Role"]) == ["iam:ListRoles"]


@pytest.mark.parametrize(
    ("types", "why"),
    [
        (["AWS::IAM::Rolle"], "no scanner matches 'AWS::IAM::Rolle' (did you mean AWS::IAM::Role"),
        (["AWS::IAM::*", "AWS::S3::*"], "no scanner matches 'AWS::S3::*'"),
        (["iam"], "no scanner matches 'iam' (did you mean AWS::IAM::*?)"),
        (["AWS::EC2::VPC"], "the `types` of 'production' hold none of these"),
    ],
)
def test_types_that_lead_to_nothing_are_refused(types: list[str], why: str) -> None:
    """A slip would else be a role that lacks something."""
    with pytest.raises(UsageError) as refused:
        asked.actions(REGISTRY, target(types=("AWS::IAM::*",)), types)
    assert why in str(refused.value)


def test_a_target_of_which_nothing_may_be_asked_is_the_configurations_fault() -> None:
    """Nobody has given a type, so none is wrong."""
    with pytest.raises(ConfigError, match=r"^the `types` of 'production' hold no type"):
        asked.actions(REGISTRY, target(types=("AWS::S3::*",)), [])


def test_proxyd_itself_may_assume_the_roles_and_nothing_else() -> None:
    """Its policy has the roles of targets and organizations, and what lists the accounts."""
    settings = Settings(
        targets=(target(),),
        organizations=(organization(), organization("other", list_role_arn=LISTER)),
    )
    [policy] = base_policies(settings)
    assume, lists = policy["Statement"]
    assert assume == {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Resource": [
            "arn:aws:iam::*:role/proxyd-read",
            f"arn:aws:iam::{ACCOUNT}:role/proxyd-read",
            LISTER,
        ],
    }
    assert lists == {"Effect": "Allow", "Action": ["organizations:ListAccounts"], "Resource": "*"}
    assert findings(policy) <= {"CREDENTIALS_EXPOSURE"}  # that is what assuming a role is


@pytest.mark.parametrize(
    ("changes", "actions"),
    [
        ({}, ["ListAccounts"]),
        ({"exclude": (ACCOUNT,)}, ["ListAccounts"]),
        (
            {"units": ("ou-abcd-12345678",)},
            ["ListAccountsForParent", "ListOrganizationalUnitsForParent"],
        ),
        (
            {"exclude": ("ou-abcd-12345678",)},
            ["ListAccounts", "ListAccountsForParent", "ListOrganizationalUnitsForParent"],
        ),
        ({"list_role_arn": LISTER}, []),
    ],
)
def test_proxyd_lists_accounts_only_as_it_has_to(
    changes: dict[str, Any], actions: list[str]
) -> None:
    """By units only where units are named, and not at all where a role does it."""
    [policy] = base_policies(Settings(organizations=(organization(**changes),)))
    lists = [s["Action"] for s in policy["Statement"] if "sts:AssumeRole" not in s["Action"]]
    assert lists == ([[f"organizations:{name}" for name in actions]] if actions else [])


def test_roles_behind_another_are_that_ones_business() -> None:
    """Who runs proxyd may assume the role on the way, and the role on the way those behind it."""
    behind = [target(name, role_arn=f"{HUB}-{name}", via=VIA) for name in ("one", "two")]
    settings = Settings(
        targets=(target(), *behind), organizations=(organization(via=VIA, list_role_arn=LISTER),)
    )
    assert roles_of(settings) == [VIA, f"arn:aws:iam::{ACCOUNT}:role/proxyd-read", LISTER]
    assert roles_of(settings, VIA) == [
        "arn:aws:iam::*:role/proxyd-read",
        f"{HUB}-one",
        f"{HUB}-two",
    ]


def test_a_thousand_targets_take_several_policies() -> None:
    """Each fits, each role is in one of them, and their order does not show."""
    targets = [
        target(f"t{i}", role_arn=f"arn:aws:iam::{i:012}:role/proxyd-read") for i in range(1000)
    ]
    settings = Settings(targets=tuple(targets), organizations=(organization(),))
    policies = base_policies(settings)
    sizes = [len(json.dumps(policy, separators=(",", ":"))) for policy in policies]
    assert max(sizes) <= MAX_MANAGED_POLICY
    assert len(policies) == -(-sum(sizes) // MAX_MANAGED_POLICY)
    assert set(roles_of(settings)) > {t.role_arn for t in targets}
    assert len(roles_of(settings)) == 1001
    backwards = Settings(targets=tuple(targets[::-1]), organizations=(organization(),))
    assert base_policies(backwards) == policies


def test_without_roles_there_is_no_policy() -> None:
    """A policy about nothing would not be one: the configuration's fault, or that of `--via`."""
    with pytest.raises(ConfigError, match="the configuration names no role"):
        base_policies(Settings())
    with pytest.raises(UsageError, match=f"--via: the configuration has no role behind {VIA}"):
        base_policies(Settings(targets=(target(),)), VIA)


def test_an_organization_that_proxyd_lists_itself_has_no_role_for_it() -> None:
    """What it takes then is in the policy of proxyd's own identity."""
    with pytest.raises(ConfigError, match="proxyd iam base"):
        of_lister(organization(), HUB)
