"""The knot in which gathered hair ends at the nape: a rope of it, laid in a ring and drawn tight. No bpy.

A photo from the front shows that hair is gathered and hardly ever what becomes of it. A low knot is what
fits under a collar and behind ears between which nothing is seen; a tail would be seen beside the neck.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import vertex_normals
from ..directions import unit
from ..head import Head
from .groom import ROOT_METRES, Strands, tones_of
from .tresses import gathered_at

Floats = npt.NDArray[np.float64]

STRANDS, LOCKS = 3600, 90
# Radius of the ring's middle line, and of the rope laid in it, metres.
RING_METRES, ROPE_METRES = 0.0150, 0.0155
# What is left of its height and of its depth; metres by which its middle lies over the sheet's lower end,
# and off the skin there.
HEIGHT, DEPTH, OVER_END, OFF_SKIN = 0.90, 0.85, 0.016, 0.016
MIDDLE_METRES = 0.006  # aside, up to which skin counts as the middle's
WOUND = (1.6, 3.4)  # radians that a strand goes round the ring: shortest and longest
TWIST = 0.75  # turns round the rope for each round the ring
UNDER_SURFACE = 0.30  # of the rope's radius, over which strands lie in layers
# Of locks, half their width round the rope and round the ring, radians; and its share at both ends.
LOCK_RADIANS, LOCK_DRAWN = (0.30, 0.10), 0.55
UNEVEN = 0.07  # of the rope's radius, by which locks lie higher or lower
ENDS_SUNK = 0.35  # of that radius, by which ends go under


def with_knot(head: Head, grown: Strands) -> Strands:
    """Strands of a head's hair and of the knot in which they end; as they are where none is gathered."""
    tied = knot(head, grown.points.shape[1])
    if tied is None:
        return grown
    count = len(tied.points)
    none, whole = np.zeros(count, np.bool_), np.ones(count, np.float32)
    return replace(
        grown,
        points=np.concatenate([grown.points, tied.points]),
        tones=np.concatenate([grown.tones, tied.tones]),
        astray=None if grown.astray is None else np.concatenate([grown.astray, none]),
        fine=None if grown.fine is None else np.concatenate([grown.fine, whole]),
    )


def knot(head: Head, points: int, *, seed: int = 19) -> Strands | None:
    """Strands of so many points each of the knot of a head's gathered hair; None where it has none."""
    nape = gathered_at(head)
    if nape is None:
        return None
    random = np.random.default_rng(seed)
    middle, back, up = _placed(head, nape)
    across = np.cross(back, up)
    lock = random.integers(0, LOCKS, STRANDS)
    first, around = random.uniform(0.0, 2 * np.pi, (2, LOCKS))
    wound = random.uniform(*WOUND, LOCKS)
    depth = random.uniform(0.0, UNDER_SURFACE, LOCKS) - UNEVEN * random.normal(0.0, 1.0, LOCKS)
    share = np.linspace(0.0, 1.0, points)
    closing = LOCK_DRAWN + (1.0 - LOCK_DRAWN) * np.sin(np.pi * share)
    aside = random.normal(0.0, 1.0, (STRANDS, 2)) * LOCK_RADIANS
    ring = first[lock, None] + wound[lock, None] * share + aside[:, 1:]
    rope = around[lock, None] + TWIST * wound[lock, None] * share + aside[:, :1] * closing
    # Both ends go under what lies beside them, so that nobody sees where hair begins.
    sunk = ENDS_SUNK * (2.0 * np.abs(share - 0.5)) ** 4
    thick = ROPE_METRES * (1.0 - depth[lock, None] - 0.1 * random.random((STRANDS, 1)) - sunk)
    away = RING_METRES + thick * np.cos(rope)
    place = (
        middle
        + (away * np.cos(ring))[..., None] * across
        + (HEIGHT * away * np.sin(ring))[..., None] * up
        + (DEPTH * thick * np.sin(rope))[..., None] * back
    )
    tones = tones_of(lock, random, np.arange(LOCKS))
    radii = np.full(points, ROOT_METRES, np.float32)
    return Strands(place.astype(np.float32), radii, tones)


def _placed(head: Head, nape: Floats) -> tuple[Floats, Floats, Floats]:
    """The middle of the knot, and unit directions backward off the skin under it and upward along it."""
    chosen = head.part("scalp", "neck")
    normals = vertex_normals(head.vertices.astype(np.float64), head.faces)[chosen]
    skin = head.vertices[chosen].astype(np.float64)
    height = nape[2] + OVER_END
    # Of what lies behind the middle of the head, the point at this height.
    is_behind = (np.abs(skin[:, 0] - nape[0]) < MIDDLE_METRES) & (skin[:, 1] > skin[:, 1].mean())
    found = np.flatnonzero(is_behind)[np.abs(skin[is_behind, 2] - height).argmin()]
    back = unit(normals[found] * np.array([0.0, 1.0, 1.0]) + np.array([0.0, 1.0, 0.0]))
    surface = np.array([nape[0], skin[found, 1], height])
    return surface + back * OFF_SKIN, back, unit(np.array([0.0, 0.0, 1.0]) - back[2] * back)
