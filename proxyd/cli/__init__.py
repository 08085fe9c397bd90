"""The command line. Exit codes: 0 good, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys

from proxyd.errors import StartupError, UsageError

INTERRUPTED = 130
"""What a shell calls an end by Ctrl-C: 128 and the number of the signal."""


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on stderr."""
    try:
        # Not above: loading everything takes a while, in which a person may press Ctrl-C as well.
        from proxyd.cli.app import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except StartupError as error:
        sys.stderr.write(f"proxyd: {error}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)
