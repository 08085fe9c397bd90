"""What the kernel sees of a whole scan: nothing is opened for writing, and only sockets written."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import scanners
from tests.e2e.daemon import named, running, settings

from .estate import Canaries
from .test_canary import KEYS, TARGET

TRACE = "--trace=%file,%desc"
OPENING = re.compile(r"\b(?:open|openat|openat2|creat)\(.*O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)")
WRITING = re.compile(r"\b(write|writev|pwrite64|pwritev2?|sendfile|vmsplice)\((\d+)<([^>]*)>")
COPYING = re.compile(r"\b(splice|tee|copy_file_range)\(\d+<[^>]*>,[^<]*?(\d+)<([^>]*)>")
CHANGING = re.compile(
    r"\b(?:mkdir|rmdir|unlink|rename|link|symlink|mknod|f?chmod|[fl]?chown|f?truncate|fallocate"
    r"|[fl]?setxattr|[fl]?removexattr|utimes?|futimes|memfd_create)(?:at|at2|nsat)?\("
)
HARMLESS = re.compile(r"(?:socket|pipe|UNIX|TCP|TCPv6|UDP|anon_inode):?\[|anon_inode:|/dev/null")


class Seen:
    """What a trace has in it."""

    def __init__(self, lines: list[str]) -> None:
        self.opened = [line for line in lines if OPENING.search(line) and not _refused(line)]
        self.changed = [line for line in lines if CHANGING.search(line) and not _refused(line)]
        writes = [
            found
            for line in lines
            for found in (WRITING.search(line), COPYING.search(line))
            if found
        ]
        self.written = len(writes)
        self.elsewhere = [found[0] for found in writes if not HARMLESS.match(found[3])]
        self.read = sum("O_RDONLY" in line for line in lines)


def _refused(line: str) -> bool:
    return "= -1 E" in line


def strace() -> str:
    """Return where it is."""
    found = shutil.which("strace")
    assert found, "strace is missing: apt-get install strace"
    return found


async def test_a_whole_scan_writes_to_sockets_and_the_log_only(tmp_path: Path) -> None:
    """Every call of every thread, from before the scan until after the daemon has ended."""
    async with Canaries(scanners()) as canaries:
        config = settings([TARGET], canaries.url, aws={"read_timeout": 60.0})
        async with running(config, tmp_path, environment=KEYS) as daemon:
            command = (strace(), "-f", "-y", "-s", "0", TRACE, "-p", str(daemon.process.pid))
            tracer = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
            assert tracer.stderr is not None
            first = (await tracer.stderr.readline()).decode()
            assert "attached" in first, first
            reading = asyncio.create_task(tracer.stderr.read())
            events = await daemon.scan(target=["canaries"])
            await daemon.problem("/v1/stream?target=nothing")
        lines = (await reading).decode(errors="replace").splitlines()
        await tracer.wait()
    (done,) = named(events, "scan.completed")
    assert done["resources"] > 500
    seen = Seen(lines)
    assert seen.opened == []
    assert seen.changed == []
    assert seen.elsewhere == []
    assert seen.written > 100, "or it was not looked at"


def test_the_trace_sees_what_it_should(tmp_path: Path) -> None:
    """A file that is written, a directory, an attribute and a memory file are all found in it."""
    script = (
        f"import os; f = open({str(tmp_path / 'x')!r}, 'w'); f.write('x'); f.flush();"
        f"os.mkdir({str(tmp_path / 'd')!r}); os.memfd_create('m');"
        f"os.rename({str(tmp_path / 'x')!r}, {str(tmp_path / 'y')!r});"
        "os.fchmod(f.fileno(), 0o600); read, write = os.pipe(); os.write(write, b'x');"
        "os.splice(read, f.fileno(), 1);"
    )
    done = subprocess.run(
        [strace(), "-f", "-y", "-s", "0", TRACE, sys.executable, "-B", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    seen = Seen(done.stderr.splitlines())
    assert len(seen.opened) == 1
    assert len(seen.changed) == 4
    assert len(seen.elsewhere) == 2
