"""botocore sessions that only proxyd tells how AWS is reached: no environment, no ~/.aws.

Like proxyd.aws.internals it leans on the inside of botocore; tests/e2e/test_network.py holds
every variable against what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiobotocore.credentials import AioCredentialResolver
from aiobotocore.session import AioSession
from aiobotocore.utils import _RefCountedSession
from botocore.configprovider import (
    BOTOCORE_DEFAUT_SESSION_VARIABLES,
    ConfigValueStore,
    ConstantProvider,
)
from botocore.loaders import Loader

from proxyd.aws.models import builtin_loader

_WHERE_CREDENTIALS_ARE = (
    "profile",
    "config_file",
    "credentials_file",
    "metadata_service_timeout",
    "metadata_service_num_attempts",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "imds_use_ipv6",
)
_PINNED: dict[str, Any] = {
    "config_file": None,
    "credentials_file": None,
    "account_id_endpoint_mode": "disabled",
}
_INSTANCE = "iam-role"

Reach = Callable[[str], dict[str, Any]]
"""Service → what `create_client` takes to reach it as configured, `config` among it."""


class SettledSession(AioSession):  # type: ignore[misc] # aiobotocore is untyped
    """A session for which botocore's defaults hold, whatever the environment says."""

    def __init__(self, keep: Iterable[str] = (), loader: Loader | None = None) -> None:
        super().__init__()
        asked = self.get_component("config_store")
        values = {name: row[2] for name, row in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
        mapping = {name: ConstantProvider(value) for name, value in (values | _PINNED).items()}
        mapping |= {name: asked.get_config_provider(name) for name in keep}
        self.register_component("config_store", ConfigValueStore(mapping))
        self.register_component("data_loader", loader or builtin_loader())

    def _register_client_plugins(self, client: Any) -> None:
        """Load nothing that $BOTOCORE_EXPERIMENTAL__PLUGINS names."""

    def get_auth_token(self, **_: Any) -> None:
        """Return no bearer token of the environment: what is bound signs."""


class BaseSession(SettledSession):
    """The session of proxyd itself: its credentials come from botocore's chain.

    What the chain asks on the way to them (STS for a web identity or a profile's role, SSO)
    goes through the same proxy, CA and endpoints as everything else.
    """

    def __init__(self, reach: Reach) -> None:
        super().__init__(_WHERE_CREDENTIALS_ARE)
        self._reach = reach

    def create_client(self, service_name: str, *args: Any, **options: Any) -> Any:
        """Make a client that is reached as configured."""
        reached = self._reach(service_name)
        if options.get("config") is not None:
            own = reached["config"]
            reached["config"] = own.merge(options["config"])
            reached["config"].http_session_cls = own.http_session_cls  # which merge() forgets
        return super().create_client(service_name, *args, **(options | reached))

    def _create_credential_resolver(self) -> AioCredentialResolver:
        """Ask an instance for its role without a proxy: the environment's is not ours."""
        resolver = super()._create_credential_resolver()
        fetcher = resolver.get_provider(_INSTANCE)._role_fetcher  # noqa: SLF001 - there is no other way in
        fetcher._session = _RefCountedSession(timeout=fetcher._timeout, proxies={})  # noqa: SLF001
        return resolver
