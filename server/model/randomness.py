"""Numbers that are a hash of seed, channel and counter.

Nothing is drawn in sequence: any frame's numbers can be had at any time, in any order, so a take does
not depend on where a stream was cut, and noise may be smoothed with its own future.

What is drawn has a channel of its own. The counter is the frame, or the number of a cell of time, a knot
or a blink:

==============  =====================================================================
40 to 43        answers of the head (`answers`)
50 to 52        brow raises (`answers`)
60 to 65        looks away, 70 to 72 shifts of gaze in between (`gaze`)
100 to 105      blinks (`blinks`)
200, 201 + n    bands of head noise, every 8th its next degree of freedom (`noise`)
400 + n         bands of noise of brows, cheeks and lower lids, likewise
+ 1000, + 2000  the two numbers behind a normal one; + 3000 the shift of a band's knots
==============  =====================================================================

References
----------
.. [1] Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014 (splitmix64).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
