"""A small picture of a surface: triangles as points, the nearest of a pixel seen. No bpy.

Every triangle becomes a grid of points dense enough to leave no holes, and the nearest point gives a pixel
its shade. It is no renderer: it needs neither a window nor a graphics card, and takes some milliseconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]

# Pixels of the larger picture a shown one is the mean of, along a side.
FINER = 2
# Small triangles on a pixel's width.
DENSITY = 0.75
# Rows of points that a triangle gets at most: larger ones are cut by the frame anyway.
MOST_ROWS = 64
# From the viewer's upper left, and what light comes from everywhere.
LIGHT, AMBIENT = np.array([-0.35, 0.45, 0.82], np.float32), np.float32(0.35)


def thumbnail(
    corners: npt.ArrayLike,
    colours: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    size: int,
) -> npt.NDArray[np.float32]:
    """Picture of triangles within a frame.

    Parameters
    ----------
    corners : (N, 3, 3) float, corners of triangles: right, up, towards the viewer; anticlockwise are seen
    colours : (N, 3) float, 0..1, as a screen shows them
    low, high : (2,) float, the frame's lower left and upper right; the larger side fills the picture

    Returns
    -------
    (size, size, 4) float32, red, green, blue, alpha; bottom row first, as Blender keeps pictures
    """
    fine = size * FINER
    least, most = np.asarray(low, np.float64), np.asarray(high, np.float64)
    scale = fine / float((most - least).max())
    places = np.asarray(corners, np.float64).astype(np.float32) * np.float32(scale)
    places[..., :2] += (fine / 2 - (least + most) / 2 * scale).astype(np.float32)
    normals = np.cross(places[:, 1] - places[:, 0], places[:, 2] - places[:, 0])
    length = np.linalg.norm(normals, axis=1)
    inside = (places[..., :2].max(1) > 0).all(1) & (places[..., :2].min(1) < fine).all(1)
    seen = inside & (normals[:, 2] > 0) & (length > 0)
    places, normals, length = places[seen], normals[seen], length[seen]
    light = np.maximum(normals @ LIGHT / length, 0.0)
    shades = np.asarray(colours, np.float32)[seen] * (AMBIENT + (1 - AMBIENT) * light)[:, None]
    points, of = _points(places)
    picture = np.zeros((fine * fine, 4), np.float32)
    pixels = np.floor(points[:, :2]).astype(np.int32)
    shown = ((pixels >= 0) & (pixels < fine)).all(1)
    # The nearest is written last.
    order = np.flatnonzero(shown)[np.argsort(points[shown, 2])]
    where = pixels[order, 1] * fine + pixels[order, 0]
    picture[where, :3], picture[where, 3] = shades[of[order]], 1.0
    parts = picture.reshape(size, FINER, size, FINER, 4)
    alpha = parts[..., 3:].mean((1, 3))
    colour = (parts[..., :3] * parts[..., 3:]).mean((1, 3)) / np.maximum(alpha, 1e-6)
    return np.concatenate([np.clip(colour, 0, 1), alpha], -1).astype(np.float32)


def _points(places: Singles) -> tuple[Singles, npt.NDArray[np.int64]]:
    """Points on triangles, (P, 3), and the triangle each is of."""
    edges = places[:, :, :2] - np.roll(places[:, :, :2], 1, axis=1)
    longest = np.linalg.norm(edges, axis=2).max(1)
    rows = np.clip(np.ceil(longest * DENSITY).astype(np.int64), 1, MOST_ROWS)
    points: list[Singles] = []
    owners: list[npt.NDArray[np.int64]] = []
    for count in np.unique(rows).tolist():
        group = np.flatnonzero(rows == count)
        # The middles of the small triangles that lie upright in it, and of those between them.
        row, column = (grid.ravel() for grid in np.meshgrid(np.arange(count), np.arange(count)))
        upright, between = row + column < count, row + column < count - 1
        first = np.concatenate([row[upright] + 1 / 3, row[between] + 2 / 3]) / count
        second = np.concatenate([column[upright] + 1 / 3, column[between] + 2 / 3]) / count
        shares = np.stack([1 - first - second, first, second], 1).astype(np.float32)
        points.append(np.einsum("pc,ncd->npd", shares, places[group]).reshape(-1, 3))
        owners.append(np.repeat(group, len(shares)))
    if not points:
        return np.zeros((0, 3), np.float32), np.zeros(0, np.int64)
    return np.concatenate(points), np.concatenate(owners)
