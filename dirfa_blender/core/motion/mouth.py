"""Mouth corner and lip-raiser shapes, written as the pull of their muscles on landmarks.

Millimetres outward, forward, up on a face with 63 mm between the eye centres. Directions are the muscles':
zygomaticus major back and up towards the cheekbone, risorius back, depressor down, levators up beside the
nose. Both rings of a lip get the same pull, so lips keep their thickness; only a smile draws both lips out
over the teeth, and a raised upper lip itself: their red thins. Cheeks gather where skin is pushed. No bpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..anatomy.face_view import (
    LOWER_INNER,
    LOWER_OUTER,
    TWINS,
    UPPER_INNER,
    UPPER_OUTER,
    Anatomy,
    Array,
)
from ..easing import smoothstep

Move = tuple[float, float, float]
Moves = dict[int, Move]
Place = tuple[int, int, float]

STILL = (
    1, 4, 5, 195, 6, 168, 9, 10, 362, 263, 374, 386, 380, 390, 334, 285, 276, 332, 284, 251, 356, 454,
    447, 323, 361, 288, 397, 365, 379, 378, 400, 152, 279, 417, 437,
)  # fmt: skip
# Millimetres by which the red of a lip gets thinner in its middle, upper and lower.
SMILE_THINS, RAISE_THINS = (1.0, 1.3), (1.2, 0.0)
RING = (0.0, 0.24, 0.47, 0.69, 0.87, 1.0)  # way to the corner of the lip landmarks in ring order

SMILE: Moves = {
    287: (4.8, -6.5, 5.6), 410: (4.9, -3.4, 5.0), 273: (4.0, -5.0, 4.4), 432: (3.2, -4.8, 4.2),
    436: (4.1, -1.2, 4.4), 426: (3.4, 0.9, 3.2), 423: (2.8, 0.9, 2.4), 322: (4.3, -1.0, 3.6),
    391: (3.2, -0.4, 2.2), 358: (2.9, -0.2, 1.4), 278: (1.2, 0.0, 0.4), 327: (1.8, 0.0, 1.5),
    425: (3.0, 2.8, 3.1), 427: (3.7, 0.6, 3.3),
    411: (3.2, 1.0, 2.7), 280: (2.2, 2.6, 3.3), 330: (1.2, 2.0, 2.8), 347: (0.5, 1.6, 2.7),
    266: (1.7, 1.6, 2.5), 434: (2.4, -2.0, 2.5), 416: (2.3, -0.6, 1.5), 422: (2.2, -3.6, 3.2),
    424: (1.6, -1.8, 1.7), 335: (3.0, -2.0, 2.5), 406: (2.1, -1.0, 1.2), 200: (0.0, -0.4, 0.1),
    376: (1.6, 0.6, 1.7), 346: (0.4, 1.0, 2.4), 18: (0.1, -0.6, 0.6), 164: (0.1, -0.4, 0.4),
}  # fmt: skip
FROWN: Moves = {
    287: (1.2, -1.2, -6.4), 410: (0.6, -0.6, -4.6), 273: (1.2, -0.8, -6.0), 432: (0.6, 0.0, -4.4),
    436: (0.4, 0.0, -2.6), 426: (0.2, 0.0, -1.2), 422: (1.6, 0.8, -4.6), 424: (1.0, 0.9, -2.8),
    434: (0.2, 0.2, -2.0), 430: (0.6, 0.8, -1.8), 335: (0.8, 0.2, -2.8), 406: (0.3, 0.4, -0.8),
    427: (0.0, 0.0, -0.9), 200: (0.0, 0.6, 0.6), 18: (0.0, 0.3, 0.0), 322: (0.2, -0.2, -1.4),
}  # fmt: skip
DIMPLE: Moves = {
    287: (3.8, -6.2, 1.0), 410: (3.2, -3.0, 1.0), 273: (3.6, -3.2, 0.4), 432: (2.0, -2.6, 0.8),
    436: (2.0, -0.4, 1.0), 426: (1.4, 0.4, 0.8), 422: (2.0, -1.4, 0.2), 424: (1.2, -0.6, 0.0),
    434: (0.6, 0.6, 0.2), 427: (0.6, 1.2, 0.4), 335: (1.8, -1.0, 0.2), 322: (1.6, -0.8, 0.4),
    18: (0.0, -0.3, 0.0), 164: (0.0, -0.2, 0.0), 200: (0.0, -0.2, 0.0),
}  # fmt: skip
STRETCH: Moves = {
    287: (7.6, -6.4, -2.8), 410: (6.0, -3.4, -1.8), 273: (6.4, -4.4, -3.8), 432: (6.2, -4.6, -3.0),
    436: (4.6, -1.8, -1.6), 426: (2.4, -0.4, -0.8), 422: (5.6, -3.2, -4.2), 424: (3.6, -1.2, -3.4),
    434: (4.6, -2.6, -2.6), 427: (3.0, -0.6, -1.0), 430: (3.6, -0.8, -2.8), 335: (4.0, -1.6, -3.0),
    406: (1.8, -0.6, -2.0), 322: (2.8, -0.8, -0.6), 391: (1.2, -0.2, -0.2), 18: (0.0, -0.4, -0.8),
    200: (0.0, -0.4, -0.5), 164: (0.0, -0.2, 0.0), 416: (1.8, -0.4, -1.0), 431: (1.4, -0.2, -1.6),
}  # fmt: skip
UPPER_UP: Moves = {
    164: (0.0, 0.2, 1.8), 393: (0.4, 0.4, 3.4), 391: (0.8, 0.8, 4.4), 322: (0.8, 0.5, 4.4),
    327: (0.6, 0.2, 2.2), 358: (0.9, 0.3, 2.3), 278: (0.6, 0.2, 1.5), 2: (0.0, 0.0, 0.7),
    423: (0.6, 1.3, 3.0), 426: (0.6, 0.9, 2.0), 266: (0.1, 1.1, 1.6), 425: (0.2, 0.8, 1.3),
    410: (0.3, 0.3, 1.6), 436: (0.2, 0.3, 1.0), 287: (0.0, 0.0, 0.5),
}  # fmt: skip
LOWER_DOWN: Moves = {
    18: (0.0, 0.1, -2.4), 313: (0.5, 0.2, -4.4), 406: (0.8, 0.3, -4.8), 335: (0.8, 0.2, -3.4),
    273: (0.4, 0.1, -1.8), 200: (0.0, 0.3, -0.9), 421: (0.3, 0.5, -1.8), 418: (0.5, 0.5, -2.4),
    424: (0.4, 0.3, -1.6), 422: (0.2, 0.1, -1.2), 262: (0.3, 0.2, -1.0), 199: (0.0, 0.1, -0.3),
    287: (0.0, 0.0, -0.5),
}  # fmt: skip


# The fold from the wing of the nose past the corner of the mouth: places between two landmarks each, by
# the share of the second. The shader draws the crease of skin, narrower than the mesh, on the same line.
FOLD: tuple[Place, ...] = (
    (358, 358, 0.0), (423, 391, 0.25), (426, 322, 0.28), (436, 410, 0.33), (432, 287, 0.2),
)  # fmt: skip
# Of the fold of a smile and of the cheek beside it, in units: depth, width, and how far aside the cheek is
# fullest. Narrower, and a fold would run between vertices, which draws it as a row of stitches.
FOLD_DEPTH, FOLD_WIDTH = 2.6, 4.6
# Shares of the line over which the fold gets shallower, and over which the fullness beside it ends.
FOLD_FADES, CHEEK_FADES = (0.6, 1.0), (0.4, 1.0)
FINE = 40  # points of a line
CHEEK_HEIGHT, CHEEK_WIDTH, CHEEK_SHIFT = 2.2, 6.5, (8.0, -2.0, 3.5)


def mouth_shapes(anatomy: Anatomy) -> dict[str, Array]:
    """Shapes of the left corner and the left half of the lips as (V, 3) displacements in metres."""
    smile = ring(
        (7.0, -6.0, 6.8), upper=(0.2, -0.8, 0.2), lower=(0.2, -0.8, 0.2), power=(0.95, 1.5, 2.05)
    )
    frown = ring((0.8, -1.0, -6.6), power=(1.2, 1.5, 2.1))
    dimple = ring(
        (4.8, -4.6, 1.0), upper=(0.1, -0.3, 0.0), lower=(0.1, -0.3, 0.0), power=(1.1, 1.4, 1.5)
    )
    stretch = ring(
        (7.8, -5.8, -3.0), upper=(0.2, -0.3, 0.0), lower=(0.2, -0.4, -0.9), power=(1.1, 1.4, 1.6)
    )
    up = arch(UPPER_OUTER, UPPER_INNER, (2.8, 5.0, 6.2, 5.2, 2.6), outward=0.8, forward=0.7)
    down = arch(LOWER_OUTER, LOWER_INNER, (-3.0, -5.4, -6.4, -5.0, -2.2), outward=1.0, forward=0.2)
    up |= {291: (0.1, 0.0, 0.8), 308: (0.1, 0.0, 0.8)}
    down |= {291: (0.2, 0.0, -0.7), 308: (0.2, 0.0, -0.7)}
    still_below = (*LOWER_OUTER[:-1], *LOWER_INNER[:-1], 18, 335)
    still_above = (*UPPER_OUTER[:-1], *UPPER_INNER[:-1], 164, 322)
    return {
        "mouthSmileLeft": anatomy.motion(SMILE | _thinned(smile, SMILE_THINS), STILL)
        + fold(anatomy, FOLD_DEPTH, CHEEK_HEIGHT),
        "mouthFrownLeft": anatomy.motion(FROWN | frown, STILL),
        "mouthDimpleLeft": anatomy.motion(DIMPLE | dimple, STILL),
        "mouthStretchLeft": anatomy.motion(STRETCH | stretch, STILL),
        "mouthUpperUpLeft": anatomy.motion(
            UPPER_UP | _thinned(up, RAISE_THINS), (*STILL, *still_below)
        ),
        "mouthLowerDownLeft": anatomy.motion(LOWER_DOWN | down, (*STILL, *still_above)),
    }


def ring(
    corner: Move, *, upper: Move = (0.0, 0.0, 0.0), lower: Move = (0.0, 0.0, 0.0), power: Move
) -> Moves:
    """Moves of both rings of both lips, growing from the middle of the lips to the left corner.

    `power` says for each direction how late the growth comes. What the middle does fades out over the right
    half.
    """
    moves: Moves = {}
    for middle, rings in ((upper, (UPPER_OUTER, UPPER_INNER)), (lower, (LOWER_OUTER, LOWER_INNER))):
        for way, landmarks in zip(RING, zip(*rings, strict=True), strict=True):
            share = way ** np.array(power)
            move = np.add(np.multiply(middle, 1.0 - share), np.multiply(corner, share))
            other = np.multiply(middle, (1.0 - way) ** 2)
            for index in landmarks:
                moves[index] = as_move(move)
                if index in TWINS and way < 1.0:
                    moves[TWINS[index]] = as_move(other)
    return moves


def _thinned(moves: Moves, by: tuple[float, float]) -> Moves:
    """The moves of a left half with the border of either lip held back, half by each side in the middle."""
    thinner = dict(moves)
    for border, most in ((UPPER_OUTER, -by[0]), (LOWER_OUTER, by[1])):
        for way, index in zip(RING, border, strict=True):
            held = most * (1.0 - way**2) * (0.5 if way == 0.0 else 1.0)
            for landmark, share in ((index, 1.0), (TWINS.get(index), max(0.0, 0.5 - way))):
                if landmark in thinner:
                    outward, forward, up = thinner[landmark]
                    thinner[landmark] = (outward, forward, up + share * held)
    return thinner


def arch(
    outer: tuple[int, ...],
    inner: tuple[int, ...],
    up: tuple[float, ...],
    *,
    outward: float,
    forward: float,
) -> Moves:
    """Moves of both rings of one lip's left half, `up` given from the middle outwards."""
    moves: Moves = {}
    for way, height, landmarks in zip(RING, up, zip(outer, inner, strict=True), strict=False):
        for index in landmarks:
            share = abs(height) / max(abs(value) for value in up)
            moves[index] = (outward * way, forward * share, height)
            if index in TWINS:
                moves[TWINS[index]] = (0.0, 0.0, up[0] * (0.55 - way) if way < 0.55 else 0.0)
    return moves


