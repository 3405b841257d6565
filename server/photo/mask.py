"""Which pixels of a photo show the person, and which of those skin, hair, lips, brows or eyes.

The person network knows one class, so skin is told from clothes and glasses by colour: a Gaussian over
chroma and lightness learnt from the face's own cheeks, nose and lower forehead; hair is found in a way
of its own (`hair_share`). Inside the middle of the face everything is kept whatever its colour: brows,
stubble, moles, lips.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import (
    BROW_LEFT,
    BROW_RIGHT,
    EYE_LEFT,
    EYE_RIGHT,
    LIPS_INNER,
    LIPS_OUTER,
    OVAL,
    SKIN_PATCHES,
    FaceLandmarks,
)

from .graphs import person_segmenter
from .hair_share import hair_seen

Pixels = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.float32]

# Outline inside which colour is not asked about: temples inward, brows down to the jaw.
MIDDLE = (68, 104, 69, 108, 151, 337, 299, 333, 298, 301, 383, 345, 352, 411, 434, 430, 431, 262, 428, 199,
          208, 32, 211, 210, 214, 187, 123, 116, 156, 71)  # fmt: skip
# Cheek beside nose and mouth, where a smile folds the skin.
SMILE_FOLDS = (
    (98, 129, 142, 36, 205, 187, 207, 216, 212, 57, 186, 92, 165),
    (327, 358, 371, 266, 425, 411, 427, 436, 432, 287, 410, 322, 391),
)
# Share of clear hair without the background's colour, below which hair has it itself for sure, and from
# which it has not; and eye distances from its outline, from which no background shines through.
ALIKE, DEEP = (0.55, 0.95), 0.14
# CIELAB a and b from hair to background, up to which nothing of it would be noticed, and from which all.
TINTED = (14.0, 26.0)
FEWEST_BEHIND = 50  # pixels of background or of hair, below which nothing is said of it
WIDEST = 5.0  # pixels of the widest brush; what is wider is done on a smaller picture


@dataclass(frozen=True)
class FaceMasks:
    """Shares 0..1 of each pixel, all (H, W) float32.

    Attributes
    ----------
    person : belongs to the person
    skin : has the colour of the person's skin
    usable : shows the face's surface: what the texture may take
    hair : shows the person's hair
    hair_clear : shows it for certain, and nothing of the background through it
    folds : where a smile folds the cheeks
    within : well inside the person
    is_bare : the crown of the head looks like the face's skin
    eyes, mouth : between the lids, between the lips
    lips : on the lips
    """

    person: Shares
    skin: Shares
    usable: Shares
    hair: Shares
    hair_clear: Shares
    eyes: Shares
    mouth: Shares
    lips: Shares
    folds: Shares
    within: Shares
    is_bare: bool


def face_masks(pixels: Pixels, landmarks: FaceLandmarks) -> FaceMasks:
    """What each pixel of a picture round the face shows.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB
    landmarks : in pixels of this picture
    """
    points = landmarks.points_px[:, :2]
    unit = landmarks.eye_distance_px
    shape = pixels.shape[:2]
    person = person_mask(pixels)
    skin = skin_share(pixels, points)
    hair, is_bare = hair_seen(pixels, points, person)
    within = np.clip((grown(person, -0.05 * unit) - 0.5) * 2, 0, 1)

    eyes = np.maximum(filled(shape, points, EYE_RIGHT), filled(shape, points, EYE_LEFT))
    mouth = filled(shape, points, LIPS_INNER)
    lips = np.clip(filled(shape, points, LIPS_OUTER) - grown(mouth, 0.02 * unit), 0, 1)
    brows = np.maximum(hull(shape, points, BROW_RIGHT), hull(shape, points, BROW_LEFT))
    brows = grown(brows, 0.03 * unit)

    usable = within * np.maximum(skin, np.maximum.reduce([_sure(landmarks, skin), brows, lips]))
    usable = usable * (1 - _fringe(landmarks, skin, hair) * (1 - brows))
    usable = usable * (1 - grown(eyes, 0.02 * unit)) * (1 - grown(mouth, 0.015 * unit))
    return FaceMasks(
        person,
        skin,
        soft(usable, 0.01 * unit),
        hair,
        _hair_clear(pixels, landmarks, person, hair),
        eyes,
        mouth,
        lips,
        _folds(landmarks, lips),
        within.astype(np.float32),
        is_bare,
    )


def _sure(landmarks: FaceLandmarks, skin: Shares) -> Shares:
    """(H, W) 0..1 in the face's middle and toward the jaw: kept whatever the likeness to skin says."""
    points, unit, shape = landmarks.points_px[:, :2], landmarks.eye_distance_px, skin.shape
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    below_eyes = np.clip((rows - points[[33, 263], 1].mean()) / (0.5 * unit), 0, 1)
    middle = soft(filled(shape, points, MIDDLE), 0.08 * unit) * np.clip(below_eyes + skin, 0, 1)
    # Inside the outline the colour test fades in, so that a beard survives to the jaw.
    lower = points[OVAL, 1].max() - 0.35 * unit
    oval = soft(grown(filled(shape, points, OVAL), -0.06 * unit), 0.05 * unit)
    return np.maximum(middle, oval * np.clip((rows - (lower - 0.9 * unit)) / (0.6 * unit), 0, 1))


