"""What is not there and what may not be seen are the same: in bytes, and in the time it takes."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from proxyd.auth import tokens
from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.test_watch import KEYS, TARGET

ROUNDS = 1500
BATCHES = 3


async def timed(daemon: Daemon, requests: Sequence[bytes], rounds: int) -> list[list[float]]:
    """Send each of some requests again and again, in random order, and time the answers."""
    host, _, port = daemon.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    times: list[list[float]] = [[] for _ in requests]
    answers: list[set[bytes]] = [set() for _ in requests]
    order = list(range(len(requests)))
    for _ in range(rounds):
        random.shuffle(order)
        for i in order:
            since = time.perf_counter()
            writer.write(requests[i])
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            times[i].append(time.perf_counter() - since)
            answers[i].add(undated(head) + body)
    writer.close()
    assert len(set().union(*answers)) == 1
    return times


def undated(head: bytes) -> bytes:
    """Leave the date out, which is that of the answer."""
    return b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Date:"))


def asking(daemon: Daemon, target: str, token: str, more: str = "") -> bytes:
    """Write a request for a stream."""
    return (
        f"GET /v1/stream?target={target}{more} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token or daemon.token}\r\n\r\n"
    ).encode()


@pytest.mark.alone
async def test_a_forbidden_target_takes_the_time_of_an_unknown_one(tmp_path: Path) -> None:
    """Medians of interleaved requests differ by less than the noise between two unknown names."""
    config = settings(
        [{**TARGET, "name": name, "external_id": name} for name in ("mine", "theirs")],
        "http://127.0.0.1:9",
    )
    config["grants"] = [
        {"groups": ["all"], "targets": ["mine"], "types": ["*"], "regions": ["*"]},
        {"groups": ["else"], "targets": ["*"], "types": ["*"], "regions": ["*"]},
    ]
    async with running(config, tmp_path, environment=KEYS) as daemon:
        for more in ("", "&type=AWS::EC2::*&region=eu-*"):
            names = ("theirs", "nobody", "nobody")
            requests = [asking(daemon, name, "", more) for name in names]
            ratios = []
            for _ in range(BATCHES):
                theirs, nobody, again = map(
                    statistics.median, await timed(daemon, requests, ROUNDS // BATCHES)
                )
                noise = abs(again / nobody - 1)
                ratios.append(abs(theirs / nobody - 1) - noise)
            # Before the planner took one way for both theirs took more than twice as long.
            assert min(ratios) < 0.05, ratios


async def test_every_wrong_credential_is_told_the_same(tmp_path: Path) -> None:
    """An unknown token, a known one's near miss, another scheme, nothing: the same bytes."""
    config = settings([TARGET], "http://127.0.0.1:9", limits={"failed_logins": 1_000_000})
    async with running(config, tmp_path, environment=KEYS) as daemon:
        given = [
            "",
            "Authorization: Bearer\r\n",
            "Authorization: Basic dXNlcjpwYXNz\r\n",
            f"Authorization: Bearer {tokens.new_token()}\r\n",
            f"Authorization: Bearer {daemon.token[:-1]}x\r\n",
            f"Authorization: Bearer {daemon.token}\r\nAuthorization: Bearer {daemon.token}\r\n",
            "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n",
            "Cookie: proxyd=x\r\n",
        ]
        requests = [
            f"GET /v1/targets HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n".encode()
            for header in given
        ]
        times = await timed(daemon, requests, 20)
    assert len(times) == len(given)
