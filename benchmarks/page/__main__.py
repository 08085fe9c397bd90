"""`python -m benchmarks.page`: open estates of three sizes in a browser, and print a table."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import CDPSession, Page, async_playwright

from benchmarks.page import plugin
from benchmarks.scan import authority, daemon
from benchmarks.scan.aws import stubbed
from benchmarks.scan.daemon import Daemon

_SECONDS = 300_000
"""Milliseconds that a page has to become whole."""

_WATCHED = """
() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(longest, duration);
  }).observe({ type: "longtask", buffered: true });
}
"""
_FRAMES = """
() => {
  window.frames_ = [];
  let last = performance.now();
  const tick = (now) => {
    frames_.push(now - last);
    last = now;
    if (window.ticking) requestAnimationFrame(tick);
  };
  window.ticking = true;
  requestAnimationFrame(tick);
}
"""
_COUNTED = "() => { window.ticking = false; return frames_.slice(1); }"
_MARK = "(name) => performance.getEntriesByName(name)[0]?.startTime ?? null"


class Row(NamedTuple):
    """What one estate gave. Times in ms, memory in MB, frames in frames a second."""

    resources: int
    first_shape: float
    whole: float
    longest_task: float
    drag: float
    slowest_drag: float
    zoom: float
    slowest_zoom: float
    memory: float


async def measure(daemon_: Daemon, size: int, chromium: str) -> Row:
    """Open one estate in a browser of its own, and use it."""
    async with async_playwright() as playwright:
        options = ["--no-sandbox", "--headless=new", "--enable-precise-memory-info"]
        browser = await playwright.chromium.launch(executable_path=chromium, args=options)
        page = await browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(_SECONDS)
        await page.goto(f"http://{authority.HOST}:{daemon_.port}/")
        await page.evaluate(_WATCHED)
        await page.get_by_label("API token").fill(daemon_.token)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("combobox", name="Types").fill(plugin.types(size))
        await page.get_by_role("button", name="Show").click()
        await page.get_by_text("Live", exact=True).wait_for()
        await page.wait_for_timeout(1500)
        first = await page.evaluate(_MARK, "first resource")
        shape = await page.evaluate(_MARK, "first shape")
        whole = await page.evaluate(_MARK, "whole")
        longest = await page.evaluate("longest")
        drags = await _frames(page, _drag)
        zooms = await _frames(page, _zoom)
        row = Row(
            size,
            shape - first,
            whole - first,
            longest,
            _rate(drags),
            max(drags),
            _rate(zooms),
            max(zooms),
            await _memory(await page.context.new_cdp_session(page)),
        )
        await browser.close()
        return row


async def _frames(page: Page, use: Any) -> list[float]:
    await page.evaluate(_FRAMES)
    await use(page)
    frames: list[float] = await page.evaluate(_COUNTED)
    return frames


async def _drag(page: Page) -> None:
    await page.mouse.move(700, 450)
    await page.mouse.down()
    for step in range(120):
        await page.mouse.move(700 + (step % 60) * 5 - 150, 450 + step % 40)
        await page.wait_for_timeout(10)
    await page.mouse.up()


async def _zoom(page: Page) -> None:
    await page.mouse.move(700, 450)
    for step in range(120):
        await page.mouse.wheel(0, -60 if step // 30 % 2 else 60)
        await page.wait_for_timeout(10)


def _rate(frames: list[float]) -> float:
    return 1000 / statistics.mean(frames)


async def _memory(session: CDPSession) -> float:
    await session.send("HeapProfiler.collectGarbage")
    await session.send("Performance.enable")
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    [used] = [each["value"] for each in metrics if each["name"] == "JSHeapUsedSize"]
    return float(used) / 1e6


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=plugin.SIZES)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    print(  # noqa: T201 - it is what this is for
        "| resources | first shape ms | whole s | longest task ms | drag fps (slowest frame ms) "
        "| zoom fps (slowest frame ms) | heap MB |\n|---:|---:|---:|---:|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory(prefix="proxyd-benchmark-") as name:
        directory = Path(name)
        authority.issue(directory)
        with stubbed(directory, delay=0.0) as aws:
            settings = daemon.settings(
                aws.url,
                directory / "ca.pem",
                types=("*",),
                services=("ec2",),
                target={"regions": list(plugin.REGIONS)},
            )
            with daemon.serving(directory, settings, "benchmarks.page.serving") as running:
                running.warmed()
                for size in given.sizes:
                    row = asyncio.run(measure(running, size, given.chromium))
                    print(  # noqa: T201 - the same
                        f"| {row.resources:,} | {row.first_shape:.0f} | {row.whole / 1000:.1f} | "
                        f"{row.longest_task:.0f} | {row.drag:.0f} ({row.slowest_drag:.0f}) | "
                        f"{row.zoom:.0f} ({row.slowest_zoom:.0f}) | {row.memory:.0f} |"
                    )


if __name__ == "__main__":
    main()
