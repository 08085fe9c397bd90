"""Read Terraform's language with somebody else's parser, and tell whether `fmt` would change it."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

import hcl2

_ATTRIBUTE = re.compile(r'( *)("(?:[^"\\]|\\.)*"|[\w-]+)( +)= (.*)')
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def read(text: str) -> dict[str, dict[str, Any]]:
    """Return the blocks of a file by what stands before their brace, jsonencode() evaluated."""
    found: dict[str, dict[str, Any]] = {}
    parsed = hcl2.loads(text)
    parsed.pop("__comments__", None)
    for kind, blocks in parsed.items():
        for block in blocks:
            labels, body = _unwrapped(block)
            found[" ".join([kind, *labels])] = _evaluated(body)
    return found


def _unwrapped(block: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    labels = []
    while "__is_block__" not in block:
        ((label, block),) = block.items()
        labels.append(label.strip('"'))
    return labels, block


def _evaluated(value: Any) -> Any:
    match value:
        case dict():
            return {
                unquoted(key) if key[0] == '"' else key: _evaluated(each)
                for key, each in value.items()
                if key != "__is_block__"
            }
        case list():
            return [_evaluated(each) for each in value]
        case str() if value.startswith("${jsonencode("):
            inner = value.removeprefix("${jsonencode(").removesuffix(")}")
            return _evaluated(hcl2.loads(f"it = {inner}\n")["it"])
        case str() if value[0] == '"':
            return unquoted(value)
    return value


def unquoted(text: str) -> str:
    """Return what a quoted text of HCL stands for."""
    return str(json.loads(text)).replace("$${", "${").replace("%%{", "%{")


def misformatted(text: str) -> list[str]:
    """Return the lines that `terraform fmt` would write in another way.

    Two blanks a level; one blank on either side of `=`, but for neighbours whose values end on
    their own line, and whose `=` are in one column.
    """
    wrong, depth = [], 0
    rows: list[tuple[str, re.Match[str] | None]] = []
    for line in text.splitlines():
        bare = _TEXT.sub('""', line)
        closes = len(re.match(r" *([}\])]*)", bare)[1])  # type: ignore[index] # it matches anything
        opens = sum(bare.count(c) for c in "{[(") - sum(bare.count(c) for c in "}])")
        if line.strip() and len(line) - len(line.lstrip()) != 2 * (depth - bool(closes)):
            wrong.append(line)
        # Brackets that open on one line are one level, as they close on one.
        depth += (opens > 0) - (opens < 0)
        found = _ATTRIBUTE.fullmatch(line)
        rows.append((line, found if found and not opens else None))
        if found and opens and found[3] != " ":
            wrong.append(line)
    for aligned, group in groupby(rows, key=lambda row: row[1] is not None):
        matches = [match for _, match in group if match is not None]
        if aligned:
            width = max(len(match[2]) for match in matches)
            wrong += [m[0] for m in matches if len(m[2] + m[3]) != width + 1]
    return wrong
