"""Underexposed photos are lightened, others are left as they are."""

from __future__ import annotations

import numpy as np
import pytest

from server.photo.exposure import exposed
from server.photo.shading import to_linear, to_srgb

from .astronaut import astronaut


def darkened(times: float) -> np.ndarray:
    return np.round(255 * to_srgb(to_linear(astronaut() / 255.0) / times)).astype(np.uint8)


def test_a_photo_with_something_white_in_it_stays_as_it_is() -> None:
    assert exposed(astronaut()) is astronaut()


@pytest.mark.parametrize("times", [4.0, 8.0])
def test_an_underexposed_photo_becomes_as_light_as_it_was(times: float) -> None:
    seen = exposed(darkened(times))

    middle, was = (to_linear(np.median(one) / 255.0) for one in (seen, astronaut()))
    assert 0.5 < middle / was < 1.1


def test_the_darker_a_photo_the_more_it_is_lightened_without_a_step() -> None:
    grey = [int(exposed(np.full((40, 40, 3), value, np.uint8)).max()) for value in range(20, 256)]

    assert max(abs(a - b) for a, b in zip(grey[1:], grey, strict=False)) <= 6
    assert min(grey) > 60


def test_a_black_picture_stays_black() -> None:
    assert exposed(np.zeros((40, 40, 3), np.uint8)).max() == 0
