"""Hairs of a beard: thin strips of mesh over the beard of a head's texture, as many as it shows. No bpy.

A texture has a beard's colour and its outline, but it is flat: from aside, and against the light, a painted
chin is seen for what it is. Hairs are mesh and not curves, because a beard moves with the lips and shape
keys carry mesh alone; each is a triangle that takes all shapes from the skin where it grows, and has the
texture coordinates of its root, so that a shader can give it the colour that the photo has there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..anatomy.face_view import vertex_normals
from ..directions import unit
from ..easing import smoothstep
from ..head import Head

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

PART = MATERIAL = "beard"
HAIRS_PER_SQUARE_METRE, MOST_HAIRS, FEWEST_HAIRS = 480_000.0, 3600, 60
# How far the texture is from the skin where the first and where all hairs grow: in the logarithm of
# linear light, of all colours together.
UNLIKE = (0.22, 0.55)
# Metres a hair is long where hair is hardly seen and where it is dense; its width at the root.
LENGTHS, WIDTH, SUNK = (0.0022, 0.0066), 0.00017, 0.0004
VARIED = (0.7, 1.25)  # of its length, from hair to hair
# Of a hair's direction: off the skin, at random, and off the middle under the nose, where it runs aside.
LIFT, ASTRAY, ASIDE, ASIDE_METRES = (0.30, 0.75), 0.22, 1.1, 0.006
ROOTED_IN = 4  # vertices of the skin that move a hair where its face is not known
SPECK = 2e-4  # of the texture, round a hair's root
# A long beard is of locks, fewer and wider, that bend where they hang: metres from which a beard is long,
# by which it may be longer than a short one, that roots under the jaw lie below the chin's outline, and of
# a lock's width; most of them.
LONG, LONGEST, UNDER_JAW, LOCK_WIDTH, MOST_LOCKS = 0.004, 0.070, 0.015, 0.0013, 2160
# Of that length on the cheeks, and over which height below the mouth it comes to all of it.
ON_CHEEKS, GROWN_METRES = 0.25, 0.030
HANGING = np.array([0.0, -0.12, -1.0])  # the way in which locks end, head frame


@dataclass(frozen=True)
class _Roots:
    """Where hairs grow: corners (N, 4) of faces, their weights (N, 4), and places (N, 2) in the texture."""

    corners: Indices
    weights: Floats
    uvs: Floats

    def mean(self, values: Floats) -> Floats:
        """(N, D) values (V, D) of vertices at the roots."""
        return np.einsum("ncd,nc->nd", values[self.corners], self.weights)

    def chosen(self, which: npt.NDArray[np.bool_]) -> _Roots:
        return _Roots(self.corners[which], self.weights[which], self.uvs[which])


def with_beard(head: Head, share: Floats, *, hang_metres: float = 0.0, seed: int = 3) -> Head:
    """The head with hairs where its texture shows a beard; the same head where it shows none.

    Parameters
    ----------
    head : with its texture and its shapes
    share : (V,) 0..1, where a beard is expected
    hang_metres : by which it is seen to hang below the chin
    """
    if head.albedo is None or "skin" not in head.colours:
        return head
    random = np.random.default_rng(seed)
    longer = float(np.clip(hang_metres - UNDER_JAW, 0.0, LONGEST))
    most = MOST_LOCKS if longer > LONG else MOST_HAIRS
    candidates = _candidates(head, share, most, random)
    seen = _looked_up(head, candidates.uvs)
    unlike = _unlike(seen, np.array(head.colours["skin"]))
    density = np.clip((unlike - UNLIKE[0]) / (UNLIKE[1] - UNLIKE[0]), 0.0, 1.0)
    grows = random.random(len(density)) < np.sqrt(density)
    if grows.sum() < FEWEST_HAIRS:
        return head
    red, green, blue = seen[grows].mean(0).tolist()
    head = replace(head, colours={**head.colours, MATERIAL: (red, green, blue)})
    roots, density = candidates.chosen(grows), density[grows]
    length = LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * density
    if longer > LONG:
        length += longer * _grown_long(head, roots) * density
    length *= random.uniform(*VARIED, len(length))
    return _with_hairs(head, roots, length, random, are_locks=longer > LONG)


def with_beard_carried(head: Head) -> Head:
    """The head with the hairs of its beard moved as its shapes move the skin at their roots.

    Notes
    -----
    For shapes that were made anew. Where a hair grew on its face of the skin is not kept; the vertices
    nearest to its root say it as well as that.
    """
    hairs = np.flatnonzero(head.part(PART)) if PART in head.part_names else np.zeros(0, np.int64)
    skin = np.flatnonzero(head.part("face", "neck"))
    if not len(hairs) or not len(skin):
        return head
    first = _first_of_hair(head)[hairs]
    roots, of_root = np.unique(first, return_inverse=True)
    root = head.vertices[np.stack([roots, roots + 1])].mean(0).astype(np.float64)
    away = np.linalg.norm(root[:, None] - head.vertices[skin], axis=2)
    near = np.argpartition(away, ROOTED_IN, axis=1)[:, :ROOTED_IN]
    weights = 1.0 / (np.take_along_axis(away, near, axis=1) + 1e-4) ** 2
    weights /= weights.sum(1, keepdims=True)
    moved = np.einsum("kncd,nc->knd", head.shape_deltas[:, skin[near]], weights)
    deltas = head.shape_deltas.copy()
    deltas[:, hairs] = moved[:, of_root]
    return replace(head, shape_deltas=deltas)


def _first_of_hair(head: Head) -> Indices:
    """(V,) the first vertex of the hair that each vertex belongs to; of others as it comes."""
    faces = head.faces[head.part(PART)[np.maximum(head.faces[:, 0], 0)]]
    corners = np.where(faces >= 0, faces, faces[:, :1]).astype(np.int64)
    first = np.arange(len(head.vertices))
    for _ in range(2):  # a lock is of two faces
        least = first[corners].min(1)
        np.minimum.at(first, corners, least[:, None])
    return first


def _candidates(head: Head, share: Floats, most: int, random: np.random.Generator) -> _Roots:
    """Places spread evenly over the skin on which a beard is expected."""
    faces = head.faces
    on_skin = (head.face_materials == head.materials.index("skin")) & (faces >= 0).all(1)
    lips = head.part("lips_*")
    of_face = share[np.maximum(faces, 0)].mean(1)
    numbers = np.flatnonzero(on_skin & (of_face > 0.3) & ~lips[np.maximum(faces, 0)].any(1))
    if not len(numbers):
        return _Roots(np.zeros((0, 4), np.int64), np.zeros((0, 4)), np.zeros((0, 2)))
    points = head.vertices[faces[numbers]].astype(np.float64)
    across = np.cross(points[:, 2] - points[:, 0], points[:, 3] - points[:, 1])
    area = 0.5 * np.linalg.norm(across, axis=1) * of_face[numbers]
    count = min(most, round(float(area.sum()) * HAIRS_PER_SQUARE_METRE))
    numbers = random.choice(numbers, count, p=area / area.sum())
    u, v = random.random((2, count))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
    uvs = np.einsum("ncd,nc->nd", head.uvs[numbers].astype(np.float64), weights)
    return _Roots(faces[numbers].astype(np.int64), weights, uvs)


def _looked_up(head: Head, uvs: Floats) -> Floats:
    """(N, 3) sRGB 0..1 of the texture at places (N, 2)."""
    assert head.albedo is not None
    height, width = head.albedo.shape[:2]
    column = np.clip((uvs[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip(((1 - uvs[:, 1]) * height).astype(int), 0, height - 1)
    return head.albedo[row, column] / 255.0


def _unlike(colours: Floats, skin: Floats) -> Floats:
    """(N,) how far colours (N, 3) are from the skin's (3,), logarithms of linear light."""
    seen, bare = (np.log(np.maximum(_linear(colour), 2e-3)) for colour in (colours, skin))
    return np.linalg.norm(seen - bare, axis=-1) / np.sqrt(3.0)


