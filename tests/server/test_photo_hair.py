"""Long hair is seen beside a jaw, and only there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

from dirfa_blender.core.face_landmarks import FaceLandmarks
from server.photo.landmarks import detect_face
from server.photo.mask import face_masks
from server.photo.tresses import read_fall

HAIR = (70, 45, 25)


@cache
def astronaut() -> np.ndarray:
    """(768, 768, 3) uint8: the head of the portrait that scikit-image carries, enlarged."""
    with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as image:
        face = np.asarray(image.convert("RGB"))[:256, 96:352]
    return np.asarray(cv2.resize(face, (768, 768), interpolation=cv2.INTER_CUBIC), np.uint8)


@cache
def landmarks() -> FaceLandmarks:
    return detect_face(astronaut()).landmarks


def test_short_hair_does_not_fall() -> None:
    assert read_fall(astronaut(), landmarks(), face_masks(astronaut(), landmarks()), 5e-4) is None


def test_hair_painted_down_beside_the_jaw_falls_as_far_as_it_is_painted() -> None:
    pixels, points, unit = astronaut().copy(), landmarks().points_px, landmarks().eye_distance_px
    ear, chin = points[[234, 454], 1].mean(), points[152, 1]
    low = int(chin + 0.25 * unit)
    for edge, sign in ((234, -1), (454, 1)):
        x = points[edge, 0] - sign * 0.02 * unit
        corners = sorted((int(x), int(x + sign * 0.8 * unit)))
        pixels[int(ear - 0.4 * unit) : low, corners[0] : corners[1]] = HAIR
    masks = face_masks(pixels, landmarks())
    person = masks.person.copy()
    person[(pixels == HAIR).all(2)] = 1.0

    fall = read_fall(pixels, landmarks(), type(masks)(**{**vars(masks), "person": person}), 5e-4)

    assert fall is not None
    assert fall.before_ear == (True, True)
    assert np.mean(fall.lengths) == np.clip(
        np.mean(fall.lengths), *((low - ear) * 5e-4 * np.array([0.8, 1.25]))
    )
