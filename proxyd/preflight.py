"""What the configuration says, held against what the plugins and AWS have, before serving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proxyd.actions import actions_of
from proxyd.aws.models import operations_of
from proxyd.aws.policy import pack
from proxyd.aws.regions import everywhere
from proxyd.errors import ConfigError, PluginError
from proxyd.globs import did_you_mean, expand
from proxyd.model import Scanner
from proxyd.settings import Settings


def check(settings: Settings, registry: Mapping[str, Scanner]) -> None:
    """Check everything that one file alone can not tell.

    Raises:
        ConfigError: a type, region or service that nothing has, with what was perhaps meant.
        PluginError: a scanner that no session policy can hold.

    """
    _check_aws(settings)
    everything = {r for target in settings.targets for r in everywhere(target.partition)}
    for i, target in enumerate(settings.targets):
        known = everywhere(target.partition)
        if len(known) == 1:
            raise ConfigError(f"targets[{i}].role_arn: no partition {target.partition!r}")
        _check_named(f"targets[{i}].regions", "region", target.regions, known)
        _check_named(f"targets[{i}].types", "scanner for type", target.types, registry)
    for i, organization in enumerate(settings.organizations):
        known = everywhere(organization.partition)
        everything |= set(known)
        if len(known) == 1:
            raise ConfigError(f"organizations[{i}].role_arn: no such partition")
        _check_named(f"organizations[{i}].regions", "region", organization.regions, known)
        _check_named(f"organizations[{i}].types", "scanner for type", organization.types, registry)
    for i, grant in enumerate(settings.grants):
        _check_named(f"grants[{i}].regions", "region", grant.regions, everything)
        _check_named(f"grants[{i}].types", "scanner for type", grant.types, registry)
    for scanner in registry.values():
        try:
            pack({scanner.type: actions_of(scanner.operations)})
        except ValueError as error:
            raise PluginError(f"plugin {scanner.plugin!r}: {error}") from None


def _check_aws(settings: Settings) -> None:
    partitions = {target.partition for target in settings.targets}
    partitions |= {organization.partition for organization in settings.organizations}
    partitions = partitions or {"aws"}
    regions = {region for partition in partitions for region in everywhere(partition)}
    if settings.aws.region is not None:
        _check_named("aws.region", "region", (settings.aws.region,), regions)
    for name in settings.aws.endpoints:
        service, slash, region = name.partition("/")
        _check_service("aws.endpoints", service)
        if slash:
            _check_named("aws.endpoints", "region", (region,), regions)
    for service in settings.quota.services:
        _check_service("quota.services", service)


def _check_service(where: str, service: str) -> None:
    if not operations_of(service):
        raise ConfigError(f"{where}: AWS has no service {service!r}")


def _check_named(where: str, what: str, globs: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for glob in globs:
        if not expand([glob], known):
            raise ConfigError(f"{where}: no {what} {glob!r}{did_you_mean(glob, known)}")
