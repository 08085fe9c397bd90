"""Boot a machine, run the unit in it as it is, and see what it does and what it can not do.

`python -m tests.systemd.boot` prints all that it finds; test_boot.py says what has to be in it.
proxyd comes from a wheel of this checkout, and Python is the system's; what proxyd depends on is
lent to the machine by the environment that this runs in.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from proxyd.auth import tokens
from proxyd.aws.access import actions_for
from proxyd.client import Client
from proxyd.demo.emulator import Emulator
from proxyd.iam.policies import role_policies
from tests.e2e.conftest import CANARY, HUB, TARGETS, emulated, emulator_path, target_table
from tests.e2e.daemon import filled, settings, toml
from tests.e2e.faults import free_port

from .machine import CanNotBootError, Machine, make_root

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
OPT = "opt/proxyd"
LENT = "/opt/lent"
SECRET = "external-production"
KEYS = (
    "LoadCredential=aws:/etc/proxyd/credentials/aws",
    "Environment=AWS_SHARED_CREDENTIALS_FILE=%d/aws",
)
"""What docs/install.md says for keys of AWS."""

WATCHDOG_SECONDS = 10
WAIT_SECONDS = 40.0
STATUS = ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Threads")
TRAIL = ("--no-pager", "SYSLOG_IDENTIFIER=proxyd-audit")
PROBES = {"unit": "", "unit and sandbox": " sandbox"}
"""What escapes.py tries to get out of, and its arguments."""

Found = dict[str, Any]


def wheel_of(checkout: Path, directory: Path) -> Path:
    """Build the wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    [wheel] = directory.glob("*.whl")
    return wheel


def install(root: Path, wheel: Path) -> dict[Path, str]:
    """Make /opt/proxyd as a virtual environment would be, and return what is lent to it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = Path("/usr/bin", version)
    if not python.exists():
        raise CanNotBootError(f"{python} is not here, and the packages here are for that version")
    packages = root / OPT / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "lent.pth").write_text(LENT)
    (root / OPT / "bin").mkdir()
    (root / OPT / "bin/python").symlink_to(python)
    (root / OPT / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (root / OPT / "root").mkdir()
    (root / LENT.lstrip("/")).mkdir()
    shutil.copy(Path(__file__).with_name("escapes.py"), root / OPT)
    return {Path(sysconfig.get_path("purelib")): LENT}


def configure(root: Path, config: dict[str, Any], keys: dict[str, str], token: str) -> None:
    """Write /etc/proxyd; an external id is a credential, as the unit has it, and AWS's keys are."""
    directory = root / "etc/proxyd"
    (directory / "credentials").mkdir(parents=True)
    (directory / "credentials").chmod(0o700)
    (directory / "credentials/production.external-id").write_text(f"{SECRET}\n")
    lines = (f"aws_{name} = {key}" for name, key in keys.items())
    (directory / "credentials/aws").write_text("\n".join(["[default]", *lines, ""]))
    config["targets"][0]["external_id"] = {"credential": "production.external-id"}
    (directory / "proxyd.toml").write_text(filled(toml(config), token))


def add_units(root: Path) -> None:
    """Install the units as they are, and copies that run the attempts to escape."""
    units = root / "etc/systemd/system"
    text = (UNITS / "proxyd.service").read_text()
    (units / "proxyd.service").write_text(text)
    shutil.copy(UNITS / "proxyd.socket", units)
    (root / "etc/sysusers.d").mkdir()
    shutil.copy(UNITS / "proxyd.sysusers", root / "etc/sysusers.d/proxyd.conf")
    add_drop_in(units, "proxyd", *KEYS, f"WatchdogSec={WATCHDOG_SECONDS}s")
    for name, arguments in PROBES.items():
        changed = {
            "ExecStart": f"/opt/proxyd/bin/python -I -B /opt/proxyd/escapes.py{arguments}",
            "Type": "oneshot",
            "Restart": "no",
        }
        lines = [
            f"{key}={changed[key]}" if (key := line.partition("=")[0]) in changed else line
            for line in text.splitlines()
        ]
        (units / f"{probe_of(name)}.service").write_text("\n".join(lines))
        add_drop_in(units, probe_of(name))


def add_drop_in(units: Path, unit: str, *lines: str) -> None:
    """Add lines to a service, and those by which it sees what is lent to it."""
    directory = units / f"{unit}.service.d"
    directory.mkdir()
    lent = (f"BindReadOnlyPaths={LENT}", f"ExecPaths=+{LENT}")
    (directory / "test.conf").write_text("\n".join(["[Service]", *lent, *lines, ""]))


def probe_of(name: str) -> str:
    """Return the name of the unit that tries to get out of this."""
    return f"probe-{name.replace(' ', '-')}"


