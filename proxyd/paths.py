"""The path language of declarations: where in an answer a value stands.

`State.Name`             a field of a field
`Groups[].GroupId`       of every element of a list, flattened, what is absent left out
`Stores[*].location`     of every value of a map
`Pairs[Name=Id].Value`   of the elements of a list whose field says so
`Volumes[0].State`       of the first element of a list
`@`                      the item itself, where a list call gives plain strings
`^.clusterArn`           the item that this one was listed under
`QueueUrl/`, `Arn:`      what follows the last `/` or `:` of each value
`Subnets[,]`             the list that a text with commas in it is
`Endpoint ~ arn:*`       only what matches the glob; `~ !arn:*` only what does not
`Url ~ s3://(*)/*`       of what matches the glob, the part in brackets, which is as short as can be

Compiled to closures because every resource passes through ten to twenty of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

Getter = Callable[[Any], Any]

ITEM = "@"
PARENT = "^"
CONSTANTS = frozenset({"partition", "region", "account"})
"""What templates may name besides paths: where the shard is."""

ONLY = " ~ "
NOT = "!"
_SPLIT = "[,]"
_KINDS = {"*": "map", "0": "first"}

_DOT = re.compile(r"\.(?![^\[\]]*\])")
_SEGMENT = re.compile(r"([A-Za-z0-9_@^-]+)(?:\[(|0|\*|([A-Za-z]+)=([^\[\]=]+))\])?")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_IN_GLOB = re.compile(r"(\*|\?|\[!?[^\]]+\]|[()])")

MAX_PARSED = 8192
"""Paths that are kept parsed: those of all scanners, which are looked at several times."""


class Segment(NamedTuple):
    """One name of a path, and which of what stands there it goes on with.

    Attributes:
        kind: "" the value itself, "list" the elements, "first" only the first of them,
            "map" a map's values.
        having: the field and value of the elements that are meant; None: all of them.

    """

    name: str
    kind: str = ""
    having: tuple[str, str] | None = None


@lru_cache(MAX_PARSED)
def parse(path: str) -> tuple[Segment, ...]:
    """Split a path into its segments, without a trailing `/`, `:`, `[,]` or `~ glob`.

    Raises:
        ValueError: the path is not in the language.

    """
    plain = path.partition(ONLY)[0].removesuffix(_SPLIT).rstrip("/:")
    found = [_SEGMENT.fullmatch(part) for part in _DOT.split(plain)]
    if not all(found):
        msg = f"not a path: {path!r}"
        raise ValueError(msg)
    return tuple(_segment(match) for match in found if match)


def _segment(match: re.Match[str]) -> Segment:
    name, inside, field, value = match.groups()
    if inside is None:
        return Segment(name)
    if inside in _KINDS:
        return Segment(name, _KINDS[inside])
    return Segment(name, "list", (field, value) if field else None)


def fans_out(parts: Sequence[Segment]) -> bool:
    """Whether following them gives a list."""
    return any(segment.kind in ("list", "map") for segment in parts)


def bare(path: str) -> str:
    """Write a path without what only says what to do with the value: `Groups[].GroupId`.

    It ends before the values of a map, which is read whole.
    """
    out = []
    for segment in parse(path):
        is_list = segment.kind in ("list", "first")
        out.append(f"{segment.name}[]" if is_list else segment.name)
        if segment.kind == "map":
            break
    return ".".join(out)


def reads(path: str) -> set[str]:
    """Return all that following a path reads, as bare paths: conditions read a field more."""
    return {bare(path), *(bare(where) for where, _ in conditions(path))}


def conditions(path: str) -> list[tuple[str, str]]:
    """Return the conditions of a path: where the field stands, `Pairs[].Name`, and its value."""
    found, before = [], ""
    for segment in parse(path):
        before = f"{before}.{segment.name}".lstrip(".")
        before += {"list": "[]", "first": "[]", "map": "[*]"}.get(segment.kind, "")
        if segment.having:
            found.append((f"{before}.{segment.having[0]}", segment.having[1]))
    return found


def segments(path: str) -> list[tuple[str, bool]]:
    """Split a bare path into (name, is a list) pairs.

    Raises:
        ValueError: the path is not in the language.

    """
    return [(segment.name, segment.kind == "list") for segment in parse(path)]


def getter(path: str) -> Getter:
    """Compile a path to a function of an item: a value or None, or a list where it fans out."""
    plain, _, glob = path.partition(ONLY)
    get = _walk(parse(plain))
    if plain.endswith(_SPLIT):
        get = _each(get, _pieces)
    elif plain[-1] in "/:":
        get = _each(get, _last_piece(plain[-1]))
    return _each(get, _only(glob)) if glob else get


def _walk(parts: Sequence[Segment]) -> Getter:
    if len(parts) == 1 and not parts[0].kind:
        name = parts[0].name
        return lambda item: item.get(name) if isinstance(item, dict) else None
    many = fans_out(parts)

    def get(item: Any) -> Any:
        values = [item]
        for segment in parts:
            found = [v.get(segment.name) for v in values if isinstance(v, dict)]
            values = [v for v in found if v is not None]
            if segment.kind:
                values = [e for v in values for e in _elements(v, segment)]
        return values if many else (values[0] if values else None)

    return get


def _elements(value: Any, segment: Segment) -> list[Any]:
    if segment.kind == "map":
        return list(value.values()) if isinstance(value, dict) else []
    if not isinstance(value, list):
        return []
    if segment.kind == "first":
        return value[:1]
    if segment.having is None:
        return value
    field, wanted = segment.having
    return [e for e in value if isinstance(e, dict) and e.get(field) == wanted]


def _each(get: Getter, change: Callable[[Any], Any]) -> Getter:
    """Change the value, or each of a list; None leaves it out, and a list takes its place."""

    def changed(item: Any) -> Any:
        value = get(item)
        if not isinstance(value, list):
            return change(value)
        out: list[Any] = []
        for new in map(change, value):
            out += new if isinstance(new, list) else [] if new is None else [new]
        return out

    return changed


def _last_piece(separator: str) -> Callable[[Any], Any]:
    return lambda value: value.rpartition(separator)[2] if isinstance(value, str) else value


def _pieces(value: Any) -> Any:
    return [piece.strip() for piece in value.split(",")] if isinstance(value, str) else value


def _only(glob: str) -> Callable[[Any], Any]:
    if "(" in glob:
        pattern = _pattern(glob)

        def part(value: Any) -> str | None:
            match = pattern.fullmatch(value) if isinstance(value, str) else None
            return match[1] if match else None

        return part
    wanted, glob = not glob.startswith(NOT), glob.removeprefix(NOT)
    return lambda v: v if isinstance(v, str) and fnmatchcase(v, glob) is wanted else None


def _pattern(glob: str) -> re.Pattern[str]:
    """Write a glob with a part in brackets as a regular expression."""
    known = {"*": ".*", "?": ".", "(": "(", ")": ")"}
    before, bracket, rest = glob.partition("(")
    inside, _, after = rest.partition(")")
    short = [known.get(p, _literal(p)).replace(".*", ".*?") for p in _IN_GLOB.split(inside)]
    around = [
        "".join(known.get(p, _literal(p)) for p in _IN_GLOB.split(g)) for g in (before, after)
    ]
    return re.compile(f"{around[0]}{bracket}{''.join(short)}){around[1]}", re.DOTALL)


def _literal(piece: str) -> str:
    is_class = piece.startswith("[") and piece.endswith("]")
    return piece.replace("[!", "[^") if is_class else re.escape(piece)


def placeholders(template: str) -> list[str]:
    """Return the paths that stand in braces in a template."""
    return _PLACEHOLDER.findall(template)


def filler(template: str, constants: frozenset[str] = frozenset()) -> Callable[..., str | None]:
    """Compile a template such as `arn:{partition}:ec2:{region}:{account}:vpc/{VpcId}`.

    The result takes the item and the constants by keyword, and gives None where a path
    leads to nothing: an ARN with a hole is worse than none.
    """
    pieces = _PLACEHOLDER.split(template)
    literals, names = pieces[::2], pieces[1::2]
    getters = [None if name in constants else getter(name) for name in names]

    def fill(item: Any, **values: str) -> str | None:
        out = literals[0]
        for name, get, literal in zip(names, getters, literals[1:], strict=True):
            value = values[name] if get is None else get(item)
            if value is None or isinstance(value, dict | list):
                return None
            out += f"{value}{literal}"
        return out

    return fill
