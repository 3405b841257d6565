"""Where a beard ends in a photo: on the cheeks, toward the ears, and below the chin.

Whether there is one is told in the middle of chin and lip, where it is thickest. Over the cheeks and along
the jaw up to the ears it then is wherever pixels have not the colour of skin but the contrast of hairs.
Below the chin landmarks end, and a long beard goes on: it is followed down from there by its own looks.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.landmarks import FaceLandmarks

from .face_zones import Zones
from .mask import FaceMasks, Pixels, Shares, filled, hull, soft

Floats = npt.NDArray[np.float64]

LIP_LINES, CHIN_LINES = (2.2, 2.5), (1.3, 1.6)  # contrast of fine lines: none to certain hair
# Grey hair on dark skin, and thin hair, have nearly the skin's colour, but less of its red: CIELAB a under
# that of the skin, on a lip and on a chin, and contrast of fine lines, from none to certain; by how much
# likeness to skin then says less. A chin under a moustache may be dark instead: CIELAB lightness.
LESS_RED, CHIN_LESS_RED, STRONG_LINES, BELIEVED = (1.0, 3.0), (2.0, 5.0), (2.4, 3.0), 0.16
DARK_CHIN = (8.0, 16.0)
# Grey hair on dark skin is lighter than it and has less of its colour: by how much, from none to certain,
# in CIELAB lightness and chroma; by how much likeness to skin then says less.
PALE_LIGHTER, PALE_COLOUR, PALE = (2.0, 6.0), (3.5, 5.5), 0.2
# The same of a chin under a moustache, and by how much less contrast of lines it then needs.
CHIN_PALE, PALE_LINES = (6.0, 8.0), 0.35
# Landmarks round mouth and chin, within which a goatee grows.
GOATEE = (57, 287, 92, 322, 164, 202, 422, 211, 431, 140, 369, 148, 377, 152)
# Outline of where a beard may grow over cheeks and jaw, and eye distances by which it is soft.
WIDE = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323,
        454, 366, 411, 425, 327, 2, 98, 205, 187, 137)  # fmt: skip
WIDE_SOFT, GROWN = 0.04, 1.05
NO_SKIN = (0.75, 0.35)  # likeness to skin, on the mean round a pixel: from none to a certain beard
AROUND = 0.05  # eye distances, over which that mean is taken
# A beard below the chin: columns by the landmarks between which it is followed, in steps, at most so far,
# and the most of a column that may be something else on the way; eye distances.
UNDER_CHIN, STEP, FARTHEST, GAP = (149, 378), 0.02, 1.3, 0.12
UNLIKE = 3.2  # spreads from a beard's looks, up to which a pixel shows it
SPREADS = np.array(
    [7.0, 3.0, 3.5, 0.35]
)  # least: CIELAB, and the logarithm of the contrast of fine lines
MOST_SPREADS = np.array(
    [8.0, 3.5, 4.0, 0.30]
)  # of a beard dark and grey that is no neck in its shade
FEWEST = 60  # pixels of a beard, below which nothing is known of its looks
FAINTEST = 0.25  # CIELAB lightness, contrast of lines below which differences mean nothing


def beard_share(
    pixels: Pixels, zones: Zones, landmarks: FaceLandmarks, masks: FaceMasks, lines: Shares
) -> Shares:
    """(H, W) 0..1 where hair grows on the lower face: unlike skin in colour, and with the lines of hair.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB
    lines : (H, W) contrast of lines as fine as hair (`fine_lines`)
    """
    plain = (zones.features < 0.3) & (zones.hidden < 0.3)
    lip, chin = ((patch > 0.5) & plain for patch in (zones.moustache, zones.chin))
    upper, lower = _mean(masks.skin, lip), _mean(masks.skin, chin)
    on_lip, on_chin = _mean(lines, lip), _mean(lines, chin)
    of_lip, of_chin = _beside_cheeks(pixels, zones, masks, (lip, chin))
    limit = 0.80 + BELIEVED * _rising(on_lip, STRONG_LINES) * _rising(-of_lip[1], LESS_RED)
    limit += PALE * _pale(of_lip, on_lip)
    # A shade has the colour of a beard, but not its contrast from hair to hair.
    dark = np.clip((0.60 - upper) / 0.1, 0, 1)
    moustache = float(np.clip((limit - upper) / 0.15, 0, 1) * max(dark, _rising(on_lip, LIP_LINES)))
    # A chin is in shade more often than a lip, so under a bare lip it needs to be surer.
    unlike = max(
        float(np.clip((0.97 - lower) / 0.15, 0, 1)),
        _rising(-of_chin[0], DARK_CHIN),
        _rising(-of_chin[1], CHIN_LESS_RED),
    )
    beard = max(moustache * unlike, float(np.clip((0.60 - lower) / 0.2, 0, 1)))
    # Pale hair on dark skin under a moustache: what clearly lacks the skin's colour needs less contrast. It
    # says nothing about the cheeks, where skin turns away and is as dark.
    surely = moustache * _rising(-of_chin[1], CHIN_LESS_RED)
    fewer = PALE_LINES * surely * _rising(_colour_lost(of_chin), CHIN_PALE)
    goatee, beard = (
        np.float32(beard * _rising(on_chin, (CHIN_LINES[0] - less, CHIN_LINES[1] - less)))
        for less in (fewer, 0.0)
    )
    grown = zones.moustache * np.float32(moustache)
    if goatee > beard:
        grown = np.maximum(grown, goatee * _round_the_mouth(landmarks, zones))
    if beard > 0:
        wide = np.maximum(zones.beard, _on_cheeks(landmarks, masks, lines))
        grown = np.maximum(grown, beard * wide)
    return grown


def _pale(of_lip: Floats, on_lip: float) -> float:
    """0..1, how surely a lip less cheeks, CIELAB (3,), and its contrast of lines are those of grey hair.

    On darker skin, that is; shine is as light, but has neither lines nor less colour.
    """
    return (
        _rising(of_lip[0], PALE_LIGHTER)
        * _rising(_colour_lost(of_lip), PALE_COLOUR)
        * _rising(on_lip, STRONG_LINES)
    )


def _colour_lost(off: Floats) -> float:
    """CIELAB by which a colour less the skin's (3,) has less red and yellow."""
    return float(np.hypot(*np.minimum(off[1:], 0.0)))


