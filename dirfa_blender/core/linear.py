"""Many small systems of equations at once, without a linear-algebra library. No bpy.

Numerical libraries may share even a system of eight unknowns between threads, which on a busy computer
costs a thousand times what it saves. Here a step of the elimination is one operation over all systems:
about as quick as a library on one core, the same bits on every machine, and no row depends on the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Numbers of the matrices that are worked on at once: what fits a core's own memory.
AT_ONCE = 1 << 17


def solved(matrices: Array, right: Array, free: npt.NDArray[np.bool_]) -> Array:
    """(T, N) solution of each ``matrix x = right`` in its free unknowns; the others are 0.

    Parameters
    ----------
    matrices : (T, N, N) float64, symmetric, positive definite
    right : (T, N) float64
    free : (T, N) bool
    """
    result = np.zeros(right.shape)
    counts = free.sum(1)
    # Those of one size together: few free unknowns are quickly found.
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    step = max(1, AT_ONCE // max(1, int(counts.max(initial=0))) ** 2)
    for begin in range(0, len(order), step):
        rows = order[begin : begin + step]
        size = int(counts[rows].max())
        kept = np.argsort(~free[rows], axis=1, kind="stable")[:, :size]
        is_spare = np.arange(size) >= counts[rows, None]
        small = matrices[rows[:, None, None], kept[:, :, None], kept[:, None, :]]
        small[is_spare[:, :, None] | is_spare[:, None, :]] = 0.0
        small[:, np.arange(size), np.arange(size)] += is_spare
        goal = np.where(is_spare, 0.0, np.take_along_axis(right[rows], kept, 1))
        result[rows[:, None], kept] = _eliminated(small, goal)
    return result


def _eliminated(matrices: Array, right: Array) -> Array:
    """The same for as many as fit; no pivots are sought, for positive definite matrices need none."""
    # Systems last: every operation runs along contiguous memory.
    upper = matrices.transpose(1, 2, 0).copy()
    left = right.T.copy()
    size = len(left)
    for k in range(size):
        factor = upper[k, k + 1 :] / upper[k, k]
        for row in range(k + 1, size):
            upper[row, row:] -= factor[row - k - 1] * upper[k, row:]
        left[k + 1 :] -= factor * left[k]
    # Column by column: a sum along a row would depend on how many systems there are.
    for k in reversed(range(size)):
        left[k] /= upper[k, k]
        left[:k] -= upper[:k, k] * left[k]
    return left.T