def _fringe(landmarks: FaceLandmarks, skin: Shares, hair: Shares) -> Shares:
    """(H, W) 0..1 near strands over the forehead.

    They tint the skin round them; it is rather completed from below.
    """
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    rows = np.arange(skin.shape[0], dtype=np.float32)[:, None]
    brow_line = points[list(BROW_LEFT + BROW_RIGHT), 1].min()
    above_brows = np.clip((brow_line - 0.10 * unit - rows) / (0.10 * unit), 0, 1)
    strands = ((skin < 0.6) | (hair > 0.5)).astype(np.float32)
    return soft(grown(strands, 0.14 * unit), 0.05 * unit) * above_brows


def _folds(landmarks: FaceLandmarks, lips: Shares) -> Shares:
    """(H, W) 0..1 where a smile folds the cheeks, beside the lips (H, W)."""
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    folds = np.zeros(lips.shape, np.float32)
    for ring in SMILE_FOLDS:
        folds = np.maximum(folds, hull(lips.shape, points, ring))
    folds = soft(folds, 0.08 * unit) * (1 - soft(grown(lips, 0.04 * unit), 0.03 * unit))
    return folds.astype(np.float32)


def _hair_clear(pixels: Pixels, landmarks: FaceLandmarks, person: Shares, hair: Shares) -> Shares:
    """(H, W) 0..1 where hair is seen for certain, above the nose, and nothing shines through it."""
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    rows = np.arange(hair.shape[0], dtype=np.float32)[:, None]
    inside = np.clip((grown(person, -0.10 * unit) - 0.85) / 0.1, 0, 1)
    clear = np.clip(2.5 * hair - 1.5, 0, 1) * inside * (rows < points[[1, 4], 1].mean())
    return (clear * clear_of_background(pixels, person, clear, unit)).astype(np.float32)


