"""Where skin folds as a face moves: the way across the nearest crease, for each vertex. No bpy.

A crease is a millimetre wide and the mesh four, but the way across one changes evenly over the skin. So
the shader finds the line between vertices by itself; here is only said where lines are, and which shapes
press them in. Lines that come in rows (forehead, corner of the eye, nose) are one line and a period: every
`PERIOD` widths across it there is another. Families lie apart, so one vector a vertex holds them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.anatomy.face_view import TWINS
from ..core.easing import smoothstep
from ..core.head import Head
from ..core.likeness.landmarks import MESH_POINTS
from ..core.motion.mouth import FOLD, Place, smooth_line

Floats = npt.NDArray[np.float64]

REFERENCE_EYE_DISTANCE = 0.063  # metres between eye centres for which millimetres are written
PERIOD = 8.0  # widths of a crease from one of a row to the next
WANDER = 0.35  # widths by which a crease strays from its line: skin is not ruled
END = 2.0  # widths over which the outermost of a row fade into smooth skin


@dataclass(frozen=True)
class Crease:
    """One line of folded skin on the subject's left, or a row of them.

    Parameters
    ----------
    knots : places between two landmarks each, by the share of the second, along the line
    widths : millimetres a crease is wide toward the side that is up or outward of its line, and toward the
        other
    depth : share of `DEEPEST_METRES`
    fades : shares of the line over which its beginning and its end fade
    count : lines of the row; 0 is skin that dimples without lines
    fans : by how much the row is wider at its end than at its beginning
    """

    knots: tuple[Place, ...]
    widths: tuple[float, float]
    depth: float
    fades: tuple[float, float]
    count: int = 1
    fans: float = 1.0


DEEPEST_METRES = 0.0016
# In order from the chin up: the number of a family is its place here.
CREASES: Mapping[str, Crease] = {
    "chin": Crease(
        ((199, 200, 0.55), (428, 421, 0.55), (262, 418, 0.35)), (3.0, 3.0), 0.84, (0.0, 0.6), count=0
    ),
    "cheek": Crease(FOLD, (2.4, 4.2), 0.55, (0.12, 0.65)),
    "nose": Crease(
        ((195, 197, 0.6), (399, 197, 0.4), (412, 343, 0.35), (357, 343, 0.3)), (0.65, 0.65), 0.38,
        (0.35, 0.35), count=3,
    ),
    "eye": Crease(
        ((263, 372, 0.15), (372, 383, 0.3), (372, 389, 0.25)), (0.6, 0.6), 0.18, (0.3, 0.5), count=3,
        fans=2.2,
    ),
    "frown": Crease(
        ((417, 8, 0.25), (285, 8, 0.45), (336, 9, 0.5), (336, 151, 0.2)), (1.4, 1.4), 0.7, (0.35, 0.5)
    ),
    "forehead": Crease(
        ((151, 10, 0.15), (337, 338, 0.16), (299, 297, 0.2), (333, 332, 0.25), (298, 284, 0.35)),
        (1.35, 1.35), 0.33, (0.0, 0.45), count=3,
    ),
}  # fmt: skip
# How much of a family each shape presses in; a ``*`` stands for both sides, each with its own. By the
# appearance changes of FACS [1]_: crow's feet are of action unit 6, less of 7 and of a smile that lifts a
# cheek; the fold beside the mouth is of 12, 10 and 14; the outer forehead is of 2.
#
# .. [1] P. Ekman, W. V. Friesen, J. C. Hager, "Facial Action Coding System", 2002.
PRESSED_BY: Mapping[str, Mapping[str, float]] = {
    "mouthSmile*": {"cheek": 1.0, "eye": 0.5},
    "mouthDimple*": {"cheek": 0.4},
    "mouthUpperUp*": {"cheek": 0.3},
    "cheekSquint*": {"eye": 0.8, "cheek": 0.2},
    "eyeSquint*": {"eye": 0.45},
    "noseSneer*": {"cheek": 0.6, "nose": 1.0, "frown": 0.35, "eye": 0.3},
    "browDown*": {"frown": 1.0},
    "browInnerUp": {"forehead": 1.0},
    "browOuterUp*": {"forehead": 0.7},
    "mouthShrugLower": {"chin": 1.0},
}
SIDES = ("left", "right")
# Properties in which a face keeps how much its families are pressed, three in each, by side of the face.
# EEVEE reads no more than eight of an object in one material [2]_ and does not end compiling one that asks
# for more, so the shapes are added up before.
#
# .. [2] Blender manual, "Limitations" of EEVEE, attributes and properties.
PRESSED = "dirfa_pressed"
FAMILIES_EACH = 3


def pressed_keys(side: str) -> dict[str, tuple[str, ...]]:
    """Property of a face -> the families whose pressure on this side it keeps, in their order."""
    names = tuple(CREASES)
    rows = [names[at : at + FAMILIES_EACH] for at in range(0, len(names), FAMILIES_EACH)]
    return {f"{PRESSED}_{side}_{row}": families for row, families in enumerate(rows)}


def pressing(family: str, side: str) -> dict[str, float]:
    """Shapes that press a family in on one side of the face, and by how much."""
    return {
        shape.replace("*", side.title()): gains[family]
        for shape, gains in PRESSED_BY.items()
        if family in gains
    }


def creases(head: Head) -> Floats:
    """(V, 3) widths across the nearest crease, up or outward positive; its depth 0..1; its family's number.

    Millimetres are those of a face with 63 mm between the eye centres. Depth is zero where nothing folds,
    and everywhere on a head without the landmarks of a face.
    """
    places = np.zeros((len(head.vertices), 3))
    if len(head.landmark_vertices) < MESH_POINTS:
        return places
    points = head.landmarks().astype(np.float64)
    span = points[263] + points[362] - points[33] - points[133]
    unit = float(np.linalg.norm(span)) / 2 / REFERENCE_EYE_DISTANCE * 1e-3
    if unit == 0.0:
        return places
    folds = head.part("face", "nose", "lid_*")
    # What borders on folding skin has its families too, and no depth.
    skin = folds | head.part("lips_*", "nostril_*", "neck", "scalp", "ear_*")
    for side in (1.0, -1.0):
        half = np.flatnonzero(skin & (head.vertices[:, 0] * side >= 0.0))
        flip = np.array([side, 1.0, 1.0])
        seen = _seen(points, side) * flip
        places[half] = _of_half(head.vertices[half] * flip, seen, unit)
    # Numbers between two families mean a third: skin stays smooth where they meet.
    corners = np.where(head.faces[:, 3:] < 0, head.faces[:, [0, 1, 2, 0]], head.faces)
    numbers = places[corners, 2]
    places[corners[(numbers != numbers[:, :1]).any(1)], 1] = 0.0
    places[~folds, 1] = 0.0
    return places


def _of_half(sites: Floats, points: Floats, unit: float) -> Floats:
    """(N, 3) as `creases`, of skin on the subject's left."""
    closest = np.full(len(sites), -np.inf)
    places = np.zeros((len(sites), 3))
    x, _, z = (sites / unit).T
    stray = WANDER * np.sin(0.31 * x + 1.7 * np.sin(0.23 * z)) * np.cos(0.27 * z + np.sin(0.36 * x))
    for number, crease in enumerate(CREASES.values()):
        across, along, away = _across(sites, smooth_line(points, crease.knots))
        fanned = unit * (1.0 + (crease.fans - 1.0) * along)
        widths = across / fanned / np.where(across > 0.0, *crease.widths) + stray
        reach = max(crease.count - 1, 0) * PERIOD / 2 + PERIOD / 2
        depth = smoothstep((reach - np.abs(widths)) / END)
        for way, fade in zip((along, 1.0 - along), crease.fades, strict=True):
            depth *= smoothstep(way / fade) if fade else 1.0
        # Skin that no family folds belongs to the nearest, so that none borders on another's number.
        close = np.where(depth > 0.0, depth, -away)
        taken = close > closest
        closest[taken] = close[taken]
        found = np.stack([widths, crease.depth * depth, np.full(len(sites), float(number))], -1)
        places[taken] = found[taken]
    return places


def _seen(points: Floats, side: float) -> Floats:
    """The landmarks with those of the wanted side under the numbers of the left."""
    if side > 0:
        return points
    order = np.arange(len(points))
    for left, right in TWINS.items():
        order[left], order[right] = right, left
    return points[order]


def _across(sites: Floats, line: Floats) -> tuple[Floats, Floats, Floats]:
    """Of (N, 3) sites each (N,): metres across a line, up or outward positive; the share of the line passed
    there; metres from it."""
    start, span = line[:-1], np.diff(line, axis=0)
    t = ((sites[:, None] - start) * span).sum(-1) / (span**2).sum(-1)
    foot = start + np.clip(t, 0.0, 1.0)[..., None] * span
    away = sites[:, None] - foot
    apart = np.linalg.norm(away, axis=-1)
    nearest = apart.argmin(1)
    row = np.arange(len(sites))
    passed = nearest + np.clip(t[row, nearest], 0.0, 1.0)
    outward = np.cross((0.5, -1.0, 0.0), span[nearest])
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    return (away[row, nearest] * outward).sum(-1), passed / len(span), apart[row, nearest]
