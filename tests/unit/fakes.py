"""Shards over canned answers, and small makers of nouns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from proxyd import resource
from proxyd.allowance import Allowance
from proxyd.engine import RunningShard, Work
from proxyd.errors import AwsError, Cause
from proxyd.events import Event
from proxyd.model import (
    Detail,
    Grant,
    Link,
    Operation,
    Principal,
    Property,
    Resource,
    Scan,
    Scanner,
    Target,
)
from proxyd.paths import segments
from proxyd.tagging import tags_by_arn

Page = dict[str, Any] | Exception
Answer = Sequence[Page] | Callable[[dict[str, Any]], Page]
"""Pages one after the other, or what makes the one answer from the parameters."""

ACCOUNT = "222222222222"
REGION = "eu-west-1"
TYPE = "AWS::EC2::Thing"


class FakeShard:
    """A shard that answers from a table: operation → answer. It notes all that it is asked."""

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        detail: Detail = "full",
        type_: str = TYPE,
        region: str = REGION,
        is_home: bool = False,
    ) -> None:
        self.account = ACCOUNT
        self.partition = "aws"
        self.region = region
        self.is_home = is_home
        self.detail: Detail = detail
        self.problem: AwsError | None = None
        self.problems: list[Exception] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.at_once = 0
        self.throttles = 0
        self.refused: set[str] = set()
        self.causes: dict[str, Cause] = {}
        self.most_at_once = 0
        self.reads: Mapping[Operation, Sequence[str]] = {}
        self._answers = answers or {}
        self._type = type_

    @property
    def calls(self) -> int:
        """Calls and pages asked for so far."""
        return len(self.asked)

    def params_of(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of each call of one operation, in their order."""
        return [params for name, params in self.asked if name == operation]

    async def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Give the canned answer, after the other tasks had their turn."""
        self.asked.append((operation, params))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        [page] = self._pages(operation, params)
        return self._given(Operation(service, operation), page)

    async def pages(
        self, service: str, operation: str, **params: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Give the canned pages."""
        for page in self._pages(operation, params):
            self.asked.append((operation, params))
            yield self._given(Operation(service, operation), page)

    async def tags(self, kind: str) -> dict[str, dict[str, str]]:
        """Read the canned answers of the tagging API."""
        found: dict[str, dict[str, str]] = {}
        async for page in self.pages(
            "resourcegroupstaggingapi", "GetResources", ResourceTypeFilters=[kind]
        ):
            found |= tags_by_arn(page["ResourceTagMappingList"])
        return found

    def _pages(self, operation: str, params: dict[str, Any]) -> Sequence[Page]:
        answer = self._answers[operation]
        return [answer(params)] if callable(answer) else answer

    def _given(self, operation: Operation, page: Page) -> dict[str, Any]:
        if isinstance(page, Exception):
            raise page
        answer = deepcopy(page)
        if operation not in self.reads:
            return answer
        reduced: dict[str, Any] = _reduced(answer, _tree(self.reads[operation]))
        return reduced

    def incomplete(self, error: Exception) -> None:
        """Keep what could not be seen; the first of them decides."""
        self.problems.append(error)
        if isinstance(error, AwsError) and error.action:
            self.refused.add(error.action)
            if error.cause:
                self.causes.setdefault(error.action, error.cause)
        if self.problem is None:
            self.problem = error if isinstance(error, AwsError) else AwsError("failed", "Other")

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
        """Make a resource of this shard's type."""
        return resource.make(
            type=self._type,
            account=self.account,
            region=region or self.region,
            arn=arn,
            id=id,
            name=name or id,
            tags=tags or {},
            properties=properties or {},
            links=links,
        )


Tree = dict[str, "Tree"]


def _tree(paths: Sequence[str]) -> Tree:
    """Write paths as a tree; a branch without twigs is kept whole."""
    tree: Tree = {}
    for path in sorted(paths):
        branch = tree
        for name, _ in segments(path):
            if name in branch and not branch[name]:
                break
            branch = branch.setdefault(name, {})
    return tree


def _reduced(value: Any, tree: Tree) -> Any:
    """Leave out of an answer what nobody said to read: the result must not depend on it."""
    if not tree:
        return value
    if isinstance(value, list):
        return [_reduced(element, tree) for element in value]
    if isinstance(value, dict):
        return {name: _reduced(value[name], twigs) for name, twigs in tree.items() if name in value}
    return value


def open_fake(scanner: Scanner, region: str, allowance: Allowance) -> RunningShard:
    """Open a shard that has no answers, as the engine opens shards."""
    del allowance
    return FakeShard(type_=scanner.type, region=region)


async def scan(scanner: Scanner, shard: FakeShard) -> list[Resource]:
    """Collect all that a scanner yields, from answers reduced to what it says that it reads."""
    shard.reads = scanner.reads
    return [found async for found in scanner.scan(shard)]


async def nothing(shard: object) -> AsyncGenerator[Resource, None]:
    """Scan what holds nothing."""
    del shard
    empty: tuple[Resource, ...] = ()
    for found in empty:
        yield found


def scanner(type_: str = TYPE, scan: Scan = nothing, **changes: Any) -> Scanner:
    """Make a scanner that is right but for the changes."""
    declared: dict[str, Any] = {"operations": (Operation("ec2", "DescribeVpcs"),)}
    return Scanner(type=type_, scan=scan, **(declared | changes))


def thing(number: int = 1, **changes: Any) -> Resource:
    """Make a resource that is right but for the changes."""
    made: dict[str, Any] = {
        "type": TYPE,
        "account": ACCOUNT,
        "region": REGION,
        "arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:thing/{number}",
        "id": f"thing-{number}",
        "name": f"thing-{number}",
        "tags": {},
        "properties": {},
        "links": (),
    }
    return resource.make(**(made | changes))


def target(name: str = "production", **changes: Any) -> Target:
    """Make a target that allows everything but for the changes."""
    made: dict[str, Any] = {
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/proxyd-read",
        "external_id": f"the-id-of-{name}",
    }
    return Target(name=name, **(made | changes))


def principal(*groups: str, name: str = "dashboard", **changes: Any) -> Principal:
    """Make a principal that is in some groups."""
    return Principal(name=name, groups=frozenset(groups), **changes)


def grant(*groups: str, **changes: Any) -> Grant:
    """Make a grant of everything to some groups, but for the changes."""
    allowed: dict[str, Any] = {"targets": ("*",), "types": ("*",), "regions": ("*",)}
    return Grant(groups=frozenset(groups), **(allowed | changes))


class Emitted:
    """What the engine emitted, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def __call__(self, work: Work, event: Event) -> None:
        """Take an event."""
        del work
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Any]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
