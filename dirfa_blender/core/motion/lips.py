"""Shapes of the lips as a ring: pucker, funnel, rolls, press, shrugs and the whole mouth sideways.

A lip turns about a line inside it, midway between its red border and the slit and behind the skin: rolled
in it shows no red, rolled out it funnels. Volume stays because the lip turns instead of being squashed.
No bpy.
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
    Fields,
    Indices,
    turn,
)
from ..easing import smoothstep
from .mouth import RING, STILL, Moves, oval

PUCKER: Moves = {
    287: (-9.8, 5.6, 0.0), 410: (-8.0, 4.6, -0.4), 273: (-8.4, 4.8, 0.4), 432: (-6.6, 3.0, 0.0),
    436: (-4.6, 2.0, -0.3), 426: (-3.2, 1.8, -0.5), 422: (-4.8, 2.6, 0.4), 424: (-3.0, 2.0, 0.8),
    427: (-3.2, -0.4, 0.0), 434: (-3.0, 0.2, 0.0), 322: (-4.6, 4.2, -0.3), 391: (-2.6, 2.2, -0.5),
    393: (-1.2, 2.8, -0.6), 164: (0.0, 3.2, -0.8), 358: (-0.5, 0.3, -0.3), 335: (-4.6, 4.2, 0.8),
    406: (-3.2, 4.2, 0.9), 313: (-1.6, 4.2, 0.9), 18: (0.0, 4.2, 0.9), 200: (0.0, 1.8, 1.0),
    421: (-0.8, 1.8, 1.0), 199: (0.0, 0.9, 0.8), 411: (-1.6, -0.6, 0.0), 416: (-1.4, -0.2, 0.0),
}  # fmt: skip
FUNNEL: Moves = {
    287: (-5.4, 3.6, 0.0), 410: (-4.4, 3.4, 0.4), 273: (-4.4, 3.2, -0.6), 432: (-4.0, 2.0, 0.0),
    436: (-3.0, 1.4, 0.2), 426: (-2.0, 1.2, 0.4), 422: (-3.0, 1.8, -0.8), 424: (-1.8, 1.6, -1.2),
    427: (-2.2, -0.4, 0.0), 434: (-2.0, 0.0, -0.2), 322: (-2.6, 3.2, 1.6), 391: (-1.4, 1.8, 1.4),
    393: (-0.6, 2.2, 1.6), 164: (0.0, 2.4, 1.4), 358: (-0.3, 0.3, 0.3), 335: (-2.8, 3.2, -2.2),
    406: (-1.8, 3.2, -2.8), 313: (-0.8, 3.2, -3.0), 18: (0.0, 3.2, -3.0), 200: (0.0, 1.4, -1.2),
    421: (-0.4, 1.4, -1.2), 199: (0.0, 0.6, -0.5),
}  # fmt: skip
SHRUG_LOWER: Moves = {
    18: (0.0, 2.2, 3.8), 313: (0.0, 2.2, 3.8), 406: (0.0, 1.8, 3.4), 335: (0.0, 1.0, 2.2),
    200: (0.0, 1.0, 4.6), 421: (0.0, 1.0, 4.6), 418: (0.0, 0.8, 3.6), 199: (0.0, 0.4, 4.0),
    428: (0.0, 0.2, 3.6), 175: (0.0, -0.6, 2.4), 262: (0.0, 0.3, 2.4), 424: (0.0, 0.3, 1.2),
    422: (0.0, 0.0, -0.4), 164: (0.0, 0.6, 0.9), 287: (0.0, 0.0, -0.5), 431: (0.0, 0.0, 1.0),
}  # fmt: skip
SHRUG_UPPER: Moves = {
    164: (0.0, 1.4, 2.2), 393: (0.0, 1.4, 2.2), 391: (0.0, 0.8, 1.4), 322: (0.0, 0.8, 1.2),
    2: (0.0, 0.2, 0.5), 358: (0.1, 0.0, 0.4), 426: (0.0, 0.3, 0.4), 18: (0.0, 0.4, 0.6),
}  # fmt: skip
PRESS: Moves = {
    287: (1.2, -1.8, 0.4), 410: (0.8, -0.6, 0.0), 273: (0.8, -0.6, 0.4), 322: (0.2, 0.5, -0.9),
    391: (0.0, 0.4, -0.4), 164: (0.0, 0.3, -0.5), 18: (0.0, 0.5, 1.0), 335: (0.2, 0.5, 1.0),
    406: (0.0, 0.5, 1.2), 200: (0.0, 0.3, 0.9), 432: (0.8, -0.4, 0.2), 436: (0.4, 0.2, 0.2),
    424: (0.0, 0.3, 0.5), 422: (0.4, 0.0, 0.3),
}  # fmt: skip
SIDEWAYS: Moves = {
    287: (7.0, -3.4, 0.6), 57: (7.6, 3.8, 0.0), 410: (6.6, -2.2, 0.6), 186: (7.0, 3.0, 0.0),
    273: (6.8, -2.6, 0.4), 43: (7.2, 3.0, 0.0), 432: (5.2, -2.4, 0.5), 212: (5.4, 2.2, 0.0),
    436: (4.0, -0.8, 0.5), 216: (4.2, 1.6, 0.0), 426: (2.6, 0.0, 0.3), 206: (2.6, 1.2, 0.0),
    427: (2.6, 0.4, 0.3), 207: (2.8, 0.4, 0.0), 434: (3.0, -0.6, 0.3), 214: (3.2, 0.8, 0.0),
    422: (5.0, -1.8, 0.2), 202: (5.2, 2.2, 0.0), 424: (3.4, -0.6, 0.0), 204: (3.4, 1.2, 0.0),
    322: (5.2, -0.6, 0.3), 92: (5.2, 1.2, 0.0), 391: (2.4, 0.0, 0.1), 165: (2.4, 0.4, 0.0),
    164: (4.0, 0.0, 0.0), 2: (0.8, 0.0, 0.0), 18: (6.2, 0.0, 0.0), 200: (2.6, 0.0, 0.0),
    199: (0.8, 0.0, 0.0), 335: (5.4, -0.8, 0.0), 106: (5.4, 1.0, 0.0),
}  # fmt: skip
SEALED = (
    "mouthPucker", "mouthRoll", "mouthShrug", "mouthPress", "mouthSmile", "mouthFrown", "mouthDimple",
    "mouthLeft", "mouthRight", "cheek", "jawForward", "jawLeft", "jawRight",
)  # fmt: skip
SEAL_REACH = 6.0  # millimetres
FAINTEST = 1e-6  # share of a motion that is not worth adding
SEAM_BLUR = 0.7  # millimetres
CONTACT = 0.9  # millimetres within which the lips of the neutral head count as touching
LIP_HEART = 3.5  # millimetres behind the skin where a lip's turning line lies
ROLL_REACH = 40.0  # millimetres from the slit beyond which no lip reaches that rolls


def lip_shapes(anatomy: Anatomy) -> dict[str, Array]:
    """Two-sided and left lip shapes as (V, 3) displacements in metres."""
    side = anatomy.side
    left = smoothstep(anatomy.vertices[:, 0] / anatomy.mouth.half_width, -0.35, 0.35)
    roll_in = side * np.radians(1.0)
    pucker = oval((-12.0, 7.2, 0.0), upper=(0.0, 6.0, 0.4), lower=(0.0, 6.2, -0.4))
    funnel = oval((-6.0, 4.2, 0.0), upper=(0.0, 5.2, 4.2), lower=(0.0, 5.4, -5.2))
    shrug = oval((0.0, 0.0, -0.6), upper=(0.0, 1.6, 2.8), lower=(0.0, 2.8, 2.8), full=1.3)
    raised = oval((0.0, 0.0, 0.0), upper=(0.0, 2.2, 2.8), lower=(0.0, 1.0, 2.2), full=1.2)
    press = oval((1.0, -1.4, 0.4), upper=(0.0, 0.2, -0.2), lower=(0.0, 0.2, -0.2), full=1.0)
    tuck_up = oval((0.0, -0.4, 0.0), upper=(0.0, -1.6, 0.4), lower=(0.0, 0.0, 0.4))
    tuck_down = oval((0.0, -0.4, 0.0), upper=(0.0, 0.0, -0.3), lower=(0.0, -1.6, -0.3))
    both = anatomy.motion
    return {
        "mouthPucker": both(PUCKER | pucker, STILL, sides=2) + rolled(anatomy, -14 * roll_in),
        "mouthFunnel": both(FUNNEL | funnel, STILL, sides=2) + rolled(anatomy, -26 * roll_in),
        "mouthShrugLower": both(SHRUG_LOWER | shrug, STILL, sides=2)
        + rolled(anatomy, -12 * roll_in * (side < 0)),
        "mouthShrugUpper": both(SHRUG_UPPER | raised, STILL, sides=2)
        + rolled(anatomy, -10 * roll_in * (side > 0)),
        "mouthRollUpper": both(_skin_of_roll(1.0) | tuck_up, STILL, sides=2)
        + rolled(anatomy, 52 * roll_in * (side > 0)),
        "mouthRollLower": both(_skin_of_roll(-1.0) | tuck_down, STILL, sides=2)
        + rolled(anatomy, 52 * roll_in * (side < 0)),
        "mouthPressLeft": left[:, None]
        * (both(PRESS | press, STILL, sides=2) + rolled(anatomy, 26 * roll_in)),
        "mouthLeft": anatomy.motion(SIDEWAYS | _shifted_ring(), STILL),
    }


def rolled(anatomy: Anatomy, angles: Array) -> Array:
    """(V, 3) metres: lips turned about their own lines; radians, front down is positive."""
    mouth = anatomy.mouth
    chosen = anatomy.near[_from_seam(anatomy)[anatomy.near] < ROLL_REACH]
    points, side, angles = anatomy.vertices[chosen], anatomy.side[chosen], angles[chosen]
    moved = np.zeros_like(points)
    for outer, inner, sign in ((UPPER_OUTER, UPPER_INNER, 1.0), (LOWER_OUTER, LOWER_INNER, -1.0)):
        line = _heart_line(anatomy, outer, inner)
        centre = np.empty_like(points)
        centre[:, 0] = points[:, 0]
        centre[:, 1] = np.interp(points[:, 0], line[:, 0], line[:, 1])
        centre[:, 2] = np.interp(points[:, 0], line[:, 0], line[:, 2])
        away = np.linalg.norm(points - centre, axis=1) / anatomy.unit
        s = np.clip(np.abs(mouth.along(points[:, 0])), 0.0, 1.0)
        grip = (1.0 - smoothstep(away, 5.5, 12.0)) * (1.0 - s**3) ** 0.7
        moved += turn(points, centre, np.where(side == sign, angles * grip, 0.0))
    field = np.zeros_like(anatomy.vertices)
    field[chosen] = moved
    return field


def _heart_line(anatomy: Anatomy, outer: tuple[int, ...], inner: tuple[int, ...]) -> Array:
    """(11, 3) metres from right to left: the line a lip turns about."""
    p = anatomy.points
    left = [(p[o] + p[i]) / 2 for o, i in zip(outer, inner, strict=True)]
    right = [(p[TWINS[o]] + p[TWINS[i]]) / 2 for o, i in zip(outer[1:], inner[1:], strict=True)]
    line = np.array([*right[::-1], *left])
    line[:, 1] += LIP_HEART * anatomy.unit
    return line


def _shifted_ring() -> Moves:
    """Both rings moved to the left along the teeth: the left corner back, the right corner forward."""
    moves: Moves = {}
    for rings in ((UPPER_OUTER, UPPER_INNER), (LOWER_OUTER, LOWER_INNER)):
        for way, landmarks in zip(RING, zip(*rings, strict=True), strict=True):
            for index in landmarks:
                moves[index] = (8.0 - 0.8 * way, -3.6 * way, 0.6 * way)
                if index in TWINS:
                    moves[TWINS[index]] = (8.0 - 0.2 * way, 3.6 * way, 0.0)
    return moves


def _skin_of_roll(sign: float) -> Moves:
    """Skin drawn after a lip that rolls in: above the upper (1) or below the lower lip (-1)."""
    if sign > 0:
        return {164: (0.0, -0.4, -1.4), 393: (0.0, -0.4, -1.4), 391: (0.0, 0.0, -0.7),
                322: (0.0, -0.2, -0.8), 18: (0.0, 0.0, 0.0)}  # fmt: skip
    return {18: (0.0, -0.4, 1.8), 313: (0.0, -0.4, 1.8), 406: (0.0, -0.3, 1.5),
            335: (0.0, 0.0, 0.7), 200: (0.0, 0.2, 1.0), 164: (0.0, 0.0, 0.0)}  # fmt: skip


def seal(fields: Fields, names: Sequence[str], anatomy: Anatomy) -> None:
    """Let shapes keep closed lips closed: where the lips touch, both take the same motion.

    Parameters
    ----------
    fields : (K, V, 3) metres, changed in place
    names : the K shape names
    """
    pairs = _contact(anatomy)
    if len(pairs) < 3:
        return
    grip = np.exp(-((_from_seam(anatomy) / SEAL_REACH) ** 2)) * anatomy.skin * anatomy.side
    held = anatomy.near[np.abs(grip[anatomy.near]) > FAINTEST]
    spread = _along_seam(anatomy, pairs, held)
    for k, name in enumerate(names):
        if name.startswith(SEALED):
            rift = (fields[k, pairs[:, 1]] - fields[k, pairs[:, 0]]) / 2
            fields[k, held] += (spread @ rift) * grip[held, None]


def part(fields: Fields, names: Sequence[str], anatomy: Anatomy) -> None:
    """Let the lips of no shape pass through one another at weight 1.

    Where touching lips would cross, both give way by half. The shape that only makes sense on an open jaw,
    ``mouthClose``, is left alone.

    Parameters
    ----------
    fields : (K, V, 3) metres, changed in place
    names : the K shape names
    """
    pairs = _contact(anatomy)
    if len(pairs) < 3:
        return
    grip = (1.0 - smoothstep(_from_seam(anatomy), 3.0, 14.0)) * anatomy.skin * anatomy.side
    held = anatomy.near[grip[anatomy.near] != 0.0]
    spread = _along_seam(anatomy, pairs, held)
    for k, name in enumerate(names):
        lack = np.maximum(fields[k, pairs[:, 1], 2] - fields[k, pairs[:, 0], 2], 0.0) / 2
        if name != "mouthClose" and lack.max() > 1e-5 * anatomy.unit:
            fields[k, held, 2] += (spread @ lack) * grip[held]


def _from_seam(anatomy: Anatomy) -> Array:
    """(V,) millimetres from the slit between the lips."""
    seam = anatomy.mouth.seam
    x = np.clip(anatomy.vertices[:, 0], seam[0, 0], seam[-1, 0])
    nearest = np.stack([x, anatomy.mouth.depth_at(x), anatomy.mouth.height_at(x)], -1)
    return np.linalg.norm(anatomy.vertices - nearest, axis=1) / anatomy.unit


def _along_seam(anatomy: Anatomy, pairs: Indices, held: Indices) -> Array:
    """(H, P) shares with which pairs of touching vertices speak for skin above and below them."""
    x = anatomy.vertices[held, 0]
    seam = anatomy.vertices[pairs].mean(1)[:, 0]
    off = (np.clip(x, seam.min(), seam.max())[:, None] - seam) / (SEAM_BLUR * anatomy.unit)
    shares = np.exp(-0.5 * off**2)
    return shares / shares.sum(1, keepdims=True)


def _contact(anatomy: Anatomy) -> Indices:
    """(P, 2) vertex pairs where the lips touch in the neutral head, from right to left."""
    points = anatomy.vertices
    upper, lower = (np.flatnonzero(anatomy.part(name)) for name in ("lips_upper", "lips_lower"))
    apart = np.linalg.norm(points[upper][:, None] - points[lower][None], axis=-1)
    nearest = apart.argmin(1)
    close = apart.min(1) < CONTACT * anatomy.unit
    pairs = np.stack([upper[close], lower[nearest[close]]], -1)
    return pairs[np.argsort(points[pairs[:, 0], 0])]
