"""Where the eyes aim: at the viewer, with small shifts, and now and then elsewhere for a while."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .config import FRAME_RATE
from .noise import eased_step
from .randomness import gaussian, uniform
from .statistics import MotionStatistics

EYE_EASE, HEAD_EASE = 4.0, 26.0
"""Frames that a jump of the eyes takes; and the turn of the head that may follow it."""
HEAD_LAG = 5.0
"""Frames by which the head follows the eyes."""


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
        begin = (index.double() + 0.6 * uniform(seed, 60, index)) * period + lag
        share = 0.4 + 1.2 * uniform(seed, 61, index)
        hold = statistics.aversion_hold * share * FRAME_RATE
        elapsed = frames.double() - begin
        inside = eased_step(elapsed, ease) * (1.0 - eased_step(elapsed - hold, ease))
        inside = inside * (uniform(seed, 65, index) < statistics.aversion_chance)
        sign = torch.sign(uniform(seed, 62, index) - 0.5)
        size = 0.35 + 1.3 * uniform(seed, 63, index) ** 2
        left = sign * size * side
        up = (gaussian(seed, 64, index).clamp(-2, 2) - 0.2) * height
        total = total + inside[:, None] * torch.stack([left, up], dim=1)
    return total


def fixations(seed: int, frames: Tensor, statistics: MotionStatistics) -> Tensor:
    """(T, 2) small shifts around what is looked at, left and up, radians."""
    period = statistics.fixation_seconds * FRAME_RATE
    cell = torch.floor(frames.double() / period).long()
    begin = (cell.double() + 0.6 * uniform(seed, 70, cell)) * period
    moved = eased_step(frames.double() - begin, 3.0)
    shifts: list[Tensor] = []
    for channel in (71, 72):
        now = gaussian(seed, channel, cell)
        before = gaussian(seed, channel, cell - 1)
        shifts.append((before + (now - before) * moved).clamp(-2.5, 2.5))
    return torch.stack(shifts, dim=1) * math.radians(statistics.fixation_degrees)
