"""What the configuration says, held against what the plugins and AWS have, before serving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from proxyd.actions import actions_of
from proxyd.aws.models import operations_of
from proxyd.aws.policy import pack
from proxyd.aws.regions import everywhere
from proxyd.errors import ConfigError, PluginError
from proxyd.globs import did_you_mean, expand
from proxyd.model import Scanner
from proxyd.settings import Settings


def check(settings: Settings, registry: Mapping[str, Scanner], file: Path | None = None) -> None:
    """Check everything that one file alone can not tell.

    Args:
        settings: what the configuration says.
        registry: the scanners that there are.
        file: where it says so, to be named with what is wrong.

    Raises:
        ConfigError: a type, region or service that nothing has, with what was perhaps meant.
        PluginError: a scanner that no session policy can hold.

    """
    try:
        _check_names(settings, registry)
    except ConfigError as error:
        if file is None:
            raise
        raise ConfigError(f"{file}: {error}") from None
    for scanner in registry.values():
        try:
            pack({scanner.type: actions_of(scanner.operations)})
        except ValueError as error:
            raise PluginError(f"plugin {scanner.plugin!r}: {error}") from None


def type_meant(glob: str, known: Iterable[str]) -> str:
    """Return ` (did you mean X?)` where a glob over types that none has is close to one that has.

    A service alone stands for all of its types, and its letters may be small.
    """
    known = list(known)
    services = {name.rpartition("::")[0] for name in known}
    word = glob.lower().rstrip(":*")
    for service in sorted(services):
        if word in {service.lower(), service.lower().rpartition("::")[2]}:
            return f" (did you mean {service}::*?)"
    return did_you_mean(glob, known)


def _check_names(settings: Settings, registry: Mapping[str, Scanner]) -> None:
    _check_aws(settings)
    everything = {r for target in settings.targets for r in everywhere(target.partition)}
    for i, target in enumerate(settings.targets):
        known = everywhere(target.partition)
        if len(known) == 1:
            raise ConfigError(f"targets[{i}].role_arn: no partition {target.partition!r}")
        _check_regions(f"targets[{i}].regions", target.regions, known)
        _check_types(f"targets[{i}].types", target.types, registry)
    for i, organization in enumerate(settings.organizations):
        known = everywhere(organization.partition)
        everything |= set(known)
        if len(known) == 1:
            raise ConfigError(f"organizations[{i}].role_arn: no such partition")
        _check_regions(f"organizations[{i}].regions", organization.regions, known)
        _check_types(f"organizations[{i}].types", organization.types, registry)
    for i, grant in enumerate(settings.grants):
        _check_regions(f"grants[{i}].regions", grant.regions, everything)
        _check_types(f"grants[{i}].types", grant.types, registry)
    _check_types("watch.types", settings.watch.types, registry)


def _check_aws(settings: Settings) -> None:
    partitions = {target.partition for target in settings.targets}
    partitions |= {organization.partition for organization in settings.organizations}
    partitions = partitions or {"aws"}
    regions = {region for partition in partitions for region in everywhere(partition)}
    if settings.aws.region is not None:
        _check_regions("aws.region", (settings.aws.region,), regions)
    for name in settings.aws.endpoints:
        service, slash, region = name.partition("/")
        _check_service("aws.endpoints", service)
        if slash:
            _check_regions("aws.endpoints", (region,), regions)
    for service in settings.quota.services:
        _check_service("quota.services", service)


def _check_service(where: str, service: str) -> None:
    if not operations_of(service):
        raise ConfigError(f"{where}: AWS has no service {service!r}")


def _check_regions(where: str, globs: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for glob in globs:
        if not expand([glob], known):
            raise ConfigError(f"{where}: no region {glob!r}{did_you_mean(glob, known)}")


def _check_types(where: str, globs: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for glob in globs:
        if not expand([glob], known):
            raise ConfigError(f"{where}: no scanner for type {glob!r}{type_meant(glob, known)}")
