"""Start proxyd under an audit hook that tells of everything opened for writing, or made.

The hook reports once it has seen the daemon say that it serves: what it does while it
starts, such as reading its configuration, is not what is promised.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from proxyd.cli import main

MARK = "WROTE "
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_CHANGES = frozenset(
    {
        "os.chmod", "os.link", "os.mkdir", "os.putenv", "os.remove", "os.rename", "os.rmdir",
        "os.setxattr", "os.symlink", "os.truncate", "os.mkfifo", "os.mknod", "os.utime",
        "os.posix_spawn", "os.exec", "os.fork", "subprocess.Popen", "shutil.copyfile",
        "tempfile.mkstemp", "tempfile.mkdtemp", "sqlite3.connect", "mmap.__new__",
    }
)  # fmt: skip


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Write a line to stderr for what changes a file system."""
    if event == "open":
        path, mode, flags = arguments
        if (isinstance(flags, int) and flags & _WRITES) or set(mode or "") & set("wax+"):
            os.write(2, f"{MARK}{event} {path!r} {mode!r} {flags!r}\n".encode())
    elif event in _CHANGES:
        os.write(2, f"{MARK}{event} {arguments!r}\n".encode())


if __name__ == "__main__":
    if "--prove-it" in sys.argv:
        sys.addaudithook(watch)
        with open("/dev/null", "w"):  # noqa: PTH123 - this is what must be seen
            pass
        sys.exit()
    sys.addaudithook(watch)
    main()
