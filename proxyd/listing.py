"""The declaration form of a scanner: `listing()` and its steps, and what runs them.

A declaration is data (`proxyd.declaration`); this module compiles it once, at start-up,
to a `Scanner` and runs it for each shard. Items flow page by page through the steps, so
that no more than one page per step is held and a slow reader slows AWS paging down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from itertools import groupby
from typing import Any

from proxyd.declaration import Batch, Declaration, Each, Pages, Step, Tagged
from proxyd.errors import AwsError
from proxyd.model import Link, LinkTo, Property, Resource, Scanner, Scope, Shard
from proxyd.paths import CONSTANTS, ITEM, PARENT, filler, getter, placeholders

Item = dict[str, Any]
Call = Callable[[], Coroutine[Any, Any, list[Item]]]

CONCURRENT_CALLS = 8
"""Calls that one shard makes side by side where a step calls once per item or batch."""

_LAST_PIECE_OF_ARN = "/"
_GIVE_UP = frozenset({"denied", "scp_denied", "unsupported", "region_disabled", "expired"})


def pages(service: str, operation: str, items: str, **params: Any) -> Pages:
    """List: every page of one operation, the items at a path of the answer."""
    return Pages(service=service, operation=operation, items=items, params=params)


def each(
    service: str,
    operation: str,
    items: str | None = None,
    *,
    into: str | None = None,
    always: bool = False,
    **params: Any,
) -> Each:
    """Call once per item, with parameters from it: `QueueUrl="{@}"`.

    With `items`: what the call lists replaces the item and knows it as `^`. Without: the
    answer is merged into the item, under the name `into` if that is given; `detail=list`
    leaves that out, unless `keep` or `drop` need it `always`.
    """
    return Each(
        service=service,
        operation=operation,
        items=items,
        into=into,
        always=always,
        params=params,
    )


def batch(service: str, operation: str, items: str, *, size: int, **params: Any) -> Batch:
    """Call once per `size` items; what comes back replaces them.

    One parameter is a list of one template and collects them: `clusters=["{@}"]`.
    """
    step = Batch(service=service, operation=operation, items=items, size=size, params=params)
    step.collects  # noqa: B018 - raises here, at start-up, where there is none
    return step


def tagged(kind: str) -> Tagged:
    """Take the tags from the tagging API: `tagged("lambda:function")`."""
    step = pages(
        "resourcegroupstaggingapi",
        "GetResources",
        "ResourceTagMappingList[]",
        ResourceTypeFilters=[kind],
    )
    return Tagged(kind, step)


def listing(
    type: str,  # noqa: A002 - the wire's own word
    *,
    calls: Step | Sequence[Step],
    arn: str,
    id: str | None = None,  # noqa: A002
    name: str = "tag:Name",
    tags: str | Tagged | None = "Tags",
    properties: Sequence[str] = (),
    links: Sequence[tuple[str, str, str]] = (),
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    scope: Scope = "regional",
) -> Scanner:
    """Declare one resource type.

    Args:
        type: its CloudFormation type name.
        calls: the steps, in order: `pages`, then any of `each` and `batch`.
        arn: a path, or a template of paths and `{partition}`, `{region}`, `{account}`.
        id: a path; default: the last piece of the ARN.
        name: a path, or `tag:Name`; the id where it leads to nothing.
        tags: the path of a list of key and value or of a map, or `tagged(kind)`.
        properties: paths, or `Key=path` to call it otherwise.
        links: (relation, type at the other end, path of its ARN or id).
        keep: a path and globs: only items whose value matches one of them. A glob may be
            a template, `"{region}"`; the glob `""` matches what is absent.
        drop: a path and globs: the items to leave out.
        scope: "global" for services that have no regions.

    Raises:
        ValueError: something of it is not in the language.

    """
    declared = Declaration(
        type=type,
        steps=(calls,) if isinstance(calls, Step) else tuple(calls),
        arn=arn,
        id=id,
        name=name,
        tags=tags,
        properties=dict(_key_and_path(p) for p in properties),
        links=tuple(LinkTo(*link) for link in links),
        keep=tuple(keep),
        drop=tuple(drop),
    )
    plan = _Plan(declared)
    return Scanner(
        type=type,
        operations=declared.operations(),
        reads=declared.reads(),
        detail_operations=declared.detail_operations(),
        scan=plan.run,
        scope=scope,
        fields=tuple(declared.properties),
        links=declared.links,
        cost=declared.cost(),
        declaration=declared,
    )


def _key_and_path(declared: str) -> tuple[str, str]:
    key, _, path = declared.rpartition("=")
    return key or path, path


class _Plan:
    """A declaration with its paths compiled."""

    def __init__(self, declared: Declaration) -> None:
        self.steps = [_Run(step) for step in declared.steps]
        self.arn = _value(declared.arn)
        self.id = getter(declared.id) if declared.id else None
        self.name_tag = declared.name.removeprefix("tag:")
        self.name = None if declared.name.startswith("tag:") else getter(declared.name)
        self.tagging = declared.tags if isinstance(declared.tags, Tagged) else None
        self.tags = getter(declared.tags) if isinstance(declared.tags, str) else None
        self.properties = [(key, getter(path)) for key, path in declared.properties.items()]
        self.links = [(link, getter(link.path)) for link in declared.links]
        self.keep = _matcher(declared.keep) if declared.keep else None
        self.drop = _matcher(declared.drop) if declared.drop else None

    async def run(self, shard: Shard) -> AsyncGenerator[Resource, None]:
        """Yield the resources of one shard."""
        where = _constants(shard)
        tags_by_arn = await _tags_by_arn(self.tagging, shard) if self.tagging else {}
        steps = [step for step in self.steps if shard.detail == "full" or not step.is_detail]
        async with aclosing(_flow(steps, shard)) as flow:
            async for page in flow:
                for item in page:
                    if self._wanted(item, where):
                        resource = self._resource(shard, item, tags_by_arn)
                        if resource is not None:
                            yield resource

    def _wanted(self, item: Item, where: dict[str, str]) -> bool:
        if self.keep is not None and not self.keep(item, **where):
            return False
        return self.drop is None or not self.drop(item, **where)

    def _resource(
        self, shard: Shard, item: Item, tags_by_arn: dict[str, dict[str, str]]
    ) -> Resource | None:
        arn = self.arn(item, **_constants(shard))
        if arn is None:
            shard.incomplete(AwsError("failed", "ArnMissing"))
            return None
        tags = tags_by_arn.get(arn, {}) if self.tags is None else _tag_map(self.tags(item))
        ident = self.id(item) if self.id else _last_piece(arn)
        name = self.name(item) if self.name else tags.get(self.name_tag)
        try:
            return shard.resource(
                arn=arn,
                id=str(ident or _last_piece(arn)),
                name=str(name or ident or _last_piece(arn)),
                tags=tags,
                properties=dict(self._properties(item)),
                links=tuple(self._links(item)),
            )
        except UnicodeError:  # a lone surrogate, which JSON can hold and no encoding can
            shard.incomplete(AwsError("failed", "UnreadableResource"))
            return None

    def _properties(self, item: Item) -> Iterator[tuple[str, Property]]:
        for key, get in self.properties:
            value = plain(get(item))
            if value is not None and value != []:
                yield key, value

    def _links(self, item: Item) -> Iterator[Link]:
        for link, get in self.links:
            found = get(item)
            for value in found if isinstance(found, list) else (found,):
                if isinstance(value, str) and value:
                    if value.startswith("arn:"):
                        yield Link(rel=link.rel, type=link.type, arn=value)
                    else:
                        yield Link(rel=link.rel, type=link.type, id=value)


class _Run:
    """One step with its templates compiled."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.items = getter(step.items) if step.items else None
        self.fill = _params(step.params)
        self.merges = isinstance(step, Each) and step.merges
        self.is_detail = isinstance(step, Each) and step.is_detail

    def children(self, answer: dict[str, Any], parent: Item | None) -> list[Item]:
        found = self.items(answer) if self.items else None
        items = [e if isinstance(e, dict) else {ITEM: e} for e in found or ()]
        if parent is not None:
            for item in items:
                item[PARENT] = parent
        return items


