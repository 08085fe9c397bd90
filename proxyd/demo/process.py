"""Processes that are started for a while: what they say, and that they end when this one does."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

_TAIL_BYTES = 4096
"""How much of what a process says is kept, to be shown if it fails."""

_STOP_SECONDS = 5.0

# Makes the kernel end the process when the one that started it is gone without a chance to.
_LEASH = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])
"""


def run_until_signalled(main: Coroutine[Any, Any, None]) -> None:
    """Run it to its end; SIGINT and SIGTERM cancel it, which then is how it ends.

    `asyncio.run` alone answers a second Ctrl-C by raising from within the event loop. What the
    loop was about to wake up then never wakes, and the clean-up hangs with it.
    """

    async def cancellable() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        await main

    with suppress(asyncio.CancelledError):
        asyncio.run(cancellable())


def on_leash(python: Path, executable: Path) -> tuple[Path, str, str, str, Path]:
    """Return the command that runs the executable so that it does not outlive this process."""
    return python, "-I", "-c", _LEASH, executable


async def keep_tail(stream: asyncio.StreamReader, kept: bytearray) -> None:
    """Read all that comes, so that the writer never blocks, and keep the end of it."""
    while chunk := await stream.read(_TAIL_BYTES):
        kept += chunk
        del kept[:-_TAIL_BYTES]


async def converse(
    process: Process, given: bytes, progress: Callable[[str], object] | None
) -> tuple[int, bytes, bytes]:
    """Give the process its input and pass on, line by line, what it says on stderr.

    Returns:
        Its exit code, all of its output, and the end of what it said.

    """
    assert process.stdin
    assert process.stdout
    assert process.stderr
    with suppress(ConnectionError):  # it ended before it had read all, and says why
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()
    output, said = asyncio.create_task(process.stdout.read()), bytearray()
    try:
        async for line in process.stderr:
            said += line
            del said[:-_TAIL_BYTES]
            if progress:
                progress(line.decode(errors="replace").rstrip())
        result = await output
    finally:
        output.cancel()
    return await process.wait(), result, bytes(said)


async def end(process: Process) -> None:
    """End the process and all of its group: first asked, then made to.

    It must have been started with `start_new_session`, else the group is one's own.
    """
    try:
        if process.returncode is None:
            _signal(process, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
    finally:
        # The group outlives its leader where children do.
        _signal(process, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def regardless(clean_up: Coroutine[Any, Any, None]) -> None:
    """Await the clean-up to its end even when cancelled, and be cancelled after that."""
    running = asyncio.create_task(clean_up)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])  # which leaves it running when cancelled
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled from running.exception()
    running.result()


def tail(output: bytes | bytearray) -> str:
    """Return the end of an error message: what the process said, if it said something."""
    text = output.decode(errors="replace").strip()
    return f"\n{text}" if text else " it said nothing"
