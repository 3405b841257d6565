"""Depth of known heads: the error says what is off in depth and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from server.evaluation.head_depth import errors_mm, of_other_depth


def test_a_face_of_another_size_and_turn_has_no_error() -> None:
    points = template().landmarks().astype(np.float64)
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])

    assert errors_mm(1.3 * points @ turn.T + 0.1, points) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_known_heads_differ_from_their_portraits_in_depth_alone() -> None:
    head = template()

    heads = [of_other_depth(head, seed=seed) for seed in range(8)]

    for known in heads:
        moved = known.vertices - head.vertices
        assert np.abs(moved[:, [0, 2]]).max() == 0.0
    # A field that tilts the face is laid over it by a turn, which shows across: one head may have such.
    errors = [errors_mm(head.landmarks(), known.landmarks()) for known in heads]
    across, depth = np.mean(errors, axis=0)
    assert depth > 1.0
    assert across < 0.4 * depth
