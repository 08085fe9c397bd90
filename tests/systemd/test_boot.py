"""The unit as it is, on a machine that systemd has really booted."""

from __future__ import annotations

import asyncio

import pytest

from proxyd.audit.verify import verify
from tests.e2e.test_sandbox import LAYERS

from .boot import PROBES, Found, find
from .machine import CanNotBootError

pytestmark = pytest.mark.timeout(240)

REFUSALS = {"EROFS", "EPERM", "EACCES", "EAFNOSUPPORT", "ENOENT", "ENXIO"}
SEEN = {
    *("dev", "etc", "lib", "lib64", "opt", "proc"),
    *("root", "run", "sys", "tmp", "usr", "var"),
}
KERNELS_OWN = {"/proc", "/dev/pts", "/dev/hugepages"}
"""Mounted to be written, but with nothing in it that a user without privileges may make."""

ACTIVE = {"ActiveState": "active", "SubState": "running", "NRestarts": "0"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Boot it once, and do everything."""
    try:
        return asyncio.run(find(tmp_path_factory.mktemp("machine")))
    except CanNotBootError as error:
        pytest.skip(str(error))


def test_it_starts_and_says_so(found: Found) -> None:
    """`systemctl start` returns when it serves, and systemd counts no second attempt."""
    assert found["started"].items() >= ACTIVE.items()


def test_it_streams(found: Found) -> None:
    """All of two accounts comes through the unit's walls, each scan complete."""
    assert found["events"]["resource"] > 500
    assert found["complete"] == [True, True]


def test_its_own_sandbox_holds_as_well(found: Found) -> None:
    """The unit forbids none of the calls by which the daemon locks itself in."""
    assert set(found["readyz"]["sandbox"]["layers"]) == LAYERS
    assert found["readyz"]["sandbox"]["missing"] == []


def test_the_journal_has_the_trail(found: Found) -> None:
    """The records of every run are there, by the journal's own protocol, whole and in order.

    The one that hung was killed: its trail has no end, and that is all that is wrong.
    """
    report = verify(line.encode() for line in found["trail"])
    assert report.runs >= 3
    assert sum('"scan.ended"' in line for line in found["trail"]) == 2
    assert [fault.what.partition(":")[0] for fault in report.faults] == ["truncated"]


def test_it_is_nobody(found: Found) -> None:
    """A user made for this run, without capabilities, behind a filter of system calls."""
    process = found["process"]
    assert {process[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
    assert 61184 <= int(found["uid"]) <= 65519


def test_a_reload_is_no_restart(found: Found) -> None:
    """`systemctl reload` has the configuration read again, and the process goes on."""
    assert found["reloaded"] == ACTIVE


@pytest.mark.parametrize("walls", PROBES)
def test_no_escape_works(found: Found, walls: str) -> None:
    """Everything that is tried from inside is refused, by the unit alone and with the sandbox."""
    outcomes = found[walls]["outcomes"]
    assert len(outcomes) > 80
    assert {name: was for name, was in outcomes.items() if was not in REFUSALS} == {}
    assert found[walls]["limits"] == [[0, 0], [0, 0]]


@pytest.mark.parametrize("walls", PROBES)
def test_there_is_no_place_to_write(found: Found, walls: str) -> None:
    """No directory that it sees takes a file, and no file can be opened for writing."""
    assert sum(found[walls]["everywhere"].values()) > 1000
    assert found[walls]["worked"] == []
    assert set(found[walls]["writable_mounts"]) <= KERNELS_OWN


@pytest.mark.parametrize("walls", PROBES)
def test_what_it_needs_works(found: Found, walls: str) -> None:
    """The same attempts can succeed: what the daemon needs is not refused."""
    assert len(found[walls]["needed"]) == 10
    assert set(found[walls]["needed"].values()) == {"worked"}


def test_a_port_is_refused_by_the_sandbox(found: Found) -> None:
    """The unit can not keep it from listening (SocketBindDeny= needs more of a kernel): it does."""
    assert found["unit and sandbox"]["port"] == "EACCES"


@pytest.mark.parametrize("walls", PROBES)
def test_it_sees_only_what_it_needs(found: Found, walls: str) -> None:
    """Its own process, the directories that the unit names, and credentials that are in memory."""
    assert found[walls]["processes"] == 1
    assert set(found[walls]["root"]) <= SEEN
    assert found[walls]["credentials"] == ["production.external-id"]
    assert found[walls]["credentials_on"] in {"ramfs", "tmpfs"}


def test_what_hangs_is_started_again(found: Found) -> None:
    """A daemon that does not feed the watchdog is killed, and a new one serves."""
    assert len(found["watchdog"]) == 1


def test_systemd_can_listen_for_it(found: Found) -> None:
    """Through proxyd.socket it serves whom the group lets in, and starts when one connects."""
    assert found["socket"] == "srw-rw---- root:proxyd-clients"
    assert found["by_socket"] == found["by_connection"] == {"status": "ok"}
    assert "proxyd.sock" not in found["socket_after"]


def test_it_stops_in_order(found: Found) -> None:
    """`systemctl stop` is no failure."""
    assert found["stopped"] == {
        "ActiveState": "inactive",
        "Result": "success",
        "ExecMainStatus": "0",
    }


def test_nothing_of_aws_stays_on_the_machine(found: Found) -> None:
    """What went through its streams is neither in the journal nor in any file."""
    assert found["canary_in_stream"]
    assert found["log_lines"] > 20
    assert not found["canary_in_log"]
    assert found["canary_on_disk"] == []
