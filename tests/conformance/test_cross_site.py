"""A real browser that is logged in, and pages of other sites that want to use that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.fake_aws import FakeAws, fake_aws, vpcs

from .chromium import Tab
from .clients import Tools
from .conftest import KEYS

TARGET = {
    "name": "fake",
    "role_arn": "arn:aws:iam::222222222222:role/proxyd-read",
    "external_id": "fake-id",
    "regions": ["eu-west-1"],
}
LOG_IN = """
fetch("/v1/session", {method: "POST", headers: {Authorization: "Bearer %s"}}).then(r => r.status)
"""
STREAM = """
new Promise((resolve) => {
  const source = new EventSource(%s, {withCredentials: true});
  let opened = false;
  source.onopen = () => { opened = true; };
  source.addEventListener("scan.completed", () => { source.close(); resolve("completed"); });
  source.onerror = () => { source.close(); resolve(opened ? "broken" : "refused"); };
})
"""
FETCH = """
fetch(%s, {credentials: "include", method: %s, mode: "no-cors"}).then(r => r.type, () => "failed")
"""
FRAME = """
{
  const frame = document.createElement("iframe");
  frame.src = %s;
  document.body.append(frame);
}
"""
LINK = """
new Promise((resolve) => {
  const image = new Image();
  image.onload = image.onerror = () => resolve("asked");
  image.src = %s;
})
"""


@asynccontextmanager
async def evil_site(host: str) -> AsyncGenerator[str, None]:
    """Serve an empty page at another origin."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>evil</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://{host}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def logged_in(tools: Tools, directory: Path) -> AsyncGenerator[tuple[Daemon, FakeAws, str]]:
    """Run a daemon, and log the browser in at it as `localhost`."""
    async with fake_aws() as fake:

        async def one(_: Any) -> web.Response:
            return vpcs(["vpc-1"])

        fake.answers["DescribeVpcs"] = one
        async with running(
            settings([TARGET], fake.endpoint), directory, environment=KEYS
        ) as daemon:
            own = daemon.url.replace("127.0.0.1", "localhost")
            async with opened(tools, f"{own}/healthz") as tab:
                assert await tab.run(LOG_IN % daemon.token) == 201
                yield daemon, fake, own
                await tab.run('fetch("/v1/session", {method: "DELETE"}).then(r => r.status)')


@asynccontextmanager
async def opened(tools: Tools, url: str) -> AsyncGenerator[Tab, None]:
    """Open a page whose events are of no interest."""
    async with tools.browser.tab(url, {}, lambda *_: None) as tab:
        yield tab


async def test_a_page_of_our_own_streams_by_the_cookie(tools: Tools, tmp_path: Path) -> None:
    """The browser keeps the cookie out of reach of scripts, and EventSource brings it along."""
    async with logged_in(tools, tmp_path) as (_, fake, own), opened(tools, f"{own}/healthz") as tab:
        (cookie,) = await tab.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
            "proxyd",
            True,
            "Strict",
        )
        assert await tab.run("document.cookie") == ""
        url = f"{own}/v1/stream?target=fake&type=AWS::EC2::VPC"
        assert await tab.run(STREAM % json.dumps(url)) == "completed"
        assert len(fake.made("AssumeRole")) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["cross-site", "same-site"])
async def test_a_page_of_another_site_gets_nothing(tools: Tools, tmp_path: Path, host: str) -> None:
    """EventSource, fetch and images from elsewhere: refused before AWS hears of it, nothing read.

    From another port of the same host the browser does send the cookie: it is the same site.
    """
    async with (
        logged_in(tools, tmp_path) as (daemon, fake, own),
        evil_site(host) as evil,
        opened(tools, evil) as tab,
    ):
        url = json.dumps(f"{own}/v1/stream?target=fake&type=AWS::EC2::VPC")
        assert await tab.run(STREAM % url) == "refused"
        assert await tab.run(LINK % url) == "asked"
        for method in ('"GET"', '"POST"'):
            # An opaque answer at most: the page can read nothing of it.
            assert await tab.run(FETCH % (url, method)) in {"opaque", "failed"}
        session = json.dumps(f"{own}/v1/session")
        assert await tab.run(FETCH % (session, '"DELETE"')) == "failed"
        assert fake.made("AssumeRole") == []
        async with opened(tools, f"{own}/healthz") as ours:
            assert await ours.run('fetch("/v1/session").then(r => r.status)') == 200
        _, metrics = await daemon.get("/metrics")
        refused = b'proxyd_requests_refused_total{code="cross_site"}' in metrics
        assert refused == (host == "localhost")


async def test_no_page_may_frame_ours(tools: Tools, tmp_path: Path) -> None:
    """The browser blocks the frame by what our answer says, so nobody can be led to click in it."""
    failures: list[str] = []
    failed = asyncio.Event()

    def listener(method: str, params: dict[str, Any]) -> None:
        if method == "Network.loadingFailed" and params["type"] == "Document":
            failures.append(params["errorText"])
            failed.set()

    async with (
        logged_in(tools, tmp_path) as (_, _, own),
        evil_site("localhost") as evil,
        tools.browser.tab(evil, {}, listener) as tab,
    ):
        await tab.run(FRAME % json.dumps(f"{own}/healthz"))
        async with asyncio.timeout(10):
            await failed.wait()
    assert failures == ["net::ERR_BLOCKED_BY_RESPONSE"]


async def test_a_token_in_a_url_lets_nobody_in(daemon: Daemon) -> None:
    """URLs end up in histories and logs: no name of a parameter is a way in."""
    for name in ("access_token", "token", "authorization", "bearer", "key"):
        status, _ = await daemon.get(f"/v1/targets?{name}={daemon.token}", token="")
        assert status == 401
