"""What every client must end up with: the torturing plugin's resources, as the wire has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from proxyd import resource

from .torture_plugin import ACCOUNT, TOO_LONG, TYPES, Made


def truth(*types: str) -> dict[str, dict[str, Any]]:
    """Return the resources of some types, by ARN."""
    return of((type_, made) for type_ in types for made in TYPES[type_]())


def of(found: Iterable[tuple[str, Made]]) -> dict[str, dict[str, Any]]:
    """Return what was found by a scanner of a type, by ARN."""
    rows = (_row(type_, made) for type_, made in found)
    return {row["arn"]: row for row in rows}


def _row(type_: str, made: Made) -> dict[str, Any]:
    id_, more = made
    fields: Mapping[str, Any] = {"name": id_, "tags": {}, "properties": {}} | more
    whole = resource.make(
        type=type_,
        account=ACCOUNT,
        region="global",
        arn=f"arn:aws:torture:::{id_}",
        id=id_,
        links=(),
        **fields,
    )
    row: dict[str, Any] = json.loads(msgspec.json.encode(whole))
    if row["properties"].get("Value") == TOO_LONG:
        del row["properties"]["Value"]
        row["truncated"] = ["Value"]
    return row
