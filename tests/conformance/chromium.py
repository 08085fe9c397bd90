"""Debian's Chromium, headless, driven by its DevTools protocol: a page with an EventSource."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from proxyd.demo.process import end, keep_tail

from .reading import Reading

OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # it refuses to start as root otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP proxyd.example.com 127.0.0.1",
    "--ignore-certificate-errors",  # the tests' private CA is not in its store
)

PAGE = """
const source = new EventSource(%s);
const say = (line) => told(JSON.stringify(line));
source.onopen = () => say({sign: "open"});
source.onerror = () => say({sign: source.readyState === EventSource.CLOSED ? "closed" : "error"});
for (const name of %s) {
  source.addEventListener(name, ({type, lastEventId, data}) => {
    say({event: type, id: lastEventId, data});
  });
}
"""

Listener = Callable[[str, dict[str, Any]], None]


class Tab:
    """One open page."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    async def run(self, script: str) -> Any:
        """Run a script in the page; where it gives a promise, wait for what that gives."""
        options = {"expression": script, "awaitPromise": True, "returnByValue": True}
        done = await self._browser.ask("Runtime.evaluate", self._session, **options)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    async def cookies(self) -> list[dict[str, Any]]:
        """Return the cookies that the page's address has."""
        found = await self._browser.ask("Network.getCookies", self._session)
        cookies: list[dict[str, Any]] = found["cookies"]
        return cookies


class Chromium:
    """One browser; `reading` opens a tab of its own each time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tabs: dict[str, Listener] = {}

    async def listen(self) -> None:
        """Hand out what the browser says."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif listener := self._tabs.get(said.get("sessionId", "")):
                listener(said["method"], said["params"])

    async def ask(self, method: str, tab: str | None = None, **params: Any) -> dict[str, Any]:
        """Call one method of the protocol."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        request = {"id": number, "method": method, "params": params}
        await self._socket.send_json(request | ({"sessionId": tab} if tab else {}))
        async with asyncio.timeout(20):
            said = await answer
        assert "result" in said, said
        result: dict[str, Any] = said["result"]
        return result

    @asynccontextmanager
    async def reading(
        self, url: str, token: str, names: list[str]
    ) -> AsyncGenerator[Reading, None]:
        """Open a page of the same origin and have its EventSource read the stream."""
        reading = Reading()

        def listener(method: str, params: dict[str, Any]) -> None:
            match method:
                case "Runtime.bindingCalled":
                    reading.take(json.loads(params["payload"]))
                case "Network.responseReceived" if "/v1/stream" in params["response"]["url"]:
                    reading.protocols.append(params["response"]["protocol"])

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.tab(re.sub(r"(?<=\w)/.*", "/healthz", url), headers, listener) as tab:
            await tab.run(PAGE % (json.dumps(url), json.dumps(names)))
            yield reading

    @asynccontextmanager
    async def tab(
        self, url: str, headers: dict[str, str], listener: Listener
    ) -> AsyncGenerator[Tab, None]:
        """Open a page in a tab of its own.

        Args:
            url: the page.
            headers: what every request of the tab brings along.
            listener: is told what happens in it; `told(text)` in the page is a binding.

        """
        loaded = asyncio.Event()

        def listen(method: str, params: dict[str, Any]) -> None:
            if method == "Page.loadEventFired":
                loaded.set()
            listener(method, params)

        target = (await self.ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.ask("Target.attachToTarget", targetId=target, flatten=True)
        tab = attached["sessionId"]
        self._tabs[tab] = listen
        try:
            for domain in ("Page", "Runtime", "Network"):
                await self.ask(f"{domain}.enable", tab)
            if headers:
                await self.ask("Network.setExtraHTTPHeaders", tab, headers=headers)
            await self.ask("Runtime.addBinding", tab, name="told")
            await self.ask("Page.navigate", tab, url=url)
            async with asyncio.timeout(20):
                await loaded.wait()
            yield Tab(self, tab)
        finally:
            await self.ask("Target.closeTarget", targetId=target)
            del self._tabs[tab]


@asynccontextmanager
async def chromium(profile: Path) -> AsyncGenerator[Chromium, None]:
    """Run it for the time of the block."""
    executable = shutil.which("chromium")
    assert executable, "these tests need Debian's chromium: apt-get install chromium"
    process = await asyncio.create_subprocess_exec(
        executable,
        *OPTIONS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "HOME": str(profile)},
        start_new_session=True,
    )
    try:
        assert process.stderr
        address = await _address(process.stderr)
        drained = asyncio.create_task(keep_tail(process.stderr, bytearray()))
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(address, max_msg_size=0) as socket,
        ):
            browser = Chromium(socket)
            listening = asyncio.create_task(browser.listen())
            yield browser
            listening.cancel()
        drained.cancel()
    finally:
        await end(process)


async def _address(said: asyncio.StreamReader) -> str:
    async with asyncio.timeout(30):
        async for line in said:
            if match := re.search(rb"DevTools listening on (ws://\S+)", line):
                return match[1].decode()
    raise AssertionError("chromium did not start")
