"""What a name and a group may look like that comes from elsewhere: they end up in log lines."""

from __future__ import annotations

MAX_NAME = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2: `sub` has at most 255)."""

MAX_GROUPS = 1000


def is_name(text: object) -> bool:
    """Whether it is printable ASCII of a bearable length."""
    return isinstance(text, str) and 0 < len(text) <= MAX_NAME and _printable(text)


def is_group(text: object) -> bool:
    """Whether it can be a group: people write those in their own language."""
    return isinstance(text, str) and 0 < len(text) <= MAX_NAME and text.isprintable()


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
