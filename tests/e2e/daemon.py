"""Start the real daemon for a test, talk to it over a real socket, stop it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from proxyd.auth import tokens
from proxyd.aws.quota import DEFAULTS
from proxyd.client import Client, ServerEvent
from proxyd.demo.process import end

START_SECONDS = 20.0
COMMAND_SECONDS = 60.0
MAIN = ("-B", "-m", "proxyd")

Events = list[ServerEvent]

FAST = {"rate": 10_000, "burst": 10_000}
UNBOUNDED = {"default": FAST, "services": dict.fromkeys(DEFAULTS, FAST)}
"""An emulator needs no sparing."""


class Daemon:
    """A running `proxyd serve`: its address, a token, and what it wrote."""

    def __init__(self, process: asyncio.subprocess.Process, token: str) -> None:
        self.process = process
        self.token = token
        self.url = ""
        self.config = ""
        self.path = Path()
        self.out: list[str] = []
        self.err: list[str] = []
        self._serving = asyncio.Event()
        self._said = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    @property
    def records(self) -> list[dict[str, Any]]:
        """The audit records so far, as they were written."""
        return [json.loads(line) for line in self.out]

    @property
    def audit(self) -> list[dict[str, Any]]:
        """The audit records of scans so far, each with the names that a test asks by."""
        return [flat(r) for r in self.records if r["metadata"]["event_code"].startswith("scan.")]

    async def started(self) -> None:
        """Wait until it says where it serves."""
        assert self.process.stderr
        self._readers = [asyncio.create_task(self._read(self.process.stderr, self.err))]
        if self.process.stdout is not None:
            self._readers.append(asyncio.create_task(self._read(self.process.stdout, self.out)))
        async with asyncio.timeout(START_SECONDS):
            await self._serving.wait()
        assert self.url, "".join(self.err)

    async def says(self, text: str) -> None:
        """Wait until a line with this text is in its log."""
        async with asyncio.timeout(START_SECONDS):
            while not any(text in line for line in self.err):
                self._said.clear()
                await self._said.wait()

    async def trail(self, scan: str) -> list[dict[str, Any]]:
        """Wait for the two audit records of the stream that had this scan, and return them."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                self._said.clear()
                records = [r for r in self.audit if r["scan"] == scan]
                if len(records) == 2:
                    return records
                await self._said.wait()

    async def over(self) -> dict[str, Any]:
        """Wait until every scan that was started is over, and return the last record of one."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                self._said.clear()
                records = self.audit
                started = sum(record["event"] == "scan.started" for record in records)
                if records and started * 2 == len(records):
                    return records[-1]
                await self._said.wait()

    async def reread(self, text: str, says: str = "configuration taken") -> None:
        """Give it another configuration, and wait for what it says of it."""
        self.path.write_text(filled(text, self.token))
        said = sum(says in line for line in self.err)
        self.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(START_SECONDS):
            while sum(says in line for line in self.err) == said:
                self._said.clear()
                await self._said.wait()

    async def stopped(self) -> int:
        """Wait until it has ended and all that it wrote is read."""
        code = await self.process.wait()
        await asyncio.gather(*self._readers)
        return code

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        async for raw in stream:
            line = raw.decode()
            lines.append(line)
            self._said.set()
            if lines is self.err and '"event": "serving"' in line:
                self.url = json.loads(line)["address"]
                self._serving.set()
        self._serving.set()

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[aiohttp.ClientSession, None]:
        """Open a client that keeps no cookies and follows no redirects by itself."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield session

    @asynccontextmanager
    async def request(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """Make one request on a connection of its own; with "" as token it bears none."""
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        if token == "":
            del headers["Authorization"]
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}{path}", headers=headers, **options) as response,
        ):
            yield response

    async def get(self, path: str, **options: Any) -> tuple[int, bytes]:
        """GET a path, for its status and body."""
        async with self.request("GET", path, **options) as response:
            return response.status, await response.read()

    async def problem(self, path: str, **options: Any) -> dict[str, Any]:
        """GET a path that is refused, for the problem."""
        async with self.request(options.pop("method", "GET"), path, **options) as response:
            assert response.content_type == "application/problem+json"
            problem: dict[str, Any] = json.loads(await response.read())
            assert problem["status"] == response.status
            return problem

    async def scan(self, **parameters: Any) -> Events:
        """Stream to the end and return the events."""
        async with Client(self.url, self.token) as client:
            return [event async for event in client.stream(**parameters)]


