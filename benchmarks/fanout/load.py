"""The load client, as the runner sees it: compiled, running, and what it tells at its end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.fanout import payload
from benchmarks.fanout.cases import Case
from benchmarks.fanout.server import Server
from benchmarks.scan.processes import environment, running

SOURCE = Path(__file__).with_name("load.c")
_OPENED_A_SECOND = 1000
_CONNECT_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the client saw. Times in microseconds, CPU in seconds.

    Attributes:
        arrived: events that came within the window, whenever they were sent.
        bytes: that came within the window.
        reads: in which they came.
        expected: events sent within the window that any stream got.
        counted: of these, what all streams got; what came twice or out of order is in `again` too.
        lost: what was skipped in a stream; what had not come at the end, to others it had, is late.
        incomplete: streams to which either happened.
        closed: streams that the server ended; `stuck_closed` of those that do not read.
        cpu: of the client, in the window; the busiest thread's share of it in `busiest_thread`.

    """

    streams: int
    stuck: int
    seconds: float
    arrived: int
    bytes: int
    reads: int
    expected: int
    counted: int
    lost: int
    late: int
    incomplete: int
    again: int
    p50_us: int
    p99_us: int
    max_us: int
    closed: int
    stuck_closed: int
    resets: int
    comments: int
    cpu: float
    busiest_thread: float


_FIGURES = tuple(field.name for field in fields(Result))


class Load:
    """A load client that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def reach(self, place: str) -> dict[str, Any]:
        """Wait until it is there, and return what it says then.

        Raises:
            RuntimeError: it ended before; its message says why.

        """
        assert self._process.stdout
        for line in self._process.stdout:
            told: dict[str, Any] = json.loads(line)
            if told["at"] == place:
                return told
        assert self._process.stderr
        raise RuntimeError(self._process.stderr.read().strip() or f"load: not {place}")

    def result(self) -> Result:
        """Wait for its end."""
        told = self.reach("result")
        return Result(**{name: told[name] for name in _FIGURES})


def build(compiler: str, directory: Path) -> Path:
    """Compile it.

    Raises:
        RuntimeError: it does not compile.

    """
    program = directory / "load"
    done = subprocess.run(  # noqa: S603 - the benchmark's own source
        [compiler, "-O2", "-pthread", "-o", program, SOURCE],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{SOURCE} does not compile:\n{done.stderr}")
    return program


@contextmanager
def loading(program: Path, server: Server, case: Case) -> Generator[Load]:
    """Open a case's streams at a server, for the time of the block."""
    command: list[str | Path] = [
        program,
        *("--port", str(server.port), "--path", server.path, "--event", payload.EVENT),
        *("--streams", str(case.streams), "--stuck", str(case.stuck)),
        *("--rate", str(_OPENED_A_SECOND), "--connect-seconds", str(_CONNECT_SECONDS)),
        *("--settle", str(case.settle), "--seconds", str(case.seconds)),
        *("--grace", str(case.grace)),
    ]
    for header in server.headers:
        command += ["--header", header]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with running(command, environment(program.parent), **pipes) as process:
        yield Load(process)
