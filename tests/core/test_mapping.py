from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.action_units import ACTION_UNITS, AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.inventory import named
from dirfa_blender.core.characters.profile import HEAD_INPUTS, INPUTS
from dirfa_blender.core.characters.spelling import plain_spelling
from dirfa_blender.core.errors import ProfileError
from dirfa_blender.core.formats.interchange import LIVE_LINK_SHAPES
from dirfa_blender.core.mapping import RIGS_FOLDER, load_profile
from tests.core.test_animation import animation

ARKIT = load_profile("arkit")


def track_of(**units: float) -> dict[str, float]:
    au = np.array([[units.get(name, 0.0) for name in AU_NAMES]])
    gaze = np.array([[units.get("gaze_up", 0.0), units.get("gaze_left", 0.0)]])
    still = np.zeros((1, 3))
    track = ARKIT.apply(Animation(50, 0, AU_NAMES, au, gaze, still, still))
    return dict(zip(track.names, track.weights[0].tolist(), strict=True))


def test_the_profile_has_the_52_shapes_of_arkit_and_a_raised_tongue_for_those_who_can() -> None:
    own = [plain_spelling(n) for n in ARKIT.shapes if n not in ARKIT.optional]

    assert len(own) == 52
    assert set(own) == {plain_spelling(n) for n in LIVE_LINK_SHAPES}
    assert ARKIT.optional == ("tongueUp",)


def test_every_shape_can_be_reached_and_every_unit_means_something() -> None:
    assert (np.abs(ARKIT.gains).sum(0) > 0).all()
    # Heads turn on bones.
    meant = {name for name, row in zip(INPUTS, ARKIT.gains, strict=True) if row.any()}
    assert meant == set(INPUTS) - set(HEAD_INPUTS)


@pytest.mark.parametrize(
    "unit", [u for u in ACTION_UNITS if u.side != "both"], ids=lambda u: u.code
)
def test_a_sided_unit_moves_no_shape_of_the_other_side(unit) -> None:
    other = "Right" if unit.side == "left" else "Left"

    moved = [
        shape
        for shape, gain in zip(ARKIT.shapes, ARKIT.gains[INPUTS.index(unit.code)], strict=True)
        if gain
    ]

    assert moved
    assert not [shape for shape in moved if shape.endswith(other)]


def test_mirrored_shapes_have_mirrored_gains() -> None:
    def mirrored(name: str) -> str:
        if name in ("MSL", "MSR"):
            return {"MSL": "MSR", "MSR": "MSL"}[name]
        if name[-1] in "LR" and name[:-1] + {"L": "R", "R": "L"}[name[-1]] in INPUTS:
            return name[:-1] + {"L": "R", "R": "L"}[name[-1]]
        return name

    for shape in (s for s in ARKIT.shapes if s.endswith("Left") and "Look" not in s):
        left = ARKIT.gains[:, ARKIT.shapes.index(shape)]
        right = ARKIT.gains[:, ARKIT.shapes.index(shape[:-4] + "Right")]
        order = [INPUTS.index(mirrored(name)) for name in INPUTS]
        np.testing.assert_array_equal(left, right[order], err_msg=shape)


def test_looking_to_the_subjects_left_turns_the_left_eye_out_and_the_right_eye_in() -> None:
    weights = track_of(gaze_left=0.2)

    assert weights["eyeLookOutLeft"] > 0.3 and weights["eyeLookInRight"] > 0.3
    assert weights["eyeLookInLeft"] == weights["eyeLookOutRight"] == 0


def test_weights_stay_in_range_and_close_never_exceeds_open() -> None:
    track = ARKIT.apply(animation(500))
    column = {name: index for index, name in enumerate(track.names)}

    assert track.weights.min() >= 0 and track.weights.max() <= 1
    close, jaw = track.weights[:, column["mouthClose"]], track.weights[:, column["jawOpen"]]
    assert (close <= jaw).all()
    assert (close > 0).any()


def test_a_shut_eye_is_not_wide() -> None:
    assert track_of(AU45L=1, AU5L=1)["eyeWideLeft"] == 0
    assert track_of(AU45R=1, AU5L=1)["eyeWideLeft"] == 1


