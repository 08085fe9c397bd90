"""`proxyd watch`: a thin client in the terminal."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp

from proxyd.cli.printing import line_of
from proxyd.client import Client, Refused, ServerEvent
from proxyd.errors import StartupError


def watch(url: str, token: str, parameters: dict[str, Any], *, follow: bool, as_json: bool) -> bool:
    """Print a stream as it comes; return whether it was complete.

    Following, it comes to an end by Ctrl-C only, and is complete then.

    Raises:
        StartupError: the server refused it, or can not be reached.

    """
    try:
        if follow:
            return asyncio.run(_follow(url, token, parameters, as_json=as_json))
        return asyncio.run(_watch(url, token, parameters, as_json=as_json))
    except KeyboardInterrupt:
        return True
    except Refused as error:
        raise StartupError(f"refused: {error}") from None
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise StartupError(f"{url}: {error}") from None


async def _watch(url: str, token: str, parameters: dict[str, Any], *, as_json: bool) -> bool:
    complete = True
    last = None
    async with Client(url, token) as client:
        async for event in client.stream(**parameters):
            _print(event, as_json=as_json)
            last = event.name
            if event.name == "scan.completed":
                complete = complete and event.data["complete"]
    return complete and last == "scan.completed"


async def _follow(url: str, token: str, parameters: dict[str, Any], *, as_json: bool) -> bool:
    async with Client(url, token) as client:
        async for event in client.follow(**parameters):
            _print(event, as_json=as_json)
    return True


def _print(event: ServerEvent, *, as_json: bool) -> None:
    text = json.dumps(event._asdict()) if as_json else line_of(event)
    if text is not None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
