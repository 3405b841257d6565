"""Families of tracked faces: what each of a rig's own names is moved by, told from its words alone.

The lists are the names as their makers publish them. Which units a name means is not read from the
profiles but from `MEANINGS`, one list of words for all families.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.inventory import Coverage, Inventory
from dirfa_blender.core.characters.profile import INPUTS, MappingProfile
from dirfa_blender.core.characters.spelling import side_of
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from tests.core.characters.detection import detected

SIDES = ("Left", "Right")


def sided(text: str) -> list[str]:
    """Names of a text, each with ``*`` once for either side."""
    names = [name for name in text.split() if "*" not in name]
    return names + [n.replace("*", side) for n in text.split() if "*" in n for side in SIDES]


def lettered(text: str) -> list[str]:
    """The same with L and R."""
    return [
        name.replace("Left!", "L").replace("Right!", "R") for name in sided(text.replace("*", "*!"))
    ]


UNIFIED = sided(
    "EyeLookOut* EyeLookIn* EyeLookUp* EyeLookDown* EyeClosed* EyeSquint* EyeWide* BrowPinch* BrowLowerer* "
    "BrowInnerUp* BrowOuterUp* NoseSneer* CheekSquint* CheekPuff* CheekSuck* JawOpen JawLeft JawRight "
    "JawForward JawBackward MouthClosed LipSuckUpper* LipSuckLower* LipFunnelUpper* LipFunnelLower* "
    "LipPuckerUpper* LipPuckerLower* MouthUpperUp* MouthLowerDown* MouthUpper* MouthLower* "
    "MouthCornerPull* MouthCornerSlant* MouthFrown* MouthStretch* MouthDimple* MouthRaiserUpper "
    "MouthRaiserLower MouthPress* MouthTightener* TongueOut TongueUp TongueDown TongueRoll"
)
UNIFIED_FEW = sided(
    "EyeClosed* EyeSquint* EyeWide* BrowDown* BrowUp* CheekPuff* JawOpen MouthClosed LipSuck LipFunnel "
    "LipPucker MouthUpperUp* MouthLowerDown* MouthSmile* MouthSad* MouthStretch* TongueOut"
)
SRANIPAL = sided(
    "Jaw_* Jaw_Forward Jaw_Open Mouth_Ape_Shape Mouth_Upper_* Mouth_Lower_* Mouth_Upper_Overturn "
    "Mouth_Lower_Overturn Mouth_Pout Mouth_Smile_* Mouth_Sad_* Cheek_Puff_* Cheek_Suck Mouth_Upper_Up* "
    "Mouth_Lower_Down* Mouth_Upper_Inside Mouth_Lower_Inside Mouth_Lower_Overlay Tongue_LongStep1 "
    "Tongue_LongStep2 Tongue_Up Tongue_Down Eye_*_Blink Eye_*_Wide Eye_*_Squeeze Eye_*_Up Eye_*_Down "
    "Eye_*_Left Eye_*_Right Eye_Frown"
)
META = lettered(
    "browLowerer* cheekPuff* cheekRaiser* cheekSuck* dimpler* eyesClosed* eyesLookDown* eyesLookLeft* "
    "eyesLookRight* eyesLookUp* innerBrowRaiser* lidTightener* lipCornerDepressor* lipCornerPuller* "
    "lipPressor* lipPucker* lipStretcher* lipTightener* lowerLipDepressor* noseWrinkler* "
    "outerBrowRaiser* upperLidRaiser* upperLipRaiser*"
) + sided(
    "chinRaiserB chinRaiserT jawDrop jawSidewaysLeft jawSidewaysRight jawThrust lipFunnelerLB "
    "lipFunnelerLT lipFunnelerRB lipFunnelerRT lipSuckLB lipSuckLT lipSuckRB lipSuckRT lipsToward "
    "mouthLeft mouthRight tongueTipAlveolar tongueOut"
)
ROBLOX = sided(
    "*BrowLowerer *InnerBrowRaiser *OuterBrowRaiser *NoseWrinkler *CheekRaiser *EyeClosed *CheekPuff "
    "*EyeUpperLidRaiser *Dimpler *LipCornerDown *LipCornerPuller *LipStretcher *LowerLipDepressor "
    "*UpperLipRaiser Corrugator EyesLookDown EyesLookLeft EyesLookRight EyesLookUp JawDrop JawLeft "
    "JawRight ChinRaiser ChinRaiserUpperLip FlatPucker Funneler LipPresser LipsTogether LowerLipSuck "
    "UpperLipSuck MouthLeft MouthRight Pucker TongueDown TongueOut TongueUp"
)
AUDIO2FACE = lettered(
    "browLower* innerBrowRaiser* outerBrowRaiser* eyesClose* eyesUpperLidRaiser* squint* cheekRaiser* "
    "cheekPuff* noseWrinkler* dimpler* lipCornerPuller* lipCornerDepressor* lipStretcher* "
    "upperLipRaiser* lowerLipDepressor*"
) + sided(
    "eyesLookLeft eyesLookRight eyesLookUp eyesLookDown jawDrop jawDropLipTowards jawThrust "
    "jawSlideLeft jawSlideRight mouthSlideLeft mouthSlideRight chinRaiser lipPressor pucker funneler "
    "lipSuck"
)
FACESHIFT = lettered(
    "EyeBlink_* EyeSquint_* EyeDown_* EyeIn_* EyeOpen_* EyeOut_* EyeUp_* BrowsD_* BrowsU_* "
    "MouthFrown_* MouthSmile_* MouthDimple_* LipsStretch_* CheekSquint_*"
) + sided(
    "BrowsU_C JawFwd JawLeft JawOpen JawRight MouthLeft MouthRight LipsUpperClose LipsLowerClose "
    "LipsUpperUp LipsLowerDown LipsFunnel LipsPucker ChinLowerRaise ChinUpperRaise Sneer Puff"
)
SNAPCHAT = sided(
    "BrowsDown* BrowsUp* CheekSquint* EyeBlink* EyeDown* EyeIn* EyeOpen* EyeOut* EyeSquint* EyeUp* Jaw* "
    "LowerLipDown* MouthDimple* MouthFrown* Mouth* MouthSmile* MouthStretch* Sneer* UpperLipUp* "
    "BrowsUpCenter JawForward JawOpen LipsFunnel LipsPucker LowerLipClose LowerLipRaise MouthClose Puff "
    "UpperLipClose UpperLipRaise"
)
FUSE = sided(
    "Blink_* BrowsDown_* BrowsIn_* BrowsUp_* CheekPuff_* EyesWide_* Frown_* Jaw_* LowerLipDown_* "
    "Midmouth_* MouthNarrow_* MouthWhistle_NarrowAdjust_* NoseScrunch_* Smile_* Squint_* UpperLipUp_* "
    "JawForeward LowerLipIn LowerLipOut MouthOpen TongueUp UpperLipIn UpperLipOut"
)
REALLUSION = sided(
    "V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Lip_Open V_Tongue_up "
    "Eye_Blink_L Eye_Blink_R"
)
RIGS = {
    "unified_expressions": UNIFIED,
    "sranipal": SRANIPAL,
    "meta_movement": META,
    "roblox": ROBLOX,
    "audio2face_46": AUDIO2FACE,
    "faceshift": FACESHIFT,
    "mixamo_fuse": FUSE,
    "reallusion_visemes": REALLUSION,
}
ALSO = {"unified_expressions": UNIFIED_FEW, "faceshift": SNAPCHAT}
# Words of a name -> the units it may be moved by; the first that fits counts. Looking comes last.
MEANINGS: tuple[tuple[str, str], ...] = (
    (r"brows?_?up(?!.*cent)|brows?u_[lr]$", "1 2"),
    (r"inner_?brow|brow_?inner|brows?u_c|browsupcenter", "1"),
    (r"outer_?brow|brow_?outer", "2"),
    (r"brow.*(lower|down|pinch|d_|in_)|corrugator|eye_frown", "4"),
    (r"upper_?lid|wide(?=.*eye)|eyes?_?(\w+_)?wide|eye_?open", "5"),
    (r"cheek_?(raiser|squint)", "6 7"),
    (r"lid_?tight|squint|squeeze", "6 7"),
    (r"eyes?_?(\w+_)?clos|eyeclosed|blink", "45"),
    (r"nose|sneer", "9"),
    (r"tongue.*(alveolar|up)", "TTU"),
    (r"tongue.*(out|long)", "19"),
    (r"dental_lip", "28D"),
    (r"v_explosive", "23 24 28U"),
    (r"v_lip_open", "10 16 25"),
    (r"v_wide", "14 20"),
    (r"v_tight_o", "22"),
    (r"v_open|mouthopen", "8 26 27"),
    (r"v_tight", "18"),
    (r"cheek_?puff|puff", "34"),
    (r"jaw_?(open|drop)$", "8 26 27"),
    (r"jaw_?(f|thrust)", "29"),
    (r"jaw_?(sideways|slide)?_?left", "30L"),
    (r"jaw_?(sideways|slide)?_?right", "30R"),
    (r"mouth_?closed?$|lips_?(together|toward)|ape_shape", "8"),
    (r"flat_?pucker|tighten", "23"),
    (r"funnel|overturn|lip_?out", "17 22"),
    (r"lips?suck(l|r)?t$|lips?_?suck_?upper|(upper|lips_?upper).*(suck|close|in|inside)$", "23 24 28U"),
    (r"lips?suck(l|r)?b$|lips?_?suck_?lower|(lower|lips_?lower).*(suck|close|in|inside)$", "23 24 28D"),
    (r"lips?_?suck$", "28U 28D"),
    (r"chin|raiser_?(upper|lower)|overlay|lip_?raise$", "17"),
    (r"narrow|pucker|pout", "18 22"),
    (r"corner_?(pull|slant)|smile", "12 14 20"),
    (r"frown|sad|corner_?de|corner_?down", "15"),
    (r"dimple", "14"),
    (r"stretch", "20"),
    (r"lower_?lip_?(dep|down)|mouth_?lower_?down|lips_?lower_?down", "16 25"),
    (r"upper_?lip_?(raiser|up)|mouth_?upper_?up|lips_?upper_?up", "10 25"),
    (r"press", "23 24"),
    (r"mouth_?(upper|lower|slide)?_?left|midmouth_left", "MSL"),
    (r"mouth_?(upper|lower|slide)?_?right|midmouth_right", "MSR"),
)  # fmt: skip
# What no unit of speech or expression moves.
UNUSED = re.compile(r"suck(?=.*cheek)|cheek_?suck|backward|tongue_?(down|roll)|lip_?towards$", re.I)


def units_of(name: str) -> set[str]:
    """Codes of the units that a name's words mean, of its own side where it has one."""
    plain = (
        re.sub(r"(?<=[a-z])_?[LR]$|_[lr]$", "", name).lower()
        if "brows" not in name.lower()
        else name
    )
    found = next((codes for words, codes in MEANINGS if re.search(words, plain, re.I)), "")
    wanted: set[str] = set()
    for code in found.split():
        both = [f"AU{code}L", f"AU{code}R"]
        side = side_of(name)
        own = (
            [c for c in both if not side or c.endswith(side[0].upper())]
            if both[0] in INPUTS
            else []
        )
        wanted |= set(own or [code if code in INPUTS else f"AU{code}"])
    return wanted


