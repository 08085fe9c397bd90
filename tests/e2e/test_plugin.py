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
    assert rows["AWS::SES::EmailIdentity"]["plugin"] == "mail"
    assert rows["AWS::SES::EmailIdentity"]["actions"] == ["ses:ListEmailIdentities"]
    assert rows["AWS::CloudWatch::Alarm"]["plugin"] == "mail"
    assert rows["AWS::EC2::VPC"]["plugin"] == "aws"


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
    config = settings(estate.targets, estate.endpoint)
    async with running(config, tmp_path, environment=environment) as daemon:
        events = await daemon.scan(
            target=["production"],
            type=["AWS::SES::EmailIdentity", "AWS::CloudWatch::Alarm"],
            region=[region],
        )
    assert sorted(r["arn"] for r in named(events, "resource")) == [
        f"arn:aws:cloudwatch:{region}:{account}:alarm:too-warm",
        f"arn:aws:ses:{region}:{account}:identity/example.com",
    ]
    assert named(events, "scan.completed")[0]["complete"]
