"""Vectors as directions. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHORTEST = 1e-9
"""Length under which a vector tells no direction; it comes out shorter than 1."""


def unit(vectors: Floats) -> Floats:
    """Vectors (..., D) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), SHORTEST)
