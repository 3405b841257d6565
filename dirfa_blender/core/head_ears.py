"""The outer ear of the neutral head, sewn into the side of the skin. No bpy.

An ear is described by profiles: at some directions round the ear canal, the way from the head's
skin over the back of the ear, the rolled rim (helix), the groove behind the inner ridge
(antihelix) and down the bowl (concha) to the canal. A profile point is a distance from the canal,
as a share of the outline there, and a height above the head's side. The ear is 62 mm long and
35 mm wide, means of adults [1]_.

References
----------
.. [1] C. Sforza et al., "Age- and sex-related changes in the normal human ear",
   Forensic Sci. Int. 187, 2009.
"""

from __future__ import annotations

import numpy as np

from .head_piece import Half, Indices, ring_cap, strip_faces
from .head_surface import RADIUS, Array, Surface, height_to_t
from .head_uv import skin_uv

CANAL = np.array([6.0, -1.5])  # mm, y and z of the ear canal

# Directions from the canal in degrees: 0 forward, 90 up, 180 back, 270 down.
_DIRECTIONS = (0, 35, 65, 100, 140, 180, 220, 250, 280, 315)
_OUTLINE = (11.5, 15.5, 26.0, 31.5, 30.0, 25.5, 24.0, 27.0, 28.5, 14.5)
# One profile a direction, from the skin inward: shares of the outline, heights in mm.
_SHARES = (
    (1.30, 1.15, 1.02, 0.90, 0.80, 0.68, 0.56, 0.46, 0.40, 0.32, 0.22, 0.14, 0.05),
    (1.18, 1.10, 1.04, 0.98, 0.90, 0.80, 0.70, 0.60, 0.50, 0.38, 0.26, 0.16, 0.05),
    (1.06, 1.05, 1.04, 1.02, 0.97, 0.90, 0.82, 0.72, 0.60, 0.46, 0.32, 0.18, 0.05),
    (0.66, 0.78, 0.93, 1.00, 0.98, 0.93, 0.86, 0.76, 0.62, 0.48, 0.34, 0.18, 0.05),
    (0.56, 0.70, 0.92, 1.00, 0.98, 0.92, 0.84, 0.74, 0.58, 0.44, 0.32, 0.18, 0.05),
    (0.58, 0.72, 0.92, 1.00, 0.98, 0.91, 0.83, 0.73, 0.60, 0.48, 0.36, 0.20, 0.05),
    (0.60, 0.74, 0.92, 1.00, 0.98, 0.92, 0.85, 0.77, 0.64, 0.52, 0.38, 0.20, 0.05),
    (0.64, 0.78, 0.93, 1.00, 0.98, 0.92, 0.84, 0.74, 0.62, 0.50, 0.38, 0.20, 0.05),
    (1.05, 1.05, 1.04, 1.02, 0.97, 0.90, 0.80, 0.68, 0.56, 0.45, 0.34, 0.20, 0.05),
    (1.12, 1.08, 1.03, 0.97, 0.90, 0.82, 0.72, 0.62, 0.54, 0.46, 0.32, 0.18, 0.05),
)  # fmt: skip
_HEIGHTS = (
    (0.2, 0.4, 1.0, 2.4, 4.2, 6.4, 7.8, 7.4, 4.4, 1.2, -0.4, -1.6, -4.0),
    (0.3, 0.8, 2.0, 4.2, 6.4, 6.8, 5.0, 3.4, 3.6, 2.6, 0.8, -0.8, -4.0),
    (0.2, 1.4, 4.4, 8.0, 11.0, 11.2, 8.0, 6.6, 8.8, 5.6, 1.8, -0.4, -4.0),
    (0.8, 5.0, 10.5, 13.6, 16.4, 16.6, 11.6, 10.4, 14.2, 9.0, 2.4, -0.6, -4.0),
    (1.0, 7.0, 14.0, 16.8, 19.8, 20.0, 14.0, 12.6, 17.6, 10.5, 2.6, -0.8, -4.0),
    (1.0, 7.4, 15.0, 18.0, 21.0, 21.0, 14.6, 13.4, 18.6, 11.0, 2.8, -0.8, -4.0),
    (0.8, 6.4, 12.4, 15.2, 17.8, 18.0, 13.6, 13.0, 17.2, 11.0, 3.0, -0.6, -4.0),
    (0.5, 4.0, 8.2, 10.6, 12.6, 13.2, 12.0, 12.2, 14.0, 11.6, 3.6, -0.4, -4.0),
    (0.1, 1.0, 3.0, 5.4, 7.6, 8.8, 9.0, 8.8, 10.4, 9.8, 3.6, -0.2, -4.0),
    (0.1, 0.4, 1.0, 2.2, 3.6, 4.6, 5.0, 5.2, 5.2, 3.4, 0.8, -0.6, -4.0),
)  # fmt: skip
# Share of the heights at each direction: the rim stands off most behind its top, as an ear at 25 to 30
# degrees to the skull does, and comes in round over the top and down to the lobe.
_STANDING = (1.00, 0.90, 0.74, 0.72, 1.08, 1.02, 0.88, 0.85, 0.90, 0.94)
PROTRUSION = 0.70
TILT = np.radians(9.0)  # the ear's long axis leans back


