"""Tokens of a real OpenID provider: who is let in by them, for how long, and when it is down."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from .daemon import Daemon, running, settings
from .fake_aws import fake_aws
from .provider import AUDIENCE, CANARY, Provider, install, new_key, providing
from .test_right_ends import closed, one_vpc
from .test_watch import ALL, KEYS, TARGET
from .watcher import watching


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the provider once."""
    return install(tmp_path_factory.mktemp("openid"))


@asynccontextmanager
async def known(directory: Path, provider: Provider, **more: Any) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that believes a provider."""
    issuer = {"name": "corp", "issuer": provider.issuer, "audience": AUDIENCE, **more}
    async with fake_aws() as fake:
        fake.answers["DescribeVpcs"] = one_vpc
        config = settings(
            [TARGET], fake.endpoint, issuers=[issuer], limits={"failed_logins": 100_000}
        )
        async with running(config, directory, environment=KEYS) as daemon:
            yield daemon


async def state(daemon: Daemon) -> str:
    """Return what /readyz says of the issuer."""
    _, body = await daemon.get("/readyz")
    told: str = json.loads(body)["issuers"]["corp"]
    return told


async def until(daemon: Daemon, token: str, *, good: bool) -> None:
    """Wait until a token is good, or is not any more."""
    async with asyncio.timeout(15):
        while ((await daemon.get("/v1/targets", token=token))[0] == 200) != good:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_a_machine_s_token_opens_a_stream(tmp_path: Path, folder: Path) -> None:
    """Its principal is issuer and subject, its groups reach grants; nothing of it is written."""
    async with providing(folder) as provider:
        await provider.start()
        async with known(tmp_path, provider) as daemon:
            token = await provider.machine_token()
            _, body = await daemon.get("/v1/session", token=token)
            who = json.loads(body)
            assert (who["principal"], who["groups"], who["admin"]) == (
                "corp:machine",
                ["all"],
                False,
            )
            async with watching(daemon, token=token, **ALL) as client:
                await client.marked()
            assert await state(daemon) == "ok"
            _, metrics = await daemon.get("/metrics")
        assert daemon.audit[0]["principal"] == "corp:machine"
    said = "".join([*daemon.out, *daemon.err, metrics.decode()])
    assert CANARY not in said
    assert token not in said


async def test_prefix_path_and_admins(tmp_path: Path, folder: Path) -> None:
    """Groups may lie deep in the claims, get a prefix, and make an admin."""
    async with providing(folder) as provider:
        await provider.start()
        more = {
            "groups_claim": "realm_access.roles",
            "groups_prefix": "corp-",
            "admin_groups": ["corp-root"],
        }
        async with known(tmp_path, provider, **more) as daemon:
            token = provider.forged(realm_access={"roles": ["root", "dev"]})
            _, body = await daemon.get("/v1/session", token=token)
            who = json.loads(body)
            assert (who["groups"], who["admin"]) == (["corp-dev", "corp-root"], True)
            assert (await daemon.problem("/v1/stream?target=fake", token=token))["status"] == 404


async def test_what_is_wrong_with_a_token_is_the_same_401(tmp_path: Path, folder: Path) -> None:
    """Time, audience, issuer, type, key, algorithm: one answer for all of them."""
    now = int(time.time())
    async with providing(folder) as provider:
        await provider.start()
        async with known(tmp_path, provider) as daemon:
            assert (await daemon.get("/v1/targets", token=provider.forged()))[0] == 200
            stranger = new_key("one")
            wrong = [
                provider.forged(exp=now - 1),
                provider.forged(exp=None),
                provider.forged(nbf=now + 300),
                provider.forged(iat=now + 300),
                provider.forged(aud="another"),
                provider.forged(aud=None),
                provider.forged(iss="https://login.example.com"),
                provider.forged(sub=None),
                provider.forged(sub=""),
                provider.forged(sub=7),
                provider.forged(groups=[["all"]]),
                provider.forged(header={"typ": "logout+jwt"}),
                provider.forged(header={"crit": ["exp"]}),
                provider.forged(key=stranger),
                provider.forged(key=stranger, header={"jwk": stranger.as_dict(private=False)}),
                provider.forged(header={"kid": "unknown"}),
                f"{provider.forged()}x",
                provider.forged().rpartition(".")[0] + ".",
            ]
            answers = [await daemon.get("/v1/targets", token=token) for token in wrong]
            assert [status for status, _ in answers] == [401] * len(wrong)
            assert len({body for _, body in answers}) == 1
            typed = provider.forged(header={"typ": "at+jwt"}, aud=["else", AUDIENCE])
            assert (await daemon.get("/v1/targets", token=typed))[0] == 200


async def test_streams_end_with_the_token(tmp_path: Path, folder: Path) -> None:
    """At the moment that `exp` says, the stream says `expired`."""
    async with providing(folder) as provider:
        provider.seconds = 3
        await provider.start()
        async with known(tmp_path, provider) as daemon:
            token = await provider.machine_token()
            since = time.monotonic()
            async with watching(daemon, token=token, **ALL) as client:
                await client.marked()
                await closed(client, "expired")
            assert time.monotonic() - since < 5
            assert (await daemon.get("/v1/targets", token=token))[0] == 401


async def test_a_new_key_is_asked_for_once_a_minute(tmp_path: Path, folder: Path) -> None:
    """A rotation is followed at once; key ids that are made up cost the provider one request."""
    async with providing(folder) as provider:
        await provider.start()
        async with known(tmp_path, provider) as daemon:
            assert (await daemon.get("/v1/targets", token=provider.forged()))[0] == 200
            await provider.rotate()
            token = await provider.machine_token()
            assert (await daemon.get("/v1/targets", token=token))[0] == 200
            fetched = sum("issuer keys" in line for line in daemon.err)
            made_up = [provider.forged(header={"kid": f"no-{i}"}) for i in range(50)]
            answers = await asyncio.gather(
                *(daemon.get("/v1/targets", token=token) for token in made_up)
            )
            assert {status for status, _ in answers} == {401}
            assert sum("issuer keys" in line for line in daemon.err) == fetched == 2


async def test_while_the_provider_is_down_its_keys_are_kept_for_a_while(
    tmp_path: Path, folder: Path
) -> None:
    """Tokens go on to work, then nobody gets in, and when it is back they do again."""
    async with providing(folder) as provider:
        await provider.start()
        async with known(tmp_path, provider, refresh_seconds=0.5, keep_seconds=4) as daemon:
            token = provider.forged(exp=int(time.time()) + 600)
            assert (await daemon.get("/v1/targets", token=token))[0] == 200
            await provider.stop()
            await asyncio.sleep(1)
            assert (await daemon.get("/v1/targets", token=token))[0] == 200
            await until(daemon, token, good=False)
            assert await state(daemon) == "unavailable"
            assert (await daemon.get("/v1/targets"))[0] == 200
            await provider.start()
            await until(daemon, token, good=True)
            assert await state(daemon) == "ok"


async def test_a_provider_that_is_down_at_the_start(tmp_path: Path, folder: Path) -> None:
    """It starts all the same, says so, and takes its tokens as soon as it is there."""
    async with providing(folder) as provider, known(tmp_path, provider) as daemon:
        token = provider.forged(exp=int(time.time()) + 600)
        assert (await daemon.get("/v1/targets", token=token))[0] == 401
        assert await state(daemon) == "unavailable"
        await daemon.says("issuer unavailable")
        await provider.start()
        await until(daemon, token, good=True)


async def test_an_issuer_that_is_taken_out_lets_nobody_in(tmp_path: Path, folder: Path) -> None:
    """SIGHUP without it: its streams are closed, its tokens are nobody's."""
    async with providing(folder) as provider:
        await provider.start()
        async with known(tmp_path, provider) as daemon:
            token = await provider.machine_token()
            async with watching(daemon, token=token, **ALL) as client:
                await client.marked()
                other = daemon.config.replace(provider.issuer, "https://login.example.com")
                await daemon.reread(other)
                await closed(client, "revoked")
            assert (await daemon.get("/v1/targets", token=token))[0] == 401
