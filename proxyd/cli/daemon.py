"""`proxyd serve`: build everything, in order, and hand it down."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import uvloop

from proxyd import config, logs, preflight, registry, sandbox, service
from proxyd.audit import sinks
from proxyd.audit.records import ServiceStarted, phrase
from proxyd.audit.trail import Trail
from proxyd.aws import clients, models, organization
from proxyd.aws.access import DESCRIBE_REGIONS
from proxyd.aws.queue import RECEIVE_MESSAGE
from proxyd.aws.shared import Shared
from proxyd.errors import StartupError
from proxyd.metrics import Metrics
from proxyd.notify import Notify
from proxyd.oidc import fetching
from proxyd.oidc.fetching import Fetcher
from proxyd.oidc.issuer import Issuer
from proxyd.oidc.login import Login
from proxyd.registry import Registry
from proxyd.reloading import Reload
from proxyd.settings import Settings
from proxyd.web import server

log = logs.get_logger(__name__)


def run(path: Path, credentials: Path | None, *, verbose: bool) -> None:
    """Serve until told to stop.

    The order matters: everything that has to be read or opened is, then the right to write is
    given up, and only then is there a loop, with its threads.

    Raises:
        StartupError: something is wrong that has to be mended first.

    """
    sys.dont_write_bytecode = True
    logs.configure(verbose=verbose)
    settings = config.load(path, credentials)
    scanners = registry.load(registry.discover(), models.operations_of)
    preflight.check(settings, scanners, path)
    _lift_open_files()
    listener = server.listen(settings.server)
    reached = clients.ports(settings.aws).union(
        sinks.ports(settings.audit), *map(fetching.ports, settings.issuers)
    )
    trail = Trail(settings.audit)
    notify = Notify(os.environ)
    report = sandbox.enter(settings.sandbox.mode, reached)
    log.info("sandbox", mode=report.mode, layers=report.layers, missing=report.missing)
    for warning in report.warnings:
        log.warning("sandbox", why=warning)
    files = path, credentials
    try:
        with closing(notify), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(
                _serve(settings, scanners, listener, report, trail, notify=notify, files=files)
            )
    except StartupError:
        raise
    except Exception as error:  # noqa: BLE001 - Python's own traceback would tell its text
        log.error("failed", **logs.where(error))
        sys.exit(1)


def _lift_open_files() -> None:
    """Take as many open files as are allowed: each stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(
    settings: Settings,
    scanners: Registry,
    listener: socket.socket,
    report: sandbox.Report,
    trail: Trail,
    *,
    notify: Notify,
    files: tuple[Path, Path | None],
) -> None:
    asyncio.get_running_loop().set_exception_handler(_unhandled)
    declared = {op for scanner in scanners.values() for op in scanner.operations}
    async with Shared(
        settings.aws,
        settings.quota,
        {*declared, DESCRIBE_REGIONS, RECEIVE_MESSAGE, *organization.OPERATIONS},
    ) as shared:
        made = service.Service(
            settings,
            scanners,
            aws=shared,
            trail=trail,
            metrics=Metrics(),
            sandbox=report,
            issuers={terms.name: Issuer(terms, Fetcher(terms)) for terms in settings.issuers},
        )
        await trail.begin(_started(settings, scanners, report))
        reload = Reload(*files, settings, made)
        login = _login(settings, made)
        beside = [
            asyncio.create_task(made.discovery.run()),
            asyncio.create_task(made.warm()),
            asyncio.create_task(notify.feed(lambda: trail.turning)),
        ]
        try:
            await server.serve(made, login, settings.server, listener, reload, notify=notify)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await made.stop()
            await trail.end()
        if made.opening.stuck:
            # The loop would wait for ever for a scanner that will not be cancelled.
            os._exit(1)


def _unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waited for, without its text."""
    error = context.get("exception")
    log.error("unhandled", **(logs.where(error) if isinstance(error, BaseException) else {}))


def _started(settings: Settings, scanners: Registry, report: sandbox.Report) -> ServiceStarted:
    return ServiceStarted(
        pid=os.getpid(),
        targets=len(settings.targets),
        scanners=len(scanners),
        sinks=settings.audit.sinks,
        sandbox=report.mode,
        layers=tuple(map(phrase, report.layers)),
        missing=tuple(map(phrase, (*report.missing, *report.warnings))),
    )


def _login(settings: Settings, made: service.Service) -> Login | None:
    terms = settings.login
    if terms is None:
        return None
    issuer = made.issuers[terms.issuer]
    return Login(terms, issuer, Fetcher(issuer.terms))
