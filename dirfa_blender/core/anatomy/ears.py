"""The outer ear of the neutral head, sewn into the side of the skin. No bpy.

Its outline and back are profiles: at some directions round the ear canal, the way from the head's skin
over the back of the ear to the rolled rim (helix), as distances from the canal in shares of the outline
and heights above the head's side. What the rim encloses is a relief over the ear's plane: the groove within
the rim (scapha), the inner ridge (antihelix) that forks toward the top, the bowl (concha) with the root of
the rim across it, and the flaps before and below the canal (tragus, antitragus). The ear is 62 mm long
and 35 mm wide, means of adults [1]_.

References
----------
.. [1] C. Sforza et al., "Age- and sex-related changes in the normal human ear",
   Forensic Sci. Int. 187, 2009.
"""

from __future__ import annotations

import numpy as np

from .piece import Half, Indices, ring_cap, strip_faces
from .surface import RADIUS, Array, Surface, height_to_t
from .uv import skin_uv

CANAL = np.array([6.0, -1.5])  # mm, y and z of the ear canal

# Directions from the canal in degrees: 0 forward, 90 up, 180 back, 270 down.
_DIRECTIONS = (0, 35, 65, 100, 140, 180, 220, 250, 280, 315)
_OUTLINE = (11.5, 15.5, 26.0, 31.5, 30.0, 25.5, 24.0, 27.0, 28.5, 14.5)
# One profile a direction, from the skin over the back to the inside of the rim: shares of the outline,
# heights in mm.
_SHARES = (
    (1.30, 1.15, 1.02, 0.92, 0.85), (1.18, 1.10, 1.04, 0.98, 0.92), (1.06, 1.05, 1.04, 1.02, 0.97),
    (0.66, 0.78, 0.93, 1.00, 0.98), (0.56, 0.70, 0.92, 1.00, 0.98), (0.58, 0.72, 0.92, 1.00, 0.98),
    (0.60, 0.74, 0.92, 1.00, 0.98), (0.64, 0.78, 0.93, 1.00, 0.98), (1.05, 1.05, 1.04, 1.02, 0.97),
    (1.12, 1.08, 1.03, 0.97, 0.92),
)  # fmt: skip
_HEIGHTS = (
    (0.2, 0.4, 1.0, 1.8, 2.6), (0.3, 0.8, 2.0, 4.2, 6.4), (0.2, 1.4, 4.4, 8.0, 11.0),
    (0.8, 5.0, 10.5, 13.6, 16.4), (1.0, 7.0, 14.0, 16.8, 19.8), (1.0, 7.4, 15.0, 18.0, 21.0),
    (0.8, 6.4, 12.4, 15.2, 17.8), (0.5, 4.0, 8.2, 10.6, 12.6), (0.1, 1.0, 3.0, 5.4, 7.6),
    (0.1, 0.4, 1.0, 2.2, 3.6),
)  # fmt: skip
# Rings within the rim: shares of its last one, down to the canal.
_INNER = (0.92, 0.84, 0.75, 0.65, 0.54, 0.43, 0.31, 0.18, 0.05)
# The relief within the rim, mm back and up from the canal's entrance. Ridges are lines with a height over
# the ear's plane and a half-width; hollows are outlines with a depth and the width of their slope.
_ANTIHELIX = ((6.5, -13.0), (12.0, -10.0), (15.6, -3.0), (16.2, 5.0), (13.6, 12.5))
_CRURA = (((13.6, 12.5), (11.0, 18.5), (6.0, 23.5)), ((13.6, 12.5), (8.0, 14.5), (0.0, 14.0)))
_ROOT = ((-9.0, 11.0), (-6.0, 6.5), (0.0, 4.6), (6.5, 4.0))
_CONCHA = (
    (-3.5, -2.0), (-3.0, -10.0), (0.5, -11.5), (6.5, -10.5), (11.2, -6.0), (12.8, 0.0), (12.4, 6.0),
    (9.0, 10.6), (2.0, 11.0), (-3.0, 10.5), (-4.0, 4.0),
)  # fmt: skip
_FOSSA = ((-2.5, 16.5), (4.0, 17.0), (9.5, 16.6), (7.5, 20.0), (3.0, 22.6), (-2.0, 21.0))
_TRAGUS, _ANTITRAGUS = ((-6.6, -6.0), (-5.2, -2.5), (-6.2, 1.2)), ((2.0, -13.0), (6.5, -12.4))
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
    places = half.points()[border]
    even, direction = _directions(places)
    stack = _evened(_rings(surface, direction))
    skirt = (places + stack[0]) / 2
    skirt[:, 0] = _side(surface, skirt[:, 1], skirt[:, 2])
    stack = np.concatenate([skirt[None], stack])
    numbers = np.concatenate([border[None], half.add_points(stack, "ear_*")])
    uv = _layout(len(numbers), even, flat)
    rows = np.concatenate([uv, uv[:, :1]], axis=1)
    corners = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], 2)
    left, right = _skin_uvs(corners.reshape(-1, 4, 2))
    half.add_faces(strip_faces(numbers, True), left, "skin", right)
    cap = ring_cap(numbers[-1])
    left, right = _skin_uvs(uv[-1][np.maximum(cap - numbers[-1, 0], 0)])
    half.add_faces(cap, left, "skin", right)


