"""An AWS in which every field of every answer is a canary, and whose errors are canaries, too.

Answers are made from botocore's own models, for every operation of every scanner: each text in them
holds a mark, `v` and a number of up to 13 digits and `v`, that stands nowhere else.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

from proxyd.aws.access import DESCRIBE_REGIONS
from proxyd.aws.session import ASSUME_ROLE
from proxyd.model import Operation, Scanner
from proxyd.proofs.answers import Marks, Where
from proxyd.proofs.endpoint import Endpoint
from proxyd.proofs.scripted import Answers, Way

MARK = re.compile(rb"v\d{8,13}v")
ERROR = f"v9{secrets.randbelow(10**11):011}v"
"""The canary in the texts of errors: another one each time, so that no source file has it."""

REGION, ACCOUNT = "eu-west-1", "222222222222"
HANG_SECONDS = 5.0

_DENIED = {"x-amzn-errortype": "AccessDeniedException"}
_TEXT = (
    f"User: arn:aws:sts::1:assumed-role/{ERROR} is not authorized to perform: "
    f"{ERROR}:{ERROR} on resource: arn:aws:ec2:::thing/{ERROR}"
)
_XML = (
    f"<Response><Errors><Error><Code>AccessDenied</Code><Message>{_TEXT}</Message>"
    "</Error></Errors></Response>"
)
_JSON = f'{{"__type": "AccessDeniedException", "message": "{_TEXT}"}}'
_ANSWERS: dict[str, tuple[int, str, dict[str, str]]] = {
    "denied": (403, _JSON, _DENIED),
    "denied in XML": (403, _XML, {"Content-Type": "text/xml"}),
    "throttled": (400, _JSON.replace("AccessDenied", "Throttling"), {}),
    "broken": (500, f"<html>{_TEXT}</html>", {}),
    "garbage": (200, f"{{{_TEXT}<<{ERROR}", {}),
    "hangs": (503, _TEXT, {}),
}
FAULTS = (*(["none"] * 6), *_ANSWERS, "cut off")
"""What becomes of a request, by the hash of what it asks for."""


class Canaries(Endpoint):
    """The server. With `faults` a good part of the requests goes wrong.

    Attributes:
        faults: whether they do.
        made: how many of each there were.

    """

    def __init__(self, scanners: Mapping[str, Scanner]) -> None:
        super().__init__()
        self.faults = False
        self.made: set[str] = set()
        marks, where = Marks(), Where("aws", REGION, ACCOUNT)
        self._answers: dict[Operation, Answers] = {}
        for scanner in scanners.values():
            answers = Answers(scanner, marks, where, Way())
            for operation in scanner.operations:
                self._answers.setdefault(operation, answers)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.serve({*self._answers, ASSUME_ROLE, DESCRIBE_REGIONS}, self._made)
        return self

    def _made(self, operation: Operation, text: str) -> dict[str, Any]:
        if operation == ASSUME_ROLE:
            keys = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), ERROR)
            return {"Credentials": {**keys, "Expiration": datetime.now(UTC) + timedelta(hours=1)}}
        if operation == DESCRIBE_REGIONS:
            return {"Regions": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]}
        return self._answers[operation](operation, text)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        asked = f"{request.path_qs}{request.headers.get('X-Amz-Target')}".encode() + body
        fault = FAULTS[zlib.crc32(asked) % len(FAULTS)] if self.faults else "none"
        if fault == "none" or b"AssumeRole" in body or b"DescribeRegions" in body:
            return await super()._handle(request)
        self.made.add(fault)
        return await _fault(fault, request)


async def _fault(fault: str, request: web.BaseRequest) -> web.StreamResponse:
    if fault == "hangs":
        await asyncio.sleep(HANG_SECONDS)
    if fault == "cut off":
        response = web.StreamResponse(headers={"Content-Length": "100000"})
        await response.prepare(request)
        await response.write(_XML.encode())
        assert request.transport is not None
        request.transport.close()
        return response
    status, text, headers = _ANSWERS[fault]
    return web.Response(status=status, text=text, headers=headers)
