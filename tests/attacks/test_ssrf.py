"""Nothing in a request, and nothing in the environment, says where proxyd goes or as whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.daemon import Daemon, running, settings, toml
from tests.e2e.fake_aws import fake_aws
from tests.e2e.test_bad_input import refused
from tests.e2e.test_right_ends import one_vpc
from tests.e2e.test_watch import KEYS, TARGET

PLACES = (
    *("role_arn", "role", "external_id", "endpoint_url", "endpoint", "proxy", "account", "via"),
    *("profile", "ca_bundle", "url", "host", "credentials", "session_policy", "duration"),
)


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, list[bytes]], None]:
    """Listen on a port of its own, and note whoever comes."""
    came: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(200))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", came


async def test_a_request_names_a_target_and_nothing_else(tmp_path: Path) -> None:
    """Role, external id, endpoint, proxy: no such parameter, in the query or in the body."""
    async with fake_aws() as fake, listening() as (there, came):
        fake.answers["DescribeVpcs"] = one_vpc
        async with running(settings([TARGET], fake.endpoint), tmp_path, environment=KEYS) as daemon:
            for place in PLACES:
                problem = await daemon.problem(f"/v1/stream?target=fake&{place}=http://{there}/")
                assert (problem["code"], problem["parameter"]) == ("bad_parameter", place)
                body = {"target": ["fake"], place: f"http://{there}/"}
                problem = await daemon.problem("/v1/stream", method="POST", json=body)
                assert (problem["code"], problem["parameter"]) == ("bad_parameter", place)
            await odd_values(daemon, there)
            headers = dict.fromkeys(("X-Forwarded-Host", "X-Original-URL"), f"http://{there}/")
            assert (await daemon.get("/v1/targets", headers=headers))[0] == 200
        assert came == []
        assert fake.made("AssumeRole") == []


async def odd_values(daemon: Daemon, there: str) -> None:
    """Ask for what would lead elsewhere if it were written into a URL."""
    for value in (
        *(f"http://{there}/", f"{there}/", f"{there}#", f"x.{there}", f"@{there}/", "../fake"),
        *("arn:aws:iam::222222222222:role/proxyd-read", "eu-west-1.evil.example", "fake\x00"),
    ):
        for name, status in (("target", 404), ("region", 400), ("type", 400)):
            body = {"target": ["fake"], name: [value]}
            problem = await daemon.problem("/v1/stream", method="POST", json=body)
            assert problem["status"] == status


async def test_the_environment_leads_nowhere(tmp_path: Path) -> None:
    """`AWS_ENDPOINT_URL*`, roles and proxies of the environment are not followed."""
    async with fake_aws() as fake, listening() as (there, came):
        fake.answers["DescribeVpcs"] = one_vpc
        environment = {
            **KEYS,
            "AWS_ENDPOINT_URL": f"http://{there}",
            "AWS_ENDPOINT_URL_STS": f"http://{there}",
            "AWS_ENDPOINT_URL_EC2": f"http://{there}",
            "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/evil",
            "HTTP_PROXY": f"http://{there}",
            "HTTPS_PROXY": f"http://{there}",
            "ALL_PROXY": f"http://{there}",
            "http_proxy": f"http://{there}",
        }
        async with running(
            settings([TARGET], fake.endpoint), tmp_path, environment=environment
        ) as daemon:
            events = await daemon.scan(target=["fake"], type=["AWS::EC2::VPC"])
        assert events[-1].data["complete"]
        assert came == []
        (assumed,) = fake.made("AssumeRole")
        assert assumed.parameters["RoleArn"] == TARGET["role_arn"]
        assert assumed.parameters["ExternalId"] == TARGET["external_id"]


@pytest.mark.parametrize("field", ["external_id", "name"])
async def test_two_targets_do_not_share(tmp_path: Path, field: str) -> None:
    """Two targets with one external id or name: refused at start, and the id is not repeated."""
    other = {**TARGET, "name": "other", "external_id": "other-id", field: TARGET[field]}
    said = await refused(toml(settings([TARGET, other], "http://127.0.0.1:9")), tmp_path)
    assert "targets[1]: the same" in said
    assert json.dumps(TARGET["external_id"]) not in said
