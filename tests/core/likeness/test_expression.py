"""Expressions of photos as the landmark network sees them, which follows a face only in part."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head_fit import FitSettings, identity_landmarks, neutral_landmarks_px, solve
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.likeness.expression import USUAL_WEIGHTS, expression_basis
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View

CHIN, CHEEK = 152, 280
PX_A_METRE = 3000.0


def moved(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) metres that a shape moves landmarks: as they are seen, and as the mesh moves."""
    template, basis = shaped_template(), expression_basis()
    mesh = template.landmark_deltas()[template.shape_names.index(name)].astype(np.float64)
    return basis.deltas[basis.names.index(name)], mesh


def test_every_shape_has_its_measured_row_and_depth_is_the_mesh_s() -> None:
    assert expression_basis().names == tuple(USUAL_WEIGHTS)
    for name in USUAL_WEIGHTS:
        seen, mesh = moved(name)
        assert np.allclose(seen[:, 1], mesh[:, 1]), name
        assert 1e-4 < np.sqrt(((seen - mesh) ** 2).sum(1).mean()) < 4e-3, name


def test_a_network_follows_an_opening_jaw_in_part() -> None:
    seen, mesh = moved("jawOpen")

    assert 0.5 < seen[CHIN, 2] / mesh[CHIN, 2] < 0.9


@pytest.mark.parametrize("pair", ["mouthSmile", "browDown"])
def test_the_sides_of_a_shape_are_mirror_images(pair: str) -> None:
    (left, _), (right, _) = moved(f"{pair}Left"), moved(f"{pair}Right")

    assert np.abs(left[CHEEK] - right[50] * (-1.0, 1.0, 1.0)).max() < 5e-5


def test_a_smile_that_is_seen_leaves_the_face_at_rest() -> None:
    basis, rest = expression_basis(), shaped_template().landmarks().astype(np.float64)
    rows = [basis.names.index(f"mouthSmile{side}") for side in ("Left", "Right")]
    seen = rest + 0.7 * basis.deltas[rows].sum(0)
    view = View(np.eye(3), PX_A_METRE, np.array([400.0, 0.0, -400.0]))

    solution = solve([FaceLandmarks(view.to_photo(seen), (800, 800))], FitSettings())

    left = identity_landmarks(solution) - rest
    wanted = neutral_landmarks_px(solution)
    assert np.sqrt((left[:, [0, 2]] ** 2).sum(1).mean()) < 1e-3
    assert np.abs(wanted - view.to_photo(rest)[:, :2]).mean() < 1e-3 * PX_A_METRE
