"""Names of games and their tools: what each key is, on which side, in which direction.

Expected keys stand here in the games' own words, not read from the profiles.
"""

from __future__ import annotations

import bpy
import pytest

from dirfa_blender.blender import fcurves
from dirfa_blender.core.characters.inventory import coverage
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import armature, face_with_keys, moved_keys, shown, take

pytestmark = pytest.mark.usefixtures("at_50")

AA = {"AU26": 0.8, "AU10L": 0.25, "AU10R": 0.25, "AU16L": 0.5, "AU16R": 0.5}
BOTH_LIDS = {"AU45L": 1.0, "AU45R": 1.0}
KK_PARTS = ("kuti_face.f00", "kuti_ha.ha00", "kuti_sita.t00")
KK_RAW = (
    *(f"eye_face.f00_{what}" for what in ("def_cl", "def_op", "egao_cl", "winkl_op", "winkr_op")),
    *(f"{part}_def_cl" for part in ("eye_line_u.elu00", "eye_line_l.ell00", "eye_siroL.sL00")),
    *(f"{part}_{vowel}_{size}_op" for part in KK_PARTS for vowel in "aiueon" for size in "sl"),
    *(f"kuti_face.f00_{what}" for what in ("def_cl", "def_op", "uresi_cl", "ikari_cl", "kisu_cl")),
    *(f"mayuge.mayu00_{what}" for what in ("def_cl", "koma_cl", "oko_cl")),
)  # fmt: skip
KKBP = (
    "KK Eyes_default_cl", "KK Eyes_smile_cl", "KK Eyes_wink_left_op",
    *(f"KK Mouth_{vowel}_{size}_op" for vowel in "aiueo" for size in ("small", "big")),
    "KK Mouth_happy_broad_cl", "KK Eyebrows_worried_cl", "KK Eyebrows_angry_cl",
)  # fmt: skip
GENSHIN = (
    "Mouth_A01", "Mouth_Open01", "Mouth_Smile01", "Mouth_Angry01", "Mouth_Line02", "Mouth_Default",
    "Eye_WinkA_L", "Eye_WinkA_R", "Eye_WinkB_L", "Eye_WinkB_R", "Eye_Ha", "Eye_Up",
    "Brow_Up_L", "Brow_Up_R", "Brow_Down_L", "Brow_Down_R", "Brow_Trouble_L", "Brow_Trouble_R",
)  # fmt: skip
VALVE = (
    "CloseLidUpL", "CloseLidUpR", "CloseLidLoL", "CloseLidLoR", "RaiseBrowInL", "RaiseBrowInR",
    "BrowOutVL", "BrowOutVR", "FrownL", "FrownR", "SmileFullL", "SmileFullR", "PuckerLipsL",
    "PuckerLipsR", "FunnelLipsL", "FunnelLipsR", "OpenJaw", "CompressLips", "RaiseChin",
)  # fmt: skip
MMD_ENGLISH = (
    "blink", "wink", "wink_right", "wink_2", "wink_2_right", "surprise", "a", "i", "u", "e", "o",
    "mouth_corner_up", "mouth_corner_down", "trouble", "angry",
)  # fmt: skip
BOOTH = (
    "eye_close", "eye_close_L", "eye_close_R", "eyebrow_up", "eyebrow_down", "eyebrow_sad", "mouth_a1",
    "mouth_i1", "mouth_u1", "mouth_e1", "mouth_o1", "mouth_smile", "tongue_out",
)  # fmt: skip
GENESIS_2 = (
    "PHMEyesClosedL", "PHMEyesClosedR", "PHMMouthSmileL", "PHMMouthSmileR",
    *(f"VSM{sound}" for sound in ("AA", "EE", "EH", "F", "IH", "K", "L", "M", "OW", "S", "SH", "T", "UW")),
)  # fmt: skip
UMA = (
    "jawOpen_Close", "leftMouthSmile_Frown", "rightMouthSmile_Frown", "leftEyeOpen_Close",
    "rightEyeOpen_Close", "leftEyeUp_Down", "rightEyeUp_Down", "leftEyeIn_Out", "rightEyeIn_Out",
    "leftBrowUp_Down", "rightBrowUp_Down", "leftLowerLipUp_Down", "rightLowerLipUp_Down",
)  # fmt: skip
LIVE2D = (
    "ParamAngleX", "ParamAngleY", "ParamAngleZ", "ParamEyeLOpen", "ParamEyeROpen", "ParamEyeBallX",
    "ParamEyeBallY", "ParamBrowLY", "ParamBrowRY", "ParamMouthForm", "ParamMouthOpenY", "ParamCheek",
    "ParamBreath",
)  # fmt: skip
LIVE2D_CAPITALS = (
    "PARAM_ANGLE_X", "PARAM_EYE_L_OPEN", "PARAM_EYE_R_OPEN", "PARAM_EYE_BALL_X", "PARAM_EYE_BALL_Y",
    "PARAM_BROW_L_Y", "PARAM_BROW_R_Y", "PARAM_MOUTH_FORM", "PARAM_MOUTH_OPEN_Y",
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "levels", "moved"),
    [
        (KK_RAW, BOTH_LIDS, {"eye_face.f00_def_cl", "eye_line_u.elu00_def_cl", "eye_line_l.ell00_def_cl"}),
        (KK_RAW, AA, {f"{part}_a_l_op" for part in KK_PARTS}),
        (KK_RAW, {"AU4L": 1.0, "AU4R": 1.0}, {"mayuge.mayu00_oko_cl"}),
        (KK_RAW, {"AU12L": 1.0, "AU12R": 1.0}, {"kuti_face.f00_uresi_cl"}),
        (KKBP, BOTH_LIDS, {"KK Eyes_default_cl"}),
        (KKBP, AA, {"KK Mouth_a_big_op"}),
        (KKBP, {"AU1L": 1.0, "AU1R": 1.0}, {"KK Eyebrows_worried_cl"}),
        (GENSHIN, {"AU45L": 1.0}, {"Eye_WinkB_L"}),
        (GENSHIN, {"AU45R": 1.0}, {"Eye_WinkB_R"}),
        (GENSHIN, {"AU26": 0.8}, {"Mouth_A01"}),
        (GENSHIN, {"AU18": 0.8}, {"Mouth_Line02"}),
        (GENSHIN, {"AU4L": 0.8}, {"Brow_Down_L"}),
        (VALVE, {"AU45L": 1.0}, {"CloseLidUpL", "CloseLidLoL"}),
        (VALVE, {"AU4R": 1.0}, {"FrownR"}),
        (VALVE, {"AU12L": 1.0}, {"SmileFullL"}),
        (VALVE, {"AU1R": 1.0}, {"RaiseBrowInR"}),
        (MMD_ENGLISH, {"AU45L": 1.0}, {"wink_2"}),
        (MMD_ENGLISH, {"AU45R": 1.0}, {"wink_2_right"}),
        (MMD_ENGLISH, AA, {"a"}),
        (BOOTH, {"AU2L": 1.0, "AU2R": 1.0}, {"eyebrow_up"}),
        (BOOTH, {"AU4L": 1.0, "AU4R": 1.0}, {"eyebrow_down"}),
        (GENESIS_2, {"AU45L": 1.0}, {"PHMEyesClosedL"}),
        (GENESIS_2, AA, {"VSMAA"}),
        (("saySmall", "sayMedium", "sayLarge"), AA, {"sayLarge"}),
        (("Say_S", "Say_M", "Say_L", "Blink_L", "Blink_R"), {"AU45R": 1.0}, {"Blink_R"}),
    ],
)  # fmt: skip
def test_a_unit_moves_the_keys_of_its_region_and_side(
    names: tuple[str, ...], levels: dict[str, float], moved: set[str]
) -> None:
    assert set(shown(face_with_keys(names), levels)) == moved


