"""A plain crew-neck shirt over the bust: a separate part that can be left out. No bpy.

The shirt is the skin of the bust set off by a few millimetres, with a rib round the collar. Its upper
edge dips into the neck, so no gap shows, and it takes the neck's motion like the skin below it.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .grid import HALF_TURN
from .piece import Half, strip_faces, strip_uvs
from .surface import RADIUS, T_BUST, Array, surface

CLOTH_BOX = (0.002, 0.002, 0.218, 0.048)
_COLUMNS = 48
# The collar: t in mm in front, at the side and at the back.
_COLLAR = (-214.0, -204.0, -192.0)
# Rows down from the collar: mm along the skin, mm off it. The rib is the raised band of 15 mm.
_RIB = ((0.0, -1.5), (0.6, 2.6), (2.0, 5.2), (6.0, 6.0), (11.0, 6.0), (14.0, 5.2), (16.0, 4.4))
_OFF_SKIN = 4.4  # mm
_ROWS_BELOW = 16


def collar(azimuth: Array) -> Array:
    """t in millimetres of the shirt's upper edge at an azimuth in radians."""
    front, side, back = _COLLAR
    ahead = np.cos(azimuth)
    return side + np.where(ahead > 0, (front - side) * ahead**2, (back - side) * ahead**2)


def add_cloth(half: Half) -> None:
    """Add the left half of the shirt, rows from the collar down to the cut of the bust."""
    u = np.linspace(0.0, HALF_TURN, _COLUMNS + 1)
    edge = collar(u / RADIUS)
    drop, off = np.array(_RIB).T
    rib = edge - drop[:, None]
    share = np.linspace(0.0, 1.0, _ROWS_BELOW + 1)[1:, None]
    t = np.concatenate([rib, rib[-1] + (T_BUST - rib[-1]) * share])
    thick = np.concatenate([off, np.full(_ROWS_BELOW, _OFF_SKIN)])[:, None]
    azimuth = np.broadcast_to(u / RADIUS, t.shape)
    # Collar bones and the slope of the shoulder stand under the cloth, which lies smoothly over them.
    thick = thick + 1.5 * smoothstep(-t, 225.0, 245.0)
    lift = surface()
    points = lift.position(azimuth, t) + lift.normal(azimuth, t) * thick[..., None]
    points[:, [0, -1], 0] = 0.0
    rows = half.add_points(points, "cloth", t.ravel())
    half.add_faces(strip_faces(rows), strip_uvs(len(rows), rows.shape[1], CLOTH_BOX), "cloth")