def look_of(name: str) -> tuple[str, int] | None:
    """Input and sign of a name that looks somewhere, by its last directions: the subject's left is +."""
    found = re.fullmatch(
        r"eyes?_?(?:look)?_?(left|right)?_?(?:look)?_?(up|down|in|out|left|right)_?(left|right|l|r)?",
        name,
        re.IGNORECASE,
    )
    if found is None:
        return None
    before, where, after = (text.lower() if text else "" for text in found.groups())
    if where in ("up", "down"):
        return "gaze_up", 1 if where == "up" else -1
    side = (before or after)[:1]
    if where in ("in", "out"):
        where = "left" if (side == "l") == (where == "out") else "right"
    # A side at either end says which eye; one alone is the direction.
    return "gaze_left", 1 if where == "left" else -1


def found_in(names: list[str]) -> tuple[MappingProfile, Coverage, MappingProfile]:
    profiles = [load_profile(name) for name in shipped_profiles()]
    profile, found = detected(profiles, Inventory({"shape": {"": tuple(names)}}))
    return profile, found, profile.fitted({*found.places})


def weights(profile: MappingProfile, levels: dict[str, float]) -> dict[str, float]:
    au = np.array([[levels.get(name, 0.0) for name in AU_NAMES]], np.float32)
    gaze = np.array([[levels.get("gaze_up", 0.0), levels.get("gaze_left", 0.0)]], np.float32)
    still = np.zeros((1, 3), np.float32)
    track = profile.apply(Animation(50, 0, AU_NAMES, au, gaze, still, still))
    return dict(zip(track.names, track.weights[0].tolist(), strict=True))


