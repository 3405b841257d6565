"""Eyeballs and lashes of the neutral head. No bpy.

The globe is 24 mm across with the visible iris 11.7 mm wide, the adult means [1]_; the eye centres
are 63 mm apart [2]_. The iris lies behind the limbus as a shallow dish, the cornea is a steeper
clear dome over it.

References
----------
.. [1] I. Bekerman et al., "Variations in eyeball diameters of the healthy adults",
   J. Ophthalmol. 2014, 503645.
.. [2] N. A. Dodgson, "Variation and extrema of human interpupillary distance",
   Proc. SPIE 5291, 2004.
.. [3] S. Aumond, E. Bitton, "The eyelash follicle features and anomalies: a review",
   J. Optom. 11, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .piece import Half, Indices, ring_cap, strip_faces, strip_uvs
from .surface import Array

EYE_CENTRE = np.array([31.5, -63.2, 18.4])  # mm, left
EYE_RADIUS = 12.0
IRIS_RADIUS = 5.85
CORNEA_RADIUS = 7.8
PUPIL_RADIUS = 2.0
SEGMENTS = 32
SCLERA_BOX = (0.002, 0.052, 0.098, 0.108)
IRIS_BOX = (0.102, 0.052, 0.158, 0.108)
CORNEA_BOX = (0.162, 0.052, 0.198, 0.108)
LASH_BOX = (0.202, 0.052, 0.218, 0.108)
LASH_POINTS = 3  # along a lash: renders subdivide it into a curve
LEAN = 0.75  # share of the way by which the tips of a bundle lean together
LASH_SEED = 7


@dataclass(frozen=True)
class Row:
    """Lashes of one lid.

    Parameters
    ----------
    count : how many
    span : shares of the edge between which they grow, from the inner corner
    lengths : share of the edge and millimetres there, in order
    fan : radians from straight ahead by which the innermost and the outermost point away from the nose
    slopes : degrees by which root and tip rise over the level
    thick : millimetres at the root
    roots : millimetres before the lid's edge over which roots are spread
    stray : radians by which a lash strays from its neighbours' way
    bundle : how many lean together at their tips, as tears and oil make them
    short : share of its length that the shortest lacks: some are just growing
    """

    count: int
    span: tuple[float, float]
    lengths: tuple[tuple[float, float], ...]
    fan: tuple[float, float]
    slopes: tuple[float, float]
    thick: float
    roots: float
    stray: float
    bundle: float
    short: float


# Some 90 to 150 grow on an upper lid, 7 to 8 mm long where they are seen, in up to six rows; on a lower one
# half as many, finer and shorter [3]_. None grow beside the tear duct.
UPPER = Row(
    96, (0.14, 0.985), ((0.0, 3.0), (0.25, 5.6), (0.72, 8.0), (0.9, 7.8), (1.0, 5.6)),
    (-0.6, 0.9), (-14.0, 66.0), 0.19, 0.7, 0.12, 3.2, 0.5,
)  # fmt: skip
LOWER = Row(
    54, (0.22, 0.975), ((0.0, 1.6), (0.4, 3.0), (0.8, 4.4), (1.0, 3.0)),
    (-0.5, 0.95), (-68.0, -8.0), 0.1, 0.9, 0.22, 2.6, 0.65,
)  # fmt: skip


def add_eye(half: Half) -> None:
    """Add the left globe: sclera, iris, pupil, cornea."""
    limbus = np.arcsin(IRIS_RADIUS / EYE_RADIUS)
    angles = np.linspace(np.pi - 0.12, limbus, 15)
    # The sclera runs under the cornea's rim; the back pole is a small closed ring of quads.
    sclera = [(EYE_RADIUS * np.sin(a), EYE_RADIUS * np.cos(a)) for a in angles]
    rows = _discs(half, sclera, "eye_*")
    half.add_faces(
        strip_faces(rows, True), strip_uvs(len(rows), SEGMENTS, SCLERA_BOX, True), "sclera"
    )
    _close(half, rows[0][::-1], SCLERA_BOX, "sclera")
    plane = EYE_RADIUS * np.cos(limbus)
    iris = [
        (r, plane - 0.25 - 0.75 * (1 - ((r - PUPIL_RADIUS) / 3.85) ** 2) * 0.5 - d)
        for r, d in (
            (5.6, 0.1),
            (5.1, 0.3),
            (4.4, 0.4),
            (3.6, 0.4),
            (2.8, 0.35),
            (2.2, 0.4),
            (2.0, 0.55),
        )
    ]
    inner = np.concatenate([rows[-1:], _discs(half, iris, "eye_*")])
    half.add_faces(strip_faces(inner, True), _disc_uvs(half, inner, IRIS_BOX), "iris")
    pupil = np.concatenate(
        [inner[-1:], _discs(half, [(1.6, plane - 1.4), (0.9, plane - 1.6)], "eye_*")]
    )
    half.add_faces(strip_faces(pupil, True), _disc_uvs(half, pupil, IRIS_BOX), "pupil")
    _close(half, pupil[-1], IRIS_BOX, "pupil")
    # Cornea: a cap of its own radius, flaring onto the sclera beyond the limbus.
    rim = IRIS_RADIUS + 0.1
    back = plane + 0.05 - np.sqrt(CORNEA_RADIUS**2 - rim**2)
    flare = [
        (EYE_RADIUS * np.sin(a) * 1.004, EYE_RADIUS * np.cos(a) * 1.004)
        for a in (limbus + 0.16, limbus + 0.06)
    ]
    dome = [
        (CORNEA_RADIUS * np.sin(a), back + CORNEA_RADIUS * np.cos(a))
        for a in np.linspace(np.arcsin(rim / CORNEA_RADIUS), 0.09, 8)
    ]
    cornea = _discs(half, flare + dome, "cornea_*")
    half.add_faces(strip_faces(cornea, True), _disc_uvs(half, cornea, CORNEA_BOX), "cornea")
    _close(half, cornea[-1], CORNEA_BOX, "cornea")


def _discs(half: Half, profile: list[tuple[float, float]], part: str) -> Indices:
    """Rings of the profile (radius, distance ahead of the eye centre), clockwise seen from the front."""
    angle = np.pi - np.arange(SEGMENTS) / SEGMENTS * 2 * np.pi
    r, ahead = (np.array(c)[:, None] for c in zip(*profile, strict=True))
    ring = np.stack([r * np.cos(angle), -ahead + 0 * angle, r * np.sin(angle)], -1)
    return half.add_points(EYE_CENTRE + ring, part)


def _close(
    half: Half, ring: Indices, box: tuple[float, float, float, float], material: str
) -> None:
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    faces = ring_cap(ring)
    half.add_faces(faces, np.broadcast_to(centre, (len(faces), 4, 2)).copy(), material)


def _disc_uvs(half: Half, rows: Indices, box: tuple[float, float, float, float]) -> Array:
    """Corner uvs by looking at the rings from the front."""
    points = half.points()[strip_faces(rows, True)] - EYE_CENTRE
    size = 2.3 * EYE_RADIUS * 0.55
    centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return centre + points[..., [0, 2]] / size * np.array([box[2] - box[0], box[3] - box[1]])


def add_lashes(half: Half, lid: Array) -> None:
    """Add lashes along the lid edge (N, 3), a loop from the inner corner over the upper lid."""
    n = len(lid)
    loop = np.concatenate([lid, lid[:1]])
    rng = np.random.default_rng(LASH_SEED)
    _add_row(half, loop[: n // 2 + 1], UPPER, "lashes_upper_*", rng)
    _add_row(half, loop[n // 2 :][::-1], LOWER, "lashes_lower_*", rng)


def _add_row(half: Half, edge: Array, row: Row, part: str, rng: np.random.Generator) -> None:
    """One lid's lashes along its edge (N, 3) from the inner corner."""
    first, last = row.span
    step = (last - first) / (row.count - 1)
    places = np.linspace(first, last, row.count) + step * rng.uniform(-0.4, 0.4, row.count)
    at = np.clip(places, 0.0, 1.0) * (len(edge) - 1)
    root = np.stack([np.interp(at, np.arange(len(edge)), edge[:, k]) for k in range(3)], -1)
    root[:, 1] -= rng.uniform(0.0, row.roots, row.count)
    rise = np.interp(places, *np.array(row.lengths).T)
    size = (
        rise * (1.0 - row.short * rng.random(row.count) ** 3) * rng.uniform(0.85, 1.06, row.count)
    )
    fan = np.interp(places, (0.0, 1.0), row.fan) + rng.normal(0.0, row.stray, row.count)
    s = np.linspace(0.0, 1.0, LASH_POINTS)
    slope = np.radians(row.slopes[0] + (row.slopes[1] - row.slopes[0]) * s**0.8)
    slope = slope + rng.normal(0.0, row.stray, row.count)[:, None]
    middle = (slope[:, 1:] + slope[:, :-1]) / 2
    way = np.stack([np.cos(middle), np.sin(middle)], -1) / (LASH_POINTS - 1)
    ahead, up = np.moveaxis(np.cumsum(np.pad(way, ((0, 0), (1, 0), (0, 0))), 1), -1, 0)
    turn = fan[:, None]
    curve = np.stack([ahead * np.sin(turn), -ahead * np.cos(turn), up], -1) * size[:, None, None]
    curve += root[:, None]
    bundle = np.cumsum(np.append(False, rng.random(row.count - 1) < 1.0 / row.bundle))
    tips = np.stack([np.bincount(bundle, curve[:, -1, k]) for k in range(3)], -1)
    tips /= np.bincount(bundle)[:, None]
    lean = (tips[bundle] - curve[:, -1]) * np.array([1.0, 1.0, 0.3])
    curve += LEAN * (s**2)[:, None] * lean[:, None]
    width = row.thick / 2 * (1.0 - s**1.7) + 0.004
    across = np.stack([np.cos(fan), np.sin(fan), np.zeros_like(fan)], -1)[:, None] * width[:, None]
    rows = half.add_points(np.stack([curve - across, curve + across], 2), part)
    left, right = rows[..., 0], rows[..., 1]
    faces = np.stack([left[:, :-1], right[:, :-1], right[:, 1:], left[:, 1:]], -1).reshape(-1, 4)
    u, v, w, x = LASH_BOX
    uv = np.array([[u, v], [w, v], [w, x], [u, x]])
    half.add_faces(faces, np.broadcast_to(uv, (len(faces), 4, 2)).copy(), "lashes")
