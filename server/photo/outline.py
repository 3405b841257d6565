"""Where a person ends beside head and neck in a photo, and whether hair hides what is there."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .closeup import Closeup

Floats = npt.NDArray[np.float64]

OUTSIDE = 0.5  # share of a person, below which the person has ended


def person_ends(
    seen_in: Closeup, places_px: Floats, *, near: int, hairy: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(R,) the first place of each row that is not the person, and (R,) whether that is seen bare.

    Parameters
    ----------
    places_px : (R, N, 3) pixels of the photo, from within the person outward
    near : places inside the end at which hair would hide what ends there
    hairy : share of hair from which it does

    Notes
    -----
    Where the picture ends before the person nothing is seen.
    """
    at = seen_in.moved(places_px)[..., :2].astype(np.float32)
    person, hair = (
        cv2.remap(mask, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderValue=(-1.0,))
        for mask in (seen_in.masks.person, seen_in.masks.hair)
    )
    ended = person < OUTSIDE
    ends = ended.argmax(1)
    rows = np.arange(len(ends))
    inside = np.stack([hair[rows, np.maximum(ends - k, 0)] for k in range(1, near + 1)])
    is_seen = ended.any(1) & (person[rows, ends] >= 0.0) & (inside.max(0) < hairy)
    return ends, is_seen