@pytest.mark.parametrize(
    ("levels", "moves"),
    [
        ({"AU45L": 1.0}, {"leftEyeOpen_Close": -1}),
        ({"AU5R": 1.0}, {"rightEyeOpen_Close": 1}),
        ({"AU12L": 1.0}, {"leftMouthSmile_Frown": 1}),
        ({"AU15R": 1.0}, {"rightMouthSmile_Frown": -1}),
        ({"AU16L": 1.0}, {"leftLowerLipUp_Down": -1}),
        ({"AU4R": 1.0}, {"rightBrowUp_Down": -1}),
        ({"gaze_up": -0.3}, {"leftEyeUp_Down": -1, "rightEyeUp_Down": -1}),
        ({"gaze_left": 0.3}, {"leftEyeIn_Out": -1, "rightEyeIn_Out": 1}),
        ({"AU26": 1.0}, {"jawOpen_Close": 1}),
    ],
)
def test_a_slider_of_two_directions_goes_the_right_way(
    levels: dict[str, float], moves: dict[str, int]
) -> None:
    moved = shown(face_with_keys(UMA), levels)

    assert {name: 1 if value > 0 else -1 for name, value in moved.items()} == moves


@pytest.mark.parametrize("names", [LIVE2D, LIVE2D_CAPITALS])
def test_live2d_eyes_are_open_at_rest_and_close_at_nought(names: tuple[str, ...]) -> None:
    left, right = (name for name in names if "OPEN" in name.upper() and "EYE" in name.upper())
    face = face_with_keys(names)
    closing = shown(face, {"AU45L": 1.0})

    bpy.context.scene.frame_set(1)

    assert moved_keys(face) == pytest.approx({left: 1.0, right: 1.0})
    assert closing == pytest.approx({right: 1.0})


