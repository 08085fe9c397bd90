"""The recipes in config/: what they log, repeat, keep and let in, and that the tests run them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.faults import LOOPBACK

from .clients import Curl, Tools, curl
from .conftest import NAME
from .cutting import relay
from .fronts import AUTHORIZATION, FRONTS, front
from .streams import MANY, TEXT, WAITING, stream
from .truth import truth

SECRET = "Kanarienvogl"


@pytest.mark.parametrize("name", FRONTS)
async def test_the_logs_tell_nothing(daemon: Daemon, tmp_path: Path, name: str) -> None:
    """Neither the filter nor what lets in is in them, whether a request fails or not."""
    async with AsyncExitStack() as up:
        cutting = await up.enter_async_context(relay(daemon.url, cut_after=100_000))
        async with front(name, tmp_path / name, cutting.url) as before:

            async def ask(type_: str) -> Curl:
                url = stream(before.url, type_, where=f"not name~{SECRET}")
                options = [*before.curl, "--cookie", f"a={SECRET}", "--referer", f"http://{SECRET}"]
                async with curl(url, daemon.token, options) as reading:
                    await reading.until(lambda r: r.over or r.last_sign or r.last == "resource")
                    if type_ != WAITING:
                        await reading.ended()
                return reading

            broken, whole, gone = [await ask(type_) for type_ in (MANY, MANY, WAITING)]
            await up.aclose()
            refused = await ask(MANY)
            await asyncio.sleep(0.2)
    assert (broken.last, whole.last, gone.last) == ("resource", "scan.completed", "resource")
    assert not refused.events
    assert before.logs.count("/v1/stream") >= 4
    assert all(f"{status}" in before.logs for status in (200, 502))
    for secret in (SECRET, daemon.token, "where", "torture:"):
        assert secret not in before.logs


@pytest.mark.parametrize("name", FRONTS)
async def test_a_request_is_never_sent_twice(tmp_path: Path, name: str) -> None:
    """Where proxyd ends a connection without an answer it is asked no second time."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the first request of each connection only, if it asks for that."""
        while head := await _head(reader):
            heads.append(head)
            if b"/first" not in head:
                break
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with (
        await asyncio.start_server(answer, LOOPBACK, 0, limit=1 << 20) as upstream,
        front(name, tmp_path / name, _address(upstream)) as before,
    ):
        for path in ("/first", "/second"):
            async with curl(f"{before.url}{path}", "", [*before.curl, "--fail"]) as reading:
                await reading.ended(5)
    assert [head.split()[1] for head in heads] == [b"/first", b"/second"]
    assert reading.signs == [{"sign": "closed", "code": 22}]


@pytest.mark.parametrize("name", FRONTS)
async def test_a_body_is_passed_on_as_it_comes(tmp_path: Path, name: str) -> None:
    """What a client holds, sent by POST, is not put into a file until all of it is there."""
    half = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"half")
        half.set()
        await reader.readuntil(b"whole")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def body() -> AsyncGenerator[bytes, None]:
        yield b"x" * 100_000 + b"half"
        async with asyncio.timeout(5):
            await half.wait()
        yield b"whole"

    async with (
        await asyncio.start_server(answer, LOOPBACK, 0, limit=1 << 20) as upstream,
        front(name, tmp_path / name, _address(upstream)) as before,
        aiohttp.ClientSession() as session,
        session.post(
            before.url.replace(NAME, LOOPBACK),
            data=body(),
            headers={"Host": NAME},
            ssl=before.trust,
            server_hostname=NAME,
        ) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize("name", FRONTS)
async def test_another_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    """Neither by TLS nor by Host alone is proxyd asked by a name that is not its own."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await _head(reader))
        writer.close()

    async with (
        await asyncio.start_server(answer, LOOPBACK, 0) as upstream,
        front(name, tmp_path / name, _address(upstream)) as before,
    ):
        other = f"https://other.example:{before.port}"
        resolved = ["--resolve", f"other.example:{before.port}:{LOOPBACK}", "--insecure"]
        for url, options in (
            (f"{other}/by-tls", resolved),
            (f"{before.url}/by-host", [*before.curl, "--header", "Host: other.example"]),
            (f"{before.url}/by-its-own", before.curl),
        ):
            async with curl(url, "", [*options, "--output", "/dev/null"]) as reading:
                await reading.ended()
    assert [head.split()[1] for head in heads] == [b"/by-its-own"]


async def test_nginx_can_bring_the_token(daemon: Daemon, tools: Tools, tmp_path: Path) -> None:
    """A browser without one reads the stream, where the line for that is made one."""
    secret = tmp_path / "nginx-authorization.conf"
    secret.write_text(f'proxy_set_header Authorization "Bearer {daemon.token}";\n')

    edit = _replacing(AUTHORIZATION, f"include {secret};")
    async with (
        front("nginx", tmp_path / "nginx", daemon.url, edit) as before,
        tools.reading("chromium", stream(before.url, TEXT)) as reading,
    ):
        await reading.until(lambda r: r.last == "scan.completed")
    assert reading.held() == truth(TEXT)


async def test_a_reload_of_nginx_ends_no_picture(
    daemon: Daemon, tools: Tools, tmp_path: Path
) -> None:
    """Old workers cut their streams after a while, and a browser goes on from where it was."""
    edit = _replacing("worker_shutdown_timeout 30s;", "worker_shutdown_timeout 1s;")
    async with front("nginx", tmp_path / "nginx", daemon.url, edit) as before:
        url = stream(before.url, TEXT, mode="watch")
        async with tools.reading("chromium", url, daemon.token) as reading:
            await reading.until(lambda r: r.last == "scan.completed")
            before.process.send_signal(signal.SIGHUP)
            await reading.until(lambda r: len(r.named("scan.completed")) > 1)
    assert [sign["sign"] for sign in reading.signs] == ["open", "error", "open"]
    assert reading.held() == truth(TEXT)
    assert "reset" not in reading.names()


async def test_caddy_does_not_wait_for_streams(daemon: Daemon, tmp_path: Path) -> None:
    """It stops within its grace period though a stream is open."""
    edit = _replacing("grace_period 10s", "grace_period 1s")
    async with front("caddy", tmp_path / "caddy", daemon.url, edit) as before:
        url = stream(before.url, WAITING)
        async with curl(url, daemon.token, before.curl) as reading:
            await reading.until(lambda r: r.last == "resource")
            before.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(5):
                await before.process.wait()
            await reading.ended(5)


def _replacing(old: str, new: str) -> Callable[[str], str]:
    """Make what replaces something that is in a recipe once."""

    def edit(recipe: str) -> str:
        assert recipe.count(old) == 1
        return recipe.replace(old, new)

    return edit


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _address(server: asyncio.Server) -> str:
    return "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
