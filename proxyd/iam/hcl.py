"""Terraform's language, written as `terraform fmt` would write it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Block(msgspec.Struct, frozen=True):
    """`resource "aws_iam_role" "proxyd" { … }`: what stands before the brace, and what is in it."""

    head: str
    body: dict[str, Any]


class Expression(msgspec.Struct, frozen=True):
    """What is no text but a reference: `var.external_id`."""

    text: str


class Json(msgspec.Struct, frozen=True):
    """A document that Terraform writes as JSON."""

    document: dict[str, Any]


def written(blocks: Iterable[Block]) -> str:
    """Write blocks, with an empty line between two."""
    return "\n\n".join("\n".join(_block(block)) for block in blocks) + "\n"


def _block(block: Block) -> Iterator[str]:
    yield f"{block.head} {{"
    yield from _indented(_body(block.body))
    yield "}"


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    """Write attributes, with the `=` of one-line neighbours in one column, and blocks."""
    written_values = [(_key(key, value), _value(value)) for key, value in body.items()]
    for short, group in groupby(written_values, key=lambda item: len(item[1]) == 1):
        rows = list(group)
        width = max(len(key) for key, _ in rows) if short else 0
        for key, (first, *rest) in rows:
            yield f"{key:{width}} = {first}" if key else first
            yield from rest


def _key(key: str, value: Any) -> str:
    """Write the name of an attribute; a block has its own before its brace."""
    if isinstance(value, Block):
        return ""
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> list[str]:
    match value:
        case Block():
            return list(_block(value))
        case Json():
            first, *middle, last = _value(value.document)
            return [f"jsonencode({first}", *middle, f"{last})"]
        case dict():
            return _enclosed("{", _body(value), "}")
        case list():
            return _enclosed("[", _elements(value), "]")
    return [_simple(value)]


def _simple(value: Any) -> str:
    if isinstance(value, Expression):
        return value.text
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _enclosed(opening: str, lines: Iterable[str], closing: str) -> list[str]:
    inner = list(_indented(lines))
    return [opening, *inner, closing] if inner else [opening + closing]


def _elements(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        *lines, last = _value(value)
        yield from lines
        yield f"{last},"


def _text(text: str) -> str:
    """Quote a text so that nothing in it is a template."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
