"""The same tests on the newest Blender, which needs a Python of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv313"
PYTHON = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="this is the newest Blender's own Python")
def test_every_addon_test_also_passes_on_the_newest_blender() -> None:
    if not PYTHON.exists():
        pytest.skip("no .venv313 with bpy 5.2: it needs Python 3.13, see `python3 dirfa.py doctor`")

    run = subprocess.run(
        [str(PYTHON), "-m", "pytest", "tests/addon", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
