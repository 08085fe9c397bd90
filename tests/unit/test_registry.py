"""Plugins that are right and wrong: modules in `sys.modules`, found by their entry points."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from proxyd.errors import PluginError, StartupError
from proxyd.hookspecs import PROJECT, hookimpl
from proxyd.model import Operation, Scanner
from proxyd.registry import discover, load

from .fakes import scanner

KNOWN = {"ec2": frozenset({"DescribeVpcs", "DescribeSubnets"}), "s3": frozenset({"ListBuckets"})}

Plugin = Callable[..., EntryPoint]


def operations_of(service: str) -> frozenset[str]:
    """Know two services."""
    return KNOWN.get(service, frozenset())


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """Give a function that installs a module as a plugin."""

    def install(name: str, **members: Any) -> EntryPoint:
        module = ModuleType(f"proxyd_test_{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name=name, value=module.__name__, group=PROJECT)

    return install


def giving(*scanners: object) -> Any:
    """Make a hook that gives these scanners."""

    @hookimpl
    def proxyd_scanners() -> Iterable[object]:
        return scanners

    return proxyd_scanners


def refusal(*points: EntryPoint) -> str:
    """Return why plugins are refused; all of it is a StartupError."""
    with pytest.raises(PluginError) as caught:
        load(points, operations_of)
    assert isinstance(caught.value, StartupError)
    return str(caught.value)


def test_scanners_are_found_by_type_and_know_their_plugin(plugin: Plugin) -> None:
    """The registry is sorted by type, and each scanner tells where it came from."""
    vpc, subnet = scanner("AWS::EC2::VPC"), scanner("AWS::EC2::Subnet")
    registry = load(
        [
            plugin("net", proxyd_scanners=giving(vpc)),
            plugin("more", proxyd_scanners=giving(subnet)),
        ],
        operations_of,
    )
    assert list(registry) == ["AWS::EC2::Subnet", "AWS::EC2::VPC"]
    assert {s.type: s.plugin for s in registry.values()} == {
        "AWS::EC2::VPC": "net",
        "AWS::EC2::Subnet": "more",
    }


def test_the_registry_never_changes(plugin: Plugin) -> None:
    """What was checked at start-up is what runs."""
    registry = load([plugin("net", proxyd_scanners=giving(scanner()))], operations_of)
    with pytest.raises(TypeError):
        registry["AWS::X::Y"] = scanner()  # type: ignore[index] # the point of the test


def test_no_plugins_are_an_empty_registry() -> None:
    """Without plugins there is nothing, and nothing is wrong."""
    assert not load([], operations_of)


def test_a_hook_may_be_a_generator(plugin: Plugin) -> None:
    """Any iterable of scanners will do."""

    @hookimpl
    def proxyd_scanners() -> Iterable[Scanner]:
        yield scanner()

    assert len(load([plugin("net", proxyd_scanners=proxyd_scanners)], operations_of)) == 1


def test_a_plain_pair_is_an_operation(plugin: Plugin) -> None:
    """An author may write `("ec2", "DescribeVpcs")` for the operation."""
    good = scanner(operations=(("ec2", "DescribeVpcs"),))
    assert len(load([plugin("net", proxyd_scanners=giving(good))], operations_of)) == 1


def test_an_unknown_hook_names_plugin_hook_and_hooks(plugin: Plugin) -> None:
    """A typo in the hook's name would otherwise be a plugin that silently gives nothing."""

    @hookimpl
    def proxyd_scaners() -> list[Scanner]:
        return []

    told = refusal(plugin("net", proxyd_scaners=proxyd_scaners))
    assert told.startswith("plugin 'net': ")
    assert "proxyd_scaners" in told
    assert told.endswith("the hooks are: proxyd_scanners")


def test_a_hook_with_an_unknown_argument_is_refused(plugin: Plugin) -> None:
    """A hook that wants what proxyd does not give is refused by name."""

    @hookimpl
    def proxyd_scanners(config: object) -> list[Scanner]:
        del config
        return []

    told = refusal(plugin("net", proxyd_scanners=proxyd_scanners))
    assert told.startswith("plugin 'net': ")
    assert "config" in told


def test_the_second_of_two_typos_is_not_blamed_on_the_first_plugin(plugin: Plugin) -> None:
    """The refusal names the plugin that is wrong, not the one before it."""

    @hookimpl
    def proxyd_typo() -> None: ...

    told = refusal(
        plugin("good", proxyd_scanners=giving(scanner())), plugin("bad", proxyd_typo=proxyd_typo)
    )
    assert told.startswith("plugin 'bad': ")


def test_two_plugins_that_declare_one_type_are_refused(plugin: Plugin) -> None:
    """A type has one owner: both claimants are named."""
    told = refusal(
        plugin("one", proxyd_scanners=giving(scanner("AWS::EC2::VPC"))),
        plugin("two", proxyd_scanners=giving(scanner("AWS::EC2::VPC"))),
    )
    assert "AWS::EC2::VPC is already declared" in told
    assert "'one'" in told
    assert "'two'" in told


def test_one_plugin_that_declares_a_type_twice_is_refused(plugin: Plugin) -> None:
    """A type twice in one plugin is a mistake as well."""
    told = refusal(plugin("one", proxyd_scanners=giving(scanner(), scanner())))
    assert told.startswith("plugin 'one': ")
    assert "already declared by plugin 'one'" in told


