"""The .blend moves: what it refers to beside itself is still found."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from dirfa_blender.performing import cues, lines
from tests.addon.stage import character
from tests.addon.test_scene import write_tone


@pytest.fixture
def saved(stage, tmp_path: Path) -> bpy.types.Scene:
    """A file in a folder of its own, with a line and a photo that it seeks there."""
    home = tmp_path / "shot 1 ü"
    home.mkdir()
    write_tone(home / "линия 1.wav", 1.0)
    (home / "face.png").write_bytes(b"")
    bpy.ops.wm.save_as_mainfile(filepath=str(home / "shot.blend"))
    line = lines.new_line(stage, "Line", "FILE")
    lines.set_character(line, character())
    line.path = "//линия 1.wav"
    stage.dirfa.photo = "//face.png"
    stage.dirfa.live.audio = "//линия 1.wav"
    return stage


def heard(scene: bpy.types.Scene) -> Path:
    return cues.cue_of(scene, scene.dirfa.lines[0]).speech.path


def test_a_recording_beside_the_file_is_found_after_it_is_saved_elsewhere(saved, tmp_path) -> None:
    before = heard(saved).resolve()
    (tmp_path / "b" / "c").mkdir(parents=True)

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "b" / "c" / "shot.blend"))
    here = heard(saved).resolve()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "b" / "c" / "shot.blend"))
    scene = bpy.context.scene

    assert here == heard(scene).resolve() == before
    assert scene.dirfa.lines[0].path.startswith("//..")
    for path in (scene.dirfa.photo, scene.dirfa.live.audio):
        assert Path(bpy.path.abspath(path)).is_file()


def test_a_copy_elsewhere_finds_it_too_and_the_open_file_keeps_its_own(saved, tmp_path) -> None:
    (tmp_path / "b").mkdir()

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "b" / "copy.blend"), copy=True)
    kept = saved.dirfa.lines[0].path
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "b" / "copy.blend"))

    assert kept == "//линия 1.wav"
    assert heard(bpy.context.scene).is_file()


def test_a_save_that_fails_changes_nothing(saved, tmp_path) -> None:
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "nowhere" / "x" / "shot.blend"))

    assert saved.dirfa.lines[0].path == "//линия 1.wav"
    assert heard(saved).is_file()


def test_saving_in_the_same_folder_leaves_paths_alone(saved) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(bpy.data.filepath).with_name("other.blend")))

    assert saved.dirfa.lines[0].path == "//линия 1.wav"
