"""A line that is taken away leaves its character as if it had never spoken."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from dirfa_blender.blender import fcurves
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import acting
from tests.addon.stage import line_with_take
from tests.addon.stand_ins import face_with_keys, moved_keys, rigged_face
from tests.addon.test_artists_habits import enter_strip
from tests.addon.test_operators import refused

BONES = {"spine": "spine", "neck": "neck", "head": "head"}


@pytest.fixture
def face(stage) -> bpy.types.Object:
    face = rigged_face(BONES)
    rig = face.parent
    rig["tongueOut"], rig["picture"] = 0.25, 3
    rig.id_properties_ui("tongueOut").update(default=0.25)
    return face


def perform(stage, face: bpy.types.Object) -> None:
    line_with_take(face)
    acting.perform(stage, face)
    stage.dirfa.line_index = 0
    stage.frame_set(12)


@pytest.mark.parametrize("are_layers_tracks", [False, True])
def test_face_bones_and_properties_go_back_to_rest(stage, face, are_layers_tracks: bool) -> None:
    rig = face.parent
    perform(stage, face)
    if are_layers_tracks:
        bpy.ops.dirfa.push_down()
    assert moved_keys(face) and rig.pose.bones["head"].matrix_basis != Matrix()

    bpy.ops.dirfa.remove_line()

    for frame in (12, 13):
        stage.frame_set(frame)
        assert not moved_keys(face)
        assert all(bone.matrix_basis == Matrix() for bone in rig.pose.bones)
        assert (rig["tongueOut"], rig["picture"]) == (0.25, 3)


def test_what_the_artist_animated_shows_again_at_once(stage, face) -> None:
    brow = face.data.shape_keys.key_blocks["browInnerUp"]
    brow.value = 0.7
    brow.keyframe_insert("value", frame=1)
    perform(stage, face)

    bpy.ops.dirfa.remove_line()

    bpy.context.view_layer.update()
    assert brow.value == pytest.approx(0.7)
    assert moved_keys(face) == pytest.approx({"browInnerUp": 0.7})


def test_a_character_that_has_another_line_goes_on(stage, face) -> None:
    perform(stage, face)
    line_with_take(face, start=60.0)
    acting.perform(stage, face)
    before = np.array(face.parent.pose.bones["head"].matrix)

    bpy.ops.dirfa.remove_line()

    stage.frame_set(70)
    assert moved_keys(face)
    assert not np.allclose(np.array(face.parent.pose.bones["head"].matrix), before)


def test_a_line_given_to_another_leaves_the_first_at_rest(stage, face) -> None:
    other = face_with_keys(ARKIT_NAMES, "Other")
    perform(stage, face)

    stage.dirfa.lines[0].character = other

    stage.frame_set(12)
    assert not moved_keys(face)
    assert moved_keys(other)


@pytest.mark.parametrize("has_another", [False, True])
@pytest.mark.parametrize("is_own", [False, True], ids=["a layer", "a strip of the artist"])
def test_a_strip_that_is_being_edited_keeps_the_line(
    stage, face, has_another: bool, is_own: bool
) -> None:
    keys = face.data.shape_keys
    if is_own:
        keys.animation_data_create().nla_tracks.new().name = "Blinks"
        blinks = bpy.data.actions.new("Blinks")
        fcurves.new_slot(blinks, keys, "Key")
        keys.animation_data.nla_tracks["Blinks"].strips.new("Blinks", 1, blinks)
    perform(stage, face)
    if has_another:
        line_with_take(face, start=60.0)
        acting.perform(stage, face)
    if not is_own:
        bpy.ops.dirfa.push_down()
    enter_strip(keys, keys.animation_data.nla_tracks["Blinks" if is_own else "Lips"])
    action = acting.record_of(stage, face).action
    before = played(action)

    said = refused(bpy.ops.dirfa.remove_line)

    assert "Leave tweak mode first" in said
    assert len(stage.dirfa.lines) == 1 + has_another
    assert played(action) == before
    keys.animation_data.use_tweak_mode = False
    assert bpy.ops.dirfa.remove_line() == {"FINISHED"}
    assert played(action) != before


def played(action: bpy.types.Action) -> dict[tuple[str, str, int], bytes]:
    """Keys of every curve of an Action."""
    return {
        (slot.identifier, *place): fcurves.read_keys(curve).tobytes()
        for slot in action.slots
        for place, curve in fcurves.slot_curves(action, slot).items()
    }
