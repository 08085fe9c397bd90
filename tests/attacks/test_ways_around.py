"""Ways around the door that others have left open: each is one CVE of an authenticating proxy."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from yarl import URL

from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.test_front_identity import FRONT
from tests.e2e.test_watch import KEYS, TARGET

NOWHERE = "http://127.0.0.1:9"
OPEN = ("/healthz", "/readyz", "/metrics", "/v1/schema")
CLOSED = ("/v1/targets", "/v1/scanners", "/v1/streams", "/v1/session", "/v1/stream?target=fake")


async def answered(daemon: Daemon, target: str, **headers: str) -> int:
    """Ask for a target of the request line, letter by letter, without a credential."""
    url = URL(f"{daemon.url}{target}", encoded=True)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        return response.status


async def test_no_other_path_in_the_query_or_behind_it_opens_one(tmp_path: Path) -> None:
    """CVE-2025-54576, CVE-2026-41059: what is open elsewhere in the URL opens nothing here."""
    async with running(settings([TARGET], NOWHERE), tmp_path, environment=KEYS) as daemon:
        for path in CLOSED:
            joined = "&" if "?" in path else "?"
            for open_path in OPEN:
                for around in (
                    f"{path}{joined}x={open_path}",
                    f"{path}{joined}{open_path}",
                    f"{path}%23{open_path}",
                    f"{path};{open_path}",
                    f"{open_path}/..{path}",
                    f"{open_path}%2f..{path}",
                    f"/{path}",
                    f"{path}/",
                    path.replace("/v1", "/V1"),
                    path.replace("/v1/", "/v1%2f"),
                ):
                    assert await answered(daemon, around) in {400, 401, 404}, around
        for path in OPEN:
            assert await answered(daemon, path) == 200


async def test_no_header_names_another_path_or_a_health_check(tmp_path: Path) -> None:
    """CVE-2026-40575, CVE-2026-34457: neither a forwarded URI nor a User-Agent lets anyone in."""
    config = settings([TARGET], NOWHERE, front=FRONT)
    async with running(config, tmp_path, environment=KEYS) as daemon:
        agents = ("GoogleHC/1.0", "kube-probe/1.31", "Prometheus/3.0", "ELB-HealthChecker/2.0")
        uris = ("X-Forwarded-Uri", "X-Original-Url", "X-Rewrite-Url", "X-Auth-Request-Redirect")
        methods = ("X-HTTP-Method-Override", "X-Method-Override", "X-Forwarded-Method")
        tried = [
            *({"User-Agent": agent} for agent in agents),
            *({name: "/healthz"} for name in uris),
            *({name: "OPTIONS"} for name in methods),
            {"X-Forwarded-Host": "localhost", "X-Forwarded-Prefix": "/healthz"},
            {
                "X-Forwarded-For": "127.0.0.1",
                "X-Real-IP": "127.0.0.1",
                "Forwarded": "for=127.0.0.1",
            },
        ]
        for path in CLOSED:
            for headers in tried:
                assert await answered(daemon, path, **headers) == 401, (path, headers)


async def test_a_header_that_is_taken_off_on_the_way_is_not_there(tmp_path: Path) -> None:
    """CVE-2025-48865: a proxy that is told to drop its own header leaves nobody, not everybody."""
    config = settings([TARGET], NOWHERE, front=FRONT)
    async with running(config, tmp_path, environment=KEYS) as daemon:
        for dropped in ("X-Forwarded-User", "X-Forwarded-Groups", "Authorization", "Cookie"):
            headers = {"Connection": f"close, {dropped}"}
            assert await answered(daemon, "/v1/targets", **headers) == 401


async def test_a_malformed_cookie_is_nobody(tmp_path: Path) -> None:
    """CVE-2026-25748: odd cookies, many cookies, very long ones: 401, or no HTTP at all."""
    async with running(settings([TARGET], NOWHERE), tmp_path, environment=KEYS) as daemon:
        for cookie in (
            *("proxyd", "proxyd=", "=", ";", "proxyd=;proxyd=x", 'proxyd="', "proxyd=\\x00"),
            *(
                "proxyd=" + "x" * 7000,
                "; ".join(f"c{i}=x" for i in range(500)),
                "proxyd=\u00e9",
                "proxyd=\udcff",
            ),
            *("$Version=1; proxyd=x; $Path=/", "__Host-proxyd=x; proxyd=y", "proxyd=a=b=c"),
        ):
            assert await answered(daemon, "/v1/targets", Cookie=cookie) in {400, 401}, cookie
