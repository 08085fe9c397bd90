"""What is made with boto3 is what a scan finds: some 260 types, in an emulator without IAM."""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
from collections.abc import Iterator
from fnmatch import fnmatchcase

import boto3
import pytest
import pytest_asyncio
from moto.server import ThreadedMotoServer

from . import seeds
from .conftest import scanners
from .daemon import Events, named, running, settings
from .oracle import Account
from .seeds import REGION, Made

KEYS = {"AWS_ACCESS_KEY_ID": "base", "AWS_SECRET_ACCESS_KEY": "secret"}
SEEDS = sorted(m.name for m in pkgutil.iter_modules(seeds.__path__) if not m.name.startswith("_"))


ELSEWHERE = (
    "* runs AWS::EC2::Image ami-*",  # somebody else's
    "AWS::EKS::Nodegroup uses AWS::AutoScaling::AutoScalingGroup eks-*",  # moto makes none
    "AWS::GuardDuty::Detector runs-as AWS::IAM::Role *:role/aws-service-role/*",  # nor this
    "AWS::RDS::DBSnapshot member-of AWS::RDS::DBInstance graph-1",  # moto lists Neptune's as well
    "AWS::Route53::RecordSet routes-to AWS::CloudFront::Distribution d1.cloudfront.net",
)
"""Links to what is not in the account, or what the emulator only names."""


def account_of(seed: str) -> str:
    """Return an account of its own for each seed: one does not see what another made."""
    return f"4{SEEDS.index(seed):011}"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A moto server in a thread of this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def made(endpoint: str) -> dict[str, Made]:
    """Make everything: moto puts what an assumed role makes into that role's account."""
    return {seed: _seeded(endpoint, seed) for seed in SEEDS}


def _seeded(endpoint: str, seed: str) -> Made:
    keys = {"aws_access_key_id": "base", "aws_secret_access_key": "secret"}
    sts = boto3.client("sts", region_name=REGION, endpoint_url=endpoint, **keys)
    role = f"arn:aws:iam::{account_of(seed)}:role/proxyd-read"
    given = sts.assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
    account = Account(
        account_of(seed),
        endpoint_url=endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    result: Made = importlib.import_module(f"{seeds.__name__}.{seed}").seed(account)
    return result


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def streams(
    endpoint: str, made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Events]:
    """Scan each account for the types that were made in it."""
    targets = [
        {
            "name": seed,
            "role_arn": f"arn:aws:iam::{account_of(seed)}:role/proxyd-read",
            "external_id": f"external-{seed}",
            "regions": [REGION],
        }
        for seed in SEEDS
    ]
    directory = tmp_path_factory.mktemp("seeds")
    async with running(settings(targets, endpoint), directory, environment=KEYS) as daemon:
        return {seed: await daemon.scan(target=[seed], type=sorted(made[seed])) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_type_that_is_made_is_found(
    seed: str, made: dict[str, Made], streams: dict[str, Events]
) -> None:
    """By type: the ARNs that AWS told when they were made, each once, and no others."""
    found: dict[str, list[str]] = {}
    for resource in named(streams[seed], "resource"):
        found.setdefault(resource["type"], []).append(resource["arn"])
    assert {t: sorted(arns) for t, arns in found.items()} == {
        t: sorted(arns) for t, arns in made[seed].items() if arns
    }
    assert named(streams[seed], "scan.completed")[0]["gaps"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_links_lead_to_what_is_there(
    seed: str, made: dict[str, Made], streams: dict[str, Events]
) -> None:
    """A link to a type that was scanned names a resource of the scan, by its ARN or its id."""
    resources = named(streams[seed], "resource")
    names = {(r["type"], name) for r in resources for name in (r["arn"], r["id"])}
    dangling = {
        f"{r['type']} {link['rel']} {link['type']} {link.get('arn') or link.get('id')}"
        for r in resources
        for link in r["links"]
        if link["type"] in made[seed]
        and (link["type"], link.get("arn") or link.get("id")) not in names
    }
    assert {told for told in dangling if not any(fnmatchcase(told, g) for g in ELSEWHERE)} == set()


def test_no_secret_is_found(streams: dict[str, Events]) -> None:
    """What the seeds hide in environments, parameters and documents is in no stream."""
    assert "not-for-display" not in json.dumps(
        [list(e.data.items()) for s in streams.values() for e in s]
    )


def test_most_types_are_made(made: dict[str, Made]) -> None:
    """It covers half of the types; what it does not cover the emulator can not make."""
    types = {type_ for seed in made.values() for type_ in seed}
    assert types <= set(scanners())
    assert len(types) >= len(scanners()) // 2
