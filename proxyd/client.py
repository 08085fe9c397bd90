"""What a thin client needs: open a stream, take its events as they come.

async with Client("http://127.0.0.1:8080", token) as client:
    async for event in client.stream(target=["production"]):
        print(event.name, event.data)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any, NamedTuple, Self

import aiohttp

MAX_EVENT = 1 << 20
"""Bytes of one event that are read before giving up; proxyd sends at most a quarter of it."""

SILENCE = 45.0
"""Seconds without a byte after which the server is gone: it sends one every 15."""


FIRST_WAIT, LAST_WAIT = 1.0, 60.0
"""Seconds after which a broken stream is opened again: at first, and at most."""

BUSY = frozenset({429, 503})
"""Answers that will be another one later."""


class ServerEvent(NamedTuple):
    """One event of a stream."""

    name: str
    id: str
    data: dict[str, Any]


class Refused(Exception):  # noqa: N818 - it is what the server did
    """The server answered with a problem instead of a stream."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '?')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Client:
    """Talks to one proxyd."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=SILENCE)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def stream(self, **parameters: Any) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of one stream, until it ends.

        Args:
            parameters: those of `POST /v1/stream`.

        Raises:
            Refused: the server answered with a problem.
            aiohttp.ClientError: the connection failed, or ended in the middle.

        """
        assert self._session is not None
        headers = {"Accept": "text/event-stream"}
        async with self._session.post(
            f"{self._url}/v1/stream", json=parameters, headers=headers
        ) as response:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise Refused(response.status, await _problem(response))
            parser = Parser()
            async for chunk in response.content.iter_any():
                for event in parser.feed(chunk):
                    yield event

    async def follow(self, **parameters: Any) -> AsyncGenerator[ServerEvent, None]:
        """Yield the events of a watch without end: where a stream breaks off, go on from there.

        Args:
            parameters: those of `POST /v1/stream`, without `mode`.

        Raises:
            Refused: the server answered with a problem for which waiting is no help.

        """
        wait = FIRST_WAIT
        while True:
            try:
                async for event in self.stream(**parameters, mode="watch"):
                    yield event
                    parameters["last_event_id"] = event.id
                    wait = FIRST_WAIT
                    if event.name == "closing":
                        wait = event.data["retry"] / 1000
            except (aiohttp.ClientError, TimeoutError):
                pass
            except Refused as refused:
                if refused.status not in BUSY:
                    raise
            await asyncio.sleep(wait)
            wait = min(wait * 2, LAST_WAIT)


class Parser:
    """Bytes → events, as far as proxyd's own streams need it: LF, one `data:` line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that are complete with this chunk.

        Raises:
            ValueError: an event is larger than any that proxyd sends.

        """
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        if len(self._rest) > MAX_EVENT:
            raise ValueError("an event without end")
        for block in blocks:
            fields = dict(_field(line) for line in block.split(b"\n") if not line.startswith(b":"))
            if b"data" in fields:
                yield ServerEvent(
                    fields.get(b"event", b"message").decode(),
                    fields.get(b"id", b"").decode(),
                    json.loads(fields[b"data"]),
                )


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


async def _problem(response: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        problem = json.loads(await response.read())
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
