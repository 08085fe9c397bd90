"""The clients: each is started as a person would, and tells what it reads.

| client | how it runs |
|---|---|
| curl | `curl -N`; its bytes are held to the contract |
| chromium | a page's EventSource, in a tab |
| npm's | `node node_clients.mjs NAME URL` |
| PyPI's | `python pypi_clients.py NAME URL` |
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from proxyd.demo.process import end
from proxyd.events import NAMES

from .chromium import Chromium
from .reading import Reading
from .wire import Ndjson, Wire

HERE = Path(__file__).parent
NODE = ("eventsource", "eventsource-parser", "fetch-event-source")
PYPI = ("httpx-sse", "sseclient-py", "aiosseclient", "aiohttp-sse-client")
CLIENTS = ("curl", "chromium", *NODE, *PYPI)

EVENT_NAMES = [*NAMES.values(), *({"resource.removed"} - {*NAMES.values()})]
"""Whoever uses EventSource has to name the events."""

_CHUNK = 65536
_LINE = 8 * 1024 * 1024


class Tools(NamedTuple):
    """What the clients need: a folder with npm's packages, and a browser."""

    node: Path
    browser: Chromium

    @asynccontextmanager
    async def reading(
        self, client: str, url: str, token: str = "", options: Sequence[str] = ()
    ) -> AsyncGenerator[Reading, None]:
        """Have a client read a stream for the time of the block.

        Args:
            client: its name; what follows a comma is the way in which it is used.
            url: what it asks for.
            token: what lets it in.
            options: more for curl.

        """
        async with AsyncExitStack() as stack:
            name = client.partition(",")[0]
            if name == "chromium":
                opened = self.browser.reading(url, token, EVENT_NAMES)
            elif name == "curl":
                opened = curl(url, token, options)
            elif name in NODE:
                opened = lines(self._node(client, url), token)
            else:
                opened = lines([sys.executable, str(HERE / "pypi_clients.py"), client, url], token)
            yield await stack.enter_async_context(opened)

    def _node(self, client: str, url: str) -> list[str]:
        return [found("node", "nodejs"), str(self.node / "node_clients.mjs"), client, url]


def found(executable: str, package: str) -> str:
    """Return where an executable is."""
    path = shutil.which(executable)
    assert path, f"these tests need {executable}: apt-get install {package}"
    return path


def install_node(folder: Path) -> None:
    """Install npm's clients, of exactly the versions that package.json names, into a folder."""
    for name in ("package.json", "node_clients.mjs"):
        shutil.copy(HERE / name, folder)
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
    subprocess.run([found("npm", "npm"), "install", *quiet], cwd=folder, check=True)


class Curl(Reading):
    """What curl has read: bytes, which are held to the contract as they come."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.arrivals: list[float] = []

    async def read(self, process: Process) -> None:
        """Read to the end; the exit code tells whether it was one: 0 is a whole answer."""
        assert process.stdout
        while chunk := await process.stdout.read(_CHUNK):
            self.arrivals.append(time.monotonic())
            for event in self.wire.feed(chunk):
                self.take(event)
        self.take({"sign": "closed", "code": await process.wait()})


class Lines(Reading):
    """What a client tells, line by line."""

    async def read(self, process: Process) -> None:
        """Read to the end."""
        assert process.stdout
        async for line in process.stdout:
            self.take(json.loads(line))


@asynccontextmanager
async def curl(
    url: str, token: str = "", options: Sequence[str] = ()
) -> AsyncGenerator[Curl, None]:
    """Read with `curl -N`."""
    if token:
        options = [*options, "--header", f"Authorization: Bearer {token}"]
    reading = Curl(Ndjson() if any("ndjson" in option for option in options) else Wire())
    async with _running([found("curl", "curl"), "-N", "-sS", *options, url], token, reading):
        yield reading


@asynccontextmanager
async def lines(command: Sequence[str], token: str) -> AsyncGenerator[Lines, None]:
    """Read what a client tells."""
    reading = Lines()
    async with _running(command, token, reading):
        yield reading


@asynccontextmanager
async def _running(
    command: Sequence[str], token: str, reading: Curl | Lines
) -> AsyncGenerator[None, None]:
    """Run a client, and read beside the block; what goes wrong there fails the block."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        env={
            "PATH": "/usr/bin:/bin",
            "PROXYD_TOKEN": token,
            "EVENT_NAMES": ",".join(EVENT_NAMES),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        limit=_LINE,
        start_new_session=True,
    )

    async def read() -> None:
        try:
            await reading.read(process)
        finally:
            reading.end()

    beside = asyncio.create_task(read())
    try:
        yield
    finally:
        if beside.done():
            beside.result()
        beside.cancel()
        await end(process)
