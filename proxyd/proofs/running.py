"""Run a scanner against an endpoint that answers from the service models, and say what is wrong.

It goes through proxyd's own client, guard, parsers and engine; what comes out is read from the
bytes of the stream.
"""

from __future__ import annotations

from functools import partial
from typing import Self

import msgspec
from botocore.credentials import ReadOnlyCredentials

from proxyd import sse
from proxyd.allowance import Allowance
from proxyd.aws.binding import Binding, Meter
from proxyd.aws.clients import Clients
from proxyd.aws.regions import home_of
from proxyd.aws.shard import AwsShard
from proxyd.aws.tags import RegionTags
from proxyd.engine import Engine, Work
from proxyd.events import Event, ShardEnded
from proxyd.model import GLOBAL, Resource, Scanner
from proxyd.proofs.answers import Marks, Where
from proxyd.proofs.endpoint import Endpoint
from proxyd.proofs.scripted import Answers, Way
from proxyd.proofs.ways import WAYS, Run
from proxyd.settings import Aws

ACCOUNT = "222222222222"
_SECONDS = 60.0
_REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class Prover:
    """Runs scanners, one after the other, against an endpoint of its own."""

    def __init__(self) -> None:
        self._endpoint = Endpoint()
        self._clients: Clients | None = None

    async def __aenter__(self) -> Self:
        await self._endpoint.__aenter__()
        # Nothing of the environment is asked: every call brings its credentials along.
        self._clients = Clients(Aws(endpoint_url=self._endpoint.url))
        await self._clients.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._clients is not None
        await self._clients.__aexit__(*exc)
        await self._endpoint.__aexit__(*exc)

    async def wrong(self, scanner: Scanner) -> list[str]:
        """Run a scanner in every way, and return what is wrong with it, in words."""
        full = await self._run(scanner, Way())
        told = [
            f"{name}: {wrong}"
            for name, prove in WAYS.items()
            for wrong in await prove(self._run, scanner, full)
        ]
        return list(dict.fromkeys(told))

    async def _run(self, scanner: Scanner, way: Way) -> Run:
        partition = way.partition
        home = home_of(partition, scanner.service)
        region = GLOBAL if scanner.scope == "global" else _REGIONS[partition]
        where = Where(partition, home if region == GLOBAL else region, ACCOUNT)
        marks = Marks()
        answers = Answers(scanner, marks, where, way)
        self._endpoint.serve(scanner.operations, answers)
        assert self._clients is not None
        shard = partial(_shard, clients=self._clients, where=where, way=way)
        events: list[Event] = []

        async def emit(_: Work, event: Event) -> None:
            events.append(event)

        await Engine(shards_at_once=1, shard_seconds=_SECONDS).run(
            [Work(scanner, region)], shard, emit
        )
        told = [msgspec.json.decode(sse.data_of(event)) for event in events]
        resources = [t for t, e in zip(told, events, strict=True) if isinstance(e, Resource)]
        [ended] = [t for t, e in zip(told, events, strict=True) if isinstance(e, ShardEnded)]
        return Run(
            resources=resources,
            ended=ended,
            asked=self._endpoint.asked,
            repeated=self._endpoint.repeated,
            unread=answers.unread(),
            declared=scanner.declaration is not None,
            marks=marks,
            where=where,
        )


class _Nobody:
    """Credentials and pace of a call that nobody checks."""

    async def current(self) -> ReadOnlyCredentials:
        """Return credentials that sign and open nothing."""
        return ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)

    async def renew(self, stale: ReadOnlyCredentials) -> None:
        """Never needed."""

    async def wait(self, service: str, region: str) -> None:
        """Go on at once."""

    def throttled(self, service: str, region: str) -> None:
        """Never so."""


def _shard(
    scanner: Scanner,
    region: str,
    allowance: Allowance,
    *,
    clients: Clients,
    where: Where,
    way: Way,
) -> AwsShard:
    nobody = _Nobody()
    return AwsShard(
        scanner,
        account=where.account,
        partition=where.partition,
        region=region,
        endpoint_region=where.region,
        is_home=False,
        detail=way.detail,
        clients=clients,
        binding=Binding(
            credentials=nobody,
            operations=frozenset(scanner.needs(way.detail)),
            meter=Meter(),
            pace=nobody,
            allowance=allowance,
        ),
        region_tags=RegionTags(()),
    )
