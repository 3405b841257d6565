"""How different several takes of one recording are, region by region.

Lips should hardly differ, because the sound determines them; brows and head should differ about as much
as a person differs from clip to clip. A generator that draws random numbers may still be deterministic in
effect, so this is measured on takes, not believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def across_takes(takes: Sequence[Floats]) -> float:
    """Mean distance between two takes, over all pairs and frames.

    Parameters
    ----------
    takes : (T, C) each, the same region of each take
    """
    total, pairs = 0.0, 0
    for place, first in enumerate(takes):
        for second in takes[place + 1 :]:
            total += float(np.linalg.norm(first - second, axis=1).mean())
            pairs += 1
    return total / max(1, pairs)


def relative_diversity(takes: Sequence[Floats]) -> float:
    """Distance between takes over what independent motion of the same size would have.

    Two independent normal vectors of deviations s_c differ by about ``sqrt(2) s`` with ``s^2 = sum s_c^2``
    over time, so 0 is one take again and again and about 1 is independent takes.
    """
    inner = np.mean([take.var(axis=0).sum() for take in takes])
    between = np.var([take.mean(axis=0) for take in takes], axis=0).sum()
    return across_takes(takes) / max(1e-12, float(np.sqrt(2.0 * (inner + between))))
