"""Where skin folds as a face moves: the way across the nearest crease, for each vertex. No bpy.

A crease is a millimetre wide and the mesh four, but the way across one changes evenly over the skin. So
the shader finds the line between vertices by itself; here is only said where lines are. Which shapes
press them in is the shader's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .core.face_landmarks import MESH_POINTS
from .core.head import Head

Floats = npt.NDArray[np.float64]

REFERENCE_EYE_DISTANCE = 0.063  # metres between eye centres for which millimetres are written
# From the wing of the nose past the corner of the mouth: places between two landmarks each, by the share
# of the second, on the subject's left and right.
CHEEK = ((358, 358, 0.0), (423, 391, 0.25), (426, 322, 0.28), (436, 410, 0.33), (432, 287, 0.2))
TWINS = {358: 129, 423: 203, 391: 165, 426: 206, 322: 92, 436: 216, 410: 186, 432: 212, 287: 57}
FINE = 40  # points of a line
# Millimetres across beyond which nothing is folded, and shares of the line over which its ends fade.
REACH = 9.0
FADE_IN, FADE_OUT = 0.12, 0.3


def creases(head: Head) -> Floats:
    """(V, 3) millimetres across the fold of the cheek, outward positive; its depth 0..1; 1 on the left.

    Millimetres are those of a face with 63 mm between the eye centres. Zero where nothing folds, and
    everywhere on a head without the landmarks of a face.
    """
    places = np.zeros((len(head.vertices), 3))
    if len(head.landmark_vertices) < MESH_POINTS:
        return places
    points = head.landmarks().astype(np.float64)
    span = points[263] + points[362] - points[33] - points[133]
    unit = float(np.linalg.norm(span)) / 2 / REFERENCE_EYE_DISTANCE * 1e-3
    skin = head.part("face", "nose") & ~head.part("lips_*")
    for side in (1.0, -1.0):
        line = _line(points, side)
        near = np.flatnonzero(skin & (head.vertices[:, 0] * side > 0.0))
        across, along = _across(head.vertices[near].astype(np.float64), line, side)
        across /= unit
        depth = smooth(along / FADE_IN) * smooth((1.0 - along) / FADE_OUT)
        depth *= smooth((REACH - np.abs(across)) / 4.0)
        places[near, 0] = np.clip(across, -REACH, REACH)
        places[near, 1] = depth
        places[near, 2] = side > 0.0
    return places


def _line(points: Floats, side: float) -> Floats:
    """(FINE, 3) a smooth line down the fold of one cheek, metres."""
    knots = []
    for outer, inner, share in CHEEK:
        ends = (outer, inner) if side > 0 else (TWINS[outer], TWINS[inner])
        knots.append((1.0 - share) * points[ends[0]] + share * points[ends[1]])
    knots = np.array(knots)
    at = np.linspace(0.0, len(knots) - 1.0, FINE)
    line = np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in range(3)], -1)
    for _ in range(30):
        line[1:-1] = (line[:-2] + 2.0 * line[1:-1] + line[2:]) / 4.0
    return line


def _across(sites: Floats, line: Floats, side: float) -> tuple[Floats, Floats]:
    """(N,) metres from a line, outward positive, and (N,) the share of the line passed there."""
    start, span = line[:-1], np.diff(line, axis=0)
    t = ((sites[:, None] - start) * span).sum(-1) / (span**2).sum(-1)
    foot = start + np.clip(t, 0.0, 1.0)[..., None] * span
    away = sites[:, None] - foot
    nearest = np.linalg.norm(away, axis=-1).argmin(1)
    row = np.arange(len(sites))
    away, passed = away[row, nearest], nearest + np.clip(t[row, nearest], 0.0, 1.0)
    forward = np.array([0.5 * side, -1.0, 0.0])
    outward = side * np.cross(forward, span[nearest])
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    return (away * outward).sum(-1), passed / len(span)


def smooth(share: Floats) -> Floats:
    """0 below 0, 1 above 1, with level ends between."""
    share = np.clip(share, 0.0, 1.0)
    return share**2 * (3.0 - 2.0 * share)
