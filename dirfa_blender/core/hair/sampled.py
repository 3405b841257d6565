"""Values between the points of a strand or the cells of a sheet. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sampled(values: Floats, at: Floats, axis: int = 1) -> Floats:
    """Values (..., N, ...) at places `at` (M,) along an axis, 0..N - 1, linearly between: (..., M, ...)."""
    low = np.minimum(at.astype(int), values.shape[axis] - 2)
    part = (at - low).reshape([-1] + [1] * (values.ndim - axis - 1))
    return values.take(low, axis) * (1.0 - part) + values.take(low + 1, axis) * part
