"""Facts about the corners of the mouth."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.corners import Evening, eased_corners, evening_at_rest
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import shaped_template

MM = 1e-3
BOTH = ("Left", "Right")


@pytest.fixture(scope="module")
def head() -> Head:
    return shaped_template()


def test_a_shelf_over_the_corner_of_the_mouth_becomes_a_slope(head: Head):
    shelved = _with_shelf(head)

    eased = eased_corners(evening_at_rest(head), shelved)

    assert _steepest(head, shelved) > 0.9
    assert _steepest(head, eased) < 0.6 * _steepest(head, shelved)


def test_easing_moves_no_lip_and_nothing_as_seen_from_the_front(head: Head):
    shelved = _with_shelf(head)

    moved = eased_corners(evening_at_rest(head), shelved) - shelved

    assert np.abs(moved[:, [0, 2]]).max() == 0.0
    assert np.abs(moved[head.part("lips_*", "cavity", "teeth_*")]).max() == 0.0
    assert 0.5 * MM < np.abs(moved[:, 1]).max() < 4 * MM


def test_an_even_slope_stays_however_unevenly_it_is_divided():
    places = np.array([0.0, 1.0, 1.3, 4.0, 4.5, 6.0])
    points = np.stack([places, 2 * places, 0 * places], -1)
    edges = np.stack([np.arange(5), np.arange(1, 6)], -1)
    evening = Evening.of(points, edges, np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0]))

    swept = evening.swept(points[evening.used], 10)

    assert swept == pytest.approx(points[evening.moved], abs=1e-12)


@pytest.mark.parametrize(
    "weights",
    [
        {"jawOpen": 0.3},
        {"jawOpen": 0.3, **{f"mouthStretch{s}": 0.4 for s in BOTH}},
        {"jawOpen": 0.5, **{f"mouthStretch{s}": 0.6 for s in BOTH}},
        {f"mouthUpperUp{s}": 1.0 for s in BOTH},
    ],
)
def test_an_open_upper_lip_runs_down_to_the_corner_without_a_step(
    head: Head, weights: dict[str, float]
):
    edge = _upper_edge(head)
    x, _, z = (head.posed(weights)[edge] / MM).T
    outer = x > 0.6 * x.max()

    slopes = np.diff(z[outer]) / np.diff(x[outer])

    assert slopes.max() < 0.0
    # A step is a stretch that runs level before it falls on.
    assert np.diff(slopes).max() < 0.14, slopes.round(2)


def _with_shelf(head: Head) -> np.ndarray:
    """The template's vertices with skin over the corners 3 mm further forward."""
    vertices = head.vertices.astype(np.float64)
    corner = head.landmarks()[291].astype(np.float64)
    up = (vertices[:, 2] - corner[2]) / MM
    beside = np.exp(-(((np.abs(vertices[:, 0]) - corner[0]) / MM - 4.0) ** 2) / 50.0)
    rise = np.clip((up - 0.5) / 3.0, 0.0, 1.0) * np.exp(-((np.maximum(up - 6.0, 0.0) / 6.0) ** 2))
    skin = head.part("face")
    vertices[skin, 1] -= (3.0 * MM * beside * rise)[skin]
    return vertices


def _steepest(head: Head, vertices: np.ndarray) -> float:
    """Millimetres forward a millimetre up, at most, in the skin 5 mm beside the left corner."""
    x, y, z = (vertices[head.part("face")] / MM).T
    corner = head.landmarks()[291] / MM
    near = (np.abs(x - corner[0] - 5.0) < 1.0) & (np.abs(z - corner[2]) < 9.0) & (y < corner[1] + 9)
    places = np.linspace(-6.0, 6.0, 13) + corner[2]
    order = np.argsort(z[near])
    depth = np.interp(places, z[near][order], y[near][order])
    return float((depth[:-2] - depth[2:]).max() / 2)


def _upper_edge(head: Head) -> np.ndarray:
    """Vertices of the left half of the upper lip's edge, from the middle to the corner."""
    upper, lower = (np.flatnonzero(head.part(f"lips_{name}")) for name in ("upper", "lower"))
    apart = np.linalg.norm(head.vertices[upper][:, None] - head.vertices[lower][None], axis=-1)
    edge = upper[(apart.min(1) < 0.08 * MM) & (head.vertices[upper, 0] > -1e-6)]
    return edge[np.argsort(head.vertices[edge, 0])]
