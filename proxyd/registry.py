"""Discover, validate, freeze: resource type → scanner.

Everything that can be wrong with a plugin is found here, at start-up, and told with the
plugin's name. pluggy is called once; after that the registry is a mapping that never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

import msgspec
import pluggy

from proxyd import hookspecs
from proxyd.errors import PluginError
from proxyd.globs import did_you_mean
from proxyd.model import Operation, Scanner

OperationsOf = Callable[[str], frozenset[str]]
"""A service's operation names; empty where there is no such service."""

_TYPE = re.compile(r"[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{1,64}")

Registry = Mapping[str, Scanner]


def discover() -> list[EntryPoint]:
    """Find the plugins that are installed: the entry points of the group `proxyd`."""
    return sorted(entry_points(group=hookspecs.PROJECT), key=lambda point: point.name)


def load(points: Iterable[EntryPoint], operations_of: OperationsOf) -> Registry:
    """Import the plugins, collect their scanners and check them.

    Args:
        points: the entry points, as `discover()` gives them.
        operations_of: what AWS's services can do.

    Raises:
        PluginError: a plugin is refused; the text starts with its name.

    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for point in points:
        _register(manager, point)
    found: dict[str, Scanner] = {}
    for scanner in _scanners(manager):
        _check(scanner, operations_of)
        other = found.get(scanner.type)
        if other is not None:
            raise PluginError(
                f"plugin {scanner.plugin!r}: {scanner.type} is already declared "
                f"by plugin {other.plugin!r}"
            )
        found[scanner.type] = scanner
    return MappingProxyType(dict(sorted(found.items())))


def _register(manager: pluggy.PluginManager, point: EntryPoint) -> None:
    try:
        plugin = point.load()
    except Exception as error:
        raise PluginError(
            f"plugin {point.name!r}: can not be imported from {point.value}: {_reason(error)}"
        ) from error
    try:
        manager.register(plugin, name=point.name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        known = ", ".join(name for name in vars(hookspecs) if name.startswith("proxyd_"))
        raise PluginError(
            f"plugin {point.name!r}: {_reason(error)}; the hooks are: {known}"
        ) from error


def _scanners(manager: pluggy.PluginManager) -> Iterator[Scanner]:
    """Call each plugin's hook by itself: one that raises would hide the name of the culprit."""
    implementations = {
        impl.plugin_name: impl for impl in manager.hook.proxyd_scanners.get_hookimpls()
    }
    for name, plugin in manager.list_name_plugin():
        if plugin is None:
            continue
        if name not in implementations:
            raise PluginError(f"plugin {name!r}: has no @hookimpl called proxyd_scanners")
        try:
            scanners: list[object] = list(implementations[name].function())  # type: ignore[call-overload] # pluggy knows no result types
        except Exception as error:
            raise PluginError(
                f"plugin {name!r}: proxyd_scanners failed: {_reason(error)}"
            ) from error
        for scanner in scanners:
            if not isinstance(scanner, Scanner):
                raise PluginError(
                    f"plugin {name!r}: proxyd_scanners gave a {type(scanner).__name__}, "
                    "expected a Scanner"
                )
            yield msgspec.structs.replace(scanner, plugin=name)


def _check(scanner: Scanner, operations_of: OperationsOf) -> None:
    where = f"plugin {scanner.plugin!r}: scanner {scanner.type!r}"
    if not _TYPE.fullmatch(str(scanner.type)):
        raise PluginError(f"{where}: the type must look like AWS::EC2::Instance")
    if scanner.scope not in ("regional", "global"):
        raise PluginError(f"{where}: scope is {scanner.scope!r}, expected regional or global")
    if not scanner.operations:
        raise PluginError(f"{where}: declares no operations, so it could call none")
    for operation in scanner.operations:
        _check_operation(where, _operation(where, operation), operations_of)
    if set(scanner.detail_operations) - set(scanner.operations):
        raise PluginError(f"{where}: detail_operations must be some of its operations")


def _operation(where: str, declared: object) -> Operation:
    """Read what a plugin gives as an operation: the structs of declarations check no types."""
    match declared:
        case (str(service), str(name)):
            return Operation(service, name)
    raise PluginError(f"{where}: {declared!r} is no operation, expected Operation(service, name)")


def _check_operation(where: str, operation: Operation, operations_of: OperationsOf) -> None:
    known = operations_of(operation.service)
    if not known:
        raise PluginError(f"{where}: AWS has no service {operation.service!r}")
    if operation.name not in known:
        near = did_you_mean(operation.name, known)
        raise PluginError(f"{where}: {operation.service} has no operation {operation.name!r}{near}")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
