"""What head and brows do about what is heard: nods, turns and raises on accents, a nod where a phrase ends.

Only some accents are answered; chance says which, and how strongly. An answer is a response that rises and
dies away, and all that are under way are added up in the order of their causes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .config import FRAME_RATE
from .noise import Tiles
from .prosody import ACCENT_LAG, Heard
from .randomness import gaussian, uniform
from .statistics import MotionStatistics

EARLIEST = -4
"""Frames between an accent and what answers it, where the lookahead allows."""
BROW_LATE = 10
"""Frames by which half of the brow raises come later: they keep loose company with the pitch."""
LONGEST_FRAMES = 90
"""Frames of the longest answer."""
NOD, TURN, RAISE, CLOSE = range(4)
"""Kinds of answers: a nod and a turn of the head, a brow raise, the nod that ends a phrase."""
NOD_SECONDS, RAISE_SECONDS, CLOSE_SECONDS = (0.15, 0.65), (0.24, 0.55), (0.3, 0.7)
"""Time in which an answer rises, and in which it dies away; turns take as long as nods."""
LEAST_LIKELY = 0.4
"""Times the chances of the statistics: how likely the faintest accent is answered; strength is added."""
JOINED, APART = 1.5, 0.5
"""How much likelier brows answer an accent that the head may nod to, and one that it does not."""
SPREAD, WEAKEST, STRONGEST = 0.45, 0.3, 2.5
"""Strength of answers over the usual: deviation of its logarithm, and its bounds."""
SIDE_SECONDS = 3
"""For so long turns go to one side."""


@dataclass(frozen=True)
class Answer:
    """What the face does about an accent or a phrase's end, from which frame on, how strongly."""

    kind: int
    begin: int
    strength: float


class Answers:
    """Draws answers as a voice goes on.

    Parameters
    ----------
    delay : frames by which what is returned lags behind what is heard
    tile, shifts : of the chances of head and brows, as in `noise.Tiles`
    """

    def __init__(
        self,
        statistics: MotionStatistics,
        seed: int,
        *,
        delay: int,
        tile: int,
        shifts: tuple[int, int],
    ) -> None:
        self._statistics = statistics
        self._delay = delay
        self._head_luck = Tiles(lambda frames: _head_luck(seed, frames), tile, shifts[0])
        self._face_luck = Tiles(lambda frames: _face_luck(seed, frames), tile, shifts[1])
        nod, close = balanced(response(*NOD_SECONDS)), balanced(response(*CLOSE_SECONDS))
        self._shapes = {NOD: nod, TURN: nod, RAISE: response(*RAISE_SECONDS), CLOSE: close}

    def prepare(self) -> None:
        """Makes the chance of the first frames beforehand."""
        for chance in (self._head_luck, self._face_luck):
            chance.rows(-self._delay, 1)

    def step(self, heard: Heard, frame: int, known: list[Answer]) -> Tensor:
        """(T, 4) sums of the answers under way in T frames, a column for each kind.

        Parameters
        ----------
        heard : from `frame` on; what is returned belongs to the times `delay` frames earlier
        known : answers of before, taken on to those of now
        """
        first = frame - self._delay
        known[:] = [one for one in known if one.begin > first - LONGEST_FRAMES]
        known += self._chosen(heard, frame)
        count = len(heard.gate)
        total = torch.zeros(count, len(self._shapes), dtype=torch.float64)
        for answer in known:
            shape = self._shapes[answer.kind]
            begin, end = max(first, answer.begin), min(first + count, answer.begin + len(shape))
            if begin < end:
                part = shape[begin - answer.begin : end - answer.begin]
                total[begin - first : end - first, answer.kind] += answer.strength * part
        return total

    def _chosen(self, heard: Heard, frame: int) -> list[Answer]:
        """The answers to what was heard from `frame` on: which there are, when, and how strong.

        An answer begins `EARLIEST` frames after its cause, or with the first frame not returned yet when
        the cause became known.
        """
        numbers, found = self._statistics, list[Answer]()
        accents = heard.accents.tolist()
        for place in range(len(accents)):
            if accents[place] > 0.0:
                found += self._answers_to(accents[place], frame + place - ACCENT_LAG)
            if heard.ends[place] > 0.0:
                cause = frame + place - self._delay
                luck = self._head_luck.rows(cause, 1)[0]
                if float(luck[0]) < numbers.close_chance:
                    found.append(Answer(CLOSE, cause, float(luck[1])))
        return found

    def _answers_to(self, accent: float, cause: int) -> list[Answer]:
        """The answers to an accent of this strength at the frame `cause`."""
        numbers, known = self._statistics, ACCENT_LAG - self._delay
        begin = cause + max(EARLIEST, known)
        head = self._head_luck.rows(cause, 1)[0].tolist()
        face = self._face_luck.rows(cause, 1)[0].tolist()
        likely, found = LEAST_LIKELY + accent, list[Answer]()
        # Where the head may nod the brows join more often: stress is one chance for both.
        is_stressed = head[0] < numbers.nod_chance * likely
        if is_stressed:
            found += [Answer(NOD, begin, accent * head[1]), Answer(TURN, begin, accent * head[2])]
        if face[0] < numbers.brow_chance * likely * (JOINED if is_stressed else APART):
            late = cause + max(BROW_LATE, known)
            found.append(Answer(RAISE, begin if face[2] < 0.5 else late, accent * face[1]))
        return found


def response(peak: float, decay: float) -> Tensor:
    """(LONGEST_FRAMES,) unit response that rises within `peak` seconds and dies away within `decay`."""
    seconds = torch.arange(LONGEST_FRAMES, dtype=torch.float64) / FRAME_RATE
    rise = torch.sin((seconds / peak).clamp(max=1.0) * (math.pi / 2.0)) ** 2
    fall = torch.exp(-(((seconds - peak).clamp_min(0.0) / (0.6 * decay)) ** 2))
    return rise * fall


def balanced(kernel: Tensor) -> Tensor:
    """The kernel with a slow way back beyond rest: somebody who nods a lot does not look down."""
    slow = torch.hann_window(len(kernel), periodic=False, dtype=kernel.dtype)
    return kernel - kernel.sum() / slow.sum() * slow


def _head_luck(seed: int, frames: Tensor) -> Tensor:
    """(T, 3): stress of accents, which head and brows share; strength and side of the head's answers."""
    emphasis, strength = uniform(seed, 40, frames), _strength(seed, 41, frames)
    sides = torch.sign(uniform(seed, 43, frames // (SIDE_SECONDS * FRAME_RATE)) - 0.5) * strength
    return torch.stack([emphasis, strength, sides], dim=1)


def _face_luck(seed: int, frames: Tensor) -> Tensor:
    """(T, 3): luck, strength and lateness of brow raises."""
    luck, strength = uniform(seed, 50, frames), _strength(seed, 51, frames)
    return torch.stack([luck, strength, uniform(seed, 52, frames)], dim=1)


def _strength(seed: int, channel: int, frames: Tensor) -> Tensor:
    """(T,) how strong answers are over the usual."""
    return torch.exp(SPREAD * gaussian(seed, channel, frames)).clamp(WEAKEST, STRONGEST)
