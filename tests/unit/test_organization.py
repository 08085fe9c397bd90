"""Listing the accounts of an organization: pages, units, what is in use, and by whose right."""

from __future__ import annotations

from typing import Any

import pytest

from proxyd.aws import organization as listing
from proxyd.aws.clients import Clients
from proxyd.aws.organization import Directory
from proxyd.aws.quota import Buckets
from proxyd.aws.shared import Shared
from proxyd.model import Account
from proxyd.settings import Quota, Rate

from .test_members import organization

ROOT, WORK, DEEP = "r-abcd", "ou-abcd-11111111", "ou-abcd-22222222"
TREE = {ROOT: [WORK], WORK: [DEEP], DEEP: []}
HOMES = {"111111111111": ROOT, "222222222222": WORK, "333333333333": WORK, "444444444444": DEEP}
LISTS = frozenset(listing.OPERATIONS)


def account(number: str, **told: str) -> dict[str, str]:
    """Write an account as AWS does."""
    return {"Id": number, "Name": f"a{number[0]}"} | (told or {"State": "ACTIVE"})


class FakeOrganizations:
    """Answers one account a page; the last page has no token, the one before it no accounts."""

    def __init__(self) -> None:
        self.accounts = [account(number) for number in HOMES]
        self.asked: list[str] = []

    async def list_accounts(self, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's own name
        """Give the next of all accounts."""
        self.asked.append("ListAccounts")
        return self._page("Accounts", self.accounts, NextToken)

    async def list_accounts_for_parent(
        self,
        ParentId: str,  # noqa: N803 - AWS's own name
        NextToken: str = "0",  # noqa: N803 - AWS's own name
    ) -> dict[str, Any]:
        """Give the next of those right below a parent."""
        self.asked.append("ListAccountsForParent")
        here = [each for each in self.accounts if HOMES[each["Id"]] == ParentId]
        return self._page("Accounts", here, NextToken)

    async def list_organizational_units_for_parent(
        self,
        ParentId: str,  # noqa: N803 - AWS's own name
        NextToken: str = "0",  # noqa: N803 - AWS's own name
    ) -> dict[str, Any]:
        """Give the next unit right below a parent."""
        self.asked.append("ListOrganizationalUnitsForParent")
        below = [{"Id": unit} for unit in TREE[ParentId]]
        return self._page("OrganizationalUnits", below, NextToken)

    def _page(self, key: str, items: list[dict[str, str]], token: str) -> dict[str, Any]:
        at = int(token)
        if at > len(items):
            return {key: []}
        return {key: items[at : at + 1], "NextToken": str(at + 1)}


class FakeClients(Clients):
    """Only proxyd's own client of Organizations."""

    def __init__(self, client: FakeOrganizations) -> None:
        self._client = client

    async def base(self, service: str, region: str) -> FakeOrganizations:
        """Return it."""
        assert (service, region) == ("organizations", "us-east-1")
        return self._client


class FakeShared(Shared):
    """Just enough to list."""

    def __init__(self, client: FakeOrganizations) -> None:
        self.sts_region = None
        self.clients = FakeClients(client)
        self.buckets = Buckets(Quota(services={"organizations": Rate(rate=10_000, burst=10_000)}))


async def names(client: FakeOrganizations, **terms: Any) -> list[str]:
    """List, and name the accounts."""
    found = await Directory(FakeShared(client), organization(**terms)).accounts()
    assert found == sorted(found)
    return [each.name for each in found]


async def test_every_page_is_read() -> None:
    """Organizations gives twenty accounts a page, and empty pages before the last."""
    client = FakeOrganizations()
    assert await names(client) == ["a1", "a2", "a3", "a4"]
    assert client.asked == ["ListAccounts"] * 6


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"units": (WORK,)}, ["a2", "a3", "a4"]),
        ({"units": (DEEP,)}, ["a4"]),
        ({"units": (ROOT,), "exclude": (DEEP,)}, ["a1", "a2", "a3"]),
        ({"units": (WORK, DEEP)}, ["a2", "a3", "a4"]),
        ({"exclude": (WORK,)}, ["a1"]),
        ({"exclude": ("222222222222",)}, ["a1", "a3", "a4"]),
        ({"units": (WORK,), "exclude": ("222222222222", DEEP)}, ["a3"]),
    ],
)
async def test_units_take_what_is_below_them(terms: dict[str, Any], expected: list[str]) -> None:
    """A unit stands for all accounts in and below it, taken or left out; each counts once."""
    assert await names(FakeOrganizations(), **terms) == expected


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ({"State": "ACTIVE"}, True),
        ({"Status": "ACTIVE"}, True),
        ({"State": "ACTIVE", "Status": "SUSPENDED"}, True),
        ({"State": "SUSPENDED", "Status": "ACTIVE"}, False),
        ({"State": "PENDING_CLOSURE"}, False),
        ({"State": "PENDING_ACTIVATION"}, False),
        ({"State": "CLOSED"}, False),
        ({"Status": "SUSPENDED"}, False),
    ],
)
async def test_only_accounts_in_use_are_taken(told: dict[str, str], *, used: bool) -> None:
    """`State` says it, and where an older AWS does not tell that, `Status`."""
    client = FakeOrganizations()
    client.accounts = [account("222222222222", **told)]
    assert bool(await names(client)) is used


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, ["ListAccounts"]),
        ({"exclude": ("222222222222",)}, ["ListAccounts"]),
        ({"units": (WORK,)}, ["ListAccountsForParent", "ListOrganizationalUnitsForParent"]),
        (
            {"exclude": (WORK,)},
            ["ListAccounts", "ListAccountsForParent", "ListOrganizationalUnitsForParent"],
        ),
    ],
)
async def test_what_is_called_is_what_is_said_to_be(
    terms: dict[str, Any], expected: list[str]
) -> None:
    """The policy that is printed for listing, and its session policy, hold exactly these."""
    client = FakeOrganizations()
    assert [op.name for op in listing.operations(organization(**terms))] == expected
    await names(client, **terms)
    assert sorted(set(client.asked)) == expected


async def test_an_account_without_a_name_is_one() -> None:
    """AWS does not promise a name."""
    client = FakeOrganizations()
    client.accounts = [{"Id": "222222222222", "State": "ACTIVE"}]
    directory = Directory(FakeShared(client), organization())
    assert await directory.accounts() == [Account("222222222222", "")]
