"""Every client ends up with exactly what the scanner found, whatever that is made of."""

from __future__ import annotations

import itertools

import pytest

from tests.e2e.daemon import Daemon

from .clients import CLIENTS, Tools, curl
from .streams import HALF, MANY, SIZE, TEXT, stream
from .torture_plugin import HOW_MANY, LIMIT
from .truth import truth


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("mode", ["snapshot", "watch"])
async def test_it_ends_up_with_the_truth(
    daemon: Daemon, tools: Tools, client: str, mode: str
) -> None:
    """Texts that hurt, sizes at the limit and thousands of events arrive as they were found."""
    types = (TEXT, SIZE, MANY)
    url = stream(daemon.url, *types, mode=mode)
    async with tools.reading(client, url, daemon.token) as reading:
        await reading.until(lambda r: r.last == "scan.completed")
    assert reading.held() == truth(*types)
    names = reading.names()
    assert (names[0], names[-1]) == ("scan.started", "scan.completed")
    assert reading.events[-1].value["complete"]
    epochs, numbers = zip(*(event.id.split("-") for event in reading.events), strict=True)
    assert len(set(epochs)) == 1
    steps = {int(b) - int(a) for a, b in itertools.pairwise(numbers)}
    assert steps == {1} if mode == "snapshot" else min(steps) >= 1


async def test_the_bytes_are_those_of_the_contract(daemon: Daemon) -> None:
    """Three lines of ASCII an event, each under 256 KiB and the longest only just."""
    async with curl(stream(daemon.url, TEXT, SIZE, MANY), daemon.token) as reading:
        await reading.ended()
    assert reading.signs == [{"sign": "closed", "code": 0}]
    reading.wire.finish()
    assert LIMIT - 1024 < reading.wire.longest < LIMIT
    assert len(reading.named("resource")) > HOW_MANY


async def test_half_a_pair_costs_its_own_text_only(daemon: Daemon, tools: Tools) -> None:
    """What Unicode can not carry is replaced where it stands; its shard is seen whole."""
    url = stream(daemon.url, HALF, TEXT)
    async with tools.reading("eventsource-parser", url, daemon.token) as reading:
        await reading.ended()
    shards = {e.value["type"]: e.value["status"] for e in reading.named("shard")}
    assert shards == {HALF: "ok", TEXT: "ok"}
    held = reading.held()
    assert held.pop("arn:aws:torture:::half/whole")
    half = held.pop("arn:aws:torture:::half/half")
    assert half["properties"] == {"Value": "a\ufffdb"}
    assert held == truth(TEXT)
