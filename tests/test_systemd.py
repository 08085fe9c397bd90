"""The unit files, as systemd's own tools see them, and the promises that stand in them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[1] / "systemd"
SERVICE = (UNITS / "proxyd.service").read_text()
SOCKET = (UNITS / "proxyd.socket").read_text()
EXPOSURE = 10
"""Ten times the exposure that systemd may find at most; 100 is the worst."""

PROGRAM = "/opt/proxyd/bin/python"

PROMISES = {
    "it can keep nothing": (
        "ProtectSystem=strict",
        "ReadOnlyPaths=+/ +/run +/tmp +/var/tmp -+/dev/shm -+/dev/mqueue",
        "LimitFSIZE=0",
        "LimitCORE=0",
        "MemorySwapMax=0",
        "WatchdogSignal=SIGKILL",
    ),
    "it sees nothing but what it needs": (
        "RootDirectory=/opt/proxyd/root",
        "BindReadOnlyPaths=/opt/proxyd:/opt/proxyd:norbind /usr /etc /lib -/lib64",
        "InaccessiblePaths=-+/etc/proxyd/credentials",
        "PrivateDevices=yes",
        "ProtectProc=invisible",
        "ProcSubset=pid",
    ),
    "it is nobody": (
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "PrivateUsers=yes",
        "RestrictNamespaces=yes",
    ),
    "it runs nothing": (
        "NoExecPaths=+/ +/etc +/usr +/run +/tmp +/var/tmp -+/dev/shm -+/dev/mqueue",
        "MemoryDenyWriteExecute=yes",
        "SystemCallArchitectures=native",
    ),
    "it can lock itself in": (
        "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
        "SystemCallErrorNumber=EPERM",
    ),
    "it talks to its clients, AWS and systemd": (
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ),
    "no audit record is dropped": (
        "LogRateLimitIntervalSec=0",
        "StandardOutput=journal",
    ),
    "it says when it serves, and is started again when it hangs": (
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=30s",
        "Restart=on-failure",
    ),
}


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    found = shutil.which("systemd-analyze")
    assert found, "systemd-analyze is missing: apt-get install systemd"
    return subprocess.run([found, *arguments], check=False, capture_output=True, text=True)


def exposed(unit: Path, most: int = EXPOSURE) -> bool:
    """Whether systemd finds it more exposed than that."""
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={most}", str(unit))
    assert "Overall exposure level" in done.stdout, done.stderr
    return done.returncode != 0


def said_of(directory: Path, service: str, socket: str = SOCKET) -> str:
    """Return what systemd has to say of the units, where the programs that they run are there."""
    (directory / "program").write_text("#!/bin/sh\n")
    (directory / "program").chmod(0o755)
    service = service.replace(f"={PROGRAM} ", f"={directory / 'program'} ")
    files = {"proxyd.service": service, "proxyd.socket": socket}
    for name, text in files.items():
        (directory / name).write_text(text)
    done = analyze("verify", "--man=no", *(str(directory / name) for name in files))
    return done.stderr + (f"status {done.returncode}" if done.returncode else "")


def test_its_exposure_is_bounded() -> None:
    """`systemd-analyze security` finds the unit as locked in as it is meant to be, and no more."""
    assert not exposed(UNITS / "proxyd.service")
    assert exposed(UNITS / "proxyd.service", EXPOSURE - 1)


@pytest.mark.parametrize(
    "directive",
    [
        "PrivateMounts=yes",
        "RootDirectory=/opt/proxyd/root",
        "PrivateUsers=yes",
        "SystemCallFilter=~@privileged",
    ],
)
def test_without_a_directive_it_is_exposed(tmp_path: Path, directive: str) -> None:
    """The bound is so near that what counts can not be left out."""
    lines = SERVICE.splitlines()
    left = [line for line in lines if not line.startswith(directive)]
    assert len(left) == len(lines) - 1
    (tmp_path / "proxyd.service").write_text("\n".join(left))
    assert exposed(tmp_path / "proxyd.service")


def test_systemd_has_nothing_to_say_of_them(tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent about the service and the socket."""
    assert said_of(tmp_path, SERVICE) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("DynamicUser=yes", "DynamicUsr=yes"),
        ("Type=notify", "Type=notified"),
        ("TimeoutStopSec=20s", "TimeoutStopSec=soon"),
        ("ExecStart=/opt/proxyd/bin/python ", "ExecStart=/nowhere/python "),
    ],
)
def test_what_is_wrong_in_a_unit_is_said(tmp_path: Path, right: str, wrong: str) -> None:
    """Neither a typo nor a program that is not there passes in silence."""
    assert right in SERVICE
    said = said_of(tmp_path, SERVICE.replace(right, wrong))
    assert wrong.partition("=")[0 if wrong.startswith("Dynamic") else 2].strip() in said


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_has_its_directives(promise: str) -> None:
    """What is promised stands in the unit, once, and nothing later in it takes it back."""
    lines = SERVICE.splitlines()
    for directive in PROMISES[promise]:
        assert lines.count(directive) == 1, directive
        key, _, value = directive.partition("=")
        resets = [line for line in lines if line == f"{key}="]
        assert resets == ([directive] if not value else []), directive


def test_a_path_is_in_the_root_that_proxyd_sees() -> None:
    """Without "+" what is forbidden would be a path of the host, and proxyd could still do it."""
    for key in ("ReadOnlyPaths", "InaccessiblePaths", "NoExecPaths", "ExecPaths"):
        paths = list(values(SERVICE, key))
        assert paths
        assert [path for path in paths if not path.removeprefix("-").startswith("+/")] == []


def test_what_would_keep_data_is_no_system_call_of_it() -> None:
    """Names, attributes, shared memory and rings are refused, whatever the file system says."""
    denied = {call for value in values(SERVICE, "SystemCallFilter") for call in [value.strip("~")]}
    for call in (
        "mkdir",
        "symlink",
        "link",
        "mknod",
        "rename",
        "setxattr",
        "chmod",
        "memfd_create",
    ):
        assert call in denied
    for group in ("@privileged", "@resources", "@aio", "@keyring"):
        assert group in denied


def test_the_socket_is_for_a_group_that_is_made_for_it() -> None:
    """Who may connect is a group of its own, whose name is not the service's."""
    [group] = values(SOCKET, "SocketGroup")
    assert f"g {group} -" in (UNITS / "proxyd.sysusers").read_text().splitlines()
    assert group != "proxyd"
    assert list(values(SOCKET, "SocketMode")) == ["0660"]
    assert len(list(values(SOCKET, "ListenStream"))) == 1


def test_the_service_does_not_need_the_socket() -> None:
    """Only enabling the socket makes the service need it; where it is, it comes first."""
    assert "proxyd.socket" in values(SERVICE, "After")
    assert not any("proxyd.socket" in values(SERVICE, key) for key in ("Requires", "Wants"))
    assert list(values(SOCKET, "RequiredBy")) == ["proxyd.service"]


def values(unit: str, key: str) -> Iterable[str]:
    """Yield the values of a key, of all lines that have it."""
    for line in unit.splitlines():
        name, _, value = line.partition("=")
        if name == key:
            yield from value.split()
