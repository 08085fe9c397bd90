"""The socket that systemd passes: taken where it can be served, else told what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

PASSED = """
import os, socket, sys
from proxyd.settings import Server
from proxyd.web.server import _address, listen
made = {made}
os.dup2(made.fileno(), 3)
os.environ.update(LISTEN_PID={pid}, LISTEN_FDS={count!r})
taken = listen(Server(listen="127.0.0.1:0"))
print(taken.fileno(), os.get_inheritable(3), _address(taken, Server()))
"""
TCP = "socket.create_server(('127.0.0.1', 0))"


def passing(made: str = TCP, *, pid: str = "str(os.getpid())", count: str = "1") -> str:
    """Pass a socket to a process, and return what that says."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", PASSED.format(made=made, pid=pid, count=count)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr.splitlines()[-1]


def test_it_is_served() -> None:
    """The one that listens is taken, and goes to no child of this process."""
    assert passing().startswith("3 False http://127.0.0.1:")
    unix = "socket.socket(socket.AF_UNIX); made.bind('\\0proxyd-passed'); made.listen()"
    assert passing(unix).startswith("3 False unix:")


def test_what_is_not_for_us_is_left() -> None:
    """A socket for another process, or a number that is none, and it listens where it is told."""
    for pid in ("'1'", "'nonsense'", "''"):
        assert not passing(pid=pid).startswith("3 ")


@pytest.mark.parametrize(
    ("made", "count", "says"),
    [
        (TCP, "0", "LISTEN_FDS is '0': the socket unit needs one ListenStream="),
        (TCP, "2", "LISTEN_FDS is '2': the socket unit needs one ListenStream="),
        (TCP, "", "LISTEN_FDS is '': the socket unit needs one ListenStream="),
        ("socket.socket()", "1", "what systemd passed does not listen"),
        ("socket.socket(type=socket.SOCK_DGRAM)", "1", "what systemd passed does not listen"),
        ("open('/dev/null')", "1", "LISTEN_FDS: no socket was passed"),
    ],
)
def test_what_can_not_be_served_is_told(made: str, count: str, says: str) -> None:
    """Nothing, too many, datagrams, one that does not listen, no socket at all."""
    assert says in passing(made, count=count)
