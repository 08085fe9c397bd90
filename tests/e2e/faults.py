"""Two networks for tests: one that fails by rule, and one as a company has it.

`FaultProxy` stands between proxyd and an AWS and does as its rules say. `Authority`,
`tls_aws` and `tinyproxy` make a private CA, an AWS behind it, and a real forward proxy.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import re
import shutil
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxyd.demo.process import end

from .fake_aws import FakeAws

LOOPBACK = "127.0.0.1"
MAX_REQUEST = 1 << 20
ATTEMPTS = 3
BACKLOG = 1024
"""A scan opens hundreds of connections at once."""


class Asked:
    """One request, and what it asks for: service, region, operation."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head, self.body = head, body
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        self.method, self.path = first.split(" ")[:2]
        pairs = (line.partition(":") for line in lines)
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}
        scope = self.headers.get("authorization", "").partition("Credential=")[2].split("/")
        self.region, self.service = scope[2:4] if len(scope) > 3 else ("", "")
        self.parameters = {k: v[0] for k, v in parse_qs(body.decode("latin-1")).items()}
        target = self.headers.get("x-amz-target", "").rpartition(".")[2]
        self.operation = self.parameters.get("Action") or target or f"{self.method} {self.path}"


class Exchange:
    """One request on its way: pass it on, answer it, or do neither."""

    def __init__(
        self,
        asked: Asked,
        upstream: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.asked = asked
        self._upstream = upstream
        self._reader, self._writer = reader, writer

    async def forward(self) -> bytes:
        """Ask the AWS behind, and return all of its answer.

        A busy one may close a connection unanswered: that is none of the faults that are asked for.
        """
        for _ in range(ATTEMPTS):
            with suppress(ConnectionError):
                answer = await self._forward()
                if answer:
                    return answer
        return b""

    async def _forward(self) -> bytes:
        address = urlsplit(self._upstream)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", self.asked.head)
        try:
            writer.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + self.asked.body)
            return await reader.read()
        finally:
            writer.close()

    async def answer(self, answer: bytes) -> None:
        """Send these bytes; the connection closes after them."""
        self._writer.write(answer)
        await self._writer.drain()

    async def refuse(self, code: str, status: int, message: str = "fault") -> None:
        """Answer with an AWS error, in the words of the request's protocol."""
        kind, text = _error(self.asked, code, message)
        await self.answer(
            f"HTTP/1.1 {status} Fault\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n"
            f"x-amzn-ErrorType: {code}\r\nConnection: close\r\n\r\n{text}".encode()
        )

    def reset(self) -> None:
        """Drop the connection with a TCP RST."""
        linger = struct.pack("ii", 1, 0)
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        with suppress(ConnectionError):
            while await self._reader.read(1024):
                pass


def _error(asked: Asked, code: str, message: str) -> tuple[str, str]:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if asked.service == "ec2":
        return "text/xml", f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"
    if "Action" in asked.parameters or asked.service in {"cloudfront", "route53"}:
        return "text/xml", f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"
    if asked.service == "s3":
        return "application/xml", error
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})


Fault = Callable[[Exchange], Awaitable[None]]


def refused(code: str, status: int, message: str = "fault") -> Fault:
    """Answer with this error."""

    async def fault(exchange: Exchange) -> None:
        await exchange.refuse(code, status, message)

    return fault


async def passed(exchange: Exchange) -> None:
    """Pass on: for what a later rule would hit otherwise."""
    await exchange.answer(await exchange.forward())


async def reset(exchange: Exchange) -> None:
    """Drop the connection instead of answering."""
    exchange.reset()


async def hang(exchange: Exchange) -> None:
    """Never answer; end with the client's going."""
    await exchange.gone()


