"""Logging in with a real OpenID provider, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.provider import install, providing
from tests.e2e.test_login import offering
from tests.e2e.test_watch import TYPE

from .conftest import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_logs_in_with_the_company_account(browser: Browser, tmp_path: Path) -> None:
    """By the provider's pages to the picture; logging out ends the stream and the session."""
    folder = tmp_path / "openid"
    folder.mkdir()
    async with (
        providing(install(folder)) as provider,
        offering(tmp_path, provider) as daemon,
        client_of(browser, daemon) as client,
    ):
        page = client.page
        await client.open()
        await page.get_by_role("link", name="Log in with your company account").click()
        await page.locator("input[name=login]").fill("alice")
        await page.locator("input[name=password]").fill("any")
        await page.locator("[type=submit]").click()
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_text("Logged in as corp:alice.")).to_be_visible()
        assert page.url == f"{daemon.url}/"
        await client.choose("fake", types=TYPE)
        assert await client.count() == 2
        _, body = await daemon.get("/v1/streams")
        assert json.loads(body)["streams"] == [], "they are alice's, not the token's"
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url(f"{provider.issuer}/**")
        assert (await daemon.over())["outcome"] == "ended"
        await page.goto(daemon.url)
        await expect(page.get_by_label("API token")).to_be_visible()