def _linear(srgb: Floats) -> Floats:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _grown_long(head: Head, roots: _Roots) -> Floats:
    """(N,) 0..1, how far hairs grow as long as a long beard: not at all on the lip, wholly at the chin."""
    place, marks = roots.mean(head.vertices.astype(np.float64)), head.landmarks().astype(np.float64)
    below = (marks[[61, 291], 2].mean() - place[:, 2]) / GROWN_METRES
    jaw = np.abs(marks[[58, 288], 0] - marks[152, 0]).mean()
    middle = 1.0 - smoothstep(np.abs(place[:, 0] - marks[152, 0]) / jaw, 0.3, 1.0)
    return smoothstep(below) * (ON_CHEEKS + (1.0 - ON_CHEEKS) * middle)


def _strips(
    head: Head, roots: _Roots, length: Floats, random: np.random.Generator, *, are_locks: bool
) -> Floats:
    """(N, P, 3) metres: a triangle a hair, root first; of locks two corners more, where they bend."""
    vertices = head.vertices.astype(np.float64)
    root, normal = roots.mean(vertices), roots.mean(vertex_normals(vertices, head.faces))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    way = _way(head, root, normal, random)
    beside = np.cross(way, normal)
    width = LOCK_WIDTH if are_locks else WIDTH
    beside *= 0.5 * width / np.maximum(np.linalg.norm(beside, axis=1, keepdims=True), 1e-9)
    root = root - SUNK * normal
    if not are_locks:
        return np.stack([root - beside, root + beside, root + length[:, None] * way], 1)
    bend = root + 0.45 * length[:, None] * way
    # Short ones keep their way, long ones hang; none turns back into the skin.
    hangs = smoothstep(length / LONGEST, 0.05, 0.4)[:, None]
    end = way + hangs * (HANGING + random.normal(0.0, 0.5 * ASTRAY, way.shape) - way)
    end -= np.minimum((end * normal).sum(1, keepdims=True), 0.0) * normal
    tip = bend + 0.55 * length[:, None] * unit(end)
    return np.stack(
        [root - beside, root + beside, bend + 0.8 * beside, bend - 0.8 * beside, tip], 1
    )


