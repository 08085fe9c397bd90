"""The ways in which AWS writes tags, and the one in which proxyd does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def tag_map(tags: Any) -> dict[str, str]:
    """Normalise AWS's ways to write tags: a map, or a list of key and value in either case."""
    if isinstance(tags, dict):
        return {str(k): str(v) for k, v in tags.items()}
    out = {}
    for tag in tags or ():
        key = tag.get("Key", tag.get("key", tag.get("TagKey")))
        if key is not None:
            value = tag.get("Value", tag.get("value", tag.get("TagValue")))
            out[str(key)] = "" if value is None else str(value)
    return out


def tags_by_arn(mappings: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Read what the tagging API lists: the tags of each ARN."""
    return {mapping["ResourceARN"]: tag_map(mapping.get("Tags")) for mapping in mappings}
