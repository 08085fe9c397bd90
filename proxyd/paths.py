"""The path language of declarations: where in an answer a value stands.

`State.Name`           a field of a field
`Groups[].GroupId`     of every element of a list, flattened, what is absent left out
`@`                    the item itself, where a list call gives plain strings
`^.clusterArn`         the item that this one was listed under
`QueueUrl/`, `Arn:`    what follows the last `/` or `:` of the value
`Subnets[,]`           the list that a text with commas in it is
`Endpoint ~ arn:*`     only where the value matches the glob; `~ !arn:*` where it does not

Compiled to closures because every resource passes through ten to twenty of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

Getter = Callable[[Any], Any]

ITEM = "@"
PARENT = "^"
CONSTANTS = frozenset({"partition", "region", "account"})
"""What templates may name besides paths: where the shard is."""

ONLY = " ~ "
NOT = "!"
_SPLIT = "[,]"

_SEGMENT = re.compile(r"[A-Za-z0-9_@^-]+(\[\])?")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def segments(path: str) -> list[tuple[str, bool]]:
    """Split a path into (name, is a list) pairs, without a trailing `/`, `:`, `[,]` or `~ glob`.

    Raises:
        ValueError: the path is not in the language.

    """
    parts = path.partition(ONLY)[0].removesuffix(_SPLIT).rstrip("/:").split(".")
    if not all(_SEGMENT.fullmatch(part) for part in parts):
        msg = f"not a path: {path!r}"
        raise ValueError(msg)
    return [(part.removesuffix("[]"), part.endswith("[]")) for part in parts]


def getter(path: str) -> Getter:
    """Compile a path to a function of an item: a value or None, or with `[]` a list."""
    plain, _, glob = path.partition(ONLY)
    get = _walk(segments(plain))
    if plain[-1] in "/:":
        get = _last_piece(get, plain[-1])
    if plain.endswith(_SPLIT):
        get = _pieces(get)
    return _only(get, glob) if glob else get


def _walk(parts: list[tuple[str, bool]]) -> Getter:
    if len(parts) == 1 and not parts[0][1]:
        name = parts[0][0]
        return lambda item: item.get(name) if isinstance(item, dict) else None
    many = any(is_list for _, is_list in parts)

    def get(item: Any) -> Any:
        values = [item]
        for name, is_list in parts:
            found = [v.get(name) for v in values if isinstance(v, dict)]
            values = [v for v in found if v is not None]
            if is_list:
                values = [e for v in values if isinstance(v, list) for e in v]
        return values if many else (values[0] if values else None)

    return get


def _last_piece(get: Getter, separator: str) -> Getter:
    def piece(item: Any) -> Any:
        value = get(item)
        return value.rpartition(separator)[2] if isinstance(value, str) else value

    return piece


def _pieces(get: Getter) -> Getter:
    def pieces(item: Any) -> Any:
        value = get(item)
        return [piece.strip() for piece in value.split(",")] if isinstance(value, str) else value

    return pieces


def _only(get: Getter, glob: str) -> Getter:
    wanted = not glob.startswith(NOT)
    glob = glob.removeprefix(NOT)

    def matches(value: Any) -> bool:
        return isinstance(value, str) and fnmatchcase(value, glob) is wanted

    def only(item: Any) -> Any:
        value = get(item)
        if isinstance(value, list):
            return [v for v in value if matches(v)]
        return value if matches(value) else None

    return only


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
