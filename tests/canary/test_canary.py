"""The proof that nothing is kept: canaries in everything, and none of them anywhere but in streams.

`python -m pytest tests/canary` runs it alone.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import secrets
import signal
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import scanners
from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.watcher import watching

from .estate import ACCOUNT, FAULTS, HANG_SECONDS, MARK, REGION, Canaries
from .searching import changed_since, holding, names_since

pytestmark = pytest.mark.timeout(300)

WORD = f"nachtigall{secrets.token_hex(6)}"
"""Another one each time, so that no source file, and no other test's file, has it."""

HEADERS = {
    name: f"{WORD}-{name.lower()}"
    for name in (
        *("User-Agent", "Referer", "X-Request-ID", "X-Forwarded-For", "X-Forwarded-User", "Via"),
        *("Traceparent", "Accept-Language", "X-Amz-Security-Token", "Cookie", "From", "Pragma"),
    )
}
FILTER = f"{WORD}-filter"
EXTERNAL_ID = f"{WORD}-external-id"
PATTERNS = (MARK, re.compile(WORD.encode()))
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": f"{WORD}-secret"}
TARGET = {
    "name": "canaries",
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/proxyd-read",
    "external_id": EXTERNAL_ID,
    "regions": [REGION],
}
SNAPSHOT = {"target": ["canaries"]}


class Left:
    """What a daemon has left: what it said, and the streams that it sent."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.streamed: set[bytes] = set()
        self.since = time.time()

    def take(self, daemon: Daemon) -> None:
        """Take what it wrote."""
        self.said += [*daemon.out, *daemon.err]


@pytest.fixture(autouse=True)
def cores() -> Generator[None, None, None]:
    """Let processes that are started here leave a core, if nothing forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@asynccontextmanager
async def started(
    canaries: Canaries, directory: Path, left: Left, *, code: int = 0, patience: float = 30.0
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that may see all of it, and take what it has said."""
    config = settings(
        [TARGET],
        canaries.url,
        aws={"attempts": 2, "read_timeout": patience},
        watch={"default_seconds": 2.0, "minimum_seconds": 1.0, "calls": 1000.0},
    )
    async with running(config, directory, environment=KEYS, code=code) as daemon:
        try:
            yield daemon
        finally:
            if code == 0:
                _, metrics = await daemon.get("/metrics", headers=HEADERS)
                left.said.append(metrics.decode())
    left.take(daemon)


async def read(daemon: Daemon, left: Left, body: dict[str, Any], *, most: int = 1 << 40) -> int:
    """Read a stream to its end, or so many bytes of it, and note the canaries in it."""
    size, before = 0, b""
    async with daemon.request(
        "POST", "/v1/stream", json=body, headers=HEADERS, timeout=aiohttp.ClientTimeout(total=200)
    ) as response:
        assert response.status == 200
        async for chunk in response.content.iter_any():
            size += len(chunk)
            left.streamed.update(MARK.findall(before + chunk))
            before = chunk[-64:]
            if size >= most:
                break
    return size


async def test_nothing_is_left_anywhere(tmp_path: Path) -> None:
    """Snapshots and watches, over all faults, killed in the middle: the streams have them all.

    Files, their names, logs, metrics, the audit trail and core files have none.
    """
    left = Left()
    async with Canaries(scanners()) as canaries:
        async with started(canaries, tmp_path, left) as daemon:
            await read(daemon, left, SNAPSHOT)
            good = len(left.streamed)
        canaries.faults = True
        async with started(canaries, tmp_path, left, patience=HANG_SECONDS / 2) as daemon:
            await read(daemon, left, {**SNAPSHOT, "where": f"name~v or tag:none={FILTER}"})
            async with watching(daemon, headers=HEADERS, target=["canaries"]) as client:
                await client.until(lambda: "scan.completed" in client.names, 120)
            problem = await daemon.problem(
                f"/v1/stream?target=canaries&where={FILTER}~", headers=HEADERS
            )
            assert problem["status"] == 400
        for number in (signal.SIGABRT, signal.SIGKILL):
            async with started(canaries, tmp_path, left, code=-number) as daemon:
                with pytest.raises((aiohttp.ClientError, asyncio.IncompleteReadError)):
                    await killed_in_the_middle(daemon, left, number)
    assert set(FAULTS) - {"none"} <= canaries.made
    assert good > 5000, "or it was not there to be found"
    said = "\n".join(left.said).encode()
    assert len(left.said) > 10
    assert [match[0] for pattern in PATTERNS for match in pattern.finditer(said)] == []
    # The configuration of the test has the external id in it.
    (tmp_path / "proxyd.toml").unlink()
    found = {path: held for path in changed_since(left.since) if (held := holding(path, PATTERNS))}
    assert found == {}
    assert [
        name for name in names_since(left.since) if any(p.search(name.encode()) for p in PATTERNS)
    ] == []
    assert list(changed_since(left.since, tmp_path)) == []


async def killed_in_the_middle(daemon: Daemon, left: Left, number: int) -> None:
    """Kill a daemon while it streams: it has sent some, and holds more."""
    async with daemon.request("POST", "/v1/stream", json=SNAPSHOT, headers=HEADERS) as response:
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            left.streamed.update(MARK.findall(chunk))
            if size > 20_000 and daemon.process.returncode is None:
                daemon.process.send_signal(number)
                await daemon.process.wait()
        raise aiohttp.ClientPayloadError("it ended")


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A canary in a file, across two pieces of it, in UTF-16, in a name: each is found."""
    since = time.time() - 1
    mark = b"v%bv" % b"1234567890123"  # in no source file, which others may copy meanwhile
    (tmp_path / "plain").write_bytes(b"x" * 100 + mark)
    (tmp_path / "across").write_bytes(b"x" * ((1 << 20) - 7) + mark)
    (tmp_path / "wide").write_bytes(mark.decode().encode("utf-16-le"))
    (tmp_path / "none").write_bytes(b"v123v")
    found = {path.name for path in changed_since(since, tmp_path) if holding(path, PATTERNS)}
    assert found == {"plain", "across", "wide"}
    (tmp_path / mark.decode()).mkdir()
    assert mark.decode() in set(names_since(since, tmp_path))
    os.utime(tmp_path / "plain", (0, 0))
    assert tmp_path / "plain" in set(changed_since(since, tmp_path)), "whatever its times say"
