"""What happens behind the lips: teeth and tongue ride on the jaw, the cavity wall is carried along.

The wall of the mouth has no motion of its own. It is held to the lips at its rim and, the deeper the more,
to jaw or skull; in between it settles like a membrane. The tongue lifts its tip for t, d, n and l, and it
can leave the mouth: it flattens to pass the teeth, which shapes alone do not part, and hangs over the lower
lip. No bpy.
"""

from __future__ import annotations

import numpy as np

from ..anatomy.face_view import Anatomy, Array, Fields, Indices, Mask
from ..easing import smoothstep
from .mouth import STILL as MOUTH_STILL
from .mouth import Moves, oval

ROUNDS = 60
TONGUE_ROOT_SHARE = 0.75
TONGUE_REACH = 42.0  # millimetres the tip travels
TONGUE_THIN = 0.4
TONGUE_HALF_WIDTH = 15.0  # millimetres between the teeth
TONGUE_LIPS: Moves = {
    164: (0.0, 0.2, 1.0), 393: (0.0, 0.2, 0.8), 18: (0.0, 0.6, -2.4), 406: (0.0, 0.4, -1.8),
    200: (0.0, 0.2, -0.8), 287: (-0.4, 0.0, -0.4),
} | oval((-0.6, 0.2, -0.4), upper=(0.0, 0.6, 1.8), lower=(0.0, 1.0, -3.4))  # fmt: skip
TIP_RISE, TIP_FORWARD = (
    14.0,
    5.0,
)  # millimetres, to the ridge behind the upper teeth as the jaw speaks
TIP_THIN = 0.45
WALL_BLEND = 7.0  # millimetres either side of the bite where the wall passes from skull to jaw


def interior_follow(anatomy: Anatomy, weight: Array) -> Array:
    """(V,) shares of the jaw's motion with those of teeth, tongue and cavity wall filled in."""
    weight = weight.copy()
    points, unit, mouth = anatomy.vertices, anatomy.unit, anatomy.mouth
    depth = (points[:, 1] - mouth.centre[1]) / unit
    lips = mouth.centre[[1, 2]]
    throat = anatomy.hinge[[1, 2]] - [0.0, 25.0 * unit]
    slope = (throat[1] - lips[1]) / (throat[0] - lips[0])
    bite = lips[1] + slope * (points[:, 1] - lips[0])
    below = smoothstep((bite - points[:, 2]) / unit, -WALL_BLEND, WALL_BLEND)
    wall = anatomy.part("cavity", "mouth")
    weight[wall] = (below * (1.0 - 0.6 * smoothstep(depth, 25.0, 60.0)))[wall]
    tongue = anatomy.part("tongue")
    root = 1.0 - (1.0 - TONGUE_ROOT_SHARE) * smoothstep(depth, 25.0, 55.0)
    weight[tongue] = root[tongue]
    weight[anatomy.part("teeth_lower", "gums_lower")] = 1.0
    return weight


def tongue_blade(anatomy: Anatomy) -> Array:
    """(V, 1) share of the tongue that is free of its root: 0 at the root, 1 before the middle."""
    part, points = anatomy.part("tongue"), anatomy.vertices
    if not part.any():
        return np.zeros((len(points), 1))
    root, tip = points[part, 1].max(), points[part, 1].min()
    free = smoothstep((root - points[:, 1]) / (root - tip), 0.1, 0.6)
    return np.where(part, free, 0.0)[:, None]


def settle(fields: Fields, anatomy: Anatomy) -> None:
    """Draw the cavity wall out between the lips and the bones.

    Parameters
    ----------
    fields : (K, V, 3) metres, changed in place; on the wall, what jaw or skull would do there
    """
    wall = anatomy.part("cavity", "mouth")
    if not wall.any():
        return
    starts, ends = _edges_into(wall, anatomy)
    order = np.argsort(ends, kind="stable")
    starts, ends = starts[order], ends[order]
    sites, first, degree = np.unique(ends, return_index=True, return_counts=True)
    grip = _grip(anatomy, sites)[:, None]
    used, place = np.unique(np.concatenate([starts, sites]), return_inverse=True)
    starts, sites_used = place[: len(starts)], place[len(starts) :]
    flat = np.moveaxis(fields[:, used], 0, 1).reshape(len(used), -1).copy()
    bone = flat[sites_used]
    for _ in range(ROUNDS):
        pulled = np.add.reduceat(flat[starts], first, axis=0)
        flat[sites_used] = (pulled + grip * bone) / (degree[:, None] + grip)
    fields[:, sites] = np.moveaxis(flat[sites_used].reshape(len(sites), len(fields), 3), 1, 0)


