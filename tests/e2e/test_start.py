"""From nothing to ready, and what making clients costs the loop."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path

import pytest

from proxyd.aws.clients import Clients
from proxyd.aws.regions import regions_of
from proxyd.settings import Aws

from .conftest import Estate, scanners
from .daemon import running, settings

READY_SECONDS = 1.0
CLIENTS = 400
STALL = 0.1


@pytest.mark.alone
async def test_it_is_ready_within_a_second(estate: Estate, tmp_path: Path) -> None:
    """`/readyz` answers within 1 s of the start, with the clients being made behind it."""
    config = settings(estate.targets, estate.endpoint)
    took = []
    for _ in range(5):
        started = time.monotonic()
        async with running(config, tmp_path, environment=estate.environment) as daemon:
            assert (await daemon.get("/readyz"))[0] == 200
            took.append(time.monotonic() - started)
            await daemon.says('"event": "warm"')
    assert min(took) < READY_SECONDS


@pytest.mark.alone
async def test_making_clients_does_not_stall_the_loop() -> None:
    """While 400 clients are made the loop never stands for 100 ms."""
    services = sorted({op.service for each in scanners().values() for op in each.operations})
    keys = [(service, region) for region in regions_of("aws") for service in services][:CLIENTS]
    assert len(keys) == CLIENTS
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - before - 0.005)

    old = gc.get_threshold()
    gc.set_threshold(old[0], old[1], 1_000_000)  # as the daemon does while it makes them
    try:
        async with Clients(Aws(endpoint_url="http://127.0.0.1:9", warm_clients=CLIENTS)) as clients:
            beating = asyncio.create_task(beat())
            assert await clients.warm(keys) == CLIENTS
            beating.cancel()
    finally:
        gc.set_threshold(*old)
    assert worst < STALL
