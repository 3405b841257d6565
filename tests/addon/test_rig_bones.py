"""Bones of a head: the same turn whatever the roll, the axes and the rotation mode of a skeleton."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core import rotation
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import JOINTS, armature, bone_turn, face_with_keys, moved_keys, take

ARKIT = load_profile("arkit")
SKELETONS = {
    "plain": dict.fromkeys(JOINTS) | {p: p for p in JOINTS} | {"eye_left": "eye.L", "eye_right": "eye.R"},
    "mixamo": {"spine": "mixamorig:Spine", "neck": "mixamorig:Neck", "head": "mixamorig:Head",
               "eye_left": "mixamorig:LeftEye", "eye_right": "mixamorig:RightEye"},
    "cc": {"spine": "CC_Base_Spine02", "neck": "CC_Base_NeckTwist01", "head": "CC_Base_Head",
           "jaw": "CC_Base_JawRoot", "eye_left": "CC_Base_L_Eye", "eye_right": "CC_Base_R_Eye"},
    "vroid": {"spine": "J_Bip_C_Spine", "neck": "J_Bip_C_Neck", "head": "J_Bip_C_Head",
              "eye_left": "J_Adj_L_FaceEye", "eye_right": "J_Adj_R_FaceEye"},
    "daz": {"spine": "chestUpper", "neck": "neckLower", "head": "head", "jaw": "lowerJaw",
            "eye_left": "lEye", "eye_right": "rEye"},
    "mmd": {"spine": "上半身", "neck": "首", "head": "頭", "eye_left": "左目", "eye_right": "右目"},
    "joints": {"spine": "spine_jnt", "neck": "neck_jnt", "head": "head_jnt", "jaw": "jaw_jnt",
               "eye_left": "L_eye_jnt", "eye_right": "R_eye_jnt"},
    "controls": {"spine": "chest_ctrl", "neck": "Neck_CTRL", "head": "Head_CTRL",
                 "eye_left": "eye_ctrl_L", "eye_right": "eye_ctrl_R"},
    "middle": {"spine": "Chest_M", "neck": "Neck_M", "head": "Head_M", "jaw": "Jaw_M",
               "eye_left": "Eye_L", "eye_right": "Eye_R"},
    "auto_rig": {"spine": "c_spine_03.x", "neck": "c_neck.x", "head": "c_head.x",
                 "jaw": "c_jawbone.x", "eye_left": "c_eye.l", "eye_right": "c_eye.r"},
    "deform": {"spine": "DEF-spine", "neck": "DEF-neck", "head": "DEF-head", "eye_left": "DEF-eye.L",
               "eye_right": "DEF-eye.R"},
    "german": {"spine": "Rücken", "neck": "Hals", "head": "Kopf", "jaw": "Unterkiefer",
               "eye_left": "Auge links", "eye_right": "Auge rechts"},
    "spanish": {"spine": "columna", "neck": "cuello", "head": "cabeza", "jaw": "mandíbula",
                "eye_left": "ojo_izq", "eye_right": "ojo_der"},
}  # fmt: skip
# Armature axes of importers: Blender's own; Y up facing +Z; Z up facing +X.
FRAMES = {
    "z_up": Matrix.Identity(3),
    "y_up": Matrix(((1, 0, 0), (0, 0, 1), (0, -1, 0))),
    "turned": Matrix(((0, -1, 0), (1, 0, 0), (0, 0, 1))),
}
MODES = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX", "QUATERNION", "AXIS_ANGLE")
POSE = (0.25, 0.4, -0.15)


def in_head_frame(turn: np.ndarray, frame: Matrix) -> np.ndarray:
    """A turn told in armature space, told in the head frame (left, back, up)."""
    axes = np.array(frame)
    return axes.T @ turn @ axes


@pytest.mark.parametrize("family", SKELETONS)
def test_head_and_eyes_turn_to_the_right_side_on_every_family_of_skeleton(scene, family) -> None:
    set_frame_rate(scene, parse_rate("50"))
    names = SKELETONS[family]
    rig = armature(names, roll=0.7)

    apply.apply_animation(
        take({"gaze_up": 0.1, "gaze_left": 0.2}, rotation=POSE), rig, profiles.profile_for(rig),
        name="Take", scene=scene,
    )  # fmt: skip
    scene.frame_set(2)

    np.testing.assert_allclose(bone_turn(rig, names["head"]), rotation.to_matrix(POSE), atol=1e-5)
    expected = rotation.to_matrix(POSE) @ rotation.to_matrix((0.1, 0.2, 0.0))
    for side in ("eye_left", "eye_right"):
        np.testing.assert_allclose(bone_turn(rig, names[side]), expected, atol=1e-5)


@pytest.mark.parametrize("axes", FRAMES)
@pytest.mark.parametrize("roll", [0.0, 1.1, -2.6])
def test_neither_roll_nor_axes_of_an_armature_change_the_sense_of_a_turn(scene, axes, roll) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"], roll=roll, frame=FRAMES[axes])

    apply.apply_animation(
        take({"gaze_left": 0.2, "AU27": 1.0}, rotation=POSE), rig, ARKIT, name="Take", scene=scene
    )
    scene.frame_set(2)

    turned = in_head_frame(bone_turn(rig, "head"), FRAMES[axes])
    np.testing.assert_allclose(turned, rotation.to_matrix(POSE), atol=1e-5)
    jaw = turned.T @ in_head_frame(bone_turn(rig, "jaw"), FRAMES[axes])
    # The chin lies in front of the joint: opening carries it down and back.
    chin = jaw @ np.array([0.0, -1.0, 0.0])
    assert chin[2] == pytest.approx(-np.sin(np.radians(25)), abs=1e-5)
    eye = turned.T @ in_head_frame(bone_turn(rig, "eye.L"), FRAMES[axes])
    assert (eye @ np.array([0.0, -1.0, 0.0]))[0] == pytest.approx(np.sin(0.2), abs=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_jaw_and_eyes_turn_the_same_in_every_rotation_mode(scene, mode) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"], roll=0.4, mode=mode)

    apply.apply_animation(
        take({"gaze_up": -0.2, "AU26": 1.0, "AU30L": 1.0}), rig, ARKIT, name="Take", scene=scene
    )
    scene.frame_set(2)

    chin = bone_turn(rig, "jaw") @ np.array([0.0, -1.0, 0.0])
    assert chin[2] < -0.2 and chin[0] > 0.1
    look = bone_turn(rig, "eye.R") @ np.array([0.0, -1.0, 0.0])
    assert look[2] == pytest.approx(-np.sin(0.2), abs=1e-5)


def with_targets(rig: bpy.types.Object, targets: dict[str, tuple[str, float]]) -> None:
    """Eye bones that are pointed at bones before the face: eye -> the target and how far left it is."""
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, left in dict(targets.values()).items():
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = (left, -0.6, 1.68), (left, -0.6, 1.75), 0.6
    bpy.ops.object.mode_set(mode="OBJECT")
    for eye, (name, _) in targets.items():
        constraint = rig.pose.bones[eye].constraints.new("DAMPED_TRACK")
        constraint.target, constraint.subtarget, constraint.track_axis = rig, name, "TRACK_Y"


@pytest.mark.parametrize(
    "targets",
    [
        {"eye.L": ("aim.L", 0.032), "eye.R": ("aim.R", -0.032)},
        {"eye.L": ("aim", 0.0), "eye.R": ("aim", 0.0)},
    ],
    ids=["one each", "shared"],
)
def test_eyes_that_are_aimed_at_a_bone_look_because_it_moves(scene, targets) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"], roll=0.3)
    with_targets(rig, targets)
    scene.frame_set(1)
    at_rest = {eye: bone_turn(rig, eye) for eye in targets}

    apply.apply_animation(
        take({"gaze_up": 0.15, "gaze_left": 0.25}), rig, ARKIT, name="Take", scene=scene
    )
    scene.frame_set(2)

    for eye, rest in at_rest.items():
        look = bone_turn(rig, eye) @ rest.T @ np.array([0.0, -1.0, 0.0])
        expected = rotation.to_matrix((0.15, 0.25, 0.0)) @ np.array([0.0, -1.0, 0.0])
        # Two eyes on one near target cannot both look exactly there.
        np.testing.assert_allclose(look, expected, atol=0.02)


def test_a_control_is_turned_instead_of_the_bone_that_copies_it(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    names = SKELETONS["plain"]
    rig = armature(names)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    control = rig.data.edit_bones.new("head_ctrl")
    control.head, control.tail = (0, 0, 1.55), (0, -0.1, 1.55)
    bpy.ops.object.mode_set(mode="OBJECT")
    copying = rig.pose.bones["head"].constraints.new("COPY_ROTATION")
    copying.target, copying.subtarget = rig, "head_ctrl"

    apply.apply_animation(
        take({"gaze_left": 0.0}, rotation=POSE), rig, ARKIT, name="Take", scene=scene
    )
    scene.frame_set(2)

    np.testing.assert_allclose(bone_turn(rig, "head_ctrl"), rotation.to_matrix(POSE), atol=1e-5)


def test_eyes_turn_no_further_than_their_limits(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["cc"])
    profile = load_profile("cc4_standard")

    apply.apply_animation(take({"gaze_left": 1.2}), rig, profile, name="Take", scene=scene)
    scene.frame_set(2)

    for bone, degrees in (("CC_Base_L_Eye", 40), ("CC_Base_R_Eye", 30)):
        look = bone_turn(rig, bone) @ np.array([0.0, -1.0, 0.0])
        assert np.degrees(np.arcsin(look[0])) == pytest.approx(degrees, abs=1e-3)


def test_jaw_and_its_morph_move_together_where_a_family_has_both(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["cc"], roll=0.9)
    face = face_with_keys(["Jaw_Open", "Mouth_Smile_L", "Mouth_Smile_R", "Eye_Blink_L"])
    face.parent = rig

    apply.apply_animation(
        take({"AU27": 1.0}), face, load_profile("cc4_standard"), name="Take", scene=scene
    )
    scene.frame_set(2)

    assert moved_keys(face) == pytest.approx({"Jaw_Open": 1.0})
    chin = bone_turn(rig, "CC_Base_JawRoot") @ np.array([0.0, -1.0, 0.0])
    assert chin[2] == pytest.approx(-np.sin(np.radians(31)), abs=1e-5)


def test_a_jaw_bone_opens_only_where_no_key_does(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"])
    with_key = face_with_keys(["jawOpen", "mouthSmileLeft"])
    with_key.parent = rig

    apply.apply_animation(take({"AU27": 1.0}), with_key, ARKIT, name="Take", scene=scene)
    scene.frame_set(2)

    assert moved_keys(with_key) == pytest.approx({"jawOpen": 1.0})
    np.testing.assert_allclose(bone_turn(rig, "jaw"), np.eye(3), atol=1e-6)


def test_eye_bones_rest_where_shapes_already_turn_the_eyeballs(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"])
    face = face_with_keys(["eyeLookUpLeft", "eyeLookUpRight", "jawOpen"])
    face.parent = rig
    lids_only = apply.find_target(face, ARKIT)
    eyeballs = face.vertex_groups.new(name="eye.L")
    eyeballs.add([0], 1.0, "REPLACE")

    both = apply.find_target(face, ARKIT)

    assert lids_only.bones is not None and lids_only.bones.eyes == ("eye.L", "eye.R")
    assert both.bones is not None and both.bones.eyes == ("", "")


def test_teeth_lashes_and_brows_of_a_character_are_driven_with_the_face(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"])
    parts = {name: face_with_keys(keys, name) for name, keys in {
        "Face": ["jawOpen", "EyeBlinkLeft"], "Teeth": ["JawOpen"], "Lashes": ["eyeBlink_L"],
        "Brows": ["browDownLeft"], "Hat": ["Tilt"],
    }.items()}  # fmt: skip
    for part in parts.values():
        part.parent = rig
    stranger = face_with_keys(["jawOpen"], "Stranger")

    apply.apply_animation(
        take({"AU27": 1.0, "AU45L": 1.0, "AU4L": 1.0}),
        parts["Teeth"],
        ARKIT,
        name="Take",
        scene=scene,
    )
    scene.frame_set(2)

    assert moved_keys(parts["Face"]) == pytest.approx({"jawOpen": 1.0, "EyeBlinkLeft": 1.0})
    assert moved_keys(parts["Teeth"]) == pytest.approx({"JawOpen": 1.0})
    assert moved_keys(parts["Lashes"]) == pytest.approx({"eyeBlink_L": 1.0})
    assert moved_keys(parts["Brows"]) == pytest.approx({"browDownLeft": 1.0})
    assert not moved_keys(parts["Hat"]) and not moved_keys(stranger)


def test_two_characters_below_one_empty_stay_apart(scene) -> None:
    top = bpy.data.objects.new("Scene", None)
    scene.collection.objects.link(top)
    people = []
    for name in ("Ann", "Bob"):
        rig = armature(SKELETONS["plain"], name=name)
        face = face_with_keys(["jawOpen"], f"{name} face")
        rig.parent, face.parent = top, rig
        people.append((rig, face))

    found = character_of(people[0][1])

    assert found.rig == people[0][0]
    assert found.faces == (people[0][1],)


def test_a_head_that_does_not_inherit_rotation_takes_the_whole_turn(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    rig = armature(SKELETONS["plain"])
    rig.data.bones["head"].use_inherit_rotation = False

    apply.apply_animation(take({}, rotation=POSE), rig, ARKIT, name="Take", scene=scene)
    scene.frame_set(2)

    np.testing.assert_allclose(bone_turn(rig, "head"), rotation.to_matrix(POSE), atol=1e-5)
    np.testing.assert_allclose(bone_turn(rig, "neck"), np.eye(3), atol=1e-6)
