"""A machine with this one's /usr and nothing else of it, booted by systemd-nspawn."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

BOOT_SECONDS = 20.0
STOP_SECONDS = 20.0
COMMAND_SECONDS = 60.0
DIRECTORIES = "dev etc/ssl etc/systemd/system home mnt opt proc root run srv sys tmp usr var"
NOT_NEEDED = (
    "systemd-logind systemd-networkd systemd-resolved systemd-timesyncd systemd-udevd dbus "
    "console-getty getty@"
)
FILES = {
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files systemd\ngroup: files systemd\nhosts: files dns\n",
}
LANDLOCK = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
"""What nspawn of systemd 252 does not let through by itself."""


class CanNotBootError(Exception):
    """This machine can not boot another one in systemd-nspawn; the text says why."""


def tool(name: str) -> str:
    """Return where a program is.

    Raises:
        CanNotBootError: it is not there.

    """
    path = shutil.which(name)
    if path is None:
        raise CanNotBootError(f"{name} is not here: apt-get install systemd-container util-linux")
    return path


def make_root(root: Path) -> None:
    """Write the little that a machine needs beside /usr."""
    for name in DIRECTORIES.split():
        (root / name).mkdir(parents=True)
    root.chmod(0o755)
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for name, text in FILES.items():
        (root / name).write_text(text)
    (root / "etc/machine-id").write_text(f"{secrets.token_hex(16)}\n")
    shutil.copy("/etc/os-release", root / "etc/os-release")
    units = root / "etc/systemd/system"
    (units / "default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")
    for name in NOT_NEEDED.split():
        (units / f"{name}.service").symlink_to("/dev/null")


class Machine:
    """A booted machine, for as long as the context lasts. Its network is this machine's.

    Attributes:
        leader: the process here that is its number 1.

    """

    def __init__(self, root: Path, binds: Mapping[Path, str]) -> None:
        if os.geteuid() != 0:
            raise CanNotBootError("only root can boot a machine in systemd-nspawn")
        self.leader = 0
        self._root = root
        self._name = f"proxyd-{secrets.token_hex(4)}"
        self._nsenter = tool("nsenter")
        self._command = [
            tool("systemd-nspawn"),
            *("--quiet", "--boot", f"--directory={root}", f"--machine={self._name}"),
            *("--register=no", "--keep-unit", "--console=read-only", "--link-journal=no"),
            *("--resolv-conf=off", "--timezone=off", f"--system-call-filter={LANDLOCK}"),
            *(f"--bind-ro={here}:{there}" for here, there in binds.items()),
            "--bind-ro=/usr",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Boot it.

        Raises:
            CanNotBootError: it did not come up; holds what nspawn said.

        """
        console = (self._root.parent / f"{self._name}.console").open("w+b")
        with console:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
            try:
                self._come_up()
            except BaseException as error:
                self._end()
                console.seek(0)
                said = console.read().decode(errors="replace")[-2000:]
                raise CanNotBootError(
                    f"systemd-nspawn does not boot here ({error})\n{said}"
                ) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Shut it down, and leave neither a process nor a mount."""
        self._end()

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in it as root, and return what that wrote."""
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd=/")
        done = subprocess.run(
            [self._nsenter, f"--target={self.leader}", *namespaces, "--", *command],
            env={"PATH": "/usr/sbin:/usr/bin", "SYSTEMD_PAGER": "cat", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
        return done.stdout.strip()

    def start(self, unit: str, verb: str = "start") -> float:
        """Start a unit, and return the seconds that it took; where it fails, say what it wrote."""
        began = time.monotonic()
        said = self.run("systemctl", verb, unit, check=False)
        if self.show(unit, "Result")["Result"] != "success" or "failed" in said:
            raise AssertionError("\n".join([said, *self.journal(unit)]))
        return round(time.monotonic() - began, 1)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Return properties of a unit."""
        lines = self.run("systemctl", "show", f"--property={','.join(properties)}", unit)
        return dict(line.split("=", 1) for line in lines.splitlines())

    def journal(self, unit: str) -> list[str]:
        """Return what a unit wrote, and what systemd wrote of it."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", f"--unit={unit}", "--output=cat", "--no-pager").splitlines()

    def _come_up(self) -> None:
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise TimeoutError(f"it ended with status {self._process.returncode}")
            self.leader = int((children.read_text().split() or ["0"])[0])
            if self.leader and self._is_up():
                return
            time.sleep(0.1)
        raise TimeoutError(f"not up after {BOOT_SECONDS:.0f} s")

    def _is_up(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False)
        return state in {"running", "degraded"}

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)  # which shuts it down in order
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.kill(self.leader or self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        for left in (Path("/run/systemd/nspawn/propagate", self._name),):
            with suppress(OSError):
                left.rmdir()
        self._process = None
