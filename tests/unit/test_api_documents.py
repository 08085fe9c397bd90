"""`/v1/openapi.json` and `/v1/asyncapi.json` say what there is, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from proxyd import events
from proxyd.metrics import Metrics
from proxyd.model import Link, Resource
from proxyd.oidc.login import Login
from proxyd.plan import Query
from proxyd.service import Service, describe
from proxyd.sse import ascii_json
from proxyd.web import app, asyncapi, openapi, shapes

from .fakes import scanner

ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"
LOGIN = {"/v1/login", "/v1/callback"}
METHODS = {"get", "head", "post", "delete", "options", "put", "patch", "trace"}

EVENTS: dict[str, events.Event] = {
    "scan.started": events.ScanStarted(
        scan="s",
        target="t",
        account="222222222222",
        partition="aws",
        mode="watch",
        regions=["global"],
        types=["AWS::EC2::VPC"],
        shards=1,
        at=datetime.now(UTC),
    ),
    "resource": Resource(
        arn="arn:aws:ec2:::vpc/v",
        type="AWS::EC2::VPC",
        account="222222222222",
        region="eu-west-1",
        id="v",
        name="",
        tags={"env": "prod"},
        properties={"a": None, "b": [1, "x"], "c": 1.5},
        links=(Link("in", "AWS::EC2::VPC", id="v"),),
        hash="h",
        truncated=("d",),
    ),
    "resource.removed": events.ResourceRemoved(arn="a", type="t", region="r"),
    "shard": events.ShardEnded(
        type="t", region="r", status="denied", resources=0, calls=1, ms=1, account="2", action="a:B"
    ),
    "scan.completed": events.ScanCompleted(
        scan="s",
        target="t",
        complete=False,
        resources=1,
        shards={"denied": 1},
        gaps=[events.Gap(type="t", region="r", status="denied", action="a:B")],
        missing_actions=["a:B"],
        remedies=[
            events.Remedy(
                cause="policy",
                actions=["a:B"],
                statements=[events.Statement(action=["a:B"])],
                role="r",
                account="1",
            ),
            events.Remedy(cause=None, actions=["a:C"], role="r", account="1"),
        ],
        calls=1,
        ms=1,
        news=events.News(by="looking", code="AccessDenied"),
    ),
    "reset": events.Reset(reason="replay_unavailable"),
    "closing": events.Closing(reason="ended", retry=0),
}


def served(value: object) -> dict[str, Any]:
    """Return a document as it is served."""
    document: dict[str, Any] = json.loads(ascii_json(value))
    return document


OPENAPI = served(openapi.describe())
ASYNCAPI = served(asyncapi.describe())


def routes(*, login: bool) -> set[tuple[str, str]]:
    """Return every path and method of the application."""
    service = cast("Service", SimpleNamespace(metrics=Metrics()))
    built = app.build(service, cast("Login", SimpleNamespace()) if login else None)
    return {
        (route.resource.canonical, route.method.lower())
        for route in built.router.routes()
        if route.resource is not None
    }


def documented() -> set[tuple[str, str]]:
    """Return every path and method of the document."""
    return {
        (path, method)
        for path, item in OPENAPI["paths"].items()
        for method in item
        if method in METHODS
    }


def references(value: object) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(document: dict[str, Any], reference: str) -> Any:
    """Return what a reference names; a KeyError where there is no such thing."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every operation with its path and method."""
    for path, method in sorted(documented()):
        yield path, method, OPENAPI["paths"][path][method]


def test_every_route_is_documented_and_none_is_invented() -> None:
    """The document has the paths and methods of the application; those of a login come with it."""
    assert len(documented()) > 30
    assert documented() == routes(login=True)
    assert {path for path, _ in documented() - routes(login=False)} == LOGIN


def test_the_openapi_document_is_valid() -> None:
    """It holds against the meta-schema of OpenAPI 3.1, and every reference in it resolves."""
    assert list(OpenAPIV31SpecValidator(OPENAPI).iter_errors()) == []
    assert all(resolved(OPENAPI, reference) for reference in references(OPENAPI))


def test_nothing_is_described_in_vain() -> None:
    """Every component that the document has is used in it."""
    used = set(references(OPENAPI))
    for kind in ("schemas", "responses", "headers", "parameters"):
        for name in OPENAPI["components"][kind]:
            assert f"#/components/{kind}/{name}" in used or (kind, name) == ("responses", "405")


def test_every_code_of_a_refusal_is_documented() -> None:
    """The codes by status are those of docs/errors.md."""
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", ERRORS.read_text(), re.MULTILINE)
    assert {(int(status), code) for status, code in rows} == {
        (status, code) for status, codes in shapes.CODES.items() for code in codes
    }


