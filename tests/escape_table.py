"""Which layer of the sandbox stops what: measured, and kept in docs/sandbox.md.

python -m tests.escape_table            writes the table there anew
python -m tests.escape_table LAYER DIR  enters one layer, tries all, and prints what worked
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from proxyd import sandbox
from proxyd.kernel import escapes, landlock, seccomp
from proxyd.kernel.calls import MDWE_REFUSE_EXEC_GAIN, PR_SET_MDWE, PR_SET_NO_NEW_PRIVS, prctl

PAGE = Path(__file__).parents[1] / "docs" / "sandbox.md"
BEGIN, END = "<!-- the table: python -m tests.escape_table -->\n", "<!-- its end -->\n"


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _landlock() -> None:
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    landlock.enter([443])


def _seccomp() -> None:
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    seccomp.enter()


LAYERS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "limits": _limits,
    "no-exec-write": lambda: prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN),
    "Landlock": _landlock,
    "seccomp": _seccomp,
    "all": lambda: sandbox.enter("required", [443]),
}


def tried(layer: str) -> dict[str, bool]:
    """Enter a layer in a process of its own, and return which attempts worked."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "tests.escape_table", layer, directory],
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
    worked: dict[str, bool] = json.loads(done.stdout)
    return worked


def table() -> str:
    """Run all attempts under every layer, and write what came of it."""
    columns = {layer: tried(layer) for layer in LAYERS}
    return "".join(f"{line}\n" for line in _lines(columns))


def _lines(columns: dict[str, dict[str, bool]]) -> Iterator[str]:
    yield f"| attempt | {' | '.join(columns)} |"
    yield f"|---|{'---|' * len(columns)}"
    for attempt in next(iter(columns.values())):
        cells = ("**works**" if column[attempt] else "refused" for column in columns.values())
        yield f"| {attempt} | {' | '.join(cells)} |"


def _try_all(layer: str, directory: Path) -> None:
    readable = directory / "readable"
    readable.write_text("as it was")
    LAYERS[layer]()
    ways = escapes.attempts(directory, readable) | escapes.network_attempts([443])
    sys.stdout.write(json.dumps({what: escapes.works(attempt) for what, attempt in ways.items()}))


def main() -> None:
    """Do what the command line says."""
    if len(sys.argv) > 1:
        _try_all(sys.argv[1], Path(sys.argv[2]))
        return
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}")


if __name__ == "__main__":
    main()
