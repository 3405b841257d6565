"""How thick a neck is, by the outline of the person beside it."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.neck import HALF_WIDTH
from dirfa_blender.core.likeness.view import View
from server.photo.closeup import Closeup
from server.photo.mask import FaceMasks
from server.photo.neck import FARTHER, neck_share

SIZE = (700, 600)
VIEW = View(np.eye(3), 2000.0, np.array([300.0, 0.0, -250.0]))
UNMOVED = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
CHIN_PX = float(VIEW.to_photo(template().landmarks()[152])[1])


def share_of(half_width: float, *, off: float = 0.0, with_hair: bool = False) -> float:
    """What is read where the person under the jaw is so wide, in metres, and stands so far aside."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    wide = np.where(rows < CHIN_PX - 20, 0.07, np.where(rows < CHIN_PX + 30, half_width, 0.15))
    person = (np.abs(columns - 300 - 2000 * off) < 2000 * wide).astype(np.float32)
    hair = person * (np.abs(columns - 300) > 80) if with_hair else np.zeros_like(person)
    nothing = np.zeros_like(person)
    masks = FaceMasks(person, nothing, nothing, hair, hair, nothing, nothing, nothing, nothing,
                      person, is_bare=False)  # fmt: skip
    points = template().landmarks().astype(np.float64)
    landmarks = FaceLandmarks(VIEW.to_photo(points), (SIZE[1], SIZE[0]))
    seen = Closeup(np.zeros((*SIZE, 3), np.uint8), UNMOVED, landmarks, masks)
    return neck_share(seen, points, VIEW)


@pytest.mark.parametrize("wider", [0.0, 0.1, 0.17])
def test_a_neck_is_as_wide_as_the_person_is_beside_it(wider: float) -> None:
    share = share_of(HALF_WIDTH * (1 + wider) / FARTHER)

    assert share == pytest.approx(wider, abs=0.05)


def test_a_head_that_stands_aside_of_its_neck_has_the_same_neck() -> None:
    middle, aside = share_of(0.058), share_of(0.058, off=0.008)

    assert aside == pytest.approx(middle, abs=0.02)


def test_hair_beside_a_neck_is_not_taken_for_the_neck() -> None:
    bare, hidden = share_of(0.069), share_of(0.069, with_hair=True)

    assert bare > 0.12
    assert hidden < 0.06


def test_a_neck_that_is_wider_than_the_jaw_ends_where_the_jaw_does() -> None:
    as_wide, wider = share_of(0.0615), share_of(0.069)

    assert wider == pytest.approx(as_wide, abs=0.02)
