"""Rounds of the tools and proxyd on one emulated account, each call made slower."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scan import daemon, reader
from benchmarks.scan.authority import HOST
from benchmarks.scan.processes import environment, finish, module, running
from benchmarks.scan.tools import account, rivals, slow
from benchmarks.scan.tools.rivals import Rival

DELAY = 0.04
STARTED = "proxyd, from its start"
WARM = "proxyd, warm"

_LIMIT_SECONDS = 180.0
_START_SECONDS = 30.0
_TYPES = tuple(
    f"AWS::{service}::*" for service in ("DynamoDB", "EC2", "Lambda", "RDS", "S3", "SNS", "SQS")
)
_SERVICES = (*account.SERVICES, "resourcegroupstaggingapi")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one tool. Times in seconds, memory in bytes; `first` is the first resource."""

    name: str
    wall: float
    first: float
    cpu: float
    peak: int
    calls: int
    resources: int


class Account:
    """The emulated account behind the slow proxy."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://{HOST}:{port}"
        self._port = port

    def calls(self) -> int:
        """Return how many calls came since the last time."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=10)
        connection.request("GET", slow.COUNTS)
        told = json.loads(connection.getresponse().read())
        connection.close()
        return int(told["calls"])


def measure(rounds: int, emulator: Path, notice: Callable[[Run], None]) -> list[Run]:
    """Run the rounds; each begins with another tool than the one before."""
    installed = [(rival, rival.install()) for rival in rivals.RIVALS]
    found = []
    with tempfile.TemporaryDirectory(prefix="proxyd-benchmark-") as name:
        directory = Path(name)
        with _emulated(emulator, directory) as emulated:
            for n in range(rounds):
                for run in _round(n, installed, emulated, directory):
                    notice(run)
                    found.append(run)
    return found


def _round(
    n: int, installed: list[tuple[Rival, Path]], emulated: Account, directory: Path
) -> Iterator[Run]:
    start = n % len(installed)
    for rival, binaries in installed[start:] + installed[:start]:
        yield _run(rival, binaries, emulated, directory)
    yield from _proxyd(emulated, directory)


def _run(rival: Rival, binaries: Path, emulated: Account, directory: Path) -> Run:
    home = directory / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    command = rival.command(binaries, home)
    emulated.calls()
    started = time.monotonic()
    env = rivals.surroundings(home, emulated.endpoint)
    ended = finish(command, env, _LIMIT_SECONDS, cwd=home)
    wall = time.monotonic() - started
    if ended.code:
        raise RuntimeError(f"{rival.name} failed:\n{ended.err}")
    return Run(
        name=rival.name,
        wall=wall,
        first=wall,
        cpu=ended.cpu,
        peak=ended.peak,
        calls=emulated.calls(),
        resources=rival.found(ended.out, home),
    )


def _proxyd(emulated: Account, directory: Path) -> Iterator[Run]:
    config = daemon.settings(
        emulated.endpoint,
        None,
        types=_TYPES,
        services=_SERVICES,
        target={"regions": [*account.REGIONS, "global"]},
    )
    begun = time.monotonic()
    with daemon.serving(directory, config, module_name="proxyd") as served:
        yield _scanned(STARTED, served, emulated, begun)
        served.warmed()
        yield _scanned(WARM, served, emulated, time.monotonic())


def _scanned(name: str, served: daemon.Daemon, emulated: Account, begun: float) -> Run:
    before = 0.0 if name == STARTED else served.usage().cpu
    emulated.calls()
    asked = time.monotonic() - begun
    streamed = reader.read(served)
    used = served.usage()
    return Run(
        name=name,
        wall=asked + streamed.wall,
        first=asked + streamed.first_resource,
        cpu=used.cpu - before,
        peak=used.peak,
        calls=emulated.calls(),
        resources=streamed.completed["resources"],
    )


@contextmanager
def _emulated(executable: Path, directory: Path) -> Generator[Account]:
    """Run the emulator, filled, and the proxy before it."""
    port = _free_port()
    with running(
        [executable], _settings(directory, port), stdout=subprocess.DEVNULL, stderr=2
    ) as emulator:
        _answers(port, emulator)
        account.fill(f"http://{HOST}:{port}")
        command = module("benchmarks.scan.tools.slow", "--port", str(port), "--delay", str(DELAY))
        with running(command, environment(directory), stdout=subprocess.PIPE, stderr=2) as proxy:
            assert proxy.stdout
            yield Account(int(proxy.stdout.readline()))


def _settings(directory: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "s3"),
        "AUTH": "false",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        # Nothing that it starts, or looks for, beyond itself.
        "DOCKER_HOST": f"unix://{directory}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _answers(port: int, emulator: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and emulator.poll() is None:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/_ministack/ready")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the emulator does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
