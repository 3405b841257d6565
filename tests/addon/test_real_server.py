"""The add-on with the real server: started by the first Generate, asked again, ended with the add-on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.performing import takes
from dirfa_blender.server_process import running_server, server_python
from dirfa_blender.session import state
from tests.addon.stage import character

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "samples" / "speech.flac"


@pytest.fixture
def stage(scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    environment = ROOT / ".venv"
    monkeypatch.setenv("DIRFA_ENVIRONMENT", str(environment.resolve()))
    # A server that somebody else runs on this machine is none of ours.
    for name in ("XDG_RUNTIME_DIR", "TMPDIR", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    if server_python(ROOT) is None:
        pytest.skip("the server's environment is not set up: python3 dirfa.py setup")
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system about processes as POSIX does")
def test_a_line_comes_from_a_server_that_starts_by_itself_and_ends_with_the_add_on(stage) -> None:
    face = character()
    settings = stage.dirfa
    settings.audio, settings.actor, settings.target = str(SPEECH), "object", face

    assert bpy.ops.dirfa.generate() == {"FINISHED"}

    pid = state().server.pid
    assert pid is not None
    line = stage.dirfa.lines[0]
    take = takes.read_take(line.takes[0])
    curves = fcurves.curves_of(face.data.shape_keys)
    jaw = fcurves.read_keys(curves['key_blocks["jawOpen"].value', 0])
    assert len(curves) == 53
    assert 4.0 < take.duration < 4.6
    assert np.ptp(jaw[:, 1]) > 0.05
    assert take.source["seed"] == "0"

    assert bpy.ops.dirfa.another_take() == {"FINISHED"}

    assert state().server.pid == pid
    assert [taken.seed for taken in line.takes] == [0, 1]
    assert line.takes[0].digest != line.takes[1].digest

    dirfa_blender.unregister()
    was_running = is_running(pid)
    dirfa_blender.register()
    assert not was_running
    assert running_server() is None
