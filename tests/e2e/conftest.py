"""One emulator and one seeded estate for all end-to-end tests."""

from __future__ import annotations

import os
import resource
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proxyd import registry
from proxyd.aws.access import actions_for
from proxyd.aws.models import operations_of
from proxyd.demo.emulated import TYPES
from proxyd.demo.emulator import Emulator, find_emulator
from proxyd.iam.policies import role_policies

from .daemon import Daemon, running, settings
from .oracle import Account

HUB = "111111111111"
TARGETS: tuple[dict[str, Any], ...] = (
    {"name": "production", "account": "222222222222", "regions": ["eu-west-1", "us-east-1"]},
    {"name": "staging", "account": "333333333333", "regions": ["eu-west-1", "eu-central-1"]},
)
CANARY = "kanarienvogl"


@pytest.fixture(scope="session", autouse=True)
def open_files() -> None:
    """Let tests open as many connections as the machine allows, up to some thousands."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))


class Estate:
    """The seeded emulator, and what it takes to configure a daemon for it."""

    def __init__(self, emulator: Emulator, made: dict[str, Any]) -> None:
        self.endpoint = emulator.endpoint
        self.environment = {
            "AWS_ACCESS_KEY_ID": made["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": made["secret_access_key"],
        }
        self.targets: list[dict[str, Any]] = [target_table(target) for target in TARGETS]

    def account(self, account: str) -> Account:
        """Return one account with all rights: a 12-digit key id is its root."""
        return Account(
            account,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )


def target_table(target: dict[str, Any]) -> dict[str, Any]:
    """Write a target as the configuration has it."""
    return {
        "name": target["name"],
        "role_arn": f"arn:aws:iam::{target['account']}:role/proxyd-read",
        "external_id": f"external-{target['name']}",
        "regions": target["regions"],
        "types": list(TYPES),
    }


def scanners() -> registry.Registry:
    """Load what the daemon loads."""
    return registry.load(registry.discover(), operations_of)


def emulated() -> registry.Registry:
    """Return the scanners of the types that the emulator has."""
    return {type_: scanner for type_, scanner in scanners().items() if type_ in TYPES}


def emulator_path() -> Path:
    """Return where `make` puts the emulator, unless told otherwise."""
    beside = Path(__file__).parents[2] / ".venv-ministack" / "bin" / "ministack"
    return find_emulator(None if "PROXYD_EMULATOR" in os.environ else beside)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def estate() -> AsyncGenerator[Estate, None]:
    """Two accounts full of things, each behind a role that trusts proxyd's user only."""
    policies = role_policies(actions_for(emulated().values()))
    spec = {
        "hub": HUB,
        "canary": CANARY,
        "targets": [
            {
                **target,
                "external_id": f"external-{target['name']}",
                "role": "proxyd-read",
                "policies": policies,
            }
            for target in TARGETS
        ],
    }
    async with Emulator(emulator_path()) as emulator:
        yield Estate(emulator, await emulator.seed(spec))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def daemon(
    estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon for both accounts."""
    directory = tmp_path_factory.mktemp("daemon")
    # One process answers for hundreds of hosts: a busy machine must not look like a closed region.
    config = settings(estate.targets, estate.endpoint, aws={"connect_timeout": 30.0})
    async with running(config, directory, environment=estate.environment) as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the end-to-end tests in the loop that the emulator's and daemon's pipes live in."""
    for item in items:
        if "e2e" in item.path.parts and item.get_closest_marker("asyncio"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
