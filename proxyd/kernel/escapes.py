"""Ways out of the sandbox: each is really tried, so that it is not the sandbox that says it holds.

An attempt that works leaves nothing behind where that can be helped. None may end this process.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import socket
import stat
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from proxyd.kernel.calls import syscall

Attempt = Callable[[], object]

_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}
_SHMGET = {"x86_64": 29, "aarch64": 194}
_IPC_PRIVATE = 0
_IO_URING_SETUP = 425
_PAGE = 4096
_MPTCP = 262
_FAST_OPEN = 0x20000000
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602


def attempts(directory: Path, readable: Path) -> dict[str, Attempt]:
    """Return what is tried, by what it would be.

    Args:
        directory: one that could be written to, were it not for the sandbox.
        readable: a file that can be read.

    """
    name = directory / f".proxyd-escape-{os.getpid()}"
    return {
        "write a new file": _undone(name, lambda: name.write_bytes(b"escaped")),
        "write an unnamed file": lambda: os.close(os.open(directory, os.O_TMPFILE | os.O_RDWR)),
        "make a directory": _undone(name, name.mkdir),
        "make a symbolic link": _undone(name, lambda: name.symlink_to("what was found")),
        "make a hard link": _undone(name, lambda: name.hardlink_to(readable)),
        "make a fifo": _undone(name, lambda: os.mkfifo(name)),
        "bind a unix socket": _undone(name, lambda: _bind_unix(name)),
        "set an attribute": lambda: _set_attribute(directory),
        "change a mode": lambda: directory.chmod(stat.S_IMODE(directory.stat().st_mode)),
        "change a time": lambda: os.utime(directory, ns=_times(directory)),
        "write a file in memory": _memory_file,
        "share memory by a key": _share_memory,
        "use io_uring": lambda: os.close(syscall(_IO_URING_SETUP, 1, bytes(120))),
        "start a process": _fork,
        "run a program": _run_a_program,
        "run memory that was written": _run_memory,
        "lift the limit of a file's size": _lift_limit,
        "change a file's flags by ioctl": lambda: _set_flags(readable),
        "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close(),
        "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    }


def network_attempts(allowed: Collection[int]) -> dict[str, Attempt]:
    """Return what is tried where the kernel can limit TCP by port.

    Args:
        allowed: the ports that may be connected to.

    """
    other = next(port for port in range(1, len(allowed) + 2) if port not in allowed)
    return {
        "listen on a port": lambda: socket.create_server(("127.0.0.1", 0)).close(),
        "connect to another port": lambda: _connect(other),
        "connect to it by MPTCP": lambda: _connect(other, _MPTCP),
        "connect to it by sending": lambda: _send_to(other),
    }


def works(attempt: Attempt) -> bool:
    """Try, and return whether it was possible."""
    try:
        attempt()
    except (OSError, ValueError):  # setrlimit says no by a ValueError
        return False
    return True


def _undone(name: Path, attempt: Attempt) -> Attempt:
    def tried() -> None:
        try:
            attempt()
        finally:
            with suppress(OSError):
                name.rmdir() if name.is_dir() and not name.is_symlink() else name.unlink()

    return tried


def _bind_unix(name: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(name))


def _set_attribute(path: Path) -> None:
    os.setxattr(path, "user.proxyd-escape", b"what was found")
    os.removexattr(path, "user.proxyd-escape")


def _times(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_atime_ns, found.st_mtime_ns


def _memory_file() -> None:
    os.close(syscall(_MEMFD_CREATE.get(os.uname().machine, -1), b"escaped", 0))


def _share_memory() -> None:
    syscall(_SHMGET.get(os.uname().machine, -1), _IPC_PRIVATE, _PAGE, 0o1600)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _run_a_program() -> None:
    child = os.posix_spawn(sys.executable, [sys.executable, "-I", "-c", ""], {})
    os.waitpid(child, 0)


def _run_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    prot_all, private_anonymous = 7, 0x22
    if libc.mmap(None, _PAGE, prot_all, private_anonymous, -1, 0) == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "refused")


def _lift_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if soft == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _connect(port: int, protocol: int = 0) -> None:
    """Connect to a port; one at which nobody listens was reached, so that counts."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as made,
        suppress(ConnectionRefusedError),
    ):
        made.settimeout(1)
        made.connect(("127.0.0.1", port))


def _send_to(port: int) -> None:
    """Send on a socket that is not connected: TCP Fast Open connects it."""
    with socket.socket() as made, suppress(ConnectionRefusedError):
        made.sendto(b"what was found", _FAST_OPEN, ("127.0.0.1", port))


def _set_flags(path: Path) -> None:
    """Set a file's flags to what they are (ioctl_iflags(2)): its inode is written."""
    number = os.open(path, os.O_RDONLY)
    try:
        flags = fcntl.ioctl(number, _GET_FLAGS, bytes(8))
        fcntl.ioctl(number, _SET_FLAGS, flags)
    finally:
        os.close(number)
