"""Keyboards, screen readers, small screens, and both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.daemon import Daemon
from tests.e2e.test_watch import TYPE, kept_live

from .conftest import Client, client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Path(__file__).parents[2] / "proxyd/web/client/node_modules/axe-core/axe.min.js"
VIEWS = ("Diagram", "Table", "Counts", "Coverage", "Changes")


async def violations(client: Client) -> list[str]:
    """Let axe look at the page as it is."""
    await client.page.add_script_tag(path=AXE)
    found: dict[str, Any] = await client.page.evaluate("axe.run(document)")
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, demo: Daemon, theme: str) -> None:
    """In every view, with the details and the dialog open, in both themes."""
    async with client_of(browser, demo, color_scheme=theme, bypass_csp=True) as client:
        await client.open()
        assert await violations(client) == []
        await client.log_in()
        assert await violations(client) == []
        await client.choose("production", types="AWS::EC2::*")
        for view in VIEWS:
            await client.view(view)
            assert await violations(client) == [], view
        await client.view("Table")
        await client.page.get_by_role("row").nth(1).get_by_role("button").click()
        await client.filter("nme=x")
        assert await violations(client) == []
        await client.page.get_by_role("button", name="Files").click()
        assert await violations(client) == []


async def test_axe_finds_what_is_wrong(browser: Browser, demo: Daemon) -> None:
    """A button without a name is found: the check is one that finds."""
    async with client_of(browser, demo, bypass_csp=True) as client:
        await client.open()
        await client.page.evaluate("document.body.append(document.createElement('button'))")
        assert [each.partition(":")[0] for each in await violations(client)] == ["button-name"]


@pytest.mark.parametrize("view", VIEWS)
async def test_nothing_is_wider_than_a_telephone(
    browser: Browser, tmp_path: Path, view: str
) -> None:
    """The page itself never scrolls sideways; long tables do so in themselves."""
    async with kept_live(tmp_path) as (daemon, _):
        size = {"width": 360, "height": 640}
        async with client_of(browser, daemon, viewport=size) as client:
            await client.show("fake", types=TYPE)
            await client.view(view)
            width = await client.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360


async def test_the_diagram_is_used_with_the_keyboard(browser: Browser, demo: Daemon) -> None:
    """Arrows move what is seen, plus and minus zoom, 0 shows all again, Escape closes details."""
    async with client_of(browser, demo) as client:
        await client.show("production", types="AWS::SQS::Queue")
        page = client.page

        async def seen_after(*keys: str) -> dict[str, float]:
            await page.get_by_role("application").focus()
            for key in keys:
                await page.keyboard.press(key)
            await page.wait_for_timeout(100)
            view: dict[str, float] = (await client.blueprint())["view"]
            return view

        whole = await seen_after("0")
        assert (await seen_after("ArrowRight"))["x"] > whole["x"]
        assert (await seen_after("ArrowDown"))["y"] > whole["y"]
        near = await seen_after("+")
        assert near["zoom"] > whole["zoom"]
        assert (await seen_after("-", "-"))["zoom"] < near["zoom"]
        assert await seen_after("0") == whole
        await page.get_by_role("application").focus()
        await page.keyboard.press("n")
        details = page.get_by_role("complementary")
        await expect(details).to_be_visible()
        await page.get_by_role("application").focus()
        await page.keyboard.press("Escape")
        await expect(details).to_have_count(0)


async def test_next_and_previous_go_through_the_things(browser: Browser, demo: Daemon) -> None:
    """N and P select, and what is selected is said."""
    async with client_of(browser, demo) as client:
        await client.show("production", types="AWS::SQS::Queue")
        page = client.page
        await page.get_by_role("application").focus()
        heading = page.get_by_role("complementary").get_by_role("heading", level=2)
        await page.keyboard.press("n")
        first = await heading.inner_text()
        await expect(page.locator(".diagram [aria-live]")).to_contain_text(first)
        await page.keyboard.press("n")
        await expect(heading).not_to_have_text(first)
        await page.keyboard.press("p")
        await expect(heading).to_have_text(first)
