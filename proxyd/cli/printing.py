"""Events, laid out for a person: one line each, nothing that could drive a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from proxyd.client import ServerEvent

MAX_NAME = 60


def line_of(event: ServerEvent) -> str | None:
    """Return the line of an event, None for those that say nothing to a person."""
    writer = _WRITERS.get(event.name)
    return writer(event.data) if writer else None


def clean(text: object) -> str:
    """Drop control and formatting characters: a resource's name must not move the cursor."""
    kept = (c for c in str(text) if not unicodedata.category(c).startswith("C"))
    return "".join(kept)[:MAX_NAME]


def _started(data: dict[str, Any]) -> str:
    regions = ", ".join(data["regions"])
    return (
        f"▸ {clean(data['target'])} · account {data['account']} · {len(data['types'])} types "
        f"in {regions} · {data['shards']} shards"
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
        f"= {clean(data['target'])} · {whole} · {data['resources']} resources · "
        f"{data['calls']} AWS calls · {data['ms'] / 1000:.1f} s"
    ]
    if data["missing_actions"]:
        lines.append(f"  the role lacks: {', '.join(data['missing_actions'])}")
    return "\n".join(lines)


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
