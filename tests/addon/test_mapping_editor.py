"""The mapping editor: what is typed is kept, tested, mirrored, saved and undone without a trace."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from dirfa_blender import addon
from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.operators.mapping import mirrored
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import armature, face_with_keys, moved_keys, take


@pytest.fixture
def face(scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(profiles, "user_folder", lambda: tmp_path / "profiles")
    addon.register()
    set_frame_rate(scene, parse_rate("50"))
    thing = face_with_keys([n for n in load_profile("arkit").shapes if not n.startswith("tongue")])
    bpy.context.view_layer.objects.active = thing
    bpy.ops.dirfa.mapping_edit()
    yield thing
    addon.unregister()


def test_the_editor_shows_every_channel_and_what_is_missing(face) -> None:
    editor = face.dirfa_mapping

    assert len(editor.rows) == 53
    assert editor.report == "51 of 52 found; tongueOut missing; no bone turns the head"
    assert [row.name for row in editor.rows if not row.is_found] == ["tongueOut", "tongueUp"]


def test_a_changed_gain_and_limit_reach_the_next_take(face, scene) -> None:
    row = face.dirfa_mapping.rows["jawOpen"]

    row.gains["AU27"].gain = 0.5
    row.high = 0.4
    apply.apply_animation(
        take({"AU27": 1.0}), face, profiles.profile_for(face), name="Take", scene=scene
    )
    scene.frame_set(2)

    assert moved_keys(face) == pytest.approx({"jawOpen": 0.4}, abs=1e-6)


def test_a_wrong_input_is_named_and_the_last_good_mapping_kept(face) -> None:
    row = face.dirfa_mapping.rows["jawOpen"]

    row.gains["AU27"].name = "AU99"

    assert (
        "channels.jawOpen has an unknown action unit or input 'AU99'" in face.dirfa_mapping.problem
    )
    kept = profiles.profile_for(face)
    assert kept.gains[:, kept.shapes.index("jawOpen")].max() == pytest.approx(1.0)


def test_a_key_of_a_name_unknown_to_any_family_can_be_mapped(face, scene) -> None:
    face.shape_key_add(name="Schnute", from_mix=False).data[0].co.z = 1.0

    bpy.ops.dirfa.mapping_add(channel="Schnute", unit="AU18")

    assert face.dirfa_mapping.rows["Schnute"].is_found
    profile = profiles.profile_for(face)
    assert profile.gains[:, profile.shapes.index("Schnute")].max() == 1.0
    bpy.ops.dirfa.mapping_remove()
    assert "Schnute" not in profiles.profile_for(face).shapes


def test_the_test_slider_moves_the_face_without_a_key_and_gives_it_back(face) -> None:
    keys = face.data.shape_keys.key_blocks
    keys["browInnerUp"].value = 0.3
    editor = face.dirfa_mapping

    editor.test_input = "AU12L"
    editor.test_level = 0.75

    assert keys["mouthSmileLeft"].value == pytest.approx(0.75)
    assert keys["browInnerUp"].value == 0
    assert not bpy.data.actions
    bpy.ops.dirfa.mapping_test_end()
    assert keys["mouthSmileLeft"].value == 0
    assert keys["browInnerUp"].value == pytest.approx(0.3)
    assert not bpy.ops.dirfa.mapping_test_end.poll()


def test_bones_are_tested_too(face, scene) -> None:
    rig = armature({"head": "head", "jaw": "jaw", "eye_left": "eye.L", "eye_right": "eye.R"})
    bpy.context.view_layer.objects.active = face
    face.parent = rig
    face.shape_key_remove(face.data.shape_keys.key_blocks["jawOpen"])
    editor = face.dirfa_mapping

    editor.test_input = "AU27"
    editor.test_level = 1.0

    assert rig.pose.bones["jaw"].rotation_quaternion.angle > 0.3
    bpy.ops.dirfa.mapping_test_end()
    assert rig.pose.bones["jaw"].rotation_quaternion.angle == pytest.approx(0, abs=1e-6)


def test_mirror_gives_the_other_side_the_same(face) -> None:
    editor = face.dirfa_mapping
    editor.rows["mouthSmileLeft"].gains["AU12L"].gain = 0.6
    editor.active = editor.rows.find("mouthSmileLeft")

    bpy.ops.dirfa.mapping_mirror()

    assert editor.rows["mouthSmileRight"].gains["AU12R"].gain == pytest.approx(0.6)
    assert mirrored("Eye_L_Look_Up") == "Eye_R_Look_Up"
    assert mirrored("AU30L") == "AU30R" and mirrored("jawOpen") == "jawOpen"


def test_a_saved_profile_is_found_again_and_reset_forgets_the_changes(face) -> None:
    editor = face.dirfa_mapping
    editor.rows["jawOpen"].gains["AU26"].gain = 0.9
    bpy.ops.dirfa.mapping_save(title="My Rig")

    bpy.ops.dirfa.mapping_reset()

    assert editor.rows["jawOpen"].gains["AU26"].gain == pytest.approx(0.6)
    assert profiles.user_profile_names() == ["my_rig"]
    bpy.ops.dirfa.mapping_choose(profile="my_rig")
    assert editor.rows["jawOpen"].gains["AU26"].gain == pytest.approx(0.9)
    assert profiles.profile_for(face).title == "My Rig"


def test_a_broken_file_is_refused_and_the_mapping_stays(face, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text(
        '{"format": "dirfa.profile", "version": 2, "channels": 3}'
    )

    with pytest.raises(RuntimeError, match="channels must be an object"):
        bpy.ops.dirfa.mapping_load(filepath=str(tmp_path / "broken.json"))

    assert len(face.dirfa_mapping.rows) == 53
    assert profiles.EDITED_KEY not in profiles.keeper_of(character_of(face))


def test_buttons_say_why_they_cannot_be_pressed(face) -> None:
    bpy.context.view_layer.objects.active = None

    assert not bpy.ops.dirfa.mapping_edit.poll()
    for name in ("mapping_save", "mapping_mirror", "mapping_add"):
        assert not getattr(bpy.ops.dirfa, name).poll()


def test_the_mapping_goes_with_the_file(face, tmp_path: Path) -> None:
    face.dirfa_mapping.rows["jawOpen"].high = 0.4
    name = face.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "character.blend"))

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "character.blend"))

    again = bpy.data.objects[name]
    assert profiles.profile_for(again).limits["jawOpen"] == pytest.approx((0.0, 0.4))
    assert len(again.dirfa_mapping.rows) == 53
