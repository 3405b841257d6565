"""Where in a picture of a face something other than plain skin is expected, by its landmarks alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from dirfa_blender.core.likeness.landmarks import (
    BROW_LEFT,
    BROW_RIGHT,
    EYE_LEFT,
    EYE_RIGHT,
    LIPS_OUTER,
    OVAL,
    FaceLandmarks,
)

from .mask import FaceMasks, Shares, filled, grown, hull, soft

CREASES = ((129, 203, 206, 216, 212, 202, 210), (358, 423, 426, 436, 432, 422, 430))
CREASE_WIDE = 0.16  # eye distances
# Share of a fold that goes with the smile, beside nose and cheek and right beside the mouth's corners, and
# how far those reach in eye distances. Folds of age stay at rest.
FOLD_TAKEN, CREASE_TAKEN, CORNER_CREASE = 0.4, 0.85, 0.2
MOUTH_CORNERS = (61, 291)
STAR = 0.4  # eye distances round them, where a smile's folds meet
PIT = 0.08  # eye distances round a corner of the mouth, in which the dark is shade
# Cheek outside the corners of the mouth, and chin below them, where a broad smile folds skin that is smooth
# at rest.
OUTER_FOLDS = (
    (187, 147, 213, 192, 214, 210, 202, 212, 207), (411, 376, 433, 416, 434, 430, 422, 432, 427),
    (61, 57, 212, 202, 204, 106, 43), (291, 287, 432, 422, 424, 335, 273),
)  # fmt: skip
NOSTRILS = ((98, 97, 2, 64, 235, 240), (327, 326, 2, 294, 455, 460))
# Between the brows' ends, the wings and the tip: a nose has its form from the landmarks.
NOSE = (6, 122, 351, 196, 419, 209, 429, 49, 279, 48, 278, 64, 294, 98, 327, 2, 4)
OUTLINE = 0.06  # eye distances inside the face's outline, in which skin turns away
# Landmarks above both brows; by how much more a forehead is high than the outline of the landmarks.
ABOVE_BROWS, HIGHER = (105, 334), 1.5
CHIN = (18, 201, 208, 199, 428, 421)
MOUSTACHE = (164, 167, 165, 92, 186, 39, 37, 0, 267, 269, 410, 322, 391, 393)
BEARD = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 435, 427, 426, 327, 2,
         98, 206, 207, 215)  # fmt: skip


@dataclass(frozen=True)
class Zones:
    """Where something other than plain skin is expected, (H, W) 0..1 each.

    Attributes
    ----------
    features : brows, lids, lips and nostrils
    beard, chin, moustache : where a beard grows; of it, the middle of the chin and the upper lip
    brows : the subject's right one, then the left
    hidden : between the lids and between the lips
    """

    features: Shares
    beard: Shares
    chin: Shares
    moustache: Shares
    brows: tuple[Shares, Shares]
    hidden: Shares


def zones_of(landmarks: FaceLandmarks, masks: FaceMasks) -> Zones:
    """The zones of a face with these landmarks, in the picture of its masks."""
    shape = masks.person.shape
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    right, left = (
        soft(grown(hull(shape, points, ring), 0.035 * unit), 0.03 * unit)
        for ring in (BROW_RIGHT, BROW_LEFT)
    )
    lids = np.maximum(hull(shape, points, EYE_RIGHT), hull(shape, points, EYE_LEFT))
    lids = soft(grown(lids, 0.07 * unit), 0.03 * unit)
    lips = soft(grown(filled(shape, points, LIPS_OUTER), 0.01 * unit), 0.02 * unit)
    nostrils = np.zeros(shape, np.float32)
    for ring in NOSTRILS:
        nostrils = np.maximum(nostrils, hull(shape, points, ring))
    nostrils = soft(nostrils, 0.02 * unit)
    hidden = np.maximum(grown(masks.eyes, 0.02 * unit), grown(masks.mouth, 0.015 * unit))
    # A beard goes on below the outline of the jaw, where landmarks end.
    middle = points[list(OVAL)].mean(0)
    chin = points.copy()
    chin[list(OVAL)] = middle + 1.05 * (points[list(OVAL)] - middle)
    beard = soft(filled(shape, chin, BEARD), 0.06 * unit)
    upper = soft(hull(shape, points, MOUSTACHE), 0.03 * unit)
    features = np.maximum.reduce([right, left, lids, lips, nostrils])
    return Zones(features, beard, hull(shape, points, CHIN), upper, (right, left), hidden)


def mouth_pits(landmarks: FaceLandmarks, shape: tuple[int, ...]) -> Shares:
    """(H, W) 0..1 at the corners of the mouth, which lie in their own shade."""
    mask = np.zeros(shape[:2], np.float32)
    wide = max(1, round(PIT * landmarks.eye_distance_px))
    for x, y in np.round(landmarks.points_px[list(MOUTH_CORNERS), :2]).astype(int).tolist():
        cv2.circle(mask, (x, y), wide, (1.0,), -1)
    return soft(mask, 0.3 * wide)


def smile_creases(landmarks: FaceLandmarks, masks: FaceMasks) -> Shares:
    """(H, W) 0..1 share of a fold that is the smile's: most beside the mouth, less up to the nose."""
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    outer = np.zeros_like(masks.folds)
    for ring in OUTER_FOLDS:
        outer = np.maximum(outer, hull(outer.shape, points, ring))
    beside = _by_the_corners(landmarks, outer.shape, CORNER_CREASE)
    taken = masks.folds * (FOLD_TAKEN + (CREASE_TAKEN - FOLD_TAKEN) * beside)
    return np.maximum(taken, CREASE_TAKEN * soft(outer, 0.08 * unit))


