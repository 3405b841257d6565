"""The part of a photo that is looked at: round the head, at one size, without glasses, with its regions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .glasses import glasses_sign, without_glasses
from .mask import FaceMasks, Pixels, Shares, face_masks

Floats = npt.NDArray[np.float64]

FACE_WIDTHS = (280.0, 1000.0)  # pixels of a face in the picture


@dataclass(frozen=True)
class Closeup:
    """The part of a photo round the head, at a size that suits the texture.

    Attributes
    ----------
    picture : (H, W, 3) uint8 sRGB, without glasses
    to_picture : (2, 3) map from pixels of the photo into it
    landmarks, masks : of the face in it, and of its regions
    frames : (H, W) 0..1, where frames of glasses were taken off it; None if it had none
    """

    picture: Pixels
    to_picture: Floats
    landmarks: FaceLandmarks
    masks: FaceMasks
    frames: Shares | None = None

    def moved(self, points: Floats) -> Floats:
        """Points (..., 3) in pixels of the photo, in the picture's; depth takes its scale."""
        return _moved(points, self.to_picture)


def closeup(pixels: Pixels, landmarks: FaceLandmarks) -> Closeup:
    """The part of a photo (H, W, 3) uint8 sRGB round the face with these landmarks."""
    picture, to_picture = _working_picture(pixels, landmarks)
    moved = FaceLandmarks(
        _moved(landmarks.points_px, to_picture), (picture.shape[1], picture.shape[0])
    )
    frames = None
    if glasses_sign(picture, moved).is_seen:
        picture, frames = without_glasses(picture, moved)
    return Closeup(picture, to_picture, moved, face_masks(picture, moved), frames)


def _working_picture(pixels: Pixels, landmarks: FaceLandmarks) -> tuple[Pixels, Floats]:
    """The photo round the head at a size that suits the texture, and the (2, 3) map into it."""
    width = landmarks.face_width_px
    scale = float(np.clip(width, *FACE_WIDTHS) / width)
    if width <= FACE_WIDTHS[1] and width >= FACE_WIDTHS[0]:
        scale = 1.0
    middle = landmarks.points_px[:, :2].mean(0)
    half = np.array([1.25, 1.5]) * width
    low = np.maximum(np.floor(middle - half), 0)
    high = np.minimum(np.ceil(middle + half * (1.0, 1.1)), (pixels.shape[1], pixels.shape[0]))
    matrix = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale]])
    shape = np.maximum(np.round((high - low) * scale), 8).astype(int)
    crop = pixels[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])]
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(crop, (int(shape[0]), int(shape[1])), interpolation=smooth)
    return np.asarray(resized, np.uint8), matrix


def _moved(points: Floats, matrix: Floats) -> Floats:
    """Points (..., 3) in pixels moved into the picture; depth takes its scale."""
    moved = points * matrix[0, 0]
    moved[..., :2] += matrix[:, 2]
    return moved
