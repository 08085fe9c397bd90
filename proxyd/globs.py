"""Globs: `*` any run of characters, `?` one. Nothing else, so that none can be costly."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

MAX_WORD = 80
"""Characters of a word that are compared: the rest of it would only cost time."""


def matches(globs: Iterable[str], value: str) -> bool:
    """Whether any of the globs matches the whole value; case counts."""
    return any(fnmatchcase(value, glob) for glob in globs)


def expand(globs: Iterable[str], values: Iterable[str]) -> list[str]:
    """Return the values, in their order, that any of the globs matches."""
    globs = tuple(globs)
    return [value for value in values if matches(globs, value)]


def is_literal(glob: str) -> bool:
    """Whether it can match only one value: itself."""
    return not set(glob) & set("*?")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean X?)` where one of the known words is close, else nothing."""
    close = difflib.get_close_matches(word[:MAX_WORD], list(known), n=1, cutoff=0.75)
    return f" (did you mean {close[0]}?)" if close else ""
