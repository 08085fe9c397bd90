"""A proxy before the emulator that makes each call take longer, and counts calls."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import suppress

import uvloop

from benchmarks.scan.authority import HOST
from benchmarks.scan.requests import Requests

COUNTS = "/counts"
"""Where it tells and forgets what it has counted."""

_CHUNK = 1 << 16
_BACKLOG = 1024


class Proxy:
    """Passes calls on after a delay."""

    def __init__(self, port: int, delay: float) -> None:
        self.calls = 0
        self._port = port
        self._delay = delay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, through one connection of its own to the emulator."""
        with suppress(ConnectionError):
            upstream_reader, upstream = await asyncio.open_connection(HOST, self._port)
            answers = asyncio.create_task(_pass_on(upstream_reader, writer))
            try:
                await self._requests(reader, writer, upstream)
            finally:
                upstream.close()
                answers.cancel()
        writer.close()

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: asyncio.StreamWriter,
    ) -> None:
        requests = Requests()
        while data := await reader.read(_CHUNK):
            for head, body in requests.feed(data):
                if COUNTS.encode() in head[:64]:
                    writer.write(self._counts())
                    continue
                self.calls += 1
                await asyncio.sleep(self._delay)
                upstream.write(head + body)

    def _counts(self) -> bytes:
        told = json.dumps({"calls": self.calls}).encode()
        self.calls = 0
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.close()


async def serve(proxy: Proxy) -> None:
    """Serve until ended, and say on which port."""
    server = await asyncio.start_server(proxy.serve, HOST, 0, backlog=_BACKLOG)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where the emulator is")
    parser.add_argument("--delay", type=float, required=True, help="seconds for each call")
    given = parser.parse_args()
    uvloop.run(serve(Proxy(given.port, given.delay)))


if __name__ == "__main__":
    main()
