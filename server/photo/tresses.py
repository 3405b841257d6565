"""Whether hair falls beside the face in a photo, how wide and how far down.

Beside the jaw, between ear and chin, a person has nothing but hair: what is the person's there and has not
the colour of skin is hair; and where hair is seen instead of both ears it covers them. From there its
colour is followed down, row by row, until it changes to that of clothes or ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.hair.tresses import GATHERED_WIDTHS, Fall
from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .mask import FaceMasks, Pixels, Shares

Floats = npt.NDArray[np.float64]

# Outline of the lower face by side, from the temple down to the chin: the subject's right, then left.
EDGES = ((127, 234, 93, 132, 58, 172, 136, 150), (356, 454, 323, 361, 288, 397, 365, 379))
BESIDE = (0.08, 0.50)  # eye distances off the outline, in which hair is looked for
# Share of that which is hair between ear and jaw, from which it is long: of a side, and of both together. A
# lock, an ear-ring or what is gathered behind fills a part of one side.
LONG_SHARE, LONG_TOGETHER = 0.42, 0.7
# Hair that is tucked behind the ears, or gathered there, fills less than that, mostly of the side that is
# turned to the camera. Share of one side and metres below the ears from which it is that.
TUCKED_SHARE, TUCKED_METRES = 0.28, 0.035
SHADED_RED = 0.7  # of a skin's CIELAB a, that its shade has at least
WHOLE_SHARE = 0.8  # from which hair beside the jaw falls before the ear, be that seen or not
STEP = 0.06  # eye distances from row to row
LIKENESS = np.array([0.6, 1.0, 1.0], np.float32)  # of CIELAB's channels
SAME_COLOUR = 20.0  # CIELAB from the hair above, up to which it goes on
NECK_SHARE = 0.70  # of its greatest width, below which it has ended
FARTHEST = 1.25  # eye distances below the chin, to which hair is followed
OVER_EARS, OVER_EAR = 0.9, 0.35  # share that is hair where ears are, of both together and of one
EAR_TOP = 0.1  # eye distances of an ear's top over the eyes
SHORTEST = 0.012  # metres below the ears
# Eye distances off the outline and above the ears, where falling hair is looked at; and how far off its
# lines are, for what curls stands off furthest.
FALLING, CURLING, ABOVE = (0.08, 0.70), 1.1, 0.2
WIDTHS = (0.070, 0.135)  # metres from the middle to the outline


@dataclass(frozen=True)
class _Side:
    """What is seen on one side: shares of hair beside jaw and ear, its end in pixels, widths at levels, and
    (3,) its colour in CIELAB as it is compared.
    """

    share: float
    over_ear: float
    end: float
    widths: Floats
    colour: Floats


def read_fall(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, metres_per_px: float
) -> Fall | None:
    """How long hair falls, or None where it ends above the jaw.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks : in its pixels; masks : of the same picture
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) * LIKENESS
    right, left = (
        _looked_along(lab, landmarks, masks, ring, sign)
        for ring, sign in zip(EDGES, (-1.0, 1.0), strict=True)
    )
    covered = left.over_ear + right.over_ear > OVER_EARS
    together = left.share + right.share > LONG_TOGETHER
    is_long = [
        (together and side.share > LONG_SHARE) or (covered and side.over_ear > OVER_EAR)
        for side in (left, right)
    ]
    points = landmarks.points_px
    ear = float(points[[234, 454], 1].mean())
    if not any(is_long):
        return _tucked((left, right), lab, masks, ear, metres_per_px)
    seen = [side for side, long in zip((left, right), is_long, strict=True) if long]
    longest = max(side.end for side in seen)
    ends = [
        side.end if long else longest for side, long in zip((left, right), is_long, strict=True)
    ]
    lengths = [(end - ear) * metres_per_px for end in ends]
    if max(lengths) < SHORTEST:
        return None
    lengths = [max(length, SHORTEST) for length in lengths]
    stacked = np.stack([side.widths for side in seen])
    known = np.isfinite(stacked).any(0)
    widths = np.full(stacked.shape[1], WIDTHS[0])
    widths[known] = np.nanmean(stacked[:, known], axis=0) * metres_per_px
    ear_width, jaw_width, chin_width = np.clip(widths, *WIDTHS).tolist()
    before = [
        long and (side.over_ear > OVER_EAR or side.share > WHOLE_SHARE)
        for side, long in zip((left, right), is_long, strict=True)
    ]
    return Fall(
        (lengths[0], lengths[1]), (before[0], before[1]), (ear_width, jaw_width, chin_width)
    )


def where_it_falls(
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    fall: Fall,
    metres_per_px: float,
    *,
    farthest: float = FALLING[1],
) -> npt.NDArray[np.bool_]:
    """(H, W) whether a pixel beside face and neck shows hair that falls there, up to so many eye distances
    off the face's outline.
    """
    unit, points = landmarks.eye_distance_px, landmarks.points_px
    rows, columns = np.ogrid[: masks.person.shape[0], : masks.person.shape[1]]
    ear = float(points[[234, 454], 1].mean())
    beside = np.zeros(masks.person.shape, bool)
    for ring, sign, length in zip(EDGES, (-1.0, 1.0), fall.lengths[::-1], strict=True):
        edge = points[list(ring)]
        off = sign * (columns - np.interp(rows, edge[:, 1], edge[:, 0])) / unit
        low = ear + length / metres_per_px
        beside |= (off > FALLING[0]) & (off < farthest) & (rows > ear - ABOVE * unit) & (rows < low)
    return beside & (masks.person > 0.9) & ((masks.skin < 0.4) | (masks.hair > 0.5))


