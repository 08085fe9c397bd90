"""The sandbox, in processes that really enter it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from proxyd import sandbox
from tests import escape_table

from .conftest import Estate
from .daemon import Daemon, named, running, settings

LAYERS = {
    "no writable files",
    "one thread",
    "no core, no file size",
    "not dumpable",
    "no new privileges",
    "no memory both written and run",
    "landlock",
    "seccomp",
    "self-test",
}


PAGE = escape_table.PAGE

WITHOUT = (
    "from proxyd import sandbox; from proxyd.kernel import {layer};"
    "{layer}.enter = lambda *_: None; sandbox.enter('required', [443])"
)


async def test_the_daemon_says_what_holds(daemon: Daemon) -> None:
    """`/readyz` lists every layer, and none is missing."""
    _, body = await daemon.get("/readyz")
    report = json.loads(body)["sandbox"]
    assert report["mode"] == "required"
    assert set(report["layers"]) == LAYERS
    assert report["missing"] == []


def test_no_escape_works_and_each_layer_is_needed() -> None:
    """The table in docs/sandbox.md is what a run gives: under all layers everything is refused.

    Outside of them every attempt works, so it is they who refuse it; and there is no layer whose
    work another does.
    """
    assert escape_table.BEGIN + escape_table.table() + escape_table.END in PAGE.read_text()
    columns = {layer: escape_table.tried(layer) for layer in ("nothing", "all")}
    assert all(columns["nothing"].values())
    assert not any(columns["all"].values())


@pytest.mark.parametrize("layer", ["landlock", "seccomp"])
def test_it_does_not_start_if_one_gets_out(layer: str) -> None:
    """Without one of its layers an escape works: it is told which, and there is no daemon."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WITHOUT.format(layer=layer)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the sandbox does not hold (self-test: it was possible to " in done.stderr
    assert ("listen on a port" if layer == "landlock" else "set an attribute") in done.stderr


@pytest.mark.parametrize(
    ("swaps", "cgroup", "limit", "told"),
    [
        (["head"], "0::/own", None, False),
        (["head", "/dev/sda2"], "0::/own", "0", False),
        (["head", "/dev/sda2"], "12:memory:/old\n0::/own", "0", False),
        (["head", "/dev/sda2"], "0::/own", "max", True),
        (["head", "/dev/sda2"], "0::/own", None, True),
        (["head", "/dev/sda2"], "12:memory:/old", None, True),
        ([], "", None, False),
    ],
)
def test_swap_is_told_of(
    tmp_path: Path, swaps: list[str], cgroup: str, limit: str | None, *, told: bool
) -> None:
    """Where there is swap, and nothing that forbids it to this process, it is said at the start."""
    (tmp_path / "self").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "swaps").write_text("\n".join(swaps))
    (tmp_path / "self" / "cgroup").write_text(cgroup)
    if limit is not None:
        (tmp_path / "own" / "memory.swap.max").write_text(f"{limit}\n")
    assert sandbox.may_be_swapped(tmp_path, tmp_path) == told


@pytest.mark.parametrize("both", [False, True])
def test_a_log_that_is_a_file_is_refused(tmp_path: Path, *, both: bool) -> None:
    """With standard output on a regular file it does not start, and says what to use instead.

    The reason is told even where it can only be told into that file.
    """
    config = tmp_path / "proxyd.toml"
    config.write_text('[server]\nlisten = "127.0.0.1:0"\n')
    with (tmp_path / "log").open("w") as log:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "proxyd", "serve", "--config", str(config)],
            stdout=log,
            stderr=subprocess.STDOUT if both else subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    told = (tmp_path / "log").read_text() if both else done.stderr
    assert "standard output is a regular file; use a pipe or the journal" in told
    assert both or (tmp_path / "log").read_text() == ""


async def test_it_can_be_switched_off_and_says_so(estate: Estate, tmp_path: Path) -> None:
    """`sandbox.mode = "off"` serves the same, and `/readyz` says that nothing holds."""
    config = settings(estate.targets, estate.endpoint, sandbox={"mode": "off"})
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        _, body = await daemon.get("/readyz")
        events = await daemon.scan(target=["staging"], type=["AWS::EC2::VPC"])
    assert json.loads(body)["sandbox"] == {
        "mode": "off",
        "layers": [],
        "missing": [],
        "warnings": [],
    }
    assert named(events, "scan.completed")[0]["complete"]


async def test_a_unix_socket(estate: Estate, tmp_path: Path) -> None:
    """`listen = "unix:…"` serves there, inside the sandbox."""
    path = tmp_path / "proxyd.sock"
    config = settings(estate.targets, estate.endpoint, server={"listen": f"unix:{path}"})
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        assert daemon.url == f"unix:{path}"
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session,
            session.get("http://localhost/healthz") as response,
        ):
            assert await response.json() == {"status": "ok"}
