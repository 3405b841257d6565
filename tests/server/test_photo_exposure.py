"""Photos taken in too little light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.landmarks import FaceLandmarks
from dirfa_blender.core.likeness.view import View
from server.photo.exposure import exposure_warnings, lightened, missing_light
from server.photo.landmarks import detect_face
from server.photo.shading import lightness, to_linear, to_srgb_bytes

from .astronaut import astronaut

Pixels = npt.NDArray[np.uint8]
SIDE = 320


def _scene(skin: float, *, white: float = 0.0, wall: float = 0.02) -> tuple[Pixels, FaceLandmarks]:
    """A plain face of this luminance before a wall, with a collar below it where `white` is not 0."""
    view = View(np.eye(3), 900.0, np.array([SIDE / 2, 0.0, -SIDE / 2.4]))
    points = view.to_photo(template().landmarks())
    face = FaceLandmarks(points, (SIDE, SIDE))
    light = np.full((SIDE, SIDE), wall)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    middle = points[:, :2].mean(0)
    half = np.ptp(points[:, :2], axis=0) / 2
    inside = (((columns - middle[0]) / half[0]) ** 2 + ((rows - middle[1]) / half[1]) ** 2) < 1.1
    light[inside] = skin * (1.0 + 0.3 * ((middle[1] - rows[inside]) / half[1]))
    if white:
        light[-20:, 100:220] = white
    return to_srgb_bytes(np.repeat(light[..., None], 3, axis=2).astype(np.float32)), face


def _darkened(pixels: Pixels, share: float) -> Pixels:
    return to_srgb_bytes(share * to_linear(pixels / np.float32(255)))


@pytest.mark.parametrize("skin", [0.08, 0.2, 0.4, 0.6])
def test_a_photo_in_good_light_is_left_as_it_is(skin: float) -> None:
    pixels, face = _scene(max(skin, 0.14), white=0.85, wall=0.3)
    assert missing_light(pixels, face) == 1.0
    pixels, face = _scene(max(skin, 0.42), wall=0.02)
    assert missing_light(pixels, face) == 1.0


@pytest.mark.parametrize("share", [0.5, 0.25, 0.1])
def test_fair_and_dark_skin_in_a_dim_room_stay_apart_and_become_lighter(share: float) -> None:
    """Beside a white collar, which the camera got as little light from."""
    found: list[float] = []
    for skin in (0.15, 0.45):
        pixels, face = _scene(skin, white=0.8)
        dim = _darkened(pixels, share)
        gain = missing_light(dim, face)
        assert gain > 1.1
        lit = lightened(dim, gain)
        middle = np.round(face.points_px[[117, 346], :2].mean(0)).astype(int)
        found.append(float(lightness(to_linear(lit[middle[1], middle[0]] / 255))) / skin)
    assert all(share * 1.1 < much < 1.35 for much in found), found
    assert 0.6 < found[1] / found[0] < 1.4, found


def test_a_face_in_the_shade_before_a_window_is_lightened() -> None:
    pixels, face = _scene(0.05, wall=0.9)
    gain = missing_light(pixels, face)
    assert 1.4 < gain < 3.0
    assert exposure_warnings(gain)


def test_what_is_lightened_keeps_its_order_and_its_white() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for gain in (1.2, 3.0, 12.0):
        lit = lightened(ramp, gain)[0, :, 0].astype(int)
        assert (np.diff(lit) >= 0).all()
        assert lit[0] == 0
        assert lit[-1] == 255
        assert (lit[1:] >= ramp[0, 1:, 0]).all()


@pytest.mark.parametrize("times", [4.0, 8.0, 16.0])
def test_a_dark_portrait_becomes_about_as_light_as_it_was(times: float) -> None:
    dim = _darkened(astronaut(), 1.0 / times)
    lit = lightened(dim, missing_light(dim, detect_face(dim).landmarks))

    middle, was = (to_linear(np.median(one) / 255.0) for one in (lit, astronaut()))
    assert 0.5 < middle / was < 1.3


def test_a_portrait_in_good_light_stays_as_it_is() -> None:
    assert missing_light(astronaut(), detect_face(astronaut()).landmarks) == 1.0


def test_the_darker_a_photo_the_more_it_is_lightened_without_a_step() -> None:
    face = detect_face(astronaut()).landmarks
    shares = 0.97 ** np.arange(100)
    gains = [missing_light(_darkened(astronaut(), share), face) for share in shares]

    steps = np.diff(np.log(gains))
    assert steps.min() > -0.03
    assert steps.max() < 0.11


def test_a_black_picture_stays_black() -> None:
    black = np.zeros((320, 320, 3), np.uint8)
    _, face = _scene(0.2)

    assert lightened(black, missing_light(black, face)).max() == 0


def test_only_what_is_dark_is_said_to_be() -> None:
    assert not exposure_warnings(1.2)
    assert "3.0 times lighter" in exposure_warnings(3.0)[0]
