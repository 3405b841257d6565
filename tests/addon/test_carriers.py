"""A face whose armature hangs on the head of a body's: the body's head turns, the face speaks."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import acting, apply, layering
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.staging.hindrances import report_of
from tests.addon.stage import line_with_take, take_of
from tests.addon.stand_ins import armature, bone_turn, face_with_keys, moved_keys, take

BODY = {"spine": "spine", "neck": "neck", "head": "head"}
TIES = ("child", "below an empty", "child of", "armature", "copied by its root")


def tied(how: str, bone: str = "head") -> tuple[bpy.types.Object, bpy.types.Object]:
    """A face on an armature without a head, tied to a bone of a body; face and body."""
    body = armature(BODY, name="Body")
    rig = armature({"head": "face_root", "jaw": "jaw"}, name="FaceRig")
    face = face_with_keys(ARKIT_NAMES)
    face.parent = rig
    face.modifiers.new("Rig", "ARMATURE").object = rig
    held = rig
    if how == "below an empty":
        held = bpy.data.objects.new("Offset", None)
        bpy.context.scene.collection.objects.link(held)
        rig.parent = held
    if how in ("child", "below an empty"):
        held.parent, held.parent_type, held.parent_bone = body, "BONE", bone
    elif how == "child of":
        made = rig.constraints.new("CHILD_OF")
        made.target, made.subtarget = body, bone
    elif how == "armature":
        target = rig.constraints.new("ARMATURE").targets.new()
        target.target, target.subtarget = body, bone
    else:
        made = rig.pose.bones["face_root"].constraints.new("COPY_TRANSFORMS")
        made.target, made.subtarget = body, bone
    return face, body


def turn(face: bpy.types.Object) -> None:
    """Play half a smile with the head turned."""
    levels = take({"AU12L": 0.5}, rotation=(0.0, 0.4, 0.0))
    apply.apply_animation(levels, face, profiles.profile_for(face), name="Take")
    bpy.context.scene.frame_set(2)


@pytest.mark.parametrize("how", TIES)
def test_the_head_of_the_body_turns_and_the_face_speaks(at_50, how: str) -> None:
    face, body = tied(how)

    turn(face)

    character = character_of(face)
    profile = profiles.profile_of(character)
    forward = bone_turn(body, "head") @ (0.0, -1.0, 0.0)
    assert np.allclose(forward, (np.sin(0.4), -np.cos(0.4), 0.0), atol=1e-3)
    assert moved_keys(face) == pytest.approx({"mouthSmileLeft": 0.5}, abs=2e-3)
    told = report_of(character, profile, profiles.covered(character, profile))
    assert "head on bone 'head' of 'Body'" in told


@pytest.mark.parametrize("how", ["child", "child of", "copied by its root"])
def test_a_face_that_hangs_below_the_head_turns_nobody(at_50, how: str) -> None:
    face, body = tied(how, "spine")

    turn(face)

    assert np.allclose(bone_turn(body, "head"), np.eye(3), atol=1e-6)
    assert body.animation_data is None
    character = character_of(face)
    profile = profiles.profile_of(character)
    found = profiles.covered(character, profile)
    assert "no bone turns the head" in report_of(character, profile, found)


def test_an_artist_s_action_of_the_body_goes_on_below(at_50) -> None:
    face, body = tied("child")
    body.pose.bones["spine"].keyframe_insert("location", frame=1)
    own = body.animation_data.action

    turn(face)

    assert [strip.action for track in body.animation_data.nla_tracks for strip in track.strips] == [
        own
    ]
    assert not np.allclose(bone_turn(body, "head"), np.eye(3), atol=0.1)


def test_layers_take_the_body_along(stage) -> None:
    face, body = tied("child")
    line_with_take(face, take_of(1, 2.0), 20.0)
    acting.perform(stage, face)

    def turns() -> np.ndarray:
        found = []
        for frame in range(10, 80, 7):
            stage.frame_set(frame)
            found.append(bone_turn(body, "head"))
        return np.array(found)

    before = turns()
    record = acting.record_of(stage, face)
    layering.push_down(stage, record)
    pushed = turns()
    layering.pull_up(stage, record)

    assert np.ptp(before, axis=0).max() > 0.01
    assert np.allclose(pushed, before, atol=2e-3)
    assert np.allclose(turns(), before, atol=2e-3)
    assert not len(body.animation_data.nla_tracks)
