"""What of a photo is skin and what is not: glasses, folds, casts; and the drawing that is looked at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.view import View
from server.photo.glasses import glasses_sign, without_glasses
from server.photo.landmarks import detect_face
from server.photo.picture import picture
from server.photo.shading import white_balance

from .astronaut import astronaut, detection


def with_frames(colour: tuple[int, int, int]) -> np.ndarray:
    """The portrait with a frame drawn round each eye, a bridge and arms."""
    pixels, points = astronaut().copy(), detection().landmarks.points_px[:, :2]
    unit = detection().landmarks.eye_distance_px
    right, left = points[[33, 133]].mean(0), points[[263, 362]].mean(0)
    inner = []
    for eye, side in ((right, 1), (left, -1)):
        middle = eye + np.array([0, 0.08 * unit])
        axes = (round(0.40 * unit), round(0.36 * unit))
        cv2.ellipse(
            pixels, np.round(middle).astype(int).tolist(), axes, 0, 0, 360, colour, 2, cv2.LINE_AA
        )
        inner.append(np.round(middle + np.array([side * 0.40, -0.05]) * unit).astype(int).tolist())
    cv2.line(pixels, inner[0], inner[1], colour, 2, cv2.LINE_AA)
    return pixels


def test_glasses_are_seen_on_a_face_that_wears_them_only() -> None:
    assert not glasses_sign(astronaut(), detection().landmarks).is_seen
    for colour in ((20, 20, 20), (90, 40, 20)):
        assert glasses_sign(with_frames(colour), detection().landmarks).is_seen, colour


def test_frames_are_painted_over_and_eyes_are_left() -> None:
    worn = with_frames((20, 20, 20))

    cleared, frames = without_glasses(worn, detection().landmarks)

    unit = detection().landmarks.eye_distance_px
    rows, columns = np.mgrid[:512, :512]
    for eye in ([33, 133], [263, 362]):
        x, y = detection().landmarks.points_px[eye, :2].mean(0)
        near = np.hypot(columns - x, rows - y) / unit
        below = (near > 0.3) & (near < 0.6) & (rows > y)
        before, after = (
            np.abs(picture.astype(float) - astronaut())[below].mean() for picture in (worn, cleared)
        )
        assert after < 0.45 * before
        assert frames[below].mean() > 0.1 and frames[near < 0.08].max() == 0.0
        np.testing.assert_array_equal(cleared[near < 0.08], worn[near < 0.08])


@pytest.mark.parametrize("cast", [(1.0, 0.8, 0.5), (1.2, 0.9, 1.1)])
def test_a_cast_is_mostly_taken_off_the_skin(cast: tuple[float, float, float]) -> None:
    skin = np.array([0.48, 0.30, 0.22])

    def off(tone: np.ndarray) -> float:
        ratio = tone / skin
        return float(np.ptp(np.log(ratio)))

    seen = skin * cast
    assert off(seen * white_balance(seen)) < 0.75 * off(seen)


def test_natural_skin_and_grey_photos_keep_their_colour() -> None:
    for tone in ((0.42, 0.29, 0.22), (0.10, 0.060, 0.042), (0.3, 0.3, 0.3)):
        np.testing.assert_allclose(white_balance(tone), 1.0, atol=0.06, err_msg=str(tone))


def test_the_drawn_template_is_seen_where_its_landmarks_are() -> None:
    view = View(np.eye(3), 4000.0, np.array([300.0, 0.0, -330.0]))

    drawn = picture(template(), view, (600, 700))
    seen = detect_face(drawn).landmarks

    placed = view.to_photo(template().landmarks())[:, :2]
    missed = np.linalg.norm(seen.points_px[:468, :2] - placed, axis=1) / seen.eye_distance_px
    assert np.sqrt((missed**2).mean()) < 0.06
