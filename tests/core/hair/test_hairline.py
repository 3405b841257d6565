"""The line of the cap moves as far down as fringes fall, and stays on the skin."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.hairline import grown_over, with_hairline
from dirfa_blender.core.head_template import template

FRONT = np.r_[-10:11]
BROWS = (105, 334)


@pytest.mark.parametrize("metres", [0.012, 0.024, 0.036])
def test_a_fringe_falls_as_far_as_it_is_read_and_lies_on_the_forehead(metres: float) -> None:
    head, shift = template(), np.zeros(2 * COLUMNS)
    shift[FRONT] = -metres
    before, cap = cap_grid(head), cap_grid(with_hairline(head, shift))
    assert before is not None and cap is not None
    skin = head.vertices[head.part("face", "scalp")].astype(float)

    edge = cap[0, FRONT]
    away = np.linalg.norm(edge - skin[nearest(edge, skin)], axis=1)

    fallen = np.linalg.norm(edge - before[0, FRONT], axis=1)
    assert fallen == pytest.approx(metres, abs=0.15 * metres + 0.001)
    assert away.max() < 0.006  # from vertices, which lie so far apart


def test_a_fringe_that_is_read_lower_than_any_ends_at_the_brows() -> None:
    head, shift = template(), np.zeros(2 * COLUMNS)
    shift[FRONT] = -0.2

    cap = cap_grid(with_hairline(head, shift))

    assert cap is not None
    assert cap[0, 0, 2] == pytest.approx(head.landmarks()[list(BROWS), 2].mean(), abs=0.010)


def test_hair_grows_over_the_crown_and_not_over_the_face_as_far_as_its_line_goes() -> None:
    head, shift = template(), np.zeros(2 * COLUMNS)
    shift[FRONT] = -0.03
    crown = head.part("scalp") & (head.vertices[:, 2] > head.landmarks()[10, 2] + 0.03)
    lower = head.part("face") & (head.vertices[:, 2] < head.landmarks()[list(BROWS), 2].mean())
    lower &= head.vertices[:, 1] < head.landmarks()[[234, 454], 1].mean() - 0.03  # before sideburns
    brow = head.landmarks()[list(BROWS)].mean(0)
    above = np.linalg.norm(head.vertices - brow - np.array([0.0, 0.0, 0.036]), axis=1) < 0.01

    usual, fallen = grown_over(head, None), grown_over(head, shift)

    assert usual[crown].min() == 1.0
    assert usual[lower].max() == 0.0
    assert fallen[above].mean() > usual[above].mean() + 0.3
