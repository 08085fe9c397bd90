"""The log: a line where somebody reads it, and nothing that waits or ends where nobody does."""

from __future__ import annotations

import json
import os
import time

from proxyd.logs import Lines


def test_lines_are_written_whole() -> None:
    """Longer than a pipe takes at once, and with letters that have no place in it."""
    read, write = os.pipe()
    lines = Lines(write)
    lines.info("short")
    lines.error("x" * 10_000)
    lines.msg("\ud800 \u00e9")
    os.close(write)
    with open(read, "rb") as reader:  # noqa: PTH123 - a descriptor has no path
        got = reader.read().splitlines()
    assert got == [b"short", b"x" * 10_000, b"\\ud800 \xc3\xa9"]


def test_a_log_that_is_not_read_holds_up_nothing() -> None:
    """The pipe is full: lines are lost at once, and counted when there is room again."""
    read, write = os.pipe()
    lines = Lines(write)
    since = time.monotonic()
    for _ in range(100):
        lines.info("x" * 1000)
    assert time.monotonic() - since < 1
    os.set_blocking(read, False)
    got = os.read(read, 1 << 20)
    lines.info("after")
    got += os.read(read, 1 << 20)
    whole = [line for line in got.splitlines() if line == b"x" * 1000]
    told = [json.loads(line) for line in got.splitlines() if line.startswith(b"{")]
    assert got.endswith(b"after\n")
    assert told == [{"event": "log lines lost", "count": 100 - len(whole)}]
    os.close(read)
    os.close(write)


def test_a_log_that_is_gone_ends_nothing() -> None:
    """Nobody is at the other end any more, or it is closed: it goes on without."""
    read, write = os.pipe()
    lines = Lines(write)
    os.close(read)
    lines.info("nobody")
    os.close(write)
    lines.info("nothing")
