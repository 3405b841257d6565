"""Hair and bald crowns before walls of any colour, hair behind both ears, and necks that are none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dirfa_blender.core.hair.curtain import with_normals
from dirfa_blender.core.hair.groom import cap_grid, cap_order, standoff
from dirfa_blender.core.hair.knot import knot
from dirfa_blender.core.hair.tresses import GATHERED_WIDTHS, Fall, with_tresses
from dirfa_blender.core.head_template import template
from server.photo.colours import hair_colour
from server.photo.hair_reading import gathered_if_tight
from server.photo.hair_share import hair_seen
from server.photo.mask import clear_of_background, face_masks
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


def before(wall: int, picture: np.ndarray, person: np.ndarray) -> np.ndarray:
    """A picture of a person (H, W) 0..1 before a grey wall."""
    return np.round(person[..., None] * picture + (1 - person[..., None]) * wall).astype(np.uint8)


def with_crown(darker: float, redder: float) -> np.ndarray:
    """The portrait with all above its brows in one colour, so much of CIELAB away from the face's."""
    picture, points = astronaut().copy(), landmarks().points_px
    columns, rows = np.round(points[[101, 330, 36, 266, 205, 425], :2]).astype(int).T
    skin = np.median(picture[rows, columns], axis=0).astype(np.float32) / 255
    lab = cv2.cvtColor(skin[None, None], cv2.COLOR_RGB2LAB) * (1, redder, 1) - (darker, 0, 0)
    painted = 255 * cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB)[0, 0]
    brow = int(points[[105, 334], 1].min() - 0.15 * landmarks().eye_distance_px)
    grain = np.random.default_rng(1).normal(0, 1, (brow, picture.shape[1], 1))
    picture[:brow] = np.clip(painted + grain, 0, 255).astype(np.uint8)
    return picture


@pytest.mark.parametrize("wall", [8, 130, 250])
def test_a_bald_crown_is_bare_before_any_wall_and_smooth_white_hair_is_not(wall: int) -> None:
    points, unit = landmarks().points_px, landmarks().eye_distance_px
    person = masks().person.copy()
    person[: int(points[[105, 334], 1].min() - 0.95 * unit)] = 0.0

    shaved, white = (before(wall, with_crown(*of), person) for of in ((18.0, 1.4), (-8.0, 0.2)))

    assert hair_seen(shaved, points[:, :2], person)[1]
    assert not hair_seen(white, points[:, :2], person)[1]


@pytest.mark.parametrize("wall", [8, 60, 120, 250])
def test_hair_of_light_and_dark_strands_has_the_same_colour_before_any_wall(wall: int) -> None:
    shown = masks()
    strands = np.where(np.arange(shown.hair.shape[1]) // 8 % 2, 0.3, 1.0)[:, None]
    picture = np.where(shown.hair[..., None] > 0.5, astronaut() * strands, astronaut())
    usual = hair_colour(picture.astype(np.uint8), shown)
    picture = before(wall, picture, shown.person)
    clear = clear_of_background(picture, shown.person, shown.hair, landmarks().eye_distance_px)

    seen = hair_colour(picture, replace(shown, hair_clear=shown.hair * clear))

    assert seen is not None and usual is not None
    assert 255 * np.abs(np.subtract(seen, usual)).max() < 10


def test_a_shaded_neck_is_no_hair_behind_the_ears() -> None:
    brown, skin = np.array([30.0, 4.0, 6.0]), np.array([65.0, 18.0, 18.0])
    black = np.array([3.0, 1.0, 0.0])

    assert is_shaded(skin * (0.5, 0.9, 0.5), skin, brown)
    assert not is_shaded(np.array([14.0, 4.4, 3.2]), skin, black)
    assert not is_shaded(brown * (1.2, 1.0, 1.0), skin, brown)
    assert not is_shaded(brown, None, brown)


def test_a_little_more_red_makes_no_other_hair() -> None:
    # From hair as red as skin, with dark gaps that are not and may be hair on a scalp, to hair less red.
    shown, found = masks(), []
    gaps = np.where(np.arange(shown.hair.shape[1]) % 12 < 5, 1.0, 0.0)[:, None]
    strands = np.random.default_rng(2).normal(0, 6, (shown.hair.shape[1], 1))
    for red in range(105, 125):
        lit, dark = np.array([red, 95.0, 80.0]), np.array([40.0, 38.0, 36.0])
        hair = lit + gaps * (dark - lit) + strands
        picture = np.where(shown.hair[..., None] > 0.5, hair, astronaut()).astype(np.uint8)
        colour = hair_colour(picture, shown)
        assert colour is not None
        found.append(255 * np.array(colour))

    assert np.ptp(found, axis=0).max() > 30
    assert np.abs(np.diff(found, axis=0)).max() < 20
