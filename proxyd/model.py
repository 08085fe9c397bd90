"""The nouns: resource, link, scanner, shard, target, principal, grant. They import nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Status = Literal[
    "ok",
    "denied",
    "scp_denied",
    "region_disabled",
    "unsupported",
    "throttled",
    "timeout",
    "expired",
    "cancelled",
    "failed",
]
Detail = Literal["full", "list"]
Scope = Literal["regional", "global"]

GLOBAL = "global"
"""The region under which resources of global services count."""

FRONT = "front"
"""What the names of principals begin with whom a front proxy has let in: `front:alice`."""

Scalar = str | int | float | bool | None
Property = Scalar | list[Scalar]


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A relation from one resource to another, which is named by ARN or by type and id."""

    rel: str
    type: str
    arn: str | None = None
    id: str | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in AWS, reduced to what its scanner declares.

    `hash` is the same in every scan as long as nothing else in the resource changes.
    `truncated` names the properties left out because the event would exceed its limit.
    """

    arn: str
    type: str
    account: str
    region: str
    id: str
    name: str
    tags: dict[str, str]
    properties: dict[str, Property]
    links: tuple[Link, ...]
    hash: str = ""
    truncated: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Operation(NamedTuple):
    """One API operation: botocore's service name and the API's own operation name."""

    service: str
    name: str


class LinkTo(NamedTuple):
    """What a scanner declares of its links: relation, type at the other end, where its name is."""

    rel: str
    type: str
    path: str


class Shard(Protocol):
    """One scanner in one region: what a scanner sees of the world, and all it may do."""

    account: str
    partition: str
    region: str
    detail: Detail
    is_home: bool
    """Whether the region is the one through which AWS serves what has no region."""

    async def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call one declared operation once.

        Raises:
            AwsError: the call failed for good.
            DeclarationError: the operation was not declared.

        """
        ...

    def pages(
        self, service: str, operation: str, **params: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Call one declared operation for page after page, in AWS's own page order."""
        ...

    async def tags(self, kind: str) -> dict[str, dict[str, str]]:
        """Read the tags of a kind of resources (`lambda:function`) from the tagging API, by ARN.

        The operation has to be declared: `Operation("resourcegroupstaggingapi", "GetResources")`.

        Raises:
            AwsError: the call failed for good.

        """
        ...

    def incomplete(self, error: Exception) -> None:
        """Note that something could not be seen, and go on: the shard ends with that status."""
        ...

    def resource(
        self,
        *,
        arn: str,
        id: str,  # noqa: A002 - the wire's own word
        name: str = "",
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, Property] | None = None,
        links: tuple[Link, ...] = (),
        region: str | None = None,
    ) -> Resource:
        """Make a resource of this shard's type, account and region, with its hash."""
        ...


Scan = Callable[[Shard], AsyncGenerator[Resource, None]]


class Scanner(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin's declaration of one resource type.

    Attributes:
        type: a CloudFormation type name, `AWS::EC2::Instance`.
        operations: every operation that it may call; the session policy is made from them.
        detail_operations: those of them that `detail=list` leaves out (one call per resource).
        scan: yields the resources of one shard.
        reads: which paths of an operation's answer it reads; all where it does not say.
        fields: the properties that may leave it.
        tagged: the kind of resource as the tagging API calls it, where its tags come from there.
        cost: in calls, as `1 per region`, `+1 per resource`, `+1 per 100`.
        declaration: for scanners made by `listing()`: what it was made from, to be checked.
        plugin: the distribution it came from; the registry fills it in.

    """

    type: str
    operations: tuple[Operation, ...]
    scan: Scan
    scope: Scope = "regional"
    detail_operations: tuple[Operation, ...] = ()
    reads: dict[Operation, tuple[str, ...]] = msgspec.field(default_factory=dict)
    fields: tuple[str, ...] = ()
    links: tuple[LinkTo, ...] = ()
    tagged: str | None = None
    cost: str = "1 per region"
    declaration: Any = None
    plugin: str = ""

    @property
    def service(self) -> str:
        """The service of its first operation."""
        return self.operations[0].service

    def needs(self, detail: Detail) -> tuple[Operation, ...]:
        """Return the operations that a scan at this level of detail calls."""
        if detail == "full":
            return self.operations
        return tuple(op for op in self.operations if op not in self.detail_operations)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A configured role in an account, and what may ever be asked of it."""

    name: str
    role_arn: str
    external_id: str
    regions: tuple[str, ...] = ("*",)
    types: tuple[str, ...] = ("*",)
    via: str | None = None
    duration: int = 3600
    events: str | None = None

    def __repr__(self) -> str:
        """Show everything but the external id, which is a secret between proxyd and the role."""
        return f"Target({self.name!r}, {self.role_arn!r})"

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`, from the role's ARN."""
        return self.role_arn.split(":")[1]

    @property
    def account(self) -> str:
        """The twelve digits of the account that the role is in."""
        return self.role_arn.split(":")[4]


class Account(NamedTuple):
    """An account of an organization that is in use."""

    id: str
    name: str


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller."""

    name: str
    groups: frozenset[str] = frozenset()
    admin: bool = False
    expires: datetime | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What some principals may ask: all of it has to match for the grant to allow anything."""

    groups: frozenset[str] = frozenset()
    principals: frozenset[str] = frozenset()
    targets: tuple[str, ...]
    types: tuple[str, ...]
    regions: tuple[str, ...]
