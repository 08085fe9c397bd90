"""`proxyd iam` on the command line: the document on standard output, and nothing else."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from proxyd.cli import iam
from proxyd.cli.app import app
from proxyd.errors import ConfigError, StartupError, UsageError
from proxyd.iam.policies import role_policies

from .hcl_read import read
from .test_iam_policies import EVERY, actions_in

HUB = "arn:aws:iam::111111111111:role/hub"
NAMES = ("production", "staging")
VPC = ("--type", "AWS::EC2::VPC")
TARGET = """
[[targets]]
name = "{name}"
role_arn = "arn:aws:iam::222222222222:role/ops/proxyd-{name}"
external_id = "the-id-of-{name}"
types = ["AWS::EC2::*", "AWS::IAM::Role"]
events = "arn:aws:sqs:eu-west-1:222222222222:{name}-events"
"""
ORGANIZATION = """
[[organizations]]
name = "corp"
role_arn = "arn:aws:iam::{account}:role/proxyd-member"
external_id = "prefix"
types = ["AWS::EC2::*"]
list_role_arn = "arn:aws:iam::999999999999:role/proxyd-list"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Configure two targets and an organization, and who proxyd is."""
    path = tmp_path / "proxyd.toml"
    targets = "".join(TARGET.format(name=name) for name in NAMES)
    path.write_text(f'[aws]\nidentity = "{HUB}"\n{targets}{ORGANIZATION}')
    return path


def printed(*arguments: str, config: Path | None = None) -> str:
    """Run `proxyd iam` to a good end, for its standard output."""
    given = () if config is None else ("--config", str(config))
    environment = {"PROXYD_CONFIG": None, "CREDENTIALS_DIRECTORY": None}
    result = CliRunner().invoke(app, ["iam", *arguments, *given], env=environment)
    if isinstance(result.exception, StartupError):
        raise result.exception
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def document(*arguments: str, config: Path | None = None) -> Any:
    """Run `proxyd iam`, for the JSON that it prints."""
    return json.loads(printed(*arguments, config=config))


@pytest.mark.parametrize("command", ["cloudformation", "stackset", "terraform", "policy"])
def test_it_works_without_a_configuration(command: str) -> None:
    """What nobody has said is a parameter, and the role is called proxyd-read."""
    text = printed(command, *VPC)
    assert "ec2:DescribeVpcs" in text
    assert command == "policy" or "proxyd-read" in text


def test_all_forms_of_a_targets_role_are_the_same_role(config: Path) -> None:
    """Policies, trust and name come from one place, whatever they are written as."""
    asked = ("--target", "production")
    policy = document("policy", *asked, config=config)
    trust = document("trust", *asked, config=config)
    template = document("cloudformation", *asked, config=config)
    assert policy == role_policies(actions_in(policy))[0]
    assert template["Resources"]["Policy1"]["Properties"]["PolicyDocument"] == policy
    assert template["Resources"]["Role"]["Properties"]["RoleName"] == "proxyd-production"
    assert template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"] == trust
    found = read(printed("terraform", *asked, config=config))
    assert found["resource aws_iam_policy proxyd_1"]["policy"] == policy
    assert found["resource aws_iam_role proxyd"]["name"] == "proxyd-production"


def test_the_role_of_an_organization_is_as_its_table_says(config: Path) -> None:
    """Its name and types, with the prefix of its external ids."""
    made = document("stackset", config=config)
    assert made["Resources"]["Role"]["Properties"]["RoleName"] == "proxyd-member"
    assert "prefix.${AWS::AccountId}" in json.dumps(made)
    like_a_target = document("stackset", "--target", "staging", config=config)
    assert like_a_target["Resources"]["Role"]["Properties"]["RoleName"] == "proxyd-staging"
    assert "the-id-of" not in json.dumps(like_a_target)
    policy = document("policy", "--organization", "corp", config=config)
    assert made["Resources"]["Policy1"]["Properties"]["PolicyDocument"] == policy
    assert HUB in json.dumps(document("lister", config=config))


def test_proxyds_own_policy_needs_no_other_word(config: Path) -> None:
    """All roles of the configuration, and nothing besides."""
    [statement] = document("base", config=config)["Statement"]
    assert statement["Resource"] == [
        "arn:aws:iam::*:role/proxyd-member",
        "arn:aws:iam::222222222222:role/ops/proxyd-production",
        "arn:aws:iam::222222222222:role/ops/proxyd-staging",
        "arn:aws:iam::999999999999:role/proxyd-list",
    ]


def test_the_queue_of_events_can_be_made_apart(config: Path) -> None:
    """With the role, or by a stack of its own in any region."""
    asked = ("--target", "production")
    together = document("cloudformation", *asked, config=config)["Resources"]
    assert "Queue" in together
    assert "Queue" not in document("cloudformation", "--no-events", *asked, config=config)
    assert "aws_sqs_queue" not in printed("terraform", "--no-events", *asked, config=config)
    apart = document("events", *asked, config=config)["Resources"]
    assert {name: apart[name] for name in ("Queue", "QueuePolicy", "Rule")} == {
        name: together[name] for name in ("Queue", "QueuePolicy", "Rule")
    }
    passed_on = document("events", *asked, "--region", "us-east-1", config=config)
    assert "Queue" not in passed_on["Resources"]


def test_several_policies_are_a_list() -> None:
    """All scanners take more than one policy, and each is a document."""
    assert document("policy") == EVERY


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("policy",), "--target: say which; there are production, staging"),
        (("cloudformation",), "--target: say which"),
        (("trust", "--target", "produktion"), "did you mean production?"),
        (("stackset", "--organization", "crop"), "no organization is called 'crop'"),
        (("terraform", "--target", "staging", "--identity", "me"), "--identity: 'me' is neither"),
        (("policy", "--target", "staging", "--type", "AWS::S3::Bucket"), "hold none of these"),
        (("base", "--via", HUB), f"has no role behind {HUB}"),
        (("trust", "--via", HUB), f"has no role behind {HUB}"),
        (("trust", "--via", HUB, "--target", "staging"), "--target, --via: expected one of them"),
    ],
)
def test_what_is_wrong_is_said(config: Path, arguments: tuple[str, ...], why: str) -> None:
    """Which option, what is wrong with it, and what was expected."""
    with pytest.raises(UsageError) as refused:
        printed(*arguments, config=config)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "text", "why"),
    [
        (("base",), "", "the configuration names no role"),
        (("trust",), "", "--target: the configuration has none"),
        (("lister",), "", "--organization: the configuration has none"),
        (("events",), TARGET.format(name="a").replace("events", "#"), "names no queue: add events"),
    ],
)
def test_what_the_configuration_lacks_is_no_wrong_use(
    tmp_path: Path, arguments: tuple[str, ...], text: str, why: str
) -> None:
    """The command is right, and the file is to be mended."""
    path = tmp_path / "proxyd.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(why)):
        printed(*arguments, config=path)


@pytest.mark.parametrize("command", ["trust", "base", "lister", "events"])
def test_what_takes_a_configuration_asks_for_one(command: str) -> None:
    """Wrong use, and how it is right."""
    result = CliRunner().invoke(app, ["iam", command], env={"PROXYD_CONFIG": None})
    assert result.exit_code == 2
    assert "--config FILE" in result.stderr


def test_a_trust_policy_has_to_name_somebody(tmp_path: Path) -> None:
    """Without aws.identity it has to be given."""
    path = tmp_path / "proxyd.toml"
    path.write_text(TARGET.format(name="production"))
    with pytest.raises(UsageError, match=r"--identity: expected the ARN"):
        printed("trust", config=path)
    [assume, _] = document("trust", "--identity", HUB, config=path)["Statement"]
    assert assume["Principal"] == {"AWS": HUB}


def test_a_role_on_the_way_trusts_proxyd_and_those_behind_it_trust_that_role(
    tmp_path: Path,
) -> None:
    """`--via` prints the one, and the target's own trust policy the other."""
    path, via = tmp_path / "proxyd.toml", "arn:aws:iam::111111111111:role/via"
    path.write_text(f'{TARGET.format(name="production")}via = "{via}"\n')
    with pytest.raises(UsageError, match=r"--identity: expected the ARN"):
        printed("trust", "--via", via, config=path)
    on_the_way = document("trust", "--via", via, "--identity", HUB, config=path)
    behind = document("trust", config=path)
    assert on_the_way["Statement"][0]["Principal"] == {"AWS": HUB}
    assert behind["Statement"][0]["Principal"] == {"AWS": via}
    assert "ExternalId" not in json.dumps(on_the_way)
    assert "the-id-of-production" in json.dumps(behind)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("cloudformation", *VPC), "--parameter-overrides ProxydIdentity=… ExternalId=…"),
        (("stackset", *VPC), "--permission-model SERVICE_MANAGED"),
        (("terraform", *VPC), "terraform init && terraform apply"),
    ],
)
def test_a_person_is_told_what_to_do_with_it(arguments: tuple[str, ...], hint: str) -> None:
    """On a terminal, and on standard error: a file that it is written to holds the document."""
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-B", "-m", "proxyd", "iam", *arguments],
        stdout=terminal,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath},
    ) as run:
        os.close(terminal)
        shown = b"".join(iter(lambda: read_on(ours), b""))
        assert run.stderr
        said = run.stderr.read().decode()
    os.close(ours)
    assert hint in said
    assert hint not in shown.decode()
    assert b"ec2:DescribeVpcs" in shown


def read_on(terminal: int) -> bytes:
    """Read from a terminal; nothing once nobody writes to it any more."""
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says EIO where a pipe would have ended
        return b""


def test_every_command_says_in_one_line_what_it_does() -> None:
    """The list of commands is not cut off."""
    result = CliRunner().invoke(app, ["iam", "--help"])
    assert "..." not in result.stdout.partition("Commands")[2]


def test_the_page_on_roles_has_every_command_and_no_other() -> None:
    """docs/roles.md is not stale: its table has a row for each of the commands."""
    page = (Path(__file__).parents[2] / "docs" / "roles.md").read_text()
    rows = re.findall(r"^\| `proxyd iam (\w+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(str(command.name) for command in iam.app.registered_commands)
    assert set(re.findall(r"proxyd iam (\w+)", page)) == set(rows)