def test_two_plugins_of_one_name_are_refused(plugin: Plugin) -> None:
    """Names tell plugins apart in every message, so they have to."""
    first = plugin("net", proxyd_scanners=giving(scanner("AWS::EC2::VPC")))
    other = plugin("other", proxyd_scanners=giving(scanner("AWS::EC2::Subnet")))
    told = refusal(first, EntryPoint(name="net", value=other.value, group=PROJECT))
    assert told.startswith("plugin 'net': ")


def test_a_hook_that_raises_names_the_plugin(plugin: Plugin) -> None:
    """The culprit and what it raised are told."""

    @hookimpl
    def proxyd_scanners() -> list[Scanner]:
        raise KeyError("absent")

    told = refusal(
        plugin("good", proxyd_scanners=giving(scanner())),
        plugin("bad", proxyd_scanners=proxyd_scanners),
    )
    assert told == "plugin 'bad': proxyd_scanners failed: KeyError: 'absent'"


def test_a_generator_hook_that_raises_midway_names_the_plugin(plugin: Plugin) -> None:
    """It does not matter how much a hook gave before it failed."""

    @hookimpl
    def proxyd_scanners() -> Iterable[Scanner]:
        yield scanner()
        raise ValueError("midway")

    told = refusal(plugin("bad", proxyd_scanners=proxyd_scanners))
    assert told == "plugin 'bad': proxyd_scanners failed: ValueError: midway"


def test_a_hook_that_gives_none_names_the_plugin(plugin: Plugin) -> None:
    """A forgotten `return` is told."""

    @hookimpl
    def proxyd_scanners() -> None: ...

    told = refusal(plugin("bad", proxyd_scanners=proxyd_scanners))
    assert told.startswith("plugin 'bad': proxyd_scanners failed: TypeError")


def test_an_import_that_fails_names_plugin_and_module() -> None:
    """A plugin that is not installed whole is named with what it tried to import."""
    point = EntryPoint(name="net", value="proxyd_test_is_absent", group=PROJECT)
    told = refusal(point)
    assert told.startswith("plugin 'net': can not be imported from proxyd_test_is_absent: ")
    assert "ModuleNotFoundError" in told


def test_an_entry_point_to_a_missing_attribute_names_the_plugin(plugin: Plugin) -> None:
    """An entry point may name an attribute of a module; it has to be there."""
    point = plugin("net")
    told = refusal(EntryPoint(name="net", value=f"{point.value}:absent", group=PROJECT))
    assert told.startswith("plugin 'net': can not be imported")


@pytest.mark.parametrize("members", [{}, {"proxyd_scanners": list}])
def test_a_module_without_a_hook_names_the_plugin(plugin: Plugin, members: dict[str, Any]) -> None:
    """A module without the hook, or with one that is not marked, gives nothing: refused."""
    told = refusal(plugin("net", **members))
    assert told == "plugin 'net': has no @hookimpl called proxyd_scanners"


@pytest.mark.parametrize("thing", ["AWS::EC2::VPC", None, Scanner, ("ec2", "DescribeVpcs")])
def test_what_is_no_scanner_names_the_plugin(plugin: Plugin, thing: object) -> None:
    """Whatever else a hook gives is refused with its kind."""
    told = refusal(plugin("net", proxyd_scanners=giving(scanner(), thing)))
    assert told.startswith(f"plugin 'net': proxyd_scanners gave a {type(thing).__name__}, ")
    assert told.endswith("expected a Scanner")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"type_": "EC2::VPC"}, "scanner 'EC2::VPC': the type must look like AWS::EC2::Instance"),
        ({"type_": "AWS::EC2::VPC "}, "the type must look like"),
        ({"type_": "AWS::EC2::VPC\n"}, "the type must look like"),
        ({"type_": "AWS::EC2::*"}, "the type must look like"),
        ({"type_": "AWS::EC2::Ü"}, "the type must look like"),
        ({"type_": ""}, "the type must look like"),
        ({"type_": 5}, "the type must look like"),
        ({"scope": "everywhere"}, "scope is 'everywhere', expected regional or global"),
        ({"operations": ()}, "declares no operations"),
        ({"operations": (Operation("ec3", "X"),)}, "AWS has no service 'ec3'"),
        (
            {"operations": (Operation("ec2", "DescribeVPC"),)},
            "ec2 has no operation 'DescribeVPC' (did you mean DescribeVpcs?)",
        ),
        (
            {"operations": (Operation("ec2", "describe_vpcs"),)},
            "ec2 has no operation 'describe_vpcs'",
        ),
        ({"operations": (Operation("ec2", "DescribeVpcs"), Operation("s3", "X"))}, "'X'"),
        (
            {"operations": ("ec2:DescribeVpcs",)},
            "'ec2:DescribeVpcs' is no operation, expected Operation(service, name)",
        ),
        ({"operations": Operation("ec2", "DescribeVpcs")}, "'ec2' is no operation"),
        ({"operations": (("ec2",),)}, "is no operation"),
        ({"operations": (("ec2", None),)}, "is no operation"),
        (
            {"detail_operations": (Operation("ec2", "DescribeSubnets"),)},
            "detail_operations must be some of its operations",
        ),
    ],
)
def test_a_wrong_scanner_names_plugin_and_scanner(
    plugin: Plugin, wrong: dict[str, Any], told: str
) -> None:
    """Each wrong declaration is refused with the plugin, the scanner and what is wrong."""
    refused = refusal(plugin("net", proxyd_scanners=giving(scanner(**wrong))))
    assert refused.startswith("plugin 'net': scanner ")
    assert told in refused


def test_the_installed_plugins_are_discovered() -> None:
    """Proxyd's own scanners are an entry point like any other."""
    points = discover()
    assert "aws" in [point.name for point in points]
    assert [point.name for point in points] == sorted(point.name for point in points)
