"""The left half of the neutral head's skin in space, its openings turned inward. No bpy.

The flat grid is lifted by `surface`; then the lids are laid over the eyeball, the lips brought
together and every opening gets its rim: lids turn inward past the globe, nostrils end in a closed
pouch.
"""

from __future__ import annotations

import numpy as np

from ..easing import smoothstep
from .eyes import EYE_CENTRE, EYE_RADIUS
from .grid import EYE, LIP_RINGS, MOUTH, MOUTH_RINGS, NOSTRIL, Curves, Grid, build_grid, ring_size
from .mouth import CAVITY_BOX
from .piece import Half, Indices, ring_cap, strip_faces
from .sculpt import sculpted
from .surface import RADIUS, Array, landmark_domain, neutral_landmarks, surface
from .uv import skin_uv

LID_THICKNESS = 1.3  # mm
# Radians by which the lids' lining goes on behind the inner corner before it meets the globe, and share of
# a lid's length over which that ends: the wet pink hollow of the caruncle, some 4 mm wide.
CARUNCLE_SLIDE, CARUNCLE_LENGTH = 0.26, 0.3

_UPPER_LID = (362, 398, 384, 385, 386, 387, 388, 466, 263)
_LOWER_LID = (263, 249, 390, 373, 374, 380, 381, 382, 362)
_UPPER_BORDER = (0, 267, 269, 270, 409, 291)
_LOWER_BORDER = (291, 375, 321, 405, 314, 17)
_UPPER_EDGE = (13, 312, 311, 310, 415, 308)
_LOWER_EDGE = (308, 324, 318, 402, 317, 14)


def opening_curves() -> Curves:
    """The edges of eye, mouth and nostril in the flat domain, from the mean landmarks."""
    azimuth, t = landmark_domain(neutral_landmarks())
    flat = np.stack([azimuth * RADIUS, t], -1)
    lid_count = ring_size(EYE) // 2 + 1
    lid = np.concatenate(
        [_curve(flat, _UPPER_LID, lid_count)[:-1], _curve(flat, _LOWER_LID, lid_count)[:-1]]
    )
    # The red ends nearly where the lips part; the outer landmark of the corner lies beyond it.
    flat[291] = 0.35 * flat[291] + 0.65 * flat[308]
    lip_count = (MOUTH[1] - MOUTH[0]) // 2 + MOUTH[3] - MOUTH[2] + 1
    border = np.concatenate(
        [_curve(flat, _UPPER_BORDER, lip_count)[:-1], _curve(flat, _LOWER_BORDER, lip_count)]
    )
    edge = np.concatenate(
        [_curve(flat, _UPPER_EDGE, lip_count)[:-1], _curve(flat, _LOWER_EDGE, lip_count)]
    )
    for line in (border, edge):
        line[[0, -1], 0] = 0.0
    n = ring_size(NOSTRIL)
    angle = np.pi - np.arange(n) / n * 2 * np.pi
    tilt = 0.12
    x, y = 3.5 * np.cos(angle), 1.45 * np.sin(angle)
    nostril = np.stack([8.4 + x, -24.6 + y - tilt * x], -1)
    return Curves(lid, border, edge, nostril)


def _curve(flat: Array, indices: tuple[int, ...], count: int) -> Array:
    """A smooth line through landmarks, evenly divided."""
    points = flat[list(indices)]
    chord = np.append(0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
    s = np.linspace(0, chord[-1], 200)
    fine = np.stack([_natural_cubic(chord, points[:, k], s) for k in range(2)], -1)
    length = np.append(0, np.cumsum(np.hypot(*np.diff(fine, axis=0).T)))
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, fine[:, k]) for k in range(2)], -1)


