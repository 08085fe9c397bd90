"""The configuration, held against the scanners and regions that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxyd.errors import ConfigError
from proxyd.preflight import check, type_meant
from proxyd.settings import Settings, Watch

from .fakes import scanner, target

REGISTRY = {name: scanner(name) for name in ("AWS::EC2::Instance", "AWS::EC2::VPC")}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"targets": (target(types=("AWS::EC2::Instances",)),)},
            "targets[0].types: no scanner for type 'AWS::EC2::Instances' (did you mean AWS::EC2::I",
        ),
        (
            {"targets": (target(regions=("eu-west-9",)),)},
            "targets[0].regions: no region 'eu-west-9' (did you mean eu-west-",
        ),
        (
            {"watch": Watch(types={"AWS::EC2::*": 10, "AWS::EC3::*": 10})},
            "watch.types: no scanner for type 'AWS::EC3::*'",
        ),
    ],
)
def test_what_nothing_has_is_refused(changes: dict[str, Any], why: str) -> None:
    """Where it is said and what was perhaps meant, and the file where that is known."""
    settings = Settings(**changes)
    with pytest.raises(ConfigError) as refused:
        check(settings, REGISTRY)
    assert str(refused.value).startswith(why)
    with pytest.raises(ConfigError) as refused:
        check(settings, REGISTRY, Path("some/where.toml"))
    assert str(refused.value).startswith(f"some/where.toml: {why}")


def test_what_is_there_is_taken() -> None:
    """Globs over types, of a target as well as of what looks again."""
    types = ("AWS::EC2::*", "AWS::EC2::VPC")
    watch = Watch(types=dict.fromkeys(types, 10.0))
    check(Settings(targets=(target(types=types),), watch=watch), REGISTRY)


@pytest.mark.parametrize("glob", ["ec2", "EC2", "AWS::EC2", "aws::ec2::*", "EC2::*"])
def test_a_service_stands_for_its_types(glob: str) -> None:
    """However it is written."""
    assert type_meant(glob, REGISTRY) == " (did you mean AWS::EC2::*?)"


def test_what_is_like_nothing_gets_no_hint() -> None:
    """A wrong hint is worse than none."""
    assert type_meant("oracle", REGISTRY) == ""
