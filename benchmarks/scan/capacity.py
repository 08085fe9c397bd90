"""How many calls a second the stub can answer, asked by a client that does nothing else."""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys
import time
from functools import partial
from urllib.parse import urlsplit

import uvloop

_CONNECTIONS = 32
_CALLS = 500
_REQUEST = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260102/eu-west-1/ec2/aws4_request, "
    b"SignedHeaders=host, Signature=00\r\nContent-Length: 38\r\n\r\n"
    b"Action=DescribeVpcs&Version=2016-11-15"
)


class _Asking(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, ended: asyncio.Future[None]) -> None:
        self._left = _CALLS
        self._ended = ended
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment] # a client's is a full one
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer.endswith(b"</DescribeVpcsResponse>"):
            self._buffer = b""
            self._ask()

    def _ask(self) -> None:
        assert self._transport
        if self._left:
            self._left -= 1
            self._transport.write(_REQUEST)
        else:
            self._transport.close()
            self._ended.set_result(None)


async def measure(host: str, port: int, context: ssl.SSLContext) -> float:
    """Return the calls a second over kept connections."""
    loop = asyncio.get_running_loop()
    ended: list[asyncio.Future[None]] = [loop.create_future() for _ in range(_CONNECTIONS)]
    started = time.monotonic()
    for future in ended:
        await loop.create_connection(partial(_Asking, future), host, port, ssl=context)
    await asyncio.gather(*ended)
    return _CONNECTIONS * _CALLS / (time.monotonic() - started)


def main() -> None:
    """Measure a stub without delay and print the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--bundle", required=True)
    given = parser.parse_args()
    address = urlsplit(given.endpoint)
    context = ssl.create_default_context(cafile=given.bundle)
    rate = uvloop.run(measure(str(address.hostname), int(address.port or 0), context))
    sys.stdout.write(f"{rate:.0f}")


if __name__ == "__main__":
    main()
