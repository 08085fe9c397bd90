"""One daemon that has the torturing plugin, and the clients, for all conformance tests."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from proxyd.auth.tokens import digest
from tests.e2e.daemon import Daemon, running, settings
from tests.e2e.fake_aws import fake_aws

from . import torture_plugin
from .chromium import chromium
from .clients import Tools, install_node
from .streams import FICKLE, SLOW

NAME = "proxyd.example.com"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIABASE", "AWS_SECRET_ACCESS_KEY": "secret"}
TARGET = {
    "name": "torture",
    "role_arn": f"arn:aws:iam::{torture_plugin.ACCOUNT}:role/proxyd-read",
    "external_id": "torture-id",
}


OFTEN = {f'"{name}"': 0.5 for name in (FICKLE, SLOW)}
"""Seconds between two looks, in a watch, at what is never as it was."""


@asynccontextmanager
async def tortured(
    directory: Path, listen: str = "127.0.0.1:0", token: str | None = None
) -> AsyncGenerator[Daemon, None]:
    """Run a daemon that has found the plugin by its entry point."""
    site = directory / "site"
    metadata = site / "torture-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: torture\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[proxyd]\ntorture = torture_plugin\n")
    shutil.copy(torture_plugin.__file__, site)
    environment = {**KEYS, "PYTHONPATH": str(site)}
    server = {"listen": listen, "hosts": [NAME, "127.0.0.1"]}
    async with fake_aws() as fake:
        config = settings(
            [TARGET],
            fake.endpoint,
            aws={"warm_clients": 0},
            server=server,
            watch={"types": OFTEN},
        )
        if token is not None:
            config["principals"][0]["token_sha256"] = digest(token).hex()
        async with running(config, directory, environment=environment) as started:
            yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Daemon, None]:
    """Run one for all tests that do not stop it."""
    async with tortured(tmp_path_factory.mktemp("torture")) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tools(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Tools, None]:
    """Install npm's clients and start the browser."""
    node = tmp_path_factory.mktemp("node")
    install_node(node)
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield Tools(node, browser)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests in the loop that the daemon's and the clients' pipes live in."""
    for item in items:
        if "conformance" in item.path.parts and item.get_closest_marker("asyncio"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
