"""Where the eyes aim: at the viewer, with small shifts, and now and then elsewhere for a while."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .config import FRAME_RATE
from .noise import eased_step
from .randomness import gaussian, uniform
from .statistics import MotionStatistics

EYE_EASE, HEAD_EASE, SHIFT_EASE = 4.0, 26.0, 3.0
"""Frames that a jump of the eyes takes; the turn of the head that may follow it; and a small shift."""
HEAD_LAG = 5.0
"""Frames by which the head follows the eyes."""
BEGINNING = 0.6
"""Part of a cell of time, from its start, within which what it holds begins."""
SHORTEST, LENGTHENED = 0.4, 1.2
"""Length of a look away over the mean: the least, and what chance adds at most."""
NEAREST, WIDENED = 0.35, 1.3
"""Its size to the side over the usual, likewise; most looks are small."""
DOWNWARD = 0.2
"""Deviations by which looks away go down rather than up."""
MOST_UP, MOST_SHIFT = 2.0, 2.5
"""Most deviations of a look away up or down, and of a small shift."""


def aversion(
    seed: int, frames: Tensor, statistics: MotionStatistics, *, ease: float, lag: float = 0.0
) -> Tensor:
    """(T, 2) looks away, left and up, radians.

    Time is cut into cells of equal length; each holds one look away at a random place, or none, so that
    any frame's gaze follows from its number.
    """
    period = statistics.aversion_seconds * FRAME_RATE
    total = torch.zeros(len(frames), 2, dtype=torch.float64)
    cell = torch.floor((frames.double() - lag) / period).long()
    side, height = (math.radians(size) for size in statistics.aversion_degrees)
    for back in (1, 0):
        index = cell - back
        begin = (index.double() + BEGINNING * uniform(seed, 60, index)) * period + lag
        share = SHORTEST + LENGTHENED * uniform(seed, 61, index)
        hold = statistics.aversion_hold * share * FRAME_RATE
        elapsed = frames.double() - begin
        inside = eased_step(elapsed, ease) * (1.0 - eased_step(elapsed - hold, ease))
        inside = inside * (uniform(seed, 65, index) < statistics.aversion_chance)
        sign = torch.sign(uniform(seed, 62, index) - 0.5)
        size = NEAREST + WIDENED * uniform(seed, 63, index) ** 2
        left = sign * size * side
        up = (gaussian(seed, 64, index).clamp(-MOST_UP, MOST_UP) - DOWNWARD) * height
        total = total + inside[:, None] * torch.stack([left, up], dim=1)
    return total


def fixations(seed: int, frames: Tensor, statistics: MotionStatistics) -> Tensor:
    """(T, 2) small shifts around what is looked at, left and up, radians."""
    period = statistics.fixation_seconds * FRAME_RATE
    cell = torch.floor(frames.double() / period).long()
    begin = (cell.double() + BEGINNING * uniform(seed, 70, cell)) * period
    moved = eased_step(frames.double() - begin, SHIFT_EASE)
    shifts: list[Tensor] = []
    for channel in (71, 72):
        now = gaussian(seed, channel, cell)
        before = gaussian(seed, channel, cell - 1)
        shifts.append((before + (now - before) * moved).clamp(-MOST_SHIFT, MOST_SHIFT))
    return torch.stack(shifts, dim=1) * math.radians(statistics.fixation_degrees)
