"""Irises: as a large photo shows them, as people have them where a photo shows a few pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from server.photo.irises import HALF_PX, Colour, as_iris

SMALL, LARGE = 3.5, 60.0


def lab(colour: Colour) -> np.ndarray:
    """(3,) CIELAB."""
    return cv2.cvtColor(np.array([[colour]], np.float32), cv2.COLOR_RGB2LAB)[0, 0]


def srgb(light: float, a: float, b: float) -> Colour:
    pixel = np.array([[[light, a, b]]], np.float32)
    red, green, blue = cv2.cvtColor(pixel, cv2.COLOR_LAB2RGB)[0, 0].tolist()
    return red, green, blue


@pytest.mark.parametrize("radius", [SMALL, HALF_PX, LARGE])
@pytest.mark.parametrize("seen", [(0.25, 0.20, 0.24), (0.30, 0.28, 0.35), (0.45, 0.3, 0.5)])
def test_no_iris_is_purple(seen: Colour, radius: float) -> None:
    red, green, blue = as_iris(seen, radius)

    assert green >= min(red, blue) - 1e-6


@pytest.mark.parametrize("seen", [(22, 6.6, 10.1), (30, 8, 12), (44, 0, 7), (46, -2, -8)])
def test_colours_that_irises_have_stay_in_a_large_photo(seen: tuple[float, float, float]) -> None:
    assert np.linalg.norm(lab(as_iris(srgb(*seen), LARGE)) - seen) < 1.5


@pytest.mark.parametrize("noise", [(0, 8, 0), (0, -6, 6), (0, 0, 12), (0, 5, -12), (12, 4, 8)])
@pytest.mark.parametrize("person", [(24, 7, 11), (36, 5, 13), (46, -2, -6)])
def test_noise_of_a_small_photo_is_halved(
    person: tuple[float, float, float], noise: tuple[float, float, float]
) -> None:
    seen = np.add(person, noise)
    without, noisy = (as_iris(srgb(*one), SMALL) for one in (person, seen))

    assert np.linalg.norm(lab(noisy) - lab(without)) < 0.75 * np.linalg.norm(noise)


def test_amber_of_a_small_photo_is_an_ordinary_brown() -> None:
    _, a, b = lab(as_iris(srgb(33, 6, 28), SMALL))

    assert b < 20
    assert 0.3 < a / b < 0.8


def test_a_dark_iris_in_the_shine_of_glasses_is_brown() -> None:
    seen = srgb(20, 3, -9)

    assert lab(as_iris(seen, SMALL))[2] > 2.0
