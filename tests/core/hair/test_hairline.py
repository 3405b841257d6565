"""The line of the cap moves as far down as fringes fall, and stays on the skin."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.hairline import with_hairline
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
