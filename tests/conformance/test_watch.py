"""Streams that stay: every client holds what there is, also after it was away."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from proxyd.auth.tokens import new_token
from tests.e2e.daemon import Daemon
from tests.e2e.faults import LOOPBACK, free_port

from .clients import CLIENTS, Tools, curl
from .conftest import tortured
from .cutting import relay
from .fronts import FRONTS, front
from .reading import Reading
from .streams import FICKLE, MANY, SIZE, SLOW, TEXT, stream
from .torture_plugin import GAP, HOW_SLOW, fickle
from .truth import of, truth

ROUNDS = 4
RIGHT = ("chromium", "eventsource")
FETCHING = "fetch-event-source, coming back"


async def every_way(
    open_: AsyncExitStack, daemon: Daemon, tools: Tools, tmp_path: Path, type_: str
) -> dict[str, Reading]:
    """Have each client watch a type straight, and curl behind each front proxy."""
    readings: dict[str, Reading] = {}
    for client in CLIENTS:
        url = stream(daemon.url, type_, mode="watch")
        opened = tools.reading(client, url, daemon.token)
        readings[client] = await open_.enter_async_context(opened)
    for name in FRONTS:
        before = await open_.enter_async_context(front(name, tmp_path / name, daemon.url))
        url = stream(before.url, type_, mode="watch")
        compressed = curl(url, daemon.token, [*before.curl, "--compressed"])
        readings[name] = await open_.enter_async_context(compressed)
    return readings


async def test_every_client_follows(daemon: Daemon, tools: Tools, tmp_path: Path) -> None:
    """After each round all of them hold what it found: what is new, changed and gone."""
    async with AsyncExitStack() as open_:
        readings = await every_way(open_, daemon, tools, tmp_path, FICKLE)
        for reading in readings.values():
            await reading.until(lambda r: len(r.named("scan.completed")) > ROUNDS)
    for way, reading in readings.items():
        marks = [i for i, event in enumerate(reading.events) if event.name == "scan.completed"]
        rounds = []
        for mark in marks:
            held = reading.held(mark)
            rounds.append(max(row["properties"]["Round"] for row in held.values()))
            assert held == of((FICKLE, made) for made in fickle(rounds[-1])), way
        assert rounds == sorted(rounds), way
        assert len(set(rounds)) >= ROUNDS, way


async def test_every_client_has_it_when_it_happens(
    daemon: Daemon, tools: Tools, tmp_path: Path
) -> None:
    """A change arrives when it is found, compressed or not, straight and behind a front proxy."""

    def live(reading: Reading) -> list[float]:
        """Return how late each change was, after what was held already."""
        first = reading.names().index("scan.completed")
        events = [e for e in reading.events[first:] if e.name == "resource"]
        return [event.at - event.value["properties"]["At"] for event in events]

    def enough(reading: Reading) -> bool:
        return "scan.completed" in reading.names() and len(live(reading)) >= HOW_SLOW

    async with AsyncExitStack() as open_:
        readings = await every_way(open_, daemon, tools, tmp_path, SLOW)
        for reading in readings.values():
            await reading.until(enough)
    for way, reading in readings.items():
        delays = live(reading)
        assert median(delays) < GAP / 2, way
        assert max(delays) < GAP * 2, way


def twice(events: list[Any]) -> dict[str, list[str]]:
    """Return the resources that came more than once: ARN → the ids of their events."""
    came: dict[str, list[str]] = {}
    for event in events:
        if event.name == "resource":
            came.setdefault(event.value["arn"], []).append(event.id)
    return {arn: ids for arn, ids in came.items() if len(ids) > 1}


@pytest.mark.parametrize(
    ("types", "cut_after", "plain"), [((TEXT, SIZE), 650_000, True), ((TEXT, MANY), 60_000, False)]
)
@pytest.mark.parametrize("client", RIGHT)
async def test_after_a_break_it_goes_on(
    daemon: Daemon,
    tools: Tools,
    client: str,
    types: tuple[str, ...],
    cut_after: int,
    *,
    plain: bool,
) -> None:
    """It comes back by itself and gets what it lacks: nothing twice, nothing left out."""
    async with relay(daemon.url, cut_after, plain=plain) as cutting:
        url = stream(cutting.url, *types, mode="watch")
        async with tools.reading(client, url, daemon.token) as reading:
            await reading.until(lambda r: r.last == "scan.completed")
    assert reading.held() == truth(*types)
    assert "reset" not in reading.names()
    again = [i for i, name in enumerate(reading.names()) if name == "scan.started"][1]
    assert cutting.last_event_ids == [None, reading.events[again - 1].id]
    assert twice(reading.events) == {}
    # A browser that is busy drops what it has received and not read when a connection breaks:
    # it may have seen no more than the first event, and goes on from there.
    assert (1 if client == "chromium" else 2) <= again < len(reading.events) - 1


async def test_fetch_event_source_leaves_one_out(daemon: Daemon, tools: Tools) -> None:
    """Its fault: an event that broke off after its id counts as had to it, and never comes."""
    async with relay(daemon.url, 650_000) as cutting:
        url = stream(cutting.url, TEXT, SIZE, mode="watch")
        async with tools.reading(FETCHING, url, daemon.token) as reading:
            await reading.until(lambda r: r.last == "scan.completed")
    there = truth(TEXT, SIZE)
    held = reading.held()
    assert held.items() < there.items()
    assert len(there) - len(held) == 1


@pytest.mark.parametrize("client", [*RIGHT, FETCHING])
async def test_after_a_restart_it_starts_again(tools: Tools, tmp_path: Path, client: str) -> None:
    """It is told when to come back, does, and is told that everything follows anew."""
    token, listen = new_token(), f"{LOOPBACK}:{free_port()}"
    url = stream(f"http://{listen}", TEXT, mode="watch")
    async with AsyncExitStack() as open_:
        async with tortured(tmp_path / "first", listen, token) as daemon:
            reading = await open_.enter_async_context(tools.reading(client, url, token))
            await reading.until(lambda r: r.last == "scan.completed")
            daemon.process.send_signal(signal.SIGTERM)
            await reading.until(lambda r: r.last == "closing")
            assert await daemon.stopped() == 0
        closing = reading.events[-1]
        assert closing.value["reason"] == "shutdown"
        async with tortured(tmp_path / "second", listen, token):
            await reading.until(lambda r: r.events[-1] != closing and r.last == "scan.completed")
            assert reading.names().count("reset") == 1
            back = reading.named("reset")[0].at - closing.at
            assert reading.held() == truth(TEXT)
    assert closing.value["retry"] / 1000 <= back
