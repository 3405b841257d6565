"""Years let a face sink where faces do, by the share that was read, and leave the features their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import vertex_normals
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import FitSettings, bare_fit, solve
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.ageing import ageing_field
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View

VIEW = View(np.eye(3), 3000.0, np.array([900.0, 0.0, -700.0]))
LIDS, LIPS, NOSE = (386, 374, 33, 263, 159, 145), (0, 13, 14, 17, 61, 291), (1, 2, 4, 98, 327, 168)


def fitted(age: float) -> Head:
    points = template().landmarks().astype(np.float64)
    settings = FitSettings()
    solution = solve([FaceLandmarks(VIEW.to_photo(points), (1800, 1500))], settings)
    return bare_fit(replace(solution, age=age), settings).head


@pytest.mark.parametrize(
    ("landmark", "axis", "least"),
    [(253, 1, -1.0), (349, 1, 0.6), (379, 2, -2.0), (150, 2, -2.0), (301, 0, -1.0)],
    ids=["bag", "furrow under it", "left jowl", "right jowl", "temple"],
)
def test_bags_and_jowls_come_with_the_years(landmark: int, axis: int, least: float) -> None:
    young, half, old = (fitted(age).landmarks()[landmark, axis] * 1e3 for age in (0.0, 0.5, 1.0))

    assert (old - young) / least > 1.0
    assert half - young == pytest.approx((old - young) / 2, abs=0.05)


def test_eyes_lips_and_nose_stay_where_the_photo_has_them() -> None:
    moved = np.linalg.norm((fitted(1.0).landmarks() - fitted(0.0).landmarks()) * 1e3, axis=1)

    assert moved[list(LIDS + LIPS + NOSE)].max() < 0.6


def test_both_sides_sink_alike_and_what_is_no_skin_stays() -> None:
    head, field = template(), ageing_field()
    x = np.abs(head.vertices[:, 0])
    sums = [np.abs(field[(head.vertices[:, 0] * side > 1e-4)]).sum(0) for side in (1, -1)]

    assert np.allclose(*sums, rtol=1e-3)
    assert np.abs(field[x < 1e-6, 0]).max() < 1e-5
    assert not field[head.part("eye_*", "cornea_*", "teeth_*", "ear_*", "hair", "cloth")].any()


def test_no_face_of_the_oldest_head_is_turned_inside_out() -> None:
    before, after = (
        vertex_normals(head.vertices.astype(np.float64), head.faces)
        for head in (fitted(0.0), fitted(1.0))
    )

    assert (before * after).sum(1).min() > 0.3
