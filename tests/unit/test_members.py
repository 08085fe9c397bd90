"""Accounts of organizations as targets."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.forms import is_name
from proxyd.members import lists_as, target_of, targets_of
from proxyd.model import Account
from proxyd.settings import Organization

from .fakes import target

NUMBERS = st.integers(0, 10**12 - 1).map("{:012}".format)
PATTERNS = st.lists(
    st.sampled_from(["{name}", "{account}", "corp", "-", ".", "_", "x" * 40]), max_size=5
).map(lambda parts: "".join([*parts, "{account}"]))


def organization(**more: Any) -> Organization:
    """Make one."""
    terms: dict[str, Any] = {
        "role_arn": "arn:aws:iam::{account}:role/team/read",
        "external_id": "the-id",
    } | more
    return Organization(**({"name": "corp"} | terms))


def test_an_account_becomes_a_target_of_its_own() -> None:
    """Role, external id and name are the account's; the rest is the organization's."""
    terms = {
        "regions": ("eu-*",),
        "types": ("AWS::EC2::*",),
        "via": "arn:aws:iam::111111111111:role/hub",
        "duration": 900,
    }
    made = target_of(organization(**terms), Account("222222222222", "Shop (EU)"))
    assert msgspec.structs.asdict(made) == {
        "name": "Shop-EU--222222222222",
        "role_arn": "arn:aws:iam::222222222222:role/team/read",
        "external_id": "the-id.222222222222",
        **terms,
        "events": None,
    }


@given(PATTERNS, st.text(max_size=60), NUMBERS)
def test_every_name_is_one_and_holds_the_account(pattern: str, name: str, number: str) -> None:
    """Whatever an account is called, its target can be asked for, and nothing else has its name."""
    if len(pattern.replace("{name}", "").replace("{account}", number)) <= 63:
        made = target_of(organization(targets=pattern), Account(number, name)).name
        assert is_name(made)
        assert number in made


@pytest.mark.parametrize(
    "own",
    [
        target("shop-222222222222", role_arn="arn:aws:iam::333333333333:role/other"),
        target("mine", role_arn="arn:aws:iam::222222222222:role/narrower"),
    ],
)
def test_what_is_configured_goes_first(own: Any) -> None:
    """A target of the configuration in an account, or with its name, takes its place."""
    accounts = [Account("222222222222", "shop"), Account("444444444444", "shop")]
    found = targets_of({organization(): accounts}, [own])
    assert [made.name for made in found] == ["shop-444444444444"]


def test_an_account_that_two_organizations_name_is_one_target() -> None:
    """The first of them has it."""
    accounts = [Account("222222222222", "shop")]
    other = organization(name="other", external_id="another")
    [made] = targets_of({organization(): accounts, other: accounts}, [])
    assert made.external_id == "the-id.222222222222"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"regions": ("eu-west-1",)}, True),
        ({"refresh_seconds": 10.0}, True),
        ({"units": ("ou-abcd-12345678",)}, False),
        ({"exclude": ("222222222222",)}, False),
        ({"list_role_arn": "arn:aws:iam::111111111111:role/list"}, False),
        ({"external_id": "other"}, False),
        ({"name": "other"}, False),
    ],
)
def test_accounts_are_kept_only_while_they_are_listed_alike(
    change: dict[str, Any], *, same: bool
) -> None:
    """What was listed by other filters or another right may hold what is now left out."""
    assert lists_as(organization(), organization(**change)) is same


def test_no_external_id_shows_in_a_repr() -> None:
    """It is a secret between proxyd and the roles."""
    assert not re.search("the-id", repr(organization()))