def lasting_creases(landmarks: FaceLandmarks, creases: Shares, smile: float) -> Shares:
    """(H, W) 0..1 where the creases of the mouth, 0..1, stay in an old face when a `smile`, 0..1, goes.

    Right at the corners a smile's folds run together in a star, which no face at rest has.
    """
    star = _by_the_corners(landmarks, creases.shape, STAR)
    return np.asarray(creases * (1 - np.float32(smile) * star), np.float32)


def _by_the_corners(landmarks: FaceLandmarks, shape: tuple[int, ...], reach: float) -> Shares:
    """(H, W) 1 within half a `reach` (eye distances) of a corner of the mouth, 0 from one and a half on."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    corners = landmarks.points_px[list(MOUTH_CORNERS), :2].tolist()
    away = np.minimum.reduce([np.hypot(columns - x, rows - y) for x, y in corners])
    return np.clip(1.5 - away / np.float32(reach * landmarks.eye_distance_px), 0, 1)


def folding_skin(landmarks: FaceLandmarks, zones: Zones, skin: Shares, creases: Shares) -> Shares:
    """(H, W) 0..1 where skin may fold: plain skin and creases of the mouth, however dark, both 0..1."""
    points, unit = landmarks.points_px[:, :2].copy(), landmarks.eye_distance_px
    shape = skin.shape
    nose = soft(hull(shape, points, NOSE), 0.03 * unit)
    ring = np.array(OVAL)
    brows = points[list(ABOVE_BROWS), 1].mean()
    top = ring[points[ring, 1] < brows]
    points[top, 1] = brows + HIGHER * (points[top, 1] - brows)
    turned = grown(1 - filled(shape, points, OVAL), OUTLINE * unit)
    free = (1 - zones.hidden) * (1 - zones.features) * (1 - nose) * (1 - soft(turned, 0.03 * unit))
    return np.asarray(np.maximum(skin, creases) * free, np.float32)


def mouth_creases(landmarks: FaceLandmarks, shape: tuple[int, ...]) -> Shares:
    """(H, W) 0..1 along the lines from the nose past the mouth's corners to the chin."""
    mask = np.zeros(shape[:2], np.float32)
    wide = max(1, round(CREASE_WIDE * landmarks.eye_distance_px))
    for line in CREASES:
        corners = np.round(landmarks.points_px[list(line), :2] * 16).astype(np.int32)
        cv2.polylines(mask, [corners], False, (1.0,), wide, cv2.LINE_AA, 4)
    return soft(mask, 0.3 * wide)