async def truncated(exchange: Exchange) -> None:
    """Announce the whole answer, send half of its body, and close."""
    head, _, body = (await exchange.forward()).partition(b"\r\n\r\n")
    assert b"content-length" in head.lower()
    await exchange.answer(head + b"\r\n\r\n" + body[: len(body) // 2])


def rewritten(pattern: bytes, by: bytes) -> Fault:
    """Replace what the pattern finds in the body of the answer."""

    async def fault(exchange: Exchange) -> None:
        head, _, body = (await exchange.forward()).partition(b"\r\n\r\n")
        body, found = re.subn(pattern, by, body)
        assert found, body
        length = b"Content-Length: %d" % len(body)
        head = re.sub(rb"(?i)(content-length|transfer-encoding):[^\r]*", length, head)
        await exchange.answer(head + b"\r\n\r\n" + body)

    return fault


class Rule:
    """What happens to which requests; None means any. It skips some, then applies some times.

    `parameter` is one that a request has to have, whatever its value.
    """

    def __init__(
        self,
        fault: Fault,
        *,
        operation: str | None = None,
        region: str | None = None,
        role: str | None = None,
        parameter: str | None = None,
        skip: int = 0,
        times: float = float("inf"),
    ) -> None:
        self.fault = fault
        self._operation, self._region, self._role = operation, region, role
        self._parameter = parameter
        self._skip, self._left = skip, times
        self.applied = 0

    def applies(self, asked: Asked) -> bool:
        """Whether this request is one of them; it counts as one if so."""
        wanted = (self._operation, self._region, self._role)
        given = (asked.operation, asked.region, asked.parameters.get("RoleArn"))
        if any(want not in (None, have) for want, have in zip(wanted, given, strict=True)):
            return False
        if self._parameter is not None and self._parameter not in asked.parameters:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self.applied >= self._left:
            return False
        self.applied += 1
        return True


class FaultProxy:
    """An HTTP proxy for one AWS behind it, with rules and a list of what was asked."""

    def __init__(self, upstream: str) -> None:
        self.endpoint = ""
        self.rules: list[Rule] = []
        self.asked: list[Asked] = []
        self._upstream = upstream
        self._open: set[asyncio.Task[None]] = set()

    def add(self, fault: Fault, **where: Any) -> Rule:
        """Add a rule; the first that applies is the one."""
        rule = Rule(fault, **where)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Fail nothing any more, and forget what was asked."""
        self.rules.clear()
        self.asked.clear()

    def calls(self) -> Counter[tuple[str, str]]:
        """Count what was asked by operation and region."""
        return Counter((asked.operation, asked.region) for asked in self.asked)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[FaultProxy, None]:
        """Serve for the time of the block."""
        server = await asyncio.start_server(
            self._accepted, LOOPBACK, 0, limit=MAX_REQUEST, backlog=BACKLOG
        )
        self.endpoint = "http://{}:{}".format(*server.sockets[0].getsockname())
        try:
            yield self
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request of one connection."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                asked = await _read(reader)
                self.asked.append(asked)
                exchange = Exchange(asked, self._upstream, reader, writer)
                rule = next((rule for rule in self.rules if rule.applies(asked)), None)
                await (rule.fault if rule else passed)(exchange)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return Asked(head, await reader.readexactly(int(length[1]) if length else 0))


class Authority:
    """A private CA: its bundle, and TLS for servers on loopback."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Private CA")
        self.bundle = directory / "ca.pem"
        basics = x509.BasicConstraints(ca=True, path_length=0)
        certificate = self._sign(self._name, self._key, basics)
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str) -> ssl.SSLContext:
        """Make what a server needs that is called by these names, 127.0.0.1 if none."""
        own = [x509.DNSName(name) for name in names]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue("server", *own))
        return context

    def issue(
        self, name: str, *own: x509.GeneralName, subject: str = "", seconds: float = 3600
    ) -> Path:
        """Write a certificate and its key into one file.

        Args:
            name: of the file.
            own: the alternative names, 127.0.0.1 if none.
            subject: as RFC 4514 writes it, the file's name if none.
            seconds: for which it is good.

        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = own or (x509.IPAddress(ipaddress.ip_address(LOOPBACK)),)
        called = x509.Name.from_rfc4514_string(subject) if subject else _name(name)
        certificate = self._sign(called, key, x509.SubjectAlternativeName(names), seconds)
        path = self._directory / f"{name}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        seconds: float = 3600,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(seconds=seconds))
            .add_extension(extension, critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class TlsAws(FakeAws):
    """The scripted AWS, by TLS; it notes from which address each request came."""

    def __init__(self) -> None:
        super().__init__()
        self.peers: set[str] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; the one that needs no signature gets a stand-in for it."""
        assert request.remote
        self.peers.add(request.remote)
        if "Authorization" not in request.headers:
            headers = {**request.headers, "Authorization": "Credential=nobody/-/-/sts/-"}
            request = request.clone(headers=headers)
        return await super().handle(request)


