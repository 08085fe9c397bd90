"""A running proxyd, as the runner sees it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.scan.authority import HOST
from benchmarks.scan.processes import Usage, environment, module, running, usage
from benchmarks.scan.services import ACCOUNT, CALLS, REGIONS
from proxyd.auth import tokens

_START_SECONDS = 20.0
_WARM_SECONDS = 60.0
_UNBOUNDED = {"rate": 1_000_000, "burst": 1_000_000}
"""The quota is not what is measured."""

TYPES = tuple(call.type for call in CALLS)
SERVICES = tuple(call.service for call in CALLS)


class Daemon:
    """Its address and token, and what it has used."""

    def __init__(self, pid: int, token: str) -> None:
        self.token = token
        self.port = 0
        self.warm = threading.Event()
        self.said: list[str] = []
        self.pid = pid
        self._serving = threading.Event()

    def usage(self) -> Usage:
        """Return what it has used so far."""
        return usage(self.pid)

    def started(self) -> None:
        """Wait until it serves."""
        if not self._serving.wait(_START_SECONDS) or not self.port:
            raise RuntimeError("proxyd does not serve:\n" + "".join(self.said))

    def warmed(self) -> None:
        """Wait until its clients are made."""
        if not self.warm.wait(_WARM_SECONDS):
            raise RuntimeError("proxyd makes no clients:\n" + "".join(self.said))

    def listen(self, stream: IO[str]) -> None:
        """Read what it says until it ends."""
        for line in stream:
            self.said.append(line)
            event = json.loads(line) if line.startswith("{") else {}
            match event.get("event"):
                case "serving":
                    self.port = int(event["address"].rpartition(":")[2])
                    self._serving.set()
                case "warm":
                    self.warm.set()
        self._serving.set()


@contextmanager
def serving(
    directory: Path, settings: Mapping[str, Any], module_name: str = "benchmarks.scan.serving"
) -> Generator[Daemon]:
    """Run proxyd for the time of the block, with the benchmark's plugin unless told otherwise."""
    token = tokens.new_token()
    path = directory / "proxyd.toml"
    path.write_text(_toml({**settings, **_rights(token)}))
    command = module(module_name, "serve", "--config", path)
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with running(command, environment(directory), **options) as process:
        assert process.stderr
        daemon = Daemon(process.pid, token)
        ear = threading.Thread(target=daemon.listen, args=(process.stderr,), daemon=True)
        ear.start()
        daemon.started()
        yield daemon
        process.terminate()
        process.wait(_START_SECONDS)
        ear.join()


def settings(
    endpoint: str,
    bundle: Path | None,
    *,
    types: tuple[str, ...] = TYPES,
    services: tuple[str, ...] = SERVICES,
    **more: dict[str, Any],
) -> dict[str, Any]:
    """Return a configuration with one target, `estate`."""
    aws = {"endpoint_url": endpoint, **more.pop("aws", {})}
    target = {
        "name": "estate",
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/proxyd-read",
        "external_id": "benchmark",
        "regions": list(REGIONS),
        "types": list(types),
        **more.pop("target", {}),
    }
    return {
        "server": {"listen": f"{HOST}:0"},
        "aws": {**aws, "ca_bundle": str(bundle)} if bundle else aws,
        "quota": {
            "default": _UNBOUNDED,
            "services": dict.fromkeys(services, _UNBOUNDED),
        },
        **more,
        "targets": [target],
    }


def _rights(token: str) -> dict[str, Any]:
    digest = tokens.digest(token).hex()
    return {
        "principals": [{"name": "benchmark", "token_sha256": digest, "groups": ["all"]}],
        "grants": [{"groups": ["all"], "targets": ["*"], "types": ["*"], "regions": ["*"]}],
    }


def _toml(tables: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for name, table in tables.items():
        head = f"[[{name}]]" if isinstance(table, list) else f"[{name}]"
        for row in table if isinstance(table, list) else [table]:
            lines += [head, *(f"{key} = {_value(value)}" for key, value in row.items())]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + "}"
    return json.dumps(value)
