"""The import and export entries: what they do, and that they name what stands in the way."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import dirfa_blender
from dirfa_blender import blender_command, fcurves, meshes
from dirfa_blender.core.exchange import encoded_take
from dirfa_blender.core.npz_io import write_animation
from tests.addon.ball_head import ball_head, wavy_animation


@pytest.fixture
def face(scene):
    dirfa_blender.register()
    head = meshes.build_head(ball_head(rings=8, segments=8, textured=False), "Ball")
    bpy.context.view_layer.objects.active = head.face
    yield head.face
    dirfa_blender.unregister()


def test_a_live_link_file_plays_on_the_selected_character(face, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(encoded_take(wavy_animation(0.5), "live_link", ".csv"))

    assert bpy.ops.dirfa.import_take(filepath=str(path)) == {"FINISHED"}

    assert any("jawOpen" in curve for curve, _ in fcurves.curves_of(face.data.shape_keys))


def test_a_wrong_file_changes_nothing_and_says_why(face, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("hello")

    with pytest.raises(RuntimeError, match="none of the formats"):
        bpy.ops.dirfa.import_take(filepath=str(path))

    assert not len(bpy.data.actions)


def test_the_selected_character_is_exported(face, tmp_path: Path) -> None:
    assert bpy.ops.dirfa.export_character(filepath=str(tmp_path / "a")) == {"FINISHED"}

    assert (tmp_path / "a.glb").read_bytes()[:4] == b"glTF"


def test_the_command_inside_blender_works_on_the_open_scene(face, tmp_path: Path, capsys) -> None:
    write_animation(tmp_path / "a.npz", wavy_animation(0.2))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    out = tmp_path / "b.blend"
    words = ["-o", str(out), "--take", str(tmp_path / "a.npz"), "--character"]

    codes = [
        blender_command.run(["apply", *words, face.name]),
        blender_command.run(["apply", *words, "Nobody"]),
        blender_command.run(["dance"]),
    ]

    assert codes == [0, 1, 2]
    assert out.is_file()
    assert "no object 'Nobody'" in capsys.readouterr().err
