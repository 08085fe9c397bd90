"""The `where` filter: a small grammar over resources, compiled to one function.

    type=AWS::EC2::* and (tag:env=prod or name~web) and not state=stopped

`=` compares with globs, `!=` is its opposite, `~` looks for a piece of text in any case,
a lone `tag:KEY` asks whether the tag is there. Fields are type, region, account, id, name,
arn, tag:KEY and the properties that scanners declare, in any case. Words with spaces or
brackets stand in quotes. There are no regular expressions: a filter is data from a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from typing import NamedTuple

from proxyd.globs import did_you_mean
from proxyd.model import Resource

Filter = Callable[[Resource], bool]

MAX_LENGTH = 4096
MAX_TERMS = 64
MAX_DEPTH = 16

FIELDS = ("type", "region", "account", "id", "name", "arn")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<paren>[()])
      | (?P<op>!=|=|~)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | (?P<word>tag:"(?:[^"\\]|\\.)*"|[^\s()=!~"]+)
    )""",
    re.VERBOSE,
)


_ESCAPED = re.compile(r"\\(.)")


class WhereError(ValueError):
    """The filter is not in the grammar. `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def compile_where(text: str, properties: Collection[str]) -> Filter:
    """Compile a filter.

    Args:
        text: the filter.
        properties: the property names that may be asked for.

    Raises:
        WhereError: where it stops making sense.

    """
    if len(text) > MAX_LENGTH:
        raise WhereError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    return _Parser(text, properties).whole()


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise WhereError(f"unexpected {text[column - 1]!r}", column)
        kind = match.lastgroup or "quoted"
        value = match[kind]
        start = match.start(kind) + 1 - (kind == "quoted")
        if kind == "quoted":
            value = _ESCAPED.sub(r"\1", value)
        tokens.append(_Token(kind, value, start))
        at = match.end()
    return [*tokens, _Token("end", "the end", len(text) + 1)]


class _Parser:
    """Recursive descent: or, and, not, brackets, comparison."""

    def __init__(self, text: str, properties: Collection[str]) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0
        self.terms = 0
        self.properties = {name.casefold(): name for name in properties}

    def whole(self) -> Filter:
        found = self.either()
        if self.next.kind != "end":
            raise self.unexpected("expected `and`, `or` or the end")
        return found

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def unexpected(self, expected: str) -> WhereError:
        token = self.next
        shown = token.text if token.kind == "end" else repr(token.text)
        return WhereError(f"{expected}, found {shown}", token.column)

    def take(self, kind: str, *texts: str) -> _Token | None:
        token = self.next
        if token.kind == kind and (not texts or token.text.casefold() in texts):
            self.at += 1
            return token
        return None

    def either(self) -> Filter:
        parts = [self.both()]
        while self.take("word", "or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda r: any(part(r) for part in parts)

    def both(self) -> Filter:
        parts = [self.negation()]
        while self.take("word", "and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda r: all(part(r) for part in parts)

    def negation(self) -> Filter:
        negated = False
        while self.take("word", "not"):
            negated = not negated
        found = self.term()
        return (lambda r: not found(r)) if negated else found

    def term(self) -> Filter:
        bracket = self.take("paren", "(")
        if bracket is None:
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise WhereError(f"more than {MAX_DEPTH} brackets deep", bracket.column)
        found = self.either()
        if not self.take("paren", ")"):
            raise self.unexpected("expected `)`")
        self.depth -= 1
        return found

    def comparison(self) -> Filter:
        field = self.take("word")
        if field is None:
            raise self.unexpected("expected a field")
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise WhereError(f"more than {MAX_TERMS} comparisons", field.column)
        values = self.field(field)
        operator = self.take("op")
        if operator is None:
            if field.text.startswith("tag:"):
                return lambda r: bool(values(r))
            raise self.unexpected("expected `=`, `!=` or `~`")
        value = self.take("word") or self.take("quoted")
        if value is None:
            raise self.unexpected(f"expected a value after `{operator.text}`")
        return _compare(values, operator.text, value.text)

    def field(self, token: _Token) -> Callable[[Resource], list[str]]:
        """Return what reads the field's values: none where the resource lacks it."""
        name = token.text
        if name.startswith("tag:") and name != "tag:":
            key = _unquoted(name.removeprefix("tag:"))
            return lambda r: [r.tags[key]] if key in r.tags else []
        if name.casefold() in FIELDS:
            attribute = name.casefold()
            return lambda r: [getattr(r, attribute)]
        declared = self.properties.get(name.casefold())
        if declared is None:
            known = (*FIELDS, *self.properties)
            raise WhereError(
                f"unknown field {name!r}{did_you_mean(name.casefold(), known)}", token.column
            )
        return lambda r: _texts(r, name.casefold())


def _unquoted(key: str) -> str:
    return _ESCAPED.sub(r"\1", key[1:-1]) if key.startswith('"') else key


def _texts(resource: Resource, name: str) -> list[str]:
    """Read a property in any case; types differ in how they write the same word."""
    for key, value in resource.properties.items():
        if key.casefold() == name:
            return [_text(v) for v in (value if isinstance(value, list) else [value])]
    return []


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compare(values: Callable[[Resource], list[str]], operator: str, wanted: str) -> Filter:
    if operator == "~":
        piece = wanted.casefold()
        return lambda r: any(piece in value.casefold() for value in values(r))
    glob = wanted.replace("[", "[[]")
    if operator == "=":
        return lambda r: any(fnmatchcase(value, glob) for value in values(r))
    return lambda r: not any(fnmatchcase(value, glob) for value in values(r))
