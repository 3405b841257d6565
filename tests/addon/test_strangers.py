"""Characters as strangers bring them: what they are taken for, and which of their keys a unit moves."""

from __future__ import annotations

import bpy
import pytest

from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import (
    armature,
    face_with_keys,
    moved_keys,
    rigged_face,
    shown,
    take,
)

BONES = {"neck": "neck", "head": "head", "jaw": "jaw"}


pytestmark = pytest.mark.usefixtures("at_50")


def driven_by_a_slider(
    face: bpy.types.Object, holder: bpy.types.Object, path: str, name: str, expression: str
) -> None:
    """A key that follows the custom property of its own name."""
    driver = face.data.shape_keys.key_blocks[name].driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.targets[0].id = "v", holder
    variable.targets[0].data_path = f'{path}["{name}"]'
    driver.expression = expression


@pytest.mark.parametrize("holder", ["rig", "bone", "face"])
@pytest.mark.parametrize(
    ("zero", "greatest", "expression"),
    [(0.0, 100.0, "v / 100"), (0, 100, "v * 0.01"), (0.0, 10.0, "v / 10"), (0.0, 1.0, "v")],
    ids=["percent", "whole percent", "tenths", "plain"],
)
def test_a_slider_goes_to_where_its_key_is_full(
    holder: str, zero: float, greatest: float, expression: str
) -> None:
    face = rigged_face(BONES)
    rig = face.parent
    block = face if holder == "face" else rig
    owner, path = (
        (rig.pose.bones["head"], 'pose.bones["head"]') if holder == "bone" else (block, "")
    )
    for name in ARKIT_NAMES:
        owner[name] = zero
        owner.id_properties_ui(name).update(min=zero, max=type(zero)(greatest))
        driven_by_a_slider(face, block, path, name, expression)

    moved = shown(face, {"AU12L": 0.8})

    assert moved == pytest.approx({"mouthSmileLeft": 0.8}, abs=2e-3)


def test_a_slider_that_its_artist_ends_early_is_not_cut_off() -> None:
    face = rigged_face(BONES)
    rig = face.parent
    rig["jawOpen"] = 0.0
    rig.id_properties_ui("jawOpen").update(min=0.0, max=1.0)
    driven_by_a_slider(face, rig, "", "jawOpen", "v / 2")

    assert shown(face, {"AU27": 1.0})["jawOpen"] == pytest.approx(0.5)
    assert shown(face, {"AU27": 0.6})["jawOpen"] == pytest.approx(0.3)


def test_a_corrective_beside_it_does_not_move_the_end_of_a_slider() -> None:
    face = face_with_keys([*ARKIT_NAMES, "jaw_corrective"])
    face["jawOpen"] = 0.0
    driven_by_a_slider(face, face, "", "jawOpen", "v / 100")
    driver = face.data.shape_keys.key_blocks["jaw_corrective"].driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.targets[0].id = "v", face
    variable.targets[0].data_path = '["jawOpen"]'
    driver.expression = "min(1, v / 30)"

    assert shown(face, {"AU27": 0.9})["jawOpen"] == pytest.approx(0.9, abs=1e-3)


def test_japanese_names_are_read_in_katakana_and_in_half_width() -> None:
    face = face_with_keys(
        ["ｱ", "ｲ", "ｳ", "ｴ", "ｵ", "ﾏﾊﾞﾀｷ", "ｳｨﾝｸ", "ウインク右", "ﾆﾔﾘ", "ﾋﾞｯｸﾘ", "ぷクー", "涙"]
    )

    assert profiles.profile_for(face).name == "mmd"
    assert max(shown(face, {"AU27": 1.0}).items(), key=lambda key: key[1])[0] == "ｱ"
    assert set(shown(face, {"AU45L": 1.0})) == {"ｳｨﾝｸ"}
    assert set(shown(face, {"AU45R": 1.0})) == {"ウインク右"}
    assert set(shown(face, {"AU12L": 1.0, "AU12R": 1.0})) == {"ﾆﾔﾘ"}
    assert set(shown(face, {"AU34": 1.0})) == {"ぷクー"}


def test_a_side_behind_a_bar_is_a_side_and_no_name_in_a_namespace() -> None:
    face = face_with_keys(
        [
            "Hero|jawOpen",
            "mouthSmile|Left",
            "mouthSmile|R",
            "Hero:eyeBlink|L",
            "Hero:eyeBlink|R.001",
        ]
    )

    assert set(shown(face, {"AU12L": 0.8})) == {"mouthSmile|Left"}
    assert set(shown(face, {"AU12R": 0.8})) == {"mouthSmile|R"}
    assert set(shown(face, {"AU45R": 0.8})) == {"Hero:eyeBlink|R.001"}
    assert set(shown(face, {"AU27": 0.8})) == {"Hero|jawOpen"}


