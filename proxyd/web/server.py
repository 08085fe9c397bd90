"""Listen, serve, and go away in order."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import ssl
import stat
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import http_parser, web

from proxyd.errors import ConfigError, StartupError
from proxyd.logs import get_logger
from proxyd.notify import Notify
from proxyd.oidc.login import Login
from proxyd.service import Service
from proxyd.settings import Server
from proxyd.web import app
from proxyd.web.connections import Connections
from proxyd.web.protocol import HEADER_SECONDS, MAX_LINE, Runner, Terms

log = get_logger(__name__)

_FIRST_PASSED_FD = 3
_RESERVE = 256
"""Open files that are left for everything but connections."""

_BACKLOG = 65_535
"""Connections that may wait to be accepted; the kernel has a limit of its own (somaxconn)."""


def listen(settings: Server) -> socket.socket:
    """Open the socket that will be served, before the right to do so is given up.

    Raises:
        StartupError: it can not listen there.

    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return _passed(os.environ.get("LISTEN_FDS", ""))
    try:
        if settings.listen.startswith("unix:"):
            return _listen_unix(settings.listen.removeprefix("unix:"))
        host, port = _host_and_port(settings.listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StartupError(f"can not listen on {settings.listen}: {error.strerror}") from None


def _passed(count: str) -> socket.socket:
    """Take the socket that systemd listens on (sd_listen_fds(3)): one, of streams."""
    if count != "1":
        raise StartupError(f"LISTEN_FDS is {count!r}: the socket unit needs one ListenStream=")
    try:
        passed = socket.socket(fileno=_FIRST_PASSED_FD)
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise StartupError(f"LISTEN_FDS: no socket was passed ({error.strerror})") from None
    if not listens:
        raise StartupError("what systemd passed does not listen: ListenStream= and Accept=no")
    passed.set_inheritable(False)
    return passed


async def serve(
    service: Service,
    login: Login | None,
    settings: Server,
    listener: socket.socket,
    reload: Callable[[], bool],
    *,
    notify: Notify,
) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends it at once.

    SIGHUP has the configuration read again, and the certificate.

    Raises:
        StartupError: the server can not be started.

    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise StartupError("aiohttp's C parser is not in use; install aiohttp from a wheel")
    runner = _runner(service, login)
    await runner.setup()
    try:
        tls = _tls(settings)
        site = _Site(runner, listener, ssl_context=tls, backlog=_BACKLOG)
        stop = _signals()
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGHUP, _reload, reload, settings, tls, notify
        )
        if await _stopped_during(service.discovery.first(), stop):
            return
        await site.start()
        notify.ready()
        log.info("serving", address=_address(listener, settings), scanners=len(service.registry))
        await stop.wait()
        notify.stopping()
        service.streams.draining = True
        log.info("draining")
        await site.stop()
        await _drain(service, service.limits.drain_seconds)
    finally:
        await runner.cleanup()
    log.info("stopped")


def _runner(service: Service, login: Login | None) -> Runner:
    return Runner(
        app.build(service, login),
        Terms(
            Connections(lambda: service.rules.settings, _possible(service.limits.connections)),
            service.limits.write_seconds,
        ),
        handler_cancellation=True,
        access_log=None,
        max_line_size=MAX_LINE,
        max_field_size=MAX_LINE,
        shutdown_timeout=1.0,
        keepalive_timeout=30.0,
        lingering_time=1.0,  # for a body that nobody has read
        auto_decompress=False,  # a small body must not become a large one
    )


async def _stopped_during(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
    """Wait for something, and return whether it is told to stop meanwhile."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stop.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    return stop.is_set()


class _Site(web.SockSite):
    """A site that waits no longer for a TLS handshake than for a request."""

    async def start(self) -> None:
        """Listen."""
        await web.BaseSite.start(self)
        server, context = self._runner.server, self._ssl_context
        assert server is not None
        self._server = await asyncio.get_running_loop().create_server(
            server,
            sock=self._sock,
            ssl=context,
            backlog=self._backlog,
            ssl_handshake_timeout=None if context is None else HEADER_SECONDS,
        )


def _possible(wanted: int) -> int:
    """Return how many connections there can be with the files that may be open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = min(wanted, files - _RESERVE)
    if possible < wanted:
        log.info("fewer connections than configured", connections=possible, open_files=files)
    return possible


async def _drain(service: Service, seconds: float) -> None:
    """Tell every stream that it ends, and give it time to say so."""
    try:
        async with asyncio.timeout(seconds):
            await service.drain()
    except TimeoutError:
        log.warning("streams were cut", after_seconds=seconds)
        service.streams.cut()


def _signals() -> asyncio.Event:
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stop


def _reload(
    reload: Callable[[], bool], settings: Server, tls: ssl.SSLContext | None, notify: Notify
) -> None:
    notify.reloading()
    try:
        if reload() and tls is not None:
            _load_certificate(tls, settings)
    except ConfigError as error:
        log.error("certificate refused, the one before holds on", why=str(error))
    finally:
        notify.ready()


def _listen_unix(path: str) -> socket.socket:
    """Listen on a path; a socket that an earlier run left there is taken away first."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116 - as good as a Path
            os.unlink(path)  # noqa: PTH108
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(_BACKLOG)
    return listener


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not host:
        raise ConfigError(f"server.listen: {address!r} is not HOST:PORT or unix:/PATH")
    return host.strip("[]"), int(port)


def _address(listener: socket.socket, settings: Server) -> str:
    """Return where it listens really: port 0 in the configuration means any that is free."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls else 'http'}://{shown}:{port}"


def _tls(settings: Server) -> ssl.SSLContext | None:
    """Make what new connections are encrypted with; its certificate can be replaced later."""
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls.client_ca is not None:
        context.verify_mode = ssl.CERT_OPTIONAL  # who comes with a token needs none
        try:
            context.load_verify_locations(cafile=settings.tls.client_ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"server.tls.client_ca: {error}") from None
    _load_certificate(context, settings)
    return context


def _load_certificate(context: ssl.SSLContext, settings: Server) -> None:
    assert settings.tls is not None
    try:
        context.load_cert_chain(Path(settings.tls.certificate), Path(settings.tls.key))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"server.tls: {error}") from None
