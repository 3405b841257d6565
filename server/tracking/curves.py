"""How alike two curves are: correlation, concordance, and the offset at which they agree best.

Curves are (T,) float64 at one rate.

References
----------
.. [1] Lin: A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def correlation(first: Floats, second: Floats) -> float:
    """Pearson correlation; 0 where one of them does not move."""
    if min(len(first), len(second)) < 2 or first.std() < 1e-9 or second.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def concordance(found: Floats, true: Floats) -> float:
    """Lin's coefficient, ``2 cov / (var + var' + (mean - mean')^2)`` [1]_; 1 only for equal curves."""
    spread = found.var() + true.var() + (found.mean() - true.mean()) ** 2
    if spread < 1e-18:
        return 0.0
    return float(2.0 * np.mean((found - found.mean()) * (true - true.mean())) / spread)


def best_offset(
    found: Floats, true: Floats, fps: float, reach_seconds: float
) -> tuple[float, float]:
    """The offset in seconds by which `true` is late against `found`, and the correlation there."""
    reach = round(reach_seconds * fps)
    scores = {
        lag: correlation(
            found[max(0, -lag) : len(found) - max(0, lag)],
            true[max(0, lag) : len(true) + min(0, lag)],
        )
        for lag in range(-reach, reach + 1)
    }
    lag = max(scores, key=lambda key: scores[key])
    return lag / fps, scores[lag]
