"""Client certificates on direct TLS: who one is, proven in the handshake."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from .daemon import Daemon, running, settings
from .fake_aws import fake_aws
from .faults import Authority
from .test_right_ends import closed, one_vpc
from .test_watch import ALL, KEYS, TARGET
from .watcher import Watcher

SPIFFE = "spiffe://example.com/inventory"
BOTS: list[dict[str, Any]] = [
    {"name": "by-uri", "san": f"URI:{SPIFFE}", "groups": ["all"]},
    {"name": "by-dns", "san": "DNS:bot.example.com", "groups": ["all"]},
    {"name": "by-subject", "subject": "CN=bot,OU=Inventory,O=Example", "groups": ["all"]},
]


class Secured:
    """A daemon that speaks TLS, and the authority that it believes."""

    def __init__(self, daemon: Daemon, authority: Authority) -> None:
        self.daemon = daemon
        self.authority = authority

    def tls(self, certificate: Path | None) -> ssl.SSLContext:
        """Make a client's side, with a certificate of its own or without."""
        context = ssl.create_default_context(cafile=self.authority.bundle)
        if certificate is not None:
            context.load_cert_chain(certificate)
        return context

    async def whoami(self, certificate: Path | None, **headers: str) -> tuple[int, Any]:
        """Ask who one is."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                f"{self.daemon.url}/v1/session", ssl=self.tls(certificate), headers=headers
            ) as response,
        ):
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def secured(directory: Path) -> AsyncGenerator[Secured, None]:
    """Run a daemon that looks at client certificates."""
    authority = Authority(directory)
    server = authority.issue("server")
    secrets = directory / "credentials"
    secrets.mkdir()
    shutil.copy(server, secrets / "tls.key")
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings([TARGET], fake.endpoint)
        config["server"] = {
            "listen": "127.0.0.1:0",
            "tls": {
                "certificate": str(server),
                "key": {"credential": "tls.key"},
                "client_ca": str(authority.bundle),
            },
        }
        config["certificates"] = BOTS
        environment = {**KEYS, "CREDENTIALS_DIRECTORY": str(secrets)}
        async with running(config, directory, environment=environment) as daemon:
            yield Secured(daemon, authority)


async def test_a_certificate_is_a_principal(tmp_path: Path) -> None:
    """By an alternative name or by the subject; without one a token does as well."""
    async with secured(tmp_path) as it:
        uri = it.authority.issue("uri", x509.UniformResourceIdentifier(SPIFFE))
        dns = it.authority.issue("dns", x509.DNSName("BOT.example.com"))
        named = it.authority.issue("named", subject=BOTS[2]["subject"])
        for path, name in ((uri, "by-uri"), (dns, "by-dns"), (named, "by-subject")):
            status, body = await it.whoami(path)
            assert (status, body["principal"], body["groups"]) == (200, name, ["all"])
        bearer = {"Authorization": f"Bearer {it.daemon.token}"}
        assert (await it.whoami(None, **bearer))[1]["principal"] == "tester"
        assert (await it.whoami(uri, **bearer))[1]["principal"] == "tester"


async def test_a_certificate_that_names_nobody_lets_nobody_in(tmp_path: Path) -> None:
    """Unknown names, near names, two who are known, and none at all are the same 401."""
    async with secured(tmp_path) as it:
        uri, dns = x509.UniformResourceIdentifier, x509.DNSName
        wrong = [
            it.authority.issue("else", uri(f"{SPIFFE}/more")),
            it.authority.issue("dns-for-uri", dns("spiffe.example.com")),
            it.authority.issue("bot.example.com"),
            it.authority.issue("near", subject="CN=bot\\,OU=Inventory\\,O=Example"),
            it.authority.issue("less", subject="CN=bot,O=Example"),
            it.authority.issue("turned", subject="O=Example,OU=Inventory,CN=bot"),
            it.authority.issue("both", uri(SPIFFE), dns("bot.example.com")),
        ]
        answers = [await it.whoami(path) for path in (None, *wrong)]
        assert {status for status, _ in answers} == {401}
        assert len({json.dumps(body) for _, body in answers}) == 1
        good = it.authority.issue("uri", uri(SPIFFE))
        assert (await it.whoami(good, Authorization="Bearer pxd_wrong"))[0] == 401
        assert (await it.whoami(good, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403


async def test_another_authoritys_certificate_ends_the_handshake(tmp_path: Path) -> None:
    """What our authority has not signed, or has and is over, gets no answer at all."""
    async with secured(tmp_path) as it:
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        uri = x509.UniformResourceIdentifier(SPIFFE)
        for path in (
            Authority(foreign).issue("uri", uri),
            it.authority.issue("over", uri, seconds=-1),
        ):
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await it.whoami(path)


async def test_tls_1_1_is_refused(tmp_path: Path) -> None:
    """The least is TLS 1.2, whatever OpenSSL would allow."""
    async with secured(tmp_path) as it:
        bearer = {"Authorization": f"Bearer {it.daemon.token}"}
        for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
            context = it.tls(None)
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with pytest.warns() if not good else nullcontext():
                context.minimum_version = context.maximum_version = version
            async with aiohttp.ClientSession() as session:
                asking = session.get(f"{it.daemon.url}/v1/session", ssl=context, headers=bearer)
                if good:
                    async with asking as response:
                        assert response.status == 200
                else:
                    with pytest.raises(aiohttp.ClientError):
                        await asking


async def test_a_stream_ends_with_the_certificate(tmp_path: Path) -> None:
    """When the certificate is over the stream says `expired`."""
    async with secured(tmp_path) as it:
        uri = x509.UniformResourceIdentifier(SPIFFE)
        short = it.authority.issue("short", uri, seconds=4)
        watcher = Watcher()
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{it.daemon.url}/v1/stream", json={"mode": "watch", **ALL}, ssl=it.tls(short)
            ) as response,
        ):
            assert response.status == 200
            reading = asyncio.create_task(watcher.read(response))
            await watcher.marked()
            await closed(watcher, "expired")
            await reading
        trail = await it.daemon.trail(watcher.events[0].data["scan"])
        assert (trail[-1]["principal"], trail[-1]["outcome"]) == ("by-uri", "expired")


async def test_a_renewed_server_certificate_needs_no_restart(tmp_path: Path) -> None:
    """SIGHUP takes it, for new connections; a broken one is told and changes nothing."""
    async with secured(tmp_path) as it:
        bearer = {"Authorization": f"Bearer {it.daemon.token}"}

        async def serial() -> str:
            host, port = it.daemon.url.removeprefix("https://").split(":")
            _, writer = await asyncio.open_connection(host, int(port), ssl=it.tls(None))
            found = writer.get_extra_info("peercert")["serialNumber"]
            writer.close()
            return str(found)

        before = await serial()
        renewed = it.authority.issue("server")
        shutil.copy(renewed, tmp_path / "credentials" / "tls.key")
        await it.daemon.reread(it.daemon.config)
        after = await serial()
        assert after != before
        renewed.write_text("broken")
        await it.daemon.reread(it.daemon.config, says="certificate refused")
        assert await serial() == after
        assert (await it.whoami(None, **bearer))[0] == 200


async def test_a_name_that_is_taken_out_lets_nobody_in(tmp_path: Path) -> None:
    """SIGHUP without its `[[certificates]]`: the certificate is nobody's any more."""
    async with secured(tmp_path) as it:
        good = it.authority.issue("uri", x509.UniformResourceIdentifier(SPIFFE))
        assert (await it.whoami(good))[0] == 200
        text = it.daemon.config.replace(f"URI:{SPIFFE}", "URI:spiffe://example.com/another")
        await it.daemon.reread(text)
        assert (await it.whoami(good))[0] == 401
