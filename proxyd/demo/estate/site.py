"""One region of one account: its clients, how things are called in it, what was made in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.session import Session

from .company import CONFIDENTIAL, App, Extent, Portfolio

# An emulator on this machine: no proxy, no second try, and nothing to wait long for.
_CONFIG = Config(
    proxies={},
    connect_timeout=5,
    read_timeout=30,
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    user_agent_extra="proxyd-demo-estate",
)


class Emulated:
    """The emulator, and what everything made in it has in its name."""

    def __init__(self, endpoint: str, canary: str) -> None:
        self._session = Session()
        self._endpoint = endpoint
        self.canary = canary

    def client(self, service: str, account: str, region: str) -> Any:
        """Make a client that acts as the account's root: the emulator takes its number as the key.

        Returns `Any`: botocore makes the methods of a client when it runs.
        """
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",  # noqa: S106 - what the emulator has for every account
            config=_CONFIG,
        )


@dataclass(kw_only=True)
class Site:
    """One region of one account.

    Attributes:
        number: tells this site from all others; address ranges are made from it.
        made: how many of each resource type were made here.
        globally: how many were made that belong to the account and to no region.
        ids: what later steps need of earlier ones, by their names without canary.

    """

    emulated: Emulated
    target: str
    account: str
    region: str
    number: int
    portfolio: Portfolio
    extent: Extent
    globally: Counter[str]
    made: Counter[str] = field(default_factory=Counter)
    ids: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def apps(self) -> tuple[App, ...]:
        """The applications that run here."""
        return self.portfolio.apps[: self.extent.apps]

    @property
    def zones(self) -> list[str]:
        """The availability zones that are used here."""
        return [f"{self.region}{letter}" for letter in "abc"[: self.extent.zones]]

    @property
    def confidential(self) -> str:
        """What stands wherever no listing may look."""
        return self.name(CONFIDENTIAL)

    def name(self, base: str) -> str:
        """Return the name with the canary in it, if there is one."""
        return f"{base}-{self.emulated.canary}" if self.emulated.canary else base

    def text(self, text: str) -> str:
        """Return the description with the canary in it, if there is one."""
        return f"{text} ({self.emulated.canary})" if self.emulated.canary else text

    def aws(self, service: str) -> Any:
        """Return the client of the service, made when it is first asked for."""
        if service not in self._clients:
            self._clients[service] = self.emulated.client(service, self.account, self.region)
        return self._clients[service]

    def tags(self, name: str, team: str = "platform") -> dict[str, str]:
        """Return the company's tags for what is called so."""
        return {
            "Name": self.name(name),
            "env": self.name(self.target),
            "team": self.name(team),
        }

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something regional in this account."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def role(self, name: str) -> str:
        """Return the ARN of one of the account's roles."""
        return f"arn:aws:iam::{self.account}:role/{self.name(name)}"


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return the tags as most services want them: a list of pairs, under whichever words."""
    return [{key: name, value: text} for name, text in tags.items()]


def specification(kind: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the tags as EC2 wants them."""
    return [{"ResourceType": kind, "Tags": pairs(tags)}]
