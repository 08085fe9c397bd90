"""A new configuration for a running daemon: validated whole, then taken, or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proxyd import config, preflight
from proxyd.errors import StartupError
from proxyd.logs import get_logger
from proxyd.service import Service
from proxyd.settings import Settings

log = get_logger(__name__)

_AT_START = ("aws", "quota", "watch", "audit", "sandbox", "issuers", "login")
"""Tables that go into parts which are made once, or that the sandbox was made for."""


class Reload:
    """Reads the configuration again when it is called."""

    def __init__(
        self, path: Path, credentials: Path | None, started: Settings, service: Service
    ) -> None:
        self._path = path
        self._credentials = credentials
        self._started = started
        self._service = service

    def __call__(self) -> bool:
        """Take the configuration as it is now, unless something is wrong with it."""
        try:
            settings = config.load(self._path, self._credentials)
            preflight.check(settings, self._service.registry, self._path)
        except StartupError as error:
            self._service.configuration = "refused"
            self._service.not_adopted()
            self._service.metrics.reloads.labels("refused").inc()
            log.error("configuration refused, the one before holds on", why=str(error))
            return False
        ended = self._service.adopt(settings)
        self._service.configuration = "current"
        self._service.metrics.reloads.labels("taken").inc()
        log.info("configuration taken", streams_ended=ended)
        if later := sorted(self._needs_a_restart(settings)):
            log.warning("some of the configuration needs a restart", tables=later)
        return True

    def _needs_a_restart(self, settings: Settings) -> set[str]:
        tables = {n for n in _AT_START if getattr(settings, n) != getattr(self._started, n)}
        was, now = self._started.server, settings.server
        if msgspec.structs.replace(now, hosts=was.hosts) != was:
            tables.add("server")
        return tables
