"""Values on a mesh laid out as a texture: for every texel the triangle that covers it, and where.

All triangles of about one size are tested together on one small grid each, so the work is a handful
of array operations. Texels outside every face take the value of the nearest one inside: that is the
margin which keeps seams closed when a renderer filters the texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TexelMap:
    """Which vertices each texel lies between.

    Attributes
    ----------
    corners : (S, S, 3) int32, vertices of the covering (or nearest) triangle; row 0 is v = 1
    weights : (S, S, 3) float32, barycentric weights of the corners
    covered : (S, S) bool, lies on a face
    """

    corners: Indices
    weights: Floats
    covered: npt.NDArray[np.bool_]

    def spread(self, values: npt.ArrayLike) -> Floats:
        """(S, S, C) float32 interpolation of values (V, C) given at the vertices."""
        at_vertices = np.asarray(values, np.float32)
        result = self.weights[..., :1] * at_vertices.take(self.corners[..., 0], axis=0)
        for corner in (1, 2):
            there = at_vertices.take(self.corners[..., corner], axis=0)
            result += self.weights[..., corner, None] * there
        return result


def texel_map(faces: Indices, uvs: Floats, size: int) -> TexelMap:
    """The texels of a square texture covered by faces (F, 4) with corner uvs (F, 4, 2)."""
    quads = faces[:, 3] >= 0
    triangles = np.concatenate([faces[:, :3], faces[quads][:, [0, 2, 3]]])
    places = np.concatenate([uvs[:, :3], uvs[quads][:, [0, 2, 3]]]).astype(np.float64)
    places = places * (size, -size) + (0.0, size)  # pixels, y down
    owner = np.full(size * size, -1, np.int32)
    weights = np.zeros((size * size, 3), np.float32)
    low = np.floor(places.min(1) - 0.5).astype(np.int64)
    extent = (np.ceil(places.max(1)) - low).max(1).astype(np.int64) + 1
    reach = 1
    while reach < 2 * extent.max(initial=1):
        chosen = np.flatnonzero((extent <= reach) & (extent > reach // 2))
        for part in np.array_split(chosen, max(1, len(chosen) * reach * reach // 2_000_000)):
            _fill(part, places[part], low[part], reach, size, owner, weights)
        reach *= 2
    covered = (owner >= 0).reshape(size, size)
    nearest = _nearest(covered)
    owner, weights = owner[nearest], weights[nearest]
    return TexelMap(
        triangles[owner].reshape(size, size, 3), weights.reshape(size, size, 3), covered
    )


def _fill(
    numbers: npt.NDArray[np.int64],
    places: npt.NDArray[np.float64],
    low: npt.NDArray[np.int64],
    reach: int,
    size: int,
    owner: Indices,
    weights: Floats,
) -> None:
    """Enter triangles no wider than `reach` texels into `owner` and `weights`."""
    step = np.arange(reach)
    x = low[:, 0, None, None] + step[None, None, :]
    y = low[:, 1, None, None] + step[None, :, None]
    a, b, c = (places[:, k, :, None, None] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    px, py = x + 0.5, y + 0.5
    wb = ((px - a[:, 0]) * (c[:, 1] - a[:, 1]) - (py - a[:, 1]) * (c[:, 0] - a[:, 0])) / area
    wc = ((b[:, 0] - a[:, 0]) * (py - a[:, 1]) - (b[:, 1] - a[:, 1]) * (px - a[:, 0])) / area
    wa = 1.0 - wb - wc
    inside = (np.minimum(np.minimum(wa, wb), wc) >= -1e-6) & np.isfinite(area)
    inside &= (x >= 0) & (x < size) & (y >= 0) & (y < size)
    which, row, column = np.nonzero(inside)
    texel = (low[which, 1] + row) * size + low[which, 0] + column
    owner[texel] = numbers[which]
    weights[texel] = np.stack([w[which, row, column] for w in (wa, wb, wc)], -1)


def _nearest(covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """For each texel the flat index of the nearest covered one."""
    _, found = cv2.distanceTransformWithLabels(
        (~covered).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, np.int64)
    inside = np.flatnonzero(covered.ravel())
    index = np.zeros(int(labels.max()) + 1, np.int64)
    index[labels.ravel()[inside]] = inside
    return index[labels.ravel()]
