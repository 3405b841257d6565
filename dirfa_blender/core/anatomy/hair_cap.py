"""A plain cap of hair over the neutral head: a separate part that can be left out. No bpy."""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .grid import HALF_TURN
from .piece import Half, half_cap, strip_faces, strip_uvs, turned
from .surface import RADIUS, T_POLE, Array, surface

HAIR_BOX = (0.752, 0.002, 0.998, 0.108)
# The hairline: azimuth u against t, mm.
_LINE = (
    (0.0, 77.0), (14.0, 78.0), (30.0, 82.0), (44.0, 82.0), (56.0, 68.0), (68.0, 54.0), (83.0, 42.0),
    (89.0, 6.0), (93.0, -13.0), (112.0, -15.0), (115.5, 15.0), (120.0, 28.0), (134.0, 29.0),
    (148.0, 23.0), (155.0, 4.0), (162.0, -60.0), (170.0, -88.0), (190.0, -94.0),
    (220.0, -95.0), (HALF_TURN, -96.0),
)  # fmt: skip
COLUMNS = 80
ROWS = 22


def hairline(u: Array) -> Array:
    """t of the hairline over u, both millimetres."""
    line_u, line_t = np.array(_LINE).T
    step = HALF_TURN / 500
    fine = np.arange(-24, 525) * step
    folded = np.where(fine < 0, -fine, np.where(fine > HALF_TURN, 2 * HALF_TURN - fine, fine))
    window = np.exp(-0.5 * (np.arange(-24, 25) * step / 3.6) ** 2)
    smooth = np.convolve(np.interp(folded, line_u, line_t), window / window.sum(), mode="valid")
    return np.interp(u, np.arange(501) * step, smooth)


def add_hair(half: Half) -> None:
    """Add the left half of the cap: rows from the hairline to the crown, thickest on top."""
    u = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    edge = hairline(u)
    share = np.append(0.0, np.linspace(0.006, 0.985, ROWS - 1) ** 1.15)[:, None]
    t = edge + (T_POLE - edge) * share
    u = np.broadcast_to(u, t.shape)
    way = t - edge
    # Short at the sides and the nape, fuller on top, combed back in soft locks.
    top = smoothstep(t, 55.0, 120.0)
    locks = (
        np.sin(u * 0.42 + 0.6 * np.sin(t * 0.09))
        * smoothstep(t, 60.0, 95.0)
        * (1 - smoothstep(t, 140.0, 160.0))
    )
    thick = (1.6 + (8.5 + 0.7 * locks) * top) * (1 - np.exp(-way / 10.0)) + 0.2
    thick[0] = -0.8
    lift = surface()
    points = lift.position(u / RADIUS, t) + lift.normal(u / RADIUS, t) * thick[..., None]
    points[:, [0, -1], 0] = 0.0
    rows = half.add_points(points, "hair", t.ravel())[::-1]
    half.add_faces(strip_faces(rows), strip_uvs(len(rows), rows.shape[1], HAIR_BOX), "hair")
    cap = turned(half_cap(rows[0]))
    # At the crown's end of the layout: the other end is the hairline, where hair thins out.
    crown = np.array([HAIR_BOX[0], HAIR_BOX[3]])
    half.add_faces(cap, np.broadcast_to(crown, (len(cap), 4, 2)).copy(), "hair")
