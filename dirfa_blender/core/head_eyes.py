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
"""

from __future__ import annotations

import numpy as np

from .head_piece import Half, Indices, ring_cap, strip_faces, strip_uvs
from .head_surface import Array

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
    upper = (loop[: n // 2 + 1], np.linspace(0.10, 0.97, 46), 6.4, 1.0, "lashes_upper_*")
    lower = (loop[n // 2 :][::-1], np.linspace(0.25, 0.95, 30), 2.7, -1.0, "lashes_lower_*")
    for edge, places, longest, up, part in (upper, lower):
        at = np.interp(places, np.linspace(0, 1, len(edge)), np.arange(len(edge)))
        root = np.stack([np.interp(at, np.arange(len(edge)), edge[:, k]) for k in range(3)], -1)
        wobble = np.sin(np.arange(len(root)) * 2.4)
        size = longest * (0.55 + 0.45 * np.sin(np.pi * places**0.8)) * (1 + 0.16 * wobble)
        # Lashes lean together in threes, as wet ones do, or they would stand like a comb.
        fan = (places - 0.45) * 1.2 + 0.10 * wobble - 0.11 * (np.arange(len(root)) % 3 - 1)
        s = np.linspace(0, 1, 5)[None, :, None]
        ahead = np.stack([np.sin(fan), -np.cos(fan), np.zeros_like(fan)], -1)[:, None]
        rise = np.array([0.0, 0.0, up])
        # A lash leaves the lid forward and a little down, then curls up (upper) or down (lower).
        curve = root[:, None] + size[:, None, None] * (
            ahead * (0.95 * s - 0.25 * s**2) + rise * (-0.14 * s + 0.62 * s**2)
        )
        width = 0.14 * (1 - 0.92 * s)
        across = np.stack([np.cos(fan), np.sin(fan), np.zeros_like(fan)], -1)[:, None] * width
        rows = half.add_points(np.stack([curve - across, curve + across], 2), part)
        left, right = rows[..., 0], rows[..., 1]
        faces = np.stack([left[:, :-1], right[:, :-1], right[:, 1:], left[:, 1:]], -1).reshape(
            -1, 4
        )
        faces = faces if up > 0 else faces[:, ::-1]
        uv = np.array(
            [
                [LASH_BOX[0], LASH_BOX[1]],
                [LASH_BOX[2], LASH_BOX[1]],
                [LASH_BOX[2], LASH_BOX[3]],
                [LASH_BOX[0], LASH_BOX[3]],
            ]
        )
        half.add_faces(faces, np.broadcast_to(uv, (len(faces), 4, 2)).copy(), "lashes")
