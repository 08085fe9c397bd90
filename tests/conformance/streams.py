"""The streams that are asked for."""

from __future__ import annotations

from urllib.parse import urlencode

TEXT, SIZE, MANY = "Torture::Text::Value", "Torture::Size::Value", "Torture::Many::Value"
SILENT, SLOW = "Torture::Silent::Value", "Torture::Slow::Value"
ENDLESS, WAITING = "Torture::Endless::Value", "Torture::Waiting::Value"
HALF, FICKLE = "Torture::Half::Value", "Torture::Fickle::Value"


def stream(base: str, *types: str, **more: str) -> str:
    """Return the address of a stream of some types."""
    query = [("target", "torture"), *(("type", name) for name in types), *more.items()]
    return f"{base}/v1/stream?{urlencode(query)}"
