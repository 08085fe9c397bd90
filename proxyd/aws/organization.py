"""The accounts of an organization, asked for by proxyd itself or by one role that may.

Never by a session of a member account: those may not list, and must not lead to each other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

from botocore import xform_name

from proxyd.actions import action_of
from proxyd.aws.binding import Binding, Meter, calling
from proxyd.aws.outcome import translated
from proxyd.aws.policy import SessionPolicy
from proxyd.aws.quota import Pacer
from proxyd.aws.regions import home_of
from proxyd.aws.session import AssumeRole, Session, Unassumed
from proxyd.aws.shared import Shared
from proxyd.model import Account, Operation
from proxyd.settings import Organization

SERVICE = "organizations"
LIST_ACCOUNTS = Operation(SERVICE, "ListAccounts")
OPERATIONS = (
    LIST_ACCOUNTS,
    Operation(SERVICE, "ListAccountsForParent"),
    Operation(SERVICE, "ListOrganizationalUnitsForParent"),
)
_, _OF_A_PARENT, _UNITS = OPERATIONS
_SECONDS = 900
"""Seconds of a session that lists: the least that STS gives."""

PATIENCE = 1800.0
"""Seconds that listing one may take: two calls for each unit, and two calls a second."""

_ITSELF = "proxyd"
_OURS = "organization"
"""Whose quota it is where proxyd lists itself: an account that is nobody's target."""


class Directory:
    """An organization, as AWS tells of it."""

    def __init__(self, shared: Shared, organization: Organization) -> None:
        self._clients = shared.clients
        self._terms = organization
        self._region = home_of(organization.partition)
        role = organization.list_role_arn
        account = _OURS if role is None else role.split(":")[4]
        pace = Pacer(shared.buckets, account, _ITSELF)
        self._binding = Binding(
            credentials=Unassumed()
            if role is None
            else Session(
                shared.clients,
                shared.sts_region or self._region,
                _listing(organization, role),
                meter=Meter(),
                pace=pace,
                request_ids=[],
            ),
            operations=frozenset(operations(organization)),
            meter=Meter(),
            pace=pace,
        )

    async def accounts(self) -> list[Account]:
        """List the accounts that are in use and that the organization's filters let through.

        Raises:
            AwsError: they can not be listed.

        """
        terms = self._terms
        excluded = {name for name in terms.exclude if name.isdigit()}
        for unit in terms.exclude:
            if not unit.isdigit():
                excluded |= {account.id for account in await self._below(unit)}
        if not terms.units:
            found = await self._listed(LIST_ACCOUNTS)
        else:
            found = [account for unit in terms.units for account in await self._below(unit)]
        return sorted({account for account in found if account.id not in excluded})

    async def _below(self, unit: str) -> list[Account]:
        """List the accounts in a unit and in all units below it."""
        found, units = [], [unit]
        while units:
            parent = units.pop()
            found += await self._listed(_OF_A_PARENT, ParentId=parent)
            async with aclosing(self._pages(_UNITS, ParentId=parent)) as pages:
                async for page in pages:
                    units += [below["Id"] for below in page["OrganizationalUnits"]]
        return found

    async def _listed(self, operation: Operation, **params: str) -> list[Account]:
        found: list[Account] = []
        async with aclosing(self._pages(operation, **params)) as pages:
            async for page in pages:
                found += _in_use(page["Accounts"])
        return found

    async def _pages(
        self, operation: Operation, **params: str
    ) -> AsyncGenerator[dict[str, Any], None]:
        client = await self._client(operation)
        token: dict[str, str] = {}
        while True:
            with translated(operation, self._region), calling(self._binding, operation):
                await self._wait()
                page = await getattr(client, xform_name(operation.name))(**params, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    async def _client(self, operation: Operation) -> Any:
        with translated(operation, self._region):
            if self._terms.list_role_arn is None:
                return await self._clients.base(SERVICE, self._region)
            return await self._clients.get(SERVICE, self._region)

    async def _wait(self) -> None:
        """Keep the quota where the client does not: proxyd's own clients leave it to us."""
        if self._terms.list_role_arn is None:
            await self._binding.pace.wait(SERVICE, self._region)


def operations(organization: Organization) -> tuple[Operation, ...]:
    """Return what listing an organization's accounts calls."""
    units = [*organization.units, *(name for name in organization.exclude if not name.isdigit())]
    if not units:
        return (LIST_ACCOUNTS,)
    return OPERATIONS if not organization.units else OPERATIONS[1:]


def _listing(organization: Organization, role: str) -> AssumeRole:
    actions = sorted(action_of(operation) for operation in operations(organization))
    return AssumeRole(
        role,
        "proxyd-organization",
        _ITSELF,
        _SECONDS,
        SessionPolicy((), tuple(actions)).document,
        organization.external_id_in(role.split(":")[4]),
    )


def _in_use(accounts: Iterable[dict[str, Any]]) -> list[Account]:
    """Take the accounts that are active, which AWS tells by `State`, and told by `Status`."""
    return [
        Account(account["Id"], account.get("Name", ""))
        for account in accounts
        if (account.get("State") or account.get("Status")) == "ACTIVE"
    ]
