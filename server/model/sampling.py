"""What speech leaves open: head, brows, lids, blinks and gaze, drawn from human statistics.

Lips follow the sound; the rest of the face only keeps it company, so it is sampled, not regressed. Three
processes are coupled to the voice. Noise of head and brows, whose spectrum is that of filmed talkers,
grows while somebody speaks. Accents release nods, turns and brow raises, some of them, and phrases end
with a nod. Blinks come from a renewal process whose clock runs faster where phrases end and gaze shifts.
Everything returns to rest by construction: no channel integrates, so nothing can drift.

All that does not depend on the voice is a function of the absolute frame and a seed (`randomness`). What
depends on it follows it frame by frame, and answers are added in the order of their causes, so a stream
cut anywhere gives the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .answers import CLOSE, NOD, RAISE, TURN, Answer, Answers
from .blinks import Blinks, BlinkState
from .gaze import EYE_EASE, HEAD_EASE, HEAD_LAG, aversion, fixations
from .noise import LONG_TILE, SHIFT_FRAMES, BandedNoise, Tiles
from .prosody import ProsodyState, Voice, hear
from .statistics import KNOTS, MotionStatistics

UPPER_CHANNELS: tuple[str, ...] = (
    "pitch", "yaw", "roll", "left", "up", "forward", "look_up", "look_left",
    "AU1L", "AU1R", "AU2L", "AU2R", "AU4L", "AU4R", "AU5L", "AU5R",
    "AU6L", "AU6R", "AU7L", "AU7R", "AU45L", "AU45R",
)  # fmt: skip
"""Order of the sampled channels: radians, metres, radians, then intensities.

``look`` is where the eyes aim in the room, 0 being the viewer; turning it into gaze takes the head away.
"""
HEAD_JOINS = 0.25
"""Share of a look away that the head turns along."""
CALM = 0.4
"""Sway of posture in a long silence over that in talk."""
IDLE_PACE, TALKING_PACE, JUMP_HURRY = 0.85, 0.15, 3.0
"""Pace of the blink clock in silence; what talk adds to it, and what each radian a frame of the eyes."""
ROLL_OF_TURN = 0.4
"""Degrees by which the head tilts with each that it turns on an accent."""
NECK_SIDE, NECK_DROP, NECK_FORWARD = 0.03, 0.005, 0.03
"""Metres a radian by which the head's middle goes along when it turns about the neck."""
SILENT_FACE = 0.25
"""Share of the noise of brows, cheeks and lids that is left in silence."""


@dataclass
class SamplerState:
    """What the sampler remembers: its frame, the voice, the answers under way, the blink clock."""

    frame: int = 0
    prosody: ProsodyState = field(default_factory=ProsodyState)
    blinks: BlinkState = field(default_factory=BlinkState)
    answers: list[Answer] = field(default_factory=list[Answer])


