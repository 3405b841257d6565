"""Forms too fine for the landmarks: nose wings, philtrum, body of the lips, upper lid fold. No bpy.

Each form is a displacement along the skin's normal in millimetres, written over the flat
coordinates (u, t) or over a ring number. All are soft bumps and grooves, so they survive any fit of
the head to a person.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .eyes import EYE_CENTRE
from .grid import LIP_RINGS, MOUTH_RINGS, Grid
from .piece import Indices
from .surface import Array


def sculpted(points: Array, grid: Grid) -> Array:
    """The points (V, 3) of the left half with the fine forms added."""
    push = _nose(grid.u, grid.t) + _brow(grid.u, grid.t)
    push += _philtrum(grid.u, grid.t) + _lip_skin(grid.u, grid.t)
    push += _lid_fold(grid) + _cheek(grid.u, grid.t) + _throat(grid.u, grid.t)
    normals = half_normals(points, grid.faces)
    # The red of the lips swells forward rather than up and down, else it would close over the slit.
    forward = normals * np.array([1.0, 1.0, 0.35])
    forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9)
    shaped = points + normals * push[:, None] + forward * _lips(grid)[:, None]
    return _lid_platform(shaped, grid)


def half_normals(points: Array, faces: Indices) -> Array:
    """Unit normals (V, 3) of the left half; on the midline they lie in it."""
    a, b, c, d = (points[faces[:, i]] for i in range(4))
    face = np.cross(c - a, d - b)
    normals = np.zeros_like(points)
    for i in range(4):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, i], face[:, axis], len(points))
    normals[points[:, 0] == 0.0, 0] = 0.0
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _bump(u: Array, t: Array, at: tuple[float, float], wide: float, high: float) -> Array:
    return np.exp(-(((u - at[0]) / wide) ** 2) - ((t - at[1]) / high) ** 2)


def _nose(u: Array, t: Array) -> Array:
    """A rounder wing set off from tip and cheek by a groove."""
    centre = (13.6, -22.0)
    du, dt = u - centre[0], t - centre[1]
    distance = np.hypot(du / 1.0, dt / 1.15)
    angle = np.degrees(np.arctan2(dt, du))
    outer = smoothstep(angle, -75.0, -35.0) * (1 - smoothstep(angle, 120.0, 160.0))
    groove = -1.5 * outer * np.exp(-(((distance - 6.6) / 1.7) ** 2))
    wing = 1.1 * np.exp(-((distance / 4.6) ** 2))
    tip = 0.5 * _bump(u, t, (4.2, -17.5), 4.5, 5.0)
    return groove + wing + tip


def _philtrum(u: Array, t: Array) -> Array:
    level = smoothstep(t, -44.5, -40.0) * (1 - smoothstep(t, -34.0, -29.5))
    return level * (0.55 * np.exp(-(((u - 4.6) / 1.9) ** 2)) - 0.75 * np.exp(-((u / 2.3) ** 2)))


def _lip_skin(u: Array, t: Array) -> Array:
    """The skin over the upper lip hollowed between nose and red, the furrow over the chin deepened."""
    upper = -0.5 * np.exp(-(((t + 38.5) / 4.6) ** 2)) * (1 - smoothstep(u, 13.0, 30.0))
    lower = -1.0 * np.exp(-(((t + 66.5) / 4.0) ** 2)) * (1 - smoothstep(u, 8.0, 24.0))
    return upper + lower


def _brow(u: Array, t: Array) -> Array:
    """A faint ridge under the eyebrow."""
    along = smoothstep(u, 6.0, 16.0) * (1 - smoothstep(u, 40.0, 56.0))
    return 0.5 * along * np.exp(-(((t - 33.0) / 5.0) ** 2))


def _cheek(u: Array, t: Array) -> Array:
    """The cheekbone a little out, the cheek under it a little in, the edge of the jaw drawn."""
    bone = 0.9 * _bump(u, t, (56.0, 0.0), 20.0, 9.0)
    hollow = -2.0 * _bump(u, t, (66.0, -44.0), 20.0, 17.0)
    jaw = 0.8 * smoothstep(u, 24.0, 50.0) * (1 - smoothstep(u, 86.0, 104.0))
    return bone + hollow + jaw * np.exp(-(((t + 92.0) / 7.0) ** 2))


def _throat(u: Array, t: Array) -> Array:
    """Larynx, the muscles from behind the ear to the breastbone, the pit between the collar bones."""
    larynx = 2.2 * _bump(u, t, (0.0, -160.0), 9.0, 10.0)
    along = np.clip((t + 104.0) / (-218.0 + 104.0), 0.0, 1.0)
    path = 128.0 + (12.0 - 128.0) * along**0.9
    inside = smoothstep(t, -232.0, -212.0) * (1 - smoothstep(t, -172.0, -124.0))
    muscle = inside * (
        2.0 * np.exp(-(((u - path) / 14.0) ** 2)) - 1.1 * np.exp(-(((u - path + 27.0) / 14.0) ** 2))
    )
    pit = -3.5 * _bump(u, t, (0.0, -219.0), 9.0, 8.0)
    bone_t = -229.0 - 0.10 * np.maximum(u - 12.0, 0.0)
    reach = smoothstep(u, 6.0, 18.0) * (1 - smoothstep(u, 84.0, 112.0))
    collar = reach * (
        2.6 * np.exp(-(((t - bone_t) / 5.0) ** 2))
        - 2.0 * np.exp(-(((t - bone_t - 12.0) / 6.5) ** 2))
    )
    return larynx + muscle + pit + collar


def _lips(grid: Grid) -> Array:
    """Body of the red lips: a fine ridge at the border, fullest below the middle, none in the corner."""
    push = np.zeros(len(grid.u))
    rings = grid.mouth[MOUTH_RINGS - 1 :]
    n = rings.shape[1]
    corner = n // 2
    from_corner = np.abs(np.arange(n) - corner) / corner
    body = smoothstep(from_corner, 0.0, 0.75)
    upper = np.arange(n) < corner
    x = grid.u[grid.mouth[MOUTH_RINGS]]
    tubercle = 0.45 * np.exp(-((x / 4.0) ** 2)) + 0.25 * np.exp(-(((x - 9.0) / 5.0) ** 2))
    pillows = 0.5 * np.exp(-(((x - 7.0) / 5.0) ** 2))
    s = (np.arange(LIP_RINGS + 2) - 1)[:, None] / LIP_RINGS
    ridge = 0.35 * np.exp(-((s / 0.16) ** 2))
    dome = np.sin(np.pi * np.clip(s, 0, 1) ** 0.8)
    high = np.where(upper, 1.3 + tubercle, 1.2 + pillows)
    push[rings] = body * (ridge + dome * high)
    return push


def _lid_fold(grid: Grid) -> Array:
    """The soft fold over the upper lid's crease, the faint bag under the lower lid."""
    push = np.zeros(len(grid.u))
    upper, lower = _along_lids(grid)
    ring = _rings_from_edge(grid)
    fold = 0.8 * np.exp(-(((ring - 4.2) / 1.2) ** 2))
    bag = 0.3 * np.exp(-(((ring - 1.6) / 1.0) ** 2)) - 0.35 * np.exp(-(((ring - 3.6) / 1.0) ** 2))
    push[grid.eye] = fold * upper + bag * lower
    return push


