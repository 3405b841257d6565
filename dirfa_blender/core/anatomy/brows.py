"""Hairs of the neutral head's eyebrows: flat strips on the skin, over the brows of its texture. No bpy.

A texture holds the colour and the outline of a brow but no hair, which a close-up misses. Hairs are mesh
like the lashes and not curves, because brows move with the skin and shape keys carry mesh alone. Each hair
has the texture coordinates of the skin under it, so a shader can give it the colour of the brow there, and
let it end where the photo shows skin. In the inner end hairs stand up, along the brow those of the lower
edge rise and those of the upper edge sink until they lie side by side, in the tail all sink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .piece import Half
from .surface import RADIUS, Array, landmark_domain, neutral_landmarks, surface
from .uv import skin_uv

HAIRS = 156  # a brow
NEIGHBOURS = 6
# Landmarks of the left brow from the nose outward.
UPPER_EDGE, LOWER_EDGE = (336, 296, 334, 293, 300), (285, 295, 282, 283, 276)
# Along the brow: way, direction above outward in its middle and its change from the lower to the upper
# edge in degrees, length in millimetres.
_WAY = (0.0, 0.15, 0.4, 0.7, 1.0)
_DIRECTION = (78.0, 58.0, 30.0, 8.0, -20.0)
_FAN = (-10.0, -30.0, -48.0, -46.0, -20.0)
_LENGTH = (5.0, 6.6, 7.4, 7.0, 4.6)
_WIDTH, _TIP_WIDTH = 0.14, 0.03  # millimetres
_FOLLOWED = (
    0.75  # of its way, whose skin is under a hair's tip: it may end a little beyond the brow
)
# Millimetres over the skin: the brow is round, and a straight hair's middle must lie over it too.
_ROOT_HEIGHT, _TIP_HEIGHT = 0.15, (0.55, 1.15)


@dataclass(frozen=True)
class Skin:
    """Vertices of the skin about a brow: places (N, 2) in (u, t), and (N, 3) how far they were sculpted."""

    flat: Array
    sculpted: Array

    @classmethod
    def about_brow(cls, grid: Grid, points: Array) -> Skin:
        flat = np.stack([grid.u, grid.t], -1)
        near = (grid.u < 75.0) & (grid.t > 5.0) & (grid.t < 60.0)
        lifted = surface().position(grid.u[near] / RADIUS, grid.t[near])
        return cls(flat[near], points[near] - lifted)


def add_brows(half: Half, grid: Grid, skin_points: Array) -> None:
    """Add the hairs of the left brow over the skin of a grid, as sculpted: `skin_points` (V, 3)."""
    skin = Skin.about_brow(grid, skin_points)
    random = np.random.default_rng(5)
    azimuth, height = landmark_domain(neutral_landmarks())
    flat = np.stack([azimuth * RADIUS, height], -1)
    # Evenly along, denser in the middle of the height, where a brow is fullest.
    way = (np.arange(HAIRS) + random.random(HAIRS)) / HAIRS
    across = random.beta(1.4, 1.4, HAIRS)
    tail = 1.0 - 0.75 * np.clip((way - 0.6) / 0.4, 0.0, 1.0)
    across = 0.5 + (across - 0.5) * tail
    at = way * (len(UPPER_EDGE) - 1)
    upper, lower = (
        np.stack([np.interp(at, np.arange(len(e)), flat[list(e), k]) for k in range(2)], -1)
        for e in (UPPER_EDGE, LOWER_EDGE)
    )
    root = lower + (upper - lower) * across[:, None]
    angle = np.interp(way, _WAY, _DIRECTION) + np.interp(way, _WAY, _FAN) * (across - 0.5)
    angle = np.radians(angle + random.normal(0.0, 9.0, HAIRS))
    length = np.interp(way, _WAY, _LENGTH) * random.uniform(0.75, 1.15, HAIRS)
    tip = root + length[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    places = [
        _over_skin(skin, root, _ROOT_HEIGHT),
        _over_skin(skin, tip, random.uniform(*_TIP_HEIGHT, HAIRS)),
    ]
    beside = np.cross(places[1] - places[0], surface().normal(root[:, 0] / RADIUS, root[:, 1]))
    beside /= np.linalg.norm(beside, axis=1, keepdims=True)
    ends = [
        place + sign * width / 2 * beside
        for place, width in zip(places, (_WIDTH, _TIP_WIDTH), strict=True)
        for sign in (-1.0, 1.0)
    ]
    numbers = half.add_points(np.stack(ends, 1), "brow_*")
    faces = numbers[:, [0, 1, 3, 2]]
    speck = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * 2e-4
    over = root + _FOLLOWED * (tip - root)
    left, right = (
        np.stack([skin_uv(sign * at[:, 0], at[:, 1]) for at in (root, root, over, over)], 1) + speck
        for sign in (1.0, -1.0)
    )
    half.add_faces(faces, left, "brows", right)


def _over_skin(skin: Skin, flat: Array, height: float | Array) -> Array:
    """Points (N, 3) at heights in millimetres over the skin's places (N, 2) in (u, t)."""
    u, t = flat.T
    lift = surface()
    # The skin was sculpted after it was lifted: by as much as its vertices round here, the nearer the more.
    away = ((flat[:, None] - skin.flat) ** 2).sum(-1)
    near = np.argpartition(away, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    share = 1.0 / (np.take_along_axis(away, near, 1) + 0.1)
    share /= share.sum(1, keepdims=True)
    sculpted = np.einsum("nk,nki->ni", share, skin.sculpted[near])
    normal = lift.normal(u / RADIUS, t)
    return lift.position(u / RADIUS, t) + sculpted + np.asarray(height)[..., None] * normal