@asynccontextmanager
async def running(
    config: Mapping[str, Any] | str,
    directory: Path,
    *,
    environment: Mapping[str, str],
    command: Sequence[str] = MAIN,
    arguments: Sequence[str] = (),
    code: int = 0,
    stdout: int = asyncio.subprocess.PIPE,
) -> AsyncGenerator[Daemon, None]:
    """Run the daemon with this configuration for the time of the block; it ends with `code`."""
    token = tokens.new_token()
    path = directory / "proxyd.toml"
    text = config if isinstance(config, str) else toml(config)
    path.write_text(filled(text, token))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "serve",
        "--config",
        str(path),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "HOME": "/nonexistent", **environment},
        start_new_session=True,
    )
    daemon = Daemon(process, token)
    daemon.config, daemon.path = text, path
    try:
        await daemon.started()
        yield daemon
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_SECONDS):
            assert await daemon.stopped() == code, "".join(daemon.err)
    finally:
        await end(process)


async def ran(
    *words: str,
    environment: Mapping[str, str] | None = None,
    stdin: int = asyncio.subprocess.DEVNULL,
    interrupted: float | None = None,
) -> tuple[int, str, str]:
    """Run a command of proxyd, and return its exit code and what it wrote to stdout and stderr.

    With `interrupted` somebody presses Ctrl-C after so many seconds.
    """
    if interrupted is not None:
        # What a shell starts in the background ignores Ctrl-C, and so would what the tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *MAIN,
        *words,
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "HOME": "/nonexistent", **(environment or {})},
        start_new_session=True,
    )
    try:
        if interrupted is not None:
            await asyncio.sleep(interrupted)
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(COMMAND_SECONDS):
            out, err = await process.communicate()
    finally:
        await end(process)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def eventually(
    ask: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], seconds: float = 30
) -> Any:
    """Ask again and again until the answer is wanted, and return it."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await ask()
            if wanted(answer):
                return answer
            await asyncio.sleep(0.2)


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """Name the parts of an audit record as the code does."""
    return {
        **record["unmapped"],
        "event": record["metadata"]["event_code"],
        "principal": record["actor"]["user"]["name"],
        "peer": next(iter(record["src_endpoint"].values())),
        "account": record["cloud"]["account"]["uid"],
        "outcome": record.get("status_code"),
        "ms": record.get("duration"),
    }


def filled(text: str, token: str) -> str:
    """Put the hash of a token where a configuration has its place."""
    return text.replace("TOKEN_SHA256", tokens.digest(token).hex())


def toml(value: Mapping[str, Any]) -> str:
    """Write tables and arrays of tables, with JSON's way to write what they hold."""
    lines: list[str] = []
    for name, table in value.items():
        rows = table if isinstance(table, list) else [table]
        head = f"[[{name}]]" if isinstance(table, list) else f"[{name}]"
        for row in rows:
            lines.append(head)
            lines += [f"{key} = {_inline(item)}" for key, item in row.items()]
    return "\n".join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def settings(targets: Sequence[Mapping[str, Any]], endpoint: str, **more: Any) -> dict[str, Any]:
    """Return a configuration that lets one principal see all of these targets."""
    return {
        "server": {"listen": "127.0.0.1:0"} | more.pop("server", {}),
        "aws": {"endpoint_url": endpoint, **more.pop("aws", {})},
        "quota": more.pop("quota", UNBOUNDED),
        **more,
        "targets": [dict(target) for target in targets],
        "principals": [{"name": "tester", "token_sha256": "TOKEN_SHA256", "groups": ["all"]}],
        "grants": [{"groups": ["all"], "targets": ["*"], "types": ["*"], "regions": ["*"]}],
    }


def named(events: Events, name: str) -> list[dict[str, Any]]:
    """Return the data of the events of one name."""
    return [event.data for event in events if event.name == name]
