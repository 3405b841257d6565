"""Gaussian blurs: wide ones, made on a picture as small as they allow, and such of a part of a picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]


def shrunk(shape: tuple[int, ...], reach: float) -> tuple[float, tuple[int, int]]:
    """Scale of a picture as small as a blur allows, and its width and height."""
    scale = min(1.0, 4.0 / reach)
    return scale, (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))


def blurred(values: Image, reach: float) -> Image:
    """A picture (H, W) or (H, W, C) under a Gaussian blur of `reach` pixels."""
    height, width = values.shape[:2]
    scale, size = shrunk(values.shape, reach)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(reach * scale, 0.5), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(
        cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def blurred_among(values: Image, weights: Image, reach: float) -> Image:
    """Values (H, W) under a blur of `reach` pixels that looks at the weighted ones (H, W) only."""
    near = max(reach, 0.5)
    seen = cv2.GaussianBlur(values * weights, (0, 0), near)
    return np.asarray(seen / np.maximum(cv2.GaussianBlur(weights, (0, 0), near), 1e-4), np.float32)
