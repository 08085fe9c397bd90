"""An account of the emulator with as much in it as it can hold; the rest is left out.

The seeds are written for another emulator, which has other types; a call that fails here gives
something that stands for any answer, and what needs it fails in its turn.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from . import seeds
from .oracle import Account

REGION = "eu-west-1"
SEEDS = sorted(m.name for m in pkgutil.iter_modules(seeds.__path__) if not m.name.startswith("_"))


class Nothing:
    """What there is instead of an answer: any part of it is nothing, too."""

    def __getitem__(self, _: object) -> Nothing:
        return self

    def __call__(self, *_: object, **__: object) -> Nothing:
        """Return nothing."""
        return self

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Nothing]:
        return iter(())

    def __str__(self) -> str:
        return "nothing"

    def __format__(self, _: str) -> str:
        return "nothing"


class Client:
    """A client whose calls do not fail."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._client, name)

        def call(*args: Any, **params: Any) -> Any:
            try:
                return asked(*args, **params)
            except (BotoCoreError, ClientError, ResponseParserError):
                return Nothing()

        return call


class Growing(Account):
    """An account in which things are made as far as they can be."""

    def __init__(self, account: str, **client: Any) -> None:
        super().__init__(account, **client)
        self._made: list[Any] = []

    def client(self, service: str, region: str) -> Any:
        """Make a client that goes on where the emulator does not."""
        client = super().client(service, region)
        self._made.append(client)
        return Client(client)

    def close(self) -> None:
        """Close the connections of all clients."""
        for client in self._made:
            client.close()


def grow(account: Growing) -> None:
    """Make all that the seeds make, and what they leave out."""
    try:
        _grow(account)
    finally:
        account.close()


def _grow(account: Growing) -> None:
    for name in SEEDS:
        with suppress(LookupError, TypeError, ValueError):  # where nothing was counted on
            importlib.import_module(f"{seeds.__name__}.{name}").seed(account)
    for make in (_appconfig, _queries, _agents, _pools, _brokers, _addons, _clusters):
        make(account)


def _appconfig(account: Growing) -> None:
    client = account.client("appconfig", REGION)
    app = client.create_application(Name="grown")["Id"]
    client.create_environment(ApplicationId=app, Name="grown")
    profile = client.create_configuration_profile(
        ApplicationId=app, Name="grown", LocationUri="hosted"
    )["Id"]
    client.create_hosted_configuration_version(
        ApplicationId=app,
        ConfigurationProfileId=profile,
        Content=b"{}",
        ContentType="application/json",
    )


def _queries(account: Growing) -> None:
    account.client("athena", REGION).create_named_query(
        Name="grown", Database="grown", QueryString="SELECT 1"
    )


def _agents(account: Growing) -> None:
    role = f"arn:aws:iam::{account.account}:role/grown"
    agents = account.client("bedrock-agent", REGION)
    agents.create_agent(agentName="grown", agentResourceRoleArn=role, foundationModel="some.model")


def _pools(account: Growing) -> None:
    account.client("cognito-identity", REGION).create_identity_pool(
        IdentityPoolName="grown", AllowUnauthenticatedIdentities=False
    )


def _brokers(account: Growing) -> None:
    account.client("mq", REGION).create_broker(
        BrokerName="grown",
        EngineType="RABBITMQ",
        HostInstanceType="mq.t3.micro",
        DeploymentMode="SINGLE_INSTANCE",
        PubliclyAccessible=False,
        Users=[{"Username": "grown", "Password": "grown-password"}],
    )


def _addons(account: Growing) -> None:
    role = f"arn:aws:iam::{account.account}:role/grown"
    eks = account.client("eks", REGION)
    eks.create_cluster(
        name="grown", roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]}
    )
    eks.create_addon(clusterName="grown", addonName="vpc-cni")


def _clusters(account: Growing) -> None:
    account.client("dsql", REGION).create_cluster(deletionProtectionEnabled=False)
