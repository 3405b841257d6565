"""Hairs of the brows: on the skin, where brows are, and moving with it."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template

MM = 1e-3
LOWER, UPPER = (285, 295, 282, 283, 276), (336, 296, 334, 293, 300)


@pytest.fixture(scope="module")
def head() -> Head:
    return with_shapes(template())


def _hairs(head: Head, vertices: np.ndarray) -> np.ndarray:
    """(H, 4, 3) the left brow's hairs: both corners of the root, both of the tip."""
    return vertices[head.part("brow_left")].reshape(-1, 4, 3)


def _over_skin(head: Head, vertices: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(N,) metres over the skin round places (N, 3)."""
    skin = np.flatnonzero(head.part("face"))
    normals = vertex_normals(vertices.astype(float), head.faces)[skin]
    away = np.linalg.norm(places[:, None] - vertices[skin], axis=-1)
    near = np.argpartition(away, 6, axis=1)[:, :6]
    share = 1.0 / np.maximum(np.take_along_axis(away, near, 1), 1e-4) ** 2
    heights = ((places[:, None] - vertices[skin][near]) * normals[near]).sum(-1)
    return (heights * share).sum(1) / share.sum(1)


def test_hairs_grow_between_the_edges_of_the_brow(head: Head):
    points = head.landmarks()
    roots = _hairs(head, head.vertices)[:, :2].mean(1)

    low = np.interp(roots[:, 0], points[list(LOWER), 0], points[list(LOWER), 2])
    high = np.interp(roots[:, 0], points[list(UPPER), 0], points[list(UPPER), 2])

    assert (roots[:, 2] > low - 1.5 * MM).all()
    assert (roots[:, 2] < high + 1.5 * MM).all()


@pytest.mark.parametrize("shape", [None, "browInnerUp", "browDownLeft", "browOuterUpLeft"])
def test_hairs_stay_on_the_skin_they_grow_from(head: Head, shape: str | None):
    vertices = head.posed({shape: 1.0} if shape else {})
    hairs = _hairs(head, vertices)

    roots = _over_skin(head, vertices, hairs[:, :2].mean(1))
    tips = _over_skin(head, vertices, hairs[:, 2:].mean(1))

    assert np.abs(roots).max() < 0.6 * MM
    assert tips.min() > 0.1 * MM
    assert tips.max() < 1.8 * MM


def test_hairs_rise_with_the_brow(head: Head):
    inner = _hairs(head, head.vertices)[:, 0, 0].argsort()[:30]

    moved = _hairs(head, head.posed({"browInnerUp": 1.0}) - head.vertices)[inner]

    assert moved[..., 2].min() > 3.0 * MM


def test_a_hair_has_the_texture_of_the_skin_at_its_root(head: Head):
    brows = head.face_materials == head.materials.index("brows")
    roots = head.vertices[head.faces[brows]].mean(1)
    skin = np.flatnonzero(head.face_materials == head.materials.index("skin"))
    middle = head.vertices[np.maximum(head.faces[skin], 0)].mean(1)

    nearest = skin[np.linalg.norm(roots[:, None] - middle, axis=-1).argmin(1)]
    off = np.linalg.norm(head.uvs[brows].mean(1) - head.uvs[nearest].mean(1), axis=1)

    assert off.max() < 0.02
