"""An AWS that does as a test says: STS, and EC2 as a script of pages, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

REQUEST_ID = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"
REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")


class Call:
    """One request: which operation, in which region, with which credentials and parameters."""

    def __init__(self, request: web.Request, body: str) -> None:
        self.request = request
        self.body = body
        self.parameters = {name: values[0] for name, values in parse_qs(body).items()}
        self.operation = self.parameters["Action"]
        scope = request.headers["Authorization"].partition("Credential=")[2].split("/")
        self.access_key, self.region = scope[0], scope[2]


Answer = Callable[[Call], Awaitable[web.StreamResponse]]


class FakeAws:
    """Counts and answers; `answers` maps an operation to what answers it."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.calls: list[Call] = []
        self.gone = 0
        self.changed = asyncio.Event()
        self.session_seconds = 3600.0
        self.sessions = 0
        self.answers: dict[str, Answer] = {
            "AssumeRole": self.assume_role,
            "DescribeRegions": self.describe_regions,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; note when its connection goes before it is answered."""
        call = Call(request, await request.text())
        self.calls.append(call)
        self._tell()
        try:
            return await self.answers[call.operation](call)
        except asyncio.CancelledError:
            self.gone += 1
            self._tell()
            raise

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until a condition over what it has seen holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def made(self, operation: str) -> list[Call]:
        """Return the calls of one operation."""
        return [call for call in self.calls if call.operation == operation]

    async def assume_role(self, call: Call) -> web.Response:
        """Give credentials that are good for `session_seconds`."""
        del call
        self.sessions += 1
        until = datetime.now(UTC) + timedelta(seconds=self.session_seconds)
        return xml(
            "AssumeRole",
            f"<Credentials><AccessKeyId>ASIA{self.sessions}</AccessKeyId>"
            "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
            f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>",
            result=True,
        )

    async def describe_regions(self, call: Call) -> web.Response:
        """Say that all regions are on."""
        del call
        rows = "".join(
            f"<item><regionName>{region}</regionName>"
            "<optInStatus>opt-in-not-required</optInStatus></item>"
            for region in REGIONS
        )
        return xml("DescribeRegions", f"<regionInfo>{rows}</regionInfo>")

    def _tell(self) -> None:
        self.changed.set()


def xml(operation: str, content: str, *, result: bool = False) -> web.Response:
    """Wrap an answer as the query protocols do."""
    if result:
        content = f"<{operation}Result>{content}</{operation}Result>"
        content += f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return web.Response(
        text=f"<{operation}Response>{content}</{operation}Response>", content_type="text/xml"
    )


def error(code: str, message: str = "", status: int = 400) -> web.Response:
    """Answer with an EC2 error."""
    return web.Response(
        status=status,
        text=f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "</Errors><RequestID>r</RequestID></Response>",
        content_type="text/xml",
    )


def vpcs(names: list[str], next_token: str | None = None) -> web.Response:
    """Answer DescribeVpcs with one page."""
    rows = "".join(
        f"<item><vpcId>{name}</vpcId><state>available</state><cidrBlock>10.0.0.0/16</cidrBlock>"
        "<ownerId>222222222222</ownerId></item>"
        for name in names
    )
    token = f"<nextToken>{next_token}</nextToken>" if next_token else ""
    return xml("DescribeVpcs", f"<vpcSet>{rows}</vpcSet>{token}")


@asynccontextmanager
async def fake_aws() -> AsyncGenerator[FakeAws, None]:
    """Run one for the time of the block."""
    fake = FakeAws()
    app: Any = web.Application()
    app.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    fake.endpoint = f"http://{host}:{port}"
    try:
        yield fake
    finally:
        await runner.cleanup()
