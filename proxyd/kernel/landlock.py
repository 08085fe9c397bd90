"""Landlock: no writing, making, removing or running of files; TCP to some ports only.

Constants are from linux/landlock.h; the system calls have the same numbers on every architecture
(asm-generic/unistd.h).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from proxyd.kernel.calls import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_NET_PORT = 2
_REFER_ABI, _TRUNCATE_ABI, _NET_ABI, _IOCTL_ABI = 2, 3, 4, 5

_FS_EXECUTE, _FS_WRITE_FILE = 1 << 0, 1 << 1
_FS_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_FS_REFER, _FS_TRUNCATE, _FS_IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NET_BIND_TCP, _NET_CONNECT_TCP = 1 << 0, 1 << 1


def limits_tcp() -> bool:
    """Whether this kernel can limit TCP by port: Linux 6.7 and later."""
    try:
        return _abi() >= _NET_ABI
    except OSError:
        return False


def enter(connect_ports: Iterable[int]) -> None:
    """Give up every right but those to read, and to connect to these TCP ports.

    It binds the calling thread and those that it starts later.

    Raises:
        OSError: the kernel has no Landlock, or does not let it be used.

    """
    abi = _abi()
    rights = _FS_EXECUTE | _FS_WRITE_FILE | _FS_REMOVE_AND_MAKE
    for since, right in (
        (_REFER_ABI, _FS_REFER),
        (_TRUNCATE_ABI, _FS_TRUNCATE),
        (_IOCTL_ABI, _FS_IOCTL_DEV),
    ):
        rights |= right if abi >= since else 0
    net = _NET_BIND_TCP | _NET_CONNECT_TCP if abi >= _NET_ABI else 0
    attributes = struct.pack("=QQ", rights, net) if net else struct.pack("=Q", rights)
    ruleset = syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        if net:
            for port in sorted(set(connect_ports)):
                rule = struct.pack("=QQ", _NET_CONNECT_TCP, port)
                syscall(_ADD_RULE, ruleset, _RULE_NET_PORT, rule, 0)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _abi() -> int:
    return syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
