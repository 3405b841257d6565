"""A growing left half of a mesh, and its completion by the mirror image. No bpy.

Every part of the head is built for x >= 0 only and mirrored, so left and right agree to the last bit.
Vertices with x exactly 0 are shared by both halves; everything else is doubled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .surface import Array

Indices = NDArray[np.int64]

MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Mesh:
    """A finished mesh.

    Attributes
    ----------
    vertices : (V, 3) float64, millimetres
    faces : (F, 4) int64; a triangle has -1 last
    uvs : (F, 4, 2) float64
    parts : (V,) part name of each vertex
    materials : (F,) material name of each face
    reach : (V,) float64, the skin coordinate t, which decides how much of the neck's motion a vertex takes
    """

    vertices: Array
    faces: Indices
    uvs: Array
    parts: NDArray[np.str_]
    materials: NDArray[np.str_]
    reach: Array


@dataclass
class Half:
    """The left half while it is being built; part names carry ``*`` where the side's name goes."""

    _points: list[Array] = field(default_factory=list)
    _parts: list[NDArray[np.str_]] = field(default_factory=list)
    _reach: list[Array] = field(default_factory=list)
    _faces: list[Indices] = field(default_factory=list)
    _uvs: list[Array] = field(default_factory=list)
    _right_uvs: list[Array] = field(default_factory=list)
    _materials: list[NDArray[np.str_]] = field(default_factory=list)
    count: int = 0

    def add_points(self, points: Array, part: str, reach: float | Array = 0.0) -> Indices:
        """Numbers of new vertices (..., 3), in the shape of the points."""
        flat = points.reshape(-1, 3)
        self._points.append(flat)
        self._parts.append(np.full(len(flat), part, dtype="U24"))
        self._reach.append(np.broadcast_to(np.asarray(reach, float), (len(flat),)))
        numbers = np.arange(self.count, self.count + len(flat)).reshape(points.shape[:-1])
        self.count += len(flat)
        return numbers

    def add_faces(
        self, faces: Indices, uvs: Array, material: str, right_uvs: Array | None = None
    ) -> None:
        """Quads (F, 4) with corner uvs (F, 4, 2); `right_uvs` those of the mirror image, same order."""
        self._faces.append(faces)
        self._uvs.append(uvs)
        self._right_uvs.append(uvs if right_uvs is None else right_uvs)
        self._materials.append(np.full(len(faces), material, dtype="U16"))

    def points(self) -> Array:
        return np.concatenate(self._points)

    def set_part(self, numbers: Indices, part: str) -> None:
        parts = np.concatenate(self._parts)
        parts[numbers] = part
        self._parts = [parts]

    def twins(self) -> Indices:
        """Number (V,) in the whole mesh of each vertex's mirror image."""
        shared = self.points()[:, 0] == 0.0
        return np.where(shared, np.arange(self.count), self.count + np.cumsum(~shared) - 1)

    def whole(self) -> Mesh:
        """Both halves in one mesh, the right one after the left."""
        points, parts, reach = (
            self.points(),
            np.concatenate(self._parts),
            np.concatenate(self._reach),
        )
        faces = np.concatenate(self._faces)
        shared = points[:, 0] == 0.0
        twin = self.twins()
        turned = np.where(faces >= 0, twin[np.maximum(faces, 0)], -1)
        quad = faces[:, 3] >= 0
        order = np.where(quad[:, None], [3, 2, 1, 0], [2, 1, 0, 3])
        right = np.take_along_axis(turned, order, 1)
        right_uvs = np.take_along_axis(np.concatenate(self._right_uvs), order[:, :, None], 1)
        materials = np.concatenate(self._materials)
        return Mesh(
            np.concatenate([points, points[~shared] * MIRROR]),
            np.concatenate([faces, right]),
            np.concatenate([np.concatenate(self._uvs), right_uvs]),
            np.concatenate(
                [np.char.replace(parts, "*", "left"), np.char.replace(parts[~shared], "*", "right")]
            ),
            np.concatenate([materials, materials]),
            np.concatenate([reach, reach[~shared]]),
        )


def strip_faces(rows: Indices, closed: bool = False) -> Indices:
    """Quads between successive rows (K, N): row k, row k + 1, next of row k + 1, next of row k."""
    outer, inner = rows[:-1], rows[1:]
    if closed:
        outer, inner = (np.concatenate([r, r[:, :1]], axis=1) for r in (outer, inner))
    return np.stack([outer[:, :-1], inner[:, :-1], inner[:, 1:], outer[:, 1:]], -1).reshape(-1, 4)


def strip_uvs(
    rows: int, columns: int, box: tuple[float, float, float, float], closed: bool = False
) -> Array:
    """Corner uvs of `strip_faces` filling the box (u0, v0, u1, v1), rows from top to bottom."""
    cells = columns if closed else columns - 1
    u = np.linspace(box[0], box[2], cells + 1)
    v = np.linspace(box[3], box[1], rows)
    grid = np.stack(np.meshgrid(u, v), -1)
    corners = [grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]]
    return np.stack(corners, 2).reshape(-1, 4, 2)


def ring_cap(ring: Indices) -> Indices:
    """Faces across a closed ring (N,), N even: quads with a triangle at both ends.

    They face the side from which the ring runs clockwise.
    """
    n = len(ring)
    one, other = ring[: n // 2 + 1], np.append(ring[n // 2 :], ring[0])[::-1]
    return collapsed(strip_faces(np.array([one, other])))


def half_cap(ring: Indices) -> Indices:
    """Faces across a half ring (N,), N odd, whose ends lie on the midline."""
    middle = len(ring) // 2
    return collapsed(strip_faces(np.array([ring[: middle + 1], ring[middle:][::-1]])))


def collapsed(faces: Indices) -> Indices:
    """Quads with a doubled corner turned into triangles."""
    out = faces.copy()
    for row, face in enumerate(faces):
        kept = [c for i, c in enumerate(face) if c != face[i - 1]]
        if len(kept) == 3:
            out[row] = [*kept, -1]
    return out


def turned(faces: Indices) -> Indices:
    """The same faces seen from the other side."""
    order = np.where((faces[:, 3] >= 0)[:, None], [3, 2, 1, 0], [2, 1, 0, 3])
    return np.take_along_axis(faces, order, 1)
