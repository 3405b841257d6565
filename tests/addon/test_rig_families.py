"""Every shipped profile on a stand-in with its names: which key moves, on which side, by how much.

What is expected is not read from the profiles but from the words of the names themselves, region and side.
"""

from __future__ import annotations

import re

import pytest

from dirfa_blender.blender.scene import set_frame_rate
from dirfa_blender.core.action_units import ACTION_UNITS
from dirfa_blender.core.characters.profile import HEAD_INPUTS, INPUTS
from dirfa_blender.core.characters.spelling import plain_spelling, side_of
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.performing import apply
from dirfa_blender.rig import profiles
from tests.addon.stand_ins import face_with_keys, moved_keys, take

# Words of a name that tell the region of the face a key belongs to; the first that is found counts.
REGIONS = (
    ("brows", r"brow|brw|上$|困|怒|angry|sorrow|sad|surprised"),
    ("cheeks", r"cheek|ぷくー|頬"),
    ("lids", r"eye|blink|lid|ウィンク|ｳｨﾝｸ|びっくり|squint|widen|look"),
    ("nose", r"nose"),
    ("mouth", r"."),
)
MOUTH = {"lips", "jaw", "tongue"}
# Keys that move more than one region by nature: whole-face expressions and cheek shapes of the mouth.
WHOLE_FACE = {"happy", "angry", "sad", "surprised"}
# Families without a name of their own for a shape: their controls are bones.
BY_BONE = ("rigify", "auto_rig_pro")
NAMED = [name for name in shipped_profiles() if load_profile(name).names_of and name not in BY_BONE]
# Inputs that are turns, radians.
TURNS = {"gaze_up": 0.3, "gaze_left": 0.3, **dict.fromkeys(HEAD_INPUTS, 0.3)}


def region_of(name: str) -> str:
    return next(region for region, words in REGIONS if re.search(words, name, re.IGNORECASE))


@pytest.mark.parametrize("family", NAMED)
def test_each_input_moves_keys_of_its_own_side_and_region(scene, family: str) -> None:
    set_frame_rate(scene, parse_rate("50"))
    profile = load_profile(family)
    own = {channel: profile.names_of(channel)[0] for channel in profile.shapes}
    face = face_with_keys(own.values())
    reached: set[str] = set()

    for unit in INPUTS:
        for sign in (1, -1) if unit in TURNS else (1,):
            # Lips can only be sealed over a jaw that is open.
            jaw = {"AU26": 1.0} if unit == "AU8" else {}
            levels = {unit: sign * TURNS.get(unit, 1.0), **jaw}
            apply.apply_animation(take(levels), face, profile, name="Take", scene=scene)
            scene.frame_set(1)
            before = moved_keys(face)
            scene.frame_set(2)
            moved = changed(before, moved_keys(face))
            reached |= set(moved)
            check_sides(unit, moved, family)
            check_regions(unit, moved, profile, own, family)

    rest = {own[name] for name, row in profile.visemes.items() if not row.any()}
    mixed = {own[name] for name in profile.visemes}
    assert set(own.values()) - reached - rest - mixed == set()


def changed(rest: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """How far each key has gone from rest, where it has: an eye may be open at 1."""
    moves = {name: now.get(name, 0.0) - rest.get(name, 0.0) for name in {**rest, **now}}
    return {name: move for name, move in moves.items() if abs(move) > 1e-4}


def check_sides(unit: str, moved: dict[str, float], family: str) -> None:
    sides = {u.code: u.side for u in ACTION_UNITS}
    if sides.get(unit) not in ("left", "right") or unit.startswith("AU30"):
        return
    other = "right" if sides[unit] == "left" else "left"
    wrong = [name for name in moved if side_of(name) == other and "|" not in name]
    assert not wrong, f"{family}: {unit} moves {wrong}"


def check_regions(unit: str, moved: dict[str, float], profile, own, family: str) -> None:
    names = {key: channel for channel, key in own.items()}
    if unit in HEAD_INPUTS:
        wrong = [key for key in moved if not re.search("head|angle", key, re.IGNORECASE)]
        assert not wrong, f"{family}: {unit} moves {wrong}"
        return
    if unit in TURNS:
        looking = [key for key in moved if names[key] not in profile.visemes]
        wrong = [
            key for key in looking if not re.search("look|eyeball", names[key] + key, re.IGNORECASE)
        ]
        assert not wrong, f"{family}: {unit} moves {wrong}"
        return
    region = next(u.region for u in ACTION_UNITS if u.code == unit)
    for key in moved:
        channel = names[key]
        if channel in WHOLE_FACE or key in WHOLE_FACE or channel in profile.visemes:
            continue
        if family == "action_units":
            assert channel in (unit, "AU26"), f"{family}: {unit} moves {key}"
            continue
        found = region_of(channel if channel.isascii() else key)
        expected = "mouth" if region in MOUTH else region
        # Puffed cheeks are blown by the mouth, and cheek raising is named after the eye in places.
        if {found, expected} <= {"cheeks", "mouth"} or {found, expected} <= {"cheeks", "lids"}:
            continue
        assert found == expected, f"{family}: {unit} moves {key} of the {found}"


@pytest.mark.parametrize("family", NAMED)
def test_a_rig_with_a_familys_names_is_recognised(scene, family: str) -> None:
    profile = load_profile(family)
    face = face_with_keys(profile.names_of(channel)[0] for channel in profile.shapes)

    found = profiles.profile_for(face)

    same = {plain_spelling(profile.names_of(c)[0]) for c in profile.shapes}
    assert {plain_spelling(found.names_of(c)[0]) for c in found.shapes} == same


def test_signed_gaze_controls_of_a_pair_look_to_one_side(scene) -> None:
    """Plus is inward on the left eye and outward on the right one, so both look to the subject's right."""
    set_frame_rate(scene, parse_rate("50"))
    profile = load_profile("daz_genesis8")
    face = face_with_keys(profile.names_of(channel)[0] for channel in profile.shapes)
    apply.apply_animation(take({"gaze_left": -0.3}), face, profile, name="Take", scene=scene)

    scene.frame_set(2)

    moved = moved_keys(face)
    assert moved["facs_ctrl_EyeLookSide-SideLeft"] == moved["facs_ctrl_EyeLookSide-SideRight"] > 0.1


def test_halves_stand_in_for_a_control_that_moves_both(scene) -> None:
    set_frame_rate(scene, parse_rate("50"))
    profile = load_profile("daz_genesis8")
    names = [profile.names_of(channel)[0] for channel in profile.shapes]
    halves = [f"facs_bs_BrowInnerUp{side}_div2" for side in ("Left", "Right")]
    face = face_with_keys([*(n for n in names if n != "facs_ctrl_BrowInnerUp"), *halves])
    found = profiles.profile_for(face)
    apply.apply_animation(take({"AU1L": 0.8}), face, found, name="Take", scene=scene)

    scene.frame_set(2)

    assert found.name == "daz_genesis8"
    assert set(moved_keys(face)) == {halves[0]}
