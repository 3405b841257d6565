"""The quads of the left half of the skin, laid out flat in (u, t). No bpy.

One regular grid of rows and columns covers the head from crown to bust. Rectangular blocks of it
are taken out and filled with concentric rings: round the eye, the mouth and the nostril, so that
edge loops run round every opening and the only irregular points are the four corners of a block.
The crown is closed by a square patch. Only the left half exists here (u >= 0); the right half is
its mirror image, which makes the head exactly symmetric.

``u`` is azimuth times `surface.RADIUS`, ``t`` as in `surface`; both millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .surface import RADIUS, T_BUST, T_JAW, T_POLE, Array

Indices = NDArray[np.int64]

HALF_TURN = np.pi * RADIUS
# Knots of the rows (t, top to bottom) and columns (u, front to back) with the number of cells between them.
ROW_KNOTS = (122.0, 44.0, -4.0, -34.0, -36.5, -69.0, T_JAW, -138.0, -222.0, T_BUST)
ROW_CELLS = (10, 14, 13, 1, 14, 7, 7, 9, 8)
COLUMN_KNOTS = (0.0, 40.0, 58.0, 112.0, 160.0, HALF_TURN)
COLUMN_CELLS = (12, 4, 11, 8, 13)
ROWS, COLUMNS = sum(ROW_CELLS), sum(COLUMN_CELLS)

# Blocks as (first row, last row, first column, last column).
EYE = (10, 24, 3, 16)
NOSTRIL = (30, 34, 1, 5)
MOUTH = (38, 52, 0, 12)
EAR = (14, 56, 27, 35)

EYE_RINGS = 10
NOSTRIL_RINGS = 3
MOUTH_RINGS = 6
LIP_RINGS = 6


@dataclass(frozen=True)
class Curves:
    """Where the openings lie, as polylines (N, 2) in (u, t).

    `lid` starts at the inner corner and runs over the upper lid; `lip_border` and `lip_edge` run from the
    midline of the upper lip round the corner to the midline of the lower; `nostril` runs like `lid`.
    """

    lid: Array
    lip_border: Array
    lip_edge: Array
    nostril: Array


@dataclass(frozen=True)
class Grid:
    """The left half of the skin: flat places, quads and the loops other parts are sewn to.

    Attributes
    ----------
    u, t : (V,) float64, millimetres
    faces : (F, 4) int64, counter-clockwise seen from outside
    eye, nostril, mouth : (K, N) int64, rings from the block border inward; the mouth's last is the lip edge
    ear : (N,) int64, border of the hole where the ear is sewn in, clockwise from the front
    bust : (N,) int64, the cut of the bust from front to back
    """

    u: Array
    t: Array
    faces: Indices
    eye: Indices
    nostril: Indices
    mouth: Indices
    ear: Indices
    bust: Indices


def ring_size(block: tuple[int, int, int, int]) -> int:
    """Number of vertices on the border of a block."""
    return 2 * (block[1] - block[0] + block[3] - block[2])


def build_grid(curves: Curves) -> Grid:
    """Lay out the left half of the skin around the given openings."""
    u, t = _grid_lines()
    number = np.arange((ROWS + 1) * (COLUMNS + 1)).reshape(ROWS + 1, COLUMNS + 1)
    us, ts = [u.ravel()], [t.ravel()]
    faces = [_cells(number)]
    count = number.size

    def add_rings(border: Indices, targets: list[tuple[Array, int]], closed: bool) -> Indices:
        """Rings from the border through each target curve, with the number of steps to each."""
        nonlocal count
        rings = [border]
        from_curve = np.stack([np.concatenate(us)[border], np.concatenate(ts)[border]], -1)
        for curve, steps in targets:
            for step in range(1, steps + 1):
                place = from_curve + (curve - from_curve) * (step / steps)
                us.append(place[:, 0])
                ts.append(place[:, 1])
                rings.append(np.arange(count, count + len(border)))
                count += len(border)
            from_curve = curve
        faces.append(ring_faces(np.array(rings), closed))
        return np.array(rings)

    eye = add_rings(_border(number, EYE), [(curves.lid, EYE_RINGS)], True)
    nostril = add_rings(_border(number, NOSTRIL), [(curves.nostril, NOSTRIL_RINGS)], True)
    lips = [(curves.lip_border, MOUTH_RINGS), (curves.lip_edge, LIP_RINGS)]
    mouth = add_rings(_half_border(number, MOUTH), lips, False)
    cap_u, cap_t, cap_faces = _cap(u[0], count)
    us.append(cap_u)
    ts.append(cap_t)
    faces.append(np.where(cap_faces < 0, number[0][np.maximum(-1 - cap_faces, 0)], cap_faces))

    grid = Grid(
        np.concatenate(us),
        np.concatenate(ts),
        np.concatenate(faces),
        eye,
        nostril,
        mouth,
        _border(number, EAR),
        number[-1],
    )
    return _compact(_relaxed(grid))


def ring_faces(rings: Indices, closed: bool) -> Indices:
    """Quads between successive rings (K, N) that run clockwise from outside and go inward."""
    outer, inner = rings[:-1], rings[1:]
    if closed:
        outer, inner = (np.concatenate([r, r[:, :1]], axis=1) for r in (outer, inner))
    quads = [outer[:, :-1], inner[:, :-1], inner[:, 1:], outer[:, 1:]]
    return np.stack(quads, -1).reshape(-1, 4)


def _spread(knots: tuple[float, ...], cells: tuple[int, ...]) -> Array:
    parts = [
        np.linspace(a, b, n, endpoint=False)
        for a, b, n in zip(knots[:-1], knots[1:], cells, strict=True)
    ]
    return np.append(np.concatenate(parts), knots[-1])


def _grid_lines() -> tuple[Array, Array]:
    """u and t (rows + 1, columns + 1): columns even out toward crown and bust."""
    line = _spread(COLUMN_KNOTS, COLUMN_CELLS)
    even = np.linspace(0.0, HALF_TURN, COLUMNS + 1)
    t = _spread(ROW_KNOTS, ROW_CELLS)
    up = np.clip((t - 50.0) / 65.0, 0, 1)
    down = np.clip((-100.0 - t) / 100.0, 0, 1)
    ease = np.maximum(up**2 * (3 - 2 * up), 0.8 * down**2 * (3 - 2 * down))[:, None]
    return line * (1 - ease) + even * ease, np.repeat(t[:, None], COLUMNS + 1, 1)


def _cells(number: Indices) -> Indices:
    keep = np.ones((ROWS, COLUMNS), bool)
    for r0, r1, c0, c1 in (EYE, NOSTRIL, MOUTH, EAR):
        keep[r0:r1, c0:c1] = False
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], -1)
    return quads[keep]


def _border(number: Indices, block: tuple[int, int, int, int]) -> Indices:
    """Border of a block, clockwise seen from outside, from the middle of its front side."""
    r0, r1, c0, c1 = block
    up = number[r0:r1, c0][::-1]
    over = number[r0, c0 + 1 : c1 + 1]
    down = number[r0 + 1 : r1 + 1, c1]
    under = number[r1, c0:c1][::-1]
    loop = np.concatenate([up, over, down, under])
    return np.roll(loop, -((r1 - r0) // 2 - 1))


def _half_border(number: Indices, block: tuple[int, int, int, int]) -> Indices:
    r0, r1, c0, c1 = block
    return np.concatenate([number[r0, c0:c1], number[r0:r1, c1], number[r1, c0 : c1 + 1][::-1]])


def _cap(ring_u: Array, first: int) -> tuple[Array, Array, Indices]:
    """The square patch that closes the crown.

    Returns u and t of its inner vertices and its quads; the vertex ``-1 - j`` stands for column j
    of the first row.
    """
    n = COLUMNS // 2
    h = n // 2
    name = np.full((n + 1, h + 1), 10**9)
    rim = (
        [(0, c) for c in range(h)] + [(r, h) for r in range(n)] + [(n, c) for c in range(h, -1, -1)]
    )
    flat = np.zeros((n + 1, h + 1, 2))
    radius = T_POLE - ROW_KNOTS[0]
    for j, (r, c) in enumerate(rim):
        name[r, c] = -1 - j
        azimuth = ring_u[j] / RADIUS
        flat[r, c] = radius * np.sin(azimuth), -radius * np.cos(azimuth)
    free = name == 10**9
    name[free] = first + np.arange(free.sum())
    s = np.linspace(0, 1, n + 1)[:, None]
    flat[1:n, :h, 1] = (flat[0, :h, 1] * (1 - s) + flat[n, :h, 1] * s)[1:n]
    w = np.linspace(0, 1, h + 1)[None, :]
    flat[1:n, :h, 0] = (flat[:, h:, 0] * w)[1:n, :h]
    for _ in range(40):
        mirrored = np.concatenate([flat[:, 1:2] * np.array([-1, 1]), flat], axis=1)
        mean = (
            mirrored[:-2, 1:-1] + mirrored[2:, 1:-1] + mirrored[1:-1, :-2] + mirrored[1:-1, 2:]
        ) / 4
        flat[1:n, :h] = mean
    inner = flat[free]
    rho = np.hypot(inner[:, 0], inner[:, 1])
    u = np.arctan2(inner[:, 0], -inner[:, 1]) * RADIUS
    quads = np.stack([name[:-1, :-1], name[:-1, 1:], name[1:, 1:], name[1:, :-1]], -1).reshape(
        -1, 4
    )
    return u, T_POLE - rho, quads


def _relaxed(grid: Grid) -> Grid:
    """The grid with the rings, and the cells just round them, evened out."""
    u, t = grid.u.copy(), grid.t.copy()
    n = len(u)
    edges = np.concatenate([grid.faces[:, [i, (i + 1) % 4]] for i in range(4)])
    edges = np.unique(np.sort(edges, 1), axis=0)
    ends = np.concatenate([edges[:, 0], edges[:, 1]])
    others = np.concatenate([edges[:, 1], edges[:, 0]])
    degree = np.maximum(np.bincount(ends, minlength=n), 1)
    free = np.zeros(n, bool)
    for rings in (grid.eye, grid.nostril, grid.mouth[: MOUTH_RINGS + 1]):
        free[rings[:-1].ravel()] = True
    for _ in range(2):
        near = np.zeros(n, bool)
        near[ends[free[others]]] = True
        free |= near
    free[np.concatenate([grid.eye[-1], grid.nostril[-1], grid.mouth[MOUTH_RINGS:].ravel()])] = False
    middle = u == 0.0
    for _ in range(12):
        mean_u = np.bincount(ends, u[others], n) / degree
        mean_t = np.bincount(ends, t[others], n) / degree
        move = np.where(free, 0.5, 0.0)
        u += np.where(middle, 0.0, move) * (mean_u - u)
        t += np.where(middle, 0.0, move) * (mean_t - t)
    return Grid(u, t, grid.faces, grid.eye, grid.nostril, grid.mouth, grid.ear, grid.bust)


def _compact(grid: Grid) -> Grid:
    """The grid without the vertices that were inside the blocks."""
    used = np.zeros(len(grid.u), bool)
    used[grid.faces.ravel()] = True
    place = np.cumsum(used) - 1
    loops = [
        place[x] for x in (grid.faces, grid.eye, grid.nostril, grid.mouth, grid.ear, grid.bust)
    ]
    return Grid(grid.u[used], grid.t[used], *loops)
