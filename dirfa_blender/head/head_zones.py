"""What shaders need to know of each vertex: its place on the eye; how red, oily or wet it is. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..core.head import Head
from ..core.likeness.landmarks import (
    EYE_LEFT,
    EYE_RIGHT,
    LIPS_INNER_UPPER,
    MESH_POINTS,
    MOUTH_CORNERS_INNER,
)

Floats = npt.NDArray[np.float64]

EYE_MATERIALS = ("sclera", "iris", "pupil", "cornea")
# Landmark, and reach in eye distances, of skin that shines: bridge and tip of the nose, forehead, chin.
OILY = (
    (4, 0.20),
    (195, 0.16),
    (6, 0.16),
    (151, 0.42),
    (10, 0.36),
    (199, 0.20),
    (50, 0.22),
    (280, 0.22),
)
LIP_SEAM = (MOUTH_CORNERS_INNER[0], *LIPS_INNER_UPPER, MOUTH_CORNERS_INNER[1])
LIP_EDGE_SWEEPS = 2
# Eye distances behind a lid's edge at which its margin is wholly wet.
WET_DEPTH = 0.008


def skin_zones(head: Head) -> Floats:
    """(V, 3) shares 0..1: red of the lips, shine of oily skin, wet edge of a lid.

    What is no skin uses them otherwise. On the wall of the mouth the second falls from 1 behind the lips to
    0 in the throat. On teeth the first tells the lower row, the second grows toward the molars, the third
    from the roots to the biting edges.
    """
    zones = np.zeros((len(head.vertices), 3))
    zones[:, 0] = _softened(head, head.part("lips_*").astype(np.float64))
    inside = head.part("cavity")
    zones[inside, 1] = (1.0 - _behind_lips(head, inside)) ** 1.4
    teeth = head.part("teeth_*")
    zones[teeth, 1] = _farther_back(head, teeth)
    zones[head.part("teeth_lower"), 0] = 1.0
    for part, toward in (("teeth_upper", -1.0), ("teeth_lower", 1.0)):
        row = head.part(part)
        zones[row, 2] = _along(toward * head.vertices[row, 2].astype(np.float64))
    if len(head.landmark_vertices) < MESH_POINTS:
        return zones
    points = head.landmarks().astype(np.float64)
    unit = float(np.linalg.norm(points[263] + points[362] - points[33] - points[133])) / 2
    if unit == 0.0:
        return zones
    for index, reach in OILY:
        away = np.linalg.norm(head.vertices - points[index], axis=1) / (reach * unit)
        zones[:, 1] = np.maximum(zones[:, 1], np.where(inside | teeth, 0.0, np.exp(-(away**2))))
    for side, ring in (("left", EYE_LEFT), ("right", EYE_RIGHT)):
        globe = head.vertices[head.part(f"eye_{side}")].astype(np.float64)
        lids = np.flatnonzero(head.part(f"lid_upper_{side}", f"lid_lower_{side}"))
        if not len(globe) or not len(lids):
            continue
        # Of a lid what lies nearer to the globe than its edge: the margin, and what follows it inward.
        middle = (globe.min(0) + globe.max(0)) / 2
        edge = points[list(ring)]
        nearest = np.linalg.norm(head.vertices[lids, None] - edge[None], axis=-1).argmin(1)
        reach = np.linalg.norm(edge - middle, axis=1)[nearest]
        inward = reach - np.linalg.norm(head.vertices[lids] - middle, axis=1)
        zones[lids, 2] = np.clip(inward / (WET_DEPTH * unit), 0.0, 1.0)
    return zones


def _farther_back(head: Head, part: npt.NDArray[np.bool_]) -> Floats:
    """Places of a part's vertices from its foremost, 0, to its hindmost, 1."""
    return _along(head.vertices[part, 1].astype(np.float64))


def _along(places: Floats) -> Floats:
    """Places between the least, 0, and the greatest, 1."""
    if not len(places):
        return places
    return (places - places.min()) / max(float(np.ptp(places)), 1e-9)


def _behind_lips(head: Head, part: npt.NDArray[np.bool_]) -> Floats:
    """Places of a part's vertices from right behind the lips, 0, to the hindmost, 1.

    The lips bend back round the teeth: behind their corners one is as near to them as behind their middle.
    """
    if len(head.landmark_vertices) < MESH_POINTS or not part.any():
        return _farther_back(head, part)
    seam = head.landmarks()[list(LIP_SEAM)].astype(np.float64)
    seam = seam[np.argsort(seam[:, 0])]
    x, y = head.vertices[part, 0].astype(np.float64), head.vertices[part, 1].astype(np.float64)
    back = np.maximum(y - np.interp(x, seam[:, 0], seam[:, 1]), 0.0)
    return back / max(float(back.max()), 1e-9)


def _softened(head: Head, values: Floats) -> Floats:
    """(V,) evened out over the faces."""
    corners = np.where(head.faces[:, 3:] < 0, head.faces[:, [0, 1, 2, 0]], head.faces)
    count = np.bincount(corners.ravel(), minlength=len(values))
    for _ in range(LIP_EDGE_SWEEPS):
        mean = np.repeat(values[corners].mean(1), 4)
        values = np.bincount(corners.ravel(), mean, len(values)) / np.maximum(count, 1)
    return values


def eye_discs(head: Head) -> Floats:
    """Places of eye vertices on their eye's disc, (V, 3): right and up in iris radii, and depth.

    The disc's middle is the mean of the iris vertices of that side and its radius their greatest
    distance from it; zero where a vertex belongs to no eye. Fixed to the surface, so the pattern
    of an iris turns with it.
    """
    places = np.zeros((len(head.vertices), 3))
    of_eye = _material_vertices(head, EYE_MATERIALS)
    of_iris = _material_vertices(head, ("iris",))
    for side in (head.vertices[:, 0] < 0, head.vertices[:, 0] >= 0):
        iris, eye = of_iris & side, of_eye & side
        if not iris.any():
            continue
        points = head.vertices[iris].astype(np.float64)
        middle = (points.min(0) + points.max(0)) / 2
        radius = np.linalg.norm((points - middle)[:, [0, 2]], axis=1).max()
        offset = (head.vertices[eye] - middle) / max(radius, 1e-9)
        places[eye] = np.stack([offset[:, 0], offset[:, 2], offset[:, 1]], 1)
    return places


def _material_vertices(head: Head, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    wanted = [index for index, name in enumerate(head.materials) if name in names]
    faces = head.faces[np.isin(head.face_materials, wanted)]
    mask = np.zeros(len(head.vertices), bool)
    mask[faces[faces >= 0]] = True
    return mask
