"""Read one stream with one of PyPI's clients: `python pypi_clients.py CLIENT URL`.

Every event is a line of JSON on stdout, {event, id, data}; so is whatever else the client tells,
{sign, ...}. The token comes from $PROXYD_TOKEN. Only the client that is asked for is imported.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

TOKEN = os.environ.get("PROXYD_TOKEN")


def headers() -> dict[str, str]:
    """Return what lets a request in."""
    return {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def say(**line: object) -> None:
    """Write a line."""
    print(json.dumps(line), flush=True)  # noqa: T201 - it is what this is for


def event(name: str | None, id_: str | None, data: str) -> None:
    """Tell of an event."""
    say(event=name or "message", id=id_ or "", data=data)


def httpx_sse(url: str, **timeout: Any) -> None:
    """Read with HTTPX, which waits 5 s for a byte unless told otherwise."""
    httpx, sse = import_module("httpx"), import_module("httpx_sse")
    with (
        httpx.Client(headers=headers(), **timeout) as client,
        sse.connect_sse(client, "GET", url) as source,
    ):
        say(sign="open", status=source.response.status_code)
        for sent in source.iter_sse():
            event(sent.event, sent.id, sent.data)


def sseclient_py(url: str) -> None:
    """Read what requests receives, as its documentation shows."""
    requests, sseclient = import_module("requests"), import_module("sseclient")
    with requests.get(url, headers=headers(), stream=True, timeout=(5, 60)) as response:
        say(sign="open", status=response.status_code)
        for sent in sseclient.SSEClient(response).events():
            event(sent.event, sent.id, sent.data)


async def aiosseclient(url: str) -> None:
    """Read to the end."""
    async for sent in import_module("aiosseclient").aiosseclient(url, headers=headers()):
        event(sent.event, sent.id, sent.data)


async def aiohttp_sse_client(url: str) -> None:
    """Read for as long as it comes back by itself."""

    def opened() -> None:
        say(sign="open")

    def failed() -> None:
        say(sign="error")

    client = import_module("aiohttp_sse_client.client")
    async with client.EventSource(
        url, headers=headers(), on_open=opened, on_error=failed
    ) as source:
        async for sent in source:
            event(sent.type, sent.last_event_id, sent.data)


CLIENTS: dict[str, Callable[[str], Any]] = {
    "httpx-sse": lambda url: httpx_sse(url, timeout=None),
    "httpx-sse, impatient": httpx_sse,
    "sseclient-py": sseclient_py,
    "aiosseclient": lambda url: asyncio.run(aiosseclient(url)),
    "aiohttp-sse-client": lambda url: asyncio.run(aiohttp_sse_client(url)),
}


def main() -> None:
    """Read, and say how it ended."""
    client, url = sys.argv[1:]
    try:
        CLIENTS[client](url)
    except Exception as error:  # noqa: BLE001 - how a client fails is what is asked
        say(sign="failed", code=type(error).__name__)
    else:
        say(sign="closed")


if __name__ == "__main__":
    main()
