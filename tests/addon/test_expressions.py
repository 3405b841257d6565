"""Expressions as assets: made of the mapping, with pictures, set on shapes and bones, never in the way."""

from __future__ import annotations

import gc
from pathlib import Path

import bpy
import numpy as np
import pytest

import dirfa_blender
from dirfa_blender.blender import fcurves
from dirfa_blender.blender.pieces import Entering, finished
from dirfa_blender.core.emotions import EMOTIONS
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import expressions
from dirfa_blender.rig.character import character_of
from dirfa_blender.rig.pose_assets import read_pose
from tests.addon.stage import character
from tests.addon.stand_ins import armature, bone_turn, face_with_keys
from tests.addon.test_operators import refused

BONES = {"spine": "spine", "neck": "neck", "head": "head", "jaw": "jaw"}


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    scene = bpy.context.scene
    scene.dirfa.actor = "object"
    yield scene
    dirfa_blender.unregister()


@pytest.fixture
def face(stage) -> bpy.types.Object:
    stage.dirfa.target = character("Hero")
    return stage.dirfa.target


def made_expressions(scene: bpy.types.Scene, target: bpy.types.Object) -> list[bpy.types.Action]:
    return finished(expressions.expression_steps(scene, target))


def values(face: bpy.types.Object) -> dict[str, float]:
    return {key.name: key.value for key in face.data.shape_keys.key_blocks if abs(key.value) > 1e-3}


def test_every_emotion_mouth_and_blink_becomes_an_asset_with_a_picture(stage, face) -> None:
    before = values(face)

    assert bpy.ops.dirfa.make_expressions() == {"FINISHED"}

    assets = {a.name: a for a in bpy.data.actions if a.asset_data is not None}
    assert {f"Hero {name}" for name in (*EMOTIONS, "mouth aa", "mouth PP", "blink")} <= set(assets)
    assert all({"expression", "Hero"} <= set(a.asset_data.tags.keys()) for a in assets.values())
    assert values(face) == before
    pixels = {n: np.array(a.preview.image_pixels_float) for n, a in assets.items()}
    shown = pixels["Hero neutral"]
    assert shown.max() > 0.3
    assert np.abs(pixels["Hero mouth aa"] - shown).max() > 0.1


def test_an_expression_is_a_pose_of_one_frame_that_leaves_other_regions_alone(stage, face) -> None:
    made = {a.name: a for a in made_expressions(stage, face)}

    smile, mouth = read_pose(made["Hero happy"], None), read_pose(made["Hero mouth aa"], None)
    keys = {path.split('"')[1] for is_key, path, _ in mouth.others if is_key}

    assert made["Hero happy"].frame_range[:] == (1.0, 1.0)
    assert smile.others[True, 'key_blocks["mouthSmileLeft"].value', 0] > 0.8
    assert "jawOpen" in keys and not {k for k in keys if k.startswith(("brow", "eye"))}


def test_an_emotion_replaces_another_and_a_mouth_goes_on_top(stage, face) -> None:
    bpy.ops.dirfa.make_expressions()

    bpy.ops.dirfa.set_expression(expression="Hero happy")
    bpy.ops.dirfa.set_expression(expression="Hero angry")
    angry = values(face)
    bpy.ops.dirfa.set_expression(expression="Hero mouth aa")

    assert "mouthSmileLeft" not in angry and angry["browDownLeft"] > 0.8
    assert values(face)["browDownLeft"] == angry["browDownLeft"]
    assert values(face)["jawOpen"] > 0.3


def test_half_an_expression_is_half_way_from_what_was_there(stage, face) -> None:
    bpy.ops.dirfa.make_expressions()
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.5

    bpy.ops.dirfa.set_expression(expression="Hero blink", strength=0.5)

    assert values(face)["eyeBlinkLeft"] == pytest.approx(0.5, abs=1e-3)
    assert values(face)["jawOpen"] == pytest.approx(0.5)


def test_automatic_keying_keys_what_is_set(stage, face) -> None:
    bpy.ops.dirfa.make_expressions()
    stage.tool_settings.use_keyframe_insert_auto = True
    stage.frame_set(7)

    bpy.ops.dirfa.set_expression(expression="Hero blink")

    curve = fcurves.curves_of(face.data.shape_keys)['key_blocks["eyeBlinkLeft"].value', 0]
    assert [tuple(point.co) for point in curve.keyframe_points] == [(7.0, 1.0)]


def test_bones_are_set_with_the_shapes_and_the_other_character_follows_its_own(stage) -> None:
    rig = armature(BONES)
    ann = face_with_keys(ARKIT_NAMES, "Ann")
    ann.parent = rig
    made_expressions(stage, ann)

    expressions.set_expression(ann, bpy.data.actions["Ann sad"], 1.0, with_keys=False)

    bpy.context.view_layer.update()
    assert bone_turn(rig, "head")[2, 1] != pytest.approx(0.0, abs=0.01)
    assert values(ann)["mouthFrownLeft"] > 0.4


def test_made_again_an_expression_stays_the_same_action(stage, face) -> None:
    first = {a.name: a.session_uid for a in made_expressions(stage, face)}

    second = {a.name: a.session_uid for a in made_expressions(stage, face)}

    assert first == second
    assert all(len(bpy.data.actions[name].slots) <= 2 for name in second)


def test_expressions_are_no_poses_for_a_mapping(stage) -> None:
    rig = armature(BONES)
    face = face_with_keys(ARKIT_NAMES, "Ann")
    face.parent = rig
    before = character_of(face).inventory

    made_expressions(stage, face)

    assert character_of(face).inventory.names == before.names


def test_expressions_survive_the_file(stage, face, tmp_path: Path) -> None:
    bpy.ops.dirfa.make_expressions()
    path = str(tmp_path / "a.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)

    bpy.ops.wm.open_mainfile(filepath=path)

    happy = bpy.data.actions["Hero happy"]
    assert happy.asset_data is not None
    assert max(happy.preview.image_pixels_float) > 0.3


def test_a_character_without_a_face_is_a_sentence(stage) -> None:
    rig = armature(BONES | {"jaw": "beak"})

    with pytest.raises(RigError, match="no face that is known"):
        made_expressions(stage, rig)

    stage.dirfa.target = rig
    assert "no expression of this name" in refused(
        lambda: bpy.ops.dirfa.set_expression(expression="Nobody happy")
    )
    assert "No expression is chosen" in refused(bpy.ops.dirfa.set_expression)


def test_no_piece_of_the_making_holds_the_window_up(stage, face) -> None:
    before, actions = values(face), set(bpy.data.actions)
    making = Entering(lambda: expressions.expression_steps(stage, face))

    calls = 0
    gc.collect()
    gc.freeze()  # What other tests left behind is not the window's to search.
    while not making.is_open:
        making.advance(0.0)
        calls += 1
    gc.unfreeze()
    # Posing one expression is a call, drawing them all is none of the window's.
    assert calls > len(expressions.expression_takes())
    assert making.longest_seconds < 0.05
    making.settle()

    assert values(face) == before
    assert len(set(bpy.data.actions) - actions) == len(expressions.expression_takes())


def test_a_stop_before_the_first_asset_leaves_nothing(stage, face) -> None:
    before, actions = values(face), set(bpy.data.actions)
    making = Entering(lambda: expressions.expression_steps(stage, face))

    making.advance(0.0)
    making.withdraw()

    assert values(face) == before and set(bpy.data.actions) == actions
