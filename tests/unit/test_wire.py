"""What a socket takes, undone again by the readers of the standard library."""

from __future__ import annotations

import gzip
import io
import zlib
from http.client import HTTPResponse
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyd.events import Closing
from proxyd.sse import FORMATS, NDJSON, SSE, Format
from proxyd.wire import Checksum, Wire

END = b"0\r\n\r\n"
"""The chunk that ends a chunked answer (RFC 9112, 7.1)."""

WIRES = [
    Wire(written, chunked=chunked, gzip=packed)
    for written in FORMATS.values()
    for chunked in (True, False)
    for packed in (True, False)
]
SOME = st.binary(min_size=1, max_size=300)
ANY = st.binary(max_size=300)
LARGE = bytes(range(256)) * 1024


def named(wire: Wire) -> str:
    """Name a case."""
    parts = [wire.written.content_type[-6:], "chunked" * wire.chunked, "gzip" * wire.gzip]
    return "-".join(filter(None, parts))


every_wire = pytest.mark.parametrize("wire", WIRES, ids=named)
every_format = pytest.mark.parametrize("written", FORMATS.values(), ids=lambda f: f.content_type)


class _Answer(io.BytesIO):
    """A socket that holds an answer, as http.client wants one."""

    def makefile(self, *_: Any) -> Self:
        """Open what it holds."""
        return self

    def close(self) -> None:
        """Stay open: what was not read is looked at afterwards."""


def unwrapped(wire: Wire, body: bytes) -> bytes:
    """Take the chunks of an answer apart, as http.client does it; HTTP/1.0 has none."""
    if not wire.chunked:
        return body
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _Answer(head + body)
    response = HTTPResponse(answer)  # type: ignore[arg-type] # it asks for makefile() only
    response.begin()
    content = response.read()
    assert answer.read() == b"", "nothing is left behind the last chunk"
    return content


def content_of(wire: Wire, body: bytes) -> bytes:
    """Return what a client reads; gzip.decompress checks the CRC and the length."""
    content = unwrapped(wire, body)
    return gzip.decompress(content) if wire.gzip else content


def whole(wire: Wire, pieces: list[bytes]) -> bytes:
    """Write a stream of some pieces, as one reader gets it."""
    sent = Checksum.of(wire.written.greeting)
    for piece in pieces:
        sent = sent.then(Checksum.of(piece))
    return b"".join([wire.opening(), *map(wire.pack, pieces), wire.ending(sent)])


# ---- streams


@every_wire
@settings(max_examples=40)
@given(pieces=st.lists(SOME, max_size=6))
def test_a_reader_gets_the_greeting_and_all_pieces_in_order(
    wire: Wire, pieces: list[bytes]
) -> None:
    """Whatever the format, the HTTP version and the coding, the content is the same."""
    assert content_of(wire, whole(wire, pieces)) == wire.written.greeting + b"".join(pieces)


@every_wire
def test_a_stream_without_an_event_is_whole(wire: Wire) -> None:
    """Even one that ends at once is a proper answer."""
    assert content_of(wire, whole(wire, [])) == wire.written.greeting


@every_wire
def test_a_large_piece_is_one_chunk(wire: Wire) -> None:
    """A piece is not cut: it is one chunk, or has nothing around it."""
    packed = wire.pack(LARGE)
    if wire.chunked:
        size, _, rest = packed.partition(b"\r\n")
        assert int(size, 16) == len(rest) - 2
        assert rest.endswith(b"\r\n")
        packed = rest[:-2]
    assert wire.gzip or packed == LARGE
    assert content_of(wire, whole(wire, [LARGE])) == wire.written.greeting + LARGE


@pytest.mark.parametrize("wire", [w for w in WIRES if not w.chunked], ids=named)
def test_http_1_0_gets_bytes_without_chunks(wire: Wire) -> None:
    """Such a client knows no chunks: what it reads is the stream itself."""
    plain = Wire(wire.written, chunked=False)
    assert plain.pack(b"data: {}\n\n") == b"data: {}\n\n"
    packed = whole(wire, [b"data: {}\n\n"])
    assert (zlib.decompress(packed, 31) if wire.gzip else packed).endswith(b"data: {}\n\n")


