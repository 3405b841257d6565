"""Corners of the mouth: even skin beside them at rest, and lips that part from them in one line. No bpy.

A photo from the front tells no depth, and the landmarks of a smile have the skin above the corners bulge
over that below them: 7 mm within 12 mm of height, which any light from above draws as a muzzle: a dark line
from the upper lip into the cheek. In a face at rest the corner is a dimple in skin that runs on evenly past
it. So the depth of what lies beside and above a corner, and that alone, is evened out; from the front
nothing moves.

Right at a corner the motions of the two lips are told from a few landmarks millimetres apart, and what is
spread between them has steps: an upper lip that drops, runs level and drops again. What moves there is
evened out along the skin, round the corner from lip to lip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..easing import smoothstep
from ..head import Head
from .face_view import Anatomy, Array, Fields, Indices, mesh_edges
from .surface import MOUTH_CORNERS

INNER_CORNERS = (78, 308)
# Millimetres from the corner of the mouth to the middle of what is evened out at rest: outward, up.
MIDDLE = (0.5, 6.0)
# Millimetres from that middle within which all is, and beyond which nothing is.
REACH = (11.0, 22.0)
# Millimetres from the red of the lips within which nothing is, and beyond which all may be.
OFF_LIPS = (0.4, 3.5)
DEPTH_SWEEPS = 60
# The same for motions, about the corner itself.
MOTION_REACH, MOTION_SWEEPS = (3.5, 10.0), 12
STEP = 0.8


@dataclass(frozen=True)
class Evening:
    """Which vertices are moved toward the mean of their neighbours, and how far.

    Neighbours count by the inverse of their distance, so that a slope stays what it is however unevenly
    the mesh divides it.

    Parameters
    ----------
    used : (U,) vertices that are read; sites : (M,) of those the ones that move
    starts : (E,) of those the neighbours, grouped by the sites that they pull at
    first : (M,) where a site's group begins
    weights : (E, 1) shares of the neighbours; steps : (M, 1) share of the way
    """

    used: Indices
    sites: Indices
    starts: Indices
    first: Indices
    weights: Array
    steps: Array

    @classmethod
    def of(cls, points: Array, edges: Indices, share: Array) -> Evening:
        """Evening of vertices (V, 3) over edges (E, 2) by shares (V,), 0 where they stay."""
        pairs = np.concatenate([edges, edges[:, ::-1]])
        pairs = pairs[share[pairs[:, 1]] > 0]
        starts, ends = pairs[np.argsort(pairs[:, 1], kind="stable")].T
        moved, first, degree = np.unique(ends, return_index=True, return_counts=True)
        near = 1.0 / np.linalg.norm(points[starts] - points[ends], axis=1)
        weights = near / np.repeat(np.add.reduceat(near, first), degree)
        used, place = np.unique(np.concatenate([starts, moved]), return_inverse=True)
        steps = STEP * share[moved, None]
        return cls(used, place[len(starts) :], place[: len(starts)], first, weights[:, None], steps)

    @property
    def moved(self) -> Indices:
        """(M,) vertices that move."""
        return self.used[self.sites]

    def swept(self, values: npt.ArrayLike, sweeps: int) -> Array:
        """(M, C) what values (U, C) of the used vertices become where they move."""
        flat = np.array(values, np.float64)
        for _ in range(sweeps):
            mean = np.add.reduceat(flat[self.starts] * self.weights, self.first, axis=0)
            flat[self.sites] += self.steps * (mean - flat[self.sites])
        return flat[self.sites]


def evening_at_rest(template: Head) -> Evening:
    """What `eased_corners` needs to know of the template, eased or not."""
    points = template.vertices.astype(np.float64)
    lips = points[template.part("lips_*")]
    share = np.zeros(len(points))
    for corner in template.landmarks()[list(MOUTH_CORNERS)].astype(np.float64):
        middle = corner + 1e-3 * np.array([np.sign(corner[0]) * MIDDLE[0], 0.0, MIDDLE[1]])
        away = 1e3 * np.linalg.norm((points - middle)[:, [0, 2]], axis=1)
        near = np.flatnonzero(template.part("face") & (away < REACH[1]))
        off = 1e3 * np.linalg.norm(points[near, None] - lips[None], axis=-1).min(1)
        share[near] = (1.0 - smoothstep(away[near], *REACH)) * smoothstep(off, *OFF_LIPS)
    return Evening.of(points, mesh_edges(template.faces), share)


def eased_corners(evening: Evening, vertices: Array) -> Array:
    """(V, 3) vertices made from the template's, with even skin beside the corners of the mouth."""
    result = vertices.copy()
    result[evening.moved, 1] = evening.swept(vertices[evening.used, 1:2], DEPTH_SWEEPS)[:, 0]
    return result


def ease_motions(fields: Fields, names: Sequence[str], anatomy: Anatomy) -> None:
    """Let what moves at the corners of the mouth move in one line from lip to lip.

    The corner itself moves as far as before. What ``jawOpen`` and ``mouthClose`` do together stays: there
    the lips go as one already.

    Parameters
    ----------
    fields : (K, V, 3) metres, changed in place
    names : the K shape names
    """
    corners = anatomy.points[list(INNER_CORNERS)]
    away = np.linalg.norm(anatomy.vertices[:, None] - corners, axis=-1) / anatomy.unit
    away[~anatomy.skin] = np.inf
    share = 1.0 - smoothstep(away.min(1), *MOTION_REACH)
    on_skin = anatomy.edges[anatomy.skin[anatomy.edges].all(1)]
    evening = Evening.of(anatomy.vertices, on_skin, share)
    flat = np.moveaxis(fields[:, evening.used], 0, 1).reshape(len(evening.used), -1)
    eased = evening.swept(flat, MOTION_SWEEPS).reshape(len(evening.sites), len(fields), 3)
    flat = np.moveaxis(fields[:, evening.moved], 1, 0)
    for near in away[evening.moved].T:
        lost = flat[near.argmin()] - eased[near.argmin()]
        eased += (1.0 - smoothstep(near, 0.0, MOTION_REACH[1]))[:, None, None] * lost
    jaw, close = names.index("jawOpen"), names.index("mouthClose")
    sealed = fields[jaw, evening.moved] + fields[close, evening.moved]
    fields[:, evening.moved] = np.moveaxis(eased, 1, 0)
    fields[close, evening.moved] = sealed - fields[jaw, evening.moved]