@pytest.mark.parametrize("prefix", ["head_lod0_mesh__", "CTRL_expressions.", ""])
def test_a_metahuman_is_known_by_its_curves_under_any_prefix(prefix: str) -> None:
    names = ["brow_raiseIn", "browRaiseOuter", "browDown", "browLateral", "eyeBlink", "eyeWiden",
             "eyeSquintInner", "eyeCheekRaise", "eyeLookUp", "eyeLookDown", "eyeLookLeft",
             "eyeLookRight", "noseWrinkle", "mouthUpperLipRaise", "mouthLowerLipDepress",
             "mouthCornerPull", "mouthCornerDepress", "mouthStretch", "mouthDimple",
             "mouth_funnel_U", "mouthFunnelD", "mouthLipsPurseU", "mouthLipsPurseD"]  # fmt: skip
    sided = [f"{prefix}{name}{side}" for name in names for side in "LR"]
    face = face_with_keys([*sided, f"{prefix}jaw_open", f"{prefix}jawFwd"])

    assert profiles.profile_for(face).name == "metahuman"
    assert set(shown(face, {"AU1L": 0.8})) == {f"{prefix}brow_raiseInL"}
    assert set(shown(face, {"AU10R": 0.8})) == {f"{prefix}mouthUpperLipRaiseR"}
    assert set(shown(face, {"gaze_left": 0.3})) == {f"{prefix}eyeLookLeft{s}" for s in "LR"}
    assert set(shown(face, {"AU27": 0.8})) == {f"{prefix}jaw_open"}


def test_words_with_underscores_make_no_reallusion_character_whose_jaw_opens_twice() -> None:
    words = [
        "".join(f"_{c}" if c.isupper() else c for c in name).lstrip("_").title()
        for name in ARKIT_NAMES
    ]
    face = face_with_keys(words)
    face.parent = armature(BONES)

    covered = profiles.covered(character_of(face), profiles.profile_for(face))

    assert covered.profile == "arkit" and str(covered).startswith("all 52 found")
    assert "jawOpen" in covered.places and "jawOpen" not in covered.bones


def rig_with_lids(depth: float, mode: str) -> bpy.types.Object:
    """An armature without a face: jaw, eyes and lids that begin `depth` metres before the eyes' middle."""
    rig = armature({**BONES, "eye_left": "eye.L", "eye_right": "eye.R"}, roll=0.7, mode=mode)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for side, x in (("L", 0.032), ("R", -0.032)):
        for name, z in (("upper_lid", 0.004), ("lower_lid", -0.004)):
            bone = rig.data.edit_bones.new(f"{name}.{side}")
            bone.head = (x, -0.07 - depth, 1.68 + (z if depth else 0.0))
            bone.tail = (x, -0.084, 1.68 + z)
            bone.parent = rig.data.edit_bones["head"]
    bpy.ops.object.mode_set(mode="OBJECT")
    for pose_bone in rig.pose.bones:
        pose_bone.rotation_mode = mode
    return rig


def lid_gap(rig: bpy.types.Object, side: str) -> float:
    """Metres between the tips of an eye's lids, up."""
    evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    upper, lower = (evaluated.pose.bones[f"{name}_lid.{side}"].tail for name in ("upper", "lower"))
    return upper.z - lower.z


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX", "AXIS_ANGLE"])
@pytest.mark.parametrize("depth", [0.0, 0.013], ids=["about the eye's middle", "over the eye"])
def test_lids_on_bones_blink_in_every_rotation_mode(depth: float, mode: str) -> None:
    rig = rig_with_lids(depth, mode)
    rig.scale = (-1.0, 1.3, 0.8)
    covered = profiles.covered(character_of(rig), profiles.profile_for(rig))
    assert {"blinkLeft", "blinkRight"}.isdisjoint(covered.missing)

    apply.apply_animation(take({"AU45L": 1.0}), rig, profiles.profile_for(rig), name="Take")
    bpy.context.scene.frame_set(1)
    opened = lid_gap(rig, "L")
    bpy.context.scene.frame_set(2)

    assert opened == pytest.approx(0.008, abs=1e-5)
    assert lid_gap(rig, "L") < 0.002
    assert lid_gap(rig, "R") == pytest.approx(opened, abs=1e-6)
    tip = rig.pose.bones["upper_lid.L"].tail
    assert tip.y < -0.07 - 0.011, "a lid stays before its eye"


