"""What only other names can tell: sides without a word of their own, a character's own word."""

from __future__ import annotations

import pytest

from dirfa_blender.core.characters.inventory import Coverage, Inventory
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
