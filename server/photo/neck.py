"""How thick the neck in a photo is, by where the person ends beside it.

Under the jaw a person's outline draws in to the neck and goes out again to collar and shoulders, so the
narrowest place is the neck's, or that of a jaw no wider than it. Where hair hangs beside the neck its
outline is hidden, and only the jaw says something about it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.likeness.neck import AXIS_Y, HALF_WIDTH, NECK_RANGE
from dirfa_blender.core.likeness.view import View

from .closeup import Closeup
from .outline import person_ends

Floats = npt.NDArray[np.float64]

MOUTH, CHIN = 14, 152  # landmarks between whose heights, and below, the neck is looked for
JAW = (58, 288)  # angles of the jaw
# Metres below the chin and to the sides in which the neck is looked for, and from row to row.
BELOW_CHIN, REACH, STEP = 0.03, 0.12, 0.0015
# A portrait is taken from about 1.6 m: the neck's sides, 7 cm behind the face, look smaller by this.
FARTHER = 1.045
HAIR_NEAR = 0.012  # metres inside the outline in which hair would hide the neck
HAIRY = 0.3  # share of hair that hides it
LEAST_ROWS = 5
# Of half the jaw's width: what is wider is hair or a beard, and how wide necks are on the whole.
WIDER_THAN_JAW, OF_JAW = 1.2, 0.92
WIDEST_OF_JAW = 1.0  # a wider neck stands out under the jaw like a shelf
# Shares of what is measured, and of what the jaw lets expect, that are believed.
BELIEVED, EXPECTED = 0.85, 0.5


def neck_share(seen_in: Closeup, points: Floats, view: View) -> float:
    """Share by which the neck in a photo is wider than the template's, by its jaw where it is hidden.

    Parameters
    ----------
    points : (N, 3) metres, landmarks of the face in the template's size
    view : how it stands in the photo

    Notes
    -----
    A head that looks aside moves both sides of the outline alike, so one side alone tells nothing.
    """
    heights = np.arange(points[MOUTH, 2], points[CHIN, 2] - BELOW_CHIN, -STEP)
    across = np.arange(0.0, REACH, STEP)
    jaw = float(points[JAW[1], 0] - points[JAW[0], 0]) / 2
    halves = [_half_width(seen_in, view, heights, side * across) for side in (-1.0, 1.0)]
    if max(halves) < WIDER_THAN_JAW * jaw:
        half = min(FARTHER * float(np.mean(halves)), WIDEST_OF_JAW * jaw)
        share = BELIEVED * (half / HALF_WIDTH - 1.0)
    else:
        share = EXPECTED * (OF_JAW * jaw / HALF_WIDTH - 1.0)
    return float(np.clip(share, *NECK_RANGE))


def _half_width(seen_in: Closeup, view: View, heights: Floats, across: Floats) -> float:
    """Metres from the neck's axis to where it ends on one side; infinite where hair hides that."""
    x, z = np.meshgrid(across, heights)
    places = view.to_photo(np.stack([x, np.full_like(x, AXIS_Y), z], -1))
    near = max(1, round(HAIR_NEAR / STEP))
    ends, is_seen = person_ends(seen_in, places, near=near, hairy=HAIRY)
    if is_seen.sum() < LEAST_ROWS:
        return np.inf
    return float(np.abs(across)[ends[is_seen]].min())
