"""The way from 0 to 1 that begins and ends level."""

from __future__ import annotations

from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float64, np.float32)


def smoothstep(x: NDArray[Real], low: float = 0.0, high: float = 1.0) -> NDArray[Real]:
    """0 below `low`, 1 above `high`, of the shape and the type of what is given."""
    share = np.clip((x - low) / (high - low), 0.0, 1.0)
    return cast("NDArray[Real]", share * share * (3.0 - 2.0 * share))
