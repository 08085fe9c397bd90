"""A secret in every header and field that there is: no answer, log line or metric has any."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.fake_aws import Call, error, fake_aws
from tests.e2e.test_front_identity import FRONT
from tests.e2e.test_watch import KEYS, TARGET

UNSLOWED = {"failed_logins": 1_000_000_000, "connections_per_second": 1_000_000}
CANARY = "kanarienvogl"
HEADERS = (
    *("Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-Forwarded-For"),
    *("X-Forwarded-User", "X-Forwarded-Groups", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"),
    *("Origin", "Referer", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Range"),
    *("Sec-Fetch-Site", "Last-Event-ID", "If-None-Match", "If-Modified-Since", "Content-Type"),
    *("X-Amz-Security-Token", "X-Original-URL", "X-HTTP-Method-Override", "Via", "TE", "Trailer"),
    *("Expect", "Upgrade", "From", "Pragma", "Traceparent", "X-Request-ID", "Connection"),
)
PATHS = ("/v1/stream?target=fake", "/v1/targets", "/v1/session", "/v1/streams", "/nothing", "/")
METHODS = ("GET", "POST", "HEAD", "DELETE", "OPTIONS", "PUT", "TRACE")


async def exchange(daemon: Daemon, request: bytes) -> bytes:
    """Send bytes on a connection of their own, and return all that comes back."""
    host, _, port = daemon.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # What waits for more of the request hears that there is none, but not before: a client that
    # is gone is not answered.
    ending = asyncio.get_running_loop().call_later(1, writer.write_eof)
    try:
        writer.write(request)
        async with asyncio.timeout(15):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        ending.cancel()
        writer.close()


def requests(token: str) -> list[bytes]:
    """Write every request: one header with the canary each, whole ones and broken ones."""
    made = []
    for path in PATHS:
        for method in METHODS:
            line = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            bearer = f"Authorization: Bearer {token}\r\n"
            for header in HEADERS:
                own = "" if header == "Authorization" else bearer
                made.append(f"{line}{own}{header}: {CANARY}\r\n\r\n")
            made += [
                f"{line}Authorization: Bearer {CANARY}\r\nbroken {CANARY}\r\n\r\n",
                f"{line}Authorization: Bearer pxd_{CANARY}\r\n{CANARY}\x00: x\r\n\r\n",
                f"{line}Authorization: Basic {encoded(CANARY)}\r\n\r\n",
                f"{line}Authorization: Bearer {jwt(CANARY)}\r\n\r\n",
                f"{line}Cookie: proxyd={CANARY}; __Host-proxyd={CANARY}\r\n\r\n",
                f"{line}{bearer}Content-Length: 3{CANARY}\r\n\r\n",
                f"{line}{bearer}Transfer-Encoding: {CANARY}\r\n\r\n{CANARY}",
                f"{method} {path} HTTP/1.1 {CANARY}\r\n\r\n",
                f"{method} /{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\n\r\n",
            ]
    return [request.encode() for request in made]


def encoded(text: str) -> str:
    """Write text in base64."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def jwt(text: str) -> str:
    """Make something that looks like a token, with text in each of its parts."""
    header = {"alg": "RS256", "kid": text, "jku": f"https://{text}.example"}
    claims = {"iss": f"https://{text}.example", "sub": text, "email": f"{text}@example.com"}
    return ".".join(encoded(json.dumps(part)) for part in (header, claims, {"signature": text}))


async def test_no_header_comes_back_or_is_written_down(tmp_path: Path) -> None:
    """Some two thousand requests, well formed and broken, each with a canary somewhere."""
    config = settings([TARGET], "http://127.0.0.1:9", front=FRONT, limits=UNSLOWED)
    async with running(config, tmp_path, environment=KEYS) as daemon:
        asked = requests(daemon.token)
        found = []
        unanswered = 0
        for start in range(0, len(asked), 100):
            batch = asked[start : start + 100]
            answers = await asyncio.gather(*(exchange(daemon, request) for request in batch))
            unanswered += answers.count(b"")
            found += [
                (request, answer)
                for request, answer in zip(batch, answers, strict=True)
                if leaks(answer)
            ]
        assert found == []
        assert unanswered < len(asked) / 50
        _, metrics = await daemon.get("/metrics")
    assert len(asked) > 1500
    said = "".join([*daemon.out, *daemon.err]).encode() + metrics
    # The audit trail names whom a believed proxy has let in: that is what it is for.
    said = said.replace(f'"principal":"front:{CANARY}"'.encode(), b"")
    assert not leaks(said)
    assert daemon.token.encode() not in said


def leaks(said: bytes) -> bool:
    """Whether the canary is in it, as it is, in another case, or in base64."""
    words = (CANARY, CANARY.upper(), quote(CANARY), encoded(CANARY)[:-1])
    return any(word.encode() in said for word in words)


async def test_no_line_of_a_log_is_somebody_elses(tmp_path: Path) -> None:
    """Line breaks, escape sequences and bidi marks in every field: each line is one JSON object."""
    nasty = '"}\n{"event": "forged"}\r\n\x1b[2J\u202e\u2028\x85\x00'
    async with fake_aws() as fake:

        async def assume(call: Call) -> web.StreamResponse:
            del call
            return error(f"Access{nasty[:4]}Denied", message=nasty.replace("\x00", ""), status=403)

        fake.answers["AssumeRole"] = assume
        config = settings([TARGET], fake.endpoint, front=FRONT)
        async with running(config, tmp_path, environment=KEYS) as daemon:
            for value in (nasty, quote(nasty), nasty.encode("unicode_escape").decode()):
                plain = re.sub(r"[^\x20-\x7e]", "", value)
                body = {"target": ["fake", value], "where": f'name="{value}"', "type": [value]}
                await daemon.get("/v1/stream", headers={"X-Forwarded-For": plain})
                await daemon.problem("/v1/stream", method="POST", json=body)
                await daemon.get(f"/v1/stream?target=fake&last_event_id={quote(value)}")
            await daemon.problem(
                "/v1/stream?target=fake", token="", headers={"X-Forwarded-User": 'a"b'}
            )
    for line in (*daemon.out, *daemon.err):
        assert line.isascii()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", line)
        assert json.loads(line).get("event") != "forged"
