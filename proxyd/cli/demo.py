"""`proxyd demo`: an emulator with two accounts, proxyd in front of it, and a first stream."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from proxyd import registry
from proxyd.auth import tokens
from proxyd.aws import models
from proxyd.aws.access import actions_for
from proxyd.cli.printing import line_of
from proxyd.client import Client
from proxyd.demo.emulated import TYPES
from proxyd.demo.emulator import Emulator, find_emulator
from proxyd.demo.process import end, keep_tail, regardless, run_until_signalled, tail
from proxyd.errors import StartupError
from proxyd.iam.policies import role_policies

HUB = "111111111111"
TARGETS = (
    {"name": "production", "account": "222222222222", "regions": ["eu-west-1", "us-east-1"]},
    {"name": "staging", "account": "333333333333", "regions": ["eu-west-1"]},
)
ROLE = "proxyd-read"
_START_SECONDS = 20.0


def run(listen: str, emulator: Path | None, *, stay: bool) -> None:
    """Show everything on one machine, until Ctrl-C.

    Raises:
        StartupError: something that it needs is not there, or does not start.

    """
    executable = find_emulator(emulator)
    run_until_signalled(_run(listen, executable, stay=stay))


async def _run(listen: str, executable: Path, *, stay: bool) -> None:
    _say("starting the AWS emulator, on this machine only")
    async with Emulator(executable) as emulator:
        _say("filling two accounts")
        made = await emulator.seed(_specification(), lambda line: _say(f"  {line}"))
        keys = {
            "AWS_ACCESS_KEY_ID": made["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": made["secret_access_key"],
        }
        token = tokens.new_token()
        config = _configuration(listen, emulator.endpoint, token)
        _say("starting proxyd, which may assume one role in each of them")
        async with _daemon(config, keys) as url:
            await _show(url, token)
            _say(_what_next(url, token))
            if stay:
                await asyncio.get_running_loop().create_future()


def _specification() -> dict[str, Any]:
    """Write what the emulator is filled with: each role grants what `proxyd iam policy` prints."""
    scanners = registry.load(registry.discover(), models.operations_of)
    policies = role_policies(actions_for(scanners[name] for name in TYPES))
    return {
        "hub": HUB,
        "targets": [
            {**target, "role": ROLE, "external_id": _external_id(target), "policies": policies}
            for target in TARGETS
        ],
    }


def _external_id(target: Mapping[str, Any]) -> str:
    return f"demo-{target['name']}-{target['account']}"


def _configuration(listen: str, endpoint: str, token: str) -> str:
    targets = "".join(
        f"""
[[targets]]
name = {json.dumps(target["name"])}
role_arn = "arn:aws:iam::{target["account"]}:role/{ROLE}"
external_id = {json.dumps(_external_id(target))}
regions = {json.dumps(target["regions"])}
types = {json.dumps(TYPES)}
"""
        for target in TARGETS
    )
    return f"""
[server]
listen = {json.dumps(listen)}

[aws]
endpoint_url = {json.dumps(endpoint)}
connect_timeout = 30.0  # one process answers for hundreds of hosts

[sandbox]
mode = "best-effort"
{targets}
[[principals]]
name = "demo"
token_sha256 = "{tokens.digest(token).hex()}"
groups = ["everyone"]

[[grants]]
groups = ["everyone"]
targets = ["*"]
types = ["*"]
regions = ["*"]
"""


@asynccontextmanager
async def _daemon(config: str, keys: Mapping[str, str]) -> AsyncGenerator[str, None]:
    """Run `proxyd serve` for the time of the block, and give its address."""
    with tempfile.TemporaryDirectory(prefix="proxyd-demo-") as directory:
        path = Path(directory) / "proxyd.toml"
        path.write_text(config)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-B", "-m", "proxyd", "serve", "--config", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env={"PATH": os.defpath, **keys},
            start_new_session=True,
        )
        said = bytearray()
        readers: list[asyncio.Task[None]] = []
        try:
            url = await _serving(process, said)
            assert process.stdout
            assert process.stderr
            readers = [
                asyncio.create_task(keep_tail(process.stdout, bytearray())),
                asyncio.create_task(keep_tail(process.stderr, said)),
            ]
            yield url
        finally:
            await regardless(end(process))
            for reader in readers:
                reader.cancel()


async def _serving(process: Process, said: bytearray) -> str:
    """Wait until the daemon says where it serves."""
    assert process.stderr
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_SECONDS):
            async for line in process.stderr:
                said += line
                if b'"event": "serving"' in line:
                    return str(json.loads(line)["address"])
    raise StartupError(f"proxyd did not start:{tail(said)}")


async def _show(url: str, token: str) -> None:
    async with Client(url, token) as client:
        async for event in client.stream(target=[target["name"] for target in TARGETS]):
            text = line_of(event)
            if text is not None:
                sys.stdout.write(text + "\n")


def _what_next(url: str, token: str) -> str:
    return f"""
proxyd serves at {url}. Open that in a browser, and log in with this token:

  {token}

Or try, in another terminal:

  curl -N -H 'Authorization: Bearer {token}' \\
    '{url}/v1/stream?target=production&type=AWS::EC2::*'

Ctrl-C ends everything, and nothing stays behind."""


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
