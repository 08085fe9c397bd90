"""Where lines go: each sink takes them in the calling thread, and says by OSError that it did not.

What "taken" means: standard output, written to the pipe; journald, its datagram delivered; a unix
socket, written; syslog over TCP or TLS, acknowledged by the other machine's kernel. A call lasts
about `SECONDS` at most, name resolution apart.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import socket
import ssl
import stat
import struct
import termios
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from proxyd import settings
from proxyd.errors import StartupError
from proxyd.logs import get_logger

log = get_logger(__name__)

SECONDS = 1.0
"""Within which a sink has to take what it is given."""

_JOURNAL = "/run/systemd/journal/socket"
_NULL_DEVICE = os.makedev(1, 3)
_PIPE_BUF = 4096
"""Bytes that a pipe takes at once, or not at all (limits.h)."""

_PRIORITY = 13 * 8 + 6
"""Facility "log audit", severity "informational" (RFC 5424, 6.2.1)."""

_VERDICT_SECONDS = 0.3
"""That the other end of a TLS connection has to refuse our certificate in."""

_USER_TIMEOUT = 2000
"""Milliseconds after which the kernel gives up on a peer that acknowledges nothing."""


class Sink(Protocol):
    """What lines can be written to."""

    def send(self, lines: Sequence[bytes]) -> None:
        """Write lines, each without its end.

        After an OSError it is called again with the same lines first.

        Raises:
            OSError: not all of them were taken.

        """

    def check(self) -> None:
        """See whether its other end is still there, while there is nothing to write.

        Raises:
            OSError: it is not.

        """

    def close(self) -> None:
        """Let go of what it holds; it may be used again."""


def make(sink: str, audit: settings.Audit) -> Sink:
    """Make a sink from what the configuration calls it."""
    kind, _, address = sink.partition(":")
    if kind == "stdout":
        return Stdout()
    if kind == "journald":
        return Journald()
    if kind == "unix":
        return Unix(address)
    host, _, port = address.removeprefix("//").rpartition(":")
    return Syslog(host.strip("[]"), int(port), _tls(audit) if kind == "tls" else None)


def ports(audit: settings.Audit) -> frozenset[int]:
    """Return the TCP ports that sinks connect to."""
    return frozenset(int(s.rpartition(":")[2]) for s in audit.sinks if s.startswith(("tcp", "tls")))


class Stdout:
    """Standard output. It is written in pieces that never block, so as not to hang in one."""

    def __init__(self, number: int = 1) -> None:
        """Look at it: where it is closed, whatever is opened next would take its number.

        Raises:
            StartupError: it is closed.

        """
        self._number = number
        self._left = b""
        try:
            found = os.fstat(number)
        except OSError:
            raise StartupError(
                "audit.sinks: standard output is closed; leave it open, or name another sink"
            ) from None
        if stat.S_ISCHR(found.st_mode) and found.st_rdev == _NULL_DEVICE:
            log.warning("standard output is /dev/null: what is audited there is lost")

    def send(self, lines: Sequence[bytes]) -> None:
        """Write lines; what one call could not write, the next goes on with."""
        self._left = self._left or b"".join(line + b"\n" for line in lines)
        until = time.monotonic() + SECONDS
        while self._left:
            self._wait(until)
            written = os.write(self._number, self._left[:_PIPE_BUF])
            self._left = self._left[written:]

    def check(self) -> None:
        """See whether anybody can still read it."""
        if self._poll(select.POLLOUT, 0) & select.POLLERR:
            raise BrokenPipeError(0, "nobody reads it any more")

    def close(self) -> None:
        """Leave it open: it is not ours."""

    def _wait(self, until: float) -> None:
        left = max(0.0, until - time.monotonic())
        if not self._poll(select.POLLOUT, left):
            raise TimeoutError(0, "it is full: nobody reads it")

    def _poll(self, events: int, seconds: float) -> int:
        poll = select.poll()
        poll.register(self._number, events)
        return next((found for _, found in poll.poll(seconds * 1000)), 0)


class _Connected(ABC):
    """A sink behind a socket, which is opened when it is needed, and anew when it has failed."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def send(self, lines: Sequence[bytes]) -> None:
        """Write lines."""
        try:
            self._write(self._connected(), lines)
        except OSError:
            self.close()
            raise

    def check(self) -> None:
        """See whether its other end is still there: nothing is ever to be read from it."""
        poll = select.poll()
        poll.register(self._connected(), select.POLLIN | select.POLLRDHUP)
        if any(found & ~select.POLLIN for _, found in poll.poll(0)):
            self.close()
            raise ConnectionResetError(0, "its other end has gone")

    @abstractmethod
    def _open(self) -> socket.socket: ...

    @abstractmethod
    def _write(self, connected: socket.socket, lines: Sequence[bytes]) -> None: ...

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = self._open()
        return self._socket

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Journald(_Connected):
    """The journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

    def __init__(self, path: str = _JOURNAL) -> None:
        super().__init__()
        self._path = path
        self._sent = 0

    def check(self) -> None:
        """See whether there is a journal: a socket of datagrams hears of it by connecting."""
        self.close()
        self._connected()

    def _open(self) -> socket.socket:
        return _connect_unix(self._path, socket.SOCK_DGRAM)

    def _write(self, connected: socket.socket, lines: Sequence[bytes]) -> None:
        for line in lines[self._sent :]:
            connected.send(_entry(line))
            self._sent += 1  # the same lines come again after an error: these are there already
        self._sent = 0


class Unix(_Connected):
    """A unix socket: a stream of lines, or a datagram for each where it takes only these."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._sent = 0

    def _open(self) -> socket.socket:
        try:
            return _connect_unix(self._path, socket.SOCK_STREAM)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
            return _connect_unix(self._path, socket.SOCK_DGRAM)

    def _write(self, connected: socket.socket, lines: Sequence[bytes]) -> None:
        if connected.type == socket.SOCK_STREAM:
            connected.sendall(b"".join(line + b"\n" for line in lines))
        else:
            for line in lines[self._sent :]:
                connected.send(line)
                self._sent += 1
            self._sent = 0