def _beside_cheeks(
    pixels: Pixels, zones: Zones, masks: FaceMasks, patches: tuple[npt.NDArray[np.bool_], ...]
) -> list[Floats]:
    """(3,) CIELAB of each patch (H, W) less that of the skin where no beard grows; 0 where not seen."""
    skin = (masks.skin > 0.8) & (masks.usable > 0.8) & (zones.beard < 0.1) & (zones.features < 0.1)
    if skin.sum() < FEWEST:
        return [np.zeros(3) for _ in patches]
    of_skin = middle_colour(pixels[skin])
    return [
        middle_colour(pixels[there]) - of_skin if there.sum() >= FEWEST else np.zeros(3)
        for there in patches
    ]


def middle_colour(pixels: Pixels) -> Floats:
    """(3,) CIELAB, median of pixels (N, 3)."""
    few = pixels[None, :: max(1, len(pixels) // 4000)].astype(np.float32) / 255
    return np.asarray(np.median(cv2.cvtColor(few, cv2.COLOR_RGB2LAB)[0], axis=0), np.float64)


def _rising(value: float, between: tuple[float, float]) -> float:
    """0 below the first of two values, 1 above the second."""
    return float(np.clip((value - between[0]) / (between[1] - between[0]), 0, 1))


def _round_the_mouth(landmarks: FaceLandmarks, zones: Zones) -> Shares:
    """(H, W) 0..1 where a goatee grows, if it is one: of a beard what is below and beside the mouth."""
    unit = landmarks.eye_distance_px
    inner = hull(zones.beard.shape, landmarks.points_px[:, :2], GOATEE)
    return np.minimum(zones.beard, soft(inner, WIDE_SOFT * unit))


def _on_cheeks(landmarks: FaceLandmarks, masks: FaceMasks, lines: Shares) -> Shares:
    """(H, W) 0..1 where over cheeks and jaw there is no skin, but hair if there is a beard at all."""
    points, unit, shape = landmarks.points_px[:, :2], landmarks.eye_distance_px, masks.skin.shape
    middle = points[list(WIDE)].mean(0)
    outer = points.copy()
    outer[list(WIDE)] = middle + GROWN * (points[list(WIDE)] - middle)
    wide = soft(filled(shape, outer, WIDE), WIDE_SOFT * unit)
    skin, fine = (soft(part, AROUND * unit) for part in (masks.skin, lines))
    bare = np.clip((NO_SKIN[0] - skin) / np.float32(NO_SKIN[0] - NO_SKIN[1]), 0, 1)
    hairy = np.clip((fine - CHIN_LINES[0]) / np.float32(CHIN_LINES[1] - CHIN_LINES[0]), 0, 1)
    return wide * bare * hairy * masks.within


def beard_below_chin(
    pixels: Pixels, landmarks: FaceLandmarks, masks: FaceMasks, beard: Shares, lines: Shares
) -> float:
    """Eye distances by which a beard hangs below the chin's landmarks; 0 where none does or ends.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; landmarks, masks : of the same picture
    beard : (H, W) 0..1 what `beard_share` gave; lines : as there
    """
    points, unit = landmarks.points_px[:, :2], landmarks.eye_distance_px
    if (beard > 0.7).sum() < FEWEST:
        return 0.0
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    fine = np.log(soft(lines, 0.5 * AROUND * unit) + np.float32(FAINTEST))
    looks = np.concatenate([lab, fine[..., None]], -1)
    # What grows on the chin goes on below it; a lip's beard may have another colour.
    chin = float(points[152, 1])
    rows = np.arange(len(beard))[:, None]
    known = looks[(beard > 0.7) & (masks.skin < 0.5) & (rows > chin - 0.35 * unit)]
    if len(known) < FEWEST:
        return 0.0
    middle = np.median(known, axis=0)
    spread = np.clip(1.48 * np.median(np.abs(known - middle), axis=0), SPREADS, MOST_SPREADS)
    left, right = sorted(points[list(UNDER_CHIN), 0].tolist())
    y = np.arange(chin, min(chin + FARTHEST * unit, len(beard) - 1.0), STEP * unit).astype(int)
    x = np.linspace(left, right, 25).clip(0, beard.shape[1] - 1).astype(int)
    if len(y) < 2:
        return 0.0
    there = np.ix_(y, x)
    is_like = (np.abs(looks[there] - middle) / spread).max(-1) < UNLIKE
    is_like &= (masks.skin[there] < 0.5) & (masks.person[there] > 0.5)
    share = is_like.mean(1)
    missing = np.flatnonzero(share < 0.5)
    gap = max(1, round(GAP / STEP))
    ends = [k for k in missing if (share[k : k + gap] < 0.5).all()]
    # What has no end is a scarf or a shirt of its colour.
    if not ends or ends[0] + gap > len(y):
        return 0.0
    return float(ends[0] * STEP)


def fine_lines(pixels: Pixels, unit: float) -> Shares:
    """(H, W) contrast of lines as fine as hair, CIELAB lightness."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    light = np.ascontiguousarray(lab[..., 0])
    near = cv2.GaussianBlur(light, (0, 0), max(0.012 * unit, 0.6))
    return np.abs(near - cv2.GaussianBlur(light, (0, 0), max(0.04 * unit, 1.2))).astype(np.float32)


def _mean(values: Shares, there: npt.NDArray[np.bool_]) -> float:
    """Mean where true; 1 where that is hardly anywhere."""
    return float(values[there].mean()) if there.sum() >= 12 else 1.0
