"""The tools: how each is installed, run over the account, and how much it has found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scan.processes import ROOT, environment, finish
from benchmarks.scan.tools.account import ACCOUNT, REGIONS, SERVICES

Command = list[str | Path]

_INSTALL_SECONDS = 600.0
_ENVIRONMENTS = ROOT / ".venv-rivals"
_HERE = Path(__file__).resolve().parent

_POLICIES = {
    "dynamodb": "aws.dynamodb-table",
    "ec2": "aws.ec2",
    "lambda": "aws.lambda",
    "rds": "aws.rds",
    "s3": "aws.s3",
    "sns": "aws.sns",
}
"""For queues c7n calls AWS's own address whatever endpoint it is told, so it is not asked."""

_NOT_RESOURCES = ("aws_account", "aws_organizational_root", "aws_region", "cloud")
_CLOSED = "http://127.0.0.1:9"


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One tool.

    Attributes:
        command: what runs it, of its environment's `bin` and the directory of the run.
        found: how many resources it says there are, of its output and that directory.

    """

    name: str
    package: str
    command: Callable[[Path, Path], Command]
    found: Callable[[str, Path], int]

    def install(self) -> Path:
        """Make its environment unless it is there, and return its `bin`."""
        directory = _ENVIRONMENTS / self.package.replace("==", "-")
        done = directory / "installed"
        if not done.exists():
            commands: tuple[Command, ...] = (
                [sys.executable, "-m", "venv", directory],
                [directory / "bin" / "python", "-m", "pip", "install", "--quiet", self.package],
            )
            for command in commands:
                ended = finish(command, _with_network(directory), _INSTALL_SECONDS)
                if ended.code:
                    raise RuntimeError(f"{self.package} can not be installed:\n{ended.err}")
            done.touch()
        return directory / "bin"


def surroundings(home: Path, endpoint: str) -> dict[str, str]:
    """Return the environment of a run: the emulator, and no way to anywhere else."""
    return environment(
        home,
        {
            "PYTHONPATH": "",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "HTTPS_PROXY": _CLOSED,
            "NO_PROXY": "127.0.0.1",
        },
    )


def _with_network(home: Path) -> dict[str, str]:
    # pip has its settings from there: the index, the certificates.
    return {**os.environ, "HOME": str(home), "PYTHONPATH": ""}


def _awsmap(binaries: Path, directory: Path) -> Command:
    services = [option for name in SERVICES for option in ("-s", name)]
    regions = [option for name in REGIONS for option in ("-r", name)]
    output = ("-f", "json", "-o", directory / "found.json", "--no-db")
    return [binaries / "awsmap", *services, *regions, *output]


def _found_by_awsmap(_: str, directory: Path) -> int:
    return len(json.loads((directory / "found.json").read_text())["resources"])


def _c7n(binaries: Path, directory: Path) -> Command:
    policies = [{"name": name, "resource": kind} for name, kind in _POLICIES.items()]
    path = directory / "policies.json"
    path.write_text(json.dumps({"policies": policies}))
    regions = [option for name in REGIONS for option in ("-r", name)]
    options = ("-s", directory / "found", "--cache-period", "0")
    return [binaries / "custodian", "run", *options, *regions, path]


def _found_by_c7n(_: str, directory: Path) -> int:
    found = {
        json.dumps(resource, sort_keys=True, default=str)
        for path in (directory / "found").glob("*/*/resources.json")
        for resource in json.loads(path.read_text())
    }
    return len(found)


def _fix(binaries: Path, _: Path) -> Command:
    services, regions = ",".join(SERVICES), ",".join(REGIONS)
    return [binaries / "python", _HERE / "collect_fix.py", ACCOUNT, services, regions]


def _found_by_fix(output: str, _: Path) -> int:
    kinds = json.loads(output.splitlines()[-1])
    return sum(count for kind, count in kinds.items() if kind not in _NOT_RESOURCES)


RIVALS = (
    Rival(name="awsmap", package="awsmap==1.9.0", command=_awsmap, found=_found_by_awsmap),
    Rival(name="c7n", package="c7n==0.9.53", command=_c7n, found=_found_by_c7n),
    # The last one that Python 3.11 can install.
    Rival(
        name="Fix Inventory",
        package="fixinventory-plugin-aws==4.1.0",
        command=_fix,
        found=_found_by_fix,
    ),
)
