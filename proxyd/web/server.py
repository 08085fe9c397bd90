"""Listen, serve, and go away in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from pathlib import Path

from aiohttp import http_parser, web

from proxyd.errors import ConfigError, StartupError
from proxyd.logs import get_logger
from proxyd.service import Service
from proxyd.settings import Server
from proxyd.web import app
from proxyd.web.protocol import MAX_LINE, Runner

log = get_logger(__name__)

_FIRST_PASSED_FD = 3


async def serve(service: Service, settings: Server, drain_seconds: float) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends it at once.

    Raises:
        StartupError: it can not listen there.

    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise StartupError("aiohttp's C parser is not in use; install aiohttp from a wheel")
    runner = Runner(
        app.build(service, settings.hosts),
        handler_cancellation=True,
        access_log=None,
        max_line_size=MAX_LINE,
        max_field_size=MAX_LINE,
        shutdown_timeout=1.0,
        keepalive_timeout=30.0,
    )
    await runner.setup()
    try:
        site = await _listen(runner, settings)
        stop = _signals()
        log.info("serving", address=_address(runner, settings), scanners=len(service.registry))
        await stop.wait()
        log.info("draining")
        await site.stop()
        await _drain(service, drain_seconds)
    finally:
        await runner.cleanup()
    log.info("stopped")


async def _drain(service: Service, seconds: float) -> None:
    """Tell every stream that it ends, and give it time to say so."""
    try:
        async with asyncio.timeout(seconds):
            await service.drain()
    except TimeoutError:
        log.warning("streams were cut", after_seconds=seconds)


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


async def _listen(runner: Runner, settings: Server) -> web.BaseSite:
    context = _tls(settings)
    site: web.BaseSite
    if int(os.environ.get("LISTEN_PID", "0")) == os.getpid():
        site = web.SockSite(runner, socket.socket(fileno=_FIRST_PASSED_FD), ssl_context=context)
    elif settings.listen.startswith("unix:"):
        site = web.UnixSite(runner, settings.listen.removeprefix("unix:"), ssl_context=context)
    else:
        host, _, port = settings.listen.rpartition(":")
        if not port.isdigit() or not host:
            raise ConfigError(f"server.listen: {settings.listen!r} is not HOST:PORT or unix:/PATH")
        site = web.TCPSite(runner, host.strip("[]"), int(port), ssl_context=context)
    try:
        await site.start()
    except OSError as error:
        raise StartupError(f"can not listen on {settings.listen}: {error.strerror}") from None
    return site


def _address(runner: Runner, settings: Server) -> str:
    """Return where it listens really: port 0 in the configuration means any that is free."""
    for address in runner.addresses:
        if isinstance(address, tuple):
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            return f"{'https' if settings.tls else 'http'}://{host}:{address[1]}"
    return settings.listen


def _tls(settings: Server) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(Path(settings.tls.certificate), Path(settings.tls.key))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"server.tls: {error}") from None
    return context
