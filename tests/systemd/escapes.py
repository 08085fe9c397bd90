"""Tries to get out of the unit, from inside of it, and prints what came of each attempt as JSON.

With "sandbox" as argument it enters proxyd's own sandbox first. It is run by boot.py as a copy of
the unit that starts this instead of the daemon.
"""

# Each attempt is one call to the kernel, in places that anyone may try.
# ruff: noqa: PTH101, PTH102, PTH104, PTH107, PTH108, PTH116, PTH123, PTH208, PTH211, S108

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

from proxyd import sandbox

CONFIG = "/etc/proxyd/proxyd.toml"
CREDENTIALS = os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")
PLACES = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/opt/proxyd", CREDENTIALS)
LOADER = next(Path("/lib64").glob("ld-linux-*.so.*"), Path("/lib/ld-linux-aarch64.so.1"))
LIBC = ctypes.CDLL(None, use_errno=True)

JOURNAL = "/run/systemd/journal/socket"
WRITE = os.O_CREAT | os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
IS_X86 = os.uname().machine == "x86_64"

# Of the headers linux/sched.h, mount.h, ptrace.h, prctl.h, seccomp.h and bits/ipc.h; then system
# calls, of which the older ones have another number on each architecture.
CLONE_NEWUSER, MS_BIND, PTRACE_TRACEME, IPC_PRIVATE = 0x10000000, 4096, 0, 0
PR_GET_NO_NEW_PRIVS, SECCOMP_GET_ACTION_AVAIL, SECCOMP_RET_ALLOW = 39, 2, 0x7FFF0000
IO_URING_SETUP, LANDLOCK_CREATE_RULESET, MEMFD_SECRET = 425, 444, 447
ADD_KEY, SECCOMP = (248, 317) if IS_X86 else (217, 277)


def checked(result: int) -> None:
    """Raise what the C library says of a call that failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), "")


def attempts_in(place: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the ways to leave something in a directory."""
    name = f"{place.rstrip('/')}/escape-{os.getpid()}"
    yield f"create {place}", lambda: os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    yield f"unnamed {place}", lambda: os.close(os.open(place, os.O_TMPFILE | os.O_WRONLY))
    yield f"mkdir {place}", lambda: os.mkdir(name)
    yield f"symlink {place}", lambda: os.symlink("data in a name", name)
    yield f"mkfifo {place}", lambda: os.mkfifo(name)
    yield f"socket {place}", lambda: socket.socket(socket.AF_UNIX).bind(name)
    yield f"xattr {place}", lambda: os.setxattr(place, "user.escape", b"data")


def attempts() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield everything that has to be refused: its name, and the attempt."""
    for place in PLACES:
        yield from attempts_in(place)
    yield "link", lambda: os.link(CONFIG, "/tmp/link")
    yield "rename", lambda: os.rename(CONFIG, f"{CONFIG}.old")
    yield "remove", lambda: os.remove(CONFIG)
    yield "append", lambda: open(CONFIG, "a").close()
    yield "truncate", lambda: os.truncate(CONFIG, 0)
    yield "chmod", lambda: os.chmod(CONFIG, 0o644)
    yield "chown", lambda: os.chown(CONFIG, os.getuid(), -1)
    yield "utime", lambda: os.utime(CONFIG)
    yield "xattr of a file", lambda: os.setxattr(CONFIG, "user.escape", b"data")
    yield "mknod", lambda: os.mknod("/tmp/node", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    yield "memfd", lambda: os.close(os.memfd_create("escape"))
    yield "memfd_secret", lambda: checked(LIBC.syscall(MEMFD_SECRET, 0))
    yield "System V memory", lambda: checked(LIBC.shmget(IPC_PRIVATE, 4096, 0o600))
    yield "message queue", lambda: checked(LIBC.mq_open(b"/escape", os.O_CREAT | os.O_RDWR, 384, 0))
    yield "key", lambda: checked(LIBC.syscall(ADD_KEY, b"user", b"escape", b"data", 4, -3))
    yield "run a program", lambda: subprocess.run(["/usr/bin/true"], check=True)
    yield "run it by the loader", lambda: run_and_tell([str(LOADER), "/usr/bin/true"])
    yield (
        "memory that is written and run",
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    )
    yield "netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    yield "raw packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "raw IP", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    yield "vsock", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    yield "user namespace", lambda: checked(LIBC.unshare(CLONE_NEWUSER))
    yield "mount", lambda: checked(LIBC.mount(b"/tmp", b"/tmp", None, MS_BIND, None))
    yield "ptrace", lambda: checked(LIBC.ptrace(PTRACE_TRACEME, 0, 0, 0))
    yield "io_uring", lambda: checked(LIBC.syscall(IO_URING_SETUP, 1, b"\0" * 120))
    yield "real-time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    yield "root", lambda: os.setuid(0)
    yield "signal to init", lambda: os.kill(1, 0)
    yield "read a secret", lambda: os.listdir("/etc/proxyd/credentials")
    yield "read /etc/shadow", lambda: open("/etc/shadow").close()
    yield "look into /root", lambda: os.listdir("/root")
    yield "look into /home", lambda: os.listdir("/home")
    yield "look into /var/log", lambda: os.listdir("/var/log")
    yield "look at init", lambda: os.listdir("/proc/1")


def run_and_tell(command: list[str]) -> None:
    """Run a program; that it could not be mapped shows in how it ends."""
    if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        raise PermissionError(errno.EPERM, "")


def tried(attempt: Callable[[], object]) -> str:
    """Return the name of the error that refused it, or "worked"."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "worked"


