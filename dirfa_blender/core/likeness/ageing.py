"""What years do to a face's form: skin and fat that sink, and the furrows between. No bpy.

The points a network lays over a photo are too few to tell a bag under an eye or a jowl, and a texture that
is rid of shade shows none. Both are alike enough in everybody [1]_ to be written down once: fat before
the lower lid bulges over a furrow that runs from the inner corner of the eye; the cheek sinks over the fold
beside nose and mouth, and at the jaw over the furrow below the corner of the mouth; temples, and cheeks
before the chewing muscle, get hollow; skin hangs under the chin.

References
----------
.. [1] B. Mendelson, C.-H. Wong (2012). Changes in the facial skeleton with aging: implications and clinical
   applications in facial rejuvenation. Aesthetic Plastic Surgery 36.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..anatomy.surface import Array, mean_face
from ..easing import smoothstep
from ..head import Head
from ..head_template import template
from ..motion.mouth import FOLD, Place, near_line, smooth_line
from .landmarks import MESH_POINTS

# Landmarks of the outer corners of the eyes, and how far apart they are where millimetres are as written.
EYE_CORNER_RIGHT, EYE_CORNER_LEFT, EYE_CORNERS_MM = 33, 263, 89.0
SINKING = ("face", "nose", "lips_*", "lid_*", "neck", "brow_*", "beard")


@dataclass(frozen=True)
class Sag:
    """Skin about a line on the subject's left that moves.

    Parameters
    ----------
    line : places between two landmarks each, by the share of the second
    reach : millimetres from the line at which a third of the motion is left
    moves : millimetres outward, forward, up in the oldest face
    fades : shares of the line over which its beginning and its end fade
    beside : millimetres outward, forward, up by which the line lies off its landmarks
    """

    line: tuple[Place, ...]
    reach: float
    moves: tuple[float, float, float]
    fades: tuple[float, float] = (0.0, 0.0)
    beside: tuple[float, float, float] = (0.0, 0.0, 0.0)


SAGS = {
    "bag": Sag(
        ((452, 256, 0.35), (451, 252, 0.4), (450, 253, 0.4), (449, 254, 0.4), (448, 339, 0.3)),
        3.2, (0.0, 2.8, -0.6), (0.3, 0.4),
    ),
    "furrow under it": Sag(
        ((464, 453, 0.6), (452, 350, 0.3), (451, 349, 0.45), (450, 348, 0.5), (449, 347, 0.45),
         (448, 346, 0.4)),
        2.8, (0.0, -2.6, 0.0), (0.15, 0.4),
    ),
    "fold": Sag(FOLD, 2.6, (0.0, -1.9, 0.0), (0.15, 0.3)),
    "cheek": Sag(FOLD, 6.0, (0.8, 1.9, -0.8), (0.3, 0.5), (7.0, 0.0, 3.0)),
    "furrow below the mouth": Sag(
        ((287, 291, 0.5), (422, 335, 0.35), (424, 418, 0.3), (431, 262, 0.35)),
        2.8, (0.0, -1.8, 0.0), (0.2, 0.4),
    ),
    "jowl": Sag(((364, 379, 0.6), (394, 379, 0.6)), 9.0, (1.8, 0.8, -4.5)),
    "notch before it": Sag(((395, 369, 0.55), (395, 369, 0.65)), 5.5, (0.0, -1.2, 1.6)),
    "temple": Sag(((298, 301, 0.7), (368, 383, 0.6)), 10.0, (-1.8, -0.4, 0.0)),
    "hollow of the cheek": Sag(((411, 416, 0.45), (411, 416, 0.55)), 10.0, (-1.6, -0.6, 0.0)),
    "throat": Sag(((152, 152, 0.0), (152, 152, 0.0)), 15.0, (0.0, 0.0, -2.0), beside=(0.0, -26.0, 0.0)),
}  # fmt: skip


@lru_cache(maxsize=1)
def ageing_field() -> Array:
    """(V, 3) metres by which the template's vertices move as its face becomes the oldest."""
    return ageing_of(template())


def ageing_of(head: Head) -> Array:
    """(V, 3) metres by which a head's vertices move as its face becomes the oldest."""
    return sunk(head.vertices, head.landmarks(), head.part(*SINKING))


def sunk(points: npt.ArrayLike, marks: npt.ArrayLike, skin: npt.NDArray[np.bool_]) -> Array:
    """(N, 3) metres by which points of a head, metres, move as its face becomes the oldest.

    Parameters
    ----------
    marks : (468, 3) metres, the landmarks of that head; without them nothing moves
    skin : (N,) which points may move
    """
    points, marks = np.asarray(points, np.float64), np.asarray(marks, np.float64)
    moved = np.zeros(points.shape)
    if len(marks) < MESH_POINTS:
        return moved
    unit = float(np.linalg.norm(marks[EYE_CORNER_LEFT] - marks[EYE_CORNER_RIGHT])) / EYE_CORNERS_MM
    mirror = mean_face()[1]
    for side, of_side in ((1.0, marks), (-1.0, marks[mirror])):
        flip = np.array([side, 1.0, 1.0])
        sinks = _on_the_left(points[skin] * flip / unit, of_side[:MESH_POINTS] * flip / unit)
        moved[skin] += unit * sinks * flip
    return moved


def _on_the_left(points: Array, marks: Array) -> Array:
    """(N, 3) millimetres by which points move, given those of the landmarks, by what hangs on the left."""
    forward = np.array([1.0, -1.0, 1.0])  # what is written forward is along -Y
    total = np.zeros(points.shape)
    for sag in SAGS.values():
        line = smooth_line(marks, sag.line) + forward * sag.beside
        share, along = near_line(points, line, sag.reach)
        for passed, fade in zip((along, 1.0 - along), sag.fades, strict=True):
            if fade:
                share *= smoothstep(passed / fade)
        total += share[:, None] * forward * sag.moves
    return total
