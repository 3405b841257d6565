"""The face of Auto-Rig Pro: a stand-in with its control names and rolls, each channel's sign and side."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from tests.addon.stand_ins import take

# Places of the controls, metres: subject's left, back, up.
MIDDLE = {
    "c_neck.x": (0, 0.02, 1.45), "c_head.x": (0, 0, 1.55), "c_jawbone.x": (0, -0.01, 1.6),
    "c_lips_top.x": (0, -0.11, 1.602), "c_lips_bot.x": (0, -0.108, 1.59), "c_chin_01.x": (0, -0.1, 1.55),
    "c_tong_01.x": (0, -0.06, 1.59), "c_tong_03.x": (0, -0.09, 1.59),
}  # fmt: skip
LEFT = {
    "c_eye.l": (0.032, -0.07, 1.68), "c_eyelid_top.l": (0.032, -0.1, 1.685),
    "c_eyelid_bot.l": (0.032, -0.1, 1.675), "c_eyebrow_01_end.l": (0.012, -0.11, 1.705),
    "c_eyebrow_01.l": (0.02, -0.11, 1.71), "c_eyebrow_02.l": (0.032, -0.105, 1.715),
    "c_eyebrow_03.l": (0.045, -0.1, 1.71), "c_lips_smile.l": (0.025, -0.1, 1.596),
    "c_lips_top.l": (0.008, -0.11, 1.602), "c_lips_top_01.l": (0.016, -0.106, 1.6),
    "c_lips_bot.l": (0.008, -0.108, 1.59), "c_lips_bot_01.l": (0.016, -0.104, 1.592),
    "c_cheek_smile.l": (0.04, -0.09, 1.64), "c_cheek_inflate.l": (0.045, -0.08, 1.61),
}  # fmt: skip
LOWER = ("c_lips_bot", "c_chin", "c_tong")


@pytest.fixture
def rig(scene) -> bpy.types.Object:
    set_frame_rate(scene, parse_rate("50"))
    data = bpy.data.armatures.new("rig")
    thing = bpy.data.objects.new("rig", data)
    scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    places = MIDDLE | LEFT | {f"{n[:-1]}r": (-x, y, z) for n, (x, y, z) in LEFT.items()}
    bpy.ops.object.mode_set(mode="EDIT")
    for number, (name, place) in enumerate(places.items()):
        bone = data.edit_bones.new(name)
        bone.head = place
        up = name in ("c_neck.x", "c_head.x")
        bone.tail = np.add(place, (0, 0, 0.08) if up else (0, -0.02, 0))
        bone.roll = 0.4 * number
    for bone in data.edit_bones:
        if bone.name != "c_neck.x":
            parent = "c_jawbone.x" if bone.name.startswith(LOWER) else "c_head.x"
            bone.parent = data.edit_bones["c_neck.x" if bone.name == "c_head.x" else parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    return thing


def moved(rig: bpy.types.Object, levels: dict[str, float]) -> dict[str, np.ndarray]:
    """How far the heads of bones have moved, (3,) metres, where they have."""
    apply.apply_animation(take(levels), rig, profiles.profile_for(rig), name="Take")
    places = []
    for frame in (1, 2):
        bpy.context.scene.frame_set(frame)
        places.append({bone.name: np.array(bone.head) for bone in rig.pose.bones})
    gone = {name: places[1][name] - place for name, place in places[0].items()}
    return {name: way for name, way in gone.items() if np.linalg.norm(way) > 1e-5}


def test_the_face_is_recognised_whole(rig) -> None:
    found = profiles.profile_for(rig)

    assert found.name == "auto_rig_pro"
    from dirfa_blender.rig.character import character_of

    said = str(profiles.covered(character_of(rig), found))
    assert said.startswith("all ") and "jaw on bone 'c_jawbone.x'" in said


def test_a_jaw_that_drops_takes_the_lower_lip_down_and_leaves_the_upper(rig) -> None:
    gone = moved(rig, {"AU26": 1.0})

    assert gone["c_lips_bot.x"][2] < -0.01
    assert "c_lips_top.x" not in gone and "c_lips_smile.l" not in gone


@pytest.mark.parametrize(("unit", "up"), [("AU12", 1), ("AU15", -1)])
def test_corners_rise_outwards_in_a_smile_and_sink_in_a_frown(rig, unit: str, up: int) -> None:
    left, right = (moved(rig, {unit + side: 1.0}) for side in "LR")

    assert set(left) == {"c_lips_smile.l"} and set(right) == {"c_lips_smile.r"}
    assert up * left["c_lips_smile.l"][2] > 0.002
    np.testing.assert_allclose(
        left["c_lips_smile.l"] * (-1, 1, 1), right["c_lips_smile.r"], atol=1e-6
    )


def test_rounded_lips_come_together_and_forward(rig) -> None:
    gone = moved(rig, {"AU18": 1.0})

    assert gone["c_lips_smile.l"][0] < -0.005 < 0.005 < gone["c_lips_smile.r"][0]
    assert gone["c_lips_top.x"][1] < -0.005 and gone["c_lips_bot.x"][1] < -0.005


def test_lids_close_and_brows_rise_on_their_own_side(rig) -> None:
    blink, inner, outer = (moved(rig, {u: 1.0}) for u in ("AU45L", "AU1L", "AU2R"))

    assert blink["c_eyelid_top.l"][2] < -0.005
    assert set(blink) == {"c_eyelid_top.l", "c_eyelid_bot.l"}
    assert inner["c_eyebrow_01_end.l"][2] > inner["c_eyebrow_02.l"][2] > 0
    assert outer["c_eyebrow_03.r"][2] > 0
    assert not [name for name in (*inner, *blink) if name.endswith(".r")]


def test_sealed_lips_meet_over_an_open_jaw(rig) -> None:
    opened = moved(rig, {"AU26": 1.0})["c_lips_bot.x"][2]

    sealed = moved(rig, {"AU26": 1.0, "AU8": 1.0})

    gap = sealed["c_lips_top.x"][2] - sealed["c_lips_bot.x"][2]
    assert gap < -0.6 * opened


def test_every_control_that_the_profile_names_is_on_the_stand_in(rig) -> None:
    profile = load_profile("auto_rig_pro")
    named = {move.bone for moves in profile.bone_moves.values() for move in moves}

    assert named <= set(rig.pose.bones.keys())
