"""Operations on (T, C) curves: fades and key reduction with an error bound. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def faded(values: Array, fps: float, fade_seconds: float) -> Array:
    """Values that rise from and fall to zero at both ends along half a cosine.

    Parameters
    ----------
    values : (T, C) float32
    fps : samples a second
    fade_seconds : length of each fade; at most half the clip is used
    """
    count = min(round(fade_seconds * fps), len(values) // 2)
    if count < 1:
        return values
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)[:, None]
    result = values.copy()
    result[:count] *= ramp
    result[len(values) - count :] *= ramp[::-1]
    return result


def reduced_keys(values: npt.ArrayLike, tolerance: float) -> npt.NDArray[np.int64]:
    """Least indices found whose straight connection stays within `tolerance` of every sample.

    Parameters
    ----------
    values : (T,) float, samples at equal distances
    tolerance : largest absolute error between samples and connection

    Returns
    -------
    (N,) int64, rising, with the first and the last sample

    Notes
    -----
    A cone from the last kept key is narrowed by each new sample; when it closes, the sample before is
    kept (Sklansky and Gonzalez, Pattern Recognition 1980). Linear in T.
    """
    samples = np.asarray(values, np.float64)
    if len(samples) <= 2:
        return np.arange(len(samples))
    kept = [0]
    low, high = -np.inf, np.inf
    for index in range(1, len(samples)):
        run = index - kept[-1]
        slope = (samples[index] - samples[kept[-1]]) / run
        if not low <= slope <= high:
            kept.append(index - 1)
            run, low, high = 1, -np.inf, np.inf
            slope = samples[index] - samples[index - 1]
        low, high = max(low, slope - tolerance / run), min(high, slope + tolerance / run)
    if kept[-1] != len(samples) - 1:
        kept.append(len(samples) - 1)
    return np.array(kept)
