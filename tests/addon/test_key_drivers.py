"""Face boards: keys that bones drive are moved by those bones, as a person pulls them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Vector

from dirfa_blender.rig import key_drivers, profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.rig.profiles import covered
from dirfa_blender.staging.hindrances import hindrances_of, report_of
from tests.addon.stand_ins import armature, face_with_keys, shown

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

    assert "mouthFunnel" not in character_of(face).driver_poses
    assert np.isclose(shown(face, {"AU27": 1.0})["jawOpen"], 1.0, atol=0.01)


def test_drivers_of_one_formula_are_solved_once() -> None:
    formula = "clamp(v / 0.37)"
    face = board({f"shape_{i}": (f"ctl_{i}", "LOC_Y", formula) for i in range(30)})
    before = key_drivers._reached_before.cache_info().misses

    poses = key_drivers.driver_poses(face.parent, (face,))

    assert key_drivers._reached_before.cache_info().misses == before + 1
    assert len(poses) == 30
    for number in range(30):
        assert poses[f"shape_{number}"].moves[f"ctl_{number}"][1] == pytest.approx(0.37, abs=0.01)
