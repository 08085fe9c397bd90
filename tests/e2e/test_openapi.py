"""The daemon holds to the documents that it serves: schemathesis against it, and real streams."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import schemathesis
from jsonschema import Draft202012Validator
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext

from .daemon import Daemon, running, settings
from .fake_aws import FakeAws, error, fake_aws, vpcs
from .test_watch import ALL, KEYS, TARGET, TYPE, kept_live
from .watcher import watching

SEED = 4711
CASES = 60
"""Of each operation in each mode, beside those that cover its schema."""

CLIENT_SECONDS = 5
LOGIN = ("/v1/login", "/v1/callback")
REFUSED = ["400", "401", "404", "405", "406"]
PLENTY = {"failed_logins": 1_000_000, "connections_per_second": 100_000, "streams": 100}
GLOBS = {"type": ["*", TYPE, "AWS::EC2::*", "*::V?C"], "region": ["*", "eu-west-1", "eu-*"]}
FILTERS = ["type=AWS::EC2::* and not state=stopped", "name~vpc or tag:env", 'id="vpc-1"', " "]

CONFIG: dict[str, Any] = {
    "seed": SEED,
    "workers": 1,
    # What has no parameters has nothing that could be wrong.
    "suppress-health-check": ["filter_too_much"],
    "request-timeout": CLIENT_SECONDS,
    "continue-on-failure": True,
    "cache": {"enabled": False},
    "generation": {
        "mode": "all",
        "max-examples": CASES,
        "no-shrink": True,
        "deterministic": True,
        "database": "none",
    },
    "phases": {"stateful": {"enabled": False}},
    # Whatever is in its place is a segment of a path: looking for what is none takes a minute.
    "operations": [
        {"include-path": path, "generation": {"mode": "positive"}}
        for path in ("/assets/{name}", "/v1/streams/{id}")
    ],
    "checks": {
        # The credential is put into every request, also into one that was to be without.
        "missing_required_header": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "positive_data_acceptance": {"expected-statuses": ["2xx", "404"]},
    },
}


class Outcome:
    """What a run of schemathesis has seen."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.checks: Counter[str] = Counter()
        self.failures: list[str] = []
        self.stopped = ""

    def take(self, event: events.EngineEvent) -> None:
        """Note one event of the run."""
        match event:
            case events.ScenarioFinished():
                self._scenario(event)
            case events.NonFatalError() | events.FatalError():
                self.failures.append(repr(getattr(event, "value", event)))
            case events.EngineFinished():
                self.stopped = event.stop_reason.value

    def _scenario(self, event: events.ScenarioFinished) -> None:
        for name in event.recorder.cases:
            self.cases[str(event.label)] += 1
            interaction = event.recorder.interactions.get(name)
            if interaction is None or interaction.response is None:
                self.failures.append(f"{event.label}: no answer")
            else:
                self.statuses[interaction.response.status_code] += 1
        for check in (check for checks in event.recorder.checks.values() for check in checks):
            self.checks[check.name] += 1
            if check.failure_info is not None:
                failure = check.failure_info.failure
                self.failures.append(f"{check.name}: {failure}\n{check.failure_info.code_sample}")


@asynccontextmanager
async def documented(directory: Path) -> AsyncGenerator[tuple[Daemon, FakeAws], None]:
    """Run a daemon whose target has a few VPCs, and that minds no number of requests."""
    async with fake_aws() as fake:

        async def answer(_: object) -> Any:
            return vpcs(["vpc-1", "vpc-2"])

        fake.answers["DescribeVpcs"] = answer
        config = settings([TARGET | {"types": [TYPE]}], fake.endpoint, limits=PLENTY)
        async with running(config, directory, environment=KEYS) as daemon:
            yield daemon, fake


