"""The audit trail of a real daemon: whole, joined to CloudTrail, and nothing is done without it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from proxyd.audit import chain
from tests.unit.test_audit_records import errors

from .conftest import Estate
from .daemon import Daemon, running, settings
from .fake_aws import REQUEST_ID, FakeAws
from .test_watch import ALL, KEYS, TARGET, kept_live, two_principals
from .watcher import watching

IN_TIME = 5.0
"""Seconds in which an open stream has to end when nothing can be audited."""


def verified(lines: Sequence[str], directory: Path, *more: str) -> tuple[int, str]:
    """Run `proxyd audit verify` over these lines."""
    file = directory / "trail.jsonl"
    file.write_text("".join(lines))
    done = subprocess.run(
        [sys.executable, "-B", "-m", "proxyd", "audit", "verify", str(file), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def codes(daemon: Daemon) -> list[str]:
    """Return the events of a trail, in order."""
    return [record["metadata"]["event_code"] for record in daemon.records]


async def until(daemon: Daemon, code: str, times: int = 1) -> dict[str, Any]:
    """Wait for the last of so many records of an event."""
    async with asyncio.timeout(10):
        while codes(daemon).count(code) < times:  # noqa: ASYNC110 - it comes through a pipe
            await asyncio.sleep(0.02)
    return [r for r in daemon.records if r["metadata"]["event_code"] == code][times - 1]


async def test_the_trail_of_a_whole_run(estate: Estate, tmp_path: Path) -> None:
    """Every record is an event of OCSF, and `audit verify` finds all that is done to the trail."""
    config = settings(estate.targets, estate.endpoint)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        await daemon.scan(target=["production", "staging"], type=["AWS::EC2::VPC"])
        await daemon.problem("/v1/stream?target=nothing")
        await daemon.problem("/v1/stream?target=staging", token="wrong")
        await daemon.reread(daemon.config)
        await daemon.reread("[nonsense]", says="configuration refused")
    assert [found for record in daemon.records for found in errors(record)] == []
    assert [record["metadata"]["sequence"] for record in daemon.records] == list(range(10))
    assert Counter(codes(daemon)) == {
        "service.started": 1,
        "scan.started": 2,
        "scan.ended": 2,
        "request.refused": 1,
        "login.refused": 1,
        "configuration.taken": 1,
        "configuration.refused": 1,
        "service.stopped": 1,
    }
    lines = daemon.out
    code, said = verified(lines, tmp_path)
    assert (code, said.splitlines()[0]) == (0, "good: 10 records of 1 run, whole and in order")
    assert "audit.public_key" in said
    edited = [line.replace('"complete":true', '"complete":false', 1) for line in lines]
    at = next(n for n, line in enumerate(edited, start=1) if line != lines[n - 1])
    for bad, number, what in (
        (edited, at, "edited"),
        (lines[:4] + lines[5:], 5, "record 4"),
        ([*lines[:2], lines[3], lines[2], *lines[4:]], 4, "out of order"),
        ([*lines[:5], lines[4], *lines[5:]], 6, "duplicate"),
        (lines[:-1], 9, "truncated"),
        ([*lines[:-1], lines[-1][:50]], 10, "cut off"),
    ):
        code, said = verified(bad, tmp_path)
        assert code == 1, what
        assert re.search(rf"trail\.jsonl:{number}: .*{what}", said), (what, said)


async def test_who_was_there_and_what_they_had_done(tmp_path: Path) -> None:
    """A login, a logout and a stream that somebody ended: by whom, and from where."""
    more, token = two_principals()
    async with kept_live(tmp_path, **more) as (daemon, _):
        cookie = await _log_in(daemon, token)
        async with watching(daemon, **ALL) as client:
            await client.marked()
            _, body = await daemon.get("/v1/streams")
            (opened,) = json.loads(body)["streams"]
            async with daemon.request("DELETE", f"/v1/streams/{opened['id']}") as response:
                assert response.status == 204
            await client.ended.wait()
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
        async with daemon.request("DELETE", "/v1/session", token="", headers=headers) as response:
            assert response.status == 204
        began = await until(daemon, "session.started")
        over = await until(daemon, "session.ended")
        wanted = await until(daemon, "stream.end_requested")
        done = await until(daemon, "scan.ended")
    assert (began["user"], began["src_endpoint"]) == ({"name": "narrow"}, {"ip": "127.0.0.1"})
    assert (over["user"], over["status_code"]) == ({"name": "narrow"}, "ended")
    assert wanted["actor"] == {"user": {"name": "tester"}}
    assert wanted["metadata"]["correlation_uid"] == done["metadata"]["correlation_uid"]
    assert wanted["metadata"]["correlation_uid"] == opened["id"]
    assert done["status_code"] == "ended"


async def _log_in(daemon: Daemon, token: str) -> str:
    async with daemon.request("POST", "/v1/session", token=token) as response:
        assert response.status == 201
        return response.headers["Set-Cookie"].partition(";")[0]


async def test_it_joins_to_cloudtrail(tmp_path: Path) -> None:
    """The session name, the identity and the request ids are those that STS has seen and given."""
    async with kept_live(tmp_path) as (daemon, aws):
        await daemon.scan(**ALL)
        ended = await daemon.over()
    (assumed,) = aws.fake.made("AssumeRole")
    assert ended["session_name"] == assumed.parameters["RoleSessionName"]
    assert ended["source_identity"] == assumed.parameters["SourceIdentity"] == "tester"
    assert ended["aws_request_ids"] == [REQUEST_ID]
    assert ended["calls"] == len(aws.fake.calls)


async def test_a_stranger_can_not_fill_it(tmp_path: Path) -> None:
    """Two thousand wrong tokens are a handful of lines, and every one of them is counted."""
    limits = {"failed_logins": 1_000_000, "connections_per_second": 1_000_000}
    config = settings([TARGET], "http://127.0.0.1:9", limits=limits)
    async with running(config, tmp_path, environment=KEYS) as daemon, daemon.session() as session:
        for number in range(2000):
            headers = {"Authorization": f"Bearer wrong-{number}"}
            async with session.get(f"{daemon.url}/v1/targets", headers=headers) as response:
                assert response.status == 401
    refused = [r for r in daemon.records if r["metadata"]["event_code"] == "login.refused"]
    assert len(refused) <= 4
    assert sum(record["count"] for record in refused) == 2000
    assert "wrong-" not in "".join(daemon.out)


class Clogged:
    """A daemon whose standard output is a pipe that nobody reads until a test does."""

    def __init__(self, read: int, write: int) -> None:
        self.read = read
        self.write = write
        self.text = b""

    def clog(self) -> None:
        """Fill the pipe: the next record does not fit."""
        os.set_blocking(self.write, False)
        try:
            while os.write(self.write, b" " * 64):
                pass
        except BlockingIOError:
            os.set_blocking(self.write, True)

    def clear(self) -> None:
        """Read what there is."""
        os.set_blocking(self.read, False)
        try:
            while some := os.read(self.read, 1 << 16):
                self.text += some
        except BlockingIOError:
            pass


@asynccontextmanager
async def _clogged(directory: Path) -> AsyncGenerator[tuple[Daemon, FakeAws, Clogged], None]:
    """Run a daemon with a pipe of its own as standard output."""
    read, write = os.pipe()
    try:
        async with kept_live(directory, stdout=write) as (daemon, aws):
            yield daemon, aws.fake, Clogged(read, write)
    finally:
        os.close(read)
        os.close(write)


async def test_nothing_is_done_without_a_trail(tmp_path: Path) -> None:
    """The only sink blocks: 503 and not one call to STS, open streams end in time, all by itself.

    Meanwhile other requests are answered as ever; when the sink is read again, so are streams.
    """
    async with _clogged(tmp_path) as (daemon, aws, pipe):
        async with watching(daemon, **ALL) as client:
            await client.marked()
            before = len(aws.made("AssumeRole"))
            pipe.clog()
            since = time.monotonic()
            problem = await daemon.problem("/v1/stream?target=fake")
            assert (problem["status"], problem["code"]) == (503, "audit_unavailable")
            assert time.monotonic() - since < 2
            slowest = await _slowest(daemon, client.ended)
            assert client.named("closing")[0]["reason"] == "audit_unavailable"
            assert time.monotonic() - since < IN_TIME
            assert slowest < 1
        assert len(aws.made("AssumeRole")) - before <= 2, "only those of the stream that was open"
        made = len(aws.made("AssumeRole"))
        assert (await daemon.problem("/v1/stream?target=fake"))["code"] == "audit_unavailable"
        assert len(aws.made("AssumeRole")) == made
        status, body = await daemon.get("/readyz")
        assert (status, json.loads(body)["audit"]) == (
            503,
            {"stdout": "failed"},
        )
        _, metrics = await daemon.get("/metrics")
        assert b'proxyd_audit_failures_total{sink="stdout"} 1.0' in metrics
        assert b"proxyd_audit_sinks_failed 1.0" in metrics
        while (await daemon.get("/readyz"))[0] == 503:
            pipe.clear()
            await asyncio.sleep(0.1)
        events = await daemon.scan(**ALL)
        assert events[-1].name == "scan.completed"
        pipe.clear()
    lines = [line.strip() + "\n" for line in pipe.text.decode().splitlines()]
    code, said = verified(lines, tmp_path, "--running")
    assert (code, said.splitlines()[0][:5]) == (0, "good:"), said
    assert sum('"scan.refused"' in line for line in lines) == 1


async def test_without_a_trail_and_a_log_streams_end_all_the_same(tmp_path: Path) -> None:
    """What reads both has gone, as with `2>&1 | collector`: that the log fails stops nothing."""
    async with kept_live(tmp_path) as (daemon, aws):
        async with watching(daemon, **ALL) as client:
            await client.marked()
            transport = daemon.process._transport  # type: ignore[attr-defined] # noqa: SLF001
            for number in (1, 2):
                transport.get_pipe_transport(number).close()
            async with asyncio.timeout(IN_TIME + 2):
                await client.ended.wait()
            assert client.named("closing")[0]["reason"] == "audit_unavailable"
        made = len(aws.fake.made("AssumeRole"))
        problem = await daemon.problem("/v1/stream?target=fake")
        assert problem["code"] == "audit_unavailable"
        assert len(aws.fake.made("AssumeRole")) == made


async def _slowest(daemon: Daemon, ended: asyncio.Event) -> float:
    """Ask for something else until a stream has ended, and return how long that took at most."""
    slowest = 0.0
    while not ended.is_set():
        since = time.monotonic()
        assert (await daemon.get("/healthz"))[0] == 200
        slowest = max(slowest, time.monotonic() - since)
        await asyncio.sleep(0.05)
    return slowest


async def test_syslog_and_a_key_of_the_auditors(tmp_path: Path) -> None:
    """A daemon in its sandbox reaches a syslog server; only the auditor can check what is there."""
    private, public = chain.new_pair()
    got = bytearray()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(1 << 16):
            got.extend(some)
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    audit = {"sinks": [f"tcp://127.0.0.1:{port}"], "public_key": public}
    async with server:
        async with kept_live(tmp_path, audit=audit) as (daemon, _):
            await daemon.scan(**ALL)
        assert daemon.out == []
    lines = re.findall(r"\{.*?\}\}(?=\d|$)", got.decode())
    assert len(lines) == 4
    trail = [line + "\n" for line in lines]
    code, said = verified(trail, tmp_path)
    assert (code, "--private-key" in said) == (1, True)
    key = tmp_path / "auditor"
    key.write_text(private)
    code, said = verified(trail, tmp_path, "--private-key", str(key))
    assert (code, said.splitlines()[0]) == (0, "good: 4 records of 1 run, whole and in order")


def test_the_auditors_key_is_printed_once() -> None:
    """`proxyd audit key` prints the private one alone on stdout, and the configuration's line."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "proxyd", "audit", "key"],
        capture_output=True,
        text=True,
        check=True,
    )
    public = re.search(r'public_key = "(.*)"', done.stderr)
    assert public is not None
    sealed = chain.conceal(b"k" * 32, chain.public_key(public[1]))
    assert chain.reveal(sealed, done.stdout) == b"k" * 32


@pytest.mark.parametrize("file", ["/nonexistent", "-"])
def test_what_can_not_be_checked(file: str) -> None:
    """A file that is not there, and an empty input, are told of and are not good."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "proxyd", "audit", "verify", file],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No such file" in done.stderr or "there is no audit record in it" in done.stdout
