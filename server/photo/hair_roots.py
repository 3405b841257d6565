"""Hairs painted on the skin along the line of hair, so that it begins with single ones and no edge.

Cards and cap of windows and exports, and strands of renders, thin out toward their line as far as
geometry may. Under them and a little before them the skin itself bears short hairs, as it does round a real
forehead: denser inward, until nothing but hair is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dirfa_blender.core.anatomy.face_view import nearest
from dirfa_blender.core.directions import unit
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.hair.combing import Combing
from dirfa_blender.core.hair.curtain import with_normals
from dirfa_blender.core.hair.groom import (
    cap_grid,
    fringe_of,
    lie,
    parting_of,
    standoff,
    sweep_of,
)
from dirfa_blender.core.hair.hairline import column_paths
from dirfa_blender.core.hair.rim import inside_metres, thinned_downward, unevenness
from dirfa_blender.core.head import Head

from .greying import hair_tones
from .painted_hairs import painted

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Metres from the line, outside it and inside, between which hairs are painted; over which they come to be
# as many as anywhere; and roots in a square metre there.
FROM, UPTO, STEP = -0.005, 0.020, 0.001
DENSE = (-0.004, 0.009)
ROOTS = 2.6e6
LENGTHS = (0.003, 0.009)  # metres of a painted hair, outermost ones half as long
# Metres over the line at which hairs end that lie outward, and that they have at least.
BEYOND, LEAST = 0.003, 0.001
TURNED = 0.30  # radians from how hair lies, standard deviation
OPACITY = 0.62
ROWS = 6  # of the cap, that say how hair lies and whether it grows at all behind its line


@dataclass(frozen=True)
class _Hairs:
    """Hairs to paint: roots and tips (N, 2) in the texture, 0..1, and the skin's face each begins on."""

    root: Floats
    tip: Floats
    face: Indices


def with_hair_roots(head: Head, *, seed: int = 17) -> Head:
    """The head with hairs painted on its skin along its line of hair; as it is without hair or texture."""
    if head.albedo is None or "hair" not in head.colours:
        return head
    hairs = _hairs(head, np.random.default_rng(seed))
    if hairs is None:
        return head
    tones = np.broadcast_to(hair_tones(head, head.colours), (len(head.vertices), 3))
    own = tones[head.faces[hairs.face, 0]]
    return replace(head, albedo=painted(head.albedo, hairs.root, hairs.tip, own, OPACITY))


def _hairs(head: Head, random: np.random.Generator) -> _Hairs | None:
    """Where hairs begin along the line and how they lie; None where no cap grows."""
    cap = cap_grid(head)
    if cap is None:
        return None
    metres = np.arange(FROM, UPTO, STEP)
    places = column_paths(cap, metres[:, None])
    # As many in a cell as it is large and as they are dense there.
    wide = np.linalg.norm(np.roll(places, -1, 1) - places, axis=2)
    # A sideburn is narrow, and thins out downward.
    inside = np.sign(metres)[:, None] * inside_metres(places, cap[0])
    inside = np.minimum(inside, thinned_downward(np.abs(inside), places))
    dense = smoothstep(inside + unevenness(cap.shape[1]), *DENSE)
    expected = ROOTS * STEP * wide * dense * _grows(head, cap)
    count = random.poisson(expected)
    row, column = (
        np.repeat(which, count.ravel()) for which in np.indices(count.shape).reshape(2, -1)
    )
    aside, along = random.random((2, len(row), 1))
    up = np.minimum(row + 1, len(metres) - 1)
    right = (column + 1) % cap.shape[1]
    root = (1 - along) * ((1 - aside) * places[row, column] + aside * places[row, right])
    root += along * ((1 - aside) * places[up, column] + aside * places[up, right])
    way = _lies(head, cap)[column]
    share = smoothstep(inside[row, column] / DENSE[1])
    length = random.uniform(*LENGTHS, len(row)) * (0.5 + 0.5 * share)
    # What lies out over the line ends a little beyond it.
    outward = (way * unit(cap[0] - cap[ROWS])[column]).sum(1)
    room = np.maximum(metres[row] + BEYOND, LEAST) / np.maximum(outward, 1e-3)
    length = np.minimum(length, room * random.uniform(0.5, 1.0, len(row)))
    return _laid_out(head, root, way, length, random)


def _grows(head: Head, cap: Floats) -> Floats:
    """(C,) 0..1, how far hair has roots at its line: none where it hangs over that or the crown is bare."""
    around = np.arctan2(cap[0, :, 0], cap[0, :, 1].mean() - cap[0, :, 1])
    ahead = smoothstep((np.radians(60.0) - np.abs(around)) / np.radians(20.0))
    grows = (standoff(head, cap[:ROWS])[1:] > 0.0).all(0)
    combing = Combing.of(head)
    if combing is not None:
        # Under hair that falls before an ear, as in `curtain`.
        low = (cap[0, :, 2] < combing.brows) & (cap[0, :, 1] < combing.ear_depth)
        grows &= ~low | combing.is_tucked(cap[0, :, 0])
    return grows * (1.0 - fringe_of(head) * ahead)


def _lies(head: Head, cap: Floats) -> Floats:
    """(C, 3) unit directions in which hair lies behind its line."""
    combing = Combing.of(head)
    if combing is None:
        way = lie(cap, parting_of(head), sweep_of(head), fringe_of(head))[:ROWS]
    else:
        low = cap[:ROWS]
        normals = with_normals(cap, True)[1].reshape(cap.shape)[:ROWS]
        own = np.zeros(low.shape[0] * low.shape[1])
        way = combing.way(low.reshape(-1, 3), normals.reshape(-1, 3), own).reshape(low.shape)
    return unit(way[1:].mean(0))


def _laid_out(
    head: Head, root: Floats, way: Floats, length: Floats, random: np.random.Generator
) -> _Hairs:
    """Hairs on the skin in its layout, from roots (N, 3) along directions (N, 3), metres (N,) long."""
    of_skin = head.face_materials == head.materials.index("skin")
    worn = head.part("scalp", "face", "neck")
    numbers = np.flatnonzero(of_skin & worn[head.faces[:, 0]])
    corners = head.vertices[head.faces[numbers][:, :3]].astype(np.float64)
    middle = corners.mean(1)
    line = root[:: max(1, len(root) // 400)]
    near = np.linalg.norm(middle - line[nearest(middle, line)], axis=1) < 2 * UPTO
    numbers, corners, middle = numbers[near], corners[near], middle[near]
    face = nearest(root, middle)
    # A face's own map from metres to its layout: the gradient over its plane.
    edges = corners[:, 1:] - corners[:, :1]
    uvs = head.uvs[numbers][:, :3].astype(np.float64)
    gram = edges @ edges.transpose(0, 2, 1) + 1e-12 * np.eye(2)
    flat = (uvs[:, 1:] - uvs[:, :1]).transpose(0, 2, 1) @ np.linalg.solve(gram, edges)
    at = uvs[face, 0] + np.einsum("nij,nj->ni", flat[face], root - corners[face, 0])
    normal = unit(np.cross(edges[:, 0], edges[:, 1]))[face]
    turn = random.normal(0.0, TURNED, len(root))[:, None]
    way = unit(way - (way * normal).sum(1, keepdims=True) * normal)
    way = np.cos(turn) * way + np.sin(turn) * np.cross(normal, way)
    tip = at + np.einsum("nij,nj->ni", flat[face], way * length[:, None])
    return _Hairs(at, tip, numbers[face])