async def _flow(steps: list[_Run], shard: Shard) -> AsyncGenerator[list[Item], None]:
    """Yield pages of items as they leave the last of these steps."""
    *before, last = steps
    if not before:
        step = last.step
        params = last.fill({}, **_constants(shard))
        async with aclosing(shard.pages(step.service, step.operation, **params)) as answers:
            async for answer in answers:
                yield last.children(answer, None)
        return
    extend = _EXTEND[type(last.step)](last, shard)
    async with aclosing(_flow(before, shard)) as flow:
        async for page in flow:
            for piece in extend.pieces(page):
                yield [item for items in await _side_by_side(piece) for item in items]


class _Extend:
    """What a later step does to a page; it stops asking once AWS refuses it for good."""

    def __init__(self, run: _Run, shard: Shard) -> None:
        self.run = run
        self.shard = shard
        self.where = _constants(shard)
        self.given_up = False

    def pieces(self, page: list[Item]) -> Iterator[list[Call]]:
        """Cut a page into pieces of calls that run side by side."""
        calls = self.calls(page)
        for start in range(0, len(calls), CONCURRENT_CALLS):
            yield calls[start : start + CONCURRENT_CALLS]

    def calls(self, page: list[Item]) -> list[Call]:
        raise NotImplementedError

    def params(self, item: Item) -> dict[str, Any]:
        return self.run.fill(item, **self.where)

    async def ask(self, item: Item, **collected: list[Any]) -> dict[str, Any]:
        step = self.run.step
        params = self.params(item) | collected
        return await self.shard.call(step.service, step.operation, **params)

    def failed(self, error: AwsError) -> None:
        self.shard.incomplete(error)
        if error.status in _GIVE_UP and error.scope == "account":
            self.given_up = True