def clear_of_background(pixels: Pixels, person: Shares, hair: Shares, unit: float) -> Shares:
    """(H, W) 0..1 where nothing of the background is seen through a person's hair.

    Parameters
    ----------
    hair : (H, W) 0..1; unit : pixels from eye to eye

    Notes
    -----
    Of hair before a wall of its own colour what is unlike the wall is no fair sample: all the light or all
    the dark of it. Then what lies deep inside the outline counts, whatever it is like. Not so before a wall
    of a colour of its own, which would be seen through the hair.
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    behind = person < 0.05
    if behind.sum() < FEWEST_BEHIND:
        return np.ones(person.shape, np.float32)
    wall = np.median(lab[behind], axis=0)
    difference = np.abs(lab - wall) * np.array((0.4, 1.0, 1.0), np.float32)
    unlike = np.clip((difference.max(-1) - 8) / 10, 0, 1)
    deep = np.clip((grown(person, -DEEP * unit) - 0.85) / 0.1, 0, 1)
    # Where most of it would be none, hair has the background's colour itself: what is left is its shine.
    left = float((hair * unlike).sum() / max(float(hair.sum()), 1e-6))
    alike = np.clip((ALIKE[1] - left) / (ALIKE[1] - ALIKE[0]), 0, 1)
    own = lab[(hair * deep) > 0.6]
    if len(own) > FEWEST_BEHIND:
        tinted = float(np.linalg.norm((np.median(own, axis=0) - wall)[1:]))
        alike = max(alike, np.clip((TINTED[1] - tinted) / (TINTED[1] - TINTED[0]), 0, 1))
    return (unlike + alike * (deep - unlike)).astype(np.float32)


def person_mask(pixels: Pixels) -> Shares:
    """(H, W) float32 share of each pixel that belongs to a person."""
    height, width = pixels.shape[:2]
    scale = min(1.0, 512 / max(height, width))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    with person_segmenter() as segmenter:
        mask = segmenter.process(np.asarray(small, np.uint8)).segmentation_mask
    mask = cv2.resize(np.asarray(mask, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(mask, 0, 1).astype(np.float32)


def skin_share(pixels: Pixels, points_px: npt.NDArray[np.float64]) -> Shares:
    """(H, W) float32 likeness 0..1 of each pixel's colour to the face's skin.

    Notes
    -----
    Mahalanobis distance in CIELAB from the median of the skin patches. Lightness may be lower on the
    shaded side than anywhere in the patches, so its spread is given a generous floor.
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    patches = np.zeros(pixels.shape[:2], np.float32)
    for patch in SKIN_PATCHES:
        patches = np.maximum(patches, hull(pixels.shape[:2], points_px, patch))
    samples = lab[patches > 0.5]
    if len(samples) < 20:
        return np.ones(pixels.shape[:2], np.float32)
    middle = np.median(samples, axis=0)
    spread = 1.48 * np.median(np.abs(samples - middle), axis=0)
    spread = np.maximum(spread, np.array((9.0, 3.0, 3.5), np.float32))
    difference = (lab - middle) / spread
    difference[..., 0] *= np.where(difference[..., 0] < 0, 0.8, 0.6)
    distance = np.sqrt((difference**2).sum(-1))
    return np.clip((4.2 - distance) / 1.6, 0, 1).astype(np.float32)


def filled(
    shape: tuple[int, ...], points: npt.NDArray[np.float64], ring: tuple[int, ...]
) -> Shares:
    """(H, W) 1 inside a ring of landmarks."""
    mask = np.zeros(shape, np.float32)
    corners = np.round(points[list(ring)] * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], (1.0,), lineType=cv2.LINE_AA, shift=4)
    return mask


def hull(
    shape: tuple[int, ...], points: npt.NDArray[np.float64], chosen: tuple[int, ...]
) -> Shares:
    """(H, W) 1 inside the hull of some landmarks."""
    mask = np.zeros(shape, np.float32)
    corners = np.round(points[list(chosen)] * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners), (1.0,), lineType=cv2.LINE_AA, shift=4)
    return mask


def grown(mask: Shares, pixels: float) -> Shares:
    """The mask (H, W) dilated by a number of pixels, or eroded by a negative one."""
    scale = min(1.0, WIDEST / max(abs(pixels), 1e-6))
    small = _resized(mask, scale) if scale < 1 else mask
    size = 2 * max(1, round(abs(pixels) * scale)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    spread = cv2.dilate(small, disc) if pixels > 0 else cv2.erode(small, disc)
    if scale < 1:
        spread = cv2.resize(spread, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(spread, np.float32)


def soft(mask: Shares, pixels: float) -> Shares:
    """The mask (H, W) under a Gaussian blur of so many pixels."""
    scale = min(1.0, WIDEST / max(pixels, 1e-6))
    if scale == 1.0:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(pixels, 0.6)), np.float32)
    small = cv2.GaussianBlur(_resized(mask, scale), (0, 0), pixels * scale)
    return np.asarray(
        cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32
    )


def _resized(mask: Shares, scale: float) -> Shares:
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32)


def weighted_mean(values: Shares, weights: Shares) -> float:
    """Mean of values (H, W) by weights (H, W); 0 where nothing weighs."""
    return float((values * weights).sum() / max(float(weights.sum()), 1e-6))
