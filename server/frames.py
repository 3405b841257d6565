"""Curves of fifty frames a second moved and smoothed; no bit depends on how many frames there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def smoothed(values: Array) -> Array:
    """(T, ...) values after the kernel 1/4 1/2 1/4."""
    return 0.5 * values + 0.25 * (moved(values, 1) + moved(values, -1))


def moved(values: Array, frames: int) -> Array:
    """Values (T, ...) later by `frames`, the ends held."""
    count = len(values)
    if frames > 0:
        return np.concatenate([values[:1].repeat(min(frames, count), axis=0), values])[:count]
    return np.concatenate([values, values[-1:].repeat(min(-frames, count), axis=0)])[-count:]
