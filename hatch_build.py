"""Builds the web client into the distribution, with the npm that there is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CLIENT = Path("proxyd", "web", "client")
STATIC = Path("proxyd", "web", "static")


class ClientHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own builders differ
    """Runs before a wheel is made, and before a checkout is installed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client, and have the wheel hold it.

        Args:
            version: `standard` for a wheel, `editable` for a checkout.
            build_data: what the wheel is made of.

        Raises:
            RuntimeError: a wheel is to be made, and there is no npm or the client does not build.

        """
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        if not is_fresh(root):
            npm = shutil.which("npm")
            if npm is None and version == "editable":
                self.app.display_warning("npm is not here: proxyd is installed without web client")
                return
            build(root, npm)
        build_data["artifacts"].append(f"/{STATIC}")


def is_fresh(root: Path) -> bool:
    """Whether what was built is newer than all that it was built from."""
    built = root / STATIC / "index.html"
    if not built.exists():
        return False
    sources = [path for path in (root / CLIENT).glob("*") if path.is_file()]
    sources += (root / CLIENT / "src").rglob("*")
    return all(path.stat().st_mtime <= built.stat().st_mtime for path in sources)


def build(root: Path, npm: str | None) -> None:
    """Install what the client is built with, exactly as locked, and build it."""
    if npm is None:
        raise RuntimeError("the web client needs npm (Node 18 or newer) to be built: install it")
    # No package may run anything while it is installed.
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run(  # noqa: S603 - npm, with nothing from outside
            [npm, *command], cwd=root / CLIENT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"npm {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
