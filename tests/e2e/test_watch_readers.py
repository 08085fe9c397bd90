"""Readers that break off, come back, stop reading, or are sent away."""

from __future__ import annotations

import asyncio
import signal
import socket
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from proxyd.client import Client, Parser

from .daemon import Daemon
from .fake_aws import Call, vpcs
from .test_watch import ALL, TYPE, Vpcs, kept_live
from .watcher import Watcher, watching

GET = f"/v1/stream?target=fake&type={TYPE}&mode=watch"


async def test_coming_back_brings_what_was_missed_and_no_more(tmp_path: Path) -> None:
    """With the last event id only what has happened since is sent, by header and by parameter."""
    async with kept_live(tmp_path) as (daemon, aws):
        async with watching(daemon, **ALL) as other, watching(daemon, **ALL) as client:
            await client.marked()
            await other.marked()
        aws.names = {"eu-west-1": ["vpc-1", "vpc-5"], "eu-west-2": ["vpc-3"]}
        for way in (
            {"headers": {"Last-Event-ID": client.last_id}},
            {"last_event_id": client.last_id},
        ):
            async with watching(daemon, held=client.held, **ALL, **way) as again:
                await again.until(_holds(again, "vpc-1", "vpc-3", "vpc-5"))
                await again.marked()
                assert "reset" not in again.names
                assert [r["id"] for r in again.named("resource")] == ["vpc-5"]
                assert again.names.count("resource.removed") == 1
                assert again.names[0] == "scan.started"


def _holds(client: Watcher, *ids: str) -> Callable[[], bool]:
    return lambda: client.ids == set(ids)


async def test_coming_back_in_the_middle_of_a_snapshot_brings_the_rest(tmp_path: Path) -> None:
    """Whichever event was the last, the rest follows: nothing is missing and nothing sent twice."""
    async with kept_live(tmp_path) as (daemon, _), watching(daemon, **ALL) as whole:
        await whole.marked()
        await asyncio.sleep(0.5)
        async with watching(daemon, **ALL) as order:
            await order.marked()
        for place, event in enumerate(order.events[:-1]):
            had = order.events[: place + 1]
            held = {e.data["arn"]: e.data for e in had if e.name == "resource"}
            async with watching(daemon, held=held, last_event_id=event.id, **ALL) as rest:
                await rest.marked()
                assert rest.ids == {"vpc-1", "vpc-2", "vpc-3"}
                if event.name != "scan.started":
                    assert rest.names.count("resource") == 3 - len(held)


@pytest.mark.parametrize(
    "last", ["ffffffffffffffff-2000", "nonsense", "-", "1-99999999999999999999"]
)
async def test_what_can_not_be_continued_starts_again(tmp_path: Path, last: str) -> None:
    """An id of another life, another question or none at all: `reset`, then everything."""
    async with (
        kept_live(tmp_path) as (daemon, _),
        watching(daemon, last_event_id=last, **ALL) as client,
    ):
        await client.marked()
        assert client.events[0].name == "reset"
        assert client.ids == {"vpc-1", "vpc-2", "vpc-3"}


async def test_an_id_of_another_question_starts_again(tmp_path: Path) -> None:
    """What one filter has sent says nothing about another."""
    async with (
        kept_live(tmp_path) as (daemon, _),
        watching(daemon, where="id=vpc-1", **ALL) as client,
    ):
        await client.marked()
        async with watching(daemon, last_event_id=client.last_id, **ALL) as other:
            await other.marked()
            assert other.names[0] == "reset"
            assert other.ids == {"vpc-1", "vpc-2", "vpc-3"}


async def test_known_brings_differences_only(tmp_path: Path) -> None:
    """Of what a client holds only what is different is sent, and what is gone."""
    async with kept_live(tmp_path) as (daemon, aws):
        async with watching(daemon, **ALL) as client:
            await client.marked()
        known = {arn: data["hash"] for arn, data in client.held.items()}
        gone = "arn:aws:ec2:eu-west-1:222222222222:vpc/vpc-gone"
        changed = "arn:aws:ec2:eu-west-2:222222222222:vpc/vpc-3"
        known |= {gone: "0" * 24, changed: "1" * 24}
        async with watching(daemon, known=known, held=client.held, **ALL) as again:
            await again.marked()
            assert [r["arn"] for r in again.named("resource")] == [changed]
            assert [r["arn"] for r in again.named("resource.removed")] == [gone]
            aws.names["eu-west-1"] = ["vpc-1"]
            await again.until(lambda: again.ids == {"vpc-1", "vpc-3"})


