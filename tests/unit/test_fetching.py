"""What asks a provider, against servers that answer as they should not."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import ssl
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxyd.oidc import fetching
from proxyd.oidc.fetching import MAX_BYTES, Fetcher, Unavailable, port_of, ports
from proxyd.settings import Issuer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A provider: what it answers, and what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[web.Request] = []
        self.bodies: list[str] = []
        self.port = 0
        self._answer = answer

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer."""
        self.asked.append(cast("web.Request", request))
        self.bodies.append(await request.text())
        return await self._answer(self.asked[-1])


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Server]:
    """Serve on loopback."""
    server = Server(answer)
    runner = web.ServerRunner(web.Server(server))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def fetcher(port: int, *, scheme: str = "http", **more: Any) -> Fetcher:
    """Make what asks an issuer that is on loopback."""
    where = f"{scheme}://127.0.0.1:{port}"
    return Fetcher(Issuer(name="corp", issuer=where, audience="proxyd", **more))


def says(body: bytes, **more: Any) -> Answer:
    """Answer always the same."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, **more)

    return answer


async def why(asked: Awaitable[object]) -> str:
    """Return why nothing came."""
    with pytest.raises(Unavailable) as caught:
        await asked
    return str(caught.value)


async def test_a_document_is_fetched() -> None:
    """Whatever media type it is sent as; no cookie is kept, and no credential shown."""
    hello = says(b'{"a": [1]}', headers={"Set-Cookie": "a=b"}, content_type="text/plain")
    async with serving(hello) as server:
        asks = fetcher(server.port)
        for _ in range(2):
            assert await asks.get(f"http://127.0.0.1:{server.port}/x") == {"a": [1]}
        for request in server.asked:
            assert request.method == "GET"
            assert not {"Cookie", "Authorization"} & set(request.headers)


async def test_a_form_is_posted() -> None:
    """As a browser would write it; the credential in its header, and nowhere else."""
    async with serving(says(b"{}")) as server:
        url = f"http://127.0.0.1:{server.port}/token"
        form = {"code": "a&b=ü", "grant_type": "authorization_code"}
        assert await fetcher(server.port).post(url, form, basic="Basic c2VjcmV0") == {}
        await fetcher(server.port).post(url, form)
        [first, second] = server.asked
        assert first.method == "POST"
        assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert server.bodies[0] == "code=a%26b%3D%C3%BC&grant_type=authorization_code"
        assert first.headers["Authorization"] == "Basic c2VjcmV0"
        assert "Authorization" not in second.headers


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 308, 400, 401, 404, 500, 503])
async def test_only_200_is_an_answer(status: int) -> None:
    """Redirects are not followed, wherever they lead."""
    async with serving(says(b"{}")) as other:
        where = {"Location": f"http://127.0.0.1:{other.port}/"}
        async with serving(says(b"{}", status=status, headers=where)) as server:
            asks = fetcher(server.port)
            assert await why(asks.get(f"http://127.0.0.1:{server.port}/")) == f"status {status}"
        assert other.asked == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"{}{}", b"NaN"])
async def test_what_is_no_json_is_nothing(body: bytes) -> None:
    """And it is not repeated in the reason."""
    async with serving(says(body)) as server:
        asks = fetcher(server.port)
        assert await why(asks.get(f"http://127.0.0.1:{server.port}/")) == "no JSON"


async def test_json_that_is_too_deep_is_nothing() -> None:
    """A hundred thousand brackets do not end the process."""
    async with serving(says(b"[" * 100_000 + b"]" * 100_000)) as server:
        asks = fetcher(server.port)
        assert await why(asks.get(f"http://127.0.0.1:{server.port}/")) == "no JSON"


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("more", [0, 1])
async def test_it_stops_reading_where_it_becomes_too_much(more: int, *, chunked: bool) -> None:
    """Whether the length is told before or not."""
    body = b'"' + b"x" * (MAX_BYTES - 2 + more) + b'"'

    async def answer(request: web.Request) -> web.StreamResponse:
        if not chunked:
            return web.Response(body=body)
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(body), 65_536):
            await response.write(body[start : start + 65_536])
        return response

    async with serving(answer) as server:
        asked = fetcher(server.port).get(f"http://127.0.0.1:{server.port}/")
        if more:
            assert await why(asked) == f"more than {MAX_BYTES} bytes"
        else:
            assert len(await asked) == MAX_BYTES - 2


async def test_an_answer_that_never_ends_is_cut_off() -> None:
    """A megabyte after the other: half of one is read."""
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65_536)
            sent += 65_536

    async with serving(answer) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert await why(fetcher(server.port).get(url)) == f"more than {MAX_BYTES} bytes"
    assert sent < 16 * MAX_BYTES, "what the sockets hold"


async def test_a_compressed_answer_is_bounded_as_well() -> None:
    """What counts is what it unpacks to."""
    bomb = gzip.compress(b" " * 100_000_000)
    async with serving(says(bomb, headers={"Content-Encoding": "gzip"})) as server:
        started = time.process_time()
        url = f"http://127.0.0.1:{server.port}/"
        assert await why(fetcher(server.port).get(url)) == f"more than {MAX_BYTES} bytes"
        assert time.process_time() - started < 1


@pytest.mark.parametrize("drips", [True, False])
async def test_it_waits_for_a_few_seconds_only(
    monkeypatch: pytest.MonkeyPatch, *, drips: bool
) -> None:
    """For all of it: a byte now and then buys no time."""
    monkeypatch.setattr(fetching, "SECONDS", 0.3)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if drips:
            await response.prepare(request)
        for _ in range(60):
            await asyncio.sleep(0.05)
            if drips:
                await response.write(b" ")
        return response

    async with serving(answer) as server:
        started = time.monotonic()
        url = f"http://127.0.0.1:{server.port}/"
        assert await why(fetcher(server.port).get(url)) == "no answer within 0.3 s"
        assert time.monotonic() - started < 2


async def test_nobody_there() -> None:
    """A port on which nothing listens, and one that hangs up."""

    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serving(hang_up) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert await why(fetcher(server.port).get(url)) == "ServerDisconnectedError"
    assert await why(fetcher(server.port).get(url)) == "ClientConnectorError"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://login.example.com/", "it names an address without https"),
        ("http://127.0.0.1.nip.io/", "it names an address without https"),
        ("http://[::ffff:8.8.8.8]/", "it names an address without https"),
        ("http://169.254.169.254/latest/", "it names an address without https"),
        ("https://127.0.0.1:6379/", "it names port 6379, which the sandbox does not let out"),
        ("http://127.0.0.1/", "it names port 80, which the sandbox does not let out"),
        ("file:///etc/passwd", "it names no https:// address"),
        ("ftp://127.0.0.1/", "it names no https:// address"),
        ("gopher://127.0.0.1:8080/_x", "it names no https:// address"),
        ("//127.0.0.1/", "it names no https:// address"),
        ("https://", "it names no https:// address"),
        ("", "it names no https:// address"),
    ],
)
async def test_where_a_document_may_not_lead(url: str, reason: str) -> None:
    """A provider names its endpoints: other schemes, hosts in the clear and ports are refused."""
    assert await why(fetcher(8443).get(url)) == reason


async def test_an_issuer_with_https_never_leads_to_http() -> None:
    """Not even on loopback: that is for an issuer that is itself there."""
    asks = Fetcher(Issuer(name="corp", issuer="https://login.example.com", audience="proxyd"))
    reason = "it names an address without https"
    assert await why(asks.get("http://127.0.0.1/")) == reason
    assert await why(asks.get("http://localhost/")) == reason


async def test_what_is_no_url_is_unavailable() -> None:
    """A document may hold anything."""
    for url in ("https://[", "https://a:b/", "https://a:99999/", "https://a:0/", "https://]/"):
        assert await why(fetcher(8443).get(url)) == "it names no https:// address"
    assert await why(fetcher(8443).get("https://\ud800/"))


def certified(path: Path, *names: x509.GeneralName) -> ssl.SSLContext:
    """Make a certificate that signs itself, and what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = path.with_suffix(".key")
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return context