@pytest.mark.parametrize(
    "spelling",
    ["EyeBlinkLeft", "eyeBlink_L", "eyeBlink.L", "!ex-eyeBlinkLeft", "A14_Eye_Blink_Left", "eyeblinkleft"],
)  # fmt: skip
def test_common_spellings_are_one_name(spelling: str) -> None:
    assert plain_spelling(spelling) == plain_spelling("eyeBlinkLeft")


def test_coverage_says_what_is_missing() -> None:
    plain = [name for name in ARKIT.shapes if not name.startswith("tongue")]
    rig = [name[0].upper() + name[1:] for name in plain]

    coverage = named(ARKIT, [*rig, "Basis", "hat"])

    assert str(coverage) == "51 of 52 found; tongueOut missing"
    assert coverage.found["jawOpen"] == "JawOpen"


def test_an_optional_channel_counts_only_where_a_rig_has_it() -> None:
    own = [name for name in ARKIT.shapes if name not in ARKIT.optional]

    assert str(named(ARKIT, own)) == "all 52 found"
    assert str(named(ARKIT, [*own, "Tongue_Tip_Up"])) == "all 53 found"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "must be an object with format"),
        ({"version": 9}, "version must be 2, got 9"),
        ({"shape": {}}, "unknown key 'shape'"),
        (
            {"channels": {"jawOpen": {"AU99": 1}}},
            r"channels\.jawOpen has an unknown action unit or input 'AU99'",
        ),
        (
            {"channels": {"jawOpen": {"AU26": "high"}}},
            r"channels\.jawOpen\.AU26 must be a number, got 'high'",
        ),
        ({"at_most": {"mouthClose": "nothing"}}, r"at_most\.mouthClose names 'nothing'"),
        ({"head_bones": {"head": 0.5}}, "must add up to 1"),
    ],
)
def test_a_wrong_profile_is_refused_by_key(tmp_path: Path, change: dict, message: str) -> None:
    found = json.loads((RIGS_FOLDER / "arkit.json").read_text())
    (tmp_path / "mine.json").write_text(json.dumps(found | change))

    with pytest.raises(ProfileError, match=message):
        load_profile(tmp_path / "mine.json")


def test_every_problem_of_a_file_is_listed_with_its_path(tmp_path: Path) -> None:
    found = json.loads((RIGS_FOLDER / "arkit.json").read_text(encoding="utf-8"))
    found["channels"]["jawOpen"] = {"AU26": "high", "AU99": 1}
    found["limits"] = {"jawLeft": [1, 0], "nobody": [0, 1]}
    found["bone_moves"]["jawOpen"] = [{"bone": "", "turn": [1, 2]}, {"bone": "jaw", "unit": "mile"}]
    found["head_bones"] = {"head": 0.5}
    found["colour"] = "red"
    (tmp_path / "mine.json").write_text(json.dumps(found))

    with pytest.raises(ProfileError) as caught:
        load_profile(tmp_path / "mine.json")

    for part in (
        "has 10 problems",
        "unknown key 'colour'",
        "channels.jawOpen.AU26 must be a number",
        "channels.jawOpen has an unknown action unit or input 'AU99'",
        "limits.jawLeft must rise, got 1 and 0",
        "limits names 'nobody'",
        "bone_moves.jawOpen[0].bone must be the name of a bone",
        "bone_moves.jawOpen[0].turn must be a list of three numbers",
        "bone_moves.jawOpen[1].unit names 'mile'",
        "bone_moves.jawOpen[1] must have a turn or a move",
        "head_bones must add up to 1",
    ):
        assert part in str(caught.value)


def test_a_profile_that_is_not_there_or_no_json_says_so(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("{")

    with pytest.raises(ProfileError, match="must be JSON"):
        load_profile(tmp_path / "mine.json")
    with pytest.raises(ProfileError, match=r"Cannot read profile none\.json"):
        load_profile(tmp_path / "none.json")
    with pytest.raises(ProfileError, match=r"no profile 'none'.* vrm"):
        load_profile("none")
