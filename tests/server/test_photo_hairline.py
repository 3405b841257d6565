"""The line of hair over a forehead, and whether a fringe falls over it."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.hairline import column_paths
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.view import View
from server.photo.hairline import read_fringe, read_hairline
from server.photo.mask import FaceMasks

SIZE = (600, 700)
VIEW = View(np.eye(3), 2000.0, np.array([300.0, 0.0, -420.0]))
UNMOVED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
FRONT = np.r_[-12:13]  # columns over the forehead's middle


def read(hair_above_px: float, skin_below_px: float) -> np.ndarray:
    """(C,) the line read where hair is sure above one row and skin is seen below another."""
    rows = np.broadcast_to(np.arange(SIZE[1])[:, None], SIZE[::-1])
    nothing, all_of_it = (np.full(SIZE[::-1], value, np.float32) for value in (0.0, 1.0))
    hair = (rows < hair_above_px).astype(np.float32)
    skin = (rows > skin_below_px).astype(np.float32)
    masks = FaceMasks(all_of_it, skin, nothing, hair, hair, nothing, nothing, nothing, nothing,
                      nothing, is_bare=False)  # fmt: skip
    found = read_hairline(template(), VIEW, UNMOVED, masks)
    assert found is not None
    return found


def row_of(metres: float) -> float:
    """The row of the photo so far over the template's line in the middle of the forehead."""
    cap = cap_grid(template())
    assert cap is not None
    return float(VIEW.to_photo(column_paths(cap, np.array([[metres]])))[0, 0, 1])


@pytest.mark.parametrize("metres", [-0.036, -0.015, 0.0, 0.02])
def test_the_line_is_where_hair_begins(metres: float) -> None:
    line = read(row_of(metres), row_of(metres))

    assert line[0] == pytest.approx(metres, abs=0.004)


def test_skin_that_is_taken_for_hair_is_told_by_the_colour_of_hair_above_it() -> None:
    """The share of hair rises over the last of the forehead, which is as plainly skin as the rest."""
    rows = {"line": row_of(0.006), "skin": row_of(0.016)}

    dark, fair = read(rows["line"], rows["skin"]), read(rows["line"], -1.0)

    assert dark[0] == pytest.approx(0.016, abs=0.004)
    assert fair[0] == pytest.approx(0.006, abs=0.004)


def test_the_shaded_edge_of_a_fringe_is_hair_as_far_as_it_hides_skin() -> None:
    lit, shaded = read(row_of(-0.008), row_of(-0.008)), read(row_of(-0.008), row_of(-0.014))

    assert (lit - shaded)[FRONT].mean() == pytest.approx(0.006, abs=0.0025)


def test_hair_falls_over_a_forehead_whose_line_is_low_and_over_no_other() -> None:
    usual = np.zeros(2 * COLUMNS)

    assert read_fringe(usual) == read_fringe(usual + 0.02) == 0.0
    assert read_fringe(usual - 0.015) == 1.0
    assert 0.0 < read_fringe(usual - 0.007) < 1.0
