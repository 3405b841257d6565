"""Making an offline bundle where the Python at hand has no pip, as Debian's own has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dirfa_blender.core.errors import ServerError
from dirfa_blender.setup import bundle as bundles
from dirfa_blender.setup import bundling, system
from dirfa_blender.setup.environment import SERVER
from dirfa_blender.setup.installation import Source


@pytest.fixture
def without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter that runs, as it is where pip is a package of its own."""
    home = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    monkeypatch.setattr(bundling.sys, "executable", str(python))
    monkeypatch.setattr(bundling.system, "find_python", lambda _minors: system.probe(python))


@pytest.mark.usefixtures("without_pip")
def test_a_python_without_pip_gets_one_that_outlasts_every_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    monkeypatch.setattr(bundling, "requirements", lambda *_: {SERVER: []})
    monkeypatch.setattr(bundling, "constraints", lambda _root: [])

    # pip itself answers: it was asked for nothing.
    with pytest.raises(ServerError, match="at least one requirement"):
        bundling.make(folder, bundles.this_platform(), Source("cuda"), lambda *_: None)

    assert [entry.name for entry in folder.iterdir() if entry.name != bundles.WHEELS] == [
        "setup.log"
    ]
