from __future__ import annotations

from collections.abc import Iterable

import pytest

from proxyd.client import MAX_EVENT, Parser, Refused, ServerEvent
from proxyd.events import Closing, Event, Reset
from proxyd.sse import SSE, Framer

from .fakes import thing


def parsed(chunks: Iterable[bytes]) -> list[ServerEvent]:
    """Feed chunks and collect the events."""
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def stream() -> tuple[str, bytes]:
    """Make a stream as proxyd sends one."""
    framer = Framer(SSE)
    events: list[Event] = [
        thing(tags={"a": "é: \n\n x"}),
        Reset(reason="r"),
        Closing(reason="ended", retry=1),
    ]
    return framer.epoch, SSE.keep_alive + SSE.keep_alive.join(map(framer, events))


def test_a_stream_is_read_back() -> None:
    """Events come out with name, id and data; keep-alives do not come out."""
    epoch, data = stream()
    resource, reset, closing = parsed([data])
    assert resource.name == "resource"
    assert resource.data["tags"] == {"a": "é: \n\n x"}
    assert reset == ServerEvent("reset", f"{epoch}-2", {"reason": "r"})
    assert closing == ServerEvent("closing", f"{epoch}-3", {"reason": "ended", "retry": 1})


def test_chunks_may_be_cut_at_every_byte() -> None:
    """Wherever the network cuts the stream in two, the same events come out."""
    _, data = stream()
    whole = parsed([data])
    for cut in range(len(data) + 1):
        assert parsed([data[:cut], data[cut:]]) == whole, cut


def test_bytes_may_come_one_by_one() -> None:
    """A stream in single bytes is the same stream."""
    _, data = stream()
    assert parsed(bytes([byte]) for byte in data) == parsed([data])


def test_an_event_is_given_with_its_last_byte() -> None:
    """An event is complete at its empty line, not when the next one begins."""
    parser = Parser()
    assert list(parser.feed(b'event: a\nid: 1\ndata: {"b":1}\n')) == []
    assert list(parser.feed(b"\n")) == [ServerEvent("a", "1", {"b": 1})]


def test_what_has_no_data_is_no_event() -> None:
    """Comments and a lone `retry:` are passed over; a comment inside an event is too."""
    assert parsed([b":\n\nretry: 5\n\n: hello\n\n"]) == []
    assert parsed([b":x\nevent:a\n:y\ndata:{}\n\n"]) == [ServerEvent("a", "", {})]
    assert parsed([b"data: {}\n\n"]) == [ServerEvent("message", "", {})]


def test_an_event_without_end_is_given_up() -> None:
    """A server that never ends an event does not fill the client's memory."""
    parser = Parser()
    assert list(parser.feed(b"x" * MAX_EVENT)) == []
    with pytest.raises(ValueError, match="an event without end"):
        list(parser.feed(b"x"))


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        ({"code": "no_such_target", "detail": "no"}, "404 no_such_target: no"),
        ({}, "404 ?: "),
    ],
)
def test_a_refusal_tells_the_code_and_the_detail(problem: dict[str, str], text: str) -> None:
    """What the server said is what the person reads, even where it said nothing."""
    refused = Refused(404, problem)
    assert str(refused) == text
    assert (refused.status, refused.problem) == (404, problem)
