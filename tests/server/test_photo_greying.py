"""Hair that is grey at the sides is told from hair that is lit otherwise there, or thin."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from dirfa_blender.core.hair.greying import SIDES, sides_of
from dirfa_blender.core.head_template import template
from server.photo.greying import grey_sides, hair_tones, read_greying
from server.photo.shading import to_linear

from .astronaut import enlarged as astronaut
from .astronaut import landmarks, masks

# Of a person who fills the picture: what is behind the astronaut is grey too.
MASKS = replace(masks(), person=np.ones_like(masks().person))
SKIN, CROWN = np.array([70.0, 15.0, 16.0]), np.array([30.0, 6.0, 7.0])


def lightness(colour: tuple[float, float, float]) -> float:
    return float(cv2.cvtColor(np.float32([[colour]]), cv2.COLOR_RGB2LAB)[0, 0, 0])


def with_hair(crown: float, sides: float) -> np.ndarray:
    """The portrait with grey hair of one light 0..255 above its brows and of another beside its eyes."""
    pixels, points = astronaut().copy(), landmarks().points_px
    brow = points[[105, 334], 1].mean()
    rows = np.arange(len(pixels))[:, None]
    share = np.clip((brow - rows) / (0.5 * landmarks().eye_distance_px), 0.0, 1.0)
    grey = sides + (crown - sides) * share + np.zeros(pixels.shape[:2])
    random = np.random.default_rng(5).normal(0.0, 4.0, grey.shape)
    hair = masks().hair > 0.5
    pixels[hair] = np.clip(grey + random, 0, 255)[hair][:, None]
    return pixels


def test_sides_that_are_painted_grey_are_read_as_light_as_they_are() -> None:
    read = read_greying(with_hair(50, 150), landmarks(), MASKS)

    assert read is not None
    assert lightness(read.crown) == pytest.approx(lightness((50 / 255,) * 3), abs=4)
    assert lightness(read.sides) == pytest.approx(lightness((150 / 255,) * 3), abs=8)


@pytest.mark.parametrize(("crown", "sides"), [(90, 90), (90, 60), (20, 40), (200, 230)])
def test_sides_as_dark_as_the_crown_or_darker_and_black_and_white_hair_are_one_colour(
    crown: float, sides: float
) -> None:
    assert read_greying(with_hair(crown, sides), landmarks(), MASKS) is None


def test_a_photo_without_colour_does_not_say_what_is_grey() -> None:
    grey = cv2.cvtColor(with_hair(50, 150), cv2.COLOR_RGB2GRAY)

    assert read_greying(np.repeat(grey[..., None], 3, axis=2), landmarks(), MASKS) is None


@pytest.mark.parametrize("shown", [0.1, 0.3, 0.5])
def test_sides_through_which_skin_shows_are_not_grey(shown: float) -> None:
    assert grey_sides(CROWN, CROWN + shown * (SKIN - CROWN), SKIN)[1] == 0.0


def test_sides_of_the_crowns_pigment_that_are_better_lit_are_not_grey() -> None:
    assert grey_sides(CROWN, 1.4 * CROWN, SKIN)[1] == 0.0


def test_grey_is_the_surer_the_more_lightness_it_alone_explains() -> None:
    grey = np.array([78.0, 1.0, 4.0])

    sure = [
        grey_sides(CROWN, CROWN + share * (grey - CROWN), SKIN)[1] for share in (0.1, 0.17, 0.3)
    ]

    assert 0.0 <= sure[0] < 0.1 < sure[1] < 0.95 < sure[2] <= 1.0


def test_the_scalp_under_grey_sides_has_their_colour_and_at_the_crown_the_crowns() -> None:
    head = template()
    colours = {"hair": (0.2, 0.15, 0.1), SIDES: (0.6, 0.6, 0.6)}
    share = sides_of(head, head.vertices)

    tones = hair_tones(head, colours)

    assert np.allclose(tones[share == 0.0], to_linear(colours["hair"]), atol=1e-6)
    assert np.allclose(tones[share == 1.0], to_linear(colours[SIDES]), atol=1e-6)
    assert np.allclose(hair_tones(head, {"hair": colours["hair"]}), to_linear(colours["hair"]))