def _directions(places: Array) -> tuple[Array, Array]:
    """(N,) radians round the canal in even steps, and half way from them to those of places (N, 3)."""
    n = len(places)
    angle = np.unwrap(np.arctan2(places[:, 2] - CANAL[1], CANAL[0] - places[:, 1]))
    angle = angle - 2 * np.pi * round(float(angle[0]) / (2 * np.pi))
    even = angle[0] + np.sign(angle[-1] - angle[0]) * np.arange(n) / n * 2 * np.pi
    return even, 0.5 * angle + 0.5 * even


def _rings(surface: Surface, direction: Array) -> Array:
    """(R, N, 3) the ear's rings: up the back to the rim by the profiles, then within it to the canal."""
    profile_share, profile_height, outline, standing = _profiles(direction)
    leaning = direction - TILT * np.sin(direction) ** 2
    rings: list[Array] = []
    rim_share, rim_height = profile_share[-1], profile_height[-1]
    shares = [*profile_share, *(rim_share * share for share in _INNER)]
    for number, share in enumerate(shares):
        r = share * outline
        back, up = -r * np.cos(leaning), r * np.sin(leaning)
        if number < len(profile_height):
            height = profile_height[number]
        else:
            height = _within_rim(back, up, share / rim_share, rim_height)
        y, z = CANAL[0] + back + np.tan(TILT) * up, CANAL[1] + up
        rings.append(np.stack([_side(surface, y, z) + PROTRUSION * standing * height, y, z], -1))
    return np.array(rings)


def _evened(rings: Array) -> Array:
    """(R, N, 3) the rings without what is finer than they can show."""
    stack = rings.copy()
    # Where the ear grows out of the skin the profiles change quickly: evened out along the ring.
    for ring, passes in zip(stack, (8, 6, 4, 2), strict=False):
        for _ in range(passes):
            ring[:] = (2 * ring + np.roll(ring, -1, axis=0) + np.roll(ring, 1, axis=0)) / 4
    # The relief is finer than the rings in places.
    first = len(_SHARES[0])
    inside = stack[first:-1]
    around = np.roll(inside, 1, axis=1) + np.roll(inside, -1, axis=1)
    along = stack[first - 1 : -2] + stack[first + 1 :]
    stack[first:-1] = (6 * inside + around + along) / 10
    return stack


def _layout(count: int, even: Array, flat: Array) -> Array:
    """(count, N, 2) (u, t) of the rings: from the hole's outline (N, 2) inward to a small circle."""
    canal_u = np.arctan2(72.0, -CANAL[0]) * RADIUS
    canal_t = float(height_to_t(np.array(canal_u / RADIUS), CANAL[1]))
    level = np.linspace(1.0, 0.04, count)[:, None, None]
    centre = np.array([canal_u, canal_t])
    circle = 24.0 * np.stack([-np.cos(even), 1.6 * np.sin(even)], -1)
    return centre + level * (flat - centre + (circle - flat + centre) * (1 - level))


def _skin_uvs(places: Array) -> tuple[Array, Array]:
    """Texture places of (u, t) (..., 2) on the left side, and of their mirror images on the right."""
    u, t = places[..., 0], places[..., 1]
    return skin_uv(u, t), skin_uv(-u, t)