def oval(corner: Move, *, upper: Move, lower: Move, full: float = 0.6) -> Moves:
    """Left-half moves of the lip rings from the middles to the corner; a small `full` is a full arch."""
    moves: Moves = {}
    for middle, rings in ((upper, (UPPER_OUTER, UPPER_INNER)), (lower, (LOWER_OUTER, LOWER_INNER))):
        for way, landmarks in zip(RING, zip(*rings, strict=True), strict=True):
            bow = (1.0 - way**2.4) ** full
            move = np.add(np.multiply(middle, bow), np.multiply(corner, 1.0 - bow))
            move[0] = corner[0] * way**1.1
            moves.update(dict.fromkeys(landmarks, as_move(move)))
    return moves


def fold(anatomy: Anatomy, depth: float, height: float) -> Array:
    """The fold of a smile, pressed in, and the cheek beside it, raised, for depths in units."""
    unit, sites = anatomy.unit, np.flatnonzero(anatomy.skin & (anatomy.vertices[:, 0] > 0.0))
    skin = anatomy.vertices[sites]
    path = smooth_line(anatomy.points, FOLD)
    on, along = near_line(skin, path, unit * FOLD_WIDTH)
    beside, by = near_line(skin, path + unit * np.array(CHEEK_SHIFT), unit * CHEEK_WIDTH)
    line = depth * on * (1.0 - smoothstep(along, *FOLD_FADES))
    line -= height * beside * (1.0 - smoothstep(by, *CHEEK_FADES))
    line *= smoothstep(skin[:, 0], *sorted((0.0, anatomy.points[358, 0])))
    field = np.zeros_like(anatomy.vertices)
    field[sites] = -(line * unit)[:, None] * anatomy.normals[sites]
    return np.where(anatomy.part("lip")[:, None], 0.0, field)


def as_move(values: Array) -> Move:
    return (float(values[0]), float(values[1]), float(values[2]))


def smooth_line(points: Array, places: Sequence[Place]) -> Array:
    """(`FINE`, 3) an evenly bent line through places between two landmarks (N, 3) each."""
    knots = np.array([(1.0 - share) * points[a] + share * points[b] for a, b, share in places])
    at = np.linspace(0.0, len(knots) - 1.0, FINE)
    line = np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in range(3)], -1)
    for _ in range(30):
        line[1:-1] = (line[:-2] + 2.0 * line[1:-1] + line[2:]) / 4.0
    return line


def near_line(sites: Array, line: Array, width: float) -> tuple[Array, Array]:
    """Of (N, 3) sites each (N,): how near a line they are, 1 on it, and the share of it passed there.

    Both change evenly: where two parts of a bent line are as near, the share is between theirs.
    """
    apart = np.linalg.norm(sites[:, None] - line, axis=-1)
    least = apart.min(1)
    pull = np.exp(-(((apart - least[:, None]) / (0.7 * width)) ** 2))
    along = pull @ np.linspace(0.0, 1.0, len(line)) / pull.sum(1)
    return np.exp(-((least / width) ** 2)), along
