"""Takes as visemes and back: tables of both sets, in every spelling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.commands.convert import main
from dirfa_blender.core.action_units import AU_INDEX
from dirfa_blender.core.characters import viseme_mouths
from dirfa_blender.core.characters.profile import ShapeTrack
from dirfa_blender.core.characters.viseme_mouths import bounded
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.formats.exchange import Reading, encoded_take, take_from_bytes
from dirfa_blender.core.formats.viseme_exchange import (
    take_of_visemes,
    viseme_names,
    viseme_set,
    viseme_track,
)
from dirfa_blender.core.formats.viseme_track import META_VISEMES, read_viseme_csv
from dirfa_blender.core.mapping import load_profile
from tests.core.formats.test_exchange import speaking

SETS = ("meta_visemes", "microsoft_visemes")


def track(names, weights) -> ShapeTrack:
    rows = np.asarray(weights, np.float32)
    still = np.zeros((len(rows), 3), np.float32)
    return ShapeTrack(25.0, 0.0, tuple(names), rows, still, still)


@pytest.mark.parametrize("kind", SETS)
def test_a_table_holds_what_the_take_shows_within_1e_4(kind) -> None:
    take = speaking(2.0)

    found = read_viseme_csv(encoded_take(take, kind, ".csv").decode())

    wanted = viseme_track(take, kind)
    assert found.names == wanted.names == viseme_names(kind)
    np.testing.assert_allclose(found.weights, wanted.weights, atol=1e-4)
    assert np.abs(found.weights.sum(1) - 1).max() < 1e-4


@pytest.mark.parametrize("kind", SETS)
def test_a_table_becomes_a_take_that_shows_the_same_visemes(kind) -> None:
    table = encoded_take(speaking(2.0), kind, ".csv")

    take = take_from_bytes(table, "a.csv", Reading())

    missed = np.abs(viseme_track(take, kind).weights - read_viseme_csv(table.decode()).weights)
    assert take.source["format"] == kind
    assert missed.max() < 1e-4


@pytest.mark.parametrize("kind", SETS)
def test_lips_that_nearly_meet_come_back_as_well(kind) -> None:
    take = speaking(1.0)
    au = take.au * 0.3
    # From pressed lips to parted ones, through every openness at which openers fade.
    au[:, AU_INDEX["AU26"]] = np.linspace(0.05, 0.3, len(au))
    take = replace(take, au=au)

    track_of_it = viseme_track(take, kind)
    back = take_of_visemes(track_of_it)

    assert np.abs(viseme_track(back, kind).weights - track_of_it.weights).max() < 1e-4
    # Of all mouths with these weights it is one that looks like its visemes.
    mixed = track_of_it.weights @ np.array(list(load_profile(kind).visemes.values()))
    assert np.abs(back.au - mixed).max() < 0.4


def test_a_mouth_does_not_depend_on_how_many_are_sought_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = viseme_track(speaking(1.0), "meta_visemes")
    together = take_of_visemes(table)

    monkeypatch.setattr(viseme_mouths, "AT_ONCE", 7)

    np.testing.assert_allclose(take_of_visemes(table).au, together.au, atol=1e-6)


def test_least_squares_within_bounds_has_no_way_downhill() -> None:
    random = np.random.default_rng(4)
    matrix = random.normal(0, 1, (30, 12, 8))
    gram = matrix.transpose(0, 2, 1) @ matrix
    target = random.normal(0, 6, (30, 8))
    low, high = np.full((30, 8), -0.2), np.full((30, 8), 0.4)
    high[:, 0] = low[:, 0]

    found = bounded(target, gram, low, high)

    slope = np.einsum("tij,tj->ti", gram, found) - target
    inside = (found > low + 1e-9) & (found < high - 1e-9)
    assert (found >= low).all() and (found <= high).all()
    assert np.abs(slope[inside]).max() < 1e-9
    assert slope[(found <= low) & (low < high)].min() > -1e-9
    assert slope[(found >= high) & (low < high)].max() < 1e-9


@pytest.mark.parametrize("name", ["aa", "viseme_aa", "vrc.v_aa", "Viseme_AA"])
def test_each_spelling_of_a_viseme_opens_the_mouth(name: str) -> None:
    take = take_of_visemes(track([name], [[1.0], [0.0]]))

    jaw = take.au[:, AU_INDEX["AU26"]]
    assert jaw[0] > 0.5
    assert jaw[1] == 0


@pytest.mark.parametrize(("theirs", "ours"), [("I", "ih"), ("O", "oh"), ("U", "ou")])
def test_the_last_vowels_have_two_names(theirs: str, ours: str) -> None:
    one = take_of_visemes(track([f"viseme_{theirs}"], [[0.7], [0.2]]))
    other = take_of_visemes(track([ours], [[0.7], [0.2]]))

    assert np.array_equal(one.au, other.au)


def test_microsofts_visemes_are_known_by_their_numbers() -> None:
    names = [f"viseme_{n}" for n in range(22)]

    assert viseme_set(names) == viseme_set(viseme_names("microsoft_visemes")) == "microsoft_visemes"
    assert viseme_set(META_VISEMES) == "meta_visemes"
    take = take_of_visemes(track(names, np.eye(22)[[0, 2, 21]]))
    jaw = take.au[:, AU_INDEX["AU26"]]
    assert jaw[0] == 0 and jaw[1] > 0.4 > jaw[2]


def test_other_columns_are_refused_in_words() -> None:
    with pytest.raises(FormatError, match=r"visemes of Meta .* it has jawOpen"):
        take_of_visemes(track(["jawOpen"], [[1.0], [1.0]]))


def test_convert_writes_and_reads_visemes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(encoded_take(speaking(0.5), "live_link", ".csv"))
    words = [str(tmp_path / "a.csv"), "-o", str(tmp_path / "b.csv"), "--fps", "29.97"]

    assert main([*words, "--to", "microsoft_visemes"]) == 0
    assert main([str(tmp_path / "b.csv"), "-o", str(tmp_path / "c.tsv")]) == 0

    assert read_viseme_csv((tmp_path / "b.csv").read_text()).fps == pytest.approx(30000 / 1001)
    assert "\t" in (tmp_path / "c.tsv").read_text()