class Sampler:
    """Draws the channels of `UPPER_CHANNELS` as a voice goes on, any number of frames at a time.

    What is returned belongs to the time `delay` frames before the loudness and pitch given, so that
    accents are known before the head answers them; the activity given is of the time of what is returned.

    Parameters
    ----------
    seed : of everything that is drawn
    delay : frames
    blink_rate : over that of a person who speaks; 0 none
    tile : frames whose chance is made at once (`noise.Tiles`); no value depends on it
    """

    def __init__(
        self,
        statistics: MotionStatistics,
        seed: int,
        *,
        delay: int,
        blink_rate: float = 1.0,
        tile: int = LONG_TILE,
    ) -> None:
        self._statistics = statistics
        self._delay = delay
        self._blinks = Blinks(statistics, seed, blink_rate)
        head = torch.tensor(statistics.head_bands, dtype=torch.float64)
        face = torch.tensor(statistics.face_bands, dtype=torch.float64)
        # Of tiles: a noise takes a shift for each of its bands, five for head and face each.
        shifts = [SHIFT_FRAMES * place for place in range(14)]
        self._posture = BandedNoise(seed, 200, KNOTS[:1], head[:1], tile, shifts[0])
        self._moving = BandedNoise(seed, 201, KNOTS[1:], head[1:], tile, shifts[1])
        self._face = BandedNoise(seed, 400, KNOTS, face, tile, shifts[5])
        self._answers = Answers(
            statistics, seed, delay=delay, tile=tile, shifts=(shifts[10], shifts[11])
        )
        self._joined = Tiles(
            lambda frames: _joined_turn(seed, frames, statistics), tile, shifts[12]
        )
        self._gaze = Tiles(lambda frames: _gaze_chance(seed, frames, statistics), tile, shifts[13])

    def prepare(self) -> None:
        """Makes the chance of the first frames beforehand: a live stream's first block is not late."""
        first = -self._delay
        for noise in (self._posture, self._moving, self._face):
            noise.rows(first, 1)
        for chance in (self._joined, self._gaze):
            chance.rows(first, 1)
        self._answers.prepare()

    def step(self, voice: Voice, state: SamplerState) -> Tensor:
        """(T, 22) channels of `UPPER_CHANNELS`; the state advances."""
        count = len(voice.level)
        first = state.frame - self._delay
        heard = hear(voice, state.prosody)
        gaze = self._gaze.rows(first, count)
        calm = CALM + (1.0 - CALM) * heard.slow_gate
        answers = self._answers.step(heard, state.frame, state.answers)
        pose = self._pose(first, heard.gate, calm, answers)
        units = self._units(self._face.rows(first, count), heard.gate, answers)
        hurry = IDLE_PACE + TALKING_PACE * heard.gate + JUMP_HURRY * gaze[:, 2]
        hurry = hurry + self._statistics.blink_shift * heard.fall
        frames = torch.arange(first, first + count, dtype=torch.float64)
        lids = self._blinks.closure(frames, hurry, state.blinks)
        state.frame += count
        return torch.cat([pose, gaze[:, :2], units, lids], dim=1)

    def _pose(self, first: int, gate: Tensor, calm: Tensor, answers: Tensor) -> Tensor:
        """(T, 6) head rotation in radians, translation in metres."""
        numbers = self._statistics
        share = numbers.silent_share + (1.0 - numbers.silent_share) * gate
        posture, moving = (noise.rows(first, len(gate)) for noise in (self._posture, self._moving))
        noise = posture * calm[:, None] + moving * share[:, None]
        joined = self._joined.rows(first, len(gate))[:, 0]
        angles = noise[:, :3]
        nod = numbers.nod_degrees * gate * answers[:, NOD]
        nod = nod + numbers.close_degrees * answers[:, CLOSE]
        turn = numbers.turn_degrees * gate * answers[:, TURN]
        added = torch.stack([-nod, turn + joined, ROLL_OF_TURN * turn], dim=1)
        rotation = (angles + added) * (math.pi / 180.0)
        pitch, roll = rotation[:, 0], rotation[:, 2]
        follow = torch.stack(
            [NECK_SIDE * roll, -NECK_DROP * pitch.abs(), -NECK_FORWARD * pitch], dim=1
        )
        return torch.cat([rotation, 0.001 * noise[:, 3:] + follow], dim=1)

    def _units(self, noise: Tensor, gate: Tensor, answers: Tensor) -> Tensor:
        """(T, 12) AU1, 2, 4, 5, 6, 7, left and right.

        One lift moves raisers, lowerer and, when high, the upper lids; its shares are set by hand.
        """
        numbers = self._statistics
        raised = numbers.brow_lift * gate * answers[:, RAISE]
        share = (SILENT_FACE + (1.0 - SILENT_FACE) * gate)[:, None]
        lift, tilt, inward, cheek, squint = (noise * share).unbind(dim=1)
        total = lift + raised - numbers.brow_rest
        high = _saturated(total)
        lower = (-0.8 * total - numbers.brow_rest).clamp_min(0.0)
        wide = (0.3 * (raised + lift - 0.15)).clamp(0.0, 0.3)
        inner, outer = high + inward, 0.85 * high - inward
        cheek = (0.04 * gate + cheek).clamp_min(0.0)
        tight = (0.04 * gate + squint + 0.35 * lower).clamp_min(0.0)
        # The smaller a raise, the smaller its asymmetry.
        lean = tilt * (high / (high + 0.1))
        pairs = (
            (inner + lean, inner - lean), (outer + 1.5 * lean, outer - 1.5 * lean),
            (lower, lower), (wide, wide), (cheek + 0.2 * tilt, cheek - 0.2 * tilt), (tight, tight),
        )  # fmt: skip
        return torch.stack([side for pair in pairs for side in pair], dim=1).clamp(0.0, 1.0)


def _joined_turn(seed: int, frames: Tensor, numbers: MotionStatistics) -> Tensor:
    """(T, 1) degrees by which the head turns along a look away."""
    looked = aversion(seed, frames, numbers, ease=HEAD_EASE, lag=HEAD_LAG)[:, :1]
    return HEAD_JOINS * looked * (180.0 / math.pi)


def _gaze_chance(seed: int, frames: Tensor, numbers: MotionStatistics) -> Tensor:
    """(T, 3): where the eyes aim, up and left; how far looks away moved them since the last frame."""
    away = aversion(seed, frames, numbers, ease=EYE_EASE)
    before = aversion(seed, frames - 1, numbers, ease=EYE_EASE)
    aim, moved = away + fixations(seed, frames, numbers), (away - before).abs()
    return torch.cat([aim.flip(1), moved[:, :1] + moved[:, 1:]], dim=1)


def _saturated(lift: Tensor) -> Tensor:
    """Brow lift as an intensity: 0 below rest, growing slower the higher."""
    return 1.0 - torch.exp(-lift.clamp_min(0.0) * 1.2)