def _looked_along(
    lab: Shares,
    landmarks: FaceLandmarks,
    masks: FaceMasks,
    ring: tuple[int, ...],
    sign: float,
) -> _Side:
    """One side followed from the ear down; `sign` is that of x away from the face."""
    unit = landmarks.eye_distance_px
    points = landmarks.points_px[:, :2]
    edge = points[list(ring)]
    chin = float(points[152, 1])
    middle = float(points[[9, 152, 1], 0].mean())
    ear, jaw = float(points[[234, 454], 1].mean()), float(points[[58, 288], 1].mean())
    hair = (masks.person > 0.6) & ((masks.skin < 0.4) | (masks.hair > 0.5))
    height, width = hair.shape
    offsets = np.linspace(*BESIDE, 16) * unit * sign
    eyes = float(points[[33, 263], 1].mean())
    upper = [
        masks.hair[int(y), np.clip(np.round(at + offsets), 0, width - 1).astype(int)] > 0.5
        for y in np.clip(np.arange(eyes - EAR_TOP * unit, ear, STEP * unit), 0, height - 1)
        for at in [float(np.interp(y, edge[:, 1], edge[:, 0]))]
    ]
    rows = np.arange(ear, min(chin + FARTHEST * unit, height - 2.0), STEP * unit)
    shares: list[float] = []
    end = ear
    colour: Floats | None = None
    widest = 0.0
    for y in rows:
        at = float(np.interp(y, edge[:, 1], edge[:, 0]))
        x = np.clip(np.round(at + offsets), 0, width - 1).astype(int)
        there = hair[int(y), x]
        share = float(there.mean())
        if y < jaw:
            shares.append(share)
        if share < 0.25:
            if y > jaw:
                break
            continue
        # Dark clothes have the colour of dark hair; but over them a neck is seen, which is narrower.
        columns = np.flatnonzero(masks.person[int(y)] > 0.5)
        wide = float((sign * (columns - middle)).max(initial=0.0))
        if y > jaw and wide < NECK_SHARE * widest:
            break
        widest = max(widest, wide)
        here = np.asarray(np.median(lab[int(y), x][there], axis=0), np.float64)
        if colour is not None and y > jaw and np.linalg.norm(here - colour) > SAME_COLOUR:
            break
        colour = here if colour is None else 0.85 * colour + 0.15 * here
        end = float(y)
    widths = [_width(masks, middle, y, sign, unit) for y in (ear, 0.5 * (jaw + chin), chin)]
    return _Side(
        float(np.mean(shares)) if shares else 0.0,
        float(np.mean(upper)) if upper else 0.0,
        end,
        np.array(widths),
        np.full(3, np.nan) if colour is None else colour,
    )


def _tucked(
    sides: tuple[_Side, _Side], lab: Shares, masks: FaceMasks, ear: float, metres_per_px: float
) -> Fall | None:
    """How hair falls behind the ears, where some of its colour is seen below one of them."""
    clear = masks.hair_clear > 0.6
    if not clear.any():
        return None
    hair = np.median(lab[clear], axis=0)
    skin = np.median(lab[masks.skin > 0.8], axis=0) if (masks.skin > 0.8).any() else None
    found = [
        side
        for side in sides
        if side.share > TUCKED_SHARE
        and (side.end - ear) * metres_per_px > TUCKED_METRES
        and np.linalg.norm(side.colour - hair) < SAME_COLOUR
        and not is_shaded(side.colour, skin, hair)
    ]
    if not found:
        return None
    length = max(side.end - ear for side in found) * metres_per_px
    return Fall((length, length), (False, False), GATHERED_WIDTHS, is_gathered=True)


def is_shaded(colour: Floats, skin: Floats | None, hair: Floats) -> bool:
    """Whether a colour (3,) is rather that of skin in shade, as a neck is, than of hair, CIELAB all.

    Black hair is as near to the one as to the other; but what light comes to a neck comes from skin, and so
    its shade keeps its red.
    """
    if skin is None or colour[1] < SHADED_RED * skin[1]:
        return False
    shaded = skin * min(colour[0] / max(float(skin[0]), 1.0), 1.0)
    return bool(np.linalg.norm(colour - shaded) < np.linalg.norm(colour - hair))


def _width(masks: FaceMasks, middle: float, y: float, sign: float, unit: float) -> float:
    """Pixels from the middle to where the person ends; NaN where the picture ends first."""
    row = masks.person[int(np.clip(y, 0, len(masks.person) - 1))]
    steps = np.arange(0.8 * unit, 2.6 * unit)
    x = np.round(middle + sign * steps).astype(int)
    inside = (x >= 2) & (x < len(row) - 2)
    person = row[np.clip(x, 0, len(row) - 1)] > 0.5
    out = np.flatnonzero(~person & inside)
    return float(steps[out[0]]) if len(out) and inside[out[0]] else float("nan")
