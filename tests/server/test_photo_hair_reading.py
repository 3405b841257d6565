"""Hair before a wall of its own colour, behind both ears, and necks that are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.hair.curtain import with_normals
from dirfa_blender.core.hair.groom import cap_grid, cap_order, standoff
from dirfa_blender.core.hair.knot import knot
from dirfa_blender.core.hair.tresses import GATHERED_WIDTHS, Fall, with_tresses
from dirfa_blender.core.head_template import template
from server.photo.hair_reading import gathered_if_tight
from server.photo.mask import face_masks
from server.photo.tresses import is_shaded

from .astronaut import enlarged as astronaut
from .astronaut import landmarks, masks


@pytest.mark.parametrize(("off", "is_tied"), [(0.004, True), (0.012, False)])
def test_hair_behind_both_ears_is_tied_where_it_lies_close_to_the_skull(
    off: float, is_tied: bool
) -> None:
    head = template()
    cap = cap_grid(head)
    assert cap is not None
    outward = with_normals(cap, True)[1].reshape(cap.shape)
    moved = cap + outward * (off - standoff(head, cap))[..., None]
    vertices = head.vertices.copy()
    vertices[head.part("hair")] = cap_order(moved)
    fall = Fall((0.04, 0.04), (False, False), GATHERED_WIDTHS, is_gathered=True)

    read = gathered_if_tight(fall, replace(head, vertices=vertices))

    assert read.is_gathered == is_tied
    assert (knot(with_tresses(head, read), 18) is not None) == is_tied


@pytest.mark.parametrize("grey", [20, 245])
def test_hair_of_the_walls_colour_keeps_its_own(grey: int) -> None:
    # Painted as light as the wall behind it, with a shine at the crown.
    picture, seen = astronaut().copy(), masks()
    hair, wall = seen.hair > 0.5, seen.person < 0.5
    picture[hair | wall] = grey
    rows = np.flatnonzero(hair.any(1))
    shine = hair & (np.arange(len(hair))[:, None] < rows[0] + 60) & (seen.person > 0.95)
    picture[shine] = 128

    made = face_masks(picture, landmarks())
    clear = np.where(made.hair_clear > 0.6, picture[..., 0].astype(float), np.nan)

    assert abs(np.nanmedian(clear) - grey) < 20


def test_a_shaded_neck_is_no_hair_behind_the_ears() -> None:
    brown, skin = np.array([30.0, 4.0, 6.0]), np.array([65.0, 18.0, 18.0])
    black = np.array([3.0, 1.0, 0.0])

    assert is_shaded(skin * (0.5, 0.9, 0.5), skin, brown)
    assert not is_shaded(np.array([14.0, 4.4, 3.2]), skin, black)
    assert not is_shaded(brown * (1.2, 1.0, 1.0), skin, brown)
    assert not is_shaded(brown, None, brown)
