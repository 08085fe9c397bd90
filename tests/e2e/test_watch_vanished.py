"""Clients that vanish: no FIN, no RST, nothing answers any more."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def test_who_vanishes_is_let_go_within_thirty_seconds(tmp_path: Path) -> None:
    """A network that goes away takes its clients with it: their streams end by themselves."""
    process = await asyncio.create_subprocess_exec(
        # What is begun in a PID namespace ends with it, however this test does.
        *("unshare", "--net", "--pid", "--fork", "--kill-child"),
        *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]),
        *(sys.executable, "-m", "tests.e2e.vanishing", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        seconds = await asyncio.wait_for(process.stdout.readline(), 80)
        assert seconds, (await process.communicate())[1].decode()
        assert float(seconds) <= 30
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
