"""Creases lie where faces fold, on each side alike, and away from what does not fold."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import measure
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from dirfa_blender.core.head_template import template
from dirfa_blender.core.motion.mouth import fold
from dirfa_blender.head.head_creases import (
    CREASES,
    PERIOD,
    PRESSED_BY,
    SIDES,
    creases,
    pressed_keys,
    pressing,
)
from tests.addon.ball_head import ball_head
from tests.core.likeness.test_lids import FACES, fitted

# Landmarks on the cheek, and on the lip's side of its fold, left and right.
CHEEK, LIP = (425, 427, 205, 207), (391, 322, 165, 92)
EEVEE_READS = 8  # properties of an object in one material (Blender manual, limitations of EEVEE)
BEYOND = 0.05  # of the deepest crease, too little to be seen


@pytest.fixture(scope="module")
def head() -> Head:
    return template()


@pytest.fixture(scope="module", params=["template", *FACES])
def places(request: pytest.FixtureRequest, head: Head) -> tuple[Head, np.ndarray]:
    face = head if request.param == "template" else fitted(request.param)
    return face, creases(face)


def test_the_way_across_is_positive_on_the_cheek_and_negative_beside_the_lip(places) -> None:
    head, found = places
    across = found[head.landmark_vertices, 0]

    assert (across[list(CHEEK)] > 1.3).all()
    assert (across[list(LIP)] < -0.75).all()


def test_a_smile_presses_the_mesh_in_along_the_crease_that_skin_shows(places) -> None:
    head, found = places
    pressed = np.linalg.norm(fold(measure(head), 1.0, 0.0), axis=1)
    cheek = list(CREASES).index("cheek")
    near = (found[:, 2] == cheek) & (found[:, 1] > 0.2) & (head.vertices[:, 0] > 0.0)
    across = found[near, 0] * np.where(found[near, 0] > 0.0, *CREASES["cheek"].widths)

    deepest = np.average(across, weights=pressed[near] ** 2)
    assert abs(deepest) < 0.8, "millimetres"
    assert pressed[near].max() > 0.8e-3


def test_the_way_across_grows_with_the_way_on_the_skin(places) -> None:
    head, found = places
    corners = head.faces[(head.faces >= 0).all(1)]
    sides = np.concatenate([corners[:, [k, (k + 1) % 4]] for k in range(4)])
    way = np.linalg.norm(head.vertices[sides[:, 0]] - head.vertices[sides[:, 1]], axis=1) * 1000.0

    for number, (name, crease) in enumerate(CREASES.items()):
        there = ((found[sides, 1] > 0.5 * crease.depth) & (found[sides, 2] == number)).all(1)
        change = np.abs(np.diff(found[sides[there], 0], axis=1))[:, 0] / way[there]

        assert there.any(), name
        assert change.max() <= 1.5 / min(crease.widths), name
        assert change.max() >= 0.5 / max(crease.widths), name


def test_every_family_is_as_deep_as_it_says_and_none_borders_on_another(places) -> None:
    head, found = places
    corners = head.faces[(head.faces >= 0).all(1)]

    for number, (name, crease) in enumerate(CREASES.items()):
        assert found[found[:, 2] == number, 1].max() > 0.7 * crease.depth, name
    shared = found[corners[found[corners, 1].any(1)], 2]
    assert (shared == shared[:, :1]).all()


def test_the_folds_are_over_before_lips_lids_and_neck(places) -> None:
    head, found = places
    marks = head.landmarks()

    assert not found[head.part("lips_*", "nostril_*", "neck", "ear_*"), 1].any()
    lids = head.part("lid_*")
    assert found[lids, 1].max() < BEYOND
    cheek = (found[:, 2] == list(CREASES).index("cheek")) & (found[:, 1] > 0.0)
    assert head.vertices[cheek, 2].max() < marks[195, 2]
    assert head.vertices[cheek, 2].min() > marks[18, 2]


def test_both_sides_fold_alike(head: Head) -> None:
    places = creases(head)
    left = (places[:, 1] > 0.0) & (head.vertices[:, 0] > 1e-6)
    right = (places[:, 1] > 0.0) & (head.vertices[:, 0] < -1e-6)

    assert left.sum() == right.sum()
    for column in (1, 2):
        np.testing.assert_allclose(
            np.sort(places[left, column]), np.sort(places[right, column]), atol=0.02
        )


def test_a_row_lies_within_its_period_from_end_to_end(places) -> None:
    _head, found = places

    for number, (name, crease) in enumerate(CREASES.items()):
        across = found[(found[:, 2] == number) & (found[:, 1] > 0.0), 0]
        assert np.abs(across).max() <= PERIOD / 2 * max(crease.count, 1), name


def test_each_family_is_pressed_by_a_shape_of_heads_and_no_other_is_named() -> None:
    names = _keys()

    assert names <= set(ARKIT_NAMES)
    assert {family for gains in PRESSED_BY.values() for family in gains} == set(CREASES)


def test_no_more_properties_are_read_than_eevee_can() -> None:
    assert sum(len(pressed_keys(side)) for side in SIDES) <= EEVEE_READS


def test_every_family_has_its_place_on_both_sides() -> None:
    for side in SIDES:
        kept = [family for families in pressed_keys(side).values() for family in families]
        assert kept == list(CREASES), side
        for family in CREASES:
            assert pressing(family, side), f"{family}, {side}"


def test_a_raised_cheek_folds_the_corner_of_its_own_eye() -> None:
    for shape in ("cheekSquint", "eyeSquint", "mouthSmile"):
        assert pressing("eye", "left")[f"{shape}Left"] > 0.0
        assert f"{shape}Right" not in pressing("eye", "left")


def test_a_head_without_the_landmarks_of_a_face_has_no_folds() -> None:
    assert not creases(ball_head()).any()


def _keys() -> set[str]:
    return {shape.replace("*", side) for shape in PRESSED_BY for side in ("Left", "Right")}
