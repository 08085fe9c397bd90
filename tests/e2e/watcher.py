"""A client of a watch stream: it keeps a picture, as the contract says how, and can wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from proxyd.client import Parser, ServerEvent

from .daemon import Daemon

PATIENCE = 15.0


class Watcher:
    """One open stream and what came of it."""

    def __init__(self, held: dict[str, dict[str, Any]] | None = None) -> None:
        self.events: list[ServerEvent] = []
        self.held: dict[str, dict[str, Any]] = dict(held or {})
        self.headers: dict[str, str] = {}
        self.whole = False
        self.ended = asyncio.Event()
        self._told = asyncio.Event()

    @property
    def last_id(self) -> str:
        """The id of the last event."""
        return self.events[-1].id

    @property
    def names(self) -> list[str]:
        """The names of the events, in order."""
        return [event.name for event in self.events]

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the data of the events of one name."""
        return [event.data for event in self.events if event.name == name]

    @property
    def ids(self) -> set[str]:
        """The ids of the resources that it holds."""
        return {arn.rpartition("/")[2] for arn in self.held}

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._told.clear()
                await self._told.wait()

    async def marked(self, times: int = 1) -> None:
        """Wait until `scan.completed` has come so often."""
        await self.until(lambda: self.names.count("scan.completed") >= times)

    async def read(self, response: aiohttp.ClientResponse) -> None:
        """Apply events until the stream ends."""
        parser = Parser()
        try:
            async for chunk in response.content.iter_any():
                for event in parser.feed(chunk):
                    self._apply(event)
                self._told.set()
            self.whole = True
        except aiohttp.ClientError:
            self.whole = False
        finally:
            self.ended.set()
            self._told.set()

    def _apply(self, event: ServerEvent) -> None:
        self.events.append(event)
        match event.name:
            case "resource":
                self.held[event.data["arn"]] = event.data
            case "resource.removed":
                self.held.pop(event.data["arn"], None)
            case "reset":
                self.held.clear()


@asynccontextmanager
async def watching(
    daemon: Daemon,
    *,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    held: dict[str, dict[str, Any]] | None = None,
    **parameters: Any,
) -> AsyncGenerator[Watcher, None]:
    """Watch for the time of the block."""
    watcher = Watcher(held)
    body = {"mode": "watch", **parameters}
    async with daemon.request(
        "POST",
        "/v1/stream",
        token=token,
        json=body,
        headers=headers or {},
        timeout=aiohttp.ClientTimeout(total=None),
    ) as response:
        assert response.status == 200, await response.text()
        watcher.headers = dict(response.headers)
        task = asyncio.create_task(watcher.read(response))
        try:
            yield watcher
        finally:
            task.cancel()
            await asyncio.wait([task])