class _Merge(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        return [partial(self._merge, item) for item in page]

    async def _merge(self, item: Item) -> list[Item]:
        step = self.run.step
        assert isinstance(step, Each)
        if self.given_up:
            return [item]
        try:
            answer = await self.ask(item)
        except AwsError as error:
            if error.absent:
                return [item] if step.into else []
            self.failed(error)
            return [item]
        answer.pop("ResponseMetadata", None)
        item.update({step.into: answer} if step.into else answer)
        return [item]


class _Children(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        return [partial(self._children, item) for item in page]

    async def _children(self, item: Item) -> list[Item]:
        step = self.run.step
        found: list[Item] = []
        if self.given_up:
            return found
        try:
            async with aclosing(
                self.shard.pages(step.service, step.operation, **self.params(item))
            ) as answers:
                async for answer in answers:
                    found += self.run.children(answer, item)
        except AwsError as error:
            if not error.absent:
                self.failed(error)
        return found


class _InBatches(_Extend):
    def calls(self, page: list[Item]) -> list[Call]:
        step = self.run.step
        assert isinstance(step, Batch)
        families = groupby(page, key=lambda item: id(item.get(PARENT)))
        return [
            partial(self._describe, piece)
            for _, siblings in families
            for piece in _cut(list(siblings), step.size)
        ]

    async def _describe(self, items: list[Item]) -> list[Item]:
        step = self.run.step
        assert isinstance(step, Batch)
        if self.given_up:
            return []
        collected = [self.params(item)[step.collects][0] for item in items]
        try:
            answer = await self.ask(items[0], **{step.collects: collected})
        except AwsError as error:
            if not error.absent:
                self.failed(error)
                return []
            # One that is gone refuses all of them: find it, and let the others be seen.
            middle = len(items) // 2
            halves = (items[:middle], items[middle:]) if middle else ()
            return [found for half in halves for found in await self._describe(half)]
        return self.run.children(answer, items[0].get(PARENT))


def _extend_each(run: _Run, shard: Shard) -> _Extend:
    return _Merge(run, shard) if run.merges else _Children(run, shard)


_EXTEND: dict[type[Step], Callable[[_Run, Shard], _Extend]] = {
    Each: _extend_each,
    Pages: _Children,
    Batch: _InBatches,
}


def _cut(items: list[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _side_by_side(calls: list[Call]) -> list[list[Item]]:
    if len(calls) == 1:
        return [await calls[0]()]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call()) for call in calls]
    return [task.result() for task in tasks]


async def _tags_by_arn(tagging: Tagged, shard: Shard) -> dict[str, dict[str, str]]:
    """Read all tags of one kind; a refusal leaves the resources without tags, not unseen."""
    step = tagging.step
    found: dict[str, dict[str, str]] = {}
    try:
        async with aclosing(shard.pages(step.service, step.operation, **step.params)) as answers:
            async for answer in answers:
                for mapping in answer.get("ResourceTagMappingList", ()):
                    found[mapping["ResourceARN"]] = _tag_map(mapping.get("Tags"))
    except AwsError as error:
        shard.incomplete(error)
    return found


def _tag_map(tags: Any) -> dict[str, str]:
    """Normalise AWS's ways to write tags: a map, or a list of key and value in either case."""
    if isinstance(tags, dict):
        return {str(k): str(v) for k, v in tags.items()}
    out = {}
    for tag in tags or ():
        key = tag.get("Key", tag.get("key", tag.get("TagKey")))
        if key is not None:
            value = tag.get("Value", tag.get("value", tag.get("TagValue")))
            out[str(key)] = "" if value is None else str(value)
    return out


def plain(value: Any) -> Property:
    """Reduce a value to what may be a property: a scalar, or a list of scalars, sorted.

    Structures come out as None: only what is declared by name leaves a scanner. Lists are
    sorted because AWS gives many of them in an order that changes from call to call.
    """
    match value:
        case bool() | int() | float() | str() | None:
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Decimal():
            return float(value)
        case list():
            scalars = [plain(e) for e in value if not isinstance(e, list | dict)]
            return sorted((e for e in scalars if not isinstance(e, list | None)), key=_order)
    return None


def _order(value: object) -> tuple[str, str]:
    return type(value).__name__, str(value)


def _last_piece(arn: str) -> str:
    return arn.rpartition(_LAST_PIECE_OF_ARN)[2].rpartition(":")[2]


def _value(path_or_template: str) -> Callable[..., str | None]:
    if placeholders(path_or_template):
        return filler(path_or_template, CONSTANTS)
    get = getter(path_or_template)
    return lambda item, **_: get(item)


def _matcher(path_and_globs: Sequence[str]) -> Callable[..., bool]:
    path, *globs = path_and_globs
    get = getter(path)
    fills = [filler(glob, CONSTANTS) for glob in globs]
    if not globs:
        msg = f"no globs after the path {path!r}"
        raise ValueError(msg)

    def matches(item: Item, **where: str) -> bool:
        value = get(item)
        text = "" if value is None else str(value)
        filled = (fill(item, **where) for fill in fills)
        return any(glob is not None and fnmatchcase(text, glob) for glob in filled)

    return matches


def _constants(shard: Shard) -> dict[str, str]:
    return {"partition": shard.partition, "region": shard.region, "account": shard.account}


def _params(params: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    fills = {name: _param(value) for name, value in params.items()}
    return lambda item, **where: {name: fill(item, **where) for name, fill in fills.items()}


def _param(value: Any) -> Callable[..., Any]:
    """Compile a parameter: a lone `{path}` passes its value on whole, whatever its kind."""
    if isinstance(value, str) and placeholders(value):
        lone = value[1:-1]
        if placeholders(value) == [lone] and lone not in CONSTANTS:
            get = getter(lone)
            return lambda item, **_: get(item)
        return filler(value, CONSTANTS)
    if isinstance(value, list):
        fills = [_param(v) for v in value]
        return lambda item, **where: [fill(item, **where) for fill in fills]
    if isinstance(value, dict):
        return _params(value)
    return lambda _, **__: value
