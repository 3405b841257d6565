"""A run of the add-on's tests on the newest Blender, which needs a Python of its own, beside all others.

One of two processors would rest otherwise: most tests keep one busy.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv313" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
WAIT_SECONDS = 1800.0


class Run(NamedTuple):
    """Tests of the add-on, running."""

    process: subprocess.Popen[bytes]
    said: Path


# Where a session keeps its run.
RUN = pytest.StashKey[Run]()


def begin() -> Run:
    """Start them; what they print goes to a file, as nobody reads a pipe meanwhile."""
    said = Path(tempfile.mkdtemp(prefix="newest_blender")) / "said.txt"
    command = [str(PYTHON), "-m", "pytest", "tests/addon", "-q", "-p", "no:cacheprovider"]
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    return Run(process, said)


def end(run: Run) -> tuple[int, str]:
    """Exit code and everything printed.

    Raises
    ------
    subprocess.TimeoutExpired
        If they are not done after ``WAIT_SECONDS``.
    """
    code = run.process.wait(WAIT_SECONDS)
    return code, run.said.read_text(encoding="utf-8", errors="replace")