@pytest.mark.parametrize("family", RIGS)
def test_a_family_is_recognised_whole(family: str) -> None:
    profile, found, _ = found_in(RIGS[family])

    assert profile.name == family
    assert found.missing == ()


@pytest.mark.parametrize("family", ALSO)
def test_a_familys_other_habits_are_recognised(family: str) -> None:
    assert found_in(ALSO[family])[0].name == family


@pytest.mark.parametrize("family", RIGS)
@pytest.mark.parametrize("names", [RIGS, ALSO], ids=["full", "few"])
def test_each_name_is_moved_by_what_its_words_mean_and_by_nothing_else(
    family: str, names: dict[str, list[str]]
) -> None:
    if family not in names:
        pytest.skip("this family has one habit")
    _, found, profile = found_in(names[family])
    own = {channel: found.found[channel] for channel in profile.shapes}
    moved_by: dict[str, set[str]] = {name: set() for name in names[family]}

    for unit in AU_NAMES:
        # Lips can only be sealed over a jaw that is open.
        levels = {unit: 1.0, "AU26": 1.0} if unit == "AU8" else {unit: 1.0}
        without = weights(profile, {u: 1.0 for u in levels if u != unit})
        for channel, weight in weights(profile, levels).items():
            if abs(weight - without[channel]) > 0.01:
                moved_by[own[channel]].add(unit)
    for unit, sign in (("gaze_up", 1), ("gaze_up", -1), ("gaze_left", 1), ("gaze_left", -1)):
        for channel, weight in weights(profile, {unit: 0.3 * sign}).items():
            if weight > 0.01:
                moved_by[own[channel]].add(f"{unit}{sign:+d}")

    for name, units in moved_by.items():
        look = look_of(name)
        if look is not None and not re.search("jaw|mouth", name, re.IGNORECASE):
            assert units == {f"{look[0]}{look[1]:+d}"}, f"{family}: {name} is moved by {units}"
            continue
        if UNUSED.search(name):
            assert not units, f"{family}: {name} is moved by {units}"
            continue
        assert units, f"{family}: nothing moves {name}"
        assert units <= units_of(name), f"{family}: {name} is moved by {units - units_of(name)}"


