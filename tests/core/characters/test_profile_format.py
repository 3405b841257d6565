"""A profile as a file: what is written is what is read, and a rig's lacks are stood in for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.characters.inventory import Inventory, coverage, named
from dirfa_blender.core.characters.profile import INPUTS
from dirfa_blender.core.characters.profile_writer import write_profile
from dirfa_blender.core.characters.recognition import recognised
from dirfa_blender.core.characters.skeleton import Bone, Skeleton
from dirfa_blender.core.characters.spelling import plain_spelling
from dirfa_blender.core.errors import OutputError
from dirfa_blender.core.mapping import load_profile, read_profile, shipped_profiles
from tests.core.characters.detection import detected
from tests.core.test_animation import animation

ARKIT = load_profile("arkit")


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_profile_written_is_the_profile_read(tmp_path: Path, name: str) -> None:
    profile = load_profile(name)

    write_profile(profile, tmp_path / "mine.json")
    found = read_profile(tmp_path / "mine.json")

    np.testing.assert_allclose(found.gains, profile.gains, rtol=1e-5)
    assert list(found.visemes) == list(profile.visemes)
    for channel, row in profile.visemes.items():
        np.testing.assert_allclose(found.visemes[channel], row, err_msg=channel)
    for field in (
        "name", "title", "shapes", "at_most", "yields_to", "spare_at_most", "spare_yields_to",
        "head_bones", "limits", "stand_ins", "names", "ranges", "bone_moves", "bones", "units", "eyes",
        "stepped",
    ):  # fmt: skip
        assert getattr(found, field) == getattr(profile, field), field


def test_a_profile_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.mkdir()

    with pytest.raises(OutputError, match=r"mine\.json cannot be written"):
        write_profile(ARKIT, path)

    assert [p.name for p in tmp_path.iterdir()] == ["mine.json"]


def test_version_1_is_read_as_version_2(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(
        '{"format": "dirfa.profile", "version": 1, "name": "old", "shapes": {"open": {"AU26": 1}}}'
    )

    assert read_profile(tmp_path / "old.json").shapes == ("open",)


@pytest.mark.parametrize("lost", ["mouthClose", "jawOpen"])
def test_lips_never_seal_a_jaw_that_does_not_open(lost: str) -> None:
    fitted = ARKIT.fitted(set(ARKIT.shapes) - {lost})

    track = fitted.apply(animation(400))

    if lost == "jawOpen":
        assert "mouthClose" not in track.names
    else:
        # Without the sealing shape a closure shuts the jaw instead.
        jaw = fitted.gains[INPUTS.index("AU8"), fitted.shapes.index("jawOpen")]
        assert jaw == -1.0


def test_a_centre_shape_split_in_two_keeps_its_sides() -> None:
    own = [n for n in ARKIT.shapes if n != "browInnerUp"] + ["browInnerUp_L", "browInnerUp_R"]

    covered = named(ARKIT, own)
    fitted = ARKIT.fitted(covered.places)

    assert not covered.missing
    left = fitted.gains[:, fitted.shapes.index("browInnerUpLeft")]
    assert np.flatnonzero(left).tolist() == [INPUTS.index("AU1L")]


def test_two_sides_in_one_shape_take_the_mean_of_both() -> None:
    fitted = ARKIT.fitted(named(ARKIT, ["eyesClosed", "jawOpen"]).places)

    column = fitted.gains[:, fitted.shapes.index("eyeBlink")]

    assert column[INPUTS.index("AU45L")] == column[INPUTS.index("AU45R")] == 0.5


def test_words_around_the_names_of_a_whole_mesh_are_not_part_of_them() -> None:
    wanted = {plain_spelling(name) for name in ARKIT.shapes}

    found = recognised([f"Char02_{name}_geo" for name in ARKIT.shapes], wanted)

    assert len(found) == len(ARKIT.shapes)
    assert found[plain_spelling("eyeBlinkLeft")] == "Char02_eyeBlinkLeft_geo"


def test_two_names_in_common_words_are_not_taken_for_a_prefix() -> None:
    wanted = {plain_spelling(name) for name in ARKIT.shapes}

    assert not recognised(["Hat_jawOpen", "Hat_mouthLeft"], wanted)


def test_the_report_names_what_is_missing_and_the_bone_of_the_jaw() -> None:
    bone = Bone("jaw_master", "", np.eye(3), np.zeros(3))
    keys = [n for n in ARKIT.shapes if n not in ("jawOpen", "tongueOut", "tongueUp")]

    report = str(
        coverage(ARKIT, Inventory({"shape": {"Face": keys}}, Skeleton({"jaw_master": bone})))
    )

    assert report == "51 of 52 found; tongueOut missing; jaw on bone 'jaw_master'"


def test_a_rig_of_52_shapes_and_visemes_is_driven_by_the_52() -> None:
    profiles = [load_profile(name) for name in shipped_profiles()]
    own = [
        *ARKIT.shapes,
        *(f"viseme_{v}" for v in ["sil", "PP", "FF", "aa", "E", "I", "O", "U"]),
        "mouthOpen",
    ]

    profile, found = detected(profiles, Inventory({"shape": {"Wolf3D_Head": own}}))

    assert set(profile.shapes) == set(ARKIT.shapes)
    assert "viseme_aa" not in found.found.values() and "mouthOpen" not in found.found.values()
