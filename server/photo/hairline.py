"""Where hair begins over a forehead: the photo followed upward from the brows along the cap's columns."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.grid import HALF_TURN
from dirfa_blender.core.anatomy.hair_cap import COLUMNS
from dirfa_blender.core.hair.groom import cap_grid
from dirfa_blender.core.hair.hairline import LIMITS, column_paths
from dirfa_blender.core.head import Head
from dirfa_blender.core.likeness.view import View

from .mask import FaceMasks, Shares

Floats = npt.NDArray[np.float64]

FRONT_DEGREES = 52.0  # either side of the face's middle, up to which the photo shows the line
ROW = 0.002  # metres
STEPS = np.arange(-0.044, 0.088, ROW)  # metres from the template's line, upward
LOWEST = (-0.040, -0.008)  # metres, in the middle, where the brows are, and at the temples
HAIR_METRES = 0.008  # that must be hair in one piece
# Below it a fringe is in its own shade: so far down it goes on while there is no skin.
SHADED_METRES, SKIN = 0.012, 0.4
# Where hair has another colour than skin, what has the skin's is skin, up to so far above where hair seems
# to begin; share of skin that says so, and at most that hair within a reach further up has.
SKIN_ABOVE, SURELY_SKIN, NO_SKIN, WITHIN = 0.016, 0.8, 0.3, 0.032
# Mean metres by which the line over the forehead lies lower, from which some hair falls, and all of it.
FRINGE_METRES, FOREHEAD_DEGREES = (0.004, 0.011), 32.0
# Where sideburns are looked for: mm round the head, metres up from the template's line, share of that which
# must be seen; and shares of skin there, from which they begin to be short and are gone.
SIDEBURN_SEEN, SIDEBURN_STEPS, SIDEBURN_LEAST = (94.0, 109.0), np.arange(0.0, 0.045, 0.003), 0.4
SIDEBURN_BARE = (0.42, 0.66)
FADED_COLUMNS = 8  # beyond the front, over which the line returns to the template's
BACK_METRES = 0.012  # that the line rises at most at the sides and the back


def read_hairline(head: Head, view: View, to_picture: Floats, masks: FaceMasks) -> Floats | None:
    """(C,) metres by which the line of each column of the cap lies higher; None where it is not seen.

    Parameters
    ----------
    to_picture : (2, 3) map from pixels of the view's photo to the masks'
    """
    cap = cap_grid(head)
    if cap is None:
        return None
    places = view.to_photo(column_paths(cap, STEPS[:, None]))[..., :2]
    places = places @ to_picture[:, :2].T + to_picture[:, 2]
    hair, person, skin = (_at(mask, places) for mask in (masks.hair, masks.person, masks.skin))
    is_seen = person > 0.5
    columns = cap.shape[1]
    middle = np.minimum(np.arange(columns), columns - np.arange(columns))
    front = middle <= round(FRONT_DEGREES / 180 * COLUMNS)
    # Toward the temples brows and frames lie under the line, so there it is not looked for far down.
    lowest = LOWEST[0] + (LOWEST[1] - LOWEST[0]) * np.clip(middle / front.sum() * 2, 0, 1)
    is_hair = (hair > 0.5) & (person > 0.5) & (STEPS[:, None] >= lowest)
    found = np.full(columns, np.nan)
    begins = _begins(is_hair)
    for column in np.flatnonzero(front):
        first = begins[column]
        if first >= 0:
            below = slice(0, first)
            bare = np.flatnonzero((skin[below, column] > SKIN) | (STEPS[below] < lowest[column]))
            start = bare[-1] + 1 if len(bare) else 0
            found[column] = max(STEPS[start], STEPS[first] - SHADED_METRES)
            if start >= first - 1:
                found[column] = STEPS[first] + _skin_above(
                    hair[first:, column], skin[first:, column]
                )
        elif is_seen[:, column].mean() > 0.6:
            found[column] = LIMITS[1]
    # Fair hair has the colour of skin: a head that is not bald has no skin up to the crown.
    bare = np.mean(found[front] >= STEPS[-1] - 0.004)
    if np.isfinite(found[front]).mean() < 0.5 or bare > 0.5:
        return None
    return _even(found, front)


def _begins(is_hair: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(C,) the step at which each column (N, C) begins to be hair in one piece; -1 where it never does."""
    window = max(1, round(HAIR_METRES / ROW))
    runs = np.stack([np.convolve(column, np.ones(window), mode="valid") for column in is_hair.T])
    in_piece = runs >= window - 1
    return np.where(in_piece.any(1), in_piece.argmax(1), -1)