class Syslog(_Connected):
    """Syslog (RFC 5424) over TCP (RFC 6587, octet counting) or TLS (RFC 5425)."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._host = host
        self._port = port
        self._tls = tls

    def _open(self) -> socket.socket:
        opened = socket.create_connection((self._host, self._port), timeout=SECONDS)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT)
            if self._tls is not None:
                opened = self._tls.wrap_socket(opened, server_hostname=self._host)
                _hear(opened, _VERDICT_SECONDS)
        except OSError:
            opened.close()
            raise
        return opened

    def _write(self, connected: socket.socket, lines: Sequence[bytes]) -> None:
        messages = [_message(line) for line in lines]
        connected.sendall(b"".join(b"%d %b" % (len(message), message) for message in messages))
        _acknowledged(connected)
        _hear(connected, 0.0)


def _tls(audit: settings.Audit) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=audit.ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if audit.certificate is not None:
        context.load_cert_chain(audit.certificate, audit.key)
    return context


def _connect_unix(path: str, kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, kind)
    made.settimeout(SECONDS)
    try:
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


def _hear(connected: socket.socket, seconds: float) -> None:
    """Hear whether the other end is content: it says nothing, or that it is not.

    In TLS 1.3 a client is done before its certificate is judged; what it sends then is
    acknowledged by the kernel and read by nobody (RFC 8446, 4.4.2.4).
    """
    connected.settimeout(seconds)
    try:
        if not connected.recv(1):
            raise ConnectionResetError(0, "its other end has hung up")
    except (BlockingIOError, TimeoutError, ssl.SSLWantReadError):
        pass
    finally:
        connected.settimeout(SECONDS)


def _acknowledged(connected: socket.socket) -> None:
    """Wait until nothing that was sent is on its way any more (tcp(7), SIOCOUTQ)."""
    until = time.monotonic() + SECONDS
    wait = 0.0001
    while _unacknowledged(connected):
        if time.monotonic() > until:
            raise TimeoutError(0, "its other end acknowledges nothing")
        time.sleep(wait)
        wait = min(wait * 2, 0.02)


def _unacknowledged(connected: socket.socket) -> int:
    (bytes_left,) = struct.unpack("i", fcntl.ioctl(connected, termios.TIOCOUTQ, bytes(4)))
    return int(bytes_left)


def _message(line: bytes) -> bytes:
    """Write a line as a syslog message; its MSGID is the event's code."""
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    host = socket.gethostname()[:255] or "-"
    head = f"<{_PRIORITY}>1 {at} {host} proxyd {os.getpid()} {_code(line)} - "
    return head.encode("ascii", "replace") + line


def _entry(line: bytes) -> bytes:
    """Write a line as an entry of the journal."""
    fields = {
        "MESSAGE": line.decode("ascii"),
        "PRIORITY": "6",
        "SYSLOG_FACILITY": "13",
        "SYSLOG_IDENTIFIER": "proxyd-audit",
        "PROXYD_EVENT": _code(line),
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode("ascii")


def _code(line: bytes) -> str:
    code: str = json.loads(line)["metadata"]["event_code"]
    return code
