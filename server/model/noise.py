"""Smooth noise of several bands, a function of the absolute frame and of a seed.

A band is a cubic B-spline through random values at regular knots, so its spectrum is known (`power`) and
a few bands can be fitted to any falling spectrum. Values are made in long tiles, many channels at once,
and kept for the blocks that lie in them: the tile is a convenience, no value depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .config import FRAME_RATE
from .randomness import gaussian, uniform

TILE_FRAMES = 1024
SPLINE_POWER = 0.4794
"""Variance of the spline through unit white noise."""


class Tiles:
    """Caches a function of the frame: (T,) int64 frames to (T, C) float64."""

    def __init__(self, make: Callable[[Tensor], Tensor]) -> None:
        self._make = make
        self._kept: dict[int, Tensor] = {}

    def rows(self, first: int, count: int) -> Tensor:
        """(count, C) values of the frames from `first` on."""
        low, high = first // TILE_FRAMES, (first + count - 1) // TILE_FRAMES
        for tile in [key for key in self._kept if not low <= key <= high]:
            del self._kept[tile]
        parts: list[Tensor] = []
        for tile in range(low, high + 1):
            if tile not in self._kept:
                start = tile * TILE_FRAMES
                self._kept[tile] = self._make(torch.arange(start, start + TILE_FRAMES))
            begin = max(0, first - tile * TILE_FRAMES)
            parts.append(self._kept[tile][begin : first + count - tile * TILE_FRAMES])
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def banded_noise(
    seed: int, first_channel: int, frames: Tensor, knots: tuple[float, ...], deviations: Tensor
) -> Tensor:
    """(T, C) sum of independent bands.

    Parameters
    ----------
    frames : (T,) int64, consecutive
    knots : B seconds between the random values of each band
    deviations : (B, C) float64 standard deviation of each band in each channel
    """
    total = torch.zeros(len(frames), deviations.shape[1], dtype=torch.float64)
    channels = torch.arange(deviations.shape[1])
    for band, knot in enumerate(knots):
        numbers = first_channel + band + 8 * channels
        total = total + deviations[band] * shaped_noise(seed, numbers, frames, knot)
    return total


def shaped_noise(seed: int, channels: Tensor, frames: Tensor, knot_seconds: float) -> Tensor:
    """(T, C) noise of unit variance with knots every `knot_seconds`, shifted by channel."""
    shift = uniform(seed, channels + 3000, torch.zeros_like(channels))
    position = frames.double()[:, None] / (knot_seconds * FRAME_RATE) + shift
    base = torch.floor(position)
    share = position - base
    knot = base.long()
    lowest = int(knot.min())
    values = gaussian(seed, channels, torch.arange(lowest, int(knot.max()) + 4)[:, None])
    rest = 1.0 - share
    weights = (
        rest**3 / 6.0,
        (3.0 * share**3 - 6.0 * share**2 + 4.0) / 6.0,
        (3.0 * rest**3 - 6.0 * rest**2 + 4.0) / 6.0,
        share**3 / 6.0,
    )
    total = torch.zeros_like(position)
    for offset, weight in enumerate(weights):
        total = total + weight * torch.gather(values, 0, knot - lowest + offset)
    return total / math.sqrt(SPLINE_POWER)


def power(hertz: Tensor, knot_seconds: float) -> Tensor:
    """One-sided spectral density of `shaped_noise`, variance a hertz."""
    return 2.0 * knot_seconds * torch.sinc(hertz * knot_seconds) ** 8 / SPLINE_POWER


def eased_step(elapsed: Tensor, frames: Tensor | float) -> Tensor:
    """0 before 0, 1 after `frames`, smooth between."""
    share = (elapsed / frames).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
