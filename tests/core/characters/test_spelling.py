"""Names as people mix them: prefixes, copies, sides and orders of words on one face, and none on a body."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.inventory import Inventory, coverage
from dirfa_blender.core.characters.recognition import recognised
from dirfa_blender.core.errors import RigError
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.mapping import load_profile, shipped_profiles
from tests.core.characters.detection import detected

WANTED = {"jawopen", "open", "mouthsmileleft", "mouthsmileright", "eyeblinkleft", "happy"}


def parts(name: str) -> tuple[list[str], str]:
    """Words of an ARKit name, and its side."""
    words = re.findall(r"[A-Z]?[a-z]+", name)
    sided = words[-1] in ("Left", "Right") and name not in ("jawLeft", "jawRight", "mouthLeft")
    sided = sided and name != "mouthRight"
    return (words[:-1], words[-1]) if sided else (words, "")


def sided(form: str, name: str, sides: tuple[str, str]) -> str:
    words, side = parts(name)
    stem = words[0] + "".join(words[1:])
    if not side:
        return stem
    return form.format(stem, sides[side == "Right"])


def shown_unit(code: str) -> Animation:
    """A take of one sample that shows one unit whole."""
    still = np.zeros((1, 3))
    return Animation(50, 0, (code,), np.ones((1, 1)), still[:, :2], still, still)


WAYS = {
    "prefix": lambda n: f"CharA_{n}",
    "copy": lambda n: f"{n}.001",
    "namespace": lambda n: f"head:{n}",
    "mesh of Maya": lambda n: f"blendShape1.{n}",
    "both": lambda n: f"blendShape1.CharA_{n}",
    "words": lambda n: " ".join(w.capitalize() for w in (*parts(n)[0], parts(n)[1]) if w),
    "capitals": lambda n: "_".join(w.upper() for w in (*parts(n)[0], parts(n)[1]) if w),
    "points": lambda n: ".".join(w.capitalize() for w in (*parts(n)[0], parts(n)[1]) if w),
    "lower": str.lower,
    "kind of shape": lambda n: f"bs_{n}_01",
    "letter behind": lambda n: sided("{}_{}", n, ("L", "R")),
    "letter before": lambda n: sided("{1}_{0}", n, ("l", "r")),
    "short side": lambda n: sided("{1}_{0}", n, ("lt", "rt")),
    "brackets": lambda n: sided("{} ({})", n, ("L", "R")),
    "words after a side": lambda n: "facs_" + ".".join(w for w in (parts(n)[1], *parts(n)[0]) if w),
    "capitals after a side": lambda n: "".join(w for w in (parts(n)[1], *parts(n)[0]) if w).upper(),
    "other order": lambda n: "_".join([*reversed(parts(n)[0]), *filter(None, [parts(n)[1]])]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_face_in_one_spelling_is_known_whole(way: str) -> None:
    names = [WAYS[way](name) for name in ARKIT_NAMES]

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Face": names}}))

    assert found.found == dict(zip(ARKIT_NAMES, names, strict=True)) | found.found
    assert {found.found[name] for name in ARKIT_NAMES} == set(names)
    assert not set(found.found) - set(ARKIT_NAMES)


@pytest.mark.parametrize("seed", range(40))
def test_of_a_face_in_many_spellings_with_shapes_missing_each_means_what_it_says(seed: int) -> None:
    chance = random.Random(seed)
    ways = chance.sample(sorted(WAYS), 4)
    kept = chance.sample(ARKIT_NAMES, chance.randint(20, 52))
    own = {WAYS[chance.choice(ways)](name): name for name in kept}
    bystanders = ["Basis_fat", "wrinkle 07", "pJCMNeckFwd_35", "collar_open"]

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Hero": [*own, *bystanders]}}))

    meant = {place.name: channel for channel, (place, *_) in found.places.items()}
    assert not {name for name, channel in meant.items() if own.get(name) != channel}
    # A few with a prefix of their own may be too few to tell it from a name.
    assert len(meant) >= len(own) - 4


BODIES = {
    "correctives": "elbow_L_bend knee_R_90 shoulder_up_L wrist_down_L hip_out_R thigh_up_L chest_wide",
    "joints of DAZ": "pJCMThighFwd_57_L pJCMNeckBack_27 pJCMHandUp_80_L FBMHeavy pJCMJawOpen_25",
    "proportions": "jawWide noseLong eyesBig mouthNarrow browThick cheeksFull chinLong earPointed",
    "clothes": "collar_open sleeve_L_wrinkle hood_up cape_back button_press tighten_L smile_fold",
    "hands": "hand_open_L hand_close_L fist_R thumb_up_L point_L spread_L shp_open",
    "numbered": "Key_1 Key_2 Key_3",
}


@pytest.mark.parametrize("body", BODIES)
def test_shapes_of_a_body_are_no_face(body: str) -> None:
    profiles = [load_profile(name) for name in shipped_profiles()]

    with pytest.raises(RigError, match="known"):
        detected(profiles, Inventory({"shape": {"Body": BODIES[body].split()}}))


def test_a_part_of_the_head_may_name_a_single_shape_after_itself() -> None:
    assert recognised(["LowerTeeth_jawOpen"], WANTED, {"lower"}) == {
        "jawopen": "LowerTeeth_jawOpen"
    }


def test_an_exact_name_comes_before_the_same_words_around_or_in_another_order() -> None:
    names = ["open_jaw", "old_jawOpen", "jaw_open"]

    assert recognised(names, WANTED) == {"jawopen": "jaw_open"}


def test_the_side_of_a_pair_is_not_taken_for_a_word_around_it() -> None:
    wanted = {"eyeblink", "mouthsmile", "browdown", "eyewide", "nosesneer"}
    pairs = [f"{name}_{side}" for name in wanted for side in ("left", "right")]

    assert recognised(pairs, wanted) == {}


def test_a_single_name_behind_a_point_may_have_a_word_after_it() -> None:
    assert recognised(["Wolf3D_Head.jawOpen_BS"], WANTED) == {"jawopen": "Wolf3D_Head.jawOpen_BS"}


@pytest.mark.parametrize("corrective", ["jawOpen_fix", "old_jawOpen", "jawOpen_copy"])
def test_a_corrective_is_taken_only_where_nothing_else_is_meant(corrective: str) -> None:
    for names in ([corrective, "bs_jawOpen_1"], ["bs_jawOpen_1", corrective]):
        assert recognised(names, WANTED) == {"jawopen": "bs_jawOpen_1"}
    assert recognised([corrective], WANTED) == {"jawopen": corrective}


@pytest.mark.parametrize("form", ["{}|{}_geo", "{}|{}_mesh_01", "head:{}|{}_geo.001"])
def test_a_side_behind_a_bar_may_have_words_after_it(form: str) -> None:
    names = [sided(form, name, ("Left", "Right")) for name in ARKIT_NAMES]

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Face": names}}))

    assert not found.missing
    assert found.found["eyeBlinkLeft"] == sided(form, "eyeBlinkLeft", ("Left", "Right"))
    assert found.found["eyeBlinkRight"] == sided(form, "eyeBlinkRight", ("Left", "Right"))


def test_a_namespace_before_a_side_stays_a_namespace() -> None:
    wanted = {"mouthsmileleft", "mouthsmileright", "open"}

    assert recognised(["Hero|Left_Mouth_Smile", "Open|Left_Mouth_Smile_R"], wanted) == {
        "mouthsmileleft": "Hero|Left_Mouth_Smile"
    }


def test_what_riggers_shorten_is_read_in_full() -> None:
    rig = {
        "jaw_open": "jawOpen", "lip_lwr_dn_l": "mouthLowerDownLeft", "mth_smile_r": "mouthSmileRight",
        "lip_upr_up_r": "mouthUpperUpRight", "brow_inr_up_l": "browInnerUpLeft",
        "eyebrows_dn_l": "browDownLeft", "brow_otr_up_r": "browOuterUpRight", "jaw_fwd": "jawForward",
        "chk_sqnt_l": "cheekSquintLeft", "mouthShrugLwr": "mouthShrugLower",
    }  # fmt: skip

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Face": [*rig, "brow_inr_up_r"]}}))

    assert {own: channel for channel, own in found.found.items() if own in rig} == rig


def test_units_of_the_middle_may_have_two_halves() -> None:
    codes = (1, 2, 4, 5, 6, 7, 9, 10, 12, 15, 17, 18, 22, 25, 26, 43)
    names = [f"AU_{code:02d}_{side}" for code in codes for side in "LR"]
    profiles = [load_profile(name) for name in shipped_profiles()]

    profile, found = detected(profiles, Inventory({"shape": {"Face": names}}))
    track = profile.fitted(found.places).apply(shown_unit("AU17"))

    assert profile.name == "action_units"
    assert {own.name for places in found.places.values() for own in places} == set(names)
    assert {name for name, peak in zip(track.names, track.weights.max(0), strict=True) if peak} == {
        "AU17L", "AU17R"
    }  # fmt: skip


def test_what_maya_writes_into_names_says_nothing() -> None:
    rig = {
        "mouthSmile_ncl1_1_L": "mouthSmileLeft", "mouthFunnel_ncl1_1": "mouthFunnel",
        "eyeBlinkFBXASC046L": "eyeBlinkLeft", "jawFBXASC032Open": "jawOpen",
        "AU_mouthPucker": "mouthPucker",
    }  # fmt: skip

    found = coverage(load_profile("arkit"), Inventory({"shape": {"Face": tuple(rig)}}))

    assert {own: channel for channel, own in found.found.items()} == rig


@pytest.mark.parametrize("form", ["Vis_{}", "Mouth_{}_geo", "lipsync {}", "Phoneme.{}"])
def test_sounds_are_found_behind_a_word_that_announces_them(form: str) -> None:
    sounds = [
        "sil",
        "PP",
        "FF",
        "TH",
        "DD",
        "kk",
        "CH",
        "SS",
        "nn",
        "RR",
        "aa",
        "E",
        "ih",
        "oh",
        "ou",
    ]
    names = [*(form.format(sound) for sound in sounds), "Blink_L", "Blink_R"]
    profiles = [load_profile(name) for name in shipped_profiles()]

    profile, found = detected(profiles, Inventory({"shape": {"Face": names}}))

    assert profile.name == "meta_visemes"
    assert {place.name for places in found.places.values() for place in places} == set(names)


def test_a_body_of_thousands_of_morphs_is_looked_through_in_moments() -> None:
    """Processor time, bound far over what it takes: asked name by name by every profile it took 17 s."""
    meshes = {
        mesh: tuple(f"{mesh}_pJCM_{i}_Bend_Part_{i % 13}_v{i:03d}" for i in range(300))
        + tuple(f"CC_Base_{name}_{mesh}" for name in ARKIT_NAMES)
        for mesh in ("Body", "Teeth", "Lash", "Brow", "Hair", "Shirt")
    }
    profiles = [load_profile(name) for name in shipped_profiles()]

    began = time.thread_time()
    profile, found = detected(profiles, Inventory({"shape": meshes}))
    spent = time.thread_time() - began

    assert profile.name == "arkit" and not found.missing
    assert len(found.places["jawOpen"]) == len(meshes)
    assert spent < 3.0