def add_ear(half: Half, surface: Surface, border: Indices, flat: Array) -> None:
    """Sew the left ear into its hole.

    Parameters
    ----------
    border : (N,) vertices round the hole, clockwise from outside, from the middle of the front side
    flat : (N, 2) their (u, t)
    """
    n = len(border)
    places = half.points()[border]
    canal_u = np.arctan2(72.0, -CANAL[0]) * RADIUS
    canal_t = float(height_to_t(np.array(canal_u / RADIUS), CANAL[1]))
    angle = np.unwrap(np.arctan2(places[:, 2] - CANAL[1], CANAL[0] - places[:, 1]))
    angle = angle - 2 * np.pi * round(float(angle[0]) / (2 * np.pi))
    even = angle[0] + np.sign(angle[-1] - angle[0]) * np.arange(n) / n * 2 * np.pi
    profile_share, profile_height, outline, standing = _profiles(0.5 * angle + 0.5 * even)
    direction = 0.5 * angle + 0.5 * even - TILT * np.sin(0.5 * angle + 0.5 * even) ** 2
    rings = []
    for share, height in zip(profile_share, profile_height, strict=True):
        r = share * outline
        y = CANAL[0] - r * np.cos(direction) + np.tan(TILT) * r * np.sin(direction)
        z = CANAL[1] + r * np.sin(direction)
        rings.append(np.stack([_side(surface, y, z) + PROTRUSION * standing * height, y, z], -1))
    # Where the ear grows out of the skin the profiles change quickly: evened out along the ring.
    for k, passes in enumerate((8, 6, 4, 2)):
        for _ in range(passes):
            ahead, behind = np.roll(rings[k], -1, axis=0), np.roll(rings[k], 1, axis=0)
            rings[k] = (2 * rings[k] + ahead + behind) / 4
    skirt = [places + (rings[0] - places) * s for s in (1 / 3, 2 / 3)]
    for place in skirt:
        place[:, 0] = _side(surface, place[:, 1], place[:, 2])
    stack = np.array(skirt + rings)
    numbers = np.concatenate([border[None], half.add_points(stack, "ear_*")])
    # Drawn from the hole's outline inward to a small circle.
    level = np.linspace(1.0, 0.04, len(numbers))[:, None, None]
    centre = np.array([canal_u, canal_t])
    circle = 24.0 * np.stack([-np.cos(even), 1.6 * np.sin(even)], -1)
    uv = centre + level * (flat - centre + (circle - flat + centre) * (1 - level))
    rows = np.concatenate([uv, uv[:, :1]], axis=1)
    corners = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], 2)
    corners = corners.reshape(-1, 4, 2)
    left, right = (
        skin_uv(corners[..., 0], corners[..., 1]),
        skin_uv(-corners[..., 0], corners[..., 1]),
    )
    half.add_faces(strip_faces(numbers, True), left, "skin", right)
    cap = ring_cap(numbers[-1])
    last = uv[-1][np.maximum(cap - numbers[-1, 0], 0)]
    half.add_faces(
        cap, skin_uv(last[..., 0], last[..., 1]), "skin", skin_uv(-last[..., 0], last[..., 1])
    )


def _side(surface: Surface, y: Array, z: Array) -> Array:
    """x of the skin at the side of the head over (y, z)."""
    azimuth = np.arctan2(72.0, -y)
    for _ in range(2):
        point = surface.position(azimuth, height_to_t(azimuth, z))
        azimuth = azimuth + (y - point[:, 1]) / 75.0
    return surface.position(azimuth, height_to_t(azimuth, z))[:, 0]


def _profiles(angle: Array) -> tuple[Array, Array, Array, Array]:
    """Shares and heights (K, N), outline and standing (N,) at the given directions, smooth all round."""
    degrees = np.radians(np.array(_DIRECTIONS, float))
    basis = np.concatenate(
        [
            np.ones((1, len(degrees))),
            *(np.stack([np.cos(k * degrees), np.sin(k * degrees)]) for k in range(1, 5)),
        ]
    )
    shares, heights = np.array(_SHARES), np.array(_HEIGHTS)
    values = np.column_stack([shares, heights, _OUTLINE, _STANDING])
    penalty = np.diag([0, *(0.02 * k**2 for k in range(1, 5) for _ in range(2))])
    weights = np.linalg.solve(basis @ basis.T + penalty, basis @ values)
    at = np.concatenate(
        [
            np.ones((1, len(angle))),
            *(np.stack([np.cos(k * angle), np.sin(k * angle)]) for k in range(1, 5)),
        ]
    )
    out = weights.T @ at
    k = shares.shape[1]
    return out[:k], out[k : 2 * k], out[2 * k], out[2 * k + 1]
