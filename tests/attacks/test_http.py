"""Requests that are no requests, over real sockets: smuggling, bombs, drips, foreign names."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.fake_aws import fake_aws
from tests.e2e.test_client_certificates import secured
from tests.e2e.test_right_ends import one_vpc
from tests.e2e.test_watch import ALL, KEYS, TARGET
from tests.e2e.watcher import watching

from .raw import Came, exchange

NOWHERE = "http://127.0.0.1:9"
CANARY = "kanarienvogl"
START = b"GET /v1/targets HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Note: kanarienvogl\r\n"
POST = b"POST /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Note: kanarienvogl\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TOO_LATE = 10.0


@asynccontextmanager
async def served(directory: Path, **more: Any) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that never asks AWS."""
    limits = {"connections_per_second": 100_000, "failed_logins": 100_000} | more.pop("limits", {})
    config = settings([TARGET], NOWHERE, limits=limits, **more)
    async with running(config, directory, environment=KEYS) as daemon:
        yield daemon
        assert CANARY not in "".join([*daemon.out, *daemon.err])


def bearer(daemon: Daemon) -> bytes:
    """Write the header that lets in."""
    return f"Authorization: Bearer {daemon.token}\r\n".encode()


SMUGGLING = {
    "CL and TE": POST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "TE and CL": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two CL": POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + SMUGGLED,
    "the same CL twice": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a list of CL": POST + b"Content-Length: 0, 44\r\n\r\n" + SMUGGLED,
    "CL with a sign": POST + b"Content-Length: +0\r\n\r\n" + SMUGGLED,
    "CL with an underscore": POST + b"Content-Length: 1_0\r\n\r\n0123456789" + SMUGGLED,
    "CL in hex": POST + b"Content-Length: 0x0\r\n\r\n" + SMUGGLED,
    "negative CL": POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "CL of other digits (CVE-2025-69224)": POST
    + "Content-Length: \u0660\r\n\r\n".encode()
    + SMUGGLED,
    "huge CL": POST + b"Content-Length: 99999999999999999999\r\n\r\n" + SMUGGLED,
    "TE xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "TE chunked, identity": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + SMUGGLED,
    "TE identity": POST + b"Transfer-Encoding: identity\r\n\r\n" + SMUGGLED,
    "TE with a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two TE": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "folded header": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "bare LF": POST + b"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "bare CR": POST + b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED,
    "NUL in a value": POST + b"X: y\x00z\r\n\r\n" + SMUGGLED,
    "NUL in a name": POST + b"X\x00: y\r\n\r\n" + SMUGGLED,
    "header without a colon": POST + b"kanarienvogl\r\n\r\n" + SMUGGLED,
    "first header begins with a space": b"GET / HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n" + SMUGGLED,
    "HTTP/0.9": b"GET /healthz\r\n\r\n" + SMUGGLED,
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED,
    "HTTP/3.1": b"GET /healthz HTTP/3.1\r\nHost: 127.0.0.1\r\n\r\n" + SMUGGLED,
    "version with more digits": b"GET / HTTP/1.10\r\nHost: 127.0.0.1\r\n\r\n" + SMUGGLED,
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n" + SMUGGLED,
    "two Host": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n" + SMUGGLED,
    "space in the path": b"GET /a b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + SMUGGLED,
    "CR in the path": b"GET /a\rb HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + SMUGGLED,
}
CHUNKS = {
    "LF in a chunk extension (CVE-2024-52304)": b"0;\nx\r\n\r\n",
    "chunk size with a sign": b"+1\r\nx\r\n0\r\n\r\n",
    "negative chunk size": b"-1\r\nx\r\n0\r\n\r\n",
    "chunk size in 0x": b"0x1\r\nx\r\n0\r\n\r\n",
    "huge chunk size": b"fffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "chunk without its line end": b"1\r\nxy0\r\n\r\n",
    "chunk ended by a bare LF": b"1\nx\n0\n\n",
    "trailer that is none (CVE-2025-53643)": b"0\r\nkanarienvogl\r\n\r\n",
    "space after the chunk size": b"1 \r\nx\r\n0\r\n\r\n ",
}


async def test_a_request_that_two_servers_read_differently_is_refused(tmp_path: Path) -> None:
    """400 or 417 at most, closed, and what was smuggled behind it is never answered."""
    async with served(tmp_path) as daemon:
        token = bearer(daemon)
        cases = {
            **SMUGGLING,
            **{
                name: POST + token + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + SMUGGLED
                for name, chunks in CHUNKS.items()
            },
        }
        came = await asyncio.gather(*(exchange(daemon.url, [case]) for case in cases.values()))
        for name, it in zip(cases, came, strict=True):
            assert it.statuses in ([400], []), (name, it)
            assert it.closed, name
            assert CANARY.encode() not in it.said, name