def _within_rim(back: Array, up: Array, inward: Array, rim: Array) -> Array:
    """(N,) heights in mm at places in the ear's plane.

    Parameters
    ----------
    inward : (N,) 1 on the rim, 0 at the canal; rim : (N,) height of the rim in this direction
    """
    place = np.stack([back, up], -1)
    # The plane passes through the rim behind and lies on the head before the canal.
    plane = 9.5 + 0.40 * back + 0.09 * up
    plane = plane + (rim - plane) * np.clip(inward, 0.0, 1.0) ** 3
    groove = 0.5 + 0.5 * np.tanh((np.hypot(back, up) - 15.0) / 3.0)
    groove *= 0.5 + 0.5 * np.tanh((up + 9.0 + 0.35 * back) / 4.0)
    height = plane - 7.5 * groove * np.exp(-(((inward - 0.80) / 0.095) ** 2))
    height -= 4.2 * _inside(place, _FOSSA, 2.6)
    height -= 15.0 * _inside(place, _CONCHA, 2.6) * (1.0 - 0.36 * _ridge(place, _ROOT, 2.8))
    # Deepest at the canal, under the tragus.
    height -= 9.0 * np.exp(-((np.hypot(back + 1.5, up + 2.0) / 3.4) ** 2))
    height += 3.8 * np.maximum.reduce([_ridge(place, line, 2.8) for line in (_ANTIHELIX, *_CRURA)])
    height += 8.0 * _ridge(place, _TRAGUS, 3.0) + 5.0 * _ridge(place, _ANTITRAGUS, 2.8)
    return height


def _ridge(place: Array, line: tuple[tuple[float, float], ...], wide: float) -> Array:
    """(N,) 1 on a line through corners, falling off to its sides."""
    return np.exp(-((_away(place, np.array(line), False) / wide) ** 2))


def _inside(place: Array, ring: tuple[tuple[float, float], ...], slope: float) -> Array:
    """(N,) 1 within a ring of corners, 0 outside, smooth between."""
    corners = np.array(ring)
    (x, y), (ax, ay) = place.T, corners.T[..., None]
    bx, by = np.roll(ax, -1, axis=0), np.roll(ay, -1, axis=0)
    crossed = (ay > y) != (by > y)
    at = ax + (y - ay) / np.where(by == ay, 1.0, by - ay) * (bx - ax)
    within = (crossed & (x < at)).sum(0) % 2 == 1
    away = _away(place, corners, True)
    return 0.5 + 0.5 * np.tanh(np.where(within, away, -away) / (0.5 * slope))


def _away(place: Array, corners: Array, is_closed: bool) -> Array:
    """(N,) distance of places (N, 2) from a line through corners (C, 2)."""
    ends = np.roll(corners, -1, axis=0)
    starts, ends = (corners, ends) if is_closed else (corners[:-1], ends[:-1])
    run = ends - starts
    off = place[:, None] - starts
    share = np.clip((off * run).sum(-1) / (run**2).sum(-1), 0.0, 1.0)
    return np.linalg.norm(off - share[..., None] * run, axis=-1).min(1)


def _side(surface: Surface, y: Array, z: Array) -> Array:
    """x of the skin at the side of the head over (y, z)."""
    azimuth = np.arctan2(72.0, -y)
    for _ in range(2):
        point = surface.position(azimuth, height_to_t(azimuth, z))
        azimuth = azimuth + (y - point[:, 1]) / 75.0
    return surface.position(azimuth, height_to_t(azimuth, z))[:, 0]


def _profiles(angle: Array) -> tuple[Array, Array, Array, Array]:
    """Shares and heights (K, N), outline and standing (N,) at the given directions, smooth all round."""
    basis = _waves(np.radians(np.array(_DIRECTIONS, float)))
    shares, heights = np.array(_SHARES), np.array(_HEIGHTS)
    values = np.column_stack([shares, heights, _OUTLINE, _STANDING])
    penalty = np.diag([0, *(0.02 * k**2 for k in range(1, 5) for _ in range(2))])
    weights = np.linalg.solve(basis @ basis.T + penalty, basis @ values)
    out = weights.T @ _waves(angle)
    k = shares.shape[1]
    return out[:k], out[k : 2 * k], out[2 * k], out[2 * k + 1]


def _waves(angle: Array) -> Array:
    """(9, N) one, and cosine and sine of the first four multiples."""
    waves = (np.stack([np.cos(k * angle), np.sin(k * angle)]) for k in range(1, 5))
    return np.concatenate([np.ones((1, len(angle))), *waves])
