"""Noise of skin that a photo does not show: pores and blotches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]

GRAIN = 0.035  # of the light, standard deviation of what pores and blotches add


@dataclass(frozen=True)
class Grain:
    """Factors of pores and blotches: (S, S) on linear light, and (S, S, 3) nearly the same on sRGB."""

    of_light: Image
    of_bytes: Image


@lru_cache(maxsize=3)
def grain(size: int) -> Grain:
    """Noise at the scales of pores and blotches, the same on every run."""
    random = np.random.default_rng(20)
    fine = cv2.GaussianBlur(random.standard_normal((size, size), np.float32), (0, 0), 1.2)
    coarse = random.standard_normal((size // 8, size // 8), np.float32)
    coarse = cv2.GaussianBlur(
        cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), (0, 0), 3
    )
    noise = fine / fine.std() + 0.7 * coarse / coarse.std()
    light = np.asarray(1 + GRAIN * noise / noise.std(), np.float32)
    return Grain(light, np.repeat(light[..., None] ** np.float32(1 / 2.2), 3, axis=2))
