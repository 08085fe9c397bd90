"""seccomp: system calls that nobody here needs fail with EPERM.

It closes what Landlock does not see (extended attributes, modes, owners, memory files, message
queues, shared memory, new processes, other socket families, io_uring, which would get past every
filter) and repeats what Landlock does see: no layer does it alone. A list of what is refused, not
of what is allowed: a new libc may need new calls, and must not be broken by that.

The program is classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/filter.h). Numbers of
system calls are from asm/unistd_64.h and asm-generic/unistd.h; those above 424 are the same
everywhere.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import struct
from collections.abc import Iterable, Mapping

import msgspec

from proxyd.kernel.calls import PR_SET_SECCOMP, prctl

_FILTER = 2
_RET_ALLOW, _RET_ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
"""Bit of the system calls of x86-64's second, 32-bit ABI."""

_CLONE_THREAD = 0x00010000
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_WRITE_AND_RUN = mmap.PROT_WRITE | mmap.PROT_EXEC
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_STREAM, _DATAGRAM, _SOCKET_TYPE = 1, 2, 0xF
_ANY_PROTOCOL, _TCP, _UDP = 0, 6, 17
_FAST_OPEN = 0x20000000
"""Of send: connects as well, past Landlock's rule for connect."""

_IOCTL_KIND, _OF_TERMINALS, _OF_SOCKETS = 0xFF00, 0x5400, 0x8900
_TIOCSTI = 0x5412
"""Of terminals: types into them."""

_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "memfd_secret": 447, "fchmodat2": 452,
    "quotactl_fd": 443, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
    "file_setattr": 469,
}  # fmt: skip
_ABSENT = {"clone3": 435, "openat2": 437}
"""Their arguments lie in memory that a filter can not read. The libc goes on without them."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One architecture: its number in audit.h, and those of its system calls."""

    arch: int
    refused: Mapping[str, int]
    open: int | None
    openat: int
    clone: int
    socket: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    ioctl: int
    mmap: int
    mprotect: int
    pkey_mprotect: int
    prlimit64: int


MACHINES = {
    "x86_64": Machine(
        arch=0xC000003E,
        open=2, openat=257, clone=56, socket=41, sendto=44, sendmsg=46, sendmmsg=307, ioctl=16,
        mmap=9, mprotect=10, pkey_mprotect=329, prlimit64=302,
        refused={
            "shmget": 29, "shmat": 30, "shmctl": 31, "fork": 57, "vfork": 58, "execve": 59,
            "semget": 64, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "truncate": 76,
            "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
            "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93,
            "lchown": 94, "ptrace": 101, "syslog": 103, "utime": 132, "mknod": 133,
            "personality": 135, "pivot_root": 155, "setrlimit": 160, "chroot": 161, "acct": 163,
            "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
            "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
            "init_module": 175, "delete_module": 176, "quotactl": 179, "setxattr": 188,
            "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
            "fremovexattr": 199, "utimes": 235, "mq_open": 240, "mq_unlink": 241,
            "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "mkdirat": 258,
            "mknodat": 259, "fchownat": 260, "futimesat": 261, "unlinkat": 263, "renameat": 264,
            "linkat": 265, "symlinkat": 266, "fchmodat": 268, "unshare": 272, "utimensat": 280,
            "fallocate": 285, "perf_event_open": 298, "fanotify_init": 300,
            "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
            "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
            "renameat2": 316, "memfd_create": 319, "kexec_file_load": 320, "bpf": 321,
            "execveat": 322, "userfaultfd": 323, "copy_file_range": 326, **_EVERYWHERE,
        },
    ),
    "aarch64": Machine(
        arch=0xC00000B7,
        open=None, openat=56, clone=220, socket=198, sendto=206, sendmsg=211, sendmmsg=269,
        ioctl=29, mmap=222, mprotect=226, pkey_mprotect=288, prlimit64=261,
        refused={
            "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
            "fremovexattr": 16, "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36,
            "linkat": 37, "renameat": 38, "umount2": 39, "mount": 40, "pivot_root": 41,
            "truncate": 45, "ftruncate": 46, "fallocate": 47, "chroot": 51, "fchmod": 52,
            "fchmodat": 53, "fchownat": 54, "fchown": 55, "quotactl": 60, "utimensat": 88,
            "acct": 89, "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105,
            "delete_module": 106, "syslog": 116, "ptrace": 117, "reboot": 142,
            "sethostname": 161, "setdomainname": 162, "setrlimit": 164, "settimeofday": 170,
            "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187, "msgrcv": 188,
            "msgsnd": 189, "semget": 190, "shmget": 194, "shmctl": 195, "shmat": 196,
            "add_key": 217, "request_key": 218, "keyctl": 219, "execve": 221, "swapon": 224,
            "swapoff": 225, "perf_event_open": 241, "fanotify_init": 262,
            "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
            "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273,
            "renameat2": 276, "memfd_create": 279, "bpf": 280, "execveat": 281,
            "userfaultfd": 282, "copy_file_range": 285, "kexec_file_load": 294, **_EVERYWHERE,
        },
    ),
}  # fmt: skip
"""By what uname calls them."""