def _skin_above(hair: Floats, skin: Floats) -> float:
    """Metres of skin above where hair seems to begin in a column (N,), if hair is unlike it there."""
    within = slice(0, round(WITHIN / ROW))
    surely_hair = (hair[within] > 0.8) & (skin[within] < NO_SKIN)
    if surely_hair.sum() * ROW < HAIR_METRES:
        return 0.0
    return min(float((skin > SURELY_SKIN).argmin()) * ROW, SKIN_ABOVE)


def read_sideburns(head: Head, view: View, to_picture: Floats, masks: FaceMasks) -> float:
    """0 where skin is seen before the ears, 1 where hair grows there or nothing can be told of it."""
    cap = cap_grid(head)
    if cap is None:
        return 1.0
    half = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    left = np.flatnonzero((half > SIDEBURN_SEEN[0]) & (half < SIDEBURN_SEEN[1]))
    columns = np.append(left, cap.shape[1] - left)
    places = view.to_photo(column_paths(cap, SIDEBURN_STEPS[:, None])[:, columns])[..., :2]
    places = places @ to_picture[:, :2].T + to_picture[:, 2]
    seen = _at(masks.person, places) > 0.5
    if seen.mean() < SIDEBURN_LEAST:
        return 1.0
    bare = float(_at(masks.skin, places)[seen].mean())
    return float(np.interp(bare, SIDEBURN_BARE, (1.0, 0.0)))


def read_fringe(line: Floats) -> float:
    """0..1, how far hair falls over the forehead, whose line (C,) lies so much higher than usual."""
    columns = len(line)
    middle = np.minimum(np.arange(columns), columns - np.arange(columns))
    lower = -float(line[middle <= round(FOREHEAD_DEGREES / 180 * COLUMNS)].mean())
    return float(np.clip((lower - FRINGE_METRES[0]) / np.diff(FRINGE_METRES)[0], 0.0, 1.0))


def _even(found: Floats, front: npt.NDArray[np.bool_]) -> Floats:
    """(C,) the readings without gaps and teeth, half of the difference between the sides kept."""
    columns = len(found)
    order = np.roll(np.arange(columns), columns // 2)  # the face's middle in the middle
    values, inside = found[order], front[order]
    known = np.isfinite(values)
    values = np.interp(np.arange(columns), np.flatnonzero(known), values[known])
    values = np.where(inside, values, np.nan)
    edge = np.flatnonzero(inside)
    padded = np.pad(values[edge], 4, mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    median = 0.75 * median + 0.25 * median[::-1]
    kernel = np.hanning(9) / np.hanning(9).sum()
    smooth = np.convolve(np.pad(median, 4, mode="edge"), kernel, mode="valid")
    result = np.zeros(columns)
    result[edge] = smooth
    for step in range(1, FADED_COLUMNS + 1):
        share = 0.5 + 0.5 * np.cos(np.pi * step / (FADED_COLUMNS + 1))
        for start, sign in ((edge[0], -1), (edge[-1], 1)):
            value = np.clip(result[start], -BACK_METRES, BACK_METRES)
            result[(start + sign * step) % columns] = share * value
    back = np.empty(columns)
    back[order] = result
    return back


def _at(mask: Shares, places: Floats) -> Floats:
    x, y = (np.ascontiguousarray(places[..., k], np.float32) for k in range(2))
    return np.asarray(cv2.remap(mask, x, y, cv2.INTER_LINEAR), np.float64)
