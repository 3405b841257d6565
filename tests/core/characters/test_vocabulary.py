"""Faces in plain words of many languages, with slips of the pen, and what must not be taken for one."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest

from dirfa_blender.core.characters.inventory import Coverage, Inventory, coverage
from dirfa_blender.core.characters.profile import MappingProfile
from dirfa_blender.core.characters.recognition import AROUND, NameIndex
from dirfa_blender.core.characters.spelling import words_of
from dirfa_blender.core.characters.vocabulary import VOCABULARY_FILE, meant, said, vocabulary
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from tests.core.characters.detection import detected

# Name and what it says, in ARKit's words.
FACES = {
    "French": """
        bouche_ouverte=jawOpen sourire_G=mouthSmileLeft sourire_D=mouthSmileRight clin_oeil_G=eyeBlinkLeft
        clin_oeil_D=eyeBlinkRight sourcil_haut_G=browUpLeft sourcil_haut_D=browUpRight
        sourcils_froncés=browDown joues_gonflées=cheekPuff machoire_avant=jawForward nez_plissé=noseSneer
        langue_dehors=tongueOut
    """,
    "German": """
        Kiefer_auf=jawOpen Mund_lächeln_L=mouthSmileLeft Mund_lächeln_R=mouthSmileRight
        AugenlidZuLinks=eyeBlinkLeft AugenlidZuRechts=eyeBlinkRight Augenbraue_hoch_L=browUpLeft
        Augenbraue_hoch_R=browUpRight Kussmund=mouthPucker Backen_aufblasen=cheekPuff
        Nase_rümpfen=noseSneer Zunge_raus=tongueOut MundwinkelRunterLinks=mouthFrownLeft
        MundwinkelRunterRechts=mouthFrownRight
    """,
    "Spanish": """
        mandibula_abrir=jawOpen sonrisa_I=mouthSmileLeft sonrisa_D=mouthSmileRight
        parpado_cerrado_izq=eyeBlinkLeft parpado_cerrado_der=eyeBlinkRight ceja_arriba_izq=browUpLeft
        ceja_arriba_der=browUpRight inflar_mejillas=cheekPuff lengua_fuera=tongueOut beso=mouthPucker
    """,
    "Italian": """
        bocca_aperta=jawOpen sorriso_S=mouthSmileLeft sorriso_D=mouthSmileRight
        occhio_chiuso_sx=eyeBlinkLeft occhio_chiuso_dx=eyeBlinkRight sopracciglia_su=browUp
        naso_arricciato=noseSneer guance_gonfie=cheekPuff
    """,
    "Chinese": """
        张嘴=jawOpen 眨眼左=eyeBlinkLeft 眨眼右=eyeBlinkRight 左嘴角上扬=mouthSmileLeft
        右嘴角上扬=mouthSmileRight 左眉上=browUpLeft 右眉上=browUpRight 皱眉=browDown 嘟嘴=mouthPucker
        鼓腮=cheekPuff 吐舌=tongueOut 瞪眼左=eyeWideLeft 瞪眼右=eyeWideRight 上嘴唇抬起=mouthUpperUp
    """,
    "Japanese": """
        口開け=jawOpen まばたき左=eyeBlinkLeft まばたき右=eyeBlinkRight 口角上げ左=mouthSmileLeft
        口角上げ右=mouthSmileRight 左眉上げ=browUpLeft 右眉上げ=browUpRight 頬膨らみ=cheekPuff
        口すぼめ=mouthPucker 舌出し=tongueOut
    """,
    "Russian": """
        рот_открыть=jawOpen улыбка_лево=mouthSmileLeft улыбка_право=mouthSmileRight
        моргание_лево=eyeBlinkLeft моргание_право=eyeBlinkRight брови_вверх=browUp брови_вниз=browDown
        язык_наружу=tongueOut
    """,
    "Korean": """
        입벌리기=jawOpen 눈깜빡임_L=eyeBlinkLeft 눈깜빡임_R=eyeBlinkRight 왼쪽미소=mouthSmileLeft
        오른쪽미소=mouthSmileRight 눈썹올리기=browUp 볼부풀리기=cheekPuff
    """,
    "English": """
        Jaw_Down=jawOpen Lips_Pursed=mouthPucker Left_Eyelid_Closed=eyeBlinkLeft
        Right_Eyelid_Closed=eyeBlinkRight Left_Cheek_Raise=cheekSquintLeft
        Right_Cheek_Raise=cheekSquintRight Left_Nostril_Raise=noseSneerLeft
        Right_Nostril_Raise=noseSneerRight AU12_LipCornerPuller=mouthSmile AU04_BrowLowerer=browDown
        PuffCheeks=cheekPuff
    """,
    "looks": """
        JawDrop=jawOpen LookUp=eyeLookUp LookDown=eyeLookDown LookLeft=eyeLookLeft LookRight=eyeLookRight
        EyesShut=eyeBlink
    """,
    "slips": """
        jawOpne=jawOpen mouthSmlieLeft=mouthSmileLeft mouthSmileRigth=mouthSmileRight
        eyeBlinkLefft=eyeBlinkLeft eyeBlnikRight=eyeBlinkRight browDonwLeft=browDownLeft
        mouthPuker=mouthPucker cheeckPuff=cheekPuff jawFoward=jawForward mouthRollUper=mouthRollUpper
        mouthPressRigt=mouthPressRight
    """,
}
BYSTANDERS = """
    smile_lines mouthMakeup lipColor lip_thick eyeSize half_blink Eye_Tilt_Up jawline brow_thickness
    nose_up Mouth_Width mouthOpen_50 smile_L_jawOpen browDown_L_blink_L tongue_piercing Ear_Wiggle
    wrinkle_07 crown_up eye_blank mouth_grill_open cheek_panel_open lip_light visor_down button_up
    sleeve_roll_L open_collar Mund_Größe bouche_taille 嘴大小 鼻子高 鼻高 顔丸 脸型圆 нос_большой
    brows_link eyes_slide lips_dress tooth_crown
