"""Start the AWS emulator, fill it, and stop it so that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import tempfile
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from proxyd.demo.process import converse, end, keep_tail, on_leash, regardless, tail
from proxyd.errors import StartupError

_HERE = Path(__file__).resolve().parent
_START_SECONDS = 30.0
_SEED_SECONDS = 120.0
_ATTEMPTS = 3
_READY = b"GET /_ministack/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
_HOW_TO_GET_IT = (
    "get it with: python3 -m venv .venv-ministack && .venv-ministack/bin/pip install ministack"
    " (`make demo` does it), then pass its path or set PROXYD_EMULATOR"
)


class EmulatorError(StartupError):
    """The emulator can not be had, does not start, or can not be filled."""


def find_emulator(explicit: Path | None = None) -> Path:
    """Return the emulator's executable: the one given, else $PROXYD_EMULATOR, else on PATH.

    Raises:
        EmulatorError: there is none, or it has no interpreter beside it; says how to get one.

    """
    named = explicit or os.environ.get("PROXYD_EMULATOR") or shutil.which("ministack")
    if not named:
        raise EmulatorError(f"there is no `ministack` on PATH; {_HOW_TO_GET_IT}")
    # What is on PATH may be a link to where it lives, with its interpreter beside it.
    executable = Path(named).resolve()
    if not os.access(executable, os.X_OK) or executable.is_dir():
        raise EmulatorError(f"{named} can not be run as the emulator; {_HOW_TO_GET_IT}")
    if not interpreter(executable).exists():
        raise EmulatorError(f"{named} has no `python` beside it; {_HOW_TO_GET_IT}")
    return executable


def interpreter(executable: Path) -> Path:
    """Return the Python of the environment that the executable is installed in."""
    return executable.parent / "python"


class Emulator:
    """A running MiniStack with `AUTH=true`, for as long as the context lasts.

    It listens on a free port of 127.0.0.1, inherits nothing of the environment, and keeps what
    it has to keep in a directory of its own. On leaving the context, however that comes about,
    its processes are ended and the directory is removed.

    Attributes:
        endpoint: where it answers, like `http://127.0.0.1:40123`.

    """

    def __init__(self, executable: Path) -> None:
        self._executable = executable
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._process: Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._output = bytearray()
        self.endpoint = ""

    async def __aenter__(self) -> Self:
        """Start it, and return when it answers.

        Raises:
            EmulatorError: it ended, or did not answer in time; holds the end of its output.

        """
        try:
            await self._start()
        except BaseException:
            # Leaving the context is not called for what never got into it.
            await regardless(self._stop())
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and remove its directory, even if this is cancelled meanwhile."""
        await regardless(self._stop())

    async def seed(
        self, spec: Mapping[str, Any], progress: Callable[[str], object] | None = None
    ) -> dict[str, Any]:
        """Fill it by the specification and return what came of it (see `proxyd.demo.estate`).

        The writing is done by a process of its own. `progress` gets one line at a time.

        Raises:
            EmulatorError: it could not be filled; holds the end of what the process said.

        """
        process = await self._launch_seeding()
        given = json.dumps({**spec, "endpoint": self.endpoint}).encode()
        try:
            async with asyncio.timeout(_SEED_SECONDS):
                code, result, said = await converse(process, given, progress)
        except TimeoutError:
            raise EmulatorError(f"filling the emulator took over {_SEED_SECONDS:.0f} s") from None
        finally:
            await regardless(end(process))
        if code:
            raise EmulatorError(f"the emulator could not be filled:{tail(said)}")
        answer: dict[str, Any] = json.loads(result)
        return answer

    async def _launch_seeding(self) -> Process:
        assert self._directory
        return await asyncio.create_subprocess_exec(
            interpreter(self._executable),
            *("-B", "-m", "estate"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            # Where `estate` is a package by itself, out of reach of proxyd.
            cwd=_HERE,
            env=_environment(self._directory.name),
            start_new_session=True,
        )

    async def _start(self) -> None:
        # Between the moment a port was free and the emulator's binding it, another may take it.
        for _ in range(_ATTEMPTS):
            await self._launch(_free_port())
            if await self._answers():
                return
            if b"already in use" not in self._output:
                break
            await self._stop()
        raise EmulatorError(f"the emulator ended before it answered:{tail(self._output)}")

    async def _launch(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self._output.clear()
        self._directory = tempfile.TemporaryDirectory(prefix="proxyd-emulator-")
        self._process = await asyncio.create_subprocess_exec(
            *on_leash(interpreter(self._executable), self._executable),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            cwd=self._directory.name,
            env={**_environment(self._directory.name), "GATEWAY_PORT": str(port)},
            # Ctrl-C goes to the terminal's whole process group: this one is ended in its turn.
            start_new_session=True,
        )
        assert self._process.stdout
        self._drain = asyncio.create_task(keep_tail(self._process.stdout, self._output))

    async def _answers(self) -> bool:
        """Wait until it answers; false if it has ended instead."""
        assert self._process
        port = int(self.endpoint.rpartition(":")[2])
        try:
            async with asyncio.timeout(_START_SECONDS):
                while self._process.returncode is None:
                    if await _is_ready(port):
                        return True
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise EmulatorError(
                f"the emulator did not answer within {_START_SECONDS:.0f} s:{tail(self._output)}"
            ) from None
        # It has ended, but perhaps not all that it said has been read yet.
        assert self._drain
        await asyncio.wait([self._drain], timeout=1)
        return False

    async def _stop(self) -> None:
        try:
            if self._process:
                await end(self._process)
            if self._drain:
                self._drain.cancel()
                await asyncio.wait([self._drain])
        finally:
            if self._directory:
                self._directory.cleanup()
            self._process = self._drain = self._directory = None


def _environment(directory: str) -> dict[str, str]:
    """Return all of the environment that the emulator and what fills it get to see."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": directory,
        "TMPDIR": directory,
        "STATE_DIR": f"{directory}/state",
        "S3_DATA_DIR": f"{directory}/s3",
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        # A socket that is not there. Left to itself it looks for containers of earlier runs
        # and removes them, and starts some for databases and clusters.
        "DOCKER_HOST": f"unix://{directory}/no-docker.sock",
        # Listeners on fixed ports, which nothing here needs.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _is_ready(port: int) -> bool:
    """Whether the emulator says that it is."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_READY)
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