ODD = [
    (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: evil.example:127.0.0.1\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:x\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: \r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: [::1]\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1,evil.example\r\n\r\n", 421),
    (b"GET http://evil.example/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421),
    (b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    (b"GET http://127.0.0.1/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200),
    (b"GET /healthz HTTP/1.1\r\nHost: LocalHost:8080\r\n\r\n", 200),
    (b"TRACE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Note: kanarienvogl\r\n\r\n", 405),
    (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", 421),
    (b"CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: 127.0.0.1:443\r\n\r\n", 404),
    (b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /healthz%0d%0aX-Evil:%20x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 404),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: kanarienvogl\r\n\r\n", 417),
    (
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        200,
    ),
    (
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        200,
    ),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-0\r\n\r\n", 200),
]


async def test_odd_requests_have_their_answer(tmp_path: Path) -> None:
    """Foreign names are 421, odd methods 405, odd paths 404; an upgrade is not made."""
    async with served(tmp_path) as daemon:
        came = await asyncio.gather(
            *(exchange(daemon.url, [request], patience=0.5) for request, _ in ODD)
        )
        for (request, status), it in zip(ODD, came, strict=True):
            assert it.statuses == [status], (request, it)
            assert CANARY.encode() not in it.said
            assert b"X-Evil" not in it.said


async def test_header_bombs(tmp_path: Path) -> None:
    """A field of a megabyte, ten thousand fields, a URL of a megabyte: 400, closed."""
    bombs = [
        START + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
        START + b"".join(b"X%d: y\r\n" % i for i in range(10_000)) + b"\r\n",
        START + b"x" * 1_000_000 + b": y\r\n\r\n",
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"x" * 1_000_000,
        START + b"Cookie: " + b"; ".join(b"c%d=x" % i for i in range(100_000)) + b"\r\n\r\n",
    ]
    async with served(tmp_path) as daemon:
        for bomb in bombs:
            came = await exchange(daemon.url, [bomb])
            assert came.statuses in ([400], [])
            assert came.closed
            assert came.seconds < 1
        assert (await daemon.get("/healthz"))[0] == 200


@pytest.mark.alone
async def test_a_token_of_ten_megabytes_costs_nothing(tmp_path: Path) -> None:
    """It is refused as soon as it is over the limit: under 10 ms of the daemon's time."""
    async with served(tmp_path, aws={"warm_clients": 0}) as daemon:
        bomb = START + b"Authorization: Bearer " + b"x" * 10_000_000 + b"\r\n\r\n"
        await exchange(daemon.url, [bomb])
        before = cpu_seconds(daemon.process.pid)
        rounds = 20
        for _ in range(rounds):
            since = time.perf_counter()
            came = await exchange(daemon.url, [bomb])
            took = time.perf_counter() - since
            assert came.statuses in ([400], [])
            assert came.closed
            assert took < 1
        assert (cpu_seconds(daemon.process.pid) - before) / rounds < 0.010
        most = b"Authorization: Bearer ey" + b"x" * 8000 + b".e30.x\r\n\r\n"
        since = time.perf_counter()
        assert (await exchange(daemon.url, [START + most], patience=0.3)).status == 401


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drip(whole: bytes) -> Iterator[bytes]:
    """Send one byte at a time."""
    for i in range(len(whole)):
        yield whole[i : i + 1]


async def test_whoever_drips_is_cut_off(tmp_path: Path) -> None:
    """Slow headers, slow bodies, no bytes at all: closed within 10 s, with or without a 408."""
    async with served(tmp_path) as daemon:
        token = bearer(daemon)
        body = b"Content-Length: 1000\r\n\r\n{"
        whole = START + token + b"\r\n"

        async def at(pieces: Any, pause: float) -> Came:
            return await exchange(daemon.url, pieces, pause=pause, patience=TOO_LATE + 5)

        def second_request() -> Iterator[bytes]:
            yield whole
            yield from drip(START)

        def after_a_while() -> Iterator[bytes]:
            yield whole
            yield START[:20]

        slow, silent, nothing, second, later, long_body, no_body, dripped = await asyncio.gather(
            at(drip(START + b"X: " + b"y" * 100), 0.5),
            at([START], 0),
            at([], 0),
            at(second_request(), 0.5),
            at(after_a_while(), 0.2),
            at([POST + token + body], 0),
            at([b"POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\n" + token + body], 0),
            at([POST + token + body, *drip(b" " * 100)], 0.5),
        )
        for name, it, statuses in (
            ("headers", slow, [408]),
            ("half a request", silent, [408]),
            ("nothing", nothing, []),
            ("second request", second, [200, 408]),
            ("second request, later", later, [200, 408]),
            ("body", long_body, [408]),
            ("body of nobody's interest", no_body, [201]),
            ("dripping body", dripped, [408]),
        ):
            assert it.statuses == statuses, (name, it)
            assert it.closed, name
            assert it.seconds <= TOO_LATE, (name, it.seconds)


async def test_a_handshake_that_never_comes_is_cut_off(tmp_path: Path) -> None:
    """A TLS connection that says nothing, or half a greeting, is closed within 10 s."""
    async with secured(tmp_path) as it:
        url = it.daemon.url.replace("https", "http")
        came = await asyncio.gather(
            exchange(url, [], patience=TOO_LATE + 5),
            exchange(url, [b"\x16\x03\x01\x02\x00"], patience=TOO_LATE + 5),
        )
        assert all(one.closed and one.seconds <= TOO_LATE for one in came)


async def test_whoever_does_not_read_is_cut_off(tmp_path: Path) -> None:
    """Large answers to one who reads nothing: cut, and the daemon's memory does not grow."""
    async with served(tmp_path, limits={"write_seconds": 1}) as daemon:
        asking = b"GET /v1/scanners HTTP/1.1\r\nHost: 127.0.0.1\r\n" + bearer(daemon) + b"\r\n"
        before = open_files(daemon.process.pid)
        came = [
            asyncio.create_task(exchange(daemon.url, [asking * 200], patience=9, read=False))
            for _ in range(10)
        ]
        await asyncio.sleep(1)
        assert open_files(daemon.process.pid) >= before + 10
        await asyncio.sleep(7.5)
        assert open_files(daemon.process.pid) <= before
        await asyncio.gather(*came)
        assert resident(daemon.process.pid) < 400e6


def open_files(pid: int) -> int:
    """Count the open files of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def resident(pid: int) -> float:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_hundred_thousand_pipelined_requests(tmp_path: Path) -> None:
    """They are answered in order, as fast as they are read, and others are served meanwhile."""
    async with served(tmp_path) as daemon:
        many = [SMUGGLED * 1000] * 100
        flood = asyncio.create_task(exchange(daemon.url, many, patience=6))
        await asyncio.sleep(0.2)
        since = time.monotonic()
        assert (await daemon.get("/v1/targets"))[0] == 200
        assert time.monotonic() - since < 1
        came = await flood
        assert set(came.statuses) == {200}
        assert resident(daemon.process.pid) < 400e6


async def test_a_compressed_body_is_not_unpacked(tmp_path: Path) -> None:
    """CVE-2025-69223: 415, whatever would come out of it."""
    async with served(tmp_path) as daemon:
        for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
            headers = {"Content-Encoding": encoding}
            data = b"\x1f\x8b" + b"\x00" * 1000
            problem = await daemon.problem("/v1/stream", method="POST", data=data, headers=headers)
            assert (problem["status"], problem["code"]) == (415, "unsupported_encoding")


async def test_one_address_can_not_take_all_connections(tmp_path: Path) -> None:
    """Over its rate an address is told 429 at once; over the total everybody is told 503."""
    limits = {"connections_per_second": 2}
    async with served(tmp_path, limits=limits) as daemon:
        came = [await exchange(daemon.url, [SMUGGLED], patience=0.05) for _ in range(30)]
        statuses = [one.status for one in came]
        assert statuses.count(200) >= 18
        refused = [one for one in came if one.status == 429]
        assert len(refused) > 5
        body = json.loads(refused[0].said.partition(b"\r\n\r\n")[2])
        assert body["code"] == "too_many_connections"
        assert b"Retry-After: " in refused[0].said
    async with served(tmp_path, limits={"connections": 5}) as daemon:
        held = [asyncio.create_task(exchange(daemon.url, [], patience=2)) for _ in range(5)]
        await asyncio.sleep(0.5)
        assert (await exchange(daemon.url, [SMUGGLED], patience=0.5)).status == 503
        await asyncio.gather(*held)
        assert (await exchange(daemon.url, [SMUGGLED], patience=0.5)).status == 200


async def test_streams_outlive_the_deadlines(tmp_path: Path) -> None:
    """A watch stream has no header deadline, and counts as a connection."""
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings([TARGET], fake.endpoint, limits={"connections": 2})
        async with running(config, tmp_path, environment=KEYS) as daemon:
            async with watching(daemon, **ALL) as one, watching(daemon, **ALL) as two:
                await asyncio.gather(one.marked(), two.marked())
                assert (await exchange(daemon.url, [SMUGGLED], patience=0.5)).status == 503
                await asyncio.sleep(TOO_LATE + 0.5)
                assert not one.ended.is_set()
                assert not two.ended.is_set()
            await asyncio.sleep(0.2)
            assert (await exchange(daemon.url, [SMUGGLED], patience=0.5)).status == 200
