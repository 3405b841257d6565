"""Folds of a face become heights: dark lines lie deep; lamps, noise, moles and glints leave it smooth."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from server.photo.complexion import Complexion, complexion
from server.photo.mask import face_masks
from server.photo.wrinkles import DEEPEST, Sight, Wrinkles, wrinkles

from .astronaut import enlarged as astronaut
from .astronaut import landmarks

SIZE, UNIT = 400, 120.0
SIGHT = Sight(UNIT, 1.0, 0.4)


def plain() -> np.ndarray:
    return np.zeros((SIZE, SIZE), np.float32)


def lines(width: int, depth: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of a skin with wavy lines across it, soft, and where they are darkest."""
    drawn = plain()
    for row in range(60, SIZE, 60):
        x = np.arange(0, SIZE, 8)
        points = np.stack([x, row + 6 * np.sin(x / 40)], -1).round().astype(np.int32)
        cv2.polylines(drawn, [points], False, (1.0,), width, cv2.LINE_AA)
    soft = cv2.GaussianBlur(drawn, (0, 0), 0.4 * width)
    soft /= soft.max()
    return -depth * soft, soft > 0.9


def read(shade: np.ndarray, of_smile: float = 0.0, sight: Sight = SIGHT) -> Wrinkles:
    skin = plain()
    skin[20:-20, 20:-20] = 1
    shared = plain()
    shared[:, SIZE // 2 :] = of_smile
    return wrinkles(shade.astype(np.float32), skin, shared, np.ones_like(skin), sight)


def test_a_dark_line_is_a_groove_and_a_wider_one_a_deeper_one() -> None:
    depths = []
    for width in (2, 4):
        shade, middle = lines(width)
        middle[:40], middle[-40:], middle[:, :40], middle[:, -40:] = False, False, False, False
        depths.append(-read(shade).heights[middle].mean())

    assert depths[0] > 0.0015
    assert 1.15 * depths[0] < depths[1] < DEEPEST


@pytest.mark.parametrize("kind", ["noise", "blocks", "moles", "lamp"])
def test_what_is_no_line_leaves_skin_smooth(kind: str) -> None:
    random = np.random.default_rng(5)
    shade = plain()
    if kind == "noise":
        shade = 0.05 * random.standard_normal((SIZE, SIZE))
    elif kind == "blocks":
        few = 0.02 * random.standard_normal((SIZE // 8, SIZE // 8))
        shade = np.kron(few, np.ones((8, 8)))
    elif kind == "moles":
        for x, y in random.integers(40, SIZE - 40, (60, 2)).tolist():
            cv2.circle(shade, (x, y), 2, (-0.3,), -1, cv2.LINE_AA)
    else:
        shade = shade + np.linspace(-0.4, 0.0, SIZE)[None]
    grooves = -read(lines(3)[0]).heights

    heights = np.abs(read(shade).heights)

    assert np.sqrt((heights**2).mean()) < 0.25 * np.sqrt((grooves**2).mean())
    assert np.percentile(heights, 99) < 0.3 * np.percentile(grooves, 99)


def test_between_two_highlights_is_no_groove() -> None:
    shade, middle = lines(6)
    shining = 0.25 + shade

    assert np.abs(read(shining).heights[middle]).max() < 0.1 * -read(shade).heights.min()


def test_folds_of_a_smile_go_with_it_in_a_smooth_face_and_stay_in_a_wrinkled_one() -> None:
    smooth, wrinkled = lines(5, 0.2)[0], lines(2, 0.2)[0] + lines(5, 0.2)[0]
    smooth[:, : SIZE // 2] = 0.0

    young, old = read(smooth, of_smile=0.85), read(wrinkled, of_smile=0.85)

    assert young.age < 0.1 < 0.9 < old.age
    right = np.s_[:, SIZE // 2 :]
    assert young.stays[right].max() < 0.2
    assert old.stays[right].min() > 0.6


def test_what_is_left_of_a_smile_s_fold_is_no_sharp_line_unless_the_face_is_old() -> None:
    smooth, middle = lines(5, 0.2)
    smooth[:, : SIZE // 2] = 0.0
    middle[:40], middle[-40:], middle[:, : SIZE // 2 + 40], middle[:, -40:] = [False] * 4

    seen, rest = read(smooth), read(smooth, of_smile=0.4)
    wrinkled = lines(2, 0.2)[0] + lines(5, 0.2)[0]
    old = read(wrinkled, of_smile=0.4)

    for whole, left in ((seen.heights, rest.heights), (seen.shade, rest.shade)):
        assert 0.2 < left[middle].mean() / whole[middle].mean() < 0.8 * (1 - 0.4)
    assert old.heights[middle].mean() < 0.85 * read(wrinkled).heights[middle].mean()


@cache
def taken(fold: float, light: str = "even") -> Complexion:
    """The astronaut with a fold beside the nose as dark as that, under a lamp or an even light."""
    points = landmarks().points_px[[203, 206, 216, 212], :2]
    mask = np.zeros(astronaut().shape[:2], np.float32)
    unit = landmarks().eye_distance_px
    cv2.polylines(mask, [np.round(points).astype(np.int32)], False, (1.0,), round(0.03 * unit))
    mask = cv2.GaussianBlur(mask, (0, 0), 0.012 * unit)
    across = np.linspace(1.0, 0.55 if light == "lamp" else 1.0, mask.shape[1])[None, :, None]
    pixels = (astronaut() * (1 - fold * mask[..., None] / mask.max()) * across).astype(np.uint8)
    return complexion(pixels, landmarks(), face_masks(pixels, landmarks()), 0.0, enlarged=3.0)


def beside_the_nose() -> np.ndarray:
    x, y = np.round(landmarks().points_px[206, :2]).astype(int).tolist()
    return np.s_[y - 12 : y + 12, x - 12 : x + 12]


def test_a_fold_of_a_photo_is_deep_and_stays_dark_in_the_skin() -> None:
    there = beside_the_nose()

    deeper = taken(0.0).folds[there] - taken(0.4).folds[there]
    darker = taken(0.4).detail[there] / taken(0.0).detail[there]

    assert deeper.max() > 0.005
    assert darker.min() < 0.85


def test_a_lamp_at_the_side_does_not_dent_a_cheek() -> None:
    unit = landmarks().eye_distance_px
    rows, columns = np.mgrid[: astronaut().shape[0], : astronaut().shape[1]]
    x, y = landmarks().points_px[280, :2]
    cheek = np.hypot(columns - x, rows - y) < 0.2 * unit

    even, lit = (np.abs(taken(0.0, light).folds[cheek]) for light in ("even", "lamp"))

    assert lit.mean() < 1.4 * even.mean() < 0.003


@pytest.mark.parametrize("of_photo", [240.0, 120.0, 50.0, 36.0])
def test_a_face_is_as_old_in_a_large_photo_as_in_a_small_one(of_photo: float) -> None:
    random = np.random.default_rng(8)
    fine = cv2.GaussianBlur(random.normal(0, 1, (800, 800)), (0, 0), 14.0, sigmaY=2.0)
    fine = np.minimum(0.12 * fine / fine.std(), 0.0).astype(
        np.float32
    )  # lines of a face 240 pixels wide

    def seen(unit: float) -> float:
        size = round(800 * unit / 240.0)
        small = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
        enlarged = max(1.0, UNIT / unit)
        size = round(size * enlarged)
        shown = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
        skin = np.zeros_like(shown)
        skin[20:-20, 20:-20] = 1
        sight = Sight(unit * enlarged, enlarged, 0.4)
        return wrinkles(shown, skin, 0 * skin, 0 * skin, sight).lines

    assert seen(of_photo) == pytest.approx(seen(66.0), rel=0.42)
