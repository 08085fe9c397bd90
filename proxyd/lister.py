"""Run a whole declaration: what comes out of its steps becomes resources."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from proxyd.declaration import Declaration, Tagged
from proxyd.errors import AwsError
from proxyd.flow import Item, Run, constants, flow
from proxyd.model import Link, Property, Resource, Shard
from proxyd.paths import CONSTANTS, filler, getter, placeholders
from proxyd.tagging import tag_map

_LAST_PIECE_OF_ARN = "/"


class Lister:
    """A declaration with its paths compiled."""

    def __init__(self, declared: Declaration) -> None:
        self.steps = [Run(step) for step in declared.steps]
        self.arn = _value(declared.arn)
        self.id = getter(declared.id) if declared.id else None
        self.name_tag = declared.name.removeprefix("tag:")
        self.name = None if declared.name.startswith("tag:") else getter(declared.name)
        self.tagging = declared.tags.kind if isinstance(declared.tags, Tagged) else None
        self.tags = getter(declared.tags) if isinstance(declared.tags, str) else None
        self.properties = [(key, getter(path)) for key, path in declared.properties.items()]
        self.links = [(link, getter(link.path)) for link in declared.links]
        self.keep = _matcher(declared.keep) if declared.keep else None
        self.drop = _matcher(declared.drop) if declared.drop else None

    async def run(self, shard: Shard) -> AsyncGenerator[Resource, None]:
        """Yield the resources of one shard."""
        where = constants(shard)
        tags_by_arn = await _tags(self.tagging, shard) if self.tagging else {}
        steps = [step for step in self.steps if shard.detail == "full" or not step.is_detail]
        async with aclosing(flow(steps, shard, partial(self._wanted, where))) as pages:
            async for page in pages:
                for item in page:
                    resource = self._resource(shard, item, tags_by_arn)
                    if resource is not None:
                        yield resource

    def _wanted(self, where: dict[str, str], item: Item) -> bool:
        if self.keep is not None and not self.keep(item, **where):
            return False
        return self.drop is None or not self.drop(item, **where)

    def _resource(
        self, shard: Shard, item: Item, tags_by_arn: dict[str, dict[str, str]]
    ) -> Resource | None:
        arn = self.arn(item, **constants(shard))
        if arn is None:
            shard.incomplete(AwsError("failed", "ArnMissing"))
            return None
        tags = tags_by_arn.get(arn, {}) if self.tags is None else tag_map(self.tags(item))
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
        except OverflowError:  # a number that JSON can hold and no encoding of ours can
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


async def _tags(kind: str, shard: Shard) -> dict[str, dict[str, str]]:
    """Read the tags of one kind; a refusal leaves the resources without tags, not unseen."""
    try:
        return await shard.tags(kind)
    except AwsError as error:
        shard.incomplete(error)
        return {}


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
