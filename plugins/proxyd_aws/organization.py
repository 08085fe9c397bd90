"""An organization: its units, the accounts in them and its policies.

No list tells what something is in, only what is in something: the tree is walked from its root.
"""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from proxyd.plugin import (
    AwsError,
    Link,
    LinkTo,
    Operation,
    Resource,
    Scanner,
    Shard,
    each,
    listing,
    pages,
    tagged,
)

_UNIT = "AWS::Organizations::OrganizationalUnit"
_ROOTS = Operation("organizations", "ListRoots")
_UNITS = Operation("organizations", "ListOrganizationalUnitsForParent")
_ACCOUNTS = Operation("organizations", "ListAccountsForParent")
_TAGS = Operation("resourcegroupstaggingapi", "GetResources")

_IN_UNIT = LinkTo("member-of", _UNIT, "ParentId")


async def _all(
    shard: Shard, operation: Operation, items: str, **params: str
) -> list[dict[str, Any]]:
    answers = shard.pages(*operation, **params)
    return [item async for page in answers for item in page.get(items) or ()]


async def _tree(shard: Shard) -> AsyncGenerator[tuple[str, list[dict[str, Any]]], None]:
    """Yield the root and every unit by id, each with the units that are right under it."""
    try:
        roots = await _all(shard, _ROOTS, "Roots")
    except AwsError as error:
        if error.absent:  # the account is in no organization
            return
        raise
    waiting = [root["Id"] for root in roots]
    while waiting:
        parent = waiting.pop()
        units = await _all(shard, _UNITS, "OrganizationalUnits", ParentId=parent)
        waiting += [unit["Id"] for unit in units]
        yield parent, units


async def _tags(shard: Shard, kind: str) -> dict[str, dict[str, str]]:
    try:
        return await shard.tags(kind)
    except AwsError as error:
        shard.incomplete(error)
        return {}


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _in(parent: str) -> tuple[Link, ...]:
    """Return the link to the unit that something is in; the root is no resource."""
    return (Link(rel="member-of", type=_UNIT, id=parent),) if parent.startswith("ou-") else ()


async def _scan_units(shard: Shard) -> AsyncGenerator[Resource, None]:
    tags = None
    async for parent, units in _tree(shard):
        tags = await _tags(shard, "organizations:ou") if tags is None else tags
        for unit in units:
            yield shard.resource(
                arn=unit["Arn"],
                id=unit["Id"],
                name=unit["Name"],
                tags=tags.get(unit["Arn"]),
                properties={"ParentId": parent},
                links=_in(parent),
            )


async def _scan_accounts(shard: Shard) -> AsyncGenerator[Resource, None]:
    tags = None
    async for parent, _ in _tree(shard):
        tags = await _tags(shard, "organizations:account") if tags is None else tags
        for account in await _all(shard, _ACCOUNTS, "Accounts", ParentId=parent):
            yield shard.resource(
                arn=account["Arn"],
                id=account["Id"],
                # Its name and e-mail address botocore marks as sensitive.
                name=account["Id"],
                tags=tags.get(account["Arn"]),
                properties={
                    "State": account.get("State") or account.get("Status"),
                    "ParentId": parent,
                    "JoinedMethod": account.get("JoinedMethod"),
                    "JoinedTimestamp": _written(account.get("JoinedTimestamp")),
                },
                links=_in(parent),
            )


SCANNERS = (
    Scanner(
        type=_UNIT,
        operations=(_ROOTS, _UNITS, _TAGS),
        scan=_scan_units,
        scope="global",
        fields=("ParentId",),
        links=(_IN_UNIT,),
        tagged="organizations:ou",
        cost="1 per region +1 per resource +1 per 100 tagged",
    ),
    Scanner(
        type="AWS::Organizations::Account",
        operations=(_ROOTS, _UNITS, _ACCOUNTS, _TAGS),
        scan=_scan_accounts,
        scope="global",
        fields=("State", "ParentId", "JoinedMethod", "JoinedTimestamp"),
        links=(_IN_UNIT,),
        tagged="organizations:account",
        cost="1 per region +2 per parent +1 per 100 tagged",
    ),
    # Only the kinds of policy that the organization has enabled: a list is of one kind.
    listing(
        "AWS::Organizations::Policy",
        calls=(
            pages("organizations", "ListRoots", "Roots[].PolicyTypes[]"),
            each("organizations", "ListPolicies", "Policies[]", Filter="{Type}"),
            # A policy is for whom it is attached to; only this tells.
            each(
                "organizations",
                "ListTargetsForPolicy",
                "Targets[]",
                into="Targets",
                PolicyId="{Id}",
            ),
        ),
        scope="global",
        arn="Arn",
        name="Name",
        tags=tagged("organizations:policy"),
        properties="Type, Description",
        links=(
            "attached-to AWS::Organizations::Account Targets[Type=ACCOUNT].TargetId",
            f"attached-to {_UNIT} Targets[Type=ORGANIZATIONAL_UNIT].TargetId",
        ),
        drop=("AwsManaged", "True"),
    ),
)
