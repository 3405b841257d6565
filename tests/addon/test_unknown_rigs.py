"""Characters that follow no table: mixed spellings, missing shapes, extra meshes, own names."""

from __future__ import annotations

import bpy
import pytest

from dirfa_blender.core.characters.inventory import coverage
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from dirfa_blender.staging.hindrances import hindrances_of, report_of
from tests.addon.stand_ins import face_with_keys, moved_keys, rigged_face, take

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
# A person's own, by hand and in plain words.
BY_HAND = (
    "jaw_open", "mouth_wide", "lips_pucker", "lips_funnel", "smile.L", "smile.R", "frown.L", "frown.R",
    "blink.L", "blink.R", "eyebrow_up.L", "eyebrow_up.R", "brow_down.L", "brow_down.R", "squint.L",
    "squint.R", "sneer.L", "sneer.R", "puff.L", "puff.R", "lips_closed", "lip_upper_up", "lip_lwr_dn",
)  # fmt: skip


@pytest.fixture
def at_50(scene):
    scene.render.fps = 50
    return scene


def report(face: bpy.types.Object) -> str:
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


@pytest.mark.parametrize(
    ("unit", "own"),
    [
        ("AU26", "jaw_open"), ("AU12L", "smile.L"), ("AU12R", "smile.R"), ("AU15R", "frown.R"),
        ("AU45L", "blink.L"), ("AU45R", "blink.R"), ("AU2L", "eyebrow_up.L"), ("AU1R", "eyebrow_up.R"),
        ("AU4L", "brow_down.L"), ("AU7R", "squint.R"), ("AU9L", "sneer.L"), ("AU18", "lips_pucker"),
        ("AU22", "lips_funnel"), ("AU10L", "lip_upper_up"), ("AU16R", "lip_lwr_dn"),
        ("AU20L", "mouth_wide"), ("AU34", "puff.L"), ("AU24L", "lips_closed"),
    ],
)  # fmt: skip
def test_plain_words_move_what_they_say_on_their_side(at_50, unit: str, own: str) -> None:
    face = face_with_keys(BY_HAND)
    moved = shown(face, {unit: 0.8})

    assert own in moved and moved[own] > 0.2
    other = own.replace(".L", ".x").replace(".R", ".L").replace(".x", ".R")
    assert other == own or unit == "AU34" or other not in moved


def test_no_key_of_plain_words_is_left_out(at_50) -> None:
    face = face_with_keys(BY_HAND)
    found = coverage(profiles.profile_for(face), character_of(face).inventory)

    assert {place.name for places in found.places.values() for place in places} == set(BY_HAND)


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


@pytest.mark.parametrize(
    "spell",
    [
        "{0:02d}_{1}",
        "{1}-{0}",
        "Face.M_F00_{0:03d}_00_{1}",
        "Genesis8_1Female__{1}",
    ],
    ids=["numbered", "numbered behind", "long prefix with numbers", "name of the figure"],
)
def test_numbers_around_names_do_not_hide_them(at_50, spell: str) -> None:
    names = [spell.format(index, name) for index, name in enumerate(ARKIT_NAMES)]
    face = face_with_keys(names)

    assert report(face) == "all 52 found"
    assert set(shown(face, {"AU12R": 0.8})) == {names[ARKIT_NAMES.index("mouthSmileRight")]}


@pytest.mark.parametrize(("left", "right"), [("lf_{}", "rt_{}"), ("{}_Lft", "{}_Rgt")])
def test_short_words_for_sides_keep_them_apart(at_50, left: str, right: str) -> None:
    halves = ("mouthSmile", "eyeBlink", "browDown", "cheekSquint", "noseSneer")
    face = face_with_keys(
        ["jawOpen", *(left.format(n) for n in halves), *(right.format(n) for n in halves)]
    )

    assert set(shown(face, {"AU12L": 0.8})) == {left.format("mouthSmile")}
    assert set(shown(face, {"AU12R": 0.8})) == {right.format("mouthSmile")}


def test_what_hides_a_performance_is_said(at_50) -> None:
    face = face_with_keys(ARKIT_NAMES)
    keys = face.data.shape_keys.key_blocks
    keys["jawOpen"].mute = keys["mouthPucker"].mute = True
    keys["mouthSmileLeft"].slider_max = 0.1
    keys["tongueOut"].driver_add("value").driver.expression = "0.3"

    muted, short, driven = hindrances_of(face)

    assert muted.startswith("2 shape keys of 'Face', first ") and "muted" in muted
    assert short == "Shape key mouthSmileLeft of 'Face' is cut off early, at 0.10: raise Range Max"
    assert driven == "Shape key tongueOut of 'Face' is moved by drivers and left alone"


