"""Jaw shapes: the mandible turns about its joint and slides forward, and takes skin along by degrees.

Lower teeth and gums go with the bone exactly. Skin follows by a weight that is 1 on chin and lower lip
and fades over cheek and neck; the angle is scaled by the weight, so skin turns rather than shears. The
lip weights draw an ellipse: tracked speech has the corners follow about a third of the lower lip's way.
`mouthClose` is the jaw-open head with sealed lips minus the jaw-open head. On the seam both lips take
the same motion, so equal weights of the two shapes seal at every opening, linear as shape keys are. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..anatomy.face_view import (
    LOWER_INNER,
    LOWER_OUTER,
    TWINS,
    UPPER_INNER,
    UPPER_OUTER,
    Anatomy,
    Array,
    turn,
    turn_level,
)
from ..easing import smoothstep
from .interior import interior_follow, tongue_blade

OPEN_RADIANS = np.radians(17.5)
OPEN_SLIDE = (0.0, -5.0, -3.0)  # millimetres: the joint's head leaves its socket forward and down
FORWARD_SLIDE = (0.0, -6.5, -0.8)
SIDE_SLIDE = (6.5, -0.5, -0.4)
SIDE_RADIANS = np.radians(1.8)
CORNER_SHARE = 0.38
UPPER_BOW = 0.85  # 0.5 is an ellipse, which is flat over most of so wide and low an arch
NECK_FADE = 70.0  # millimetres below the face where the neck no longer follows
SEAL_SHARE = 0.42  # of the lower lip's way, where sealed lips meet under an open jaw

# Share of the jaw's motion that skin takes, at left and midline landmarks.
SKIN = {
    18: 1.0, 313: 1.0, 406: 0.97, 335: 0.82, 200: 1.0, 421: 1.0, 199: 1.0, 428: 1.0, 175: 1.0,
    396: 1.0, 152: 1.0, 377: 1.0, 400: 0.97, 369: 0.97, 378: 0.93, 379: 0.85, 365: 0.72, 397: 0.55,
    288: 0.36, 361: 0.17, 262: 0.92, 431: 0.93, 418: 0.95, 424: 0.78, 422: 0.62, 430: 0.78,
    364: 0.72, 367: 0.5, 435: 0.33, 401: 0.2, 434: 0.5, 432: 0.38, 287: 0.38, 273: 0.55, 410: 0.25,
    436: 0.22, 416: 0.36, 427: 0.2, 433: 0.2, 426: 0.1, 425: 0.06, 411: 0.09, 376: 0.08,
}  # fmt: skip
STILL = (
    2, 164, 1, 19, 94, 5, 195, 6, 168, 9, 10, 358, 327, 278, 279, 423, 391, 393, 280, 352, 330, 266,
    347, 346, 345, 366, 447, 323, 454, 356, 263, 362, 374, 334, 296, 332, 338, 284, 251,
)  # fmt: skip


# The same where sealed lips hold the chin's skin up.
SEALED_SKIN = {
    18: 0.72, 313: 0.72, 406: 0.7, 335: 0.6, 200: 0.9, 421: 0.9, 418: 0.82, 262: 0.82, 424: 0.68,
    273: 0.48, 422: 0.55, 164: 0.1, 393: 0.1,
}  # fmt: skip
TONGUE_DROP = (0.0, 1.0, -1.5)  # millimetres the blade sinks besides, from rest between the teeth
# Where skin is drawn in over the teeth as the jaw drops: (outward, forward, up) millimetres.
HOLLOW = {
    291: (-2.4, 0.4, 0.0), 308: (-2.4, 0.4, 0.0), 287: (-2.3, 0.3, 0.0), 432: (-1.8, -0.4, 0.0),
    436: (-1.6, -0.5, 0.0), 427: (-2.0, -0.8, 0.0), 434: (-1.8, 0.0, 0.0), 411: (-1.4, -0.4, 0.0),
    416: (-1.0, 0.0, 0.0), 410: (-1.5, 0.0, 0.0), 273: (-1.0, 0.0, 0.0),
}  # fmt: skip


def jaw_shapes(anatomy: Anatomy) -> dict[str, Array]:
    """jawOpen, jawForward, jawLeft and mouthClose as (V, 3) displacements in metres."""
    unit = anatomy.unit
    weight = follow(anatomy, _parted_lips(anatomy), apart=True)
    opened = opening(anatomy, weight)
    sealed = opening(anatomy, follow(anatomy, _sealed_lips(), apart=False))
    hollow = anatomy.motion(HOLLOW, STILL, sides=2)
    bone = weight[:, None] * unit
    return {
        "jawOpen": opened + hollow + tongue_blade(anatomy) * np.array(TONGUE_DROP) * unit,
        "jawForward": bone * np.array(FORWARD_SLIDE),
        "jawLeft": bone * np.array(SIDE_SLIDE)
        + turn_level(anatomy.vertices, anatomy.hinge, SIDE_RADIANS * weight),
        "mouthClose": sealed - opened,
    }


def opening(anatomy: Anatomy, weight: Array) -> Array:
    """(V, 3) metres: the full opening of the jaw for points that follow it by these weights."""
    slide = weight[:, None] * np.array(OPEN_SLIDE) * anatomy.unit
    return turn(anatomy.vertices, anatomy.hinge, OPEN_RADIANS * weight) + slide


def follow(anatomy: Anatomy, lips: Mapping[int, float], *, apart: bool) -> Array:
    """(V,) share of the jaw's motion each vertex takes, given that of the lip landmarks."""
    table = {**dict.fromkeys(STILL, 0.0), **SKIN, **lips}
    table |= {TWINS[index]: share for index, share in table.items() if index in TWINS}
    values = {index: np.array([share]) for index, share in table.items()}
    weight = np.clip(anatomy.spread(values, apart=apart)[:, 0], 0.0, 1.0)
    weight *= 1.0 - smoothstep(anatomy.remote, 8.0, NECK_FADE)
    weight[~anatomy.skin] = 0.0
    return interior_follow(anatomy, weight)


def _parted_lips(anatomy: Anatomy) -> dict[int, float]:
    """Shares that draw a half ellipse under the lips, corner to corner, and a bow over them."""
    along = np.clip(np.abs(anatomy.mouth.along(anatomy.points[:, 0])), 0.0, 1.0)
    ellipse = (1.0 - along**2.2) ** 0.5
    bow = (1.0 - along**2) ** UPPER_BOW
    upper = CORNER_SHARE * (1.0 - bow)
    lower = CORNER_SHARE + (1.0 - CORNER_SHARE) * ellipse
    shares = {index: 0.6 * upper[index] for index in UPPER_OUTER}
    shares |= {index: upper[index] for index in UPPER_INNER}
    shares |= {index: lower[index] for index in (*LOWER_OUTER, *LOWER_INNER)}
    return {index: float(value) for index, value in shares.items()}


def _sealed_lips() -> dict[int, float]:
    shares: dict[int, float] = dict(SEALED_SKIN)
    shares.update(dict.fromkeys(UPPER_OUTER, 0.72 * SEAL_SHARE))
    shares.update(dict.fromkeys(LOWER_OUTER, 1.3 * SEAL_SHARE))
    shares.update(dict.fromkeys((*UPPER_INNER, *LOWER_INNER, 291), SEAL_SHARE))
    return shares
