"""The login of a browser at a real OpenID provider, and what may go wrong on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import web
from yarl import URL

from .daemon import Daemon, running, settings
from .fake_aws import fake_aws
from .provider import AUDIENCE, SECRET, Browser, Provider, free_port, install, providing
from .test_right_ends import closed, one_vpc
from .test_sessions import OURS, asked
from .test_watch import ALL, KEYS, TARGET
from .watcher import watching


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the provider once."""
    return install(tmp_path_factory.mktemp("openid"))


def web_client(url: str, *, secret: bool = True) -> dict[str, Any]:
    """Register proxyd at the provider."""
    client = {
        "client_id": "web",
        "redirect_uris": [f"{url}/v1/callback"],
        "post_logout_redirect_uris": [f"{url}/"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    if secret:
        return client | {"client_secret": SECRET}
    return client | {"token_endpoint_auth_method": "none"}


@asynccontextmanager
async def offering(
    directory: Path, provider: Provider, *, secret: bool = True, issuer: str = ""
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon at which browsers can log in."""
    url = f"http://127.0.0.1:{free_port()}"
    provider.clients = [web_client(url, secret=secret)]
    if not issuer:
        await provider.start()
    login = {"issuer": "corp", "url": url, "client_id": "web"}
    if secret:
        login["client_secret"] = SECRET
    known = {"name": "corp", "issuer": issuer or provider.issuer, "audience": AUDIENCE}
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings(
            [TARGET], fake.endpoint, issuers=[known], login=login, server={"listen": url[7:]}
        )
        async with running(config, directory, environment=KEYS) as daemon:
            yield daemon


@asynccontextmanager
async def browsing() -> AsyncGenerator[Browser, None]:
    """Open a browser."""
    browser = Browser()
    try:
        yield browser
    finally:
        await browser.close()


def cookie_of(browser: Browser, name: str = "proxyd") -> str:
    """Return a cookie of the browser's jar; "" where it has none."""
    return next((c.value for c in browser.session.cookie_jar if c.key == name), "")


@pytest.mark.parametrize("secret", [True, False], ids=["confidential", "public"])
async def test_a_person_logs_in_and_out(tmp_path: Path, folder: Path, secret: bool) -> None:  # noqa: FBT001 - of the table
    """By the provider's own pages, with PKCE, to the page that was asked for, and out again."""
    async with (
        providing(folder) as provider,
        offering(tmp_path, provider, secret=secret) as daemon,
        browsing() as browser,
    ):
        problem = await daemon.problem("/v1/targets", token="")
        assert problem["login"] == "/v1/login"
        back = await browser.log_in(f"{daemon.url}/v1/login?return=/x?y=z", "alice")
        begun = parse_qs(urlsplit(browser.trail[1]).query)
        assert begun["code_challenge_method"] == ["S256"]
        assert begun["state"] != begun["nonce"]
        status, where, _ = await browser.get(back)
        assert (status, where) == (303, f"{daemon.url}/x?y=z")
        cookie = f"proxyd={cookie_of(browser)}"
        assert not cookie_of(browser, "proxyd-login")
        status, who, _ = await asked(daemon, "GET", "/v1/session", cookie)
        assert (status, who["principal"], who["groups"]) == (200, "corp:alice", ["all"])
        assert who["logout_url"].startswith(f"{provider.issuer}/session/end?")
        headers = {"Cookie": cookie, **OURS}
        async with watching(daemon, token="", headers=headers, **ALL) as client:
            await client.marked()
            assert (await asked(daemon, "DELETE", "/v1/session", cookie, **OURS))[0] == 204
            await closed(client, "ended")
        assert (await asked(daemon, "GET", "/v1/session", cookie))[0] == 401
        assert "alice" not in "".join(daemon.err)
        assert "example.com" not in "".join([*daemon.out, *daemon.err])


async def test_a_login_is_this_browsers_own_and_works_once(tmp_path: Path, folder: Path) -> None:
    """Another browser's, one without its cookie, and a second use are refused alike."""
    async with (
        providing(folder) as provider,
        offering(tmp_path, provider) as daemon,
        browsing() as mine,
        browsing() as theirs,
    ):
        back = await mine.log_in(f"{daemon.url}/v1/login", "alice")
        await theirs.get(f"{daemon.url}/v1/login")
        async with browsing() as nobody:
            for browser in (theirs, nobody):
                status, _, text = await browser.get(back)
                assert (status, json.loads(text)["code"]) == (403, "login_failed")
                assert not cookie_of(browser)
        wrong = back.replace("state=", "state=x")
        assert (await mine.get(wrong))[0] == 403
        planted = "planted-by-somebody"
        mine.session.cookie_jar.update_cookies({"proxyd": planted}, URL(daemon.url))
        login_cookie = cookie_of(mine, "proxyd-login")
        assert (await mine.get(back))[0] == 303
        assert cookie_of(mine) not in {"", planted}
        again = {"proxyd-login": login_cookie}
        mine.session.cookie_jar.update_cookies(again, URL(daemon.url))
        status, _, text = await mine.get(back)
        assert (status, json.loads(text)["code"]) == (502, "provider_unavailable")


async def test_whoever_declines_is_not_let_in(tmp_path: Path, folder: Path) -> None:
    """An error instead of a code, and an answer of another issuer (RFC 9207): 403."""
    async with (
        providing(folder) as provider,
        offering(tmp_path, provider) as daemon,
        browsing() as browser,
    ):
        _, where, _ = await browser.get(f"{daemon.url}/v1/login")
        state = parse_qs(urlsplit(where).query)["state"][0]
        for answer in (
            {"error": "access_denied", "state": state, "iss": provider.issuer},
            {"code": "x", "state": state, "iss": "https://evil.example"},
            {"code": "x", "state": state},
            {"code": "x", "iss": provider.issuer},
            {},
        ):
            status, _, text = await browser.get(f"{daemon.url}/v1/callback?{urlencode(answer)}")
            assert (status, json.loads(text)["code"]) == (403, "login_failed"), answer
        assert not cookie_of(browser)


@pytest.mark.parametrize(
    "back",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("javascript:alert(1)", "evil", "/a b", "/\x0d\x0aSet-Cookie: x=y", "/\u00e9", ""),
    ],
)
async def test_a_login_leads_back_to_us_only(tmp_path: Path, back: str) -> None:
    """Any other `return` is a 400: nobody is sent elsewhere by a link to proxyd."""
    provider = Provider(tmp_path)
    async with offering(tmp_path, provider, issuer="http://127.0.0.1:9") as daemon:
        problem = await daemon.problem(f"/v1/login?{urlencode({'return': back})}", token="")
        assert (problem["status"], problem["parameter"]) == (400, "return")


class Scripted:
    """A provider that answers what a right one never would."""

    def __init__(self, provider: Provider) -> None:
        self.key = provider.key
        self.sign = provider.forged
        self.issuer = ""
        self.nonce = ""
        self.answer: Any = None

    async def discovery(self, _: web.Request) -> web.Response:
        """Say where everything is."""
        return web.json_response(
            {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/jwks",
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
            }
        )

    async def jwks(self, _: web.Request) -> web.Response:
        """Give the keys."""
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def token(self, _: web.Request) -> web.StreamResponse:
        """Answer as the test says."""
        answer: web.StreamResponse = await self.answer()
        return answer


@asynccontextmanager
async def scripted(provider: Provider) -> AsyncGenerator[Scripted, None]:
    """Run a scripted provider."""
    it = Scripted(provider)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", it.discovery)
    app.router.add_get("/jwks", it.jwks)
    app.router.add_post("/token", it.token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.issuer = provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield it
    finally:
        await runner.cleanup()


async def test_an_id_token_that_is_not_this_logins(tmp_path: Path) -> None:
    """Nonce, audience, time, key, form, size, redirects: no session comes of any of them."""
    provider = Provider(tmp_path)
    async with (
        scripted(provider) as it,
        offering(tmp_path, provider, issuer=it.issuer) as daemon,
    ):

        async def tried(answer: Any) -> tuple[int, str]:
            async with browsing() as browser:
                _, where, _ = await browser.get(f"{daemon.url}/v1/login")
                query = parse_qs(urlsplit(where).query)
                it.nonce = query["nonce"][0]
                it.answer = answer
                back = urlencode({"code": "x", "state": query["state"][0]})
                status, _, _ = await browser.get(f"{daemon.url}/v1/callback?{back}")
                return status, cookie_of(browser)

        def token(**claims: Any) -> Any:
            async def answer() -> web.Response:
                right = {"aud": "web", "nonce": it.nonce}
                return web.json_response({"id_token": it.sign(**(right | claims))})

            return answer

        def plain(text: str, status: int = 200, **headers: str) -> Any:
            async def answer() -> web.Response:
                return web.Response(text=text, status=status, headers=headers)

            return answer

        async def slow() -> web.Response:
            await asyncio.sleep(30)
            raise AssertionError

        status, cookie = await tried(token())
        assert status == 303
        assert cookie
        refused = [token(nonce="x"), token(nonce=None), token(aud=AUDIENCE), token(exp=1)]
        refused += [token(iss="https://evil.example"), token(key=None, header={"alg": "none"})]
        refused += [token(header={"alg": "HS256"}), token(sub=None), token(iat=2**40)]
        broken = [plain("{}"), plain("no JSON"), plain('{"id_token": 7}'), plain("x" * 10_000_000)]
        broken += [plain("", 302, Location=f"{it.issuer}/jwks"), plain("{}", 500), slow]
        for answers, expected in ((refused, 403), (broken, 502)):
            for answer in answers:
                assert await tried(answer) == (expected, "")
