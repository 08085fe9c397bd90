"""The running stub, as the runner sees it."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.scan import authority, stub
from benchmarks.scan.processes import environment, module, running, usage


class Counts(NamedTuple):
    """What the stub has seen and used since it was last asked."""

    calls: int
    connections: int
    cpu: float


class Aws:
    """A stub's address and its counts."""

    def __init__(self, pid: int, port: int, authority_file: Path) -> None:
        self.url = f"https://{authority.HOST}:{port}"
        self._pid = pid
        self._port = port
        self._cpu = 0.0
        self._context = ssl.create_default_context(cafile=str(authority_file))

    def counts(self) -> Counts:
        """Return what came since the last time."""
        connection = http.client.HTTPSConnection(
            authority.HOST, self._port, context=self._context, timeout=10
        )
        connection.request("GET", stub.COUNTS)
        told = json.loads(connection.getresponse().read())
        connection.close()
        cpu, self._cpu = self._cpu, usage(self._pid).cpu
        return Counts(told["calls"], told["connections"], self._cpu - cpu)


@contextmanager
def stubbed(directory: Path, *, delay: float, rows: int = 3, instances: int = 0) -> Generator[Aws]:
    """Run a stub for the time of the block; `directory` holds its certificate."""
    command = module(
        "benchmarks.scan.stub",
        *("--certificate", directory / "stub.pem"),
        *("--delay", str(delay), "--rows", str(rows), "--instances", str(instances)),
    )
    with running(command, environment(directory), stdout=subprocess.PIPE, stderr=2) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the stub ended before it served")
        yield Aws(process.pid, int(port), directory / "ca.pem")
