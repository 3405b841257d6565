"""Face boards: keys that bones drive are moved by those bones, as a person pulls them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Vector

from dirfa_blender.performing import acting, layering
from dirfa_blender.rig import key_drivers, profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.rig.profiles import covered
from dirfa_blender.staging.hindrances import hindrances_of, report_of
from tests.addon.stage import line_with_take
from tests.addon.stand_ins import armature, face_with_keys, moved_keys, shown, take

# Key -> control, what the driver reads of it, and its expression.
BOARD = {
    "jawOpen": ("ctl_mouth", "LOC_Y", "-v * 4"),
    "mouthPucker": ("ctl_mouth", "SCALE_X", "max(0, 1 - v) * 2"),
    "jawLeft": ("ctl_mouth", "LOC_X", "clamp(v / 0.2)"),
    "jawRight": ("ctl_mouth", "LOC_X", "clamp(-v / 0.2)"),
    "mouthSmileLeft": ("ctl_smile.L", "LOC_Z", "max(v, 0)"),
    "mouthSmileRight": ("ctl_smile.R", "LOC_Z", "max(v, 0)"),
    "mouthFrownLeft": ("ctl_smile.L", "LOC_Z", "max(-v, 0)"),
    "eyeBlinkLeft": ("ctl_lid.L", "ROT_X", "degrees(v) / 30"),
    "eyeBlinkRight": ("ctl_lid.R", "ROT_X", "degrees(v) / 30"),
    "browInnerUp": ("ctl_brow", "LOC_Y", "v * (2 if v > 0 else 0)"),
    "mouthFrownRight": ("ctl_smile.R", "LOC_Z", "max(-v, 0)"),
    "browDownLeft": ("ctl_brow.L", "LOC_Y", "-v"),
    "browDownRight": ("ctl_brow.R", "LOC_Y", "-v"),
    "noseSneerLeft": ("ctl_nose.L", "LOC_Y", "v"),
    "noseSneerRight": ("ctl_nose.R", "LOC_Y", "v"),
    "cheekSquintLeft": ("ctl_cheek.L", "LOC_Y", "v"),
    "cheekSquintRight": ("ctl_cheek.R", "LOC_Y", "v"),
}


def board(drives: dict[str, tuple[str, str, str]] = BOARD) -> bpy.types.Object:
    """A face whose keys are driven by the bones of an armature."""
    face = face_with_keys(drives, "Face")
    rig = armature({"head": "head", "neck": "neck"}, mode="XYZ", name="Board")
    bpy.ops.object.mode_set(mode="EDIT")
    for index, name in enumerate(dict.fromkeys(bone for bone, _, _ in drives.values())):
        bone = rig.data.edit_bones.new(name)
        bone.head = Vector((0.5 + 0.1 * index, 0, 1.6))
        bone.tail, bone.roll = bone.head + Vector((0, 0, 0.05)), 0.4
    bpy.ops.object.mode_set(mode="OBJECT")
    for pose_bone in rig.pose.bones:
        pose_bone.rotation_mode = "XYZ"
    face.parent = rig
    for key, (bone, channel, expression) in drives.items():
        driver = face.data.shape_keys.key_blocks[key].driver_add("value").driver
        variable = driver.variables.new()
        variable.name, variable.type = "v", "TRANSFORMS"
        target = variable.targets[0]
        target.id, target.bone_target = rig, bone
        target.transform_type, target.transform_space = channel, "LOCAL_SPACE"
        driver.expression = expression
    return face


@pytest.mark.parametrize(
    ("unit", "key"),
    [
        ("AU27", "jawOpen"),
        ("AU18", "mouthPucker"),
        ("AU30L", "jawLeft"),
        ("AU30R", "jawRight"),
        ("AU12L", "mouthSmileLeft"),
        ("AU12R", "mouthSmileRight"),
        ("AU15L", "mouthFrownLeft"),
        ("AU45L", "eyeBlinkLeft"),
        ("AU45R", "eyeBlinkRight"),
    ],
)
@pytest.mark.parametrize("level", [0.4, 1.0])
def test_a_control_brings_its_key_to_the_weight_that_is_meant(
    at_50, unit: str, key: str, level: float
) -> None:
    face = board()

    moved = shown(face, {unit: level})

    assert set(moved) == {key}
    assert moved[key] == pytest.approx(level, abs=0.01)


def test_keys_on_one_control_add_up(at_50) -> None:
    moved = shown(board(), {"AU27": 0.5, "AU18": 0.6, "AU30L": 0.3})

    assert moved == pytest.approx({"jawOpen": 0.5, "mouthPucker": 0.6, "jawLeft": 0.3}, abs=0.01)


def test_a_control_of_both_sides_goes_as_far_as_the_side_that_asks_for_most(at_50) -> None:
    face = board({**BOARD, "mouthSmileRight": ("ctl_smile.L", "LOC_Z", "max(v, 0) / 2")})
    for name in ("mouthSmileLeft", "mouthSmileRight"):
        face.data.shape_keys.key_blocks[name].slider_max = 10.0

    both = shown(face, {"AU12L": 0.4, "AU12R": 0.8})
    one = shown(face, {"AU12L": 0.4})

    assert both == pytest.approx({"mouthSmileLeft": 1.6, "mouthSmileRight": 0.8}, abs=0.01)
    assert one == pytest.approx({"mouthSmileLeft": 0.4, "mouthSmileRight": 0.2}, abs=0.01)


def driven_by_property(face: bpy.types.Object, key: str, path: str, expression: str) -> None:
    block = face.data.shape_keys.key_blocks[key]
    block.driver_remove("value")
    driver = block.driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.targets[0].id = "v", face.parent
    variable.targets[0].data_path = path
    driver.expression = expression


def test_properties_under_any_name_are_controls_too(at_50) -> None:
    face = board()
    rig = face.parent
    rig["grin"] = rig["mouthFrown"] = rig.pose.bones["head"]["Open Wide"] = 0.0
    rig["steps"] = 0
    for side in ("Left", "Right"):
        driven_by_property(face, f"mouthSmile{side}", '["grin"]', "v / 50")
        driven_by_property(face, f"mouthFrown{side}", '["mouthFrown"]', "v")
    driven_by_property(face, "jawOpen", 'pose.bones["head"]["Open Wide"]', "v * 2")
    driven_by_property(face, "mouthPucker", '["steps"]', "v / 10")

    assert hindrances_of(face) == (
        "Shape key mouthPucker of 'Face' is moved by drivers and left alone",
    )
    for levels, keys in (
        ({"AU12L": 0.8, "AU12R": 0.8}, {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}),
        ({"AU15L": 0.6, "AU15R": 0.6}, {"mouthFrownLeft": 0.6, "mouthFrownRight": 0.6}),
        ({"AU27": 0.5}, {"jawOpen": 0.5}),
    ):
        assert shown(face, levels) == pytest.approx(keys, abs=0.01), levels


def test_the_report_counts_driven_keys_and_hides_nothing(at_50) -> None:
    face = board()
    character = character_of(face)
    profile = profiles.profile_of(character)

    assert profile.name == "arkit"
    assert report_of(character, profile, covered(character, profile)).startswith("17 of 52 found")
    assert hindrances_of(face) == ()


def test_the_artists_drivers_stay_as_they_were(at_50) -> None:
    face = board()
    before = [d.driver.expression for d in face.data.shape_keys.animation_data.drivers]

    shown(face, {"AU27": 1.0})

    assert [d.driver.expression for d in face.data.shape_keys.animation_data.drivers] == before


@pytest.mark.parametrize(
    "expression", ["frame / 10", "v * unknown", "__import__('os').getpid() * v", "1 - v", "v * 0"]
)
def test_a_driver_that_no_control_explains_is_left_alone(at_50, expression: str) -> None:
    face = board({**BOARD, "mouthFunnel": ("ctl_other", "LOC_X", expression)})

    assert "mouthFunnel" not in character_of(face).driver_pulls
    assert np.isclose(shown(face, {"AU27": 1.0})["jawOpen"], 1.0, atol=0.01)


def test_drivers_of_one_formula_are_solved_once() -> None:
    formula = "clamp(v / 0.37)"
    face = board({f"shape_{i}": (f"ctl_{i}", "LOC_Y", formula) for i in range(30)})
    before = key_drivers._reached_before.cache_info().misses

    poses = key_drivers.driver_pulls(face.parent, (face,))

    assert key_drivers._reached_before.cache_info().misses == before + 1
    assert len(poses) == 30
    for number in range(30):
        assert poses[f"shape_{number}"].pose.moves[f"ctl_{number}"][1] == pytest.approx(
            0.37, abs=0.01
        )


PLANE = {
    "jawOpen": ("CTRL_C_jaw", 1, "-v"),
    "jawLeft": ("CTRL_C_jaw", 0, "max(v, 0) / 0.5"),
    "mouthSmileLeft": ("CTRL_L_mouth_corner", 1, "max(v, 0)"),
    "mouthFrownLeft": ("CTRL_L_mouth_corner", 1, "max(-v, 0)"),
    "mouthSmileRight": ("CTRL_R_mouth_corner", 1, "max(v, 0)"),
    "eyeBlinkLeft": ("CTRL_L_eye_blink", 1, "-v / 2"),
    "eyeBlinkRight": ("CTRL_R_eye_blink", 1, "-v / 2"),
}
"""Key -> control in a plane, the axis that the driver reads, its expression."""


def board_beside(kind: str) -> bpy.types.Object:
    """A face whose keys an armature of its own or objects drive that nothing ties to the face."""
    face = face_with_keys([*PLANE, *(key for key in BOARD if key not in PLANE)], "Face")
    collection = bpy.context.scene.collection.objects
    plate = bpy.data.objects.new("face_gui", None)
    names = dict.fromkeys(control for control, _, _ in PLANE.values())
    if kind == "armature":
        plate = armature({"head": "plate"}, name="face_gui")
        bpy.ops.object.mode_set(mode="EDIT")
        for name in names:
            plate.data.edit_bones.new(name).tail = (0, 0, 0.1)
        bpy.ops.object.mode_set(mode="OBJECT")
    else:
        collection.link(plate)
        for name in names:
            control = bpy.data.objects.new(name, None)
            collection.link(control)
            control.parent = plate
    plate.location = (0.6, 0.0, 1.7)
    for key, (control, axis, expression) in PLANE.items():
        driver = face.data.shape_keys.key_blocks[key].driver_add("value").driver
        variable = driver.variables.new()
        variable.name, target = "v", variable.targets[0]
        target.id = plate if kind == "armature" else bpy.data.objects[control]
        if kind == "path":
            target.data_path = f"location[{axis}]"
        else:
            variable.type, target.transform_space = "TRANSFORMS", "LOCAL_SPACE"
            target.transform_type = f"LOC_{'XYZ'[axis]}"
            target.bone_target = control if kind == "armature" else ""
        driver.expression = expression
    return face


@pytest.mark.parametrize("kind", ["armature", "path", "transform"])
@pytest.mark.parametrize(
    ("unit", "key"),
    [("AU27", "jawOpen"), ("AU30L", "jawLeft"), ("AU12L", "mouthSmileLeft"), ("AU15L", "mouthFrownLeft"),
     ("AU12R", "mouthSmileRight"), ("AU45R", "eyeBlinkRight")],
)  # fmt: skip
def test_controls_of_a_board_that_stands_beside_the_character_are_pulled(
    at_50, kind: str, unit: str, key: str
) -> None:
    face = board_beside(kind)

    assert profiles.profile_for(face).name == "arkit"
    assert shown(face, {unit: 0.8}) == pytest.approx({key: 0.8}, abs=2e-3)


@pytest.mark.parametrize("how", ["driven", "turned in axis and angle", "seen in the world"])
def test_a_control_that_a_hand_could_not_pull_either_is_left_alone(at_50, how: str) -> None:
    face = board_beside("transform")
    control = bpy.data.objects["CTRL_C_jaw"]
    drivers = face.data.shape_keys.animation_data.drivers
    jaw = next(d for d in drivers if "jawOpen" in d.data_path).driver.variables[0].targets[0]
    if how == "driven":
        control.driver_add("location")
    elif how == "seen in the world":
        jaw.transform_space = "WORLD_SPACE"
    else:
        jaw.transform_type, control.rotation_mode = "ROT_X", "AXIS_ANGLE"

    assert "jawOpen" not in character_of(face).driver_pulls
    assert set(shown(face, {"AU27": 0.8, "AU12L": 0.8})) == {"mouthSmileLeft"}


def test_a_take_on_a_board_of_objects_is_one_action(at_50) -> None:
    face = board_beside("path")

    shown(face, {"AU27": 0.8, "AU12L": 0.4})

    action = face.data.shape_keys.animation_data.action
    for name in ("CTRL_C_jaw", "CTRL_L_mouth_corner"):
        assert bpy.data.objects[name].animation_data.action == action
        assert f"Controls {name}" in {slot.name_display for slot in action.slots}


MIDDLE = {
    "jawOpen": ("CTRL_C_jaw", 1, "(1.4 - v) * 2"),
    "jawLeft": ("CTRL_C_jaw", 0, "max(v - 0.7, 0) / 0.2"),
    "jawRight": ("CTRL_C_jaw", 0, "max(0.7 - v, 0) / 0.2"),
    "mouthSmileLeft": ("CTRL_L_mouth_corner", 1, "max((v - 2) * 4, 0)"),
    "mouthFrownLeft": ("CTRL_L_mouth_corner", 1, "max((2 - v) * 4, 0)"),
    "mouthPucker": ("CTRL_pucker", 0, "clamp((v - 5) * 2)"),
}
"""As `PLANE`; the controls were put on their board and never made to rest at zero."""


def board_of_middles() -> bpy.types.Object:
    """A face whose keys objects drive that rest where they were put."""
    face = face_with_keys(["eyeBlinkLeft", "eyeBlinkRight", "mouthFunnel", *MIDDLE], "Face")
    for key, (control, axis, expression) in MIDDLE.items():
        thing = bpy.data.objects.get(control)
        if thing is None:
            thing = bpy.data.objects.new(control, None)
            bpy.context.scene.collection.objects.link(thing)
        driver = face.data.shape_keys.key_blocks[key].driver_add("value").driver
        variable = driver.variables.new()
        variable.name, target = "v", variable.targets[0]
        target.id, target.data_path = thing, f"location[{axis}]"
        driver.expression = expression
    return face


RESTS = {("CTRL_C_jaw", 1): 1.4, ("CTRL_C_jaw", 0): 0.7, ("CTRL_L_mouth_corner", 1): 2.0,
         ("CTRL_pucker", 0): 5.0}  # fmt: skip


def test_controls_that_do_not_rest_at_zero_act_around_where_they_rest(at_50) -> None:
    face = board_of_middles()
    for levels, keys in (
        ({}, {}),
        ({"AU27": 0.8, "AU30L": 0.5, "AU18": 0.4}, {"jawOpen": 0.8, "jawLeft": 0.5, "mouthPucker": 0.4}),
        ({"AU30R": 0.5, "AU12L": 0.3}, {"jawRight": 0.5, "mouthSmileLeft": 0.3}),
        ({"AU15L": 0.6}, {"mouthFrownLeft": 0.6}),
    ):  # fmt: skip
        assert shown(face, levels) == pytest.approx(keys, abs=3e-3), levels
        at_50.frame_set(1)
        for (name, axis), rest in RESTS.items():
            assert bpy.data.objects[name].location[axis] == pytest.approx(rest, abs=2e-3), name


def test_a_muted_track_of_a_layer_leaves_controls_where_they_rest(stage) -> None:
    face = board_of_middles()
    line_with_take(face, take({"AU27": 0.8, "AU30L": 0.5, "AU18": 0.4, "AU12L": 0.6}, count=20))
    acting.perform(stage, face)
    layering.push_down(stage, acting.record_of(stage, face))

    for name in {name for name, _ in RESTS}:
        for track in bpy.data.objects[name].animation_data.nla_tracks:
            track.mute = track.name == "Lips"
    stage.frame_set(6)

    for (name, axis), rest in RESTS.items():
        assert bpy.data.objects[name].location[axis] == pytest.approx(rest, abs=2e-3), name
    assert not moved_keys(face)


def test_where_controls_rest_is_found_again_whatever_they_play(at_50) -> None:
    face = board_of_middles()
    before = character_of(face).driver_pulls
    shown(face, {"AU27": 0.8, "AU12L": 0.3})

    after = character_of(face).driver_pulls

    assert {k: p.pose.elsewhere for k, p in before.items()} == {
        k: p.pose.elsewhere for k, p in after.items()
    }
    assert set(after) == set(MIDDLE)


def test_a_slider_whose_middle_is_its_rest_pulls_to_both_sides(at_50) -> None:
    drives = {
        "mouthSmileLeft": ("ctl.L", "LOC_Z", "max(v - 0.5, 0) * 2"),
        "mouthFrownLeft": ("ctl.L", "LOC_Z", "max(0.5 - v, 0) * 2"),
    }
    face = board({**BOARD, **drives})

    assert shown(face, {"AU12L": 0.4}) == pytest.approx({"mouthSmileLeft": 0.4}, abs=3e-3)
    assert shown(face, {"AU15L": 0.4}) == pytest.approx({"mouthFrownLeft": 0.4}, abs=3e-3)
