"""Processes of a benchmark: inheriting nothing, measured, and ended with all their group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
"""The checkout, in which `benchmarks` and `proxyd` are found."""

STOP_SECONDS = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat after the name in brackets (proc(5): fields 14 and 15)."""


class Usage(NamedTuple):
    """What a process has used so far: CPU in seconds, memory in bytes."""

    cpu: float
    rss: int
    peak: int


class Finished(NamedTuple):
    """A process that ran to its end."""

    code: int
    out: str
    err: str
    cpu: float
    peak: int


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all of the environment that a process gets to see."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": "AKIABENCHMARK",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        **(more or {}),
    }


@contextmanager
def running(
    command: Sequence[str | Path], env: Mapping[str, str], *, stdout: int, stderr: int
) -> Generator[subprocess.Popen[str]]:
    """Run a process for the time of the block; then ask it to end, and make it."""
    process = subprocess.Popen(  # noqa: S603 - the benchmark's own command
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=dict(env),
        cwd=ROOT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def module(name: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command that runs a module of the checkout."""
    return [sys.executable, "-m", name, *arguments]


def finish(
    command: Sequence[str | Path], env: Mapping[str, str], seconds: float, cwd: Path = ROOT
) -> Finished:
    """Run a process to its end and return what it said and used, its children included.

    Raises:
        TimeoutError: it took too long, and was ended.

    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=dict(env),
            cwd=cwd,
            text=True,
            start_new_session=True,
        )
        code, used = _waited(process, seconds)
        return Finished(
            code,
            _content(out),
            _content(err),
            used.ru_utime + used.ru_stime,
            used.ru_maxrss * _KIB,
        )


def usage(pid: int) -> Usage:
    """Read what a running process has used: CPU, resident memory and the most of that."""
    proc = Path("/proc") / str(pid)
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    status = dict(
        line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
    )
    return Usage(
        (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS,
        int(status["VmRSS"].split()[0]) * _KIB,
        int(status["VmHWM"].split()[0]) * _KIB,
    )


def _waited(process: subprocess.Popen[str], seconds: float) -> tuple[int, os.struct_rusage]:  # type: ignore[name-defined] # typeshed calls it resource.struct_rusage
    def late(*_: object) -> None:
        raise TimeoutError(f"took over {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        _end(process)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait(STOP_SECONDS)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
