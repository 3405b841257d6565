"""Blinks: a renewal process whose clock runs faster where phrases end and the eyes look elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor

from .config import FRAME_RATE
from .noise import eased_step
from .randomness import gaussian, uniform
from .statistics import MotionStatistics

SHORTEST_SECONDS = 0.9
"""Clock seconds between blinks at least, double ones apart."""
DOUBLE_CHANCE, DOUBLE_SECONDS = 0.06, 0.42
"""Now and then a blink is followed by another at once."""
HALF_CHANCE = 0.1
"""Share of blinks that do not shut the eye."""
HALF_DEPTH = (0.55, 0.9)
"""How far those shut it."""
PACE_SPREAD, MOST_DEVIATIONS = 0.15, 2.0
"""Slowness of blinks: deviation of its logarithm, and how many of them are the most."""
LONGEST_FRAMES = 40
"""After so many frames a blink is over, however slow."""


@dataclass(frozen=True)
class Blink:
    """When a blink begins, how far it shuts, how slow it is."""

    begin: float
    depth: float
    pace: float


@dataclass
class BlinkState:
    """The blink clock in seconds, how many blinks there were, and those that may still be seen."""

    clock: float = 0.0
    count: int = 0
    following: float | None = None
    seen: list[Blink] = field(default_factory=list[Blink])


class Blinks:
    """Draws blinks as time goes on; `rate` is relative to a person who speaks, 0 none."""

    def __init__(self, statistics: MotionStatistics, seed: int, rate: float) -> None:
        self._statistics = statistics
        self._seed = seed
        self._rate = rate

    def closure(self, frames: Tensor, hurry: Tensor, state: BlinkState) -> Tensor:
        """(T, 2) lid closure, left and right.

        Parameters
        ----------
        frames : (T,) float64 absolute frames, consecutive
        hurry : (T,) float64 pace of the clock, 1 in ordinary speech
        """
        if self._rate > 0.0:
            self._advance(frames, hurry, state)
        closed = torch.zeros(len(frames), dtype=torch.float64)
        if state.seen:
            first = float(frames[0])
            state.seen = [one for one in state.seen if one.begin > first - LONGEST_FRAMES]
        for one in state.seen:
            shape = blink_shape((frames - one.begin) / one.pace, self._statistics.blink_frames)
            closed = torch.maximum(closed, one.depth * shape)
        return torch.stack([closed, closed], dim=1)

    def _advance(self, frames: Tensor, hurry: Tensor, state: BlinkState) -> None:
        """Runs the clock over the frames; events are few, so they are a loop."""
        steps = (hurry * (self._rate / FRAME_RATE)).tolist()
        # Added up frame by frame from the last value, so that the blocks do not show in the last bits.
        clock = torch.tensor(list(accumulate(steps, initial=state.clock))[1:], dtype=torch.float64)
        state.clock = float(clock[-1])
        if state.following is None:
            state.following = self._interval(0) * float(uniform(self._seed, 100, _number(0)))
        while state.following <= state.clock:
            place = int(torch.searchsorted(clock, torch.tensor(state.following).double()))
            begin = float(frames[min(place, len(frames) - 1)])
            state.seen.append(self._blink(state.count, begin))
            state.count += 1
            state.following += self._interval(state.count)

    def _blink(self, number: int, begin: float) -> Blink:
        is_half = float(uniform(self._seed, 103, _number(number))) < HALF_CHANCE
        least, most = HALF_DEPTH if is_half else (1.0, 1.0)
        depth = least + (most - least) * float(uniform(self._seed, 104, _number(number)))
        noise = float(gaussian(self._seed, 105, _number(number)))
        noise = max(-MOST_DEVIATIONS, min(MOST_DEVIATIONS, noise))
        return Blink(begin, depth, math.exp(PACE_SPREAD * noise))

    def _interval(self, number: int) -> float:
        """Clock seconds before blink `number`."""
        statistics = self._statistics
        if float(uniform(self._seed, 102, _number(number))) < DOUBLE_CHANCE and number > 0:
            return DOUBLE_SECONDS
        spread = statistics.blink_spread
        noise = float(gaussian(self._seed, 101, _number(number)))
        shape = math.exp(spread * noise - 0.5 * spread * spread)
        return max(SHORTEST_SECONDS, statistics.blink_seconds * shape)


def blink_shape(elapsed: Tensor, stages: tuple[float, float, float]) -> Tensor:
    """Lid closure `elapsed` frames after a blink began, that closes, stays shut and opens."""
    down, shut, up = stages
    return eased_step(elapsed, down) * (1.0 - eased_step(elapsed - down - shut, up))


def _number(value: int) -> Tensor:
    return torch.tensor(value, dtype=torch.int64)
