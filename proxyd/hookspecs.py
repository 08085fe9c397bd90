"""The hooks that proxyd calls: one, once, at start-up."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from proxyd.model import Scanner

PROJECT = "proxyd"
"""The pluggy project name, and the entry-point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def proxyd_scanners() -> Iterable[Scanner]:
    """Return this plugin's scanners."""
    return ()
