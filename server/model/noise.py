"""Smooth noise of several bands, a function of the absolute frame and of a seed.

A band is a cubic B-spline through random values at regular knots, so its spectrum is known (`power`) and
a few bands can be fitted to any falling spectrum. Values are made in tiles, many channels at once, and
kept for the blocks that lie in them: long ones for a file, short ones for a live block, which has to wait
for them. No value depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .config import FRAME_RATE
from .randomness import gaussian, uniform

LONG_TILE, LIVE_TILE = 1024, 128
KEPT_TILES = 4
SHIFT_FRAMES = 9
"""Frames between the tiles of one function and the next, so that not all are due at once."""
SPLINE_POWER = 0.4794
"""Variance of the spline through unit white noise."""


class Tiles:
    """Caches a function of the frame: (T,) int64 frames to (T, C) float64.

    Tiles are of `size` frames. `shift` moves them, so that those of several functions are not all due at
    once.
    """

    def __init__(
        self, make: Callable[[Tensor], Tensor], size: int = LONG_TILE, shift: int = 0
    ) -> None:
        self._make = make
        self._size, self._shift = size, shift
        self._kept: dict[int, Tensor] = {}

    def rows(self, first: int, count: int) -> Tensor:
        """(count, C) values of the frames from `first` on."""
        first -= self._shift
        low, high = first // self._size, (first + count - 1) // self._size
        parts: list[Tensor] = []
        for tile in range(low, high + 1):
            if tile not in self._kept:
                start = tile * self._size + self._shift
                self._kept[tile] = self._make(torch.arange(start, start + self._size))
                if len(self._kept) > KEPT_TILES:
                    del self._kept[min(self._kept)]
            begin = max(0, first - tile * self._size)
            parts.append(self._kept[tile][begin : first + count - tile * self._size])
        return parts[0] if len(parts) == 1 else torch.cat(parts)


class BandedNoise:
    """(T, C) sum of independent bands, each in tiles of its own.

    Parameters
    ----------
    knots : B seconds between the random values of each band
    deviations : (B, C) float64 standard deviation of each band in each channel
    size, shift : of the first band's tiles; those of the others follow by `SHIFT_FRAMES` each
    """

    def __init__(
        self,
        seed: int,
        first_channel: int,
        knots: tuple[float, ...],
        deviations: Tensor,
        size: int = LONG_TILE,
        shift: int = 0,
    ) -> None:
        self._count = deviations.shape[1]
        channels = 8 * torch.arange(self._count)

        def band(number: int) -> Callable[[Tensor], Tensor]:
            numbers, share = first_channel + number + channels, deviations[number]
            return lambda frames: share * shaped_noise(seed, numbers, frames, knots[number])

        self._bands = [
            Tiles(band(number), size, shift + SHIFT_FRAMES * number)
            for number in range(len(knots))
            if bool(deviations[number].any())
        ]

    def rows(self, first: int, count: int) -> Tensor:
        """(count, C) values of the frames from `first` on."""
        total = torch.zeros(count, self._count, dtype=torch.float64)
        for tiles in self._bands:
            total = total + tiles.rows(first, count)
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