def _with_hairs(
    head: Head, roots: _Roots, length: Floats, random: np.random.Generator, *, are_locks: bool
) -> Head:
    corners = _strips(head, roots, length, random, are_locks=are_locks)
    count, points = corners.shape[:2]
    first = len(head.vertices) + points * np.arange(count)[:, None]
    strip = np.array([[0, 1, 2, 3], [3, 2, 4, -1]] if are_locks else [[0, 1, 2, -1]])
    faces = np.where(strip >= 0, first[:, None] + strip, -1).reshape(-1, 4)
    around = np.array([[-1.0, 0.0], [1.0, 0.0], [1.0, 0.5], [-1.0, 0.5], [0.0, 1.0]])
    around = SPECK * (around if are_locks else around[[0, 1, 4]])
    specks = np.where(strip[..., None] >= 0, around[strip], 0.0)
    deltas = np.einsum(
        "kncd,nc->knd", head.shape_deltas[:, roots.corners], roots.weights.astype(np.float32)
    )
    bones = np.einsum("bnc,nc->bn", head.bone_weights[:, roots.corners], roots.weights)
    material = len(head.materials)
    return replace(
        head,
        vertices=np.concatenate([head.vertices, corners.reshape(-1, 3).astype(np.float32)]),
        faces=np.concatenate([head.faces, faces.astype(np.int32)]),
        uvs=np.concatenate(
            [head.uvs, (roots.uvs[:, None, None] + specks).reshape(-1, 4, 2).astype(np.float32)]
        ),
        materials=(*head.materials, MATERIAL),
        face_materials=np.concatenate(
            [head.face_materials, np.full(len(faces), material, np.int32)]
        ),
        part_names=(*head.part_names, PART),
        vertex_parts=np.concatenate(
            [head.vertex_parts, np.full(points * count, len(head.part_names), np.int32)]
        ),
        shape_deltas=np.concatenate([head.shape_deltas, np.repeat(deltas, points, axis=1)], axis=1),
        bone_weights=np.concatenate(
            [head.bone_weights, np.repeat(bones, points, axis=1).astype(np.float32)], axis=1
        ),
    )


def _way(head: Head, root: Floats, normal: Floats, random: np.random.Generator) -> Floats:
    """(N, 3) unit directions of hairs: down over chin and cheeks, aside under the nose, off the skin."""
    marks = head.landmarks().astype(np.float64)
    over_mouth = np.clip((root[:, 2] - marks[[61, 291], 2].mean()) / 0.006, 0.0, 1.0)
    aside = ASIDE * over_mouth * np.tanh((root[:, 0] - marks[0, 0]) / ASIDE_METRES)
    way = np.stack([aside, np.full(len(root), -0.15), np.full(len(root), -1.0)], -1)
    way += random.normal(0.0, ASTRAY, way.shape)
    way -= (way * normal).sum(1, keepdims=True) * normal
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    way += random.uniform(*LIFT, (len(root), 1)) * normal
    return way / np.linalg.norm(way, axis=1, keepdims=True)
