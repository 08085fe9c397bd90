"""Guessing tokens: slowed by address and by token id, without locking out who is right."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from proxyd.auth import tokens
from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.test_front_identity import FRONT
from tests.e2e.test_watch import KEYS, TARGET

NOWHERE = "http://127.0.0.1:9"


async def guess(daemon: Daemon, token: str, **headers: str) -> tuple[int, dict[str, Any], int]:
    """Try one token: the status, the problem, and the seconds to wait."""
    async with daemon.request("GET", "/v1/targets", token=token, headers=headers) as response:
        problem = json.loads(await response.read())
        return response.status, problem, int(response.headers.get("Retry-After", "0"))


async def test_guesses_from_one_address_are_slowed(tmp_path: Path) -> None:
    """After ten failures the next is 429, with a spread wait; a token that was good goes on."""
    config = settings([TARGET], NOWHERE)
    fresh = tokens.new_token()
    config["principals"].append({"name": "fresh", "token_sha256": tokens.digest(fresh).hex()})
    async with running(config, tmp_path, environment=KEYS) as daemon:
        assert (await guess(daemon, daemon.token))[0] == 200
        made = [await guess(daemon, tokens.new_token()) for _ in range(60)]
        assert Counter(status for status, _, _ in made) == {401: 10, 429: 50}
        assert {problem["code"] for _, problem, _ in made[10:]} == {"too_many_failures"}
        waits = [wait for _, _, wait in made[10:]]
        assert 1 <= min(waits) <= max(waits) <= 12
        assert len(set(waits)) > 1
        assert (await guess(daemon, daemon.token))[0] == 200
        # One that has not been seen to be good can not be told from a guess.
        assert (await guess(daemon, fresh))[0] == 429


async def test_the_wait_ends(tmp_path: Path) -> None:
    """Failures come back as time goes by, at the rate that is configured."""
    config = settings([TARGET], NOWHERE, limits={"failed_logins": 30})
    async with running(config, tmp_path, environment=KEYS) as daemon:
        statuses = [(await guess(daemon, tokens.new_token()))[0] for _ in range(31)]
        assert statuses[-1] == 429
        await asyncio.sleep(2.5)
        assert (await guess(daemon, daemon.token))[0] == 200


async def test_guesses_at_one_token_from_many_addresses_are_slowed(tmp_path: Path) -> None:
    """Behind a proxy that is believed each client has its own count, and each token id one."""
    config = settings([TARGET], NOWHERE, front=FRONT)
    async with running(config, tmp_path, environment=KEYS) as daemon:
        assert (await guess(daemon, daemon.token, **{"X-Forwarded-For": "203.0.113.200"}))[0] == 200
        prefix = daemon.token[: len(tokens.PREFIX) + 9]
        made = [
            await guess(
                daemon, f"{prefix}{i:043}_00000000", **{"X-Forwarded-For": f"203.0.113.{i}"}
            )
            for i in range(30)
        ]
        assert Counter(status for status, _, _ in made) == {401: 10, 429: 20}
        # Its owner has had it accepted before, and other people's tokens are another matter.
        assert (await guess(daemon, daemon.token))[0] == 200
        other = await guess(daemon, tokens.new_token(), **{"X-Forwarded-For": "203.0.113.99"})
        assert other[0] == 401


async def test_nothing_and_cookies_count_for_nothing(tmp_path: Path) -> None:
    """A browser that is not logged in yet, and a health check, are no guesses."""
    async with running(settings([TARGET], NOWHERE), tmp_path, environment=KEYS) as daemon:
        for cookie in ("proxyd=x", ""):
            headers = {"Cookie": cookie}
            statuses = {
                (await daemon.get("/v1/targets", token="", headers=headers))[0] for _ in range(30)
            }
            assert statuses == {401}
        assert (await guess(daemon, daemon.token))[0] == 200