async def test_a_compressed_stream_is_the_same_stream(tmp_path: Path) -> None:
    """Where gzip is accepted every event still arrives when it happens, and the end is proper."""
    async with (
        kept_live(tmp_path, limits={"stream_seconds": 2.0}) as (daemon, _),
        watching(daemon, **ALL) as plain,
    ):
        await plain.marked()
        raw = await _raw(daemon, GET, "Accept-Encoding: gzip\r\n")
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"content-encoding: gzip" in head.lower()
        inflate = zlib.decompressobj(31)
        events = list(Parser().feed(inflate.decompress(_dechunked(body))))
        assert inflate.eof
        assert not inflate.unused_data
        assert events[-1].name == "closing"
        found = {event.data["id"] for event in events if event.name == "resource"}
        assert found == {"vpc-1", "vpc-2", "vpc-3"}


async def _raw(daemon: Daemon, path: str, headers: str, version: str = "1.1") -> bytes:
    """Send one request and return all that comes, until the other end closes."""
    reader, writer = await _asked(daemon, path, headers, version)
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


async def _asked(
    daemon: Daemon, path: str, headers: str = "", version: str = "1.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*_address(daemon))
    writer.write(
        f"GET {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {daemon.token}\r\n{headers}\r\n".encode()
    )
    return reader, writer


def _address(daemon: Daemon) -> tuple[str, int]:
    parts = urlsplit(daemon.url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def _dechunked(body: bytes) -> bytes:
    content = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            assert body == b"\r\n", "the last chunk ends the stream"
            return content
        content += body[:length]
        assert body[length : length + 2] == b"\r\n"
        body = body[length + 2 :]


async def test_http_1_0_gets_a_stream_without_chunks(tmp_path: Path) -> None:
    """An old client reads until the connection is closed."""
    async with kept_live(tmp_path, limits={"stream_seconds": 1.0}) as (daemon, _):
        raw = await _raw(daemon, GET, "", version="1.0")
        _, _, body = raw.partition(b"\r\n\r\n")
        events = list(Parser().feed(body))
        assert events[0].name == "scan.started"
        assert events[-1].name == "closing"


class Stuck:
    """A reader that reads its first bytes, and then nothing until it is told to."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.rest = b""

    async def open(self, daemon: Daemon) -> None:
        """Connect with a small buffer, and read the beginning."""
        loop = asyncio.get_running_loop()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)  # noqa: FBT003 - it is socket's own way
        await loop.sock_connect(self.socket, _address(daemon))
        request = (
            f"GET {GET} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {daemon.token}\r\n\r\n"
        )
        await loop.sock_sendall(self.socket, request.encode())
        self.rest = await loop.sock_recv(self.socket, 1000)

    async def catch_up(self, client: Watcher, seconds: float) -> None:
        """Read all that comes in some seconds, and apply it."""
        loop = asyncio.get_running_loop()
        parser = Parser()
        data = self.rest.partition(b"\r\n\r\n")[2]
        end = loop.time() + seconds
        while True:
            for event in parser.feed(data):
                client._apply(event)  # noqa: SLF001 - a watcher without a connection of its own
            try:
                async with asyncio.timeout(max(0.0, end - loop.time())):
                    data = await loop.sock_recv(self.socket, 65536)
            except TimeoutError:
                return
            if not data:
                return


@asynccontextmanager
async def busy(
    directory: Path, write_seconds: float, code: int = 0
) -> AsyncGenerator[tuple[Daemon, Vpcs], None]:
    """Run a daemon at whose AWS all of 300 VPCs change with every look."""
    limits = {"write_seconds": write_seconds, "streams_per_principal": 400}
    async with kept_live(directory, limits=limits, code=code) as (daemon, aws):
        aws.names["eu-west-1"] = [f"vpc-{n:04}" for n in range(300)]
        version = 0

        async def answer(call: Call) -> object:
            nonlocal version
            version += 1
            names = aws.names[call.region]
            return vpcs([f"{name}-{version}" for name in names] if names[0] != "still" else names)

        aws.fake.answers["DescribeVpcs"] = answer  # type: ignore[assignment] # it is one
        yield daemon, aws


async def test_a_reader_that_stops_is_cut_and_slows_nobody(tmp_path: Path) -> None:
    """Stuck readers go after `write_seconds`; one that reads on all the while loses nothing."""
    async with busy(tmp_path, write_seconds=3.0) as (daemon, aws):
        stuck = [Stuck() for _ in range(20)]
        for reader in stuck:
            await reader.open(daemon)
        async with watching(daemon, **ALL) as healthy:
            await healthy.marked(5)
            await healthy.until(lambda: len(_ended(daemon)) == len(stuck), 30)
            assert set(_ended(daemon)) == {"slow"}
            aws.names = {"eu-west-1": ["still"], "eu-west-2": ["still"]}
            await healthy.until(lambda: healthy.ids == {"still"})
            assert "reset" not in healthy.names
        for reader in stuck:
            reader.socket.close()


def _ended(daemon: Daemon) -> list[str]:
    return [row["outcome"] for row in daemon.audit if row["event"] == "scan.ended"]


async def test_a_reader_that_goes_on_gets_the_newest_of_everything(tmp_path: Path) -> None:
    """What it missed while it did not read is not sent in full: it ends up with what is there."""
    async with busy(tmp_path, write_seconds=30.0) as (daemon, aws):
        stuck, behind = Stuck(), Watcher()
        await stuck.open(daemon)
        async with watching(daemon, **ALL) as healthy:
            await healthy.marked(25)
            aws.names = {"eu-west-1": ["still"], "eu-west-2": ["still", "water"]}
            await healthy.until(lambda: healthy.ids == {"still", "water"})
            await stuck.catch_up(behind, 4)
            assert behind.ids == {"still", "water"}
            assert len(behind.events) < len(healthy.events) / 2
        _, text = await daemon.get("/metrics")
        assert b"proxyd_streams_lagged_total 1.0" in text
        stuck.socket.close()


@pytest.mark.alone
async def test_a_thousand_streams_are_all_told_to_go(tmp_path: Path) -> None:
    """SIGTERM: every stream ends whole, with `closing`, spread; the daemon is gone in time."""
    limits = {"streams": 1000, "streams_per_principal": 1000, "drain_seconds": 5.0}
    async with kept_live(tmp_path, limits=limits) as (daemon, _):
        streams = []
        for _ in range(1000):
            reader, writer = await _asked(daemon, GET)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
            assert head.startswith(b"HTTP/1.1 200 ")
            streams.append((reader, writer))
        loop = asyncio.get_running_loop()
        asked = loop.time()
        daemon.process.send_signal(signal.SIGTERM)
        bodies = await asyncio.gather(*(reader.read() for reader, _ in streams))
        assert await daemon.stopped() == 0
        assert loop.time() - asked <= 5.0 + 2.0
        for _, writer in streams:
            writer.close()
    retries = set()
    for body in bodies:
        events = list(Parser().feed(_dechunked(body)))
        assert (events[-1].name, events[-1].data["reason"]) == ("closing", "shutdown")
        retries.add(events[-1].data["retry"])
    assert len(retries) > 500
    assert max(retries) - min(retries) > 3000


async def test_a_second_signal_ends_it_now(tmp_path: Path) -> None:
    """Who does not want to wait says so twice."""
    async with busy(tmp_path, write_seconds=30.0, code=1) as (daemon, _):
        stuck = Stuck()
        await stuck.open(daemon)
        async with watching(daemon, **ALL) as healthy:
            await healthy.marked(10)
        daemon.process.send_signal(signal.SIGTERM)
        await daemon.says('"draining"')
        daemon.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(daemon.stopped(), 2) == 1
        stuck.socket.close()


async def test_a_client_that_follows_goes_on_across_restarts_of_its_stream(tmp_path: Path) -> None:
    """The terminal's client comes back when its stream is as old as streams get."""
    async with kept_live(tmp_path, limits={"stream_seconds": 1.5}) as (daemon, aws):
        client = Watcher()
        async with Client(daemon.url, daemon.token) as proxyd, asyncio.timeout(30):
            following = proxyd.follow(**ALL)
            async for event in following:
                client._apply(event)  # noqa: SLF001 - a watcher without a connection of its own
                if event.name == "closing":
                    aws.names["eu-west-2"] = [f"vpc-{client.names.count('closing')}-later"]
                if client.ids == {"vpc-1", "vpc-2", "vpc-2-later"}:
                    break
            await following.aclose()
    assert client.names.count("closing") >= 2
    assert "reset" not in client.names
