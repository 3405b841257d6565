"""How the ears in a photo sit on the head and stand off it, by the outline that they give the person.

Beside the cheeks a person's outline leaves the face at the lobe and follows the rim of the ear up to the
hair. The ears of the fitted head are moved and turned until their outline runs there; rows in which hair
is the outermost thing do not count. Where hair covers both ears, they are as most people's: landmarks leave
them 5 mm too high.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.head_fit import Fit
from dirfa_blender.core.head_template import template
from dirfa_blender.core.likeness.ears import Ear, EarPose, ears
from dirfa_blender.core.likeness.view import View

from .closeup import Closeup
from .outline import person_ends

Floats = npt.NDArray[np.float64]

# Of most people, and by how much one differs: metres and radians.
USUAL, VARIES = EarPose(0.005, np.radians(-4.0)), EarPose(0.005, np.radians(9.0))
# Share of a drop beyond the usual that is the ear's: the rest is a head held otherwise than the fit thinks,
# for ears lie 9 cm behind the face and go down as the chin goes up.
OF_EAR = 0.5
DROPS = np.arange(-0.008, 0.0181, 0.001)  # metres that are tried
TURNS = np.radians(np.arange(-25.0, 46.0, 5.0))
ROW, STEP = 0.001, 0.0005  # metres between rows, and along them
ABOVE, BELOW = 0.012, 0.024  # metres over and under an ear in which the outline is looked at
INSIDE, REACH = 0.012, 0.06  # metres from the cheek's outline inward, and from there outward
HAIRY, HAIR_NEAR = (
    0.4,
    0.0055,
)  # share of hair, and metres inside the outline in which it hides an ear
FARTHEST = 0.008  # metres; what is farther from the outline is something else
LEAST_ROWS = 0.25  # share of the rows that must be seen
MISSED = 0.003  # metres, mean, by which the outline may be missed: beyond, it is of something else
UNLIKELY = 0.0005  # metres of miss that stand against each deviation from the usual


@dataclass(frozen=True)
class _Side:
    """One side of a head in its photo, in metres of the head seen by the camera.

    Attributes
    ----------
    heights : (R,) of the rows, from the top
    seen : (R,) from the head's origin outward to where the person ends; NaN where hair does
    bare : (R,) the same of the head without its ear
    """

    heights: Floats
    seen: Floats
    bare: Floats


def ears_seen(seen_in: Closeup, fit: Fit) -> EarPose:
    """How the ears of a fitted head must be moved to look like those in its photo."""
    vertices = fit.head.vertices.astype(np.float64)
    misses: list[Floats] = []
    for ear in ears():
        side = _side(seen_in, fit.view, vertices, ear)
        is_seen = np.isfinite(side.seen)
        if is_seen.mean() < LEAST_ROWS:
            continue
        missed = _missed(side, fit.view, vertices, ear)
        if missed.min() < MISSED:
            misses.append(missed)
    if not misses:
        return replace(USUAL, drop=USUAL.drop / fit.scale)
    unlikely = (
        np.abs(DROPS[:, None] - USUAL.drop) / VARIES.drop + np.abs(TURNS - USUAL.turn) / VARIES.turn
    )
    cost = np.sum(misses, axis=0) + UNLIKELY * unlikely
    drop, turn = np.unravel_index(cost.argmin(), cost.shape)
    lower = USUAL.drop + OF_EAR * (float(DROPS[drop]) - USUAL.drop)
    return EarPose(lower / fit.scale, float(TURNS[turn]))


def _side(seen_in: Closeup, view: View, vertices: Floats, ear: Ear) -> _Side:
    """What the photo and the head without its ear show on the side of an ear."""
    turned = vertices @ view.rotation.T
    up = turned[ear.vertices, 2]
    heights = np.arange(up.max() + ABOVE, up.min() - BELOW, -ROW)
    skin = turned[template().part("face", "scalp", "neck")]
    skin = skin[skin[:, 0] * ear.side > 0]
    bare = _outline(ear.side * skin[:, 0], skin[:, 2], heights)
    across = np.median(bare) - INSIDE + np.arange(0.0, REACH, STEP)
    x, z = np.meshgrid(across, heights)
    unturned = replace(view, rotation=np.eye(3))
    places = unturned.to_photo(np.stack([ear.side * x, np.zeros_like(x), z], -1))
    ends, is_seen = person_ends(seen_in, places, near=round(HAIR_NEAR / STEP), hairy=HAIRY)
    return _Side(heights, np.where(is_seen, across[ends], np.nan), bare)


def _missed(side: _Side, view: View, vertices: Floats, ear: Ear) -> Floats:
    """(D, T) metres by which the outline is missed on the mean with each drop and turn."""
    is_seen = np.isfinite(side.seen)
    missed = np.empty((len(DROPS), len(TURNS)))
    for column, turn in enumerate(TURNS):
        x, _away, up = (ear.posed(vertices, turn) @ view.rotation.T).T
        for row, drop in enumerate(DROPS):
            lower = up - drop
            rim = _outline(ear.side * x, lower, side.heights)
            rim[(side.heights < lower.min()) | (side.heights > lower.max())] = -np.inf
            off = np.abs(np.maximum(rim, side.bare) - side.seen)[is_seen]
            missed[row, column] = np.minimum(off, FARTHEST).mean()
    return missed


def _outline(outward: Floats, up: Floats, heights: Floats) -> Floats:
    """(R,) the farthest outward of points at each of some even heights, between them where none is."""
    rows = np.round((heights[0] - up) / ROW).astype(np.int64)
    inside = (rows >= 0) & (rows < len(heights))
    farthest = np.full(len(heights), -np.inf)
    np.maximum.at(farthest, rows[inside], outward[inside])
    known = np.flatnonzero(np.isfinite(farthest))
    if not len(known):
        return farthest
    return np.interp(np.arange(len(heights)), known, farthest[known])
