"""A relay between a client and its server that cuts the first stream after so many bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

HOST = "127.0.0.1"
_ENCODING = re.compile(rb"(?i)\r\naccept-encoding:[^\r]*\r\n")


class _Connection:
    """Whether what was asked last on it is a stream."""

    streams = False


class Relay:
    """What it saw: the head of each request for a stream, and the status of each answer.

    Attributes:
        plain: whether no stream is asked for compressed, so that bytes are as many as sent.

    """

    def __init__(self, server: str, cut_after: int | None, *, plain: bool) -> None:
        self._server = urlsplit(server)
        self._cut_after = cut_after
        self._plain = plain
        self.url = ""
        self.heads: list[str] = []
        self.statuses: list[int] = []

    @property
    def last_event_ids(self) -> list[str | None]:
        """The Last-Event-ID of each stream that was asked for."""
        found = (re.search(r"(?im)^last-event-id: (\S+)\r$", head) for head in self.heads)
        return [match and match[1] for match in found]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection, unless the server is not there."""
        host, port = self._server.hostname, self._server.port
        try:
            upstream, to_upstream = await asyncio.open_connection(host, port)
            connection = _Connection()
            try:
                async with asyncio.TaskGroup() as group:
                    asking = group.create_task(self._ask(connection, reader, to_upstream))
                    await self._answer(connection, upstream, writer)
                    asking.cancel()
            finally:
                to_upstream.close()
        except* ConnectionError:
            pass  # one side went, or was never there: so does the other
        finally:
            writer.close()

    async def _ask(
        self, on: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while chunk := await reader.read(65536):
            on.streams = b" /v1/stream" in chunk.partition(b"\r\n")[0]
            if on.streams:
                self.heads.append(chunk.decode("latin-1"))
            writer.write(_ENCODING.sub(rb"\r\n", chunk) if self._plain else chunk)
            await writer.drain()
        writer.close()

    async def _answer(
        self, on: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        while chunk := await reader.read(16384):
            if on.streams and (status := re.match(rb"HTTP/1.1 (\d+)", chunk)):
                self.statuses.append(int(status[1]))
            cut = self._cut_after if on.streams else None
            if cut is not None and passed + len(chunk) >= cut:
                self._cut_after = None
                await _cut(writer, chunk[: cut - passed])
                return
            passed += len(chunk)
            writer.write(chunk)
            await writer.drain()


async def _cut(writer: asyncio.StreamWriter, last: bytes) -> None:
    """Send the last bytes, then end the connection where the answer has no end."""
    writer.write(last)
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def relay(
    server: str, cut_after: int | None = None, *, plain: bool = True
) -> AsyncGenerator[Relay, None]:
    """Run one for the time of the block."""
    made = Relay(server, cut_after, plain=plain)
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        running.add(task)
        task.add_done_callback(running.discard)
        await made.handle(reader, writer)

    listener = await asyncio.start_server(handle, HOST, 0)
    made.url = f"http://{HOST}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        listener.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*list(running), return_exceptions=True)
