"""Take the pictures of docs/client.md: `python -m tests.client.screenshots URL TOKEN DIRECTORY`.

URL and TOKEN are those that `proxyd demo` prints.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright, expect

from .conftest import CHROMIUM, OPTIONS

SIZE: ViewportSize = {"width": 1280, "height": 800}


async def take(url: str, token: str, directory: Path) -> None:
    """Go through the views of one account."""

    async def picture(page: Page, name: str) -> None:
        await page.wait_for_timeout(600)
        await page.screenshot(path=directory / f"{name}.png")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = await browser.new_page(viewport=SIZE)
        await page.goto(url)
        await page.get_by_label("API token").fill(token)
        await picture(page, "login")
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("checkbox", name="production").check()
        await picture(page, "choice")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator(".status strong")).to_have_text("Live", timeout=60_000)
        await picture(page, "diagram")
        await page.get_by_label("Filter").fill("type=AWS::EC2::Instance and tag:team=storefront")
        await page.get_by_role("button", name="Table").click()
        await picture(page, "table")
        await page.get_by_role("row").nth(1).get_by_role("button").click()
        await page.get_by_role("button", name="Diagram").click()
        await picture(page, "details")
        await page.get_by_label("Filter").fill("")
        await page.get_by_role("button", name="Close the details").click()
        for view in ("Counts", "Coverage", "Changes"):
            await page.get_by_role("button", name=view).click()
            await picture(page, view.lower())
        await page.get_by_role("button", name="Files").click()
        await picture(page, "files")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