def test_the_parameters_are_those_of_a_query() -> None:
    """A body has every field of `Query`, a URL all but the map; each says what it is."""
    assert set(shapes.PARAMETERS) == set(Query.__struct_fields__)
    assert set(OPENAPI["components"]["schemas"]["Query"]["properties"]) == set(shapes.PARAMETERS)
    parameters = OPENAPI["paths"]["/v1/stream"]["get"]["parameters"]
    assert {p["name"] for p in parameters if "name" in p} == set(shapes.PARAMETERS) - {"known"}
    assert [p["name"] for p in parameters if p.get("required")] == ["target"]


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ({"target": "fake"}, True),
        ({"target": ["fake"], "type": ["AWS::EC2::*"], "where": None}, True),
        ({"target": ["fake"], "known": {"arn": "hash"}, "mode": "watch"}, True),
        ({"target": []}, False),
        ({}, False),
        ({"target": ["fake"], "type": ["AWS::[A-Z]"]}, False),
        ({"target": ["fake"], "mode": "live"}, False),
        ({"target": ["fake"], "role_arn": "arn:aws:iam::222222222222:role/x"}, False),
    ],
)
def test_the_schema_of_a_body_tells_good_from_bad(body: dict[str, Any], *, good: bool) -> None:
    """What a POST would be refused for is refused by its schema, as far as one can say it."""
    schema = OPENAPI["components"]["schemas"]["Query"]
    assert Draft202012Validator(schema).is_valid(body) is good


def test_an_operation_that_needs_a_credential_says_so() -> None:
    """What is refused with 401 names the security schemes, and nothing else does."""
    for path, method, operation in operations():
        needs = "401" in operation["responses"] and path not in LOGIN
        assert bool(operation["security"]) is needs, (path, method)
    trade = OPENAPI["paths"]["/v1/session"]["post"]
    assert trade["security"] == [{"bearer": []}]


def test_the_answer_to_head_has_no_body() -> None:
    """A HEAD promises no body where it succeeds."""
    for _, method, operation in operations():
        if method in {"head", "options"}:
            good = [a for status, a in operation["responses"].items() if status < "400"]
            assert good
            assert not any("content" in answer for answer in good)


def test_a_scanner_is_described_whole() -> None:
    """What /v1/scanners tells of a scanner has the members of the document, and no more."""
    told = describe(scanner("AWS::EC2::VPC"))
    assert set(told) == set(OPENAPI["components"]["schemas"]["Scanner"]["properties"])
    msgspec.convert(told, shapes.Scanner, strict=True)


def test_nothing_of_the_installation_is_told() -> None:
    """Neither document names a version of the software, an address or a path of the machine."""
    for document in (OPENAPI, ASYNCAPI):
        assert document["info"]["version"] == "1.0.0"
        assert "127.0.0.1" not in json.dumps(document)
        assert document.get("servers", [{"url": "/"}]) == [{"url": "/"}]


async def test_a_document_is_written_once() -> None:
    """Every answer has the same bytes."""
    answer = openapi.handler({"a": "é"})
    request = cast("web.Request", SimpleNamespace())
    one, two = [cast("web.Response", await answer(request)) for _ in range(2)]
    assert one.body is two.body
    assert one.body == b'{"a":"\\u00e9"}\n'


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    """A reference leads to something, and a channel's messages are those of its operation."""
    found = set(references(ASYNCAPI))
    assert len(found) > 20
    assert all(resolved(ASYNCAPI, reference) for reference in found)
    (operation,) = ASYNCAPI["operations"].values()
    channel = resolved(ASYNCAPI, operation["channel"]["$ref"])
    assert operation["action"] == "send"
    assert channel["address"] == "/v1/stream"
    assert [m["$ref"].rpartition("/")[2] for m in operation["messages"]] == list(
        events.NAMES.values()
    )
    assert set(channel["messages"]) == set(events.NAMES.values())


def test_the_messages_have_the_schemas_of_the_events() -> None:
    """Apart from where they are found they are those that /v1/schema gives."""
    told = served(events.schema())
    for name, message in ASYNCAPI["components"]["messages"].items():
        kind = told["properties"][name]["$ref"].rpartition("/")[2]
        payload = resolved(ASYNCAPI, message["payload"]["$ref"])
        assert json.dumps(payload).replace("components/schemas", "$defs") == json.dumps(
            told["$defs"][kind]
        )
        assert message["summary"]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_valid_against_its_message(name: str) -> None:
    """Each event as it is sent holds against its message, and without any member that has to be."""
    assert EVENTS.keys() == set(ASYNCAPI["channels"]["stream"]["messages"])
    message = ASYNCAPI["components"]["messages"][name]
    validator = Draft202012Validator({**ASYNCAPI, **message["payload"]})
    data = json.loads(ascii_json(EVENTS[name]))
    validator.validate(data)
    required = resolved(ASYNCAPI, message["payload"]["$ref"])["required"]
    assert required
    for member in required:
        assert not validator.is_valid({k: v for k, v in data.items() if k != member})


def test_the_terminal_events_are_marked() -> None:
    """Only `scan.completed` and `closing` may end a stream."""
    messages = ASYNCAPI["components"]["messages"]
    assert {n for n, m in messages.items() if m["x-terminal"]} == {"scan.completed", "closing"}
