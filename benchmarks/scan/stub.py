"""A stub of AWS with a fixed latency: a process of its own, fast enough not to be noticed.

It knows a call by the service in the signature's scope and by `Action`, answers it after the
delay with a canned body, and counts. HTTP/1.1 over TLS, connections kept alive, loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl

import uvloop

from benchmarks.scan import instances, services
from benchmarks.scan.authority import HOST
from benchmarks.scan.requests import Requests

COUNTS = "/counts"
"""Where it tells and forgets what it has counted."""

_SCOPE = re.compile(rb"Credential=[^/]*/\d{8}/([^/]+)/([^/]+)/aws4_request")
_BACKLOG = 1024
_SESSION = timedelta(hours=1)


class Options(NamedTuple):
    """What the stub is told: seconds of delay, items of each list, instances in each region."""

    delay: float
    rows: int
    instances: int


class Stub:
    """Answers and counts."""

    def __init__(self, options: Options) -> None:
        self.delay = options.delay
        self.calls = 0
        self.connections = 0
        self._instances = options.instances
        self._listed = {call.signs_as: call for call in services.CALLS}
        self._canned = cache(self._write)
        self._rows = options.rows

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Answer one signed request."""
        self.calls += 1
        scope = _SCOPE.search(head)
        if scope is None:
            return response(b"unsigned", status=b"403 Forbidden")
        region, service = scope[1].decode(), scope[2].decode()
        if service == "sts":
            return response(_assumed())
        if service == "ec2" and b"Action=DescribeRegions" in body:
            return self._canned("regions", region)
        if service == "ec2" and b"Action=DescribeInstances" in body:
            parameters = dict(parse_qsl(body.decode()))
            return response(instances.page(self._instances, parameters).encode())
        return self._canned(service, region)

    def counts(self) -> bytes:
        """Tell the counts, and begin anew."""
        told = json.dumps({"calls": self.calls, "connections": self.connections})
        self.calls = self.connections = 0
        return response(told.encode())

    def _write(self, service: str, region: str) -> bytes:
        if service == "regions":
            return response(_regions().encode())
        call = self._listed.get(service)
        if call is None:
            return response(b"unknown service", status=b"404 Not Found")
        return response(services.body(call, region, self._rows).encode())


class Connection(asyncio.Protocol):
    """One connection: requests in, answers out, one after the other."""

    def __init__(self, stub: Stub, later: Callable[..., object]) -> None:
        self._stub = stub
        self._later = later
        self._requests = Requests()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transport = transport  # type: ignore[assignment] # a server's is a full one
        self._stub.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        for head, body in self._requests.feed(data):
            if COUNTS.encode() in head[:64]:
                self._stub.connections -= 1
                self._send(self._stub.counts())
            else:
                self._later(self._stub.delay, self._send, self._stub.answer(head, body))

    def _send(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)


def response(body: bytes, *, status: bytes = b"200 OK") -> bytes:
    """Write an HTTP response."""
    kind = b"text/xml" if body.startswith(b"<") else b"application/x-amz-json-1.1"
    return (
        b"HTTP/1.1 %b\r\nContent-Type: %b\r\nx-amzn-RequestId: 5f0c\r\nContent-Length: %d\r\n\r\n%b"
        % (status, kind, len(body), body)
    )


def _assumed() -> bytes:
    until = datetime.now(UTC) + _SESSION
    return services.xml_answer(
        "AssumeRole",
        "<Credentials><AccessKeyId>ASIABENCHMARK</AccessKeyId>"
        "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
        f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>",
        "query",
    ).encode()


def _regions() -> str:
    rows = "".join(
        f"<item><regionName>{region}</regionName>"
        "<optInStatus>opt-in-not-required</optInStatus></item>"
        for region in services.REGIONS
    )
    return services.xml_answer("DescribeRegions", f"<regionInfo>{rows}</regionInfo>", "ec2")


async def serve(options: Options, certificate: str) -> None:
    """Serve until ended, and say on which port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    stub, loop = Stub(options), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(stub, loop.call_later), HOST, 0, ssl=context, backlog=_BACKLOG
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--delay", type=float, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--instances", type=int, default=0)
    given = parser.parse_args()
    uvloop.run(serve(Options(given.delay, given.rows, given.instances), given.certificate))


if __name__ == "__main__":
    main()
