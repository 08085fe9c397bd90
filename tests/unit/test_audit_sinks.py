"""Sinks, against real sockets and pipes: what arrives, and what is said when nothing does."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from proxyd import settings
from proxyd.audit import ocsf, sinks
from proxyd.audit.sinks import Journald, Stdout, Syslog, Unix
from proxyd.errors import StartupError
from tests.e2e.faults import Authority
from tests.unit.audited import AT, RUN, SAMPLES

LINES = [
    ocsf.line(record, ocsf.Place(RUN, number, AT)) for number, record in enumerate(SAMPLES[:3])
]
MANY = [LINES[0]] * 2000


class Collector(threading.Thread):
    """What is at the other end of a sink: it keeps all that it reads."""

    def __init__(
        self, listener: socket.socket, tls: ssl.SSLContext | None = None, seconds: float = 0.0
    ) -> None:
        super().__init__(daemon=True)
        self._seconds = seconds
        self.got = b""
        self.datagrams: list[bytes] = []
        self.peers: list[socket.socket] = []
        self.certificates: list[object] = []
        self._listener = listener
        self._tls = tls
        self.start()

    def run(self) -> None:
        """Read until everything is closed."""
        with suppress(OSError):
            if self._listener.type == socket.SOCK_DGRAM:
                while datagram := self._listener.recv(1 << 20):
                    self.datagrams.append(datagram)
            while True:
                peer, _ = self._listener.accept()
                with suppress(OSError):
                    self._read(peer)

    def _read(self, peer: socket.socket) -> None:
        if self._tls is not None:
            secured = self._tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
            self.peers.append(secured)  # to be closed, whatever comes of it
            time.sleep(self._seconds)
            secured.do_handshake()
            self.certificates.append(secured.getpeercert())
            peer = secured
        self.peers.append(peer)
        while some := peer.recv(1 << 16):
            self.got += some

    def hang_up(self) -> None:
        """Close the connection that there is."""
        peer = self.peers[-1]
        with suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)

    def until(self, lines: Sequence[bytes]) -> None:
        """Wait until so many lines have come."""
        end = time.monotonic() + 5
        while len(self.datagrams) < len(lines) and len(self.got) < sum(map(len, lines)):
            assert time.monotonic() < end, len(self.got)
            time.sleep(0.01)


@contextmanager
def collecting(
    listener: socket.socket, tls: ssl.SSLContext | None = None, seconds: float = 0.0
) -> Generator[Collector, None, None]:
    """Collect what is sent to a socket."""
    collector = Collector(listener, tls, seconds)
    try:
        yield collector
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for peer in collector.peers:
            peer.close()


def unix(path: Path, kind: socket.SocketKind) -> socket.socket:
    """Listen on a unix socket."""
    listener = socket.socket(socket.AF_UNIX, kind)
    listener.bind(str(path))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener


def messages(stream: bytes) -> list[bytes]:
    """Take a stream apart by octet counting (RFC 6587, 3.4.1)."""
    found = []
    while stream:
        size, _, rest = stream.partition(b" ")
        found.append(rest[: int(size)])
        stream = rest[int(size) :]
    return found


def test_standard_output_is_lines() -> None:
    """Each line and its end, in order."""
    read, write = os.pipe()
    try:
        Stdout(write).send(LINES)
        assert os.read(read, 1 << 16) == b"".join(line + b"\n" for line in LINES)
    finally:
        os.close(read)
        os.close(write)


def test_a_full_pipe_is_an_error_within_a_second_and_goes_on_where_it_was() -> None:
    """Nobody reads: it says so in time; when it is read again not a byte is lost or doubled."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    sink = Stdout(write)
    wanted = b"".join(line + b"\n" for line in MANY)
    got = b""
    try:
        since = time.monotonic()
        with pytest.raises(TimeoutError):
            sink.send(MANY)
        assert 0.9 < time.monotonic() - since < 1.5
        reader = threading.Thread(target=lambda: sink.send(MANY))
        reader.start()
        while len(got) < len(wanted):
            got += os.read(read, 1 << 16)
        reader.join(5)
        assert got == wanted
        sink.check()
        os.close(read)
        with pytest.raises(BrokenPipeError):
            sink.check()
        with pytest.raises(BrokenPipeError):
            sink.send(LINES)
    finally:
        os.close(write)


def test_the_journals_own_protocol(tmp_path: Path) -> None:
    """An entry for each line, with the fields by which it is found in the journal."""
    path = tmp_path / "journal"
    sink = Journald(str(path))
    with collecting(unix(path, socket.SOCK_DGRAM)) as collector:
        sink.check()
        sink.send(LINES)
        collector.until(LINES)
    entries = [
        dict(row.split("=", 1) for row in d.decode().splitlines()) for d in collector.datagrams
    ]
    assert [entry["MESSAGE"].encode() for entry in entries] == LINES
    assert entries[1]["PROXYD_EVENT"] == "scan.refused"
    assert {entry["SYSLOG_IDENTIFIER"] for entry in entries} == {"proxyd-audit"}
    with pytest.raises(OSError, match=r"refused|No such file"):
        sink.send(LINES)
    path.unlink()
    with collecting(unix(path, socket.SOCK_DGRAM)) as collector:
        sink.send(LINES)  # a journal that was restarted
        collector.until(LINES)
    sink.close()


