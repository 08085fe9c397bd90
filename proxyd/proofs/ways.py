"""The ways in which a scanner is run, and what has to hold in each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec

from proxyd.declaration import Batch, Declaration, Each
from proxyd.model import Detail, Operation, Scanner
from proxyd.paths import CONSTANTS, placeholders
from proxyd.proofs import declared as static
from proxyd.proofs.answers import HOSTILE, Marks, Place, Where
from proxyd.proofs.scripted import TAG, Way
from proxyd.proofs.shapes import is_paginated

ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):[a-z0-9-]+:([a-z0-9-]*):(\d{12}|aws|):\S.*")


class Run(msgspec.Struct):
    """What came of one run.

    Attributes:
        resources: as they stood in the stream.
        ended: how the shard ended.
        asked: the operations that were called.
        repeated: whether any was called twice in the same words.
        unread: the operations that have more pages than were asked for.
        declared: whether the scanner is a declaration.

    """

    resources: list[dict[str, Any]]
    ended: dict[str, Any]
    asked: list[Operation]
    repeated: bool
    unread: list[Operation]
    declared: bool
    marks: Marks
    where: Where


async def _full(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Everything is there."""
    del run
    wrong = [w for r in full.resources for w in _wrong_resource(scanner, full, r)]
    found = [] if full.resources else ["finds nothing"]
    return [*_incomplete(full), *_calls(scanner, full, "full"), *_twice(full), *wrong, *found]


