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


def mean_around(
    values: NDArray[np.float64], before: int, after: int, outside: float
) -> NDArray[np.float64]:
    """(T,) mean from `before` frames earlier to `after` later; beyond the ends lies `outside`."""
    padded = np.concatenate([np.full(before, outside), values, np.full(after, outside)])
    width = before + after + 1
    # Not a running sum: its last bits would depend on where the take begins.
    total = np.zeros(len(values))
    for place in range(width):
        total = total + padded[place : place + len(values)]
    return total / width


def limited(values: Array) -> Array:
    """Within 0..1; faster than `np.clip` where there are few."""
    return np.minimum(np.maximum(values, np.float32(0.0)), np.float32(1.0))