async def test_only_the_right_authority_and_name_are_believed(tmp_path: Path) -> None:
    """The configured one, for the address that was asked; and no TLS before 1.2."""
    good, other = tmp_path / "good.pem", tmp_path / "other.pem"
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    tls = certified(good, here)
    certified(other, here)
    async with serving(says(b"{}"), tls) as server:
        url = f"https://127.0.0.1:{server.port}/"

        def asks(bundle: Path | None) -> Fetcher:
            chosen = None if bundle is None else str(bundle)
            return fetcher(server.port, scheme="https", ca_bundle=chosen)

        assert await asks(good).get(url) == {}
        for bundle in (other, None):
            assert await why(asks(bundle).get(url)) == "ClientConnectorCertificateError"
        named = f"https://localhost:{server.port}/"
        assert await why(asks(good).get(named)) == "ClientConnectorCertificateError"
        lax = ssl.create_default_context(cafile=good)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for context in (tls, lax):
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=lax)
        writer.close()
        assert await why(asks(good).get(url)) == "ClientConnectorError"


def test_the_ports_that_the_sandbox_has_to_let_out() -> None:
    """Those of the issuer and of its keys, or that of the proxy alone."""

    def issuer(**more: Any) -> Issuer:
        where: dict[str, Any] = {"issuer": "https://login.example.com:8443/realm"}
        return Issuer(name="corp", audience="proxyd", **(where | more))

    assert ports(issuer()) == {8443}
    assert ports(issuer(jwks_uri="https://keys.example.com/k")) == {8443, 443}
    assert ports(issuer(proxy="http://egress.corp:3128")) == {3128}
    assert [port_of(url) for url in ("https://a", "http://a", "http://a:8080/")] == [443, 80, 8080]