@pytest.mark.parametrize(
    ("names", "levels", "expected"),
    [
        ("Mund_auf Lächeln_L Lächeln_R Blinzeln", {"AU12L": 1.0}, {"Lächeln_L"}),
        ("Mund öffnen|Lächeln links|Lächeln rechts|Augen zu", {"AU12R": 1.0}, {"Lächeln rechts"}),
        ("Mund auf|Kussmund|Augenbrauen hoch", {"AU26": 1.0}, {"Mund auf"}),
        ("boca_abierta sonrisa_izq sonrisa_der parpadeo", {"AU12R": 1.0}, {"sonrisa_der"}),
        ("boca_abierta sonrisa_izq sonrisa_der parpadeo", {"AU45L": 1.0, "AU45R": 1.0}, {"parpadeo"}),
        ("口を開ける まばたき 笑顔 眉上げ", {"AU26": 1.0}, {"口を開ける"}),
        ("口_あ 口_い 口_う 口_え 口_お まばたき", {"AU45L": 1.0, "AU45R": 1.0}, {"まばたき"}),
        ("рот_открыт улыбка_Л улыбка_П моргание", {"AU12L": 1.0}, {"улыбка_Л"}),
        ("рот_открыт улыбка_Л улыбка_П моргание", {"AU12R": 1.0}, {"улыбка_П"}),
        ("口開け 笑顔 左ウィンク 右ウィンク", {"AU45R": 1.0}, {"右ウィンク"}),
        ("张嘴 微笑 左眼闭 右眼闭", {"AU45L": 1.0}, {"左眼闭"}),
        ("bouche_ouverte clignement_gauche clignement_droite", {"AU45L": 1.0}, {"clignement_gauche"}),
    ],
)  # fmt: skip
def test_a_few_keys_in_the_artists_own_language_are_known(
    names: str, levels: dict[str, float], expected: set[str]
) -> None:
    _, found, profile = found_in(names.split("|") if "|" in names else names.split())

    moved = {found.found[channel] for channel, w in weights(profile, levels).items() if w > 0.05}

    assert moved == expected


