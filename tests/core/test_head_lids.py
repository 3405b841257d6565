"""Lids at rest lie over the irises of fitted heads."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_lids import COVERED, relaxed_lids
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template


@pytest.fixture(scope="module")
def head() -> Head:
    return with_shapes(template())


def test_the_template_keeps_its_lids(head: Head) -> None:
    vertices = head.vertices.astype(np.float64)

    assert np.array_equal(relaxed_lids(head, vertices), vertices)


def test_a_startled_eye_gets_its_lid_back_over_the_iris(head: Head) -> None:
    rows = [head.shape_names.index(f"eyeWide{side}") for side in ("Left", "Right")]
    startled = head.vertices + 0.6 * head.shape_deltas[rows].sum(0)

    calm = relaxed_lids(head, startled.astype(np.float64))

    faces = head.faces[head.face_materials == head.materials.index("iris")]
    for side in ("left", "right"):
        iris = np.intersect1d(faces[faces >= 0], np.flatnonzero(head.part(f"eye_{side}")))
        top, radius = calm[iris, 2].max(), np.ptp(calm[iris, 2]) / 2
        lid = head.part(f"lid_upper_{side}")
        lid &= np.abs(calm[:, 0] - calm[iris, 0].mean()) < 0.25 * radius
        assert top - calm[lid, 2].min() >= 0.9 * COVERED * radius, side


def test_the_rest_of_the_face_stays_where_it_was(head: Head) -> None:
    rows = [head.shape_names.index(f"eyeWide{side}") for side in ("Left", "Right")]
    startled = (head.vertices + head.shape_deltas[rows].sum(0)).astype(np.float64)

    moved = np.linalg.norm(relaxed_lids(head, startled) - startled, axis=1)

    assert moved[head.part("lips_*", "nose", "ear_*", "neck")].max() == 0.0
