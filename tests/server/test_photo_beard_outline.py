"""A beard is found as far over the cheeks, and as far below the chin, as it is painted."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from server.photo.beard_outline import WIDE, beard_below_chin, beard_share, fine_lines
from server.photo.face_zones import zones_of
from server.photo.mask import face_masks, filled

from .astronaut import enlarged as astronaut
from .astronaut import landmarks

UNIT = landmarks().eye_distance_px
POINTS = landmarks().points_px[:, :2]
ROWS, COLUMNS = np.mgrid[:768, :768]
CHIN = float(POINTS[152, 1])


def painted(hangs: float, *, wide: bool, hairs: float = 0.4) -> np.ndarray:
    """The portrait with a beard on chin and lip, or over all cheeks, that hangs by eye distances."""
    there = filled((768, 768), POINTS, WIDE) > 0.5
    if not wide:
        there &= np.abs(COLUMNS - POINTS[152, 0]) < 0.45 * UNIT
    lips = (np.abs(COLUMNS - POINTS[13, 0]) < 0.45 * UNIT) & (
        np.abs(ROWS - POINTS[13, 1]) < 0.12 * UNIT
    )
    there &= ~lips
    there |= (np.abs(COLUMNS - POINTS[152, 0]) < 0.5 * UNIT) & (
        (ROWS > CHIN - 0.2 * UNIT) & (CHIN + hangs * UNIT > ROWS)
    )
    lines = np.where((COLUMNS // 4) % 2, 1.0 - hairs, 1.0 + hairs)
    pixels = astronaut().copy()
    pixels[there] = np.clip(np.array([72, 60, 55]) * lines[there, None], 0, 255)
    return pixels


@cache
def read(hangs: float, wide: bool) -> tuple[np.ndarray, float]:
    """Where the beard is found, and by how much it hangs."""
    pixels = painted(hangs, wide=wide)
    masks = face_masks(pixels, landmarks())
    lines = fine_lines(pixels, UNIT)
    share = beard_share(pixels, zones_of(landmarks(), masks), landmarks(), masks, lines)
    return share, beard_below_chin(pixels, landmarks(), masks, share, lines)


def before_ear(share: np.ndarray) -> float:
    """Mean before an ear, of the side where less is found: on the other hair falls."""
    sides = []
    for ear in (132, 361):
        x, y = 0.85 * POINTS[ear] + 0.15 * POINTS[2]
        sides.append(share[np.hypot(COLUMNS - x, ROWS - y) < 0.06 * UNIT].mean())
    return float(min(sides))


def test_a_full_beard_reaches_up_to_the_ears_and_one_on_the_chin_does_not() -> None:
    assert before_ear(read(0.3, True)[0]) > 0.5
    assert before_ear(read(0.3, False)[0]) < 0.2


@pytest.mark.parametrize("hangs", [0.3, 0.6])
def test_a_beard_hangs_as_far_as_it_is_painted(hangs: float) -> None:
    assert read(hangs, True)[1] == pytest.approx(hangs, abs=0.08)


def test_a_bare_chin_has_no_beard_that_hangs() -> None:
    masks = face_masks(astronaut(), landmarks())
    lines = fine_lines(astronaut(), UNIT)
    share = beard_share(astronaut(), zones_of(landmarks(), masks), landmarks(), masks, lines)

    assert share.max() < 0.1
    assert beard_below_chin(astronaut(), landmarks(), masks, share, lines) == 0.0


def test_a_beard_before_something_of_its_colour_whose_end_is_not_seen_does_not_hang() -> None:
    assert read(9.0, True)[1] == 0.0


def test_a_moustache_of_nearly_the_skins_light_is_told_by_its_lines_and_by_the_red_it_lacks() -> (
    None
):
    masks = face_masks(astronaut(), landmarks())
    zones = zones_of(landmarks(), masks)
    there = (zones.moustache > 0.5) & (zones.features < 0.3) & (zones.hidden < 0.3)

    def found(shade: tuple[int, int, int]) -> float:
        """Share of hair on the lip where thin lines of a shade lie over its skin."""
        pixels = astronaut().copy()
        pixels[there & ((COLUMNS // 4) % 2 == 0)] = shade
        # That skin is likely there, as a model of its colour finds where hair is grey.
        seen = replace(masks, skin=np.where(there, np.float32(0.85), masks.skin))
        share = beard_share(pixels, zones, landmarks(), seen, fine_lines(pixels, UNIT))
        return float(share[there].mean())

    assert found((150, 150, 150)) > 0.3
    assert found((190, 110, 90)) == 0.0


def test_thin_grey_hairs_on_dark_skin_are_a_moustache_and_shine_there_is_none() -> None:
    masks = face_masks(astronaut(), landmarks())
    zones = zones_of(landmarks(), masks)
    there = (zones.moustache > 0.5) & (zones.features < 0.3) & (zones.hidden < 0.3)
    dark = np.round(0.45 * astronaut()).astype(np.uint8)
    skin = np.median(dark[there], axis=0)

    def found(shade: np.ndarray) -> float:
        """Share of hair on the lip where thin lines of a shade lie over its skin."""
        pixels = dark.copy()
        pixels[there & ((COLUMNS // 4) % 2 == 0)] = shade
        seen = replace(masks, skin=np.where(there, np.float32(0.9), masks.skin))
        share = beard_share(pixels, zones, landmarks(), seen, fine_lines(pixels, UNIT))
        return float(share[there].mean())

    assert found(np.array([125, 125, 125])) > 0.7
    assert found(np.minimum(1.9 * skin, 255)) < 0.1
