"""How hair thins out toward its line: fewer, finer and shorter hairs, and no edge as if cut. No bpy.

What counts is how far a place is from the line in any direction. A sideburn is narrow, so all of it is near
to its line, and rows of the cap, which say how far it is up a column, know nothing of that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import nearest
from ..anatomy.grid import HALF_TURN
from ..anatomy.hair_cap import COLUMNS
from ..easing import smoothstep

Floats = npt.NDArray[np.float64]

# Metres inside the line over which hair comes to grow as densely as elsewhere, and by which that is uneven
# along the line; in how many waves round the head.
BAND_METRES, UNEVEN_METRES, UNEVEN_WAVES = 0.010, 0.0035, (61, 97, 139)
BEGINS = 0.45  # of that, outside the line, at which there would be no hair
# Metres over which hairs at the line are finer and shorter, and what they have of thickness and length.
FINE_METRES, FINEST, SHORTEST = 0.012, 0.40, 0.45
# Millimetres round the head from the middle of the forehead, between which sideburns grow; and of the
# height over their lower ends what counts as way from the line, for they thin out downward.
SIDEBURN, DOWNWARD = (84.0, 116.0), 0.35
DENSE = 4  # points of the line between two of its columns


def inside_metres(places: npt.ArrayLike, line: Floats) -> Floats:
    """(...,) metres of places (..., 3) from the nearest point of a closed line (C, 3), on either side."""
    points = np.asarray(places, np.float64)
    share = np.arange(DENSE)[:, None, None] / DENSE
    dense = (line + share * (np.roll(line, -1, 0) - line)).reshape(-1, 3)
    flat = points.reshape(-1, 3)
    away = np.linalg.norm(flat - dense[nearest(flat, dense)], axis=1)
    return away.reshape(points.shape[:-1])


def thinned_downward(inside: Floats, cap: Floats) -> Floats:
    """(R, C) metres from the line of a cap (R, C, 3), less in its sideburns the nearer to their ends."""
    half = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    left = np.flatnonzero((half > SIDEBURN[0]) & (half < SIDEBURN[1]))
    result = inside.copy()
    for columns in (left, 2 * COLUMNS - left):
        height = cap[:, columns, 2] - cap[0, columns, 2].min()
        top = cap[0, columns[[0, -1]], 2].min() - cap[0, columns, 2].min()
        limit = np.where(height < top, DOWNWARD * height, np.inf)
        result[:, columns] = np.minimum(result[:, columns], limit)
    return result


def unevenness(columns: int) -> Floats:
    """(C,) metres, about 0, by which the band lies higher or lower at the columns of a cap."""
    angle = np.linspace(0.0, 2 * np.pi, columns, endpoint=False)
    # Numbers that no symmetry joins: both sides of a head are not alike.
    waves = [np.sin(many * angle + 1.7 * many) for many in UNEVEN_WAVES]
    return UNEVEN_METRES * np.mean(waves, axis=0) * 1.6


def density(inside: Floats) -> Floats:
    """(R, C) 0 at the line to 1 where hair is as dense as anywhere, at so many metres from it."""
    off = inside + unevenness(inside.shape[1])
    return smoothstep(off, -BEGINS * BAND_METRES, BAND_METRES)


def fineness(inside: Floats) -> tuple[Floats, Floats]:
    """(...,) shares of thickness and of length that hairs have at so many metres from the line."""
    grown = smoothstep(inside, 0.0, FINE_METRES)
    return FINEST + (1.0 - FINEST) * grown, SHORTEST + (1.0 - SHORTEST) * grown
