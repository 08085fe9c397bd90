"""What the documentation says is what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import msgspec

from proxyd import config, settings
from proxyd.audit import ocsf
from proxyd.cli.app import app
from proxyd.events import NAMES
from proxyd.model import Grant, Status, Target
from tests import metric_table, scanner_table
from tests.unit.audited import AT, SAMPLES

CONFIGURATION = "docs/configuration.md"
ROOT = Path(__file__).parents[1]


def page(name: str) -> str:
    """Read one page."""
    return (ROOT / name).read_text()


def test_the_example_configuration_is_valid(tmp_path: Path) -> None:
    """config/proxyd.example.toml is accepted as it is."""
    (tmp_path / "production.external-id").write_text("random-and-long\n")
    read = config.load(ROOT / "config" / "proxyd.example.toml", tmp_path)
    assert read.targets[0].external_id == "random-and-long"
    assert read.grants[0].types == ("AWS::EC2::*", "AWS::S3::Bucket")


def test_every_error_code_is_documented() -> None:
    """docs/errors.md has every code that a `Problem` is made with, and every status of a shard."""
    source = "".join(path.read_text() for path in (ROOT / "proxyd").rglob("*.py"))
    codes = set(re.findall(r'Problem\(\s*\d+,\s*"(\w+)"', source))
    codes |= set(re.findall(r'^\s+code = "(\w+)"', source, re.MULTILINE))
    codes |= set(re.findall(r"_CODES = \{.*?\}", source, re.DOTALL)[0].split('"')[1::2])
    assert len(codes) > 12
    documented = set(re.findall(r"`(\w+)`", page("docs/errors.md")))
    assert codes - documented == set()
    assert set(get_args(Status)) - documented == set()


def test_every_key_of_the_configuration_is_documented() -> None:
    """docs/configuration.md names each key that a table of the configuration may have."""
    text = page(CONFIGURATION)
    documented = set(re.findall(r"^(\w+) =", text, re.MULTILINE))
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    documented |= set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", prose))))
    tables: list[type[msgspec.Struct]] = [
        *(settings.Server, settings.Aws, settings.Quota, settings.Rate, settings.Limits),
        *(settings.Audit, settings.Sandbox, settings.Watch, Target, Grant),
    ]
    for table in tables:
        assert set(table.__struct_fields__) - documented == set(), table.__name__


def test_every_event_is_documented() -> None:
    """docs/stream.md has every event that there is."""
    documented = set(re.findall(r"`([\w.]+)`", page("docs/stream.md")))
    assert set(NAMES.values()) - documented == set()


def test_every_dependency_is_argued() -> None:
    """docs/dependencies.md has a line for each dependency, and each is bounded."""
    project = tomllib.loads(page("pyproject.toml"))["project"]
    rows = set(re.findall(r"^\| ([\w-]+)", page("docs/dependencies.md"), re.MULTILINE))
    for dependency in project["dependencies"]:
        assert dependency.partition(">=")[0] in rows
        assert ">=" in dependency
        assert "<" in dependency


def test_no_constraint_names_a_host() -> None:
    """The constraints files hold versions and hashes, and nowhere to get them from."""
    for path in ROOT.glob("constraints*.txt"):
        for line in path.read_text().splitlines():
            assert re.fullmatch(r"[\w.-]+==[\w.!+]+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)


def test_the_readme_names_commands_that_are_there() -> None:
    """Each `proxyd …` of the README is a command, and each make target a target."""
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}  # type: ignore[union-attr]
    commands |= {str(group.name) for group in app.registered_groups}
    for command in re.findall(r"proxyd ([a-z]+) ", page("README.md")):
        assert command in commands | {"shows", "assumes"}
    for target in re.findall(r"^\$ make (\w+)", page("README.md"), re.MULTILINE):
        assert f"\n{target}:" in page("Makefile")


def test_pages_that_are_linked_exist() -> None:
    """Every relative link of the README and the docs leads to a file."""
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_page_of_scanners_is_what_the_registry_says() -> None:
    """docs/scanners.md is not stale: `make docs` writes it anew."""
    assert scanner_table.PAGE.read_text(encoding="utf-8") == scanner_table.render()


def test_the_number_of_types_is_what_the_readme_says() -> None:
    """The count in README.md is that of the registry."""
    [count] = re.findall(r"It knows (\d+) resource types", page("README.md"))
    assert f"\n{count} resource types of" in scanner_table.render()


def test_every_attack_has_its_test() -> None:
    """Each row of docs/attacks.md names a test that is there."""
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", page("docs/attacks.md"))
    rows = re.findall(r"^\| (?!attack)(?!-)", page("docs/attacks.md"), re.MULTILINE)
    assert len(named) == len(rows) > 30
    for path, name in named:
        assert re.search(rf"^(async )?def {name}\(", page(path), re.MULTILINE), f"{path}::{name}"


def test_every_audit_event_is_documented() -> None:
    """docs/audit.md has a row for each event, with its class and what its type says of itself."""
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", page("docs/audit.md"), re.MULTILINE))
    classes = {6003: "API Activity", 3002: "Authentication", 6002: "Application Lifecycle"}
    for record in SAMPLES:
        event = ocsf.event(record, ocsf.Place("0" * 16, 0, AT))
        says = (type(record).__doc__ or "").partition("\n")[0].rstrip(".")
        assert rows[record.CODE] == f"{classes[event['class_uid']]} | {says}"


def test_every_metric_is_documented() -> None:
    """docs/metrics.md has a row for each metric, with its labels and what it says of itself."""
    rows = re.findall(
        r"^\| `(proxyd_\w+)` \| (.*) \| (.*) \|$", page("docs/metrics.md"), re.MULTILINE
    )
    assert {name: (labels, what) for name, labels, what in rows} == metric_table.rows()