def everywhere() -> tuple[Counter[str], list[str]]:
    """Try to make a file in every directory, and to open every file outside /usr for writing.

    Returns:
        How often which error was met, and the paths where there was none.

    """
    errors: Counter[str] = Counter()
    worked: list[str] = []
    for directory, below, files in os.walk("/"):
        if directory == "/":
            below.remove("proc")  # what is there of this process is the kernel's, not a file
        paths = [f"{directory}/escape-{os.getpid()}"]
        if not directory.startswith("/usr"):
            paths += [f"{directory}/{file}" for file in files]
        for path in paths:
            outcome = tried(lambda: os.close(os.open(path, WRITE, 0o600)))  # noqa: B023
            errors[outcome] += 1
            if outcome == "worked" and not is_harmless_device(path):
                worked.append(path)
                with suppress(OSError):
                    os.unlink(paths[0])
    return errors, worked


def is_harmless_device(path: str) -> bool:
    """Whether it is /dev/null or one of its kind, which keeps nothing."""
    return stat.S_ISCHR(os.stat(path).st_mode)


def needed() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what must not be refused, for the daemon to serve and to lock itself in further."""
    action = ctypes.byref(ctypes.c_uint32(SECCOMP_RET_ALLOW))
    yield "Landlock", lambda: checked(LIBC.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1))
    yield "seccomp", lambda: checked(LIBC.syscall(SECCOMP, SECCOMP_GET_ACTION_AVAIL, 0, action))
    yield "prctl", lambda: checked(LIBC.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))
    yield "limits", lambda: resource.getrlimit(resource.RLIMIT_CORE)
    yield "a thread", Thread(target=int).start
    yield "a pair of sockets", socket.socketpair
    yield "a name", lambda: socket.getaddrinfo("localhost", 443)
    yield "the journal", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect(JOURNAL)
    yield "certificates", lambda: os.listdir("/etc/ssl")
    yield "its credentials", lambda: os.listdir(CREDENTIALS)


def main() -> None:
    """Try all of it."""
    layers = sandbox.enter("required", [443]).layers if "sandbox" in sys.argv[1:] else ()
    errors, worked = everywhere()
    limits = (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)
    found = {
        "layers": layers,
        "outcomes": {name: tried(attempt) for name, attempt in attempts()},
        "port": tried(lambda: socket.create_server(("127.0.0.1", 0)).close()),
        "everywhere": errors,
        "worked": worked,
        "needed": {name: tried(attempt) for name, attempt in needed()},
        "limits": [resource.getrlimit(limit) for limit in limits],
        "writable_mounts": [fields[1] for fields in mounts() if "rw" in fields[3].split(",")],
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),
        "root": sorted(os.listdir("/")),
        "credentials": os.listdir(CREDENTIALS),
        "credentials_on": filesystem(CREDENTIALS),
    }
    sys.stdout.write(json.dumps(found))


def mounts() -> list[list[str]]:
    """Return what is mounted, in the order of time: the fields of proc_mounts(5)."""
    return [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]


def filesystem(path: str) -> str:
    """Return the type of the file system that is mounted there."""
    return next((fields[2] for fields in reversed(mounts()) if fields[1] == path), "")


if __name__ == "__main__":
    main()