@pytest.mark.parametrize("wire", [w for w in WIRES if w.chunked], ids=named)
def test_nothing_but_the_end_ends_a_chunked_answer(wire: Wire) -> None:
    """An empty chunk tells the client that all is said: there is one, at the very end."""
    assert not wire.opening().startswith(b"0")
    assert not wire.pack(b"x").startswith(b"0")
    assert wire.ending(Checksum.of(b"x")).endswith(END)
    assert whole(wire, [b"x"]).count(END) == 1


def test_the_opening_is_sent_even_where_there_is_nothing_to_say() -> None:
    """SSE begins with a comment, NDJSON with nothing; a gzip header alone is sent at once, too."""
    assert Wire(SSE).opening() == b"3\r\n:\n\n\r\n"
    assert Wire(SSE, chunked=False).opening() == b":\n\n"
    assert Wire(NDJSON).opening() == Wire(NDJSON, chunked=False).opening() == b""
    packed = Wire(NDJSON, gzip=True)
    assert zlib.decompressobj(31).decompress(unwrapped(packed, packed.opening() + END)) == b""
    assert unwrapped(packed, packed.opening() + END)[:3] == b"\x1f\x8b\x08"


@every_format
def test_only_a_compressed_stream_has_a_trailer(written: Format) -> None:
    """A plain one ends where its last event does."""
    assert Wire(written).ending(Checksum.of(b"x")) == END
    assert Wire(written, chunked=False).ending(Checksum.of(b"x")) == b""


@every_format
def test_an_event_looks_the_same_whatever_it_travels_in(written: Format) -> None:
    """What is written of an event does not depend on how it is sent."""
    frame = written.write(Closing(reason="deadline", retry=1), "e-1")
    for wire in WIRES:
        if wire.written is written:
            assert content_of(wire, whole(wire, [frame])) == written.greeting + frame


# ---- one deflate stream for many


@every_format
@settings(max_examples=100)
@given(pieces=st.lists(SOME, min_size=1, max_size=8), data=st.data())
def test_a_reader_can_join_a_shared_stream_at_any_block(
    written: Format, pieces: list[bytes], data: st.DataObject
) -> None:
    """The same blocks serve who came in the middle: only header and trailer are its own."""
    wire = Wire(written, chunked=False, gzip=True)
    blocks = [wire.pack(piece) for piece in pieces]
    first = data.draw(st.integers(0, len(pieces)))
    last = data.draw(st.integers(first, len(pieces)))
    content = written.greeting + b"".join(pieces[first:last])
    body = wire.opening() + b"".join(blocks[first:last]) + wire.ending(Checksum.of(content))
    assert gzip.decompress(body) == content


@every_format
def test_blocks_of_its_own_and_shared_ones_may_be_mixed(written: Format) -> None:
    """A reader gets its own marks between what all get, and the stream is still one."""
    wire = Wire(written, gzip=True)
    shared = [wire.pack(b"resource " * 50), wire.pack(b"removed " * 50)]
    own = wire.pack(b"mark")
    content = written.greeting + b"resource " * 50 + b"mark" + b"removed " * 50
    body = [wire.opening(), shared[0], own, shared[1], wire.ending(Checksum.of(content))]
    assert content_of(wire, b"".join(body)) == content


@every_format
@given(pieces=st.lists(SOME, min_size=1, max_size=5))
def test_a_block_can_be_read_when_it_arrives(written: Format, pieces: list[bytes]) -> None:
    """No event waits in the decoder for the next one."""
    wire = Wire(written, chunked=False, gzip=True)
    inflate = zlib.decompressobj(31)
    assert inflate.decompress(wire.opening()) == written.greeting
    for piece in pieces:
        assert inflate.decompress(wire.pack(piece)) == piece
        assert not inflate.eof


