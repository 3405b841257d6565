"""Numbers that are a hash of seed, channel and counter, and the seeds of the regions of a face.

Nothing is drawn in sequence: any frame's numbers can be had at any time, in any order, so a take does
not depend on where a stream was cut, and noise may be smoothed with its own future.

References
----------
.. [1] Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014 (splitmix64).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

REGIONS: tuple[str, ...] = ("head", "brows", "lids", "gaze")
"""Parts of the face whose chance can be drawn anew while the others stay. Cheeks go with the brows,
blinks with the lids."""


@dataclass(frozen=True)
class Seeds:
    """One seed for each region, and the one that all of them share.

    What regions do together (which word is stressed, when somebody looks away) comes from `shared`, so
    that a new seed of one region leaves the others bit for bit as they were.
    """

    shared: int
    head: int
    brows: int
    lids: int
    gaze: int

    @staticmethod
    def of(seed: int, rerolls: Mapping[str, int] | None = None) -> Seeds:
        """Seeds of a take; `rerolls` counts, by region, how often it was drawn anew.

        Raises
        ------
        ValueError
            A region is unknown or a count negative.
        """
        counts = dict(rerolls or {})
        for region, count in counts.items():
            if region not in REGIONS or count < 0:
                raise ValueError(
                    f"expected counts of {', '.join(REGIONS)} from 0, got {region!r}: {count}"
                )
        own = [rerolled(seed, counts.get(region, 0)) for region in REGIONS]
        return Seeds(seed, *own)


def rerolled(seed: int, count: int) -> int:
    """The seed of the `count`-th new draw; the seed itself for 0."""
    return seed if count == 0 else mixed(mixed(seed) ^ (count * 0xA24BAED4963EE407))


def uniform(seed: int, channel: int | Tensor, counter: Tensor) -> Tensor:
    """Numbers within 0..1, float64; the shape is that of the counter against the channels.

    Parameters
    ----------
    channel : one number, or (..., C) int64 that broadcasts with the counter
    counter : int64, any shape
    """
    if isinstance(channel, int):
        start: int | Tensor = mixed(seed ^ (channel * 0xD1B54A32D192ED03))
    else:
        start = scrambled(channel * signed(0xD1B54A32D192ED03) ^ mixed(seed))
    state = scrambled(counter * signed(0x9E3779B97F4A7C15) + start)
    return ((state >> 11 & ((1 << 53) - 1)).double() + 0.5) * 2.0**-53


def gaussian(seed: int, channel: int | Tensor, counter: Tensor) -> Tensor:
    """Standard normal numbers, likewise."""
    radius = torch.sqrt(-2.0 * torch.log(uniform(seed, channel + 1000, counter)))
    return radius * torch.cos(2.0 * math.pi * uniform(seed, channel + 2000, counter))


def scrambled(state: Tensor) -> Tensor:
    """The finisher of splitmix64 [1]_ on int64, whose overflow wraps."""
    state = (state ^ (state >> 30 & ((1 << 34) - 1))) * signed(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> 27 & ((1 << 37) - 1))) * signed(0x94D049BB133111EB)
    return state ^ (state >> 31 & ((1 << 33) - 1))


def mixed(value: int) -> int:
    """A Python integer scrambled to a signed 64-bit one."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF
    return signed(value ^ (value >> 29))


def signed(value: int) -> int:
    """The signed 64-bit integer of the same bits."""
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value
