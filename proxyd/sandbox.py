"""Promises kept by the kernel: after `enter()` this process can write, make and run nothing.

No layer does it alone. RLIMIT_FSIZE lets names through (an empty file, a directory);
Landlock binds only the thread that enters it and what that one starts later, and lets file
descriptors through that were open before. So: first see that none is, then the limits, then
Landlock, before any thread is there; and then try.

Constants are from linux/prctl.h and linux/landlock.h; the system calls have the same numbers
on every architecture (asm-generic/unistd.h).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import stat
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from proxyd.errors import StartupError

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_NET_PORT = 2
_NET_ABI, _TRUNCATE_ABI, _REFER_ABI, _IOCTL_ABI = 4, 3, 2, 5

_FS_EXECUTE, _FS_WRITE_FILE = 1 << 0, 1 << 1
_FS_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_FS_REFER, _FS_TRUNCATE, _FS_IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NET_BIND_TCP, _NET_CONNECT_TCP = 1 << 0, 1 << 1

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 4, 38, 65
_MDWE_REFUSE_EXEC_GAIN = 1


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What holds. `layers` are in force; `missing` are not, with the reason of each."""

    mode: str
    layers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def enter(mode: str, connect_ports: Iterable[int]) -> Report:
    """Give up the right to write, make and run anything.

    Args:
        mode: `required`, `best-effort` or `off`.
        connect_ports: the TCP ports that may be connected to.

    Raises:
        StartupError: with `required`, whatever does not hold.

    """
    if mode == "off":
        return Report(mode=mode)
    steps: dict[str, Callable[[], None]] = {
        "no writable files": _refuse_writable_files,
        "one thread": _refuse_threads,
        "no core, no file size": _limit,
        "not dumpable": lambda: _prctl(_PR_SET_DUMPABLE, 0),
        "no new privileges": lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "no memory both written and run": lambda: _prctl(_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN),
        "landlock": lambda: _landlock(connect_ports),
        "self-test": _try_to_escape,
    }
    held, missing = [], []
    for name, step in steps.items():
        try:
            step()
        except OSError as error:
            missing.append(f"{name}: {error.strerror or error}")
        else:
            held.append(name)
    if missing and mode == "required":
        raise StartupError(
            f"the sandbox does not hold ({'; '.join(missing)}). Mend that, or set sandbox.mode to "
            '"best-effort" in the configuration: then nothing but proxyd itself keeps the promise'
        )
    return Report(mode=mode, layers=tuple(held), missing=tuple(missing))


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


def _landlock(connect_ports: Iterable[int]) -> None:
    abi = _syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    rights = _FS_EXECUTE | _FS_WRITE_FILE | _FS_REMOVE_AND_MAKE
    for since, right in ((_REFER_ABI, _FS_REFER), (_TRUNCATE_ABI, _FS_TRUNCATE)):
        rights |= right if abi >= since else 0
    rights |= _FS_IOCTL_DEV if abi >= _IOCTL_ABI else 0
    net = _NET_BIND_TCP | _NET_CONNECT_TCP if abi >= _NET_ABI else 0
    attributes = struct.pack("=QQ", rights, net) if net else struct.pack("=Q", rights)
    ruleset = _syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        if net:
            for port in sorted(set(connect_ports)):
                rule = struct.pack("=QQ", _NET_CONNECT_TCP, port)
                _syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_NET_PORT, rule, 0)
        _syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _try_to_escape() -> None:
    """Really try, and call it a failure if anything works."""
    name = Path(os.environ.get("TMPDIR", "/tmp")) / f".proxyd-escape-{os.getpid()}"  # noqa: S108 - nothing is kept there
    attempts: dict[str, Callable[[], object]] = {
        "write a file": lambda: name.write_bytes(b"escaped"),
        "make a directory": name.mkdir,
        "make a link": lambda: name.symlink_to("escaped"),
        "run a program": _run_a_program,
    }
    for what, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            _remove(name)
            continue
        _remove(name)
        raise PermissionError(0, f"it was possible to {what}")


def _run_a_program() -> None:
    child = os.posix_spawn(sys.executable, [sys.executable, "-I", "-c", ""], {})
    os.waitpid(child, 0)


def _remove(name: Path) -> None:
    with suppress(OSError):
        name.rmdir() if name.is_dir() and not name.is_symlink() else name.unlink()


_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _syscall(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