def test_a_journal_that_takes_nothing(tmp_path: Path) -> None:
    """Its queue is full: an error within a second; what it had is not sent again."""
    path = tmp_path / "journal"
    listener = unix(path, socket.SOCK_DGRAM)
    sink = Journald(str(path))
    since = time.monotonic()
    with pytest.raises(TimeoutError):
        sink.send(MANY)
    assert time.monotonic() - since < 2.5
    with collecting(listener) as collector:
        sink.send(MANY)
        collector.until(MANY)
        assert len(collector.datagrams) == len(MANY)
    sink.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_unix_socket(tmp_path: Path, kind: socket.SocketKind) -> None:
    """A stream of lines, or datagrams where the socket takes only these."""
    path = tmp_path / "audit.sock"
    with collecting(unix(path, kind)) as collector, closing(Unix(str(path))) as sink:
        sink.send(LINES)
        sink.check()
        collector.until(LINES)
    if kind == socket.SOCK_STREAM:
        assert collector.got == b"".join(line + b"\n" for line in LINES)
    else:
        assert collector.datagrams == LINES


def test_a_unix_socket_that_nobody_reads(tmp_path: Path) -> None:
    """It takes what the kernel buffers, and then it is an error within a second."""
    path = tmp_path / "audit.sock"
    with unix(path, socket.SOCK_STREAM), closing(Unix(str(path))) as sink:
        since = time.monotonic()
        with pytest.raises(TimeoutError):
            sink.send(MANY)
        assert time.monotonic() - since < 1.5


def test_syslog_over_tcp() -> None:
    """Messages as RFC 5424 writes them, counted as RFC 6587 does."""
    with collecting(socket.create_server(("127.0.0.1", 0))) as collector:
        port = collector._listener.getsockname()[1]  # noqa: SLF001 - it is ours
        sink = Syslog("127.0.0.1", port, None)
        sink.send(LINES)
        sink.check()
        collector.until(LINES)
        first, *_ = found = messages(collector.got)
        assert [message[message.index(b"{") :] for message in found] == LINES
        assert re.match(
            rb"<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ proxyd \d+ scan\.started - \{",
            first,
        )
        collector.hang_up()
        time.sleep(0.1)
        with pytest.raises(ConnectionError):
            sink.check()
        sink.send(LINES)  # on a new connection
        collector.until(LINES * 2)
        sink.close()


def test_a_syslog_server_that_acknowledges_nothing() -> None:
    """What is only on its way is not taken: an error, in about a second and never more than two."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        since = time.monotonic()
        with pytest.raises(TimeoutError):
            Syslog("127.0.0.1", listener.getsockname()[1], None).send(MANY * 4)
        assert time.monotonic() - since < 2.5
    with pytest.raises(ConnectionRefusedError):
        Syslog("127.0.0.1", 9, None).send(LINES)


def test_syslog_over_tls(tmp_path: Path) -> None:
    """The server has to be whom the configured authority says; it may ask who proxyd is."""
    authority = Authority(tmp_path)
    asking = authority.context()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.bundle)
    own = str(authority.issue("proxyd"))
    with collecting(socket.create_server(("127.0.0.1", 0)), asking) as collector:
        port = collector._listener.getsockname()[1]  # noqa: SLF001 - it is ours
        audit = settings.Audit(
            sinks=(f"tls://127.0.0.1:{port}",),
            ca_bundle=str(authority.bundle),
            certificate=own,
            key=own,
        )
        sink = sinks.make(audit.sinks[0], audit)
        sink.send(LINES)
        sink.check()
        collector.until(LINES)
        assert [json.loads(m[m.index(b"{") :]) for m in messages(collector.got)]
        assert collector.certificates[0]
        sink.close()
        stranger = settings.Audit(sinks=audit.sinks)
        with pytest.raises(ssl.SSLCertVerificationError):
            sinks.make(audit.sinks[0], stranger).send(LINES)


def test_a_server_that_refuses_our_certificate_has_nothing(tmp_path: Path) -> None:
    """In TLS 1.3 it says so after we are done, and late: what was sent meanwhile is not taken."""
    authority = Authority(tmp_path)
    asking = authority.context()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.bundle)
    with collecting(socket.create_server(("127.0.0.1", 0)), asking, seconds=0.1) as collector:
        port = collector._listener.getsockname()[1]  # noqa: SLF001 - it is ours
        name = f"tls://127.0.0.1:{port}"
        audit = settings.Audit(sinks=(name,), ca_bundle=str(authority.bundle))
        with closing(sinks.make(name, audit)) as sink:
            for _ in range(2):
                with pytest.raises(OSError, match=r"CERTIFICATE_REQUIRED|reset|hung up|pipe"):
                    sink.send(LINES)
        assert collector.got == b""


def test_standard_output_that_is_closed_is_refused() -> None:
    """Whatever is opened next would have its number, and get the trail."""
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(StartupError, match="standard output is closed"):
        Stdout(write)


def test_which_ports_are_reached() -> None:
    """The sandbox lets TCP through to the sinks' ports only."""
    names = ("stdout", "unix:/run/x:1", "tcp://logs.example.com:601", "tls://[::1]:6514")
    assert sinks.ports(settings.Audit(sinks=names)) == {601, 6514}
