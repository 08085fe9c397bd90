"""Whose credentials a request bears, seen from the other end, when everything happens at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from proxyd.client import Client

from .daemon import Daemon, named, running, settings
from .fake_aws import Call, FakeAws, error, fake_aws, vpcs, xml

ACCOUNTS = [f"{number:012d}" for number in range(400000000001, 400000000041)]
SCANS = 200
PAGES = 4
BASE = ReadOnlyCredentials("AKIABASE", "base-secret", None)
PLUGIN = Path(__file__).with_name("isolated_plugin.py")


class Witness:
    """Gives out credentials and checks each request against those that it should bear.

    The first session of a scan may expire in the middle of it, each once.
    """

    def __init__(self, fake: FakeAws) -> None:
        self.fake = fake
        self.given: dict[str, tuple[str, ReadOnlyCredentials]] = {}
        self.used: Counter[str] = Counter()
        self.checked = 0
        self.wrong: list[str] = []
        self.expired: set[str] = set()
        self.scans: set[str] = set()
        self.first: set[str] = set()
        self.faults: Counter[str] = Counter()
        self.random = random.Random(4711)  # noqa: S311 - the same faults in every run
        fake.answers |= {"AssumeRole": self.assume_role, "DescribeVpcs": self.describe_vpcs}

    async def assume_role(self, call: Call) -> web.Response:
        """Give credentials of their own to each session of each account."""
        account = call.parameters["RoleArn"].split(":")[4]
        self.check(call, BASE, "STS")
        key = f"ASIA{len(self.given):016d}"
        given = ReadOnlyCredentials(key, f"secret-{key}", f"token-{key}")
        self.given[key] = (account, given)
        name = call.parameters["RoleSessionName"]
        if name not in self.scans:
            self.scans.add(name)
            self.first.add(key)
        until = datetime.now(UTC) + timedelta(hours=1)
        return xml(
            "AssumeRole",
            f"<Credentials><AccessKeyId>{key}</AccessKeyId>"
            f"<SecretAccessKey>{given.secret_key}</SecretAccessKey>"
            f"<SessionToken>{given.token}</SessionToken>"
            f"<Expiration>{until:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>",
            result=True,
        )

    async def describe_vpcs(self, call: Call) -> web.StreamResponse:
        """Check whose it is, then answer a page of that account, or with a fault."""
        asked_for = call.parameters["Filter.1.Value.1"]
        account, credentials = self.given[call.access_key]
        self.check(call, credentials, asked_for)
        if account != asked_for:
            self.wrong.append(f"a request for {asked_for} bore credentials of {account}")
        self.used[call.access_key] += 1
        if call.access_key in self.expired:
            return error("ExpiredToken")
        fault = self.fault(call.access_key)
        if fault is not None:
            return fault
        await asyncio.sleep(self.random.uniform(0, 0.05))
        page = int(call.parameters.get("NextToken", "0"))
        names = [f"vpc-{account}-{call.region}-{page}-{i}" for i in range(40)]
        return vpcs(names, str(page + 1) if page + 1 < PAGES else None)

    def fault(self, key: str) -> web.Response | None:
        """Fail one request in eight: a fault of the server, a throttle, or an expired session."""
        drawn = self.random.random()
        for limit, code, status in (
            (0.04, "InternalError", 500),
            (0.08, "RequestLimitExceeded", 503),
            (0.12, "ExpiredToken", 400),
        ):
            if drawn < limit and (code != "ExpiredToken" or key in self.first):
                self.faults[code] += 1
                if code == "ExpiredToken":
                    self.expired.add(key)
                return error(code, status=status)
        return None

    def check(self, call: Call, credentials: ReadOnlyCredentials, what: str) -> None:
        """Sign the request anew with the credentials that it should bear, and compare."""
        self.checked += 1
        headers = call.request.headers
        given = headers["Authorization"]
        if headers.get("X-Amz-Security-Token") != credentials.token:
            self.wrong.append(f"{what}: the token is not that of the key")
        request = AWSRequest(
            method=call.request.method,
            url=str(call.request.url),
            data=call.body,
            headers={
                name: headers[name]
                for name in given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
            },
        )
        request.context["timestamp"] = headers["X-Amz-Date"]
        signer = SigV4Auth(credentials, given.split("/")[3], call.region)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        if not given.endswith(f"Signature={expected}"):
            self.wrong.append(f"{what}: the signature is not that of the key")


async def test_two_hundred_scans_over_forty_accounts(tmp_path: Path) -> None:
    """With retries, renewals and clients that go, each request bears its scan's credentials."""
    targets = [
        {
            "name": f"account-{account}",
            "role_arn": f"arn:aws:iam::{account}:role/proxyd-read",
            "external_id": f"external-{account}",
            "regions": ["eu-west-1", "eu-west-2", "us-east-1"],
        }
        for account in ACCOUNTS
    ]
    keys = {"AWS_ACCESS_KEY_ID": BASE.access_key, "AWS_SECRET_ACCESS_KEY": BASE.secret_key}
    async with fake_aws() as fake:
        witness = Witness(fake)
        config = settings(targets, fake.endpoint, limits={"streams_per_principal": SCANS})
        command = ("-B", str(PLUGIN))
        async with running(config, tmp_path, environment=keys, command=command) as daemon:
            scans = [_scan(daemon, ACCOUNTS[i % 40], leave=i % 4 == 3) for i in range(SCANS)]
            found = await asyncio.gather(*scans)
    assert witness.wrong == []
    assert witness.checked > SCANS * 3 * PAGES / 2
    assert all(witness.faults[code] > 10 for code in ("InternalError", "ExpiredToken"))
    assert witness.faults["RequestLimitExceeded"] > 10
    assert sum(1 for resources in found if resources is None) == SCANS / 4
    assert all(resources == 3 * PAGES * 40 for resources in found if resources is not None)


async def _scan(daemon: Daemon, account: str, *, leave: bool) -> int | None:
    """Scan one account and count what came; or leave in the middle of it."""
    events: list[Any] = []
    async with Client(daemon.url, daemon.token) as client:
        async for event in client.stream(target=[f"account-{account}"]):
            events.append(event)
            if event.name == "resource":
                assert event.data["id"].startswith(f"vpc-{account}-")
                assert event.data["account"] == account
                if leave:
                    return None
    (done,) = named(events, "scan.completed")
    assert done["complete"], done["gaps"]
    return len(named(events, "resource"))
