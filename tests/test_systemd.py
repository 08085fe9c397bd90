"""The unit file, as systemd's own tools see it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

UNIT = Path(__file__).parents[1] / "systemd" / "proxyd.service"
EXPOSURE = 15
"""Ten times the exposure that systemd may find at most; 100 is the worst."""


def test_its_exposure_is_bounded() -> None:
    """`systemd-analyze security` finds the unit as locked in as it is meant to be."""
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is missing: apt-get install systemd"
    subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", str(UNIT)],
        check=True,
        capture_output=True,
    )
