"""Glasses on a face: whether there are any, where their frames run, and the photo without them.

A frame is a thin line, darker or lighter than the skin beside it, that runs where faces are smooth: across
the root of the nose, and in an arc below each eye. Each is looked for along its whole length, so a wrinkle
or a bag under an eye, which ends, does not pass for one.
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
    FaceLandmarks,
)

Pixels = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

UNIT = 100  # pixels of the eye distance in the levelled crop
HALF_WIDTH, ABOVE, BELOW = 150, 75, 110  # extent of the crop about the middle between the eyes
THICKNESS = 17  # pixels of the crop, of the widest line that counts
BRIDGE = (-13, 14, -24, 22)  # columns and rows about the middle in which a bridge runs
RIM_REACH = (0.32, 0.80)  # distances of a lower rim from the eye, in eye distances
RIM_DEGREES = np.arange(35, 146, 5)  # directions below the eye, in which a rim is looked for
# Contrast of bridge and rims together, CIELAB lightness, from which there are glasses.
ENOUGH = 23.0
# Contrast from which a pixel of somebody with glasses belongs to a frame: a share of the frame's own.
LINE, LEAST_LINE, MOST_LINE = 0.28, 5.0, 13.0
NOSE = (4, 1, 2, 98, 327, 129, 358, 48, 278, 64, 294, 5, 51, 281, 203, 423, 0, 37, 267)


@dataclass(frozen=True)
class GlassesSign:
    """Contrast of what looks like a frame, in CIELAB lightness.

    Attributes
    ----------
    bridge : of a line across the root of the nose; rims : of arcs below the two eyes, the weaker one
    """

    bridge: float
    rims: float

    @property
    def is_seen(self) -> bool:
        """Whether that is enough for glasses."""
        return self.bridge + self.rims > ENOUGH


def glasses_sign(pixels: Pixels, landmarks: FaceLandmarks) -> GlassesSign:
    """What speaks for glasses on a face.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels
    """
    crop, _, eyes, _ = _levelled(pixels, landmarks)
    line = _lines(crop)
    left, right, top, bottom = BRIDGE
    band = line[ABOVE + top : ABOVE + bottom, HALF_WIDTH + left : HALF_WIDTH + right]
    bridge = float(np.percentile(band.max(0), 25))
    angle = np.radians(RIM_DEGREES)[:, None]
    reach = np.arange(RIM_REACH[0], RIM_REACH[1], 0.01)[None] * UNIT
    rims: list[float] = []
    for x, y in eyes:
        columns = np.clip(np.round(x + np.cos(angle) * reach), 0, line.shape[1] - 1).astype(int)
        rows = np.clip(np.round(y + np.sin(angle) * reach), 0, line.shape[0] - 1).astype(int)
        rims.append(float(np.percentile(line[rows, columns].max(1), 30)))
    return GlassesSign(bridge, min(rims))


def without_glasses(pixels: Pixels, landmarks: FaceLandmarks) -> tuple[Pixels, Shares]:
    """The photo with frames filled in from the skin beside them, and (H, W) 0..1 where that was done."""
    crop, matrix, eyes, points = _levelled(pixels, landmarks)
    line = _lines(crop)
    rows, columns = np.mgrid[: line.shape[0], : line.shape[1]]
    near = np.zeros(line.shape, bool)
    for x, y in eyes:
        distance = np.hypot((columns - x) / 1.15, rows - y) / UNIT
        near |= (distance > 0.22) & (distance < 0.74)
    near |= (np.abs(columns - HALF_WIDTH) < 20) & (rows > ABOVE - 26) & (rows < ABOVE + 26)
    outside = np.abs(columns - HALF_WIDTH) > 70  # temples, where the arms run
    near |= outside & (np.abs(rows - ABOVE) < 42)
    kept = np.zeros(line.shape, np.uint8)
    for ring, grown in ((EYE_RIGHT, 9), (EYE_LEFT, 9), (BROW_RIGHT, 3), (BROW_LEFT, 3), (NOSE, 5)):
        hull = cv2.convexHull(np.round(points[list(ring)]).astype(np.int32))
        part = np.zeros_like(kept)
        cv2.fillConvexPoly(part, hull, (1.0,))
        kept |= np.asarray(cv2.dilate(part, np.ones((grown, grown), np.uint8)), np.uint8)
    sign = glasses_sign(pixels, landmarks)
    least = float(np.clip(LINE * max(sign.bridge, sign.rims), LEAST_LINE, MOST_LINE))
    frame = (near & (kept == 0) & (line > least)).astype(np.uint8)
    frame = np.asarray(cv2.morphologyEx(frame, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))
    frame = np.asarray(cv2.dilate(frame, np.ones((7, 7), np.uint8)), np.uint8) & (1 - kept)
    filled = np.asarray(cv2.inpaint(crop, frame, 4, cv2.INPAINT_TELEA), np.uint8)
    # Back into the photo, only where something was filled in.
    back = cv2.invertAffineTransform(matrix)
    size = (pixels.shape[1], pixels.shape[0])
    share = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 1.2)
    share = np.asarray(cv2.warpAffine(share, back, size), np.float32)
    there = cv2.warpAffine(filled, back, size)
    mixed = pixels + share[..., None] * (there.astype(np.float32) - pixels)
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8), share


def _levelled(pixels: Pixels, landmarks: FaceLandmarks) -> tuple[Pixels, Floats, Floats, Floats]:
    """Crop round level eyes, the (2, 3) map into it, both eyes' and all landmarks' places there."""
    points = landmarks.points_px[:, :2]
    right, left = points[[33, 133]].mean(0), points[[263, 362]].mean(0)
    across = left - right
    scale = UNIT / max(float(np.linalg.norm(across)), 1e-6)
    cosine, sine = across / np.linalg.norm(across) * scale
    turn = np.array([[cosine, sine], [-sine, cosine]])
    shift = (HALF_WIDTH, ABOVE) - turn @ ((left + right) / 2)
    matrix = np.c_[turn, shift]
    size = (2 * HALF_WIDTH, ABOVE + BELOW)
    smooth = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(pixels, matrix, size, flags=smooth, borderMode=cv2.BORDER_REPLICATE)
    moved = points @ turn.T + shift
    eyes = np.stack([moved[[33, 133]].mean(0), moved[[263, 362]].mean(0)])
    return np.asarray(crop, np.uint8), matrix, eyes, moved


def _lines(crop: Pixels) -> Shares:
    """(H, W) float32 contrast of each pixel to what is beside a thin line through it, CIELAB."""
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), np.float32)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THICKNESS, THICKNESS))
    light = lab[..., 0]
    dark = cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, disc)
    bright = cv2.morphologyEx(light, cv2.MORPH_TOPHAT, disc)
    return np.asarray(np.maximum(dark, bright), np.float32)
