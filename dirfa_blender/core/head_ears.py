"""The outer ear of the neutral head, sewn into the side of the skin. No bpy.

An ear is described by profiles: at some directions round the ear canal, the way from the head's skin over the back of
the ear, the rolled rim (helix), the groove behind the inner ridge (antihelix) and down the bowl (concha) to
the canal. A profile point is a distance from the canal, as a share of the outline there, and a height above the
head's side. The ear is 62 mm long and 35 mm wide, means of adults [1]_.

References
----------
.. [1] C. Sforza et al., "Age- and sex-related changes in the normal human ear", Forensic Sci. Int. 187, 2009.
"""

from __future__ import annotations

import numpy as np

from .head_piece import Half, Indices, ring_cap, strip_faces
from .head_surface import RADIUS, Array, Surface, height_to_t
from .head_uv import skin_uv

CANAL = np.array([4.0, -1.5])  # mm, y and z of the ear canal

# Directions from the canal in degrees: 0 forward, 90 up, 180 back, 270 down.
_DIRECTIONS = (0, 35, 65, 100, 140, 180, 220, 250, 280, 315)
_OUTLINE = (11.5, 15.5, 26.0, 32.5, 31.0, 26.0, 24.0, 27.0, 28.5, 14.5)
# One profile a direction: (share of the outline, height in mm) from the skin inward.
_PROFILES = (
    ((1.30, 0.2), (1.15, 0.4), (1.02, 1.0), (0.90, 2.6), (0.80, 4.6), (0.68, 6.6), (0.56, 7.0), (0.46, 5.6), (0.40, 3.6), (0.32, 1.8), (0.22, 0.6), (0.14, -0.6), (0.05, -3.0)),
    ((1.18, 0.3), (1.10, 0.8), (1.04, 2.0), (0.98, 4.2), (0.90, 6.2), (0.80, 6.8), (0.70, 5.6), (0.60, 4.4), (0.50, 4.0), (0.38, 2.8), (0.26, 1.2), (0.16, -0.4), (0.05, -3.0)),
    ((0.86, 0.5), (0.92, 3.0), (0.99, 6.5), (1.01, 9.6), (0.97, 11.6), (0.90, 11.2), (0.82, 9.0), (0.72, 8.0), (0.60, 8.8), (0.46, 6.4), (0.32, 3.2), (0.18, 0.4), (0.05, -3.0)),
    ((0.66, 0.8), (0.78, 5.0), (0.93, 10.5), (1.00, 13.6), (0.985, 15.8), (0.93, 16.0), (0.86, 13.2), (0.76, 12.0), (0.62, 13.6), (0.48, 11.0), (0.34, 5.0), (0.18, 1.0), (0.05, -3.0)),
    ((0.56, 1.0), (0.70, 7.0), (0.92, 14.0), (1.00, 16.8), (0.98, 19.0), (0.92, 19.2), (0.84, 16.2), (0.74, 14.8), (0.58, 17.0), (0.44, 13.2), (0.32, 6.0), (0.18, 1.2), (0.05, -3.0)),
    ((0.58, 1.0), (0.72, 7.4), (0.92, 15.0), (1.00, 18.0), (0.98, 20.2), (0.91, 20.2), (0.83, 17.0), (0.73, 15.8), (0.60, 18.0), (0.48, 14.0), (0.36, 6.4), (0.20, 1.4), (0.05, -3.0)),
    ((0.60, 0.8), (0.74, 6.4), (0.92, 12.4), (1.00, 15.2), (0.98, 17.2), (0.92, 17.4), (0.85, 15.6), (0.77, 15.0), (0.64, 16.4), (0.52, 13.4), (0.38, 6.4), (0.20, 1.4), (0.05, -3.0)),
    ((0.64, 0.5), (0.78, 4.0), (0.93, 8.2), (1.00, 10.6), (0.98, 12.4), (0.92, 13.0), (0.84, 12.8), (0.74, 12.6), (0.62, 13.2), (0.50, 12.0), (0.38, 6.8), (0.20, 1.4), (0.05, -3.0)),
    ((0.80, 0.2), (0.88, 2.0), (0.96, 4.6), (1.00, 6.6), (0.97, 8.4), (0.90, 9.2), (0.80, 9.2), (0.68, 9.0), (0.56, 9.6), (0.45, 9.4), (0.34, 5.6), (0.20, 1.2), (0.05, -3.0)),
    ((1.12, 0.1), (1.08, 0.4), (1.03, 1.0), (0.97, 2.2), (0.90, 3.6), (0.82, 4.6), (0.72, 5.0), (0.62, 5.4), (0.54, 5.8), (0.46, 4.6), (0.32, 2.2), (0.18, 0.2), (0.05, -3.0)),
)  # fmt: skip
PROTRUSION = 0.8
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
    profile_share, profile_height, outline = _profiles(0.5 * angle + 0.5 * even)
    direction = 0.5 * angle + 0.5 * even - TILT * np.sin(0.5 * angle + 0.5 * even) ** 2
    # The top of the ear lies closer to the head than its back.
    lean = 1.0 - 0.38 * np.clip(np.sin(direction), 0, 1) ** 2
    rings = []
    for share, height in zip(profile_share, profile_height, strict=True):
        r = share * outline
        y = CANAL[0] - r * np.cos(direction) + np.tan(TILT) * r * np.sin(direction)
        z = CANAL[1] + r * np.sin(direction)
        rings.append(np.stack([_side(surface, y, z) + PROTRUSION * lean * height, y, z], -1))
    skirt = [places + (rings[0] - places) * s for s in (1 / 3, 2 / 3)]
    for place in skirt:
        place[:, 0] = _side(surface, place[:, 1], place[:, 2])
    stack = np.array(skirt + rings)
    numbers = np.concatenate([border[None], half.add_points(stack, "ear_*")])
    level = np.linspace(1.0, 0.03, len(numbers))[:, None, None]
    centre = np.array([canal_u, canal_t])
    uv = centre + (flat - centre) * level
    rows = np.concatenate([uv, uv[:, :1]], axis=1)
    corners = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], 2)
    corners = corners.reshape(-1, 4, 2)
    left, right = skin_uv(corners[..., 0], corners[..., 1]), skin_uv(-corners[..., 0], corners[..., 1])
    half.add_faces(strip_faces(numbers, True), left, "skin", right)
    cap = ring_cap(numbers[-1])
    last = uv[-1][np.maximum(cap - numbers[-1, 0], 0)]
    half.add_faces(cap, skin_uv(last[..., 0], last[..., 1]), "skin", skin_uv(-last[..., 0], last[..., 1]))


