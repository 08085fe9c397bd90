"""The daemon's own log, to stderr: events and codes, never what a request or AWS said."""

from __future__ import annotations

import logging
import os
import select
import sys
import traceback
import warnings
from typing import Any

import structlog

get_logger = structlog.stdlib.get_logger

_PIPE_BUF = 4096
"""Bytes that a pipe takes at once, or not at all (limits.h)."""


class Lines:
    """Writes lines to a descriptor, and never waits for whoever reads it.

    A line that does not fit now is lost, and how many were is the next line: a log that nobody
    reads, or that is gone, must hold up nothing and end nothing.
    """

    def __init__(self, number: int = 2) -> None:
        self._number = number
        self._lost = 0

    def msg(self, message: str) -> None:
        """Write one line."""
        if self._lost and self._write(f'{{"event": "log lines lost", "count": {self._lost}}}'):
            self._lost = 0
        if not self._write(message):
            self._lost += 1

    debug = info = warning = error = critical = log = msg

    def _write(self, line: str) -> bool:
        data = f"{line}\n".encode(errors="backslashreplace")
        try:
            while data and self._takes():
                data = data[os.write(self._number, data[:_PIPE_BUF]) :]
        except OSError:
            return False
        return not data

    def _takes(self) -> bool:
        poll = select.poll()
        poll.register(self._number, select.POLLOUT)
        return bool(poll.poll(0))


def configure(*, verbose: bool = False) -> None:
    """Log to stderr: laid out for reading on a terminal, JSON lines elsewhere."""
    lines = Lines()
    interactive = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if interactive else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if verbose else logging.INFO
        ),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    # Libraries log what they were sent and what they got: none of it may pass.
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logging.raiseExceptions = False
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they quote values, too


def where(error: BaseException) -> dict[str, str]:
    """Describe an unexpected error by its class and the lines it passed: no text, no values."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    lines = (f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "at": " > ".join(lines)}
