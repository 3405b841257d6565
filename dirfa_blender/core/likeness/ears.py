"""Where ears sit on a head and how far they stand off it. No bpy.

No landmark tells of ears. Their tops lie at the height of the nasion in every second person, lower in most
others [1]_, and both of a person are much alike [2]_. An ear moves down or up with the skin it grows out
of, which yields more behind and above it than toward face and jaw; it turns about its front edge, the rim
wholly and its root not at all, as an ear with a deeper bowl does.

References
----------
.. [1] Masaryk University, "Somatoscopic traits of human", location of the auricle on the head: 28 % lower,
   54 % as high, 19 % higher.
.. [2] K. S. Alexander et al., "A morphometric study of the human ear", Journal of Plastic, Reconstructive
   & Aesthetic Surgery 64, 2011.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..easing import smoothstep
from ..head_template import template

Floats = npt.NDArray[np.float64]

# Metres from an ear over which the skin follows it down: before it, below it, and elsewhere.
FOLLOWS_BEFORE, FOLLOWS_BELOW, FOLLOWS = 0.016, 0.024, 0.045
BESIDE = 0.02  # metres from the midline, from which skin follows
WHOLE_RIM = 0.98  # quantile of the heights over the root that turns wholly


@dataclass(frozen=True)
class EarPose:
    """How ears differ from those that the landmarks' movement leaves on a head.

    Attributes
    ----------
    drop : metres down
    turn : radians by which the rim stands further off
    """

    drop: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True)
class Ear:
    """One ear of the template.

    Attributes
    ----------
    vertices, root : (N,) of the ear, and (M,) of the skin it grows out of
    side : -1 or 1, the sign of its x
    turned : (N,) 0..1, how much of a turn each vertex takes part in
    """

    vertices: npt.NDArray[np.int64]
    root: npt.NDArray[np.int64]
    side: float
    turned: Floats

    def posed(self, vertices: Floats, turn: float) -> Floats:
        """(N, 3) metres, the ear's vertices of a head (V, 3) with the rim turned outward."""
        ear, root = vertices[self.vertices], vertices[self.root]
        axis = np.array([self.side * np.abs(root[:, 0]).mean(), root[:, 1].min()])
        cosine, sine = np.cos(turn * self.turned), np.sin(turn * self.turned) * self.side
        x, y = (ear[:, :2] - axis).T
        posed = ear.copy()
        posed[:, 0] = axis[0] + x * cosine + y * sine
        posed[:, 1] = axis[1] + y * cosine - x * sine
        return posed


@lru_cache(maxsize=1)
def ears() -> tuple[Ear, Ear]:
    """The template's ears, right and left."""
    head = template()
    points = head.vertices.astype(np.float64)
    of_ear = head.part("ear_*")
    corners = head.faces >= 0  # a triangle's fourth is -1
    on_ear = of_ear[head.faces] & corners
    sewn = on_ear.any(1)
    roots = np.unique(head.faces[sewn][(corners & ~on_ear)[sewn]]).astype(np.int64)
    made: list[Ear] = []
    for side in (-1.0, 1.0):
        vertices = np.flatnonzero(of_ear & (points[:, 0] * side > 0))
        root = roots[points[roots, 0] * side > 0]
        away = np.linalg.norm(points[vertices, None, 1:] - points[None, root, 1:], axis=-1)
        near = 1.0 / (away**3 + 1e-9)
        floor = near @ np.abs(points[root, 0]) / near.sum(1)
        height = np.abs(points[vertices, 0]) - floor
        turned = np.clip(height / np.quantile(height, WHOLE_RIM), 0.0, 1.1)
        made.append(Ear(vertices, root, side, turned))
    return made[0], made[1]


@lru_cache(maxsize=1)
def follows() -> Floats:
    """(V,) 0..1 how much of an ear's drop each of the template's vertices makes."""
    head = template()
    points = head.vertices.astype(np.float64)
    share = np.zeros(len(points))
    for ear in ears():
        near = np.flatnonzero(points[:, 0] * ear.side > BESIDE)
        off = points[near, None] - points[ear.root]
        nearest = np.linalg.norm(off, axis=-1)
        closest = nearest.argmin(1)
        away = nearest.min(1)
        _across, before, below = np.maximum(
            -off[np.arange(len(near)), closest].T / np.maximum(away, 1e-9), 0.0
        )
        reach = (
            FOLLOWS + before**2 * (FOLLOWS_BEFORE - FOLLOWS) + below**2 * (FOLLOWS_BELOW - FOLLOWS)
        )
        share[near] = 1.0 - smoothstep(away / reach)
        share[ear.vertices] = 1.0
    share[head.part("eye*", "bust", "cloth")] = 0.0
    return share


def with_ears(vertices: Floats, pose: EarPose) -> Floats:
    """(V, 3) metres, a head's vertices in the template's order, with its ears moved."""
    moved = vertices.copy()
    for ear in ears():
        moved[ear.vertices] = ear.posed(vertices, pose.turn)
    moved[:, 2] -= pose.drop * follows()
    return moved