@given(content=ANY)
def test_the_end_is_the_proper_end_of_the_only_member(content: bytes) -> None:
    """A decoder comes to its end and has nothing left over."""
    wire = Wire(NDJSON, chunked=False, gzip=True)
    inflate = zlib.decompressobj(31)
    parts = [wire.opening(), wire.pack(content), wire.ending(Checksum.of(content))]
    assert b"".join(map(inflate.decompress, parts)) == content
    assert inflate.eof
    assert inflate.unused_data == inflate.unconsumed_tail == b""


@pytest.mark.parametrize("sent", [Checksum.of(b"other"), Checksum(zlib.crc32(b"event"), 6)])
def test_a_trailer_that_is_wrong_would_be_noticed(sent: Checksum) -> None:
    """The decoder of these tests does compare the CRC and the length."""
    wire = Wire(NDJSON, chunked=False, gzip=True)
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(wire.opening() + wire.pack(b"event") + wire.ending(sent))


def test_the_length_in_the_trailer_is_modulo_two_to_the_32() -> None:
    """A stream of more than 4 GiB ends as RFC 1952 says."""
    wire = Wire(NDJSON, chunked=False, gzip=True)
    for times in (1, 2, 3):
        assert wire.ending(Checksum(7, (times << 32) + 5)) == wire.ending(Checksum(7, 5))


def test_compression_is_worth_it() -> None:
    """Ten resources of one kind take less than a third of their size."""
    frames = b"".join(
        b'data: {"arn":"arn:aws:ec2:::thing/%d","tags":{}}\n\n' % n for n in range(10)
    )
    assert len(Wire(SSE, gzip=True).pack(frames)) < len(frames) / 3


# ---- checksums


@given(first=ANY, second=ANY)
def test_checksums_join_as_their_bytes_would(first: bytes, second: bytes) -> None:
    """Joined without the bytes, they are what zlib computes over all of them."""
    assert Checksum.of(first).then(Checksum.of(second)) == Checksum.of(first + second)
    assert Checksum.of(first).crc == zlib.crc32(first)


@given(pieces=st.lists(ANY, max_size=10))
def test_many_checksums_join_one_after_the_other(pieces: list[bytes]) -> None:
    """It begins with that of nothing, and pieces of nothing change nothing."""
    joined = Checksum()
    for piece in pieces:
        joined = joined.then(Checksum.of(piece))
    content = b"".join(pieces)
    assert joined == Checksum(zlib.crc32(content), len(content))


@given(start=ANY, rest=ANY, more=ANY)
def test_a_start_can_be_taken_off(start: bytes, rest: bytes, more: bytes) -> None:
    """Who joined in the middle gets the checksum of what was written since, and goes on from it."""
    since = Checksum.of(start + rest).without(Checksum.of(start))
    assert since == Checksum.of(rest)
    assert since.then(Checksum.of(more)) == Checksum.of(rest + more)


@given(size=st.integers(1, 3_000_000), crc=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_long_pieces_join_as_well(size: int, crc: int) -> None:
    """Lengths of many bits are right too: zlib goes on from any CRC over as many zeros."""
    zeros = Checksum.of(bytes(size))
    assert Checksum(crc, 1).then(zeros) == Checksum(zlib.crc32(bytes(size), crc), size + 1)


def test_streams_beyond_four_gib_are_summed_up() -> None:
    """2^33 zero bytes, doubled from one, are what doubling them in another order gives."""
    doubled = Checksum.of(b"\0")
    for _ in range(33):
        doubled = doubled.then(doubled)
    blocks = Checksum.of(bytes(1 << 20))
    many = Checksum()
    for _ in range(1 << 13):
        many = many.then(blocks)
    assert doubled == many
    assert doubled.length == 1 << 33


def test_wires_of_one_kind_are_one_key() -> None:
    """Readers of the same kind share a view: the wire is a part of its key."""
    assert len({*WIRES, *(Wire(w.written, chunked=w.chunked, gzip=w.gzip) for w in WIRES)}) == 8
