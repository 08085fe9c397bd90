"""What a browser holds after the page was used, and after it was closed: nothing of the estate."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.e2e.test_watch import TYPE, kept_live

from .conftest import CHROMIUM, OPTIONS, Client

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANARY = "vpc-kanarienvogl4711"
STORES = """
async () => ({
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  cookies: document.cookie,
})
"""


def holding(directory: Path, words: Sequence[bytes]) -> dict[str, list[str]]:
    """Search every file of a directory, also as UTF-16, which Chromium writes in places."""
    found: dict[str, list[str]] = {}
    for path in directory.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for word in words:
            if word in content or word.decode().encode("utf-16-le") in content:
                found.setdefault(word.decode(), []).append(str(path.relative_to(directory)))
    return found


async def test_the_browsers_profile_holds_nothing(tmp_path: Path) -> None:
    """Used, reloaded and closed: no name, no ARN and no token in any file of the profile.

    The address of the page is found, so the search is one that finds.
    """
    profile = tmp_path / "profile"
    profile.mkdir()
    words = [CANARY.encode()]
    async with kept_live(tmp_path) as (daemon, aws):
        aws.names["eu-west-1"] = [CANARY, *(f"{CANARY}-{i}" for i in range(200))]
        words += [daemon.token.encode(), b"222222222222"]
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                str(profile), executable_path=CHROMIUM, args=OPTIONS
            )
            client = Client(await context.new_page(), daemon, daemon.url)
            await client.show("fake", types=TYPE)
            for view in ("Table", "Counts", "Coverage", "Changes", "Diagram"):
                await client.view(view)
            await client.view("Table")
            await client.filter(f"name~{CANARY}")
            await client.page.get_by_role("button", name=CANARY, exact=True).click()
            assert CANARY in await client.page.content()
            stores = await client.page.evaluate(STORES)
            assert stores == {
                **dict.fromkeys(("local", "session", "databases", "caches", "workers"), 0),
                "cookies": "",
            }
            await client.page.reload()
            await client.page.get_by_role("group", name="Accounts").wait_for()
            assert CANARY not in await client.page.content()
            await context.close()
        assert not await asyncio.to_thread(holding, profile, words)
        address = daemon.url.removeprefix("http://").encode()
        assert await asyncio.to_thread(holding, profile, [address])
    shutil.rmtree(profile)


async def test_the_search_finds_what_is_kept(tmp_path: Path) -> None:
    """The same search over what a page does keep, of each kind that there is."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "plain").write_bytes(b"x" * 1000 + CANARY.encode() + b"y")
    (tmp_path / "wide").write_bytes(b"\0" + CANARY.encode("utf-16-le"))
    found = holding(tmp_path, [CANARY.encode()])
    assert sorted(found[CANARY]) == ["a/plain", "wide"]
