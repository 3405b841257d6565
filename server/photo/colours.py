"""The few colours of a person that materials need: skin, lips, irises, hair."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.face_landmarks import IRIS_LEFT, IRIS_RIGHT, FaceLandmarks

from .mask import FaceMasks, Pixels

Colour = tuple[float, float, float]

HAIR_SHARE = 0.30  # of the hair, that must be unlike skin to speak for all of it
FEWEST = 12  # pixels below which nothing is said


def measured_colours(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks
) -> dict[str, Colour]:
    """sRGB 0..1 of what the photo shows clearly; a colour that cannot be seen is left out."""
    found = {
        "skin": _typical(pixels, (masks.skin > 0.8) & (masks.usable > 0.8)),
        "lips": _typical(pixels, masks.lips > 0.8),
        "hair": _hair(pixels, masks),
        "iris": _iris(pixels, landmarks, masks),
    }
    return {name: colour for name, colour in found.items() if colour is not None}


def _hair(pixels: Pixels, masks: FaceMasks) -> Colour | None:
    """The lit side of the hair; where it has the colour of skin all over, as it is there."""
    hair = masks.hair > 0.6
    unlike_skin = hair & (masks.skin < 0.4)
    chosen = unlike_skin if unlike_skin.sum() > HAIR_SHARE * hair.sum() else hair
    return _typical(pixels, chosen, between=(35.0, 92.0))


def _typical(
    pixels: Pixels, chosen: npt.NDArray[np.bool_], *, between: tuple[float, float] = (20.0, 80.0)
) -> Colour | None:
    """Median of the chosen pixels that lie between two percentiles by lightness."""
    samples = pixels[chosen].astype(np.float64) / 255
    if len(samples) < FEWEST:
        return None
    light = samples.sum(1)
    low, high = np.percentile(light, between)
    red, green, blue = np.median(samples[(light >= low) & (light <= high)], axis=0)
    return float(red), float(green), float(blue)


def _iris(pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks) -> Colour | None:
    """Median of the rings between pupil and rim, both eyes, below the lid's shade and the lamp's glint."""
    if not landmarks.has_irises:
        return None
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    chosen = np.zeros(pixels.shape[:2], bool)
    for centre in (IRIS_RIGHT, IRIS_LEFT):
        x, y = landmarks.points_px[centre, :2]
        ring = landmarks.points_px[centre + 1 : centre + 5, :2] - (x, y)
        radius = float(np.linalg.norm(ring, axis=1).mean())
        distance = np.hypot(columns - x, rows - y) / max(radius, 1e-6)
        chosen |= (distance > 0.45) & (distance < 0.85) & (rows > y - 0.35 * radius)
    return _typical(pixels, chosen & (masks.eyes > 0.9))
