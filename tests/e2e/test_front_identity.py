"""What a front proxy says is believed from the peers that are listed, and from nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .daemon import Daemon
from .test_right_ends import closed
from .test_watch import ALL, kept_live
from .watcher import watching

FRONT = {
    "peers": ["127.0.0.0/8"],
    "user_header": "X-Forwarded-User",
    "groups_header": "X-Forwarded-Groups",
    "groups_prefix": "sso:",
    "admin_groups": ["sso:admins"],
}
GRANTS = [{"groups": ["sso:all"], "targets": ["*"], "types": ["*"], "regions": ["*"]}]
ALICE = {"X-Forwarded-User": "alice", "X-Forwarded-Groups": "all, others"}


async def whoami(daemon: Daemon, *headers: tuple[str, str]) -> tuple[int, Any]:
    """Ask who one is, with headers that may repeat."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{daemon.url}/v1/session", headers=list(headers)) as response,
    ):
        return response.status, await response.json(content_type=None)


async def test_a_listed_proxy_says_who_it_is(tmp_path: Path) -> None:
    """Its user is a principal of its own kind, with prefixed groups, at the client's address."""
    async with kept_live(tmp_path, front=FRONT, grants=GRANTS) as (daemon, _):
        status, body = await whoami(daemon, *ALICE.items())
        assert (status, body["principal"], body["admin"]) == (200, "front:alice", False)
        assert body["groups"] == ["sso:all", "sso:others"]
        _, body = await whoami(
            daemon, ("x-forwarded-user", "root"), ("X-Forwarded-Groups", "admins")
        )
        assert body["admin"]
        hops = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 127.0.0.1"}
        async with watching(daemon, token="", headers={**ALICE, **hops}, **ALL) as client:
            await client.marked()
            assert daemon.audit[-1]["principal"] == "front:alice"
            assert daemon.audit[-1]["peer"] == "203.0.113.9"
            await daemon.reread(daemon.config.replace('"127.0.0.0/8"', '"10.0.0.0/8"'))
            await closed(client, "revoked")
        assert (await whoami(daemon, *ALICE.items()))[0] == 401


@pytest.mark.parametrize("front", [{}, {**FRONT, "peers": ["10.0.0.1", "::1", "unix"]}])
async def test_a_stranger_can_say_what_it_likes(tmp_path: Path, front: dict[str, Any]) -> None:
    """Without a list, or from an address that is not on it, the headers are nothing."""
    async with kept_live(tmp_path, front=front) as (daemon, _):
        status, body = await whoami(daemon, *ALICE.items())
        assert (status, body["code"]) == (401, "unauthenticated")
        async with watching(daemon, headers={"X-Forwarded-For": "203.0.113.9"}, **ALL) as client:
            await client.marked()
            assert daemon.audit[-1]["peer"] == "127.0.0.1"


UNCLEAR = [
    [("X-Forwarded-User", "alice"), ("X-Forwarded-User", "root")],
    [*ALICE.items(), ("X-Forwarded-Groups", "admins")],
    [("X-Forwarded-User", "")],
    [("X-Forwarded-User", "a" * 256)],
    [("X-Forwarded-User", "ali\tce")],
    [("X_Forwarded_User", "alice")],
    [("X-Forwarded-User ", "alice")],
    [("X-Forwarded-Groups", "admins")],
    [("X-Forwarded-Email", "alice@example.com")],
    [*ALICE.items(), ("Authorization", "Bearer pxd_wrong")],
    [*ALICE.items(), ("Authorization", "Basic YWxpY2U6cGFzc3dvcmQ=")],
]


async def test_an_unclear_word_is_nobodys(tmp_path: Path) -> None:
    """Two users, none, a spelling that another server would take, a wrong token beside: refused."""
    async with kept_live(tmp_path, front=FRONT, grants=GRANTS) as (daemon, _):
        for headers in UNCLEAR:
            status, body = await whoami(daemon, *headers)
            assert status in {400, 401}, headers
            assert "alice" not in json.dumps(body)


async def test_what_a_proxy_adds_is_no_page_of_ours(tmp_path: Path) -> None:
    """A browser behind it sends its identity with every request: another site's are refused."""
    async with kept_live(tmp_path, front=FRONT, grants=GRANTS) as (daemon, aws):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            path = "/v1/stream?target=fake"
            problem = await daemon.problem(path, token="", headers={**ALICE, **headers})
            assert (problem["status"], problem["code"]) == (403, "cross_site")
        assert aws.fake.made("AssumeRole") == []


async def test_through_a_proxy_with_tls_the_cookie_is_secure(tmp_path: Path) -> None:
    """Its `X-Forwarded-Proto` says what the browser's own connection is."""
    server = {"listen": "127.0.0.1:0", "hosts": ["proxyd.example.com", "127.0.0.1"]}
    async with kept_live(tmp_path, front=FRONT, server=server) as (daemon, _):
        named = {"Host": "proxyd.example.com"}
        for proto, status in (("https", 201), ("http", 403)):
            headers = {**named, "X-Forwarded-Proto": proto}
            async with daemon.request("POST", "/v1/session", headers=headers) as response:
                assert response.status == status
                cookie = response.headers.get("Set-Cookie", "__Host-proxyd=; Secure")
                assert cookie.startswith("__Host-proxyd=")
                assert "Secure" in cookie
