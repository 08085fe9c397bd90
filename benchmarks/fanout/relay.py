"""proxyd: the real daemon, with one target whose only scanner changes something all the time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.fanout import payload
from benchmarks.fanout.server import PROXYD, Server
from benchmarks.scan import authority, daemon
from benchmarks.scan.aws import stubbed

MODE = "watch"
_REGION = "eu-west-1"
_LONG = 86_400.0

_WATCH: dict[str, Any] = {}
"""The table `[watch]`: left out, so that it is the defaults that are measured."""


@contextmanager
def serving(directory: Path, streams: int) -> Generator[Server]:
    """Run proxyd for the time of the block, before a stub of STS; so many streams may be open."""
    (directory / payload.RATE_FILE).unlink(missing_ok=True)
    authority.issue(directory)
    with stubbed(directory, delay=0.0) as aws:
        settings = daemon.settings(
            aws.url,
            directory / "ca.pem",
            types=(payload.TYPE,),
            services=("ec2",),
            target={"regions": [_REGION]},
            **_limits(streams),
        )
        with daemon.serving(directory, settings, "benchmarks.fanout.serving") as running:
            running.warmed()
            yield Server(
                PROXYD,
                running.pid,
                running.port,
                f"/v1/stream?target=estate&mode={MODE}",
                (f"Authorization: Bearer {running.token}",),
                partial(_publishing, directory),
            )


def _limits(streams: int) -> dict[str, dict[str, Any]]:
    """Lift what would end the scanner, or refuse the streams."""
    limits = {
        "streams": streams,
        "streams_per_principal": streams,
        "shard_seconds": _LONG,
        "scan_seconds": _LONG,
    }
    return {"limits": limits, **({"watch": _WATCH} if _WATCH else {})}


@contextmanager
def _publishing(directory: Path, rate: float) -> Generator[None]:
    """Tell the scanner, which looks for the file."""
    if rate:
        (directory / payload.RATE_FILE).write_text(str(rate))
    yield