def test_lids_over_the_eye_need_both_to_tell_how_far_they_go() -> None:
    rig = rig_with_lids(0.013, "XYZ")
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for side in "LR":
        rig.data.edit_bones.remove(rig.data.edit_bones[f"lower_lid.{side}"])
    bpy.ops.object.mode_set(mode="OBJECT")

    covered = profiles.covered(character_of(rig), profiles.profile_for(rig))

    assert {"blinkLeft", "blinkRight"} <= set(covered.missing)


def test_a_face_in_french_smiles_on_the_side_that_it_says_and_speaks() -> None:
    face = face_with_keys(
        [
            "bouche_ouverte",
            "sourire_G",
            "sourire_D",
            "clin_oeil_G",
            "clin_oeil_D",
            "lignes_de_sourire",
        ]
    )

    assert set(shown(face, {"AU12L": 0.8})) == {"sourire_G"}
    assert set(shown(face, {"AU45R": 1.0})) == {"clin_oeil_D"}
    assert set(shown(face, {"AU27": 1.0})) == {"bouche_ouverte"}


def test_slips_of_the_pen_and_keys_down_to_minus_one_move_as_they_should() -> None:
    face = face_with_keys(
        ["jawOpne", "mouthSmlieLeft", "mouthSmileRigth", "cheeckPuff", "smileLines"]
    )
    for key in face.data.shape_keys.key_blocks[1:]:
        key.slider_min = -1.0

    assert shown(face, {"AU12L": 0.8}) == pytest.approx({"mouthSmlieLeft": 0.8}, abs=2e-3)
    assert shown(face, {"AU27": 1.0}) == pytest.approx({"jawOpne": 1.0}, abs=2e-3)


def part(names: list[str], name: str, rig: bpy.types.Object) -> bpy.types.Object:
    """A mesh beside the face, carried by the same armature."""
    made = face_with_keys(names, name)
    made.parent = rig
    return made


def test_a_mesh_that_spells_in_another_way_than_the_face_moves_with_it() -> None:
    face = rigged_face(BONES)
    brows = part(["BrowsUp_L", "BrowsUp_R", "browDown"], "Brows", face.parent)
    lashes = part(["Blink", "Wide"], "Lashes", face.parent)

    assert shown(face, {"AU1L": 0.8, "AU2L": 0.8}) == pytest.approx(
        {"browInnerUp": 0.4, "browOuterUpLeft": 0.8}, abs=1e-4
    )
    assert moved_keys(brows) == pytest.approx({"BrowsUp_L": 0.96}, abs=1e-4)
    shown(face, {"AU45L": 1.0, "AU45R": 1.0, "AU4R": 1.0})
    assert moved_keys(brows) == pytest.approx({"browDown": 0.5}, abs=1e-4)
    assert moved_keys(lashes) == pytest.approx({"Blink": 1.0}, abs=1e-4)


def test_a_spare_key_of_the_face_itself_stays_still() -> None:
    face = face_with_keys([*ARKIT_NAMES, "eyeBlink", "browUpLeft", "browUpRight"])

    moved = shown(face, {"AU45L": 1.0, "AU45R": 1.0, "AU1L": 0.5, "AU2L": 0.5})

    assert {"eyeBlink", "browUpLeft", "browUpRight"}.isdisjoint(moved)


def test_lashes_of_another_maker_than_the_face_blink_with_it() -> None:
    rig = armature(BONES)
    names = load_profile("daz_genesis8").names
    face = part([own[0] for channel, own in names.items() if "Blink" not in channel], "Face", rig)
    lids = part(["facs_jnt_EyeBlinkLeft", "facs_jnt_EyeBlinkRight"], "Lids", rig)
    lashes = part(["eyeBlinkLeft", "EyeBlink_R"], "Lashes", rig)

    shown(face, {"AU45R": 1.0})

    assert profiles.profile_for(face).name == "daz_genesis8"
    assert set(moved_keys(lids)) == {"facs_jnt_EyeBlinkRight"}
    assert set(moved_keys(lashes)) == {"EyeBlink_R"}


def test_a_face_whose_jaw_drivers_own_is_still_of_its_family() -> None:
    face = face_with_keys(ARKIT_NAMES)
    for name in ("jawOpen", "jawForward", "jawLeft", "jawRight", "mouthClose"):
        face.data.shape_keys.key_blocks[name].driver_add("value").driver.expression = "0.1"

    assert profiles.profile_for(face).name in ("arkit", "ready_player_me", "mpfb2")
    assert set(shown(face, {"AU12L": 0.8})) == {"mouthSmileLeft", "jawOpen", "jawForward", "jawLeft",
                                                "jawRight", "mouthClose"}  # fmt: skip
