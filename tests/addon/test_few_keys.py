"""Faces with few keys of a large family: all of them are driven, however they are spelt."""

from __future__ import annotations

import pytest

from dirfa_blender.rig import profiles
from dirfa_blender.rig.character import character_of
from tests.addon.stand_ins import face_with_keys

FEW = (
    ["jawOpen", "mouthSmileLeft", "mouthSmileRight", "browDownLeft", "browDownRight", "cheekPuff"],
    ["Jaw Open", "mouth_smile_L", "MouthSmile_R", "eyeBlinkLeft", "EyeBlink_R", "bs_mouthPucker.001",
     "BROW-DOWN-LEFT", "browDown.R", "cheek puff"],
    ["jawOpen", "mouthFunnel", "mouthRollLower", "eyeWideLeft", "eyeWideRight", "noseSneerLeft",
     "noseSneerRight"],
)  # fmt: skip


@pytest.mark.parametrize("names", FEW, ids=["clean", "mixed", "odd choice"])
def test_every_key_of_a_small_face_is_driven(scene, names: list[str]) -> None:
    character = character_of(face_with_keys(names))

    found = profiles.covered(character, profiles.profile_of(character))

    assert {place.name for places in found.places.values() for place in places} == set(names)


def test_keys_that_say_nothing_of_a_family_do_not_call_for_it(scene) -> None:
    character = character_of(face_with_keys(["open", "smile", "blink", "angry", "kiss"]))

    profile = profiles.profile_of(character)

    assert profile.name == "jaw_bone"
