"""`proxyd demo` and `proxyd watch`, as a person runs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from pathlib import Path

from proxyd.demo.process import end

from .conftest import emulator_path
from .daemon import Daemon

SECONDS = 45


async def test_the_demo_streams_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """It prints a complete stream and what to curl next; Ctrl-C ends it, and all it started."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-m", "proxyd", "demo", "--listen", "127.0.0.1:0"),
        *("--emulator", str(emulator_path())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={"PATH": os.defpath, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(SECONDS):
            said = ""
            while "Ctrl-C ends everything" not in said:
                line = await process.stderr.readline()
                assert line, said
                said += line.decode()
            os.kill(process.pid, signal.SIGINT)
            out = (await process.stdout.read()).decode()
            assert await process.wait() == 0
    finally:
        await end(process)
    assert "curl -N -H 'Authorization: Bearer pxd_" in said
    assert out.count("· complete ·") == 2, _all_but_resources(out)
    assert out.count("  + AWS::") > 300
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - all has ended, nothing waits


async def test_watch_prints_a_stream_and_tells_by_its_exit_code(daemon: Daemon) -> None:
    """`proxyd watch` exits 0 for a complete stream and 1 for a refused one, with the reason."""
    code, out, _ = await _watch(daemon, "--target", "staging", "--type", "AWS::EC2::VPC")
    assert code == 0
    assert "· complete ·" in out
    code, _, err = await _watch(daemon, "--target", "nothing")
    assert code == 1
    assert "no_such_target" in err


def _all_but_resources(out: str) -> str:
    return "\n".join(line for line in out.splitlines() if not line.startswith("  + "))


async def _watch(daemon: Daemon, *arguments: str) -> tuple[int | None, str, str]:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(daemon.token)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-B", "-m", "proxyd", "watch", daemon.url),
            *("--token-file", file.name, *arguments),
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()
