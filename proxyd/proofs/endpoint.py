"""An AWS that answers from the service models, over real HTTP on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlsplit

from aiohttp import web
from botocore.model import OperationModel

from proxyd.model import Operation
from proxyd.proofs.answers import operation_model, response

Answer = Callable[[Operation, str], dict[str, Any]]
"""What answers an operation, from the text of its request."""


class Endpoint:
    """A server whose answers are those of `answer`, for the operations that it is told of."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Operation] = []
        self.repeated = False
        self._texts: set[tuple[Operation, str]] = set()
        self._operations: list[Operation] = []
        self._answer: Answer = lambda *_: {}
        self._runner = web.ServerRunner(web.Server(self._handle))

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    def serve(self, operations: Iterable[Operation], answer: Answer) -> None:
        """Answer these operations from now on, so, and forget what was asked before."""
        self._operations = list(operations)
        self._answer = answer
        self.asked = []
        self.repeated = False
        self._texts = set()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode()
        operation = self._asked_for(request, body)
        if operation is None:
            return web.Response(status=501, text="not one of the declared operations")
        self.asked.append(operation)
        text = unquote_plus(f"{request.path_qs} {body}")
        self.repeated |= (operation, text) in self._texts
        self._texts.add((operation, text))
        written = response(operation, self._answer(operation, text))
        headers = {n: t for n, t in written["headers"].items() if n != "content-length"}
        return web.Response(status=written["status_code"], body=written["body"], headers=headers)

    def _asked_for(self, request: web.BaseRequest, body: str) -> Operation | None:
        signed_for = request.headers.get("Authorization", "").partition("Credential=")[2]
        scope = signed_for.split("/")[3:4]
        found = [
            (fits, operation)
            for operation in self._operations
            if [(model := operation_model(operation)).service_model.signing_name] == scope
            and (fits := _fits(model, request, body))
        ]
        return max(found)[1] if found else None


def _fits(model: OperationModel, request: web.BaseRequest, body: str) -> int:
    """Tell how well a request fits an operation: 0 means not at all."""
    protocol = model.service_model.resolved_protocol
    if protocol in ("query", "ec2"):
        return int(parse_qs(body).get("Action") == [model.name])
    if protocol == "json":
        target = f"{model.service_model.metadata['targetPrefix']}.{model.name}"
        return int(request.headers.get("X-Amz-Target") == target)
    if request.method != model.http["method"]:
        return 0
    path, _, query = model.http["requestUri"].partition("?")
    told = urlsplit(request.path_qs)
    words = [word for word in query.split("&") if word]
    there = all(re.search(rf"(^|&){re.escape(word)}(=|&|$)", told.query) for word in words)
    if not there or not re.fullmatch(_pattern(path), told.path):
        return 0
    # The one that says most of itself: /tags/{arn} is not /tags/all.
    return 1 + len(re.sub(r"\{[^{}]+\}", "", path)) + 100 * len(words)


def _pattern(path: str) -> str:
    """Write the template of a request's path as a regular expression."""
    pieces = re.split(r"\{([^{}]+)\}", path)
    names = [".+" if name.endswith("+") else "[^/]+" for name in pieces[1::2]]
    literals = [re.escape(piece) for piece in pieces[::2]]
    return "".join(f"{a}{b}" for a, b in zip(literals, [*names, "/?"], strict=True))
