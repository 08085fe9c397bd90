"""Options that several commands have, and what they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from proxyd import registry
from proxyd.aws import models

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="PROXYD_CONFIG", help="The TOML configuration.", show_default=False
    ),
]
Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        envvar="CREDENTIALS_DIRECTORY",
        help="The directory that holds one file per secret.",
        show_default=False,
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only these resource types (globs).", show_default=False),
]


def named(config_file: Path | None) -> Path:
    """Return the configuration's path, or say how to give one."""
    if config_file is None:
        raise typer.BadParameter(
            "give the configuration with --config FILE or $PROXYD_CONFIG; "
            "config/proxyd.example.toml is one to start from"
        )
    return config_file


def installed() -> registry.Registry:
    """Load the scanners that are installed."""
    return registry.load(registry.discover(), models.operations_of)
