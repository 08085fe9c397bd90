"""What systemd gets to hear, on a real socket."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import repeat
from pathlib import Path

import pytest

from proxyd.errors import StartupError
from proxyd.notify import Notify

from .virtual import VirtualLoop

PID = str(os.getpid())


class Manager:
    """Stands where systemd would: a socket, and what came in on it."""

    def __init__(self, address: str) -> None:
        self.environment = {"NOTIFY_SOCKET": address.replace("\0", "@", 1)}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        """Return the messages since it was asked last."""
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def watches(self, seconds: float, pid: str = PID) -> dict[str, str]:
        """Return the environment of a process that has to feed a watchdog."""
        watchdog = {"WATCHDOG_USEC": str(int(seconds * 1_000_000)), "WATCHDOG_PID": pid}
        return self.environment | watchdog


Making = Callable[[Mapping[str, str]], Notify]


@pytest.fixture
def made() -> Iterator[Making]:
    """Make them of an environment, and close them in the end."""
    with ExitStack() as stack:
        yield lambda environment: stack.enter_context(closing(Notify(environment)))


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Listen on a path."""
    listening = Manager(str(tmp_path / "notify"))
    yield listening
    listening.socket.close()


def feed(notify: Notify, seconds: float, alive: Iterator[bool]) -> None:
    """Let it feed for so long, on a clock that takes no time."""

    async def run() -> None:
        feeding = loop.create_task(notify.feed(lambda: next(alive)))
        done = loop.create_future()
        loop.call_later(seconds, done.set_result, None)
        await done
        feeding.cancel()

    loop = VirtualLoop()
    loop.run(run())
    loop.close()


def test_it_says_how_it_is(manager: Manager, made: Making) -> None:
    """Each state is one datagram in the words of sd_notify(3)."""
    notify = made(manager.environment)
    notify.ready()
    notify.status("serving 3 streams\nREADY=1 ")
    notify.watchdog()
    notify.stopping()
    assert manager.heard() == [
        "READY=1",
        "STATUS=serving 3 streams READY=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]


def test_a_reload_has_its_time(manager: Manager, made: Making) -> None:
    """With RELOADING=1 goes the monotonic clock in microseconds, which systemd insists on."""
    before = time.monotonic_ns() // 1000
    made(manager.environment).reloading()
    [said] = manager.heard()
    stamp = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", said)
    assert stamp
    assert before <= int(stamp[1]) <= time.monotonic_ns() // 1000


def test_an_abstract_socket(made: Making) -> None:
    """A name that begins with "@" is in no file system."""
    manager = Manager(f"\0proxyd-test-{secrets.token_hex(8)}")
    made(manager.environment).ready()
    assert manager.heard() == ["READY=1"]
    manager.socket.close()


def test_nobody_is_told_where_nobody_asked(made: Making) -> None:
    """Without NOTIFY_SOCKET nothing is sent and nothing waits, watchdog or not."""
    notify = made({"WATCHDOG_USEC": "1000000"})
    notify.ready()
    loop = VirtualLoop()
    before = loop.time()
    loop.run(notify.feed(lambda: True))
    assert loop.time() == before
    loop.close()


def test_the_watchdog_is_fed_twice_in_its_interval(manager: Manager, made: Making) -> None:
    """At once, and then after each half of what WATCHDOG_USEC says."""
    feed(made(manager.watches(30)), 61, repeat(object=True))
    assert manager.heard() == ["WATCHDOG=1"] * 5


def test_what_is_not_alive_does_not_feed(manager: Manager, made: Making) -> None:
    """It feeds only when it is alive at that moment, and goes on when it is again."""
    feed(made(manager.watches(30)), 61, iter([True, False, False, False, True]))
    assert manager.heard() == ["WATCHDOG=1"] * 2


@pytest.mark.parametrize("pid", ["1", "0", ""])
def test_the_watchdog_of_another_process_is_left_alone(
    manager: Manager, made: Making, pid: str
) -> None:
    """WATCHDOG_PID says whose it is."""
    feed(made(manager.watches(30, pid)), 61, repeat(object=True))
    assert manager.heard() == []


def test_a_watchdog_without_a_process_is_ours(manager: Manager, made: Making) -> None:
    """WATCHDOG_PID may be missing."""
    feed(made(manager.environment | {"WATCHDOG_USEC": "2000000"}), 1.5, repeat(object=True))
    assert manager.heard() == ["WATCHDOG=1"] * 2


def test_a_manager_that_does_not_listen_any_more_stops_nothing(
    manager: Manager, made: Making
) -> None:
    """What can not be sent is dropped: neither an error nor a wait."""
    notify = made(manager.environment)
    for _ in range(100_000):  # more than any queue holds
        notify.watchdog()
    assert 0 < len(manager.heard()) < 100_000
    manager.socket.close()
    notify.stopping()


@pytest.mark.parametrize("address", ["/nowhere/notify", "vsock:2:1234", "@proxyd-nobody"])
def test_a_socket_that_is_not_there_stops_the_start(address: str) -> None:
    """The error names the variable and what is in it."""
    with pytest.raises(StartupError, match=f"NOTIFY_SOCKET: '{address}': "):
        Notify({"NOTIFY_SOCKET": address})


@pytest.mark.parametrize("interval", ["-1", "soon", "", "1.5"])
def test_an_interval_that_is_no_number_stops_the_start(manager: Manager, interval: str) -> None:
    """The error names the variable and what is in it."""
    with pytest.raises(StartupError, match=f"WATCHDOG_USEC: '{interval}' is not a number"):
        Notify(manager.environment | {"WATCHDOG_USEC": interval})
