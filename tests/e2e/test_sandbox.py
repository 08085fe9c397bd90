"""The sandbox, in processes that really enter it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from .conftest import Estate
from .daemon import Daemon, named, running, settings

LAYERS = {
    "no writable files",
    "one thread",
    "no core, no file size",
    "not dumpable",
    "no new privileges",
    "no memory both written and run",
    "landlock",
    "self-test",
}

ESCAPES = {
    "a new file": "open('{dir}/x', 'w')",
    "an existing file": "open('{file}', 'r+')",
    "a truncated file": "os.truncate('{file}', 0)",
    "an appended file": "open('{file}', 'a')",
    "a directory": "os.mkdir('{dir}/d')",
    "a symbolic link": "os.symlink('data', '{dir}/l')",
    "a hard link": "os.link('{file}', '{dir}/h')",
    "a renamed file": "os.rename('{file}', '{dir}/r')",
    "a removed file": "os.remove('{file}')",
    "a fifo": "os.mkfifo('{dir}/f')",
    "a temporary file": "tempfile.TemporaryFile(dir='{dir}')",
    "shared memory": "open('/dev/shm/proxyd-escape', 'w')",
    "a program": "subprocess.run(['/bin/true'])",
    "a port to listen on": "socket.create_server(('127.0.0.1', 0))",
    "a port that is not allowed": "socket.create_connection(('127.0.0.1', 9))",
}

ENTER = (
    "import os, socket, subprocess, tempfile; from proxyd import sandbox;"
    "sandbox.enter('required', [443]);"
)


async def test_the_daemon_says_what_holds(daemon: Daemon) -> None:
    """`/readyz` lists every layer, and none is missing."""
    _, body = await daemon.get("/readyz")
    report = json.loads(body)["sandbox"]
    assert report["mode"] == "required"
    assert set(report["layers"]) == LAYERS
    assert report["missing"] == []


@pytest.mark.parametrize("what", ESCAPES)
def test_no_escape_works(tmp_path: Path, what: str) -> None:
    """Inside, the kernel refuses it; outside, the same line works or is refused by nobody else."""
    file = tmp_path / "file"
    file.write_text("as it was")
    line = ESCAPES[what].format(dir=tmp_path, file=file)
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-B", "-c", f"{ENTER}{line}"], capture_output=True, text=True, check=False
    )
    assert "PermissionError" in done.stderr, done.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert file.read_text() == "as it was"


def test_a_log_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """With standard output on a regular file it does not start, and says what to use instead."""
    config = tmp_path / "proxyd.toml"
    config.write_text('[server]\nlisten = "127.0.0.1:0"\n')
    with (tmp_path / "log").open("w") as log:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "proxyd", "serve", "--config", str(config)],
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "standard output is a regular file; use a pipe or the journal" in done.stderr
    assert (tmp_path / "log").read_text() == ""


async def test_it_can_be_switched_off_and_says_so(estate: Estate, tmp_path: Path) -> None:
    """`sandbox.mode = "off"` serves the same, and `/readyz` says that nothing holds."""
    config = settings(estate.targets, estate.endpoint, sandbox={"mode": "off"})
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        _, body = await daemon.get("/readyz")
        events = await daemon.scan(target=["staging"], type=["AWS::EC2::VPC"])
    assert json.loads(body)["sandbox"] == {"mode": "off", "layers": [], "missing": []}
    assert named(events, "scan.completed")[0]["complete"]


async def test_a_unix_socket(estate: Estate, tmp_path: Path) -> None:
    """`listen = "unix:…"` serves there, inside the sandbox."""
    path = tmp_path / "proxyd.sock"
    config = settings(estate.targets, estate.endpoint, server={"listen": f"unix:{path}"})
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        assert daemon.url == f"unix:{path}"
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
            session.get("http://localhost/healthz") as response,
        ):
            assert await response.json() == {"status": "ok"}