def _natural_cubic(x: Array, y: Array, at: Array) -> Array:
    """Natural cubic spline through (x, y), evaluated."""
    n, h = len(x), np.diff(x)
    system, right = np.eye(n), np.zeros(n)
    for i in range(1, n - 1):
        system[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        right[i] = 6 * ((y[i + 1] - y[i]) / h[i] - (y[i] - y[i - 1]) / h[i - 1])
    m = np.linalg.solve(system, right)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, n - 2)
    a, b = (x[i + 1] - at) / h[i], (at - x[i]) / h[i]
    return a * y[i] + b * y[i + 1] + ((a**3 - a) * m[i] + (b**3 - b) * m[i + 1]) * h[i] ** 2 / 6


def add_skin(half: Half) -> tuple[Grid, Indices]:
    """Add the skin without ears; the flat grid and the numbers (V,) of its vertices come back."""
    lift = surface()
    grid = build_grid(opening_curves())
    points = lift.position(grid.u / RADIUS, grid.t)
    points[grid.u == 0.0, 0] = 0.0
    points = sculpted(points, grid)
    points = _lids_over_globe(points)
    points = _closed_lips(points, grid.mouth)
    points[(grid.u == 0.0) | (grid.u > np.pi * RADIUS - 1e-6), 0] = 0.0
    numbers = half.add_points(points, "face", grid.t)
    uv = np.stack([grid.u, grid.t], -1)
    _add_skin_faces(half, grid.faces, uv[grid.faces])
    _name_parts(half, grid, points)
    _add_lid_rims(half, grid, points)
    _add_nostril(half, grid, points)
    return grid, numbers


def _add_skin_faces(half: Half, faces: Indices, flat: Array) -> None:
    """Faces with corner places (F, 4, 2) in (u, t), drawn on both sides of the layout."""
    mirrored = skin_uv(-flat[..., 0], flat[..., 1])
    half.add_faces(faces, skin_uv(flat[..., 0], flat[..., 1]), "skin", mirrored)


