"""Browser sessions: a token traded for a cookie, which works from proxyd's own pages only."""

from __future__ import annotations

import asyncio
import json
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

from .daemon import Daemon
from .test_right_ends import closed
from .test_watch import ALL, kept_live
from .watcher import watching

STREAM = "/v1/stream?target=fake&type=AWS::EC2::VPC"
OURS = {"Sec-Fetch-Site": "same-origin"}


async def log_in(daemon: Daemon, **headers: str) -> Morsel[str]:
    """Trade the daemon's token for a cookie."""
    async with daemon.request("POST", "/v1/session", headers=headers) as response:
        assert response.status == 201, await response.text()
        (morsel,) = SimpleCookie(response.headers["Set-Cookie"]).values()
        return morsel


async def asked(
    daemon: Daemon, method: str, path: str, cookie: str, **headers: str
) -> tuple[int, Any, str | None]:
    """Make a request with a cookie and no other credential."""
    async with daemon.session() as session:
        given = {"Cookie": cookie, **headers}
        async with session.request(method, f"{daemon.url}{path}", headers=given) as response:
            body = await response.read()
            parsed = json.loads(body) if response.content_type.endswith("json") else body
            return response.status, parsed, response.headers.get("Set-Cookie")


async def test_a_token_is_traded_for_a_cookie(tmp_path: Path) -> None:
    """The cookie is a browser's own, says who one is, and opens streams."""
    async with kept_live(tmp_path) as (daemon, _):
        morsel = await log_in(daemon)
        assert morsel.key == "proxyd"
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
        assert not morsel["max-age"]
        assert not morsel["secure"]
        cookie = f"proxyd={morsel.value}"
        status, body, _ = await asked(daemon, "GET", "/v1/session", cookie)
        assert (status, body["principal"], body["groups"]) == (200, "tester", ["all"])
        assert (await asked(daemon, "GET", "/v1/targets", cookie))[0] == 200
        status, body, _ = await asked(daemon, "GET", STREAM, cookie, **OURS)
        assert status == 200
        assert b"event: scan.completed" in body
        status, _, dropped = await asked(daemon, "DELETE", "/v1/session", cookie, **OURS)
        assert status == 204
        assert "Max-Age=0" in (dropped or "")
        assert (await asked(daemon, "GET", "/v1/session", cookie))[0] == 401


async def test_away_from_loopback_the_cookie_is_secure(tmp_path: Path) -> None:
    """Under any other name it is `__Host-proxyd` and Secure; a plain one is not looked at."""
    server = {"listen": "127.0.0.1:0", "hosts": ["127.0.0.1", "proxyd.example.com"]}
    async with kept_live(tmp_path, server=server) as (daemon, _):
        named = {"Host": "proxyd.example.com"}
        morsel = await log_in(daemon, **named)
        assert (morsel.key, morsel["secure"], morsel["domain"]) == ("__Host-proxyd", True, "")
        right, plain = f"__Host-proxyd={morsel.value}", f"proxyd={morsel.value}"
        assert (await asked(daemon, "GET", "/v1/session", right, **named))[0] == 200
        assert (await asked(daemon, "GET", "/v1/session", plain, **named))[0] == 401
        headers = {**named, "Origin": "http://proxyd.example.com"}
        problem = await daemon.problem("/v1/session", method="POST", headers=headers)
        assert (problem["status"], problem["code"]) == (403, "insecure")


TYPED = {"Sec-Fetch-Site": "none"}
ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]


async def test_another_sites_page_starts_nothing(tmp_path: Path) -> None:
    """A stream, a login and a logout from elsewhere are 403, and cost AWS nothing."""
    async with kept_live(tmp_path) as (daemon, aws):
        cookie = f"proxyd={(await log_in(daemon)).value}"
        for headers in (TYPED, *ELSEWHERE):
            for method, path in (("GET", STREAM), ("DELETE", "/v1/streams/x")):
                status, body, _ = await asked(daemon, method, path, cookie, **headers)
                assert (status, body["code"]) == (403, "cross_site"), headers
        for headers in ELSEWHERE:
            for method, path in (("GET", "/v1/targets"), ("DELETE", "/v1/session")):
                assert (await asked(daemon, method, path, cookie, **headers))[0] == 403
            problem = await daemon.problem("/v1/session", method="POST", headers=headers)
            assert problem["code"] == "cross_site"
        assert aws.fake.made("AssumeRole") == []
        assert (await asked(daemon, "GET", "/v1/session", cookie, **TYPED))[0] == 200


