"""Characters that follow no table: mixed spellings, missing shapes, extra meshes, own names."""

from __future__ import annotations

import bpy
import pytest

from dirfa_blender import apply, profiles
from dirfa_blender.core.inventory import coverage
from tests.addon.stand_ins import face_with_keys, moved_keys, take

# One shop's habits: a prefix, three ways to write a side, words in another order, a typo, its own things.
SHOP = (
    "hero_Jaw_Open", "hero_mouthSmile_L", "hero_MouthSmileRight", "hero_mouth_pucker", "hero_EyeBlink.L",
    "hero_eye_blink_R", "hero_browInnerUp", "hero_BrowDown_l", "hero_browDown_r", "hero_cheek_puff",
    "hero_mouthFunnel", "hero_MouthClose", "hero_L_EyeWide", "hero_eyeWideRight", "hero_noseSneer_L",
    "hero_noseSneerRight", "hero_jawFwrd", "hero_teethGap", "hero_age_old", "hero_mouthLowerDown_L",
    "hero_mouthLowerDown_R",
)  # fmt: skip
# Another: keys of sculpting and clothes before and after a handful of plain ones, in capitals.
CAPITALS = (
    "WRINKLE_01", "JAWOPEN", "MOUTHSMILELEFT", "MOUTHSMILERIGHT", "EYEBLINKLEFT", "EYEBLINKRIGHT",
    "MOUTHPUCKER", "MOUTHFUNNEL", "BROWINNERUP", "FAT", "THIN", "Collar_Fix",
)  # fmt: skip


@pytest.fixture
def at_50(scene):
    scene.render.fps = 50
    return scene


def report(face: bpy.types.Object) -> str:
    from dirfa_blender.character import character_of

    return str(coverage(profiles.profile_for(face), character_of(face).inventory))


def shown(face: bpy.types.Object, levels: dict[str, float]) -> dict[str, float]:
    apply.apply_animation(take(levels), face, profiles.profile_for(face), name="Take")
    bpy.context.scene.frame_set(2)
    return moved_keys(face)


def test_mixed_spellings_under_a_prefix_are_recognised_side_by_side(at_50) -> None:
    face = face_with_keys(SHOP)

    assert set(shown(face, {"AU12L": 0.8})) == {"hero_mouthSmile_L"}
    assert set(shown(face, {"AU12R": 0.8})) == {"hero_MouthSmileRight"}
    assert set(shown(face, {"AU45L": 0.8})) == {"hero_EyeBlink.L"}
    assert set(shown(face, {"AU45R": 0.8})) == {"hero_eye_blink_R"}
    assert set(shown(face, {"AU5L": 0.8})) == {"hero_L_EyeWide"}
    assert "hero_Jaw_Open" in shown(face, {"AU26": 0.8})
    assert not set(shown(face, {"AU26": 0.8})) & {"hero_teethGap", "hero_age_old"}


def test_the_report_counts_what_is_there_and_names_what_is_not(at_50) -> None:
    text = report(face_with_keys(SHOP))

    assert text.startswith(f"{len(SHOP) - 3} of 52 found")
    assert "missing" in text


def test_extra_meshes_move_along_and_strangers_stay(at_50) -> None:
    face = face_with_keys(CAPITALS, "Head")
    teeth = face_with_keys(("jawOpen", "scan_noise"), "Teeth")
    hat = face_with_keys(("squash", "stretch"), "Hat")
    stranger = face_with_keys(("jawOpen",), "Somebody Else")
    for part in (teeth, hat):
        part.parent = face

    moved = shown(face, {"AU26": 0.8, "AU12L": 0.5})

    assert {"JAWOPEN", "MOUTHSMILELEFT"} <= set(moved)
    assert set(moved_keys(teeth)) == {"jawOpen"}
    assert not moved_keys(hat) and not moved_keys(stranger)
    assert not set(moved) & {"FAT", "THIN", "WRINKLE_01", "Collar_Fix"}
