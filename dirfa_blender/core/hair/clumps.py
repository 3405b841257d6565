"""Locks of hair that come together into clumps toward their tips, and strands that leave them all. No bpy.

Hair that is not brushed a moment ago sticks to its neighbours: from afar it is seen as some hundred clumps
with shade between them, not as a surface. Clumps differ in how far they close, and locks that lie far from
their clump's middle hardly follow it. A few strands go their own way, and are what is seen of hair against
the light.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..directions import unit

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Of the way to their clump's middle, that its locks have gone at their tips: least and most; how that rises
# along them, as a power of their length.
CLOSING, FROM_ROOT = (0.30, 0.85), 1.3
SEEN_AT = (0.3, 0.65, 1.0)  # shares of a lock's length at which it is near to others
# Of a stray strand: how far off it turns aside over how far it stands off, and by how much it wanders.
TURNS_ASIDE, WANDERS = 1.0, 0.5


def clumps(
    paths: Floats, wide_metres: float, random: np.random.Generator
) -> tuple[Indices, Floats]:
    """(N,) the lock in the middle of the clump that each of some locks (N, P, 3), metres, belongs to.

    And (N,) 0..1 how far each goes to it at its tip. Clumps are about so wide.
    """
    count, points = paths.shape[:2]
    at = np.round(np.array(SEEN_AT) * (points - 1)).astype(int)
    seen = paths[:, at].reshape(count, -1)
    # One clump for so many locks as lie within its width of each other.
    few = seen[random.permutation(count)[: min(count, 200)]]
    away = _distances(few, seen) / np.sqrt(len(at))
    within = np.median((away < wide_metres).sum(1))
    middles = random.permutation(count)[: max(1, round(count / max(within, 1.0)))]
    away = _distances(seen, seen[middles]) / np.sqrt(len(at))
    nearest = away.argmin(1)
    apart = np.linalg.norm(paths[:, at] - paths[middles[nearest]][:, at], axis=2).max(1)
    near = np.clip(2.0 - apart / wide_metres, 0.0, 1.0)
    closing = random.uniform(*CLOSING, len(middles))[nearest]
    return middles[nearest], closing * near


def drawn_together(paths: Floats, off: Floats, closing: Floats) -> Floats:
    """(N, P, D) locks, gone so far of their ways `off` (N, P, D) to a clump's middle, most at the tip."""
    share = np.linspace(0.0, 1.0, paths.shape[1]) ** FROM_ROOT
    return paths + (closing[:, None] * share)[..., None] * off


def strayed(
    points: Floats,
    outward: Floats,
    part: float,
    most_metres: float,
    random: np.random.Generator,
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(S, P, 3) metres, strands of which such a part leaves the others toward its tips, off and aside.

    And (S,) which do.

    Parameters
    ----------
    outward : (S, P, 3) unit, off what they lie on
    """
    count, many = points.shape[:2]
    far = most_metres * random.uniform(0.1, 1.0, count) ** 2 * (random.random(count) < part)
    chosen = np.flatnonzero(far)
    share = np.linspace(0.0, 1.0, many)
    run = np.gradient(points[chosen], axis=1)
    aside = unit(np.cross(outward[chosen], run))
    # A hair is bent in one sense or two, nowhere sharply.
    phase = random.uniform(0.0, 2 * np.pi, (len(chosen), 1))
    wave = np.sin(phase + share * random.uniform(2.0, 7.0, (len(chosen), 1))) - np.sin(phase)
    off = far[chosen, None] * share**1.5
    turned = off * (TURNS_ASIDE * random.normal(0.0, 1.0, (len(chosen), 1)) + WANDERS * wave)
    result = points.copy()
    result[chosen] += outward[chosen] * off[..., None] + aside * turned[..., None]
    return result, far > 0.0


def _distances(some: Floats, others: Floats) -> Floats:
    """(N, M) between points (N, D) and (M, D)."""
    square = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2.0 * some @ others.T
    return np.sqrt(np.maximum(square, 0.0))
