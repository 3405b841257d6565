"""Ears move on the head without the face, and turn without their root."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.ears import EarPose, ears, follows, with_ears
from dirfa_blender.core.likeness.landmarks import OVAL

POINTS = template().vertices.astype(np.float64)


def test_ears_in_their_place_leave_the_head_as_it_is() -> None:
    np.testing.assert_allclose(with_ears(POINTS, EarPose()), POINTS, atol=1e-12)


def test_a_turn_moves_rims_outward_alike_and_nothing_else() -> None:
    moved = with_ears(POINTS, EarPose(turn=np.radians(20.0)))
    off = moved - POINTS
    ear = template().part("ear_*")

    assert np.abs(off[~ear]).max() < 1e-9
    right, left = (np.sort(np.linalg.norm(off[one.vertices], axis=1)) for one in ears())
    np.testing.assert_allclose(right, left, atol=1e-5)
    for one in ears():
        out = off[one.vertices, 0] * one.side
        assert 0.010 < out.max() < 0.018
        assert np.median(out[one.turned > 0.9]) > 0.004


def test_a_drop_moves_ears_whole_and_no_feature_of_the_face() -> None:
    off = POINTS[:, 2] - with_ears(POINTS, EarPose(drop=0.01))[:, 2]
    inside = np.setdiff1d(np.arange(468), OVAL)
    landmarks = template().landmarks(np.repeat(follows()[:, None], 3, 1).astype(np.float32))[
        inside, 0
    ]

    np.testing.assert_allclose(off[template().part("ear_*")], 0.01, atol=1e-12)
    # Beside the outline lie two rows of points on the cheek before the ear.
    assert np.sort(landmarks)[-12] < 0.05
    assert np.abs(off[template().part("lips_*", "lid_*", "nose", "eye_*", "bust")]).max() == 0.0


@pytest.mark.parametrize("pose", [EarPose(0.012, 0.6), EarPose(-0.006, -0.4), EarPose(0.012, -0.4)])
def test_skin_and_ears_are_not_turned_inside_out(pose: EarPose) -> None:
    head = template()
    faces = head.faces[head.part("face", "scalp", "neck")[head.faces].all(1)]
    before, after = (vertex_normals(points, faces) for points in (POINTS, with_ears(POINTS, pose)))
    used = np.unique(faces)

    assert (before[used] * after[used]).sum(1).min() > 0.4