def _side(surface: Surface, y: Array, z: Array) -> Array:
    """x of the skin at the side of the head over (y, z)."""
    azimuth = np.arctan2(72.0, -y)
    for _ in range(2):
        point = surface.position(azimuth, height_to_t(azimuth, z))
        azimuth = azimuth + (y - point[:, 1]) / 75.0
    return surface.position(azimuth, height_to_t(azimuth, z))[:, 0]


def _profiles(angle: Array) -> tuple[Array, Array, Array]:
    """Shares and heights (K, N) and the outline (N,) at the given directions, smooth all round."""
    degrees = np.radians(np.array(_DIRECTIONS, float))
    basis = np.concatenate([np.ones((1, len(degrees))), *(np.stack([np.cos(k * degrees), np.sin(k * degrees)]) for k in range(1, 5))])
    table = np.array(_PROFILES)
    values = np.concatenate([table[:, :, 0], table[:, :, 1], np.array(_OUTLINE)[:, None]], axis=1)
    penalty = np.diag([0, *(0.02 * k**2 for k in range(1, 5) for _ in range(2))])
    weights = np.linalg.solve(basis @ basis.T + penalty, basis @ values)
    at = np.concatenate([np.ones((1, len(angle))), *(np.stack([np.cos(k * angle), np.sin(k * angle)]) for k in range(1, 5))])
    out = (weights.T @ at)
    k = table.shape[1]
    return out[:k], out[k : 2 * k], out[2 * k]
