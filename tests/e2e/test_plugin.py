"""The plugin in docs/plugins.md, installed as a stranger's would be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Estate
from .daemon import named, running, settings

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
_BLOCK = re.compile(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the page's plugin into a folder of its own and return that."""
    source, target = tmp_path_factory.mktemp("plugin"), tmp_path_factory.mktemp("site")
    for name, text in _BLOCK.findall(PAGE.read_text()):
        (source / name).write_text(text)
    assert {path.name for path in source.iterdir()} == {"pyproject.toml", "proxyd_mail.py"}
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
            "--no-build-isolation", "--target", str(target), str(source),
        ],
        check=True,
    )  # fmt: skip
    return target


def test_it_is_short() -> None:
    """A complete plugin takes no more than 25 lines of Python."""
    (code,) = [text for name, text in _BLOCK.findall(PAGE.read_text()) if name.endswith(".py")]
    assert len([line for line in code.splitlines() if line.strip()]) <= 25


def test_it_is_listed(installed: Path) -> None:
    """`proxyd scanners` lists an installed plugin's scanners beside proxyd's own."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "proxyd", "scanners", "--json"],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        check=True,
    )
    rows = {row["type"]: row for row in json.loads(done.stdout)}
    assert rows["Acme::Mail::Identity"]["plugin"] == "mail"
    assert rows["Acme::Mail::Identity"]["actions"] == ["ses:ListEmailIdentities"]
    assert rows["Acme::Mail::Alarm"]["plugin"] == "mail"
    assert rows["AWS::EC2::VPC"]["plugin"] == "aws"


def checked(path: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `proxyd scanners --check` with a folder on the path."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "proxyd", "scanners", "--check", module, *options],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_passes_the_proofs(installed: Path) -> None:
    """`proxyd scanners --check` finds nothing wrong with the page's plugin."""
    done = checked(installed, "proxyd_mail")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 scanners, 0 of them wrong" in done.stdout


def test_what_is_wrong_with_a_plugin_is_told(installed: Path, tmp_path: Path) -> None:
    """A field that is not there, a secret and a page that is lost are named, and it exits 1."""
    code = (installed / "proxyd_mail.py").read_text()
    code = code.replace("IdentityType, ", "IdentityKind, ")
    code = code.replace(
        'Operation("cloudwatch", "DescribeAlarms")', 'Operation("ssm", "GetParameter")'
    )
    (tmp_path / "wrong_mail.py").write_text(code)
    done = checked(tmp_path, "wrong_mail", "--json")
    assert done.returncode == 1
    alarms, identities = (json.loads(line) for line in done.stdout.splitlines())
    assert "no 'IdentityKind' here" in identities["wrong"][0]
    assert "ssm:GetParameter: on the never-list" in alarms["wrong"][0]


def test_a_module_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A name that can not be imported is an error in one line."""
    done = checked(tmp_path, "proxyd_absent")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "proxyd_absent" in done.stderr


async def test_both_of_its_forms_run(installed: Path, estate: Estate, tmp_path: Path) -> None:
    """Its declaration and its generator find what is there, through a narrowed session."""
    account, region = "222222222222", "eu-west-1"
    role = estate.account(account).client("iam", region)
    role.put_role_policy(
        RoleName="proxyd-read",
        PolicyName="mail",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["ses:ListEmailIdentities", "cloudwatch:DescribeAlarms"],
                        "Resource": "*",
                    }
                ],
            }
        ),
    )
    mail = estate.account(account).client("sesv2", region)
    mail.create_email_identity(EmailIdentity="example.com")
    estate.account(account).client("cloudwatch", region).put_metric_alarm(
        AlarmName="too-warm", MetricName="heat", Namespace="house", Period=60, Statistic="Maximum",
        EvaluationPeriods=1, Threshold=30, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    environment = {**estate.environment, "PYTHONPATH": str(installed)}
    open_to_all = [{**target, "types": ["*"]} for target in estate.targets]
    config = settings(open_to_all, estate.endpoint)
    async with running(config, tmp_path, environment=environment) as daemon:
        events = await daemon.scan(
            target=["production"],
            type=["Acme::Mail::Identity", "Acme::Mail::Alarm"],
            region=[region],
        )
    assert sorted(r["arn"] for r in named(events, "resource")) == [
        f"arn:aws:cloudwatch:{region}:{account}:alarm:too-warm",
        f"arn:aws:ses:{region}:{account}:identity/example.com",
    ]
    assert named(events, "scan.completed")[0]["complete"]
