"""How curly and how wavy hair is in a photo, by how well the lines in it agree on a direction.

Straight hair runs one way for a finger's breadth, tightly coiled hair in every direction at once. The
structure tensor's coherence says which [1]_: 1 where all edges near a place are parallel, 0 where none are.
In waves and open curls neighbours do agree, but over a longer way what they agree on turns to and fro.

References
----------
.. [1] Bigun, Granlund (1987). Optimal orientation detection of linear symmetry. ICCV.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .mask import FaceMasks, Pixels, Shares, grown

# Coherence of straight and of tightly coiled hair: over 121 portraits coiled hair lies under 0.5, and what
# lies over 0.7 is straight.
STRAIGHT, COILED = 0.70, 0.42
# Eye distances: of the blur before edges are looked for, of the neighbourhood they are compared in, and of
# the margin at the edge of the hair.
FINE, NEAR, MARGIN = 0.012, 0.07, 0.05
# Eye distances over which waves turn, and what is left of the directions' agreement over it in hair that
# falls, straight and wavy.
TURNING = 0.20
FALLING = (0.92, 0.80)
NOSE_TIP, BY_ENDS = 1, 0.8  # landmark below which ends are, and what they say of all
LEAST_AREA = 0.1  # square eye distances of hair, below which nothing is said


def read_curl(pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks) -> float:
    """0 for straight hair or none in sight, 1 for tightly coiled.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    """
    unit = landmarks.eye_distance_px
    clear = (masks.hair_clear > 0.6).astype(np.float32)
    inside = grown(clear, -MARGIN * unit) > 0.5
    if inside.sum() < LEAST_AREA * unit**2:
        return 0.0
    xx, yy, xy = line_tensor(pixels, unit)
    strength = (xx + yy)[inside]
    agreed = np.sqrt((xx - yy) ** 2 + 4 * xy**2)[inside]
    coherence = float(agreed.sum() / max(float(strength.sum()), 1e-6))
    return float(np.clip((STRAIGHT - coherence) / (STRAIGHT - COILED), 0.0, 1.0))


def read_wave(pixels: Pixels, landmarks: FaceLandmarks, falling: npt.NDArray[np.bool_]) -> float:
    """0 for straight hair, 1 for open curls.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels
    falling : (H, W) where hair falls beside the face
    """
    # Ends are curled more often than what hangs from the crown.
    rows = np.arange(len(falling))[:, None]
    ends = falling & (rows > landmarks.points_px[NOSE_TIP, 1])
    whole, low = (_turned(pixels, landmarks.eye_distance_px, part) for part in (falling, ends))
    return max(whole, BY_ENDS * low)


def _turned(pixels: Pixels, unit: float, falling: npt.NDArray[np.bool_]) -> float:
    """0..1, how far the lines in hair (H, W) turn to and fro."""
    inside = grown(falling.astype(np.float32), -MARGIN * unit)
    if inside.sum() < LEAST_AREA * unit**2:
        return 0.0
    xx, yy, xy = line_tensor(pixels, unit, inside)
    weight = (inside > 0.5) / np.sqrt(np.maximum(xx + yy, 1e-6))
    twice = np.stack([(yy - xx) * weight, -2.0 * xy * weight], -1)
    wide = TURNING * unit
    size = (max(8, round(pixels.shape[1] * 5 / wide)), max(8, round(pixels.shape[0] * 5 / wide)))
    across, down, all_of_it = (
        cv2.GaussianBlur(cv2.resize(v, size, interpolation=cv2.INTER_AREA), (0, 0), 5.0)
        for v in (twice[..., 0], twice[..., 1], np.hypot(twice[..., 0], twice[..., 1]))
    )
    agreed = float(np.hypot(across, down).sum()) / max(float(all_of_it.sum()), 1e-6)
    return float(np.clip((FALLING[0] - agreed) / (FALLING[0] - FALLING[1]), 0.0, 1.0))


def line_tensor(
    pixels: Pixels, unit: float, inside: Shares | None = None
) -> tuple[Shares, Shares, Shares]:
    """(H, W) float32 each: xx, yy and xy of the structure tensor of lightness.

    Parameters
    ----------
    unit : pixels from eye to eye; inside : (H, W) 0..1, where edges count, None for everywhere
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = cv2.GaussianBlur(np.ascontiguousarray(lab[..., 0]), (0, 0), max(FINE * unit, 0.6))
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    if inside is not None:
        across, down = across * inside, down * inside
    xx, yy, xy = (
        np.asarray(cv2.GaussianBlur(product, (0, 0), NEAR * unit), np.float32)
        for product in (across * across, down * down, across * down)
    )
    return xx, yy, xy