def tongue_out(anatomy: Anatomy) -> Array:
    """(V, 3) metres: the tongue out between the lips, which make way for it."""
    part, unit, mouth = anatomy.part("tongue"), anatomy.unit, anatomy.mouth
    lips = anatomy.motion(TONGUE_LIPS, MOUTH_STILL, sides=2)
    if not part.any():
        return lips
    points = anatomy.vertices[part]
    root, tip = points[:, 1].max(), points[:, 1].min()
    t = (root - points[:, 1]) / (root - tip)
    middle = _centre_line(points, t)
    bite = _bite_height(anatomy)
    y = points[:, 1] - TONGUE_REACH * unit * t**1.5
    passing = smoothstep((anatomy.mouth.centre[1] + 26.0 * unit - y) / unit, 0.0, 14.0)
    outside = np.maximum(mouth.centre[1] - 1.0 * unit - y, 0.0) / unit
    height = middle * (1.0 - passing) + passing * (bite - 0.022 * unit * outside**2)
    thin = 1.0 - passing * (1.0 - TONGUE_THIN)
    moved = np.zeros_like(anatomy.vertices)
    half = np.interp(t, *_half_widths(points, t))
    blunt = 1.0 - np.maximum(t - 0.76, 0.0) ** 2.5 / 0.26**2.5
    round_tip = TONGUE_HALF_WIDTH * unit * np.sqrt(blunt)
    narrowed = np.minimum(round_tip / np.maximum(half, 1e-6), 2.6)
    moved[part, 0] = (narrowed - 1.0) * smoothstep(t, 0.4, 0.8) * points[:, 0]
    moved[part, 1] = y - points[:, 1]
    moved[part, 2] = height + (points[:, 2] - middle) * thin - points[:, 2]
    return moved + lips


def tongue_up(anatomy: Anatomy) -> Array:
    """(V, 3) metres: the tip behind the upper front teeth, thin and pointed, the root where it was."""
    part, unit = anatomy.part("tongue"), anatomy.unit
    moved = np.zeros_like(anatomy.vertices)
    if not part.any():
        return moved
    points = anatomy.vertices[part]
    root, tip = points[:, 1].max(), points[:, 1].min()
    t = (root - points[:, 1]) / (root - tip)
    lifted, pointed = smoothstep(t, 0.35, 1.0), smoothstep(t, 0.6, 1.0)
    moved[part, 0] = -0.25 * pointed * points[:, 0]
    moved[part, 1] = -TIP_FORWARD * unit * pointed
    below = points[:, 2] - _centre_line(points, t)
    moved[part, 2] = TIP_RISE * unit * lifted - TIP_THIN * pointed * below
    return moved


def _half_widths(points: Array, t: Array) -> tuple[Array, Array]:
    """Places along the tongue and its half width there, metres."""
    ways = np.linspace(0.0, 1.0, 25)
    wide = np.where(np.abs(t[:, None] - ways) < 0.025, np.abs(points[:, :1]), 0.0).max(0)
    return ways[wide > 0.0], wide[wide > 0.0]


def _centre_line(points: Array, t: Array) -> Array:
    """Height of the tongue's middle at each of its points."""
    ways = np.linspace(0.0, 1.0, 13)
    near = np.abs(t[:, None] - ways) < 0.06
    high = np.where(near, points[:, 2:], -np.inf).max(0)
    low = np.where(near, points[:, 2:], np.inf).min(0)
    known = np.isfinite(high) & np.isfinite(low)
    return np.interp(t, ways[known], (high + low)[known] / 2)


def _bite_height(anatomy: Anatomy) -> float:
    """Height between the edges of the upper and lower front teeth, else of the slit."""
    edges: list[float] = []
    for name, choose in (("teeth_upper", np.min), ("teeth_lower", np.max)):
        teeth = anatomy.vertices[anatomy.part(name)]
        if len(teeth):
            front = teeth[teeth[:, 1] < teeth[:, 1].min() + 8.0 * anatomy.unit]
            edges.append(float(choose(front[:, 2])))
    return float(np.mean(edges)) if edges else float(anatomy.mouth.centre[2])


def _grip(anatomy: Anatomy, sites: Indices) -> Array:
    """How firmly the bones hold the wall: not at all at the lips, wholly 20 mm behind them."""
    mouth, points = anatomy.mouth, anatomy.vertices[sites]
    depth = (points[:, 1] - mouth.depth_at(points[:, 0])) / anatomy.unit
    return 3.0 * smoothstep(depth, 2.0, 22.0)


def _edges_into(wall: Mask, anatomy: Anatomy) -> tuple[Indices, Indices]:
    pairs = np.concatenate([anatomy.edges, anatomy.edges[:, ::-1]])
    pairs = pairs[wall[pairs[:, 1]]]
    return pairs[:, 0], pairs[:, 1]
