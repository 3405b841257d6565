"""Lids at rest lie over the irises of fitted heads, and a blink hides the eye of any, from below too."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core import rotation
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import with_shapes
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.lids import COVERED, relaxed_lids
from dirfa_blender.core.motion.correctives import YIELDING, correctives
from tests.core.test_head_fit import fitted_to, photographed, template_points
from tests.core.test_head_shapes import View

# Eye openings and slants of faces.
Floats = npt.NDArray[np.float64]

FACES = {"narrow": (0.7, 0.0), "slanted": (0.9, 0.12), "drooping": (1.05, -0.12)}
FROM_BELOW = np.radians(20.0)
UNSEEN = 0.1  # millimetres, less than a pixel
OVERLAPPED = 0.0005  # metres
# Landmarks of upper and lower lid that face one another, left and right.
EDGES = ((385, 380), (386, 374), (387, 373), (158, 153), (159, 145), (160, 144))
OUTER_CORNER = 263
# Millimetres from the outer corner of an eye, outward and up, between which skin must not be creased.
BESIDE = ((-5.0, 3.5), (7.0, 13.0))
DEEPEST_FOLD = 40.0  # degrees
BLINKS = {
    "alone": {},
    "brows lowered": {"browDownLeft": 1.0, "browDownRight": 1.0},
    "smiling": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
}


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


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_blink_of_a_fitted_head_hides_the_eye(face: str, side: str) -> None:
    head = fitted(face)

    for beside, weights in BLINKS.items():
        posed = head.posed({f"eyeBlink{side.title()}": 1.0} | weights)
        for pitch in (0.0, FROM_BELOW):
            turned = posed @ rotation.to_matrix([pitch, 0.0, 0.0]).T
            seen = View(head, turned.astype(np.float32), f"eye_{side}")
            gap = seen.tallest("eye", "cornea")
            assert gap <= UNSEEN, f"{beside}, {np.degrees(pitch):.0f} degrees: {gap:.1f} mm"


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("other", YIELDING)
def test_a_blink_hides_the_eye_whatever_else_its_lids_do(face: str, side: str, other: str) -> None:
    head = fitted(face)
    fixed = {c.factors: c.deltas for c in correctives(head)}[f"eyeBlink{side}", other + side]

    posed = head.posed({f"eyeBlink{side}": 1.0, other + side: 1.0}) + fixed

    for pitch in (0.0, FROM_BELOW):
        turned = posed @ rotation.to_matrix([pitch, 0.0, 0.0]).T
        seen = View(head, turned.astype(np.float32), f"eye_{side.lower()}")
        gap = seen.tallest("eye", "cornea")
        assert gap <= UNSEEN, f"{np.degrees(pitch):.0f} degrees: {gap:.1f} mm"


def test_a_corrective_of_lids_leaves_the_eye_where_it_looks(head: Head) -> None:
    for corrective in correctives(head):
        assert not corrective.deltas[head.part("eye_*", "cornea_*")].any(), corrective.name
        assert np.abs(corrective.deltas[head.part("lid_*", "lashes_*")]).max() > 0.5e-3, (
            corrective.name
        )


@pytest.mark.parametrize("face", FACES)
def test_the_upper_lid_of_a_blink_lies_over_the_wet_edge_of_the_lower(face: str) -> None:
    head = fitted(face)
    closed = head.landmarks(head.posed({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}))

    for upper, lower in EDGES:
        _, behind, higher = closed[lower] - closed[upper]
        assert higher >= OVERLAPPED, f"{upper} over {lower}: {higher * 1000:.2f} mm"
        assert behind > 0.0, f"{upper} over {lower}"


@pytest.mark.parametrize("face", FACES)
def test_no_groove_runs_down_to_the_outer_corner_of_a_closed_eye(face: str) -> None:
    head = fitted(face)

    closed = 1000.0 * head.posed({"eyeBlinkLeft": 1.0}).astype(np.float64)

    corner = closed[head.landmark_vertices[OUTER_CORNER]].mean(0)
    skin = head.part("face", "lid_upper_left")
    folds, places = concave_folds(
        closed, head.faces[skin[head.faces].all(1) & (head.faces[:, 3] >= 0)]
    )
    beside = ((places - corner)[:, [0, 2]] > BESIDE[0]) & ((places - corner)[:, [0, 2]] < BESIDE[1])
    assert folds[beside.all(1)].max() <= DEEPEST_FOLD


def concave_folds(points: Floats, quads: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Degrees by which neighbouring faces bend toward the viewer, and the (N, 3) middles of their edges."""
    sides = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), axis=1)
    order = np.lexsort(sides.T)
    same = (np.diff(sides[order], axis=0) == 0).all(1)
    one, other = order[:-1][same] // 4, order[1:][same] // 4
    a, b, c, d = (points[quads[:, i]] for i in range(4))
    normals = np.cross(c - a, d - b)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip((normals[one] * normals[other]).sum(1), -1.0, 1.0)))
    middles = points[quads].mean(1)
    is_concave = ((middles[other] - middles[one]) * normals[one]).sum(1) > 0.0
    return np.where(is_concave, angles, 0.0), points[sides[order[:-1][same]]].mean(1)


@cache
def fitted(face: str) -> Head:
    height, slant = FACES[face]
    points = template_points()
    for side in (1.0, -1.0):
        corners = points[[362, 263]] if side > 0 else points[[133, 33]]
        away = points - corners.mean(0)
        near = np.exp(-np.square(away[:, [0, 2]] / [0.024, 0.016]).sum(1))
        points[:, 2] += near * ((height - 1.0) * away[:, 2] + side * slant * away[:, 0])
    return fitted_to(photographed(points)).head