def _name_parts(half: Half, grid: Grid, points: Array) -> None:
    x, z = grid.u, grid.t
    hairline = np.interp(x, (0, 40, 62, 75, 100, 170, 252), (78, 76, 60, 40, 36, -40, -80))
    half.set_part(np.flatnonzero(z > hairline), "scalp")
    half.set_part(np.flatnonzero(z < -104.0), "neck")
    half.set_part(np.flatnonzero(z < -226.0), "bust")
    nose = (x < 20) & (z < -4) & (z > -29) & (points[:, 1] < -88)
    half.set_part(np.flatnonzero(nose), "nose")
    n = grid.eye.shape[1]
    half.set_part(grid.eye[-6:, : n // 2 + 1].ravel(), "lid_upper_*")
    half.set_part(grid.eye[-5:, n // 2 + 1 :].ravel(), "lid_lower_*")
    corner = grid.mouth.shape[1] // 2
    half.set_part(grid.mouth[MOUTH_RINGS:, : corner + 1].ravel(), "lips_upper")
    half.set_part(grid.mouth[MOUTH_RINGS:, corner + 1 :].ravel(), "lips_lower")


def _lids_over_globe(points: Array) -> Array:
    """Skin never nearer to the eye centre than globe plus lid."""
    away = points - EYE_CENTRE
    r = np.linalg.norm(away, axis=1, keepdims=True)
    least, soft = EYE_RADIUS + LID_THICKNESS, 0.5
    over = (r - least) / soft
    grown = least + soft * np.where(over > 20, over, np.log1p(np.exp(np.minimum(over, 20))))
    return EYE_CENTRE + away * (grown / r)


def _closed_lips(points: Array, mouth: Indices) -> Array:
    """Both lip edges on one line, the lips' skin following."""
    points = points.copy()
    rings = points[mouth[MOUTH_RINGS:]]
    edge = rings[-1]
    seam = (edge + edge[::-1]) / 2
    share = (np.arange(LIP_RINGS + 1) / LIP_RINGS)[:, None, None] ** 1.5
    points[mouth[MOUTH_RINGS:]] = rings + (seam - edge)[None] * share
    return points


def _add_lid_rims(half: Half, grid: Grid, points: Array) -> None:
    """The lid margin: across the thickness to the globe, then back along it out of sight.

    On the lower lid it rises onto the globe in a hollow curve: the tears that stand there, which mirror a
    lamp in a bright line wherever it is.
    """
    edge = points[grid.eye[-1]]
    away = edge - EYE_CENTRE
    unit = away / np.linalg.norm(away, axis=1, keepdims=True)
    front = np.array([0.0, -1.0, 0.0])
    side = unit - (unit @ front)[:, None] * front
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    tangent = side - (side * unit).sum(1, keepdims=True) * unit
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    n = len(edge)
    tears = np.sin(np.pi * np.clip(np.arange(n) / (n / 2) - 1.0, 0.0, 1.0))[:, None] ** 0.5
    from_corner = np.minimum(np.arange(n), n - np.arange(n)) / (n / 2)
    hollow = CARUNCLE_SLIDE * (1.0 - smoothstep(from_corner / CARUNCLE_LENGTH))[:, None]
    rings = []
    for radius, dry, wet, deep in (
        (0.5, 0.02, -0.006, 0.3),
        (EYE_RADIUS + 0.12, 0.0, -0.034, 1.0),
        (EYE_RADIUS + 0.1, 0.12, 0.12, 1.0),
        (EYE_RADIUS + 0.6, 0.45, 0.45, 0.8),
    ):
        slide = dry + (wet - dry) * tears + deep * hollow
        reach = np.linalg.norm(away, axis=1, keepdims=True)
        target = (
            reach * 0.5 + (EYE_RADIUS + 0.12) * 0.5 if radius < 1 else np.full_like(reach, radius)
        )
        rings.append(EYE_CENTRE + target * (unit * np.cos(slide) + tangent * np.sin(slide)))
    numbers = np.concatenate([grid.eye[-1:], half.add_points(np.array(rings), "lid_lower_*")])
    half.set_part(numbers[1:, : n // 2 + 1].ravel(), "lid_upper_*")
    flat = np.stack([grid.u, grid.t], -1)[grid.eye[-1]]
    middle = flat.mean(0)
    level = np.array([1.0, 0.93, 0.86, 0.74, 0.6])[:, None, None]
    uv = middle + (flat - middle) * level
    _add_ring_faces(half, numbers, uv)


def _add_ring_faces(half: Half, numbers: Indices, uv: Array) -> None:
    rows = np.concatenate([uv, uv[:, :1]], axis=1)
    corners = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], 2)
    _add_skin_faces(half, strip_faces(numbers, True), corners.reshape(-1, 4, 2))


def _add_nostril(half: Half, grid: Grid, points: Array) -> None:
    """A pouch going up and back from the nostril's edge."""
    edge = points[grid.nostril[-1]]
    middle = edge.mean(0)
    flat = np.stack([grid.u, grid.t], -1)[grid.nostril[-1]]
    centre = flat.mean(0)
    # Up into the nose, away from its wing, and dark inside like a mouth.
    inward = np.array([-0.35, 0.1, 0.93])
    rings, levels = [], [1.0]
    for depth, size in ((0.6, 1.0), (1.6, 1.04), (4.5, 1.0), (8.0, 0.75), (10.0, 0.4)):
        rings.append(middle + (edge - middle) * size + inward * depth)
        levels.append(0.96 - 0.06 * depth)
    stack = np.array(rings)
    stack[..., 0] = np.maximum(stack[..., 0], 0.8)
    numbers = np.concatenate(
        [grid.nostril[-1:], half.add_points(stack, "nostril_*", float(centre[1]))]
    )
    uv = centre + (flat - centre) * np.array(levels)[:, None, None]
    _add_ring_faces(half, numbers[:3], uv[:3])
    dark = strip_faces(numbers[2:], True)
    cap = ring_cap(numbers[-1])
    box = np.broadcast_to(np.array([CAVITY_BOX[0], CAVITY_BOX[1]]) + 1e-3, (len(dark), 4, 2))
    half.add_faces(dark, box, "mouth")
    half.add_faces(cap, box[: len(cap)], "mouth")