async def document(daemon: Daemon, path: str) -> dict[str, Any]:
    """Read a document as anybody may."""
    async with daemon.request("GET", path, token="") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        read: dict[str, Any] = json.loads(await response.read())
        return read


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Make every object of a document one that has no members but those that it tells."""
    for kind in schema["components"]["schemas"].values():
        if "properties" in kind:
            kind.setdefault("additionalProperties", False)
    return schema


def real(given: Any, choices: list[str]) -> Any:
    """Put something that there is in the place of whatever was made up, as a list or alone."""
    if isinstance(given, list):
        return [choices[len(str(one)) % len(choices)] for one in given]
    return choices[len(str(given)) % len(choices)] if isinstance(given, str) else given


def made_real(_: HookContext, case: Case[Any]) -> Case[Any]:
    """Have good requests ask for what there is, so that streams are opened and come to their end.

    A schema can not say which names there are; and a watch has no end: it is tested by itself.
    """
    for name in [name for name, value in case.headers.items() if not value.isascii()]:
        del case.headers[name]
    if case.path != "/v1/stream" or case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    asked = case.body if case.method == "POST" else case.query
    if isinstance(asked, dict):
        choices = {"target": ["fake"], "where": FILTERS, "mode": ["snapshot"], **GLOBS}
        for name, values in choices.items():
            if name in asked:
                asked[name] = real(asked[name], values)
    return case


def explored(daemon: Daemon, described: dict[str, Any]) -> Outcome:
    """Let schemathesis try all that the document describes."""
    config = SchemathesisConfig.from_dict(
        CONFIG | {"base-url": daemon.url, "headers": {"Authorization": f"Bearer {daemon.token}"}}
    )
    schema = schemathesis.openapi.from_dict(strict(described), config=config)
    schema.hooks.hook("map_case")(made_real)
    outcome = Outcome()
    for event in from_schema(schema.exclude(path=list(LOGIN))).execute():
        outcome.take(event)
    return outcome


async def test_the_daemon_answers_as_the_document_says(tmp_path: Path) -> None:
    """A thousand good and bad requests to every route: no answer that is not documented."""
    async with documented(tmp_path) as (daemon, _):
        described = await document(daemon, "/v1/openapi.json")
        outcome = await asyncio.to_thread(explored, daemon, described)
        assert not any('"level": "error"' in said for said in daemon.err), daemon.err[-3:]
    assert outcome.failures == []
    assert outcome.stopped == "completed"
    assert outcome.cases.total() > 1000
    assert set(outcome.cases) == {
        f"{method.upper()} {path}"
        for path, item in described["paths"].items()
        for method in item
        if path not in LOGIN and method != "parameters"
    }
    assert {200, 201, 204, 400, 401, 404, 405} <= set(outcome.statuses)
    assert outcome.statuses[200] > 300


async def test_a_wrong_document_is_found_out(tmp_path: Path) -> None:
    """A member and a status that it does not tell of, and an event that it tells wrongly."""
    async with documented(tmp_path) as (daemon, _):
        described = await document(daemon, "/v1/openapi.json")
        target = described["components"]["schemas"]["Target"]
        del target["properties"]["partition"]
        target["required"].remove("partition")
        paths = described["paths"]
        good = paths["/healthz"]["get"]["responses"]
        good["202"] = good.pop("200")
        described["components"]["schemas"]["SseEvent"]["properties"]["data"]["type"] = "object"
        wrong = ("/v1/targets", "/healthz", "/v1/stream")
        described["paths"] = {path: {"get": paths[path]["get"]} for path in wrong}
        outcome = await asyncio.to_thread(explored, daemon, described)
    found = {failure.partition(":")[0] for failure in outcome.failures}
    assert found >= {"response_schema_conformance", "status_code_conformance"}
    assert any("partition" in failure for failure in outcome.failures)
    assert any("SSE event violates schema" in failure for failure in outcome.failures)


async def test_every_event_is_as_the_asyncapi_document_says(tmp_path: Path) -> None:
    """A watch in which things come and go, a snapshot, and a stream that is ended: each event."""
    async with kept_live(tmp_path) as (daemon, aws):
        described = await document(daemon, "/v1/asyncapi.json")
        seen = [*(await daemon.scan(**ALL)), *(await daemon.scan(**ALL, last_event_id="x-1"))]
        async with watching(daemon, **ALL) as client:
            await client.marked()
            aws.names["eu-west-2"] = ["vpc-4"]
            aws.instead["eu-west-1"] = error("UnauthorizedOperation", status=403)
            await client.marked(2)
            await client.until(lambda: "resource.removed" in client.names)
            path = f"/v1/streams/{client.headers['Proxyd-Stream']}"
            async with daemon.request("DELETE", path) as response:
                assert response.status == 204
            await client.ended.wait()
        seen += client.events
    messages = described["channels"]["stream"]["messages"]
    assert {event.name for event in seen} == set(messages)
    for event in seen:
        payload = described["components"]["messages"][event.name]["payload"]
        Draft202012Validator(described | payload).validate(event.data)
