"""The command line. Exit codes: 0 good, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys

from proxyd.cli.app import app
from proxyd.errors import StartupError


def main() -> None:
    """Run the command line; what goes wrong on purpose is one line on stderr."""
    try:
        app()
    except StartupError as error:
        sys.stderr.write(f"proxyd: {error}\n")
        sys.exit(1)
