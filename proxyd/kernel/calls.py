"""System calls that Python has no function for.

Constants are from linux/prctl.h.
"""

from __future__ import annotations

import ctypes
import os

PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
MDWE_REFUSE_EXEC_GAIN = 1

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int, argument: object = 0) -> None:
    """Change what this process may.

    Raises:
        OSError: the kernel does not.

    """
    if _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), argument, 0, 0) != 0:
        raise _error()


def syscall(number: int, *arguments: object) -> int:
    """Make a system call, and return what it returns.

    Raises:
        OSError: it failed.

    """
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise _error()
    return result


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
