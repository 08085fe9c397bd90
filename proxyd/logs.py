"""The daemon's own log, to stderr: events and codes, never what a request or AWS said."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from typing import Any

import structlog

get_logger = structlog.stdlib.get_logger


def configure(*, verbose: bool = False) -> None:
    """Log to stderr: laid out for reading on a terminal, JSON lines elsewhere."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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
