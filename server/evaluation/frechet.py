"""How far two collections of motion are apart as distributions, not clip by clip.

Windows of motion are described by their coordinates in a linear auto-encoder (principal components) that
learnt from film alone, and two Gaussians are compared there [1]_. The distance is given over the variance
of the film in the same space: 0 is the same distribution, 1 as far as standing still or more.

References
----------
.. [1] Dowson, Landau: The Frechet distance between multivariate normal distributions, 1982.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW, HOP = 50, 10
"""Frames of a window, two seconds at 25 a second, and from one to the next."""
LATENT = 8


def windows(motions: Sequence[Floats]) -> Floats:
    """(N, WINDOW * C) windows of motions (T, C), each motion about its own mean."""
    found: list[Floats] = []
    for motion in motions:
        still = motion - motion.mean(axis=0)
        for first in range(0, len(still) - WINDOW + 1, HOP):
            found.append(still[first : first + WINDOW].ravel())
    return np.stack(found)


def relative_distance(found: Sequence[Floats], film: Sequence[Floats]) -> float:
    """Frechet distance of motions, (T, C) each, to those of the film, over the film's own variance."""
    true, made = windows(film), windows(found)
    mean = true.mean(axis=0)
    axes = np.linalg.svd(true - mean, full_matrices=False)[2][:LATENT]
    a, b = (true - mean) @ axes.T, (made - mean) @ axes.T
    own = np.cov(a, rowvar=False)
    return frechet(a.mean(axis=0), own, b.mean(axis=0), np.cov(b, rowvar=False)) / float(
        np.trace(own)
    )


def frechet(first_mean: Floats, first: Floats, second_mean: Floats, second: Floats) -> float:
    """Squared distance of two Gaussians, by their means (D,) and covariances (D, D)."""
    # The trace of the root of a product is the sum of the roots of its eigenvalues, none of them negative.
    shared = np.sqrt(np.linalg.eigvals(first @ second).real.clip(min=0.0)).sum()
    apart = float(((first_mean - second_mean) ** 2).sum())
    return max(0.0, apart + float(np.trace(first) + np.trace(second) - 2.0 * shared))
