"""Walks declared paths through botocore's service models: what an item holds after each step.

Nothing here knows what is right or wrong about a declaration; it only answers where a path
leads, or raises PathError where it leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import botocore.session
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    OperationNotFoundError,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

from proxyd.aws.pages import inferred
from proxyd.declaration import Batch, Each, Step
from proxyd.model import Operation
from proxyd.paths import ITEM, PARENT, Segment, fans_out, parse

_SCALARS = frozenset(
    {"string", "character", "boolean", "integer", "long", "float", "double", "timestamp"}
)
_MORE = re.compile(
    r"(next|pagination|continuation|nextcontinuation|page|nextpage)?_?(token|marker)"
    r"|(is_?)?truncated|lastevaluated\w+|has_?more\w*",
    re.IGNORECASE,
)


class PathError(Exception):
    """A path leads nowhere; the text says where it ends."""


@dataclass(frozen=True)
class Item:
    """What an item holds: shapes by name, and under `^` the item it was listed under."""

    fields: Mapping[str, Node] = field(default_factory=dict)


Node: TypeAlias = Shape | Item


class Walk(NamedTuple):
    """Where a path leads: every name on it with what stands there, and whether it fans out."""

    steps: tuple[tuple[str, Node], ...]
    many: bool

    @property
    def last(self) -> Node:
        """What stands at its end."""
        return self.steps[-1][1]


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _service(name: str) -> ServiceModel:
    return _session().get_service_model(name)


def operation(op: Operation) -> OperationModel:
    """Return botocore's model of an operation.

    Raises:
        PathError: there is no such service or operation.

    """
    try:
        return _service(op.service).operation_model(op.name)
    except UnknownServiceError:
        raise PathError(f"AWS has no service {op.service!r}") from None
    except OperationNotFoundError:
        raise PathError(f"{op.service} has no operation {op.name!r}") from None


@cache
def pagination(op: Operation) -> dict[str, Any] | None:
    """Return how an operation is paged, in botocore's terms; None if it is not."""
    loader = _session().get_component("data_loader")
    try:
        declared = loader.load_service_model(op.service, "paginators-1")["pagination"]
    except DataNotFoundError:
        declared = {}
    return dict(declared[op.name]) if op.name in declared else inferred(operation(op))


def is_paginated(op: Operation) -> bool:
    """Whether botocore or proxyd knows how to ask for the next page of it."""
    return pagination(op) is not None


def tokens(op: Operation) -> list[str]:
    """Return the members of its answer by which an operation says that there is more."""
    members = _members(operation(op).output_shape)
    nested = [name for shape in members.values() for name in _members(shape)]
    return [name for name in (*members, *nested) if _MORE.fullmatch(name)]


def _members(shape: Any) -> dict[str, Shape]:
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def answer(op: Operation) -> Item:
    """Return what an operation answers, as if it were an item."""
    return Item(_members(operation(op).output_shape))


def follow(item: Item, path: str) -> Walk:
    """Follow a path from an item.

    Raises:
        PathError: it passes a name that is not there, or takes a list for a single thing.

    """
    node: Node = item
    steps = []
    for segment in parse(path):
        node = _elements(_child(node, segment.name), segment, path)
        steps.append((segment.name, node))
    return Walk(tuple(steps), fans_out(parse(path)))


def _elements(node: Node, segment: Segment, path: str) -> Node:
    """Go on to what a list or a map holds, where the path says so."""
    if segment.kind in ("list", "first"):
        if not isinstance(node, ListShape):
            raise PathError(f"{path!r}: {segment.name} is no list")
        if segment.having:
            field, value = segment.having
            told = _child(node.member, field)
            words = told.enum if isinstance(told, StringShape) else []
            if words and value not in words:
                raise PathError(f"{path!r}: {field} is never {value}, only {', '.join(words)}")
        return node.member
    if segment.kind == "map":
        if not isinstance(node, MapShape):
            raise PathError(f"{path!r}: {segment.name} is no map")
        return node.value
    return node


def _child(node: Node, name: str) -> Node:
    if isinstance(node, MapShape):
        return node.value
    if name == ITEM and is_scalar(node):
        return node
    if isinstance(node, ListShape):
        raise PathError(f"{name!r} is looked for in a list: write [] before it")
    members = node.fields if isinstance(node, Item) else _members(node)
    if name not in members:
        raise PathError(f"no {name!r} here, only {', '.join(members) or 'a plain value'}")
    return members[name]


def trace(steps: Iterable[Step]) -> Iterator[tuple[Step, Item, Item]]:
    """Yield every step with the items that it is given and those that it leaves.

    Raises:
        PathError: the items of a step are not where it says.

    """
    before = Item()
    for step in steps:
        after = _after(step, before)
        yield step, before, after
        before = after


def _after(step: Step, before: Item) -> Item:
    answered = answer(step.op)
    if isinstance(step, Each) and step.merges:
        return Item({**before.fields, **_added(step, answered)})
    if step.items is None:
        return answered
    found = follow(answered, step.items)
    if not step.items.endswith("[]"):
        raise PathError(f"{step.items!r} must end in [] to be the path of items")
    fields = _members(found.last) or {ITEM: found.last}
    parent = before.fields.get(PARENT) if isinstance(step, Batch) else before
    return Item({**fields, PARENT: parent} if parent not in (None, Item()) else fields)


def _added(step: Each, answered: Item) -> Mapping[str, Node]:
    if step.into is None:
        return answered.fields
    if step.items is None:
        return {step.into: answered}
    return {step.into: follow(answered, step.items.removesuffix("[]")).last}


def is_scalar(node: Node) -> bool:
    """Whether a single plain value stands there."""
    return isinstance(node, Shape) and node.type_name in _SCALARS


def is_plain(walk: Walk) -> bool:
    """Whether what a path gives can be a property: a plain value or one list of them."""
    if isinstance(walk.last, ListShape):
        return not walk.many and is_scalar(walk.last.member)
    return is_scalar(walk.last)


def are_tags(node: Node) -> bool:
    """Whether tags stand there: a map, or a list of key and value however they are spelt."""
    if isinstance(node, MapShape):
        return is_scalar(node.value)
    if not isinstance(node, ListShape):
        return False
    names = set(_members(node.member))
    pairs = ({"Key", "Value"}, {"key", "value"}, {"TagKey", "TagValue"})
    return any(pair <= names for pair in pairs)


def is_sensitive(node: Node) -> bool:
    """Whether botocore marks what stands there, or what it is a list of, as sensitive."""
    if isinstance(node, ListShape) and is_sensitive(node.member):
        return True
    return isinstance(node, Shape) and bool(node.metadata.get("sensitive"))