async def test_a_token_sent_on_purpose_works_from_anywhere(tmp_path: Path) -> None:
    """An Authorization header is nobody's accident: where the page comes from is no matter."""
    async with kept_live(tmp_path) as (daemon, _):
        status, _ = await daemon.get(STREAM, headers={"Sec-Fetch-Site": "cross-site"})
        assert status == 200


async def test_logging_out_ends_the_streams_of_that_session_only(tmp_path: Path) -> None:
    """They say `ended`; another session of the same principal goes on."""
    async with kept_live(tmp_path) as (daemon, _):
        one, two = [f"proxyd={(await log_in(daemon)).value}" for _ in range(2)]
        async with (
            watching(daemon, token="", headers={"Cookie": one, **OURS}, **ALL) as first,
            watching(daemon, token="", headers={"Cookie": two, **OURS}, **ALL) as second,
        ):
            await asyncio.gather(first.marked(), second.marked())
            assert (await asked(daemon, "DELETE", "/v1/session", one, **OURS))[0] == 204
            await closed(first, "ended")
            assert not second.ended.is_set()


async def test_a_session_ends_by_itself_and_its_streams_with_it(tmp_path: Path) -> None:
    """After `session.seconds` the stream is closed as expired, and the cookie is nobody's."""
    async with kept_live(tmp_path, session={"seconds": 2}) as (daemon, _):
        cookie = f"proxyd={(await log_in(daemon)).value}"
        headers = {"Cookie": cookie, **OURS}
        async with watching(daemon, token="", headers=headers, **ALL) as client:
            await client.marked()
            await closed(client, "expired")
        assert (await asked(daemon, "GET", "/v1/session", cookie))[0] == 401


async def test_a_cookie_is_replaced_while_it_is_used(tmp_path: Path) -> None:
    """After `rotate_seconds` an answer brings a new one; the old is good for a moment yet."""
    async with kept_live(tmp_path, session={"rotate_seconds": 0.3}) as (daemon, _):
        old = f"proxyd={(await log_in(daemon)).value}"
        await asyncio.sleep(0.4)
        _, _, replaced = await asked(daemon, "GET", "/v1/targets", old)
        assert replaced is not None
        (morsel,) = SimpleCookie(replaced).values()
        assert morsel["samesite"] == "Strict"
        new = f"proxyd={morsel.value}"
        assert new != old
        for cookie in (old, new):
            assert (await asked(daemon, "GET", "/v1/targets", cookie))[0] == 200
        assert (await asked(daemon, "DELETE", "/v1/session", new, **OURS))[0] == 204
        for cookie in (old, new):
            assert (await asked(daemon, "GET", "/v1/targets", cookie))[0] == 401


async def test_a_login_never_goes_on_with_a_cookie_that_was_there(tmp_path: Path) -> None:
    """What somebody planted in the browser is not what it has after the login."""
    async with kept_live(tmp_path) as (daemon, _):
        planted = await log_in(daemon)
        fresh = await log_in(daemon, Cookie=f"proxyd={planted.value}")
        assert fresh.value != planted.value
        assert (await asked(daemon, "GET", "/v1/session", f"proxyd={planted.value}"))[0] == 401
        chosen = await log_in(daemon, Cookie="proxyd=chosen-by-somebody")
        assert chosen.value != "chosen-by-somebody"


async def test_a_session_of_a_principal_that_is_removed_is_over(tmp_path: Path) -> None:
    """It rests on the credential that it was traded for, whatever that is worth now."""
    async with kept_live(tmp_path) as (daemon, _):
        cookie = f"proxyd={(await log_in(daemon)).value}"
        headers = {"Cookie": cookie, **OURS}
        async with watching(daemon, token="", headers=headers, **ALL) as client:
            await client.marked()
            await daemon.reread(daemon.config.replace("TOKEN_SHA256", "0" * 64))
            await closed(client, "revoked")
        assert (await asked(daemon, "GET", "/v1/session", cookie))[0] == 401


async def test_no_cookie_and_no_token_is_the_one_401(tmp_path: Path) -> None:
    """Nothing, a wrong cookie, and a wrong token are told the same."""
    async with kept_live(tmp_path) as (daemon, _):
        answers = [
            await asked(daemon, "GET", "/v1/targets", cookie, **headers)
            for cookie in ("", "proxyd=", "proxyd=x", "__Host-proxyd=x", "proxyd=" + "x" * 5000)
            for headers in ({}, {"Authorization": "Bearer pxd_wrong"})
        ]
        assert {status for status, _, _ in answers} == {401}
        assert len({json.dumps(body) for _, body, _ in answers}) == 1
