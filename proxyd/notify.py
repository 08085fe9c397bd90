"""What systemd is told (sd_notify(3)), on a socket that is open before the sandbox is entered."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from socket import AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, socket

from proxyd.errors import StartupError


class Notify:
    """Tells the service manager that started this process how it is; without one, nobody.

    Raises:
        StartupError: the environment names a socket or an interval that can not be used.

    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._watchdog = _seconds(environment)
        address = environment.get("NOTIFY_SOCKET")
        self._socket = _connect(address) if address else None

    def ready(self) -> None:
        """Say that it serves, for the first time or again after a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that it reads its configuration again; `ready` has to follow, come what may."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that it is on its way out."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """Feed the watchdog once."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Put one line into what `systemctl status` shows."""
        self._send(f"STATUS={' '.join(text.split())}")

    async def feed(self, alive: Callable[[], bool]) -> None:
        """Feed the watchdog twice in its interval while `alive()` says so, until cancelled."""
        while self._socket and self._watchdog:
            if alive():
                self.watchdog()
            await asyncio.sleep(self._watchdog / 2)

    def close(self) -> None:
        """Tell nothing any more."""
        if self._socket:
            self._socket.close()

    def _send(self, message: str) -> None:
        if self._socket:
            with suppress(OSError):  # what is lost shows: a start or a watchdog runs out of time
                self._socket.send(message.encode())


def _connect(address: str) -> socket:
    connected = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK)
    try:
        connected.connect(f"\0{address[1:]}" if address[0] == "@" else address)
    except OSError as error:
        connected.close()
        raise StartupError(f"NOTIFY_SOCKET: {address!r}: {error.strerror or error}") from None
    return connected


def _seconds(environment: Mapping[str, str]) -> float:
    if not (text := environment.get("WATCHDOG_USEC", "0")).isdecimal():
        raise StartupError(f"WATCHDOG_USEC: {text!r} is not a number")
    ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(text) / 1_000_000 if ours else 0.0
