"""Whatever has a colour that hair cannot have is no hair."""

from __future__ import annotations

import numpy as np
import pytest

from server.photo.headwear import covers_hair

from .astronaut import enlarged as astronaut
from .astronaut import masks


def wearing(colour: tuple[int, int, int]) -> np.ndarray:
    """The portrait with all its hair in one colour."""
    pixels = astronaut().copy()
    random = np.random.default_rng(2).normal(0.0, 3.0, (*pixels.shape[:2], 1))
    hair = masks().hair > 0.5
    pixels[hair] = np.clip(np.array(colour) + random, 0, 255)[hair]
    return pixels


@pytest.mark.parametrize(
    "colour", [(35, 40, 70), (30, 60, 160), (20, 110, 60), (190, 20, 35), (150, 40, 150)]
)
def test_a_hat_of_a_colour_that_no_hair_has_covers_it(colour: tuple[int, int, int]) -> None:
    assert covers_hair(wearing(colour), masks())


@pytest.mark.parametrize(
    "colour",
    [(18, 15, 14), (70, 48, 35), (120, 90, 60), (150, 75, 40), (205, 175, 120), (235, 232, 228)],
)
@pytest.mark.parametrize("wall", [0.0, 0.1])
def test_hair_from_black_to_white_is_no_hat_also_in_the_shine_of_a_blue_wall(
    colour: tuple[int, int, int], wall: float
) -> None:
    blue = np.array([70, 100, 210])
    seen = np.array(colour) + wall * (blue - np.array(colour))

    assert not covers_hair(wearing(tuple(seen.tolist())), masks())


def test_the_portrait_wears_nothing() -> None:
    assert not covers_hair(astronaut(), masks())


def test_a_picture_that_is_all_blue_has_no_hat() -> None:
    tinted = (wearing((30, 60, 160)) * np.array([0.45, 0.6, 1.0])).astype(np.uint8)

    assert not covers_hair(tinted, masks())


def test_a_scalp_in_a_pink_light_that_thin_hair_shows_is_no_hat() -> None:
    pink = np.array([1.0, 0.80, 1.0])
    skin = np.median(astronaut()[masks().skin > 0.8], axis=0)

    scalp = wearing(tuple((0.7 * skin).tolist())) * pink

    assert not covers_hair(scalp.astype(np.uint8), masks())
    assert covers_hair((wearing((150, 40, 150)) * pink).astype(np.uint8), masks())
