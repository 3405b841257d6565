"""The neutral head: a whole, symmetric bust of an average adult, from formulas and one table. No bpy.

Parts (`Head.part_names`; ``*`` is ``left`` or ``right``, the subject's):

========================================= ======================================================
``face nose scalp neck bust``             outer skin
``lips_upper lips_lower``                 from the border of the red to the roll inside
``lid_upper_* lid_lower_*``               from 6 mm off the edge to the rim behind it
``nostril_* ear_*``                       pouches of the nose; outer ears
``cavity``                                the closed bag behind the lips
``teeth_upper gums_upper``                fixed to the skull
``teeth_lower gums_lower tongue``         carried by the jaw
``eye_* cornea_*``                        rigid balls turning about their centres
``lashes_upper_* lashes_lower_*``         move with the lids
``brow_*``                                hairs that lie on the skin
``hair``                                  a cap that can be left out
``cloth``                                 a shirt that can be left out
========================================= ======================================================

One mesh holds them all. Skin, lids, lips, nostrils, ears and cavity are one connected surface, open
only at the cut of the bust and where the lids end behind the globes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .anatomy.brows import add_brows
from .anatomy.cloth import add_cloth
from .anatomy.corners import eased_corners, evening_at_rest
from .anatomy.ears import add_ear
from .anatomy.eyes import add_eye, add_lashes
from .anatomy.grid import Grid
from .anatomy.hair_cap import add_hair
from .anatomy.lower_profile import moved_forward
from .anatomy.mouth import add_cavity, add_teeth, add_tongue
from .anatomy.piece import Half, Mesh
from .anatomy.skin import add_skin
from .anatomy.surface import RADIUS, Array, landmark_domain, mean_face, neutral_landmarks, surface
from .easing import smoothstep
from .head import Head

MATERIALS = (
    "skin",
    "mouth",
    "teeth",
    "gums",
    "tongue",
    "sclera",
    "iris",
    "pupil",
    "cornea",
    "lashes",
    "brows",
    "hair",
    "cloth",
)
COLOURS = {
    "skin": (0.80, 0.62, 0.53),
    "lips": (0.68, 0.43, 0.40),
    "iris": (0.36, 0.27, 0.19),
    "hair": (0.18, 0.13, 0.10),
}
NECK_PIVOT = (0.0, 36.0, -172.0)  # mm, between neck and trunk
HEAD_PIVOT = (0.0, 10.0, -22.0)  # mm, between skull and neck
CROWN = (0.0, 10.0, 131.0)
MM = 1e-3


@lru_cache(maxsize=1)
def template() -> Head:
    """The neutral head without shapes; built once, the same to the last bit every time."""
    half = Half()
    grid, skin = add_skin(half)
    flat = np.stack([grid.u, grid.t], -1)
    add_ear(half, surface(), grid.ear, flat[grid.ear])
    add_cavity(half, grid.mouth[-1])
    add_teeth(half)
    add_tongue(half)
    add_eye(half)
    add_lashes(half, half.points()[grid.eye[-1]])
    add_brows(half, grid, half.points()[skin])
    add_hair(half)
    add_cloth(half)
    mesh = half.whole()
    landmark_vertices, landmark_weights = _landmarks(grid, half)
    part_names, vertex_parts = np.unique(mesh.parts, return_inverse=True)
    head = Head(
        vertices=(moved_forward(mesh.vertices) * MM).astype(np.float32),
        faces=mesh.faces.astype(np.int32),
        uvs=np.where((mesh.faces >= 0)[..., None], mesh.uvs, 0.0).astype(np.float32),
        materials=MATERIALS,
        face_materials=np.array([MATERIALS.index(m) for m in mesh.materials], np.int32),
        part_names=tuple(str(name) for name in part_names),
        vertex_parts=vertex_parts.astype(np.int32),
        shape_names=(),
        shape_deltas=np.zeros((0, len(mesh.vertices), 3), np.float32),
        landmark_vertices=landmark_vertices,
        landmark_weights=landmark_weights,
        bone_names=("neck", "head"),
        bone_heads=(np.array([NECK_PIVOT, HEAD_PIVOT]) * MM).astype(np.float32),
        bone_tails=(np.array([HEAD_PIVOT, CROWN]) * MM).astype(np.float32),
        bone_weights=_bone_weights(mesh),
        colours=COLOURS,
        source={"template": "dirfa neutral head 1"},
    )
    eased = eased_corners(evening_at_rest(head), head.vertices.astype(np.float64))
    return replace(head, vertices=eased.astype(np.float32))


def _bone_weights(mesh: Mesh) -> NDArray[np.float32]:
    """(2, V) shares of neck and head: the head bone lets go below the jaw, the neck bone at its base."""
    moving = smoothstep(mesh.reach, -232.0, -160.0)
    head = smoothstep(mesh.reach, -168.0, -106.0)
    return np.stack([moving - head * moving, head * moving]).astype(np.float32)


def _landmarks(grid: Grid, half: Half) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Barycentric places (468, 3) of the landmarks, found in the flat layout of the left half."""
    _, mirror = mean_face()
    azimuth, t = landmark_domain(neutral_landmarks())
    places = np.stack([azimuth * RADIUS, t], -1)
    flat = np.stack([grid.u, grid.t], -1)
    low = grid.faces[(grid.t[grid.faces] < 110.0).all(1)]
    corners = low[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    left = np.flatnonzero(places[:, 0] >= 0.0)
    p = places[left]
    middle = flat[corners].mean(1)
    square = (p**2).sum(1)[:, None] - 2 * p @ middle.T + (middle**2).sum(1)
    near = corners[np.argpartition(square, 24, axis=1)[:, :24]]
    a, b, c = (flat[near[..., i]] for i in range(3))
    p = p[:, None]
    weights = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], -1)
    # A landmark just outside every face, beyond an opening's edge, goes to the nearest edge.
    weights = np.clip(weights / _cross(b - a, c - a)[..., None], 0.0, None)
    weights /= weights.sum(-1, keepdims=True)
    miss = (weights[..., None] * flat[near]).sum(-2) - p
    row, best = np.arange(len(left)), (miss**2).sum(-1).argmin(1)
    vertices = np.zeros((len(mirror), 3), np.int32)
    shares = np.zeros((len(mirror), 3), np.float32)
    vertices[left], shares[left] = near[row, best], weights[row, best]
    paired = left[mirror[left] != left]
    vertices[mirror[paired]] = half.twins()[vertices[paired]]
    shares[mirror[paired]] = shares[paired]
    return vertices, shares


def _cross(x: Array, y: Array) -> Array:
    return x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
