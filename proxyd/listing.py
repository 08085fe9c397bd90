"""The declaration form of a scanner: `listing()` and its steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from proxyd.actions import with_besides
from proxyd.declaration import Batch, Declaration, Each, Pages, Step, Tagged
from proxyd.lister import Lister
from proxyd.model import LinkTo, Scanner, Scope

_NAMED = re.compile(r"([A-Za-z0-9_-]+)=(.+)")

Entries = str | Sequence[str]
"""Entries with commas between them, in one string or in several."""


def pages(
    service: str,
    operation: str,
    items: str,
    *,
    at_home: dict[str, Any] | None = None,
    **params: Any,
) -> Pages:
    """List: every page of one operation, the items at a path of the answer.

    With `at_home`: in the home region of the partition (us-east-1) it lists once more, with
    these parameters instead: what AWS keeps there for the whole world.
    """
    return Pages(
        service=service, operation=operation, items=items, at_home=at_home or {}, params=params
    )


def one(service: str, operation: str, **params: Any) -> Pages:
    """Take the whole answer of one call for the one item there is, where there is one."""
    return Pages(service=service, operation=operation, items=None, params=params)


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

    With `items`: what the call lists replaces the item and knows it as `^`; with `into` as
    well it is kept in the item as a list of that name. Without `items`: the answer is merged
    into the item, under the name `into` if that is given. `detail=list` leaves out what is
    merged, unless `keep` or `drop` need it `always`.
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
    name: str | None = None,
    tags: str | Tagged | None = "Tags",
    properties: Entries = (),
    links: Entries = (),
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
        name: a path, or `tag:Name`; the id where it leads to nothing. Default: `id` if that
            is given, else `tag:Name`.
        tags: the path of a list of key and value or of a map, or `tagged(kind)`.
        properties: paths, or `Key=path` to call it otherwise: `"State, Size=Disk.Size"`.
        links: relation, type at the other end and path of its ARN or id:
            `"in AWS::EC2::VPC VpcId, in AWS::EC2::Subnet SubnetIds"`.
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
        name=name or id or "tag:Name",
        tags=tags,
        properties=dict(_key_and_path(entry) for entry in _entries(properties)),
        links=tuple(_link(entry) for entry in _entries(links)),
        keep=tuple(keep),
        drop=tuple(drop),
    )
    return Scanner(
        type=type,
        operations=with_besides(declared.operations()),
        reads=declared.reads(),
        detail_operations=declared.detail_operations(),
        scan=Lister(declared).run,
        scope=scope,
        fields=tuple(declared.properties),
        links=declared.links,
        tagged=tags.kind if isinstance(tags, Tagged) else None,
        cost=declared.cost(),
        declaration=declared,
    )


def _entries(declared: Entries) -> Iterator[str]:
    for text in (declared,) if isinstance(declared, str) else declared:
        yield from filter(None, map(str.strip, text.split(", ")))


def _key_and_path(entry: str) -> tuple[str, str]:
    named = _NAMED.fullmatch(entry)
    return (named[1], named[2]) if named else (entry, entry)


def _link(entry: str) -> LinkTo:
    words = entry.split(" ", 2)
    if len(words) != len(LinkTo._fields):
        msg = f"{entry!r}: expected a relation, a type and a path, as `in AWS::EC2::VPC VpcId`"
        raise ValueError(msg)
    return LinkTo(*words)
