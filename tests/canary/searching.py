"""Search everything that a process may have left: files, by content, wherever they are."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

PASSED_OVER = ("/proc", "/sys")
_PIECE = 1 << 20
_OVERLAP = 4096


def changed_since(moment: float, root: Path = Path("/")) -> Iterator[Path]:
    """Yield every regular file that was written or made since a moment, on every file system."""
    for directory, below, files in os.walk(root):
        below[:] = [
            name for name in below if f"{directory}/{name}".replace("//", "/") not in PASSED_OVER
        ]
        for name in files:
            path = Path(directory, name)
            try:
                found = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_ctime >= moment:
                yield path


def names_since(moment: float, root: Path = Path("/")) -> Iterator[str]:
    """Yield the names of all that was made since a moment: a name can hold something as well."""
    for directory, below, files in os.walk(root):
        below[:] = [
            name for name in below if f"{directory}/{name}".replace("//", "/") not in PASSED_OVER
        ]
        for name in (*below, *files):
            try:
                if Path(directory, name).lstat().st_ctime >= moment:
                    yield name
            except OSError:
                continue


def holding(path: Path, patterns: Sequence[re.Pattern[bytes]]) -> list[bytes]:
    """Return what of the patterns is in a file, as it is or as UTF-16; nothing if it is gone."""
    found: list[bytes] = []
    try:
        with path.open("rb") as file:
            before = b""
            while piece := file.read(_PIECE):
                text = before + piece
                for view in (text, text.replace(b"\0", b"")):
                    found += [match[0] for pattern in patterns for match in pattern.finditer(view)]
                before = piece[-_OVERLAP:]
    except OSError:
        return []
    return found
