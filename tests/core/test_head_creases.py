"""The fold of a cheek runs from the wing of the nose past the corner of the mouth, on each side alike."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_template import template
from dirfa_blender.head_creases import creases
from tests.addon.ball_head import ball_head

# Landmarks on the cheek, and on the lip's side of its fold, left and right.
CHEEK, LIP = (425, 427, 205, 207), (391, 322, 165, 92)


@pytest.fixture(scope="module")
def head() -> Head:
    return template()


def test_the_way_across_is_positive_on_the_cheek_and_negative_beside_the_lip(head: Head) -> None:
    across = creases(head)[head.landmark_vertices, 0]

    assert (across[list(CHEEK)] > 3.0).all()
    assert (across[list(LIP)] < -3.0).all()


def test_the_way_across_grows_by_a_millimetre_a_millimetre(head: Head) -> None:
    places = creases(head)
    corners = head.faces[(head.faces >= 0).all(1)]
    sides = np.concatenate([corners[:, [k, (k + 1) % 4]] for k in range(4)])
    sides = sides[(places[sides, 1] > 0.5).all(1) & (np.abs(places[sides, 0]) < 6.0).all(1)]

    way = np.linalg.norm(head.vertices[sides[:, 0]] - head.vertices[sides[:, 1]], axis=1) * 1000.0
    change = np.abs(np.diff(places[sides, 0], axis=1))[:, 0]

    assert len(sides) > 100
    assert (change <= 1.2 * way).all()
    assert (change / way).max() > 0.8


def test_the_fold_is_over_before_nose_lips_and_chin(head: Head) -> None:
    depth, marks = creases(head)[:, 1], head.landmarks()

    assert depth.max() == pytest.approx(1.0)
    assert not depth[head.part("lips_*", "lid_*", "nostril_*", "neck")].any()
    folded = head.vertices[depth > 0.0]
    assert folded[:, 2].max() < marks[195, 2]
    assert folded[:, 2].min() > marks[18, 2]


def test_both_cheeks_fold_alike_and_know_their_side(head: Head) -> None:
    places = creases(head)
    folded = places[:, 1] > 0.0
    left = folded & (head.vertices[:, 0] > 0.0)

    assert np.array_equal(places[folded, 2] == 1.0, left[folded])
    assert left.sum() == (folded & ~left).sum()
    np.testing.assert_allclose(
        np.sort(places[left, 1]), np.sort(places[folded & ~left, 1]), atol=0.02
    )


def test_a_head_without_the_landmarks_of_a_face_has_no_folds() -> None:
    assert not creases(ball_head()).any()
