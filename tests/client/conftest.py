"""Debian's Chromium, driven by Playwright, and what the page of proxyd is looked at with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from proxyd.web.pages import STATIC
from tests.e2e.conftest import Estate
from tests.e2e.conftest import estate as estate  # noqa: PLC0414 - a fixture
from tests.e2e.daemon import Daemon, running, settings

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--headless=new", "--disable-dev-shm-usage"]
"""It refuses its own sandbox as root, which tests may be."""

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    """Make sure that there is something to test."""
    assert (STATIC / "index.html").exists(), "the web client is not built: pip install -e . does it"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser, None]:
    """Start a browser for all tests."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(
    estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon over the estate of the demo."""
    config = settings(estate.targets, estate.endpoint)
    directory = tmp_path_factory.mktemp("demo")
    async with running(config, directory, environment=estate.environment) as daemon:
        yield daemon


class Client:
    """The page of a daemon in a browser of its own, and what went wrong in it."""

    def __init__(self, page: Page, daemon: Daemon, url: str) -> None:
        self.page = page
        self.daemon = daemon
        self.url = url
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(message.text)

    async def open(self) -> None:
        """Open the page; it asks for a login."""
        await self.page.goto(self.url)
        await expect(self.page.get_by_label("API token")).to_be_visible()

    async def log_in(self) -> None:
        """Trade the token for a session."""
        await self.open()
        await self.page.get_by_label("API token").fill(self.daemon.token)
        await self.page.get_by_role("button", name="Log in").click()
        await expect(self.page.get_by_role("group", name="Accounts")).to_be_visible()

    async def show(self, *targets: str, types: str = "") -> None:
        """Log in, choose targets, and wait until all of it is seen."""
        await self.log_in()
        await self.choose(*targets, types=types)

    async def choose(self, *targets: str, types: str = "") -> None:
        """Choose targets, and wait until all of it is seen."""
        for target in targets:
            await self.page.get_by_role("checkbox", name=target).check()
        await self.page.get_by_role("combobox", name="Types").fill(types)
        await self.page.get_by_role("button", name="Show").click()
        await self.live()

    async def live(self) -> None:
        """Wait until the picture is whole and live."""
        await expect(self.page.locator(".status strong")).to_have_text("Live")

    async def view(self, name: str) -> None:
        """Go to another view."""
        await self.page.get_by_role("navigation").get_by_role("button", name=name).click()

    async def filter(self, text: str) -> None:
        """Write a filter."""
        await self.page.get_by_label("Filter").fill(text)

    async def count(self) -> int:
        """Return how many resources it says that it has."""
        text = await self.page.locator(".status").inner_text()
        [words] = [part for part in text.split("\n") if part.endswith("resources")]
        return int(words.removesuffix(" resources").replace(",", ""))

    async def saved(self, button: str) -> str:
        """Save a file of text, and return what is in it."""
        return (await self.downloaded(button)).decode()

    async def downloaded(self, button: str) -> bytes:
        """Save a file, and return its bytes."""
        await self.page.get_by_role("button", name="Files").click()
        async with self.page.expect_download() as caught:
            await self.page.get_by_role("button", name=button).click()
        path = await (await caught.value).path()
        content = await asyncio.to_thread(Path(path).read_bytes)
        dialog = self.page.get_by_role("dialog")
        if await dialog.is_visible():
            await dialog.get_by_role("button", name="Close").click()
        return content

    async def blueprint(self) -> dict[str, Any]:
        """Save a blueprint."""
        read: dict[str, Any] = json.loads(await self.saved("Save a blueprint"))
        return read


@asynccontextmanager
async def client_of(
    browser: Browser, daemon: Daemon, *, url: str | None = None, **options: Any
) -> AsyncGenerator[Client, None]:
    """Open a browser window of its own; nothing may have gone wrong in it."""
    size = {"viewport": {"width": 1400, "height": 900}}
    context = await browser.new_context(**(size | options))
    try:
        client = Client(await context.new_page(), daemon, url or daemon.url)
        yield client
        assert client.wrong == []
    finally:
        await context.close()
