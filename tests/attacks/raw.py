"""Raw bytes to a server, and what comes back, when, and whether the connection is closed."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

_STATUS = re.compile(rb"HTTP/1\.\d (\d{3}) ")


class Came(NamedTuple):
    """What came of an exchange.

    Attributes:
        said: all bytes that came back.
        closed: whether the server closed the connection.
        seconds: until it did, or until it was given up.

    """

    said: bytes
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(status) for status in _STATUS.findall(self.said)]

    @property
    def status(self) -> int:
        """The status of the first answer; 0 where there is none."""
        return (self.statuses or [0])[0]


async def exchange(
    url: str,
    pieces: Iterable[bytes],
    *,
    pause: float = 0.0,
    patience: float = 3.0,
    context: ssl.SSLContext | None = None,
    read: bool = True,
) -> Came:
    """Send pieces one after the other, and read until the server closes or patience ends.

    Args:
        url: the server.
        pieces: what is sent.
        pause: seconds between two pieces.
        patience: seconds in all.
        context: for TLS.
        read: whether anything is read before the end.

    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    since, said, closed = time.monotonic(), bytearray(), False
    sending = asyncio.create_task(_send(writer, pieces, pause))
    try:
        async with asyncio.timeout(patience):
            if not read:
                await sending
                await asyncio.Event().wait()
            async for chunk in _chunks(reader):
                said += chunk
            closed = True
    except TimeoutError:
        pass
    except ConnectionError:
        closed = True
    finally:
        sending.cancel()
        writer.close()
    return Came(bytes(said), closed, time.monotonic() - since)


async def _send(writer: asyncio.StreamWriter, pieces: Iterable[bytes], pause: float) -> None:
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)
    except ConnectionError:
        return


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await reader.read(65536):
        yield chunk
