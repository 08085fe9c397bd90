"""Promises kept by the kernel: after `enter()` this process can write, make and run nothing.

No layer does it alone. RLIMIT_FSIZE lets names through (an empty file, a directory); Landlock lets
attributes, modes and memory files through, and file descriptors that were open before; seccomp
does not see what a path is. So: first see that nothing is open for writing, then the limits, then
Landlock and seccomp, before any thread is there, since they bind only the thread that enters them
and what that one starts later; and then try to get out. docs/sandbox.md has what was tried.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import msgspec

from proxyd.errors import StartupError
from proxyd.kernel import escapes, landlock, seccomp
from proxyd.kernel.calls import (
    MDWE_REFUSE_EXEC_GAIN,
    PR_SET_DUMPABLE,
    PR_SET_MDWE,
    PR_SET_NO_NEW_PRIVS,
    prctl,
)

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What holds.

    Attributes:
        mode: `required`, `best-effort` or `off`.
        layers: those in force.
        missing: those that are not, each with the reason.
        warnings: what is not for this process to mend.

    """

    mode: str
    layers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def enter(mode: str, connect_ports: Collection[int]) -> Report:
    """Give up the right to write, make and run anything.

    Args:
        mode: `required`, `best-effort` or `off`.
        connect_ports: the TCP ports that may be connected to.

    Raises:
        StartupError: with `required`, whatever does not hold.

    """
    if mode == "off":
        return Report(mode=mode)
    warnings = tuple(_warnings())
    held, missing = [], []
    for name, step in _steps(connect_ports).items():
        try:
            step()
        except OSError as error:
            why = f"{name}: {error.strerror or error}"
            if mode == "required":  # at once: after the limits no file takes the reason any more
                raise StartupError(
                    f"the sandbox does not hold ({why}). Mend that, or set sandbox.mode to "
                    '"best-effort" in the configuration: then nothing but proxyd itself keeps the '
                    "promise"
                ) from None
            missing.append(why)
        else:
            held.append(name)
    return Report(mode=mode, layers=tuple(held), missing=tuple(missing), warnings=warnings)


def _steps(connect_ports: Collection[int]) -> dict[str, Callable[[], None]]:
    return {
        "no writable files": _refuse_writable_files,
        "one thread": _refuse_threads,
        "no core, no file size": _limit,
        "not dumpable": lambda: prctl(PR_SET_DUMPABLE, 0),
        "no new privileges": lambda: prctl(PR_SET_NO_NEW_PRIVS, 1),
        "no memory both written and run": _no_written_memory_is_run,
        "landlock": lambda: landlock.enter(connect_ports),
        "seccomp": seccomp.enter,
        "self-test": lambda: _try_to_escape(connect_ports),
    }


def _refuse_writable_files() -> None:
    """Find file descriptors through which a regular file could still be written."""
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are all that is needed
        number = int(entry)
        if _is_writable_file(number):
            name = {1: "standard output", 2: "standard error"}.get(number, f"descriptor {number}")
            raise PermissionError(0, f"{name} is a regular file; use a pipe or the journal")


def _is_writable_file(number: int) -> bool:
    try:
        is_file = stat.S_ISREG(os.fstat(number).st_mode)
        return is_file and fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:  # the one that listed them is closed by now
        return False


def _refuse_threads() -> None:
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - names are all that is needed
        raise PermissionError(0, "a thread is running already, which would stay outside")


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _no_written_memory_is_run() -> None:
    """Have the memory manager refuse it (Linux 6.3); before that, seccomp alone does."""
    try:
        prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def _try_to_escape(connect_ports: Collection[int]) -> None:
    """Really try, and call it a failure if anything works."""
    directory = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - nothing is kept there
    ways = escapes.attempts(directory, Path(sys.executable))
    if landlock.limits_tcp():
        ways |= escapes.network_attempts(connect_ports)
    worked = [what for what, attempt in ways.items() if escapes.works(attempt)]
    if worked:
        raise PermissionError(0, f"it was possible to {', to '.join(worked)}")


def _warnings() -> Iterable[str]:
    """Say what this process can not see to by itself."""
    if not landlock.limits_tcp():
        yield "TCP is not limited by port: that needs Linux 6.7"
    if may_be_swapped(_PROC, _CGROUPS):
        yield "swap is in use and not forbidden to proxyd: set MemorySwapMax=0 in its unit"


def may_be_swapped(proc: Path, cgroups: Path) -> bool:
    """Whether memory may go to a disk: there is swap, and no limit of 0 for this process.

    Args:
        proc: where proc(5) is mounted.
        cgroups: where cgroup2 is.

    """
    try:
        if len((proc / "swaps").read_text().splitlines()) <= 1:  # a head and no swap
            return False
        lines = (proc / "self" / "cgroup").read_text().splitlines()
        own = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
        return (cgroups / own[0] / "memory.swap.max").read_text().strip() != "0"
    except (OSError, IndexError):
        return True