""".split()  # noqa: SIM905


def of(face: str) -> dict[str, str]:
    """Name -> what it says."""
    return dict(item.rsplit("=", 1) for item in FACES[face].split())


def found_in(names: Sequence[str]) -> tuple[MappingProfile, Coverage]:
    profiles = [load_profile(name) for name in shipped_profiles()]
    return detected(profiles, Inventory({"shape": {"Hero": tuple(names)}}))


@pytest.mark.parametrize("face", FACES)
def test_plain_words_of_a_language_are_read_and_nothing_beside_them(face: str) -> None:
    names = [*of(face), *BYSTANDERS]

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Hero": tuple(names)}}))

    meant_by = {place.name: channel for channel, (place, *_) in found.places.items()}
    assert meant_by == of(face)


@pytest.mark.parametrize("face", FACES)
def test_a_face_in_plain_words_is_taken_for_one_that_speaks(face: str) -> None:
    profile, found = found_in([*of(face)])

    fitted = profile.fitted({*found.places, *found.bones})

    assert "jawOpen" in fitted.shapes
    assert len(found.places) == len(of(face))


@pytest.mark.parametrize("name", BYSTANDERS)
def test_a_name_that_is_not_understood_whole_says_nothing(name: str) -> None:
    assert said(name, AROUND) == meant(name, AROUND) == ()


@pytest.mark.parametrize("seed", range(8))
def test_one_slip_in_any_word_leads_to_no_other_shape(seed: int) -> None:
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"

    for name in ARKIT_NAMES:
        words = words_of(name)
        place = chance.randrange(len(words))
        word, at = words[place], chance.randrange(1, len(words[place]))
        slip = chance.choice([
            word[:at] + word[at + 1 :],
            word[:at] + chance.choice(letters) + word[at:],
            word[:at] + chance.choice(letters) + word[at + 1 :],
        ])  # fmt: skip
        if slip in vocabulary().words:
            continue
        written = "_".join([*words[:place], slip, *words[place + 1 :]])
        right = name.lower()
        meanings = {*said(written, AROUND), *meant(written, AROUND)}
        assert meanings <= {right, right.removesuffix("left"), right.removesuffix("right")}, written


def test_no_word_has_two_meanings() -> None:
    document = json.loads(VOCABULARY_FILE.read_text("utf-8"))
    for part in ("words", "sounds", "meanings"):
        written = [word for words in document[part].values() for word in words]
        assert len(written) == len(set(written)), part


@pytest.mark.parametrize(
    ("names", "sounds"),
    [
        ("phoneme_AAA phoneme_EEE phoneme_OOO phoneme_MBP phoneme_FV phoneme_L", "aa e oh pp ff ll"),
        ("Mouth_A Mouth_E Mouth_I Mouth_O Mouth_U Mouth_MBP Mouth_Smile Blink", "aa e ih oh ou pp"),
        ("LipSync_A LipSync_E LipSync_M LipSync_F LipSync_Rest EyesShut", "aa e pp ff sil"),
        ("あ い う え お 口角上げ左 口角上げ右 眉上げ左 眉上げ右 舌出し", "aa ih ou e oh"),
        ("아 이 우 에 오 눈깜빡임_L 눈깜빡임_R 눈썹올리기 미소 볼부풀리기", "aa ih ou e oh"),
    ],
)  # fmt: skip
def test_sounds_behind_a_word_or_as_syllables_are_visemes(names: str, sounds: str) -> None:
    profile, found = found_in(names.split())

    assert profile.name == "sounds"
    wanted = {f"phoneme_{sound}" for sound in sounds.split()}
    assert {channel for channel in found.places if channel.startswith("phoneme")} == wanted
    assert len(found.places) == len(names.split())


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ("Ah D Ee F L M Oh R S Uh W-Oo Neutral Smile Blink", 14),
        ("Aah BMP ChJSh DST Eee FV I K N Oh OohQ R Th W BlinkLeft BlinkRight BrowUpLeft BrowUpRight", 18),
        ("aaa eh ohh uuu iee rrr www sss fff tth mbp ssh schwa gk lntd blink_L blink_R", 17),
        ("A I U E O Blink_L Blink_R Smile BrowUp BrowDown Tongue_Out", 11),
        ("MouthO MouthF MouthM MouthE MouthA MouthS Blink", 7),
    ],
)  # fmt: skip
def test_bare_sounds_that_stand_side_by_side_are_visemes(names: str, count: int) -> None:
    profile, found = found_in(names.split())

    assert profile.name == "sounds"
    assert len(found.places) == count


@pytest.mark.parametrize(
    "names", ["O U jawOpen Blink", "L R M jawOpen Blink_L Blink_R", "O jawOpen"]
)
def test_a_few_letters_beside_a_jaw_are_no_visemes(names: str) -> None:
    _, found = found_in(names.split())

    assert "jawOpen" in found.places
    assert not any(len(place.name) == 1 for places in found.places.values() for place in places)


def test_a_lone_mouth_opens_by_itself_and_is_no_picture() -> None:
    for names in (
        ["Mouth O"],
        ["Mouth_O", "Blink"],
        ["mouth_O", "BrowsUp_L", "BrowsUp_R", "Blink"],
    ):
        profile, found = found_in(names)

        assert profile.stepped is None
        assert found.found["phoneme_oh"] == names[0]


def test_the_l_of_drawn_mouths_is_a_sound() -> None:
    profile, found = found_in(
        [f"mouth_{m}" for m in ("AI", "E", "O", "U", "etc", "L", "WQ", "MBP")]
    )

    assert profile.name == "preston_blair"
    assert found.found["L"] == "mouth_L"


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ("jawOpen snerrL snerrR", {"noseSneerLeft": "snerrL", "noseSneerRight": "snerrR"}),
        ("jawOpen smikeL smikeR", {"mouthSmileLeft": "smikeL", "mouthSmileRight": "smikeR"}),
        ("jawOpen puck Lips_Tight", {"mouthPucker": "puck", "mouthPress": "Lips_Tight"}),
        ("jawOpen worryLeft worryRight", {"browInnerUpLeft": "worryLeft"}),
        ("jawOpen snerr snark_L", {}),
    ],
)
def test_a_slip_is_forgiven_where_the_other_side_has_it_too(
    names: str, read: dict[str, str]
) -> None:
    _, found = found_in(names.split())

    assert found.found.items() >= read.items()
    if not read:
        assert set(found.found) == {"jawOpen"}


def test_letters_of_sides_are_sides_only_where_both_are_there() -> None:
    names = ("sourire_G", "sourire_D", "sourcil_haut_D", "boca_S", "Mouth_D", "Mouth_G")

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Hero": names}}))

    places = {channel: place.name for channel, (place, *_) in found.places.items()}
    assert {c: n for c, n in places.items() if not c.startswith(("mouthLeft", "mouthRight"))} == {
        "mouthSmileLeft": "sourire_G",
        "mouthSmileRight": "sourire_D",
    }


def test_a_slip_does_not_take_the_place_of_a_name_that_is_right() -> None:
    names = ("mouthPuker", "mouth_pucker", "jawOpne", "kiefer_auf")

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Hero": names}}))

    assert found.found["mouthPucker"] == "mouth_pucker"
    assert found.found["jawOpen"] == "kiefer_auf"


def test_an_in_between_is_taken_only_where_nothing_else_is_meant() -> None:
    for names in (("mouthOpen_50", "JawDrop"), ("bs_jawOpen_25", "bs_jawOpen_1")):
        found = coverage(load_profile("arkit"), Inventory({"shape": {"Hero": names}}))
        assert found.found["jawOpen"] == names[1]


def test_clothes_do_not_hide_a_face_of_few_keys() -> None:
    face = ["Jaw_Open", "Lip_Press_L", "Lip_Press_R", "Sneer_L", "Sneer_R", "Blink_L", "Blink_R"]
    clothes = [f"fold_{number}" for number in range(40)]
    profiles = [load_profile(name) for name in shipped_profiles()]

    profile, found = detected(profiles, Inventory({"shape": {"Face": face, "Shirt": clothes}}))

    assert {place.name for places in found.places.values() for place in places} == set(face)
    assert profile.name != "jaw_bone"


def test_the_names_of_a_large_character_are_read_some_at_a_time() -> None:
    names = tuple(f"Hero_{number}_{name}" for number in range(20) for name in ARKIT_NAMES)
    index, whole = NameIndex(names), NameIndex(names)

    pieces = sum(1 for _ in index.prepare())

    assert pieces >= len(names) / 64
    wanted = {name.lower() for name in ARKIT_NAMES}
    assert index.recognised(wanted) == whole.recognised(wanted)


def test_an_upper_lid_that_goes_down_is_a_blink() -> None:
    _, found = found_in(
        ["mouth_open", "eyelid_upper_down_L", "eyelid_upper_down_R", "eyelid_lower_up_L"]
    )

    assert found.found["eyeBlinkLeft"] == "eyelid_upper_down_L"
    assert found.found["eyeSquintLeft"] == "eyelid_lower_up_L"


def test_what_opens_wide_is_a_mouth_or_an_eye_and_brw_a_brow() -> None:
    _, found = found_in(
        ["mouth_open_wide", "eyes_wide_open", "BRW_up", "blink.L", "blink.R", "smile.L", "smile.R"]
    )

    assert found.found["jawOpen"] == "mouth_open_wide"
    assert "eyes_wide_open" in found.found.values() and "BRW_up" in found.found.values()