def test_one_face_may_mix_the_words_of_many_families() -> None:
    mixed = sided(
        "jawDrop EyeClosed_L EyeClosed_R mouth_smile_l MouthCornerPull_R lipsPucker lipFunnel "
        "browLowerer.L outerBrowRaiserR cheekPuff Mouth_Close browInnerUp LipSuckUpper dimpler_L ChinRaiser"
    )

    profile, found, _ = found_in(mixed)

    assert profile.name == "arkit"
    assert {place.name for places in found.places.values() for place in places} == set(mixed)


def test_a_unit_of_both_sides_is_told_by_its_two_halves() -> None:
    names = "AU1L+AU1R AU4L+AU4R AU12L+AU12R AU20L AU20R AU26 AU18Z AU45"

    profile, found, fitted = found_in(names.split())

    assert profile.name == "action_units"
    assert {p.name for places in found.places.values() for p in places} == set(names.split())
    assert weights(fitted, {"AU12L": 1.0, "AU12R": 1.0})["AU12"] == pytest.approx(1.0)


def test_an_accent_is_no_side() -> None:
    assert side_of("Lächeln") == side_of("Rücken") == side_of("Lèvre") == ""
    assert side_of("Lächeln_R") == side_of("Lächeln rechts") == "right"


def test_visemes_of_drawn_film_close_and_open_the_mouth() -> None:
    names = ["rest", "AI", "E", "O", "U", "L", "WQ", "FV", "MBP", "etc", "Blink"]
    profile, _, fitted = found_in(names)
    prototypes = load_profile("preston_blair").visemes

    for name in ("AI", "O", "U", "FV", "MBP"):
        shown = weights(fitted, dict(zip(AU_NAMES, prototypes[name].tolist(), strict=True)))
        assert max(shown, key=lambda n: shown[n] if n in prototypes else 0.0) == name
    assert profile.name == "preston_blair"


ECTRL = (
    "vAA vEE vEH vER vF vIH vIY vK vL vM vOW vS vSH vT vTH vUW vW EyesClosedL EyesClosedR EyesClosed "
    "BrowInnerUp-DownL BrowInnerUp-DownR BrowOuterUp-DownL BrowOuterUp-DownR BrowSqueeze CheeksBalloon "
    "MouthSmileSimpleL MouthSmileSimpleR MouthFrown MouthOpen JawOut-In EyesUpDown"
)


@pytest.mark.parametrize("prefix", ["eCTRL", "Genesis8Female__eCTRL", "head__eCTRL", "head.eCTRL"])
def test_visemes_and_signed_brows_of_older_daz_figures(prefix: str) -> None:
    profile, found, fitted = found_in([prefix + name for name in ECTRL.split()])

    def moved(levels: dict[str, float]) -> dict[str, float]:
        shown = weights(fitted, levels).items()
        names = {channel: found.found[channel].removeprefix(prefix) for channel in fitted.shapes}
        return {names[channel]: weight for channel, weight in shown if abs(weight) > 0.05}

    assert profile.name == "daz_genesis3"
    assert set(moved({"AU45R": 1.0})) == {"EyesClosedR"}
    assert set(moved({"AU12L": 1.0})) == {"MouthSmileSimpleL"}
    assert moved({"AU1L": 0.5}) == pytest.approx({"BrowInnerUp-DownL": 0.5}, abs=1e-6)
    assert max(moved({"AU4R": 1.0}).items(), key=lambda item: -item[1])[0] == "BrowInnerUp-DownR"
    for viseme in ("vAA", "vM", "vF", "vOW", "vUW", "vEE", "vTH"):
        mouth = profile.visemes[viseme]
        shown = moved(dict(zip(AU_NAMES, mouth.tolist(), strict=True)))
        assert max(shown, key=lambda name: shown[name]) == viseme
