"""A neck widens under the jaw and leaves the face and the shoulders as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import FitSettings, bare_fit, solve
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.neck import neck_field
from dirfa_blender.core.likeness.view import View

VIEW = View(np.eye(3), 3000.0, np.array([900.0, 0.0, -700.0]))


def fitted(neck: float) -> Head:
    points = template().landmarks().astype(np.float64)
    settings = FitSettings()
    solution = solve([FaceLandmarks(VIEW.to_photo(points), (1800, 1500))], settings)
    return bare_fit(replace(solution, neck=neck), settings).head


def test_a_neck_is_wider_by_the_share_it_was_read_with() -> None:
    narrow, wide = fitted(0.0), fitted(0.2)

    z = narrow.vertices[:, 2]
    neck = narrow.part("neck") & (z < -0.108) & (z > -0.116)
    gained = np.ptp(wide.vertices[neck, 0]) / np.ptp(narrow.vertices[neck, 0]) - 1

    assert 0.17 < gained < 0.23


def test_a_wide_neck_leaves_features_skull_and_the_edge_of_the_bust_where_they_were() -> None:
    head, moved = template(), np.linalg.norm(neck_field(), axis=1)

    kept = head.part("nose", "lips_*", "lid_*", "eye_*", "ear_*", "teeth_*") | (
        head.vertices[:, 2] < -0.2
    )

    assert moved[kept].max() < 0.002
    assert moved[head.part("neck")].max() > 0.03


def test_a_wide_throat_is_as_wide_down_to_the_chest() -> None:
    head, moved = template(), np.linalg.norm(neck_field(), axis=1)
    x, y, z = head.vertices.T
    throat = head.part("neck", "bust") & (np.abs(x) < 0.02) & (y < -0.01)

    middle, base = (moved[throat & (np.abs(z + up) < 0.004)].mean() for up in (0.13, 0.152))

    assert base > 0.8 * middle


def test_no_face_of_a_head_with_the_widest_neck_is_turned_inside_out() -> None:
    normals = [_normals(fitted(neck)) for neck in (0.0, 0.35)]

    under = template().part("face", "neck", "bust", "cloth")[template().faces[:, 0]]

    assert (normals[0] * normals[1]).sum(-1)[under].min() > 0.0


def _normals(head: Head) -> np.ndarray:
    corners = head.vertices[head.faces[:, :3]].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)