@asynccontextmanager
async def tls_aws(context: ssl.SSLContext) -> AsyncGenerator[TlsAws, None]:
    """Run one for the time of the block."""
    fake = TlsAws()
    app: Any = web.Application()
    app.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0, ssl_context=context).start()
    fake.endpoint = f"https://{LOOPBACK}:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


class Tinyproxy:
    """Debian's tinyproxy, running: what it logs tells what went through it.

    What it sends comes from 127.0.0.2, so the other end can tell too.
    """

    ADDRESS = "127.0.0.2"
    USER, PASSWORD = "egress", "Kanarienvogl-7"

    def __init__(self, port: int) -> None:
        self.port = port
        self.log: list[str] = []
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it is, with user and password."""
        return f"http://{self.USER}:{self.PASSWORD}@{LOOPBACK}:{self.port}"

    @property
    def tunnels(self) -> list[str]:
        """The addresses that it was asked for, each once, in order."""
        found = (re.search(r"CONNECT (\S+) HTTP", line) for line in self.log)
        return list(dict.fromkeys(match[1] for match in found if match))

    async def start(self, executable: str, path: Path) -> None:
        """Start it, and wait until it takes connections, which it does not log."""
        self.process = await asyncio.create_subprocess_exec(
            executable,
            *("-d", "-c", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read())
        async with asyncio.timeout(10):
            while self.process.returncode is None:
                with suppress(ConnectionError):
                    (await asyncio.open_connection(LOOPBACK, self.port))[1].close()
                    return
                await asyncio.sleep(0.02)
        raise AssertionError("".join(self.log))

    async def stop(self) -> None:
        """End it, and read its log to the end."""
        assert self.process
        await end(self.process)
        await self._reading

    async def _read(self) -> None:
        assert self.process
        assert self.process.stdout
        async for raw in self.process.stdout:
            self.log.append(raw.decode())


@asynccontextmanager
async def tinyproxy(directory: Path, tls_port: int) -> AsyncGenerator[Tinyproxy, None]:
    """Run it for the time of the block; it lets connections to this one port through."""
    executable = shutil.which("tinyproxy")
    assert executable, "these tests need Debian's tinyproxy: apt-get install tinyproxy"
    made = Tinyproxy(free_port())
    path = directory / "tinyproxy.conf"
    path.write_text(
        f"Port {made.port}\nListen {LOOPBACK}\nBind {made.ADDRESS}\nAllow {LOOPBACK}\n"
        f"BasicAuth {made.USER} {made.PASSWORD}\nConnectPort {tls_port}\nLogLevel Connect\n"
        "Timeout 30\nMaxClients 100\n"
    )
    try:
        await made.start(executable, path)
        yield made
    finally:
        await made.stop()


@contextmanager
def unanswering() -> Generator[str, None, None]:
    """Give the address of a port whose SYNs are dropped: its queue is full, and stays so."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for _ in range(4):
            filler = open_sockets.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield "http://{}:{}".format(*listener.getsockname())


def free_port() -> int:
    """Return a port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
