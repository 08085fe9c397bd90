"""Frames as the wire contract writes them; the JSON is read back with Python's own reader."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.events import (
    NAMES,
    Closing,
    Event,
    Gap,
    Remedy,
    Reset,
    ScanCompleted,
    ScanStarted,
    ShardEnded,
    Statement,
)
from proxyd.model import Link
from proxyd.sse import FORMATS, MAX_DATA, NDJSON, SSE, Format, Framer, ascii_json, data_of

from .fakes import thing

LIMIT = 256 * 1024
FRAME = re.compile(
    rb"event: ([a-z.]+)\nid: ([0-9a-f]+-[0-9]+)\n(?:retry: [0-9]+\n)?data: ([\x20-\x7e]+)\n\n"
)

EVENTS: list[Event] = [
    ScanStarted(
        scan="s",
        target="t",
        account="1",
        partition="aws",
        mode="snapshot",
        regions=["global"],
        types=["A::B::C"],
        shards=1,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    ),
    thing(tags={"Name": "Zoë 😀\u2028\x7f\n\r\x00"}),
    ShardEnded(type="A::B::C", region="r", account="1", status="ok", resources=0, calls=1, ms=2),
    ScanCompleted(
        scan="s",
        target="t",
        complete=False,
        resources=1,
        shards={"ok": 1, "denied": 1},
        gaps=[Gap(type="A::B::C", region="r", status="denied", action="a:B")],
        missing_actions=["a:B"],
        remedies=[
            Remedy(
                cause="policy",
                actions=["a:B"],
                statements=[Statement(action=["a:B"])],
                role="r",
                account="1",
            ),
            Remedy(cause=None, actions=["a:C"], role="r", account="1"),
        ],
        calls=1,
        ms=2,
    ),
    Reset(reason="replay_unavailable"),
    Closing(reason="shutdown", retry=5000),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_a_frame_is_one_event_one_id_and_one_data_line(event: Event) -> None:
    """Every event is these lines of printable ASCII in this order, and an empty one."""
    frame = Framer(SSE)(event)
    match = FRAME.fullmatch(frame)
    assert match is not None
    assert match[1].decode() == NAMES[type(event)]
    assert isinstance(json.loads(match[3]), dict)


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_an_ndjson_line_is_one_object(event: Event) -> None:
    """Every event is one line of ASCII: an object of event, id and data."""
    framer = Framer(NDJSON)
    line = framer(event)
    assert line.endswith(b"\n")
    assert re.fullmatch(rb"[\x20-\x7e]+", line[:-1])
    told = json.loads(line)
    assert list(told) == ["event", "id", "data"]
    assert (told["event"], told["id"]) == (NAMES[type(event)], framer.last)
    assert told["data"] == json.loads(data_of(event))


def test_ids_are_an_epoch_and_a_sequence() -> None:
    """Ids of one stream share its epoch and count up from one; no two streams share one."""
    framer = Framer(SSE)
    frames = [framer(Reset(reason="r")) for _ in range(3)]
    told = [FRAME.fullmatch(frame)[2].decode() for frame in frames]  # type: ignore[index] # a frame always matches
    assert told == [f"{framer.epoch}-{n}" for n in (1, 2, 3)]
    assert framer.last == told[-1]
    assert Framer(SSE).epoch != framer.epoch


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain ~", b'"plain ~"'),
        ("ë", b'"\\u00eb"'),
        ("\x7f", b'"\\u007f"'),
        ("é\x7f", b'"\\u00e9\\u007f"'),
        ("\u2028\u2029", b'"\\u2028\\u2029"'),
        ("\ufeff", b'"\\ufeff"'),
        ("\uffff", b'"\\uffff"'),
        ("😀", b'"\\ud83d\\ude00"'),
        ("\U0010ffff", b'"\\udbff\\udfff"'),
        ("\n", b'"\\n"'),
        ("\x85", b'"\\u0085"'),
        ({"é": "é"}, b'{"\\u00e9":"\\u00e9"}'),
    ],
)
def test_json_has_no_character_above_the_tilde(value: object, expected: bytes) -> None:
    """What is not printable ASCII is escaped, astral characters as a surrogate pair."""
    assert ascii_json(value) == expected


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.recursive(TEXTS, lambda v: st.lists(v) | st.dictionaries(TEXTS, v), max_leaves=8))
def test_json_reads_back_as_what_it_was(value: object) -> None:
    """Escaping loses nothing, and leaves printable ASCII only."""
    data = ascii_json(value)
    assert re.fullmatch(rb"[\x20-\x7e]*", data)
    assert json.loads(data) == value


def test_json_does_not_depend_on_order() -> None:
    """The same mapping gives the same bytes in whatever order it was filled."""
    assert ascii_json({"b": 1, "a": 2}) == ascii_json({"a": 2, "b": 1})


def test_a_resource_is_written_as_the_contract_names_its_members() -> None:
    """Links name an ARN or an id, and nothing that is not there is written."""
    resource = thing(
        properties={"State": "on"}, links=(Link("in", "A::B::C", id="x"), Link("to", "D", arn="y"))
    )
    told = json.loads(data_of(resource))
    assert told["links"] == [
        {"rel": "in", "type": "A::B::C", "id": "x"},
        {"rel": "to", "type": "D", "arn": "y"},
    ]
    assert told.keys() == {
        *("arn", "type", "account", "region", "id", "name"),
        *("tags", "properties", "links", "hash"),
    }


def test_a_shard_that_is_ok_has_no_code() -> None:
    """`code` and `action` are written only where something went wrong."""
    ended = ShardEnded(
        type="A::B::C", region="r", account="1", status="ok", resources=0, calls=0, ms=0
    )
    told = json.loads(data_of(ended))
    assert told == {
        "type": "A::B::C",
        "region": "r",
        "account": "1",
        "status": "ok",
        "resources": 0,
        "calls": 0,
        "ms": 0,
    }


BIG = "é" * 45_000  # 270,000 bytes once escaped


@pytest.mark.parametrize(
    ("changes", "truncated", "kept"),
    [
        ({"properties": {"Big": BIG, "Small": 1}}, ["Big"], {"Small": 1}),
        (
            {"properties": {"Big": BIG, "Bigger": BIG + "x", "Small": 1}},
            ["Bigger", "Big"],
            {"Small": 1},
        ),
        ({"properties": {"Half": "x" * 200_000, "More": "x" * 200_001}}, ["More"], None),
        (
            {"links": tuple(Link("to", "A::B::C", id=f"{i:06}") for i in range(8000))},
            ["links"],
            {},
        ),
        ({"tags": {"a": BIG}, "properties": {"a": 1}}, ["a", "links", "tags"], {}),
        ({"name": BIG}, ["links", "tags", "name"], {}),
    ],
)
def test_a_resource_that_is_too_large_says_what_it_lost(
    changes: dict[str, Any], truncated: list[str], kept: dict[str, Any] | None
) -> None:
    """The whole event stays under 256 KiB: the largest properties go first, and are named."""
    resource = thing(**changes)
    for framer in map(Framer, FORMATS.values()):
        assert len(framer(resource)) < LIMIT
    told = json.loads(data_of(resource))
    assert told["truncated"] == truncated
    assert told["hash"] == resource.hash
    assert (told["arn"], told["type"]) == (resource.arn, resource.type)
    if kept is not None:
        assert told["properties"] == kept


def test_a_name_that_is_too_large_is_cut() -> None:
    """A resource always has a name: of one that does not fit the beginning is kept."""
    assert json.loads(data_of(thing(name=BIG)))["name"] == "é" * 256


@pytest.mark.parametrize("size", [MAX_DATA, MAX_DATA + 1])
def test_a_resource_at_the_limit_is_whole(size: int) -> None:
    """Exactly as many bytes as fit are sent untouched; one more is not."""
    empty = len(data_of(thing(properties={"P": ""})))
    told = json.loads(data_of(thing(properties={"P": "x" * (size - empty)})))
    assert ("truncated" in told) is (size > MAX_DATA)


@pytest.mark.parametrize(
    ("kind", "greeting", "keep_alive"),
    [("text/event-stream", b":\n\n", b":\n\n"), ("application/x-ndjson", b"", b"\n")],
)
def test_each_media_type_has_its_format(kind: str, greeting: bytes, keep_alive: bytes) -> None:
    """Media types lead to the format that writes them; a keep-alive is no event."""
    written: Format = FORMATS[kind]
    assert written.content_type == kind
    assert (written.greeting, written.keep_alive) == (greeting, keep_alive)


def test_closing_tells_an_event_source_when_to_come_back() -> None:
    """The wait stands in a `retry:` line inside the event, where browsers look for it."""
    frame = Framer(SSE)(Closing(reason="shutdown", retry=7000))
    assert frame.split(b"\n")[2] == b"retry: 7000"


def test_too_many_gaps_are_cut_and_counted() -> None:
    """Four thousand gaps leave an event under the limit that says how many are not in it."""
    gap = Gap(type="AWS::Some::LongTypeNameOfAResource", region="ap-southeast-2", status="denied")
    event = ScanCompleted(
        scan="s",
        target="t",
        complete=False,
        resources=0,
        shards={"denied": 4000},
        gaps=[gap] * 4000,
        missing_actions=[],
        remedies=[],
        calls=4000,
        ms=1,
    )
    data = data_of(event)
    assert len(data) <= MAX_DATA
    read = json.loads(data)
    assert len(read["gaps"]) > 1000
    assert len(data) > MAX_DATA - 200
    assert len(read["gaps"]) + read["gaps_left_out"] == 4000


def lacking(actions: list[str]) -> ScanCompleted:
    """Make the end of a scan that was refused these, in a thousand shards each way."""
    gap = Gap(type="AWS::EC2::Instance", region="eu-west-1", status="denied", action="a:B")
    return ScanCompleted(
        scan="s",
        target="t",
        complete=False,
        resources=0,
        shards={"denied": 4000},
        gaps=[gap] * 4000,
        missing_actions=actions,
        remedies=[
            Remedy(
                cause="policy",
                actions=actions,
                statements=[Statement(action=actions)],
                role="r",
                account="1",
            )
        ],
        calls=4000,
        ms=1,
    )


def test_remedies_are_kept_before_gaps() -> None:
    """Where not all fits, gaps go first: each had its `shard` event, and remedies have none."""
    read = json.loads(data_of(lacking([f"service:DescribeThings{n}" for n in range(1500)])))
    assert len(read["remedies"][0]["actions"]) == 1500
    assert 0 < len(read["gaps"]) == 4000 - read["gaps_left_out"]


def test_an_end_of_thousands_of_actions_still_fits() -> None:
    """Where not even the actions fit three times they are told once, without their remedies."""
    data = data_of(lacking([f"service:DescribeThings{n}" for n in range(4000)]))
    assert len(data) <= MAX_DATA
    read = json.loads(data)
    assert (len(read["missing_actions"]), read["remedies"]) == (4000, [])
