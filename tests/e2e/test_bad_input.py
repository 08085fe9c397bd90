"""Bad input: each has its clear answer, from the running daemon over a real socket."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from proxyd.auth import tokens

from .conftest import Estate
from .daemon import Daemon, running, settings, toml

STREAM = "/v1/stream?target=production"


@pytest.mark.parametrize(
    ("path", "parameter", "told"),
    [
        ("/v1/stream", "target", "at least one target"),
        (f"{STREAM}&type=AWS::EC2::Vpc", "type", "did you mean AWS::EC2::VPC?"),
        (f"{STREAM}&type=AWS::EC2::[A-Z]*", "type", "not a glob"),
        (f"{STREAM}&type=", "type", "not a glob"),
        (f"{STREAM}&region=eu-wset-1", "region", "did you mean eu-west-1?"),
        (f"{STREAM}&region=mars-*", "region", "no region"),
        (f"{STREAM}&mode=live", "mode", "snapshot or watch"),
        (f"{STREAM}&detail=all", "detail", "full or list"),
        (f"{STREAM}&mode=snapshot&mode=snapshot", "mode", "once only"),
        (f"{STREAM}&tpye=AWS::EC2::VPC", "tpye", "did you mean type?"),
        (f"{STREAM}&access_token=secret", "access_token", "unknown parameter"),
    ],
)
async def test_a_bad_parameter_is_named(
    daemon: Daemon, path: str, parameter: str, told: str
) -> None:
    """A bad parameter is a 400 that names it and says what was expected."""
    problem = await daemon.problem(path)
    assert (problem["status"], problem["code"]) == (400, "bad_parameter")
    assert problem["parameter"] == parameter
    assert told in problem["detail"]


@pytest.mark.parametrize(
    ("where", "column"),
    [("name=", 6), ("nmae=web", 1), ("(name=a", 8), ("name=a and", 11), ('name="a', 6)],
)
async def test_a_malformed_filter_points_at_the_column(
    daemon: Daemon, where: str, column: int
) -> None:
    """A filter that stops making sense is a 400 with the column at which it does."""
    problem = await daemon.problem(f"{STREAM}&where={quote(where)}")
    assert (problem["code"], problem["parameter"]) == ("bad_parameter", "where")
    assert problem["column"] == column


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"target": 4711}', "target"),
        (b'{"target": ["production"], "colour": 1}', "colour"),
        (b'{"target": ["production"], "mode": "x"}', "mode"),
        (b'{"target": ["production", 3]}', "target"),
    ],
)
async def test_a_bad_body_is_told_like_a_bad_query(
    daemon: Daemon, body: bytes, parameter: str
) -> None:
    """A POST whose JSON is wrong is a 400 that names the parameter."""
    problem = await daemon.problem("/v1/stream", method="POST", data=body)
    assert (problem["status"], problem["code"]) == (400, "bad_parameter")
    assert problem["parameter"] == parameter


async def test_a_query_of_100_kilobytes(daemon: Daemon) -> None:
    """It is a 400 that points to POST, and repeats nothing of what was sent."""
    problem = await daemon.problem(f"{STREAM}&where={'x' * 100_000}")
    assert (problem["status"], problem["code"]) == (400, "request_too_long")
    assert "POST" in problem["detail"]
    assert "xxx" not in json.dumps(problem)


async def test_a_body_that_is_too_large(daemon: Daemon) -> None:
    """A body of over 4 MiB is a 413."""
    problem = await daemon.problem("/v1/stream", method="POST", data=io.BytesIO(b" " * (5 << 20)))
    assert (problem["status"], problem["code"]) == (413, "body_too_large")


async def test_every_failed_login_is_the_same_401(daemon: Daemon) -> None:
    """No token, a wrong one, another scheme and nonsense get the same bytes."""
    headers: list[dict[str, str]] = [
        {"Authorization": ""},
        {"Authorization": "Bearer pxd_wrong"},
        {"Authorization": f"Basic {daemon.token}"},
        {"Authorization": f"Bearer {'x' * 4000}"},
        {"Authorization": f"Bearer {daemon.token}x"},
    ]
    answers = [await daemon.get(STREAM, headers=header) for header in headers]
    assert {status for status, _ in answers} == {401}
    assert len({body for _, body in answers}) == 1


async def test_an_expired_token(estate: Estate, tmp_path: Path) -> None:
    """A token past its `expires` is refused like a wrong one, one before it is not."""
    now = datetime.now(UTC)
    old, good = tokens.new_token(), tokens.new_token()
    text = toml(settings(estate.targets, estate.endpoint))
    for token, until in ((old, now - timedelta(1)), (good, now + timedelta(1))):
        text += (
            f'\n[[principals]]\nname = "timed"\ngroups = ["all"]\n'
            f'token_sha256 = "{tokens.digest(token).hex()}"\nexpires = {until.isoformat()}\n'
        )
    async with running(text, tmp_path, environment=estate.environment) as daemon:
        assert (await daemon.get("/v1/targets", token=old))[0] == 401
        assert (await daemon.get("/v1/targets", token=good))[0] == 200
        assert await daemon.get("/v1/targets", token=old) == await daemon.get(
            "/v1/targets", token="pxd_wrong"
        )


async def test_forbidden_and_unknown_targets_are_the_same(estate: Estate, tmp_path: Path) -> None:
    """A target, type or region that one may not see answers byte for byte like one that is not."""
    config = settings(estate.targets, estate.endpoint)
    config["grants"] = [
        {
            "groups": ["all"],
            "targets": ["staging"],
            "types": ["AWS::EC2::*"],
            "regions": ["eu-west-1"],
        }
    ]
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        asked = [
            "target=nothing",
            "target=production",
            "target=staging&type=AWS::S3::Bucket",
            "target=staging&type=AWS::EC2::VPC&type=AWS::S3::Bucket",
            "target=staging&region=eu-central-1",
            "target=staging&region=us-east-1",
            "target=staging&region=global",
            "target=staging&target=production",
        ]
        answers = [await daemon.get(f"/v1/stream?{query}") for query in asked]
        assert {status for status, _ in answers} == {404}
        assert len({body for _, body in answers}) == 1
        _, body = await daemon.get("/v1/targets")
        (target,) = json.loads(body)["targets"]
        assert target["name"] == "staging"
        assert target["regions"] == ["eu-west-1"]
        assert all(name.startswith("AWS::EC2::") for name in target["types"])
        events = await daemon.scan(target=["staging"])
        assert {e.data["region"] for e in events if e.name == "shard"} == {"eu-west-1"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role_arn": "arn:aws:iam::333333333333:role/nowhere"}, "role_not_assumable"),
        ({"external_id": "not-the-one"}, "role_not_assumable"),
    ],
)
async def test_a_role_that_can_not_be_assumed(
    estate: Estate, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    """A role that is not there and a wrong external id are a 502 with a stable code."""
    config = settings([{**estate.targets[1], **change}], estate.endpoint)
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        problem = await daemon.problem("/v1/stream?target=staging")
        assert (problem["status"], problem["code"]) == (502, code)
        assert "arn:" not in json.dumps(problem)
        assert (await daemon.over())["event"] == "scan.refused"
        assert (await daemon.over())["outcome"] == code


async def test_no_base_credentials_and_no_sts(estate: Estate, tmp_path: Path) -> None:
    """Without credentials of its own, and without an STS that answers, the 502 says which."""
    none = {"AWS_EC2_METADATA_DISABLED": "true"}
    config = settings(estate.targets, estate.endpoint)
    async with running(config, tmp_path, environment=none) as daemon:
        problem = await daemon.problem("/v1/stream?target=staging")
        assert (problem["status"], problem["code"]) == (502, "no_base_credentials")
    config = settings(estate.targets, "http://127.0.0.1:9", aws={"attempts": 1})
    async with running(config, tmp_path, environment=estate.environment) as daemon:
        problem = await daemon.problem("/v1/stream?target=staging")
        assert (problem["status"], problem["code"]) == (502, "sts_unreachable")


async def test_a_foreign_host_and_unknown_routes(daemon: Daemon) -> None:
    """A foreign Host is 421, an unknown route 404, a wrong method 405 with what is allowed."""
    assert (await daemon.problem("/healthz", headers={"Host": "evil.example"}))["status"] == 421
    assert (await daemon.problem("/v1/nothing"))["code"] == "no_such_route"
    async with daemon.request("DELETE", "/v1/stream") as response:
        assert response.status == 405
        assert set(response.headers["Allow"].split(",")) >= {"GET", "POST"}
    async with daemon.request("OPTIONS", "/v1/stream") as response:
        assert (response.status, response.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    async with daemon.request("HEAD", STREAM) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"


async def test_an_accept_that_there_is_not(daemon: Daemon) -> None:
    """`Accept: text/html` is a 406 that says what there is."""
    problem = await daemon.problem(STREAM, headers={"Accept": "text/html"})
    assert (problem["status"], problem["code"]) == (406, "not_acceptable")


async def test_a_request_that_is_not_http_repeats_nothing(daemon: Daemon) -> None:
    """A malformed request is a 400 whose answer and log hold nothing of what was sent."""
    host, _, port = daemon.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\nAuthorization: Bearer very-secret\r\nbad header\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b" 400 Bad Request" in answer.splitlines()[0]
    assert b"very-secret" not in answer
    assert b"bad header" not in answer
    assert not any("very-secret" in line for line in daemon.err)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "targets[0].colour: unknown key"),
        ({"regions": ["eu-wset-1"]}, "targets[0].regions: no region 'eu-wset-1'"),
        ({"types": ["AWS::EC2::Vpc"]}, "did you mean AWS::EC2::VPC?"),
        ({"regions": ["[a-z]"]}, "is not a glob"),
        ({"external_id": 3}, "targets[0].external_id: expected"),
        ({"role_arn": "arn:aws:iam::1:user/x"}, "role_arn: expected arn:aws:iam::ACCOUNT:role"),
    ],
)
async def test_a_bad_configuration_is_refused_at_start(
    estate: Estate, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    """`proxyd serve` ends with 1 and says the path, and what was expected there."""
    config = settings([{**estate.targets[0], **change}], estate.endpoint)
    assert told in await refused(toml(config), tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server\n", "is not valid TOML"),
        ('[server]\nlisten = "nowhere"\n', "server: listen: expected HOST:PORT"),
        ("[aws]\nendpoint_url = 'https://evil.example'\n", "loopback"),
        (
            '[[targets]]\nname = "a"\nrole_arn = "arn:aws:iam::222222222222:role/r"\n'
            'external_id = { credential = "a.id" }\n',
            "needs the credential 'a.id'",
        ),
    ],
)
async def test_a_bad_file_is_refused_at_start(tmp_path: Path, text: str, told: str) -> None:
    """Bad TOML, a bad address and a missing credential end it with 1, saying so."""
    assert told in await refused(text, tmp_path)


async def refused(text: str, directory: Path) -> str:
    """Start it with a configuration that it refuses, and return what it says."""
    path = directory / "proxyd.toml"
    path.write_text(text.replace("TOKEN_SHA256", "0" * 64))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-m", "proxyd", "serve", "--config", str(path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    assert process.returncode == 1
    return err.decode()