def controls(rig: bpy.types.Object, levels: dict[str, float]) -> dict[str, float]:
    """Custom properties of a rig that leave rest, by how far, with its units at these levels."""
    apply.apply_animation(take(levels), rig, profiles.profile_for(rig), name="Take")
    moves = {}
    for (path, _), curve in fcurves.curves_of(rig).items():
        if path.startswith('["'):
            moves[path[2:-2]] = curve.evaluate(2) - curve.evaluate(1)
    return {name: move for name, move in moves.items() if abs(move) > 1e-3}


@pytest.mark.parametrize(
    ("levels", "name", "least", "most"),
    [
        ({"head_yaw": 0.2618}, "ParamAngleX", 14.9, 15.1),
        ({"head_pitch": -0.2618}, "ParamAngleY", -15.1, -14.9),
        ({"head_roll": 0.2618}, "ParamAngleZ", 14.9, 15.1),
        ({"gaze_left": 0.3}, "ParamEyeBallX", 0.5, 0.6),
        ({"gaze_up": -0.3}, "ParamEyeBallY", -0.7, -0.6),
        ({"AU45R": 1.0}, "ParamEyeROpen", -1.0, -1.0),
        ({"AU26": 0.5}, "ParamMouthOpenY", 0.4, 0.6),
        ({"AU12L": 1.0, "AU12R": 1.0}, "ParamMouthForm", 0.9, 1.0),
        ({"AU15L": 1.0, "AU15R": 1.0}, "ParamMouthForm", -1.0, -0.9),
        ({"AU4L": 1.0}, "ParamBrowLY", -0.7, -0.5),
        ({"AU2R": 1.0}, "ParamBrowRY", 0.5, 0.7),
    ],
)
def test_live2d_parameters_of_a_rig_have_their_signs_and_units(
    levels: dict[str, float], name: str, least: float, most: float
) -> None:
    rig = armature({"head": "head"})
    for own in LIVE2D:
        rig[own] = 1.0 if own.endswith("Open") else 0.0

    moved = controls(rig, levels)

    assert list(moved) == [name]
    assert least - 1e-3 <= moved[name] <= most + 1e-3


def test_a_head_that_a_parameter_turns_is_not_turned_by_its_bone_too() -> None:
    rig = armature({"neck": "neck", "head": "head"})
    for own in LIVE2D:
        rig[own] = 0.0

    assert controls(rig, {"head_yaw": 0.2})
    assert not [path for path, _ in fcurves.curves_of(rig) if path.startswith("pose.bones")]


def test_a_wink_without_a_side_is_no_blink_of_both_eyes() -> None:
    face = face_with_keys(("wink", "wink_right", "smile", "jaw_open", "brow_up", "brow_down"))
    found = coverage(profiles.profile_for(face), character_of(face).inventory)

    assert "wink" not in {place.name for places in found.places.values() for place in places}


def test_koikatsu_teeth_that_are_a_mesh_of_their_own_move_with_the_mouth() -> None:
    face = face_with_keys([name for name in KK_RAW if "_ha." not in name])
    teeth = face_with_keys([name for name in KK_RAW if "_ha." in name], "Teeth")
    teeth.parent = face

    shown(face, AA)

    assert set(moved_keys(teeth)) == {"kuti_ha.ha00_a_l_op"}
