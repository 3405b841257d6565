"""The drawing that a landmark network looks at."""

from __future__ import annotations

import numpy as np

from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.view import View
from server.photo.picture import HOLLOW_DARK, picture, unshaded

PX_A_METRE = 2000.0
VIEW = View(np.eye(3), PX_A_METRE, np.array([250.0, 0.0, -300.0]))


def test_hollows_are_dark_and_slopes_and_what_stands_out_are_not() -> None:
    down, across = np.mgrid[:200, :200].astype(np.float64)
    depth = 0.4 * across
    pit = np.hypot(down - 60, across - 60) < 4
    bump = np.hypot(down - 140, across - 140) < 4
    depth[pit] += 20.0
    depth[bump] -= 20.0
    depth[:, :20] = np.inf

    light = unshaded(depth, PX_A_METRE)

    assert light[60, 60] < 1.0 - 0.9 * HOLLOW_DARK
    assert light[140, 140] == 1.0 and light[100, 100] > 0.999
    assert light[100, 22] > 0.9, "a slope that ends before the background"
    assert np.isfinite(light).all()


def test_the_inner_corner_of_an_eye_is_darker_than_the_skin_beside_it() -> None:
    head = template()
    drawn = picture(head, VIEW, (500, 600)).astype(np.float64).mean(-1)

    for corner, beside in ((133, 168), (362, 168)):
        (x, y), (there, level) = (VIEW.to_photo(head.landmarks()[k])[:2] for k in (corner, beside))
        inward = 2.0 * np.sign(x - there)
        at = drawn[round(y), round(x + 2.0 * inward)]
        assert at < 0.85 * drawn[round(level), round(there)]
