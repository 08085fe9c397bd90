"""What a wheel holds: the client as it is built, and nothing that it is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).parents[1]


def test_a_wheel_holds_the_client_and_needs_no_node(tmp_path: Path) -> None:
    """The page and its icons are in it; no source of it, and no package of npm."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        static = [info for info in archive.infolist() if "/web/static/" in info.filename]
    assert "proxyd/web/static/index.html" in names
    assert sum(name.endswith(".svg") for name in names) > 100
    assert not any("/client/" in name or "node_modules" in name for name in names)
    assert sum(info.compress_size for info in static) < 700_000
    assert wheel.stat().st_size < 2_000_000


def test_a_wheel_without_npm_is_refused(tmp_path: Path) -> None:
    """It says what to install, instead of making a wheel that shows nothing."""
    with pytest.raises(RuntimeError, match=r"needs npm \(Node 18 or newer\)"):
        hatch_build.build(tmp_path, None)


def test_what_does_not_build_is_told_with_what_npm_said(tmp_path: Path) -> None:
    """Its output is in the error."""
    client = tmp_path / hatch_build.CLIENT
    client.mkdir(parents=True)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho it is broken\nexit 3\n")
    npm.chmod(0o700)
    with pytest.raises(RuntimeError, match=r"npm ci .* failed:\nit is broken"):
        hatch_build.build(tmp_path, str(npm))


def test_a_source_that_is_newer_is_built_again(tmp_path: Path) -> None:
    """Nothing is built twice, and nothing old is packed."""
    source = tmp_path / hatch_build.CLIENT / "src" / "main.tsx"
    built = tmp_path / hatch_build.STATIC / "index.html"
    for path in (source, built):
        path.parent.mkdir(parents=True)
    source.write_text("")
    assert not hatch_build.is_fresh(tmp_path)
    built.write_text("")
    assert hatch_build.is_fresh(tmp_path)
    later = built.stat().st_mtime + 10
    os.utime(source, (later, later))
    assert not hatch_build.is_fresh(tmp_path)
