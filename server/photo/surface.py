"""Values on the vertices of a mesh: their mirror images, and colours diffused over the surface.

Completing the texture on the vertices instead of in the texture makes the seams of the layout
disappear: both sides of a seam are the same vertices.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

SWEEPS = 160


def mirror_images(vertices: Floats) -> Indices:
    """(V,) number of the vertex that mirrors each, for a mesh symmetric in x.

    Notes
    -----
    Vertices are matched by their rounded places, looked up in sorted order; one that finds no partner
    within a tenth of a millimetre is its own.
    """
    grid = np.round(vertices * 1e4).astype(np.int64) + (1 << 19)
    key = ((grid[:, 0] << 42) | (grid[:, 1] << 21)) | grid[:, 2]
    flipped = np.round(vertices * (-1e4, 1e4, 1e4)).astype(np.int64) + (1 << 19)
    wanted = ((flipped[:, 0] << 42) | (flipped[:, 1] << 21)) | flipped[:, 2]
    order = np.argsort(key, kind="stable")
    place = np.minimum(np.searchsorted(key[order], wanted), len(order) - 1)
    found = order[place]
    return np.where(key[found] == wanted, found, np.arange(len(vertices)))


def sampled(image: npt.NDArray[np.float32], places: Floats) -> Floats:
    """(V, C) values of an image (H, W) or (H, W, C) at places (V, 2) in pixels; 0 outside."""
    x, y = places.astype(np.float32).T
    rows = [
        cv2.remap(image, x[k : k + 30000, None], y[k : k + 30000, None], cv2.INTER_LINEAR)
        for k in range(0, len(x), 30000)
    ]
    return np.concatenate(rows).reshape(len(x), -1).astype(np.float64)


class Neighbours:
    """The edges of a mesh, ready for averaging over them."""

    def __init__(self, faces: npt.NDArray[np.int32], count: int) -> None:
        following = np.roll(faces, -1, axis=1)
        following[:, 2] = np.where(faces[:, 3] < 0, faces[:, 0], following[:, 2])
        edges = np.stack([faces, following], -1).reshape(-1, 2)
        edges = edges[(edges >= 0).all(1)]
        edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
        degree = np.bincount(edges[:, 0], minlength=count)
        alone = np.flatnonzero(degree == 0)
        rows, columns = np.r_[edges[:, 0], alone], np.r_[edges[:, 1], alone]
        share = 1.0 / np.maximum(degree, 1)[rows]
        self.averaging = sparse.csr_matrix((share, (rows, columns)), shape=(count, count))

    def mean(self, values: Floats) -> Floats:
        """(V, C) mean over each vertex's neighbours; its own value where it has none."""
        return np.asarray(self.averaging @ values, np.float64)

    def smoothed(self, values: Floats, sweeps: int) -> Floats:
        """(V, C) values averaged with their neighbours a number of times."""
        for _ in range(sweeps):
            values = 0.5 * values + 0.5 * self.mean(values)
        return values

    def completed(self, values: Floats, trust: Floats, rest: Floats, pull: float) -> Floats:
        """(V, C) values kept where trusted and diffused elsewhere, drifting toward `rest`.

        Parameters
        ----------
        values : (V, C); trust : (V,) 0..1; rest : (C,) or (V, C) what far places tend to
        pull : how strongly, against a neighbour's 1
        """
        known = 20.0 * trust[:, None]
        held, drawn, total = known * values, pull * rest, known + 1.0 + pull
        current = (held + 0.1 * rest) / (known + 0.1)
        for _ in range(SWEEPS):
            current = self.mean(current)
            current += held
            current += drawn
            current /= total
        return current
