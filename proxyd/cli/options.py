"""Options that several commands have, and what they lead to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
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


CONFIGURATION = "proxyd.toml"
"""What a configuration is called where `proxyd init` makes it."""


def named(config_file: Path | None) -> Path:
    """Return the configuration's path, or say how to give one."""
    if config_file is None:
        raise typer.BadParameter(_not_given(Path()))
    return config_file


def _not_given(here: Path) -> str:
    """Say how to give a configuration: who stands beside one is told just that."""
    path, secrets = here / CONFIGURATION, here / "credentials"
    if path.is_file():
        return f"give the configuration: {again(path, secrets if secrets.is_dir() else None)}"
    return (
        "give the configuration with --config FILE or $PROXYD_CONFIG; "
        "`proxyd init DIRECTORY` makes one"
    )


def again(config_file: Path, credentials: Path | None) -> str:
    """Return the options with which another command finds the same files, as a shell reads them.

    What the environment says already is left out, so it may be nothing at all.
    """
    return lacking(config_file, credentials, os.environ)


def lacking(config_file: Path, credentials: Path | None, said: Mapping[str, str]) -> str:
    """Return those options that the environment does not stand for. Pure."""
    words = []
    if not _is_said(config_file, said.get("PROXYD_CONFIG")):
        words += ["--config", quote(str(config_file))]
    if credentials is not None and not _is_said(credentials, said.get("CREDENTIALS_DIRECTORY")):
        words += ["--credentials", quote(str(credentials))]
    return " ".join(words)


def _is_said(path: Path, said: str | None) -> bool:
    return bool(said) and Path(said or "").absolute() == path.absolute()


def installed() -> registry.Registry:
    """Load the scanners that are installed."""
    return registry.load(registry.discover(), models.operations_of)