def test_a_key_whose_range_leaves_rest_out_is_said(at_50) -> None:
    face = face_with_keys(ARKIT_NAMES)
    keys = face.data.shape_keys.key_blocks
    keys["mouthSmileLeft"].slider_min = 0.2
    keys["jawOpen"].slider_max = 10.0

    assert hindrances_of(face) == (
        "Shape key mouthSmileLeft of 'Face' is never at rest, at least 0.20: set Range Min to 0",
    )


@pytest.mark.parametrize(("least", "said"), [(-1.0, 0), (-0.2, 1)])
def test_a_key_whose_range_lies_below_rest_is_full_at_minus_one(at_50, least, said) -> None:
    face = face_with_keys(ARKIT_NAMES)
    key = face.data.shape_keys.key_blocks["jawOpen"]
    key.slider_min, key.slider_max = least, 0.0

    told = hindrances_of(face)

    assert shown(face, {"AU27": 1.0})["jawOpen"] == pytest.approx(least, abs=0.02)
    assert len(told) == said
    assert not said or "is cut off early, at -0.20: lower Range Min" in told[0]


def test_keys_that_are_absolute_or_pinned_are_said(at_50) -> None:
    face = face_with_keys(ARKIT_NAMES)

    face.show_only_shape_key = True
    pinned = hindrances_of(face)
    face.data.shape_keys.use_relative = False
    absolute = hindrances_of(face)

    assert [text for text in pinned if "Solo Active Key" in text]
    assert [text for text in absolute if "are absolute" in text]


def test_a_character_with_the_mesh_of_another_is_said_to_take_it_along(at_50) -> None:
    face = face_with_keys(ARKIT_NAMES)
    twin = bpy.data.objects.new("Twin", face.data)
    at_50.collection.objects.link(twin)

    shared = hindrances_of(face)
    twin.data = twin.data.copy()

    assert [text for text in shared if "one mesh with 'Twin'" in text]
    assert hindrances_of(face) == ()


def test_a_face_whose_head_no_bone_turns_is_reported_so(at_50) -> None:
    character = character_of(face_with_keys(ARKIT_NAMES))
    profile = profiles.profile_of(character)

    told = report_of(character, profile, profiles.covered(character, profile))

    assert told == "all 52 found; no bone turns the head"


def test_an_instance_of_a_character_is_refused_with_what_to_do(at_50) -> None:
    hero = bpy.data.collections.new("Hero")
    face = face_with_keys(ARKIT_NAMES)
    at_50.collection.objects.unlink(face)
    hero.objects.link(face)
    instance = bpy.data.objects.new("Hero here", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", hero
    at_50.collection.objects.link(instance)

    with pytest.raises(RigError, match=r"instance of collection 'Hero'.*Library Override"):
        shown(instance, {"AU26": 0.5})


def test_an_armature_that_shows_no_turn_of_the_head_says_why(at_50) -> None:
    face = rigged_face({"neck": "neck", "head": "head"})
    rig = face.parent
    assert hindrances_of(face) == ()

    rig.data.pose_position = "REST"
    (at_rest,) = hindrances_of(face)
    rig.data.pose_position = "POSE"
    tracking = rig.pose.bones["head"].constraints.new("DAMPED_TRACK")
    tracking.target = face
    (tracked,) = hindrances_of(face)
    tracking.influence = 0.1

    assert at_rest.startswith(f"'{rig.name}' is in Rest Position")
    assert tracked.startswith(f"Bone 'head' of '{rig.name}' is turned by a constraint")
    assert hindrances_of(face) == ()


def test_a_track_that_plays_alone_is_said_unless_it_is_a_layer(at_50) -> None:
    face = face_with_keys(ARKIT_NAMES)
    data = face.data.shape_keys.animation_data_create()
    track = data.nla_tracks.new()
    track.name = "Walk"
    track.strips.new("walk", 1, bpy.data.actions.new("walk"))
    track.is_solo = True

    (alone,) = hindrances_of(face)
    track.name = "Lips"

    assert alone.startswith("Track 'Walk' of 'Face' is solo")
    assert hindrances_of(face) == ()


def test_a_whole_face_hides_nothing(at_50) -> None:
    assert hindrances_of(face_with_keys(ARKIT_NAMES)) == ()
