"""How well one curve follows another: accuracy, amplitude, timing and smoothness.

Curves are (T,) or (T, C) float64 at one rate. Correlation alone rewards a curve of a tenth of the size, and
error alone rewards a frozen face, so each is given beside the other.

References
----------
.. [1] Keogh, Pazzani: Derivative dynamic time warping, SDM 2001.
.. [2] Chae-Yeon et al.: Perceptually accurate 3D talking head generation, CVPR 2025 (MTM, SLCC).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from server.tracking.curves import best_offset, correlation

Floats = NDArray[np.float64]

WARP_SECONDS = 0.4
"""Farthest that the warping may match."""
SMOOTH_FRAMES = 2.0
LAG_SECONDS = 0.2


def mean_difference(found: Floats, true: Floats) -> float:
    """Mean absolute difference, in the curves' unit; of lip openings it is the MOD of the literature."""
    return float(np.abs(found - true).mean())


def lag_seconds(found: Floats, true: Floats, fps: float) -> float:
    """Seconds by which `found` is late against `true`, where they correlate best within 0.2 s."""
    return -best_offset(found, true, fps, LAG_SECONDS)[0]


def variance_ratio(found: Floats, true: Floats) -> float:
    """Variance over that of the truth, all channels together; 1 is a face as lively as the human one."""
    return float(_columns(found).var(axis=0).sum() / max(1e-18, _columns(true).var(axis=0).sum()))


def jerk(values: Floats, fps: float) -> float:
    """RMS of the third difference times the rate cubed."""
    third = np.diff(_columns(values), n=3, axis=0) * fps**3
    return float(np.sqrt((third**2).sum(axis=1).mean())) if len(third) else 0.0


def jerk_ratio(found: Floats, true: Floats, fps: float) -> float:
    """Jerk over that of the truth, both at `fps`."""
    return jerk(found, fps) / max(1e-12, jerk(true, fps))


def temporal_misalignment(found: Floats, true: Floats, fps: float) -> float | None:
    """Mean absolute time in seconds between the extrema of the truth and what they match in `found`.

    Both are smoothed by a Gaussian of two frames, warped onto each other by their derivatives [1]_, and
    read at the extrema of the truth: the MTM of [2]_. None where the truth has no extremum.
    """
    smooth = [_standardised(ndimage.gaussian_filter1d(v, SMOOTH_FRAMES)) for v in (true, found)]
    slopes = [np.gradient(v) for v in smooth]
    extrema = np.flatnonzero(np.diff(np.sign(slopes[0])) != 0)
    if not len(extrema):
        return None
    path = _warping(slopes[0], slopes[1], round(WARP_SECONDS * fps))
    total = [abs(float(np.mean(path[i])) - i) for i in extrema]
    return float(np.mean(total)) / fps


def loudness_agreement(
    lips: Mapping[str, Sequence[float]], speech: Mapping[str, Sequence[float]]
) -> float:
    """Correlation over clips of lip motion and speech level, each normalised within a talker (SLCC [2]_).

    Parameters
    ----------
    lips, speech : talker -> root mean square of lip speed, and of the sound, of each clip
    """
    pairs = [
        (
            _standardised(np.asarray(lips[t], np.float64)),
            _standardised(np.asarray(speech[t], np.float64)),
        )
        for t in lips
    ]
    return correlation(np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs]))


def _warping(first: Floats, second: Floats, reach: int) -> list[list[int]]:
    """For each sample of the first the samples of the second on the cheapest monotone path."""
    count, other = len(first), len(second)
    cost = np.full((count + 1, other + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(1, count + 1):
        centre = i * other // count
        for j in range(max(1, centre - reach), min(other, centre + reach) + 1):
            step = min(cost[i - 1, j - 1], cost[i - 1, j], cost[i, j - 1])
            cost[i, j] = (first[i - 1] - second[j - 1]) ** 2 + step
    matched: list[list[int]] = [[] for _ in range(count)]
    i, j = count, int(other)
    while i > 0 and j > 0:
        matched[i - 1].append(j - 1)
        moves = (
            (cost[i - 1, j - 1], i - 1, j - 1),
            (cost[i - 1, j], i - 1, j),
            (cost[i, j - 1], i, j - 1),
        )
        _, i, j = min(moves)
    return matched


def _standardised(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def _columns(values: Floats) -> Floats:
    return values[:, None] if values.ndim == 1 else values
