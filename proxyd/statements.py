"""Statements of IAM policies, pure: what allows some actions, and no more of them than is meant."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from proxyd.actions import RESOURCES
from proxyd.events import Statement

VERSION = "2012-10-17"
"""Of the language in which policies are written."""


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    version: str
    statement: list[Statement]


def allowing(actions: Iterable[str]) -> list[Statement]:
    """Make the statements that allow these actions, each on what it may be used on."""
    wanted = sorted(set(actions))
    anywhere = [action for action in wanted if action not in RESOURCES]
    narrow = [action for action in wanted if action in RESOURCES]
    statements = [Statement(action=anywhere)] if anywhere else []
    statements += [Statement(action=[a], resource=list(RESOURCES[a])) for a in narrow]
    return statements


def document(statements: Iterable[Statement]) -> str:
    """Write statements as a policy, without a character too many."""
    return msgspec.json.encode(_Document(VERSION, list(statements))).decode()
