"""What only other names can tell: sides without a word of their own, a character's own word."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.characters.inventory import Coverage, Inventory
from dirfa_blender.core.characters.skeleton import Bone, Skeleton, find_part
from dirfa_blender.core.characters.spelling import with_sides_apart
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from tests.core.characters.detection import detected

# In these the side is all there is to say.
SIDE_ALONE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def found(names: list[str]) -> tuple[str, Coverage]:
    profiles = [load_profile(name) for name in shipped_profiles()]
    profile, covered = detected(profiles, Inventory({"shape": {"Face": tuple(names)}}))
    return profile.name, covered


def last(name: str) -> str:
    return name.replace("Left", "L").replace("Right", "R").lower()


def first(name: str) -> str:
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in SIDE_ALONE:
            return side[0].lower() + name.removesuffix(side).lower()
    return name.lower()


@pytest.mark.parametrize("spell", [last, lambda name: last(name).upper(), first])
def test_a_letter_without_a_word_of_its_own_is_a_side_where_many_have_a_twin(spell) -> None:
    names = [spell(name) for name in ARKIT_NAMES]

    name, covered = found(names)

    assert name == "arkit"
    assert covered.found == dict(zip(ARKIT_NAMES, names, strict=True))


def test_a_last_letter_is_no_side_where_few_names_have_a_twin() -> None:
    names = ["mouthdimpler", "mouthdimplel", "eyeball", "lipcorner"]

    assert with_sides_apart(names) == tuple(names)


def test_one_side_alone_gives_way_to_what_moves_both() -> None:
    _, covered = found(["jawOpen", "eyes_closed", "eyeBlink_L", "mouthSmile_L", "mouthSmile_R"])

    assert covered.found["eyeBlink"] == "eyes_closed"
    assert "eyeBlinkLeft" not in covered.found
    assert "mouthSmileLeft" in covered.found


def test_one_side_alone_stays_where_nothing_moves_both() -> None:
    _, covered = found(["jawOpen", "eyeBlink_L", "mouthSmile_L", "mouthSmile_R"])

    assert covered.found["eyeBlinkLeft"] == "eyeBlink_L"


@pytest.mark.parametrize("spell", ["ZZ {}", "{} zorro", "zorro_{}"])
def test_a_characters_own_word_around_plain_words_is_none_of_them(spell: str) -> None:
    own = {
        "mouth open": "jawOpen", "wink left": "eyeBlinkLeft", "wink right": "eyeBlinkRight",
        "smile left": "mouthSmileLeft", "smile right": "mouthSmileRight", "kiss": "mouthPucker",
        "puffed cheeks": "cheekPuff",
    }  # fmt: skip

    _, covered = found([spell.format(name) for name in own])

    assert covered.found == {channel: spell.format(name) for name, channel in own.items()}


@pytest.mark.parametrize(
    ("left", "right"), [("sol", "sag"), ("lewy", "prawy"), ("kiri", "kanan"), ("lef", "righ")]
)
def test_sides_in_more_languages_and_with_slips_are_told(left: str, right: str) -> None:
    words = ("eyeBlink", "mouthSmile", "browDown", "noseSneer")

    _, covered = found(["jawOpen", *(f"{w}_{s}" for w in words for s in (right, left))])

    for word in words:
        assert covered.found[f"{word}Left"] == f"{word}_{left}"
        assert covered.found[f"{word}Right"] == f"{word}_{right}"


def test_the_sizes_of_a_mouth_are_no_stretched_lips() -> None:
    name, covered = found(["MouthSmall", "MouthMedium", "MouthLarge", "Blink"])

    assert "MouthLarge" not in covered.found.values(), name


def test_vrm_vowels_beside_winks_in_plain_words_blink() -> None:
    names = ["KK Mouth A big", "KK Mouth I big", "KK Mouth U big", "KK Mouth E big", "KK Mouth O big",
             "KK Eyes Wink Left", "KK Eyes Wink Right", "KK Eyebrows Angry", "KK Mouth Kiss"]  # fmt: skip

    _, covered = found(names)

    assert {"KK Eyes Wink Left", "KK Eyes Wink Right"} <= set(covered.found.values())


def pictures(names: list[str]) -> tuple[str, dict[str, str]]:
    profiles = [load_profile(name) for name in shipped_profiles()]
    profile, covered = detected(profiles, Inventory({"object": {"": tuple(names)}}))
    return profile.name, covered.found


def test_pictures_of_five_vowels_are_no_letters_of_rhubarb() -> None:
    name, found = pictures(["mouth_A", "mouth_I", "mouth_U", "mouth_E", "mouth_O", "mouth_closed"])

    assert name == "vowel_sprites"
    assert found["mouthA"] == "mouth_A" and found["mouthClosed"] == "mouth_closed"


@pytest.mark.parametrize("letters", ["ABCDEF", "ABCDEFGHX"])
def test_letters_of_rhubarb_stay_what_they_are(letters: str) -> None:
    name, found = pictures([f"mouth_{letter}" for letter in letters])

    assert name == "mouth_sprites"
    assert found == {f"mouth{letter}": f"mouth_{letter}" for letter in letters}


def test_an_e_beside_an_o_is_the_wide_mouth_of_preston_blair() -> None:
    rows = ("AI", "E", "O", "U", "MBP", "FV", "rest", "L", "WQ", "etc")

    _, found = pictures([f"mouth_{row}" for row in rows])

    assert (found["mouthC"], found["mouthE"]) == ("mouth_E", "mouth_O")


PARTS_OF_STRANGERS = [
    ("ValveBiped.Bip01_Head1", "ValveBiped.Bip01_Neck1", "ValveBiped.Bip01_Jaw"),
    ("head neck upper", "head neck lower", "head jaw"),
    ("head_C0_ctl", "neck_C0_0_ctl", "jaw_C0_ctl"),
    ("HeadMaster", "Neck", "Jaw_Master"),
    ("头", "脖子", "下颌"),
    ("머리", "목", "턱"),
    ("頭", "首", "顎"),
]


@pytest.mark.parametrize("own", PARTS_OF_STRANGERS, ids=lambda own: own[0])
def test_head_neck_and_jaw_of_strangers_are_found(own: tuple[str, str, str]) -> None:
    decoys = ("overhead_lamp", "hammerhead", "headphones_band_L", "necklace")
    bones = {name: Bone(name, "", np.eye(3), np.zeros(3)) for name in (*decoys, *own)}

    found = tuple(find_part(Skeleton(bones), {}, part) for part in ("head", "neck", "jaw"))

    assert found == own