def enter() -> None:
    """Give up those system calls, for this thread and those that it starts later.

    Raises:
        OSError: the kernel has no filters, or the machine is one whose numbers are not known.

    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter is known for {platform.machine()}")
    program = b"".join(program_of(machine))
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    prctl(PR_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(head, len(head)))


def program_of(machine: Machine) -> list[bytes]:
    """Write the filter: an instruction is eight bytes."""
    deny, absent, allow = _refuse(errno.EPERM), _refuse(errno.ENOSYS), _op(_RETURN, _RET_ALLOW)
    lines = [_op(_LOAD, _ARCH), _op(_EQUAL, machine.arch, 1, 0), deny, _op(_LOAD, _NUMBER)]
    if machine.open is not None:  # x86-64, the only one that has it, has another ABI besides
        lines += _if(_AT_LEAST, _X32, [deny])
    # First, since they are many: what a filter always allows the kernel remembers, but not what
    # depends on arguments.
    for sending, argument in ((machine.sendto, 3), (machine.sendmsg, 2), (machine.sendmmsg, 3)):
        block = [_argument(argument), *_if(_ANY_BIT, _FAST_OPEN, [deny]), allow]
        lines += _if(_EQUAL, sending, block)
    for number in _ABSENT.values():
        lines += _if(_EQUAL, number, [absent])
    for number in sorted(machine.refused.values()):
        lines += _if(_EQUAL, number, [deny])
    for opening, argument in ((machine.open, 1), (machine.openat, 2)):
        if opening is not None:
            block = [_argument(argument), *_if(_ANY_BIT, _TO_WRITE, [deny]), allow]
            lines += _if(_EQUAL, opening, block)
    lines += _if(
        _EQUAL, machine.clone, [_argument(0), *_if(_ANY_BIT, _CLONE_THREAD, [allow]), deny]
    )
    lines += _if(_EQUAL, machine.socket, _sockets(deny, allow))
    kinds = [_op(_AND, _IOCTL_KIND), *_one_of([_OF_TERMINALS, _OF_SOCKETS], allow), deny]
    lines += _if(_EQUAL, machine.ioctl, [_argument(1), *_if(_EQUAL, _TIOCSTI, [deny]), *kinds])
    both = [
        _argument(2),
        _op(_AND, _WRITE_AND_RUN),
        *_if(_EQUAL, _WRITE_AND_RUN, [deny]),
        allow,
    ]
    lines += _if(_EQUAL, machine.mmap, both)
    for protect in (machine.mprotect, machine.pkey_mprotect):
        block = [_argument(2), *_if(_ANY_BIT, mmap.PROT_EXEC, [deny]), allow]
        lines += _if(_EQUAL, protect, block)
    # To ask for limits is harmless; root could lift them again.
    no_new = [_argument(2), *_if(_EQUAL, 0, [_argument(2, 4), *_if(_EQUAL, 0, [allow])]), deny]
    lines += _if(_EQUAL, machine.prlimit64, no_new)
    return [*lines, allow]


def _sockets(deny: bytes, allow: bytes) -> list[bytes]:
    """Write the block of socket(2): unix sockets, TCP and UDP, and nothing that is like them."""
    return [
        _argument(1),
        _op(_AND, _SOCKET_TYPE),
        _op(_EQUAL, _STREAM, 2, 0),
        _op(_EQUAL, _DATAGRAM, 1, 0),
        deny,
        _argument(0),
        *_if(_EQUAL, _AF_UNIX, [allow]),
        _op(_EQUAL, _AF_INET, 2, 0),
        _op(_EQUAL, _AF_INET6, 1, 0),
        deny,
        _argument(2),
        *_one_of([_ANY_PROTOCOL, _TCP, _UDP], allow),
        deny,
    ]


def _one_of(values: Iterable[int], then: bytes) -> list[bytes]:
    return [line for value in values for line in _if(_EQUAL, value, [then])]


def _if(test: int, value: int, then: list[bytes]) -> list[bytes]:
    """Write a test: `then` where it holds, else what comes after it."""
    return [_op(test, value, 0, len(then)), *then]


def _argument(index: int, offset: int = 0) -> bytes:
    """Load half of an argument: the lower one of a little-endian machine first."""
    return _op(_LOAD, _ARGUMENTS + 8 * index + offset)


def _refuse(number: int) -> bytes:
    return _op(_RETURN, _RET_ERRNO | number)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
