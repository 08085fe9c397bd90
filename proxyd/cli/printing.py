"""Events, laid out for a person: one line each, nothing that could drive a terminal."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from proxyd.client import ServerEvent
from proxyd.events import Remedy, Statement
from proxyd.remedies import place

MAX_NAME = 60
WIDTH = 96
"""Columns in which statements are written; an action is never cut."""

_DRIVES = re.compile("C.|Zl|Zp")
"""Unicode's categories of what a terminal may obey: controls, formats, ends of lines."""


def line_of(event: ServerEvent) -> str | None:
    """Return the line of an event, None for those that say nothing to a person."""
    writer = _WRITERS.get(event.name)
    return writer(event.data) if writer else None


def clean(text: object, most: int | None = MAX_NAME) -> str:
    """Drop control and formatting characters: a resource's name must not move the cursor."""
    kept = (c for c in str(text) if not _DRIVES.match(unicodedata.category(c)))
    return "".join(kept)[:most]


def counted(number: int, noun: str) -> str:
    """Write how many there are of something, whose plural has an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def mending(remedies: Iterable[Remedy]) -> Iterator[str]:
    """Say what to change and where, one remedy after the other, with what can be copied."""
    for remedy in remedies:
        yield f"{clean(place(remedy), None)}:"
        if remedy.statements is msgspec.UNSET:
            yield from wrapped(", ".join(remedy.actions))
        else:
            yield from written(remedy.statements)


def written(statements: Iterable[Statement]) -> Iterator[str]:
    """Write statements as JSON that can be copied: it breaks between words only."""
    for statement in statements:
        yield from wrapped(json.dumps(msgspec.to_builtins(statement)))


def wrapped(text: str) -> Iterator[str]:
    """Break a text into lines, between words only, and set them in."""
    for line in textwrap.wrap(
        clean(text, None), WIDTH, break_long_words=False, break_on_hyphens=False
    ):
        yield f"  {line}"


def _started(data: dict[str, Any]) -> str:
    regions = ", ".join(data["regions"])
    return (
        f"▸ {clean(data['target'])} · account {data['account']} · "
        f"{counted(len(data['types']), 'type')} in {regions} · {counted(data['shards'], 'shard')}"
    )


def _resource(data: dict[str, Any]) -> str:
    name = clean(data["name"])
    ident = clean(data["id"])
    shown = name if name == ident else f"{name} ({ident})"
    return f"  + {data['type']:42} {data['region']:14} {shown}"


def _removed(data: dict[str, Any]) -> str:
    return f"  - {data['type']:42} {data['region']:14} {clean(data['arn'])}"


def _shard(data: dict[str, Any]) -> str | None:
    if data["status"] == "ok":
        return None
    action = f" · needs {data['action']}" if data.get("action") else ""
    return f"  ! {data['type']:42} {data['region']:14} {data['status']}{action}"


def _completed(data: dict[str, Any]) -> str:
    whole = "complete" if data["complete"] else "INCOMPLETE"
    lines = [
        f"= {clean(data['target'])} · {whole} · "
        f"{counted(data['resources'], 'resource')} · {counted(data['calls'], 'AWS call')} · "
        f"{data['ms'] / 1000:.1f} s"
    ]
    if data["missing_actions"]:
        lines.append(f"  the role lacks: {clean(', '.join(data['missing_actions']), None)}")
    lines += [f"  {line}" for line in mending(_remedies(data))]
    return "\n".join(lines)


def _remedies(data: dict[str, Any]) -> list[Remedy]:
    """Read the remedies; of those that a newer proxyd knows the actions are told all the same."""
    try:
        return msgspec.convert(data.get("remedies", []), list[Remedy])
    except msgspec.ValidationError:
        return []


def _reset(data: dict[str, Any]) -> str:
    return f"~ starting again: {data['reason']}"


def _closing(data: dict[str, Any]) -> str:
    return f"= closed by the server: {data['reason']}"


_WRITERS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "scan.started": _started,
    "resource": _resource,
    "resource.removed": _removed,
    "shard": _shard,
    "scan.completed": _completed,
    "reset": _reset,
    "closing": _closing,
}
