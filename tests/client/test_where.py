"""The filter of the page is the filter of the API: the same answers, and the same errors."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from proxyd.model import Resource
from proxyd.where import WhereError, compile_where
from tests.unit.fakes import thing

CLIENT = Path(__file__).parents[2] / "proxyd" / "web" / "client"
ORACLE = Path(__file__).with_name("where.mjs")
CASES = 6000
PROPERTIES = ("State", "VpcId", "Public", "Count", "SecurityGroups")

WORDS = st.sampled_from(
    [
        "web",
        "WEB",
        "*",
        "we?",
        "prod",
        "[p]rod",
        "a.b",
        "vpc-1",
        "ü",
        "ß",
        "𝄞",
        "x y",
        "a\\b",
        "$",
        "",
    ]
)
FIELDS = st.sampled_from(
    [
        *("type", "Region", "ACCOUNT", "id", "name", "arn", "tag:env", "tag:", 'tag:"a b"'),
        *("tag:Name", "state", "VpcId", "public", "count", "securitygroups", "nme", "and", "tag"),
    ]
)


def written(value: str) -> str:
    """Write a value as a person may: in quotes, or plain."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


VALUES = st.one_of(WORDS, WORDS.map(written), st.text(max_size=4), st.text(max_size=4).map(written))
COMPARISONS = st.builds(
    lambda field, space, op, value: f"{field}{space}{op}{space}{value}",
    FIELDS,
    st.sampled_from(["", " ", "\t", "\u00a0"]),
    st.sampled_from(["=", "!=", "~", "==", "", " "]),
    VALUES,
)
GOOD = st.builds(
    lambda field, op, value: f"{field}{op}{written(value)}",
    st.sampled_from(["type", "Region", "id", "name", "tag:env", 'tag:"a b"', "tag:Name", "state"])
    | st.sampled_from(["VpcId", "public", "count", "securitygroups", "ARN"]),
    st.sampled_from(["=", "!=", "~", " = "]),
    WORDS | st.text(max_size=3),
)
FILTERS = st.one_of(
    st.recursive(
        st.one_of(GOOD, GOOD, GOOD, COMPARISONS),
        lambda inner: st.one_of(
            st.builds(
                "{} {} {}".format,
                inner,
                st.sampled_from(["and", "OR", "or", "and", "or", "xor"]),
                inner,
            ),
            st.builds("not {}".format, inner),
            st.builds("({})".format, inner),
            st.builds("( {} )".format, inner),
            st.builds("({}".format, inner),
        ),
        max_leaves=6,
    ),
    st.text(max_size=12),
)
RESOURCES = [
    thing(1, name="web", tags={"env": "prod", "a b": "x y"}, properties={"State": "web"}),
    thing(2, name="Straße", tags={"Name": "ü𝄞"}, properties={"Public": True, "Count": 1}),
    thing(3, id="vpc-1", properties={"SecurityGroups": ["web", "a.b", None], "VpcId": None}),
    thing(4, name="[p]rod", tags={"env": "", "Name": "a\nb"}, properties={"Count": -7}),
]


def plain(resource: Resource) -> dict[str, Any]:
    """Write a resource as the stream has it."""
    return {
        name: getattr(resource, name) for name in resource.__struct_fields__ if name != "truncated"
    }


def expected(text: str) -> dict[str, Any]:
    """Say what the API answers."""
    try:
        matches = compile_where(text, PROPERTIES)
    except WhereError as error:
        return {"column": error.column, "message": str(error)}
    return {"matches": [matches(resource) for resource in RESOURCES]}


def collected() -> list[str]:
    """Make up filters."""
    found: list[str] = []

    @settings(
        max_examples=CASES,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(FILTERS)
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


async def answered(script: Path, filters: list[str]) -> list[dict[str, Any]]:
    """Ask the page's own code."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(ORACLE), str(script)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    resources = [plain(resource) for resource in RESOURCES]
    asked = [{"text": t, "properties": PROPERTIES, "resources": resources} for t in filters]
    lines = "".join(f"{json.dumps(each)}\n" for each in asked)
    out, err = await process.communicate(lines.encode("utf-8", "surrogatepass"))
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.decode().rstrip("\n").split("\n")]


async def test_the_page_filters_as_the_api_does(tmp_path: Path) -> None:
    """Thousands of filters, right and wrong: what matches, and where it stops making sense."""
    script = tmp_path / "where.mjs"
    bundler = CLIENT / "node_modules" / ".bin" / "esbuild"
    process = await asyncio.create_subprocess_exec(
        *(str(bundler), str(CLIENT / "src" / "where.ts"), "--bundle", "--format=esm"),
        *(f"--outfile={script}", "--log-level=error"),
    )
    assert await process.wait() == 0
    filters = [*dict.fromkeys(collected()), "name=" + "x" * 4092, "(" * 17 + "name=a" + ")" * 17]
    filters.append(" or ".join(["name=a"] * 65))
    told = await answered(script, filters)
    wrong = []
    right = 0
    for text, answer in zip(filters, told, strict=True):
        good = expected(text)
        right += "matches" in good
        # A suggestion and how a text is quoted are the only things that may differ.
        same = answer.get("column") == good.get("column") and answer.get("matches") == good.get(
            "matches"
        )
        if not same:
            wrong.append((text, answer, good))
    assert wrong == []
    assert right > len(filters) / 5
    assert len(filters) > CASES / 3
