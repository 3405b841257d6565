"""A plain cap of hair over the neutral head: a separate part that can be left out. No bpy."""

from __future__ import annotations

import numpy as np

from .head_grid import COLUMNS, HALF_TURN
from .head_piece import Half, half_cap, smoothstep, strip_faces, strip_uvs, turned
from .head_surface import RADIUS, T_POLE, Array, surface

HAIR_BOX = (0.752, 0.002, 0.998, 0.108)
# The hairline: azimuth u against t, mm.
_LINE_U = (
    0.0,
    22.0,
    44.0,
    60.0,
    74.0,
    92.0,
    99.0,
    105.0,
    113.0,
    132.0,
    154.0,
    166.0,
    190.0,
    220.0,
    HALF_TURN,
)
_LINE_T = (
    79.0,
    79.0,
    76.0,
    66.0,
    50.0,
    40.0,
    10.0,
    -24.0,
    24.0,
    40.0,
    34.0,
    0.0,
    -64.0,
    -78.0,
    -82.0,
)
_ROWS = 22


def hairline(u: Array) -> Array:
    """t of the hairline over u, both millimetres."""
    fine = np.linspace(0, HALF_TURN, 500)
    window = np.exp(-0.5 * (np.arange(-24, 25) / 5.0) ** 2)
    line = np.interp(
        np.concatenate([-fine[24:0:-1], fine, 2 * HALF_TURN - fine[-2:-26:-1]]) % (2 * HALF_TURN),
        np.append(_LINE_U, [2 * HALF_TURN - x for x in _LINE_U[-2::-1]]),
        np.append(_LINE_T, _LINE_T[-2::-1]),
    )
    return np.interp(u, fine, np.convolve(line, window / window.sum(), mode="valid"))


def add_hair(half: Half) -> None:
    """Add the left half of the cap: rows from the hairline to the crown, thickest on top."""
    u = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    edge = hairline(u)
    share = np.append(0.0, np.linspace(0.006, 0.985, _ROWS - 1) ** 1.15)[:, None]
    t = edge + (T_POLE - edge) * share
    u = np.broadcast_to(u, t.shape)
    way = (t - edge) * np.where(t > 0, 1.0, 1.0)
    top = smoothstep(t, 20.0, 140.0)
    thick = (2.5 + 6.5 * top) * (1 - np.exp(-way / 14.0)) + 0.25
    thick[0] = -1.5
    lift = surface()
    points = lift.position(u / RADIUS, t) + lift.normal(u / RADIUS, t) * thick[..., None]
    points[:, [0, -1], 0] = 0.0
    rows = half.add_points(points, "hair", t.ravel())[::-1]
    half.add_faces(strip_faces(rows), strip_uvs(len(rows), rows.shape[1], HAIR_BOX), "hair")
    cap = turned(half_cap(rows[0]))
    half.add_faces(cap, np.broadcast_to(np.array(HAIR_BOX[:2]), (len(cap), 4, 2)).copy(), "hair")
