"""`proxyd serve`: build everything, in order, and hand it down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import uvloop

from proxyd import config, logs, registry, service
from proxyd.audit import Audit, stdout_sink
from proxyd.aws import models
from proxyd.aws.clients import Clients
from proxyd.aws.regions import everywhere
from proxyd.metrics import Metrics
from proxyd.registry import Registry
from proxyd.settings import Settings
from proxyd.web import server


def run(path: Path, credentials: Path | None, *, verbose: bool) -> None:
    """Serve until told to stop.

    Raises:
        StartupError: something is wrong that has to be mended first.

    """
    logs.configure(verbose=verbose)
    settings = config.load(path, credentials)
    scanners = registry.load(registry.discover(), models.operations_of)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, scanners))


def check(settings: Settings, scanners: Registry) -> None:
    """Check the configuration against the plugins and AWS's regions.

    Raises:
        ConfigError: what is wrong, where, and what was expected.

    """
    partitions = {target.partition for target in settings.targets}
    service.check(settings, scanners, {name: everywhere(name) for name in partitions})


async def _serve(settings: Settings, scanners: Registry) -> None:
    async with Clients(settings.aws) as clients:
        made = service.Service(settings, scanners, clients, Audit([stdout_sink]), Metrics())
        await server.serve(made, settings.server, settings.limits.drain_seconds)