def _lid_platform(points: Array, grid: Grid) -> Array:
    """The upper lid laid on the globe up to its crease, the skin above hanging a little over it."""
    points = points.copy()
    upper, _ = _along_lids(grid)
    for ring, radius, share in ((0, 13.4, 0.8), (1, 14.0, 0.85), (2, 14.6, 0.9)):
        numbers = grid.eye[-1 - ring]
        away = points[numbers] - EYE_CENTRE
        r = np.linalg.norm(away, axis=1)
        pull = share * upper * np.maximum(r - radius, 0.0)
        points[numbers] -= away * (pull / r)[:, None]
    for ring, forward, down in ((3, 0.5, 2.4), (4, 0.5, 1.6), (5, 0.2, 0.8)):
        shift = upper[:, None] * np.array([0.0, -forward, -down])
        points[grid.eye[-1 - ring]] += shift
    return points


def _along_lids(grid: Grid) -> tuple[Array, Array]:
    """Shares (N,) along an eye ring: of the upper and of the lower lid, 0 in the corners."""
    n = grid.eye.shape[1]
    along = np.arange(n) / (n / 2)
    upper = np.where(along <= 1.0, np.sin(np.pi * np.clip(along, 0, 1)) ** 1.1, 0.0)
    lower = np.where(along >= 1.0, np.sin(np.pi * np.clip(along - 1.0, 0, 1)) ** 0.8, 0.0)
    return upper, lower


def _rings_from_edge(grid: Grid) -> Array:
    return (len(grid.eye) - 1 - np.arange(len(grid.eye)))[:, None].astype(float)
