"""The answers for one scanner: such that its filters pass them, in the way that is asked for."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import msgspec

from proxyd.aws.tags import OPERATION, SERVICE
from proxyd.declaration import Declaration, templates
from proxyd.model import Detail, Operation, Scanner
from proxyd.paths import CONSTANTS, NOT, ONLY, conditions, parse, placeholders
from proxyd.proofs.answers import Maker, Marks, Where, tokens_of

TAGS = Operation(SERVICE, OPERATION)
TAG = {"Key": "tagged", "Value": "so"}
_DEEP = 100
"""Requests of one operation after which there is nothing more to find."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How the endpoint answers, and the scanner asks.

    Attributes:
        pages: answers that each list gives.
        size: elements of every list.
        bare: only what identifies a resource is there.
        nothing: answers without any member.
        hostile: texts are such as would break out of markup, logs and frames.
        tagged: ARNs that the tagging API knows.
        turn: with which of several possible values each field begins.

    """

    partition: str = "aws"
    detail: Detail = "full"
    pages: int = 1
    size: int = 2
    bare: bool = False
    nothing: bool = False
    hostile: bool = False
    tagged: tuple[str, ...] = ()
    turn: int = 0


class Answers:
    """Answers the operations of one scanner."""

    def __init__(self, scanner: Scanner, marks: Marks, where: Where, way: Way) -> None:
        self._way = way
        needed = identifying(scanner)
        filters = _Filters(scanner, where)
        self._makers = {
            operation: Maker(
                operation,
                marks,
                where,
                keys=scanner.reads.get(operation, ()),
                texts=filters.texts[operation],
                avoided=filters.avoided[operation],
                only=needed[operation] if way.bare and needed else None,
                spared=needed[operation] if way.hostile and needed else None,
                omitted=filters.omitted[operation],
                size=way.size,
                turn=way.turn,
            )
            for operation in scanner.operations
        }
        self._tokens: dict[Operation, list[str]] = {}
        self._followed: set[str] = set()
        self._asked: Counter[Operation] = Counter()

    def unread(self) -> list[Operation]:
        """Return the operations that said that there is more, and were not asked for it."""
        return [op for op, tokens in self._tokens.items() if set(tokens) - self._followed]

    def __call__(self, operation: Operation, request: str) -> dict[str, Any]:
        """Answer one request; the same request always gets the same answer."""
        if self._way.nothing:
            return {}
        if operation == TAGS:
            return {
                "ResourceTagMappingList": [
                    {"ResourceARN": arn, "Tags": [TAG]} for arn in self._way.tagged
                ]
            }
        self._asked[operation] += 1
        known = self._tokens.setdefault(operation, [])
        followed = {token for token in known if token in request}
        self._followed |= followed
        if self._asked[operation] > _DEEP:
            return {}  # whoever walks a tree finds no end to it
        page = 1 + len(followed)
        answer = self._makers[operation].answer(request, more=page < self._way.pages)
        if page < self._way.pages:
            known += tokens_of(operation, answer)
        return answer


def identifying(scanner: Scanner) -> dict[Operation, set[str]]:
    """Return the paths without which there is no resource, or no next call; {}: nobody knows."""
    found: dict[Operation, set[str]] = {op: set() for op in scanner.operations}
    declared: Declaration | None = scanner.declaration
    if declared is None:
        return {}
    used = placeholders(declared.arn) or [declared.arn]
    used += [declared.id] if declared.id else []
    used += [*declared.keep[:1], *declared.drop[:1]]
    used += [p for glob in (*declared.keep[1:], *declared.drop[1:]) for p in placeholders(glob)]
    for path in used:
        if path not in CONSTANTS:
            for operation, at in declared.origins(path):
                found[operation].add(at)
    for index, step in enumerate(declared.steps):
        before = msgspec.structs.replace(declared, steps=declared.steps[:index])
        for path in templates(step.params):
            for operation, at in before.origins(path):
                found[operation].add(at)
        if step.items is not None:
            found[step.op].add(step.items)
    return found


class _Filters:
    """What values have to be like, and must not be, so that a scanner's filters pass them."""

    def __init__(self, scanner: Scanner, where: Where) -> None:
        self.texts: dict[Operation, dict[str, list[str]]] = {op: {} for op in scanner.operations}
        self.avoided: dict[Operation, dict[str, list[str]]] = {op: {} for op in scanner.operations}
        self.omitted: dict[Operation, set[str]] = {op: set() for op in scanner.operations}
        declared: Declaration | None = scanner.declaration
        if declared is None:
            return
        for path in [*declared.properties.values(), *(link.path for link in declared.links)]:
            plain, _, glob = path.partition(ONLY)
            if glob:
                like = "" if glob.startswith(NOT) else _of_this_place(glob, where)
                _note(declared, self.texts, plain, [like])
            for at, value in conditions(plain):
                _note(declared, self.texts, at, [value])
        constants = where._asdict()
        kept, dropped = _globs(declared.keep, constants), _globs(declared.drop, constants)
        _note(declared, self.texts, "".join(declared.keep[:1]), kept)
        _note(declared, self.avoided, "".join(declared.drop[:1]), dropped)
        if declared.keep[1:] == ("",):
            for operation, at in declared.origins(declared.keep[0]):
                self.omitted[operation].add(at)
        if not placeholders(declared.arn):
            arn = f"arn:{where.partition}:{scanner.service}:{where.region}:{where.account}:thing/*"
            _note(declared, self.texts, declared.arn, [arn])


def _note(
    declared: Declaration,
    noted: dict[Operation, dict[str, list[str]]],
    path: str,
    globs: list[str],
) -> None:
    if path and globs:
        for operation, at in declared.origins(path):
            known = noted[operation].setdefault(f"{at}{_in_map(path)}", [])
            known += [glob for glob in globs if glob not in known]


def _in_map(path: str) -> str:
    """Return what of a path comes after the map in it: `.*.location`, or nothing."""
    parts = parse(path)
    start = next((i for i, part in enumerate(parts) if part.kind == "map"), len(parts))
    rest = [f"{p.name}[]" if p.kind in ("list", "first") else p.name for p in parts[start + 1 :]]
    return ".".join(["", "*", *rest]) if start < len(parts) else ""


def _globs(words: tuple[str, ...], constants: dict[str, str]) -> list[str]:
    """Fill the globs of a filter; one that names another field of the item is left out."""
    globs = [glob for glob in words[1:] if set(placeholders(glob)) <= CONSTANTS]
    return [glob.format_map(constants) for glob in globs if glob]


def _of_this_place(glob: str, where: Where) -> str:
    """Make a glob over ARNs to one that only ARNs of this place match."""
    inside = re.fullmatch(r"(.*\()(arn:.*)(\).*)", glob)
    if inside:
        return f"{inside[1]}{_of_this_place(inside[2], where)}{inside[3]}"
    parts = glob.split(":")
    if parts[0] != "arn":
        return glob
    here = ["arn", where.partition, "*", where.region, where.account, "*"]
    parts += here[len(parts) :]
    return ":".join(h if p == "*" else p for p, h in zip(parts, [*here, *parts[6:]], strict=True))