async def find(directory: Path) -> Found:
    """Do everything, in this directory, and return what was found."""
    wheel = await asyncio.to_thread(wheel_of, ROOT, directory)
    root, token, port = directory / "machine", tokens.new_token(), free_port()
    make_root(root)
    booted = Machine(root, install(root, wheel))
    async with Emulator(emulator_path()) as emulator:
        policies = role_policies(actions_for(emulated().values()))
        more = {"role": "proxyd-read", "policies": policies}
        targets = [{**t, **more, "external_id": f"external-{t['name']}"} for t in TARGETS]
        made = await emulator.seed({"hub": HUB, "canary": CANARY, "targets": targets})
        config = settings(
            [target_table(target) for target in TARGETS],
            emulator.endpoint,
            server={"listen": f"127.0.0.1:{port}"},
            aws={"connect_timeout": 30.0},
            audit={"sinks": ["stdout", "journald"]},
        )
        keys = {name: made[name] for name in ("access_key_id", "secret_access_key")}
        configure(root, config, keys, token)
        add_units(root)
        began = time.monotonic()
        with booted as machine:
            found: Found = {"boot_seconds": round(time.monotonic() - began, 1)}
            await serve(machine, found, f"http://127.0.0.1:{port}", token)
            for name in PROBES:
                await asyncio.to_thread(machine.start, probe_of(name))
                [line] = [x for x in machine.journal(probe_of(name)) if x.startswith("{")]
                found[name] = json.loads(line)
            await watch_and_stop(machine, found)
            log = machine.run("journalctl", "--output=cat", "--no-pager")
            found["trail"] = machine.run("journalctl", "--output=cat", *TRAIL).splitlines(
                keepends=True
            )
        found["log_lines"], found["canary_in_log"] = log.count("\n"), CANARY in log
        found["canary_on_disk"] = [str(path) for path in files(root) if holds(path, CANARY)]
    return found


async def serve(machine: Machine, found: Found, url: str, token: str) -> None:
    """Start it, ask it, stream from it and reload it."""
    found["start_seconds"] = await asyncio.to_thread(machine.start, "proxyd")
    found["started"] = machine.show("proxyd", "ActiveState", "SubState", "NRestarts", "MainPID")
    status = machine.run("cat", f"/proc/{found['started']['MainPID']}/status")
    lines = dict(line.split(":\t", 1) for line in status.splitlines())
    found["process"] = {name: lines[name] for name in STATUS}
    found["uid"] = lines["Uid"].split()[0]
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
        found["readyz"] = await response.json()
    async with Client(url, token) as client:
        names = [target["name"] for target in TARGETS]
        events = [event async for event in client.stream(target=names)]
    found["events"] = Counter(event.name for event in events)
    found["complete"] = [e.data["complete"] for e in events if e.name == "scan.completed"]
    found["canary_in_stream"] = any(CANARY in json.dumps(event.data) for event in events)
    machine.run("systemctl", "reload", "proxyd")
    await until(lambda: any("configuration taken" in x for x in machine.journal("proxyd")))
    found["reloaded"] = machine.show("proxyd", "ActiveState", "SubState", "NRestarts")


async def watch_and_stop(machine: Machine, found: Found) -> None:
    """Have it hang, come back, take a socket, start for a connection, and stop."""
    machine.run("systemctl", "kill", "--signal=STOP", "proxyd")
    began = time.monotonic()
    wanted = {"NRestarts": "1", "ActiveState": "active"}
    await until(lambda: machine.show("proxyd", *wanted) == wanted)
    found["back_seconds"] = round(time.monotonic() - began, 1)
    found["watchdog"] = [line for line in machine.journal("proxyd") if "Watchdog" in line]
    machine.run("systemctl", "enable", "--quiet", "proxyd.socket")
    await asyncio.to_thread(machine.start, "proxyd", "restart")
    path = f"/proc/{machine.leader}/root/run/proxyd.sock"
    found["socket"] = machine.run("stat", "--format=%A %U:%G", "/run/proxyd.sock")
    found["by_socket"] = await healthz(path)
    machine.run("systemctl", "stop", "proxyd.service")
    found["stopped"] = machine.show("proxyd", "ActiveState", "Result", "ExecMainStatus")
    found["by_connection"] = await healthz(path)
    machine.run("systemctl", "stop", "proxyd.socket", "proxyd.service")
    found["socket_after"] = machine.run("ls", "/run")


async def healthz(path: str) -> Any:
    """Ask over a unix socket."""
    connector = aiohttp.UnixConnector(path)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://localhost/healthz") as response,
    ):
        return await response.json()


async def until(happened: Callable[[], bool]) -> None:
    """Wait until it has."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not happened():  # noqa: ASYNC110 - the other machine tells nobody
            await asyncio.sleep(0.2)


def files(root: Path) -> list[Path]:
    """Return all files that the machine itself had on disk."""
    return [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


def holds(path: Path, text: str) -> bool:
    """Whether a file has this text in it."""
    return text.encode() in path.read_bytes()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="proxyd-boot-") as place:
        print(json.dumps(asyncio.run(find(Path(place))), indent=2))  # noqa: T201
