"""Nothing touches a disk, and nothing that was found shows in a log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import CANARY, Estate
from .daemon import named, running, settings
from .watched_daemon import MARK

WATCHED = Path(__file__).with_name("watched_daemon.py")


async def test_nothing_is_opened_for_writing_during_a_whole_scan(
    estate: Estate, tmp_path: Path
) -> None:
    """An audit hook sees no file opened for writing, made, renamed or removed by a full scan."""
    config = settings(estate.targets, estate.endpoint)
    async with running(
        config, tmp_path, environment=estate.environment, command=("-B", str(WATCHED))
    ) as daemon:
        before = len(daemon.err)
        events = await daemon.scan(target=["production", "staging"])
        await daemon.problem("/v1/stream?target=production&where=name~")
    assert all(done["complete"] for done in named(events, "scan.completed"))
    assert [line for line in daemon.err[before:] if MARK in line] == []
    assert os.listdir(tmp_path) == ["proxyd.toml"]  # noqa: PTH208 - it is read, not awaited


def test_the_hook_sees_what_it_should() -> None:
    """The hook that the test above relies on does tell of a file opened for writing."""
    done = subprocess.run(
        [sys.executable, "-B", str(WATCHED), "--prove-it"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{MARK}open '/dev/null'" in done.stderr


async def test_what_is_found_shows_in_no_log_line(estate: Estate, tmp_path: Path) -> None:
    """A word that stands in every name and tag, and in a filter, is in the stream only."""
    config = settings(estate.targets, estate.endpoint)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        events = await daemon.scan(
            target=["production", "staging"], where=f"name~{CANARY} or tag:none=secretfilter"
        )
        await daemon.problem(f"/v1/stream?target=production&where=secretfilter~{CANARY}")
        _, metrics = await daemon.get("/metrics")
    resources = named(events, "resource")
    assert len(resources) > 100
    assert all(CANARY in resource["name"] for resource in resources)
    logs = "".join([*daemon.out, *daemon.err, metrics.decode()])
    assert daemon.out
    for secret in (CANARY, "secretfilter", daemon.token, "external-production", "arn:"):
        assert secret not in logs