async def _absent(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Only what identifies a resource is there."""
    less = await run(scanner, Way(bare=True))
    told = [f"says None in {r['arn']}" for r in less.resources if "None" in (r["arn"] + r["id"])]
    return [*_incomplete(less), *_as_many(less, full, 1), *told]


async def _empty(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Lists without elements, and answers without lists."""
    del full
    found = []
    starts_with_one = scanner.declaration is not None and scanner.declaration.steps[0].items is None
    for way in (Way(size=0), Way(nothing=True)):
        none = await run(scanner, way)
        if not starts_with_one:
            found += [*_incomplete(none), *(["finds something"] if none.resources else [])]
    return found


async def _pages(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Two pages of everything, in another partition."""
    two = await run(scanner, Way(pages=2, partition="aws-cn", turn=1))
    wrong = [w for r in two.resources for w in _wrong_resource(scanner, two, r)]
    counted: list[str] = []
    if scanner.declaration is not None:
        steps = scanner.declaration.steps
        lists = [s for s in steps if s.items and not (isinstance(s, Each) and s.merges)]
        times = 2 ** sum(is_paginated(step.op) for step in lists)
        # What is described in batches is as many as the batches, and those are not counted here.
        batches = any(isinstance(step, Batch) for step in steps)
        counted = _as_many(two, full, min(times, 2) if batches else times, at_least=batches)
    third = await run(scanner, Way(turn=2))
    shown = _never_shown(scanner, [*full.resources, *two.resources, *third.resources])
    unread = [f"reads only the first page of {op.name}" for op in two.unread]
    return [*_incomplete(two), *_twice(two), *counted, *unread, *wrong, *shown]


async def _hostile(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Texts that would break out of markup, logs, templates and frames stay what they are."""
    bad = await run(scanner, Way(hostile=True, partition="aws-us-gov", turn=2))
    texts = [v for r in bad.resources for v in _texts_in([r["properties"], r["tags"]])]
    cut = [v for v in texts if HOSTILE[:8] in v and not v.endswith(HOSTILE)]
    wrong = [w for r in bad.resources for w in _wrong_resource(scanner, bad, r)]
    return [*_incomplete(bad), *_as_many(bad, full, 1), *(f"cuts {v!r}" for v in cut), *wrong]


async def _list(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """The same resources without what takes a call for each."""
    less = await run(scanner, Way(detail="list"))
    same = {r["arn"] for r in less.resources} == {r["arn"] for r in full.resources}
    other = [] if same else ["other resources than with detail=full"]
    return [*_incomplete(less), *_calls(scanner, less, "list"), *other]


async def _tags(run: Ask, scanner: Scanner, full: Run) -> list[str]:
    """Tags that the tagging API has for a resource are the resource's."""
    if scanner.tagged is None:
        return []
    arns = tuple(resource["arn"] for resource in full.resources)
    with_tags = await run(scanner, Way(tagged=arns))
    bare_ones = [r["arn"] for r in with_tags.resources if r["tags"] != {TAG["Key"]: TAG["Value"]}]
    return [f"{arn} has no tags" for arn in bare_ones]


Ask = Callable[[Scanner, Way], Awaitable[Run]]
WAYS = {
    "full": _full,
    "absent": _absent,
    "empty": _empty,
    "two pages": _pages,
    "hostile": _hostile,
    "detail=list": _list,
    "tags": _tags,
}


def _as_many(run: Run, full: Run, times: int, *, at_least: bool = False) -> list[str]:
    if not full.declared:
        return []  # what it leaves out may depend on the values
    found, expected = len(run.resources), len(full.resources) * times
    return (
        []
        if found == expected or (at_least and found > expected)
        else [f"finds {found} instead of {expected}"]
    )


def _texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts_in(list(value.values()))
        case list():
            yield from (text for each in value for text in _texts_in(each))


def _never_shown(scanner: Scanner, resources: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is declared and in no resource of full answers."""
    shown = {key for resource in resources for key in resource["properties"]}
    yield from (f"property {key} is never there" for key in scanner.fields if key not in shown)
    linked = {(link["rel"], link["type"]) for r in resources for link in r["links"]}
    for link in scanner.links if scanner.declaration is not None else ():
        if (link.rel, link.type) not in linked:
            yield f"link {link.rel} {link.type} {link.path} is never there"


def _incomplete(run: Run) -> list[str]:
    ended = run.ended
    return [] if ended["status"] == "ok" else [f"ends as {ended['status']}: {ended.get('code')}"]


def _calls(scanner: Scanner, run: Run, detail: Detail) -> list[str]:
    needed, called = set(_called(scanner, detail)), set(run.asked)
    return [f"never calls {op.name}, which it declares" for op in sorted(needed - called)]


def _called(scanner: Scanner, detail: Detail) -> tuple[Operation, ...]:
    """Return the operations that a scan calls itself."""
    if scanner.declaration is None:
        return scanner.needs(detail)
    own = scanner.declaration.operations()
    return tuple(op for op in scanner.needs(detail) if op in own)


def _twice(run: Run) -> list[str]:
    if run.repeated:  # of two kinds with the same name it asks the same, which AWS has not
        return []
    counted = Counter(resource["arn"] for resource in run.resources)
    return [f"two resources with the ARN {arn}" for arn, n in counted.items() if n > 1][:1]


def _wrong_resource(scanner: Scanner, run: Run, resource: dict[str, Any]) -> Iterator[str]:
    where = run.where
    arn = ARN.fullmatch(resource["arn"])
    if arn is None or arn[1] != where.partition:
        yield f"{resource['arn']} is no ARN of {where.partition}"
    elif arn[2] not in (where.region, "") or arn[3] not in (where.account, ""):
        yield f"{resource['arn']} is not in {where.region} of {where.account}"
    for link in resource["links"]:
        if "arn" in link and not link["arn"].startswith(f"arn:{where.partition}:"):
            yield f"link to {link['arn']}"
    yield from _undeclared(scanner, run, resource)


def _undeclared(scanner: Scanner, run: Run, resource: dict[str, Any]) -> Iterator[str]:
    """Yield what stands in a resource and came from where it does not say."""
    declared: Declaration | None = scanner.declaration
    if declared is None:
        for place in run.marks.found_in(resource):
            yield from static.secret_names(place.operation, place.path)
        return
    told = {name: resource[name] for name in ("id", "name", "arn", "tags", "links")}
    paths = [*_paths(declared.arn), declared.id, declared.name, declared.tags]
    paths += [link.path for link in declared.links]
    plain = [p for p in paths if isinstance(p, str) and not p.startswith("tag:")]
    yield from _from_elsewhere(run, told, [o for p in plain for o in declared.origins(p)])
    for key, value in resource["properties"].items():
        yield from _from_elsewhere(run, value, list(declared.origins(declared.properties[key])))


def _paths(arn: str) -> list[str]:
    return [p for p in placeholders(arn) or [arn] if p not in CONSTANTS]


def _from_elsewhere(run: Run, value: object, origins: list[tuple[Operation, str]]) -> Iterator[str]:
    for place in run.marks.found_in(value):
        if not any(place.operation == op and _under(place, at) for op, at in origins):
            yield f"{value!r} holds {place.operation.name} {place.path}, which is not declared"


def _under(place: Place, at: str) -> bool:
    path = re.sub(r"\[\]$", "", at)
    return re.match(rf"{re.escape(path)}($|[.\[])", place.path) is not None
