"""What speech leaves open: head, brows, lids, blinks and gaze, drawn from human statistics.

Lips follow the sound; the rest of the face only keeps it company, so it is sampled, not regressed. Three
processes are coupled to the voice. Noise of head and brows, whose spectrum is that of filmed talkers,
grows while somebody speaks. Accents release nods, turns and brow raises, some of them, and phrases end
with a nod. Blinks come from a renewal process whose clock runs faster where phrases end and gaze shifts.
Everything returns to rest by construction: no channel integrates, so nothing can drift.

All that does not depend on the voice is a function of the absolute frame and a seed (`randomness`), made
in long tiles; what depends on it is made in blocks of fixed size. So a stream cut anywhere gives the
same bytes, and a region can be drawn anew while the others stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .blinks import Blinks, BlinkState
from .config import BLOCK_FRAMES, FRAME_RATE
from .gaze import EYE_EASE, HEAD_EASE, HEAD_LAG, aversion, fixations
from .noise import Tiles, banded_noise
from .prosody import ACCENT_LAG, HISTORY, Listener, ProsodyState, Voice
from .randomness import Seeds, gaussian, uniform
from .statistics import KNOTS, MotionStatistics

UPPER_CHANNELS: tuple[str, ...] = (
    "pitch", "yaw", "roll", "left", "up", "forward", "look_up", "look_left",
    "AU1L", "AU1R", "AU2L", "AU2R", "AU4L", "AU4R", "AU5L", "AU5R",
    "AU6L", "AU6R", "AU7L", "AU7R", "AU45L", "AU45R",
)  # fmt: skip
"""Order of the sampled channels: radians, metres, radians, then intensities.

``look`` is where the eyes aim in the room, 0 being the viewer; turning it into gaze takes the head away.
"""

EARLIEST = -4
"""Frames between an accent and what answers it, where the lookahead allows."""
BROW_LATE = 10
"""Frames by which half of the brow raises come later: they keep loose company with the pitch."""
HEAD_JOINS = 0.25
"""Share of a look away that the head turns along."""
NOD, TURN, EARLY_BROW, LATE_BROW, CLOSE = range(5)


@dataclass
class SamplerState:
    """What the sampler remembers: its frame, the voice, the answers under way, the blink clock."""

    frame: int = 0
    prosody: ProsodyState = field(default_factory=ProsodyState)
    blinks: BlinkState = field(default_factory=BlinkState)
    chosen: Tensor = field(default_factory=lambda: torch.zeros(HISTORY, 5, dtype=torch.float64))


class Sampler:
    """Draws the channels of `UPPER_CHANNELS` block by block.

    The block returned belongs to the time `delay` frames before the voice given, so that accents are
    known before the head answers them; `activity_lag` of these frames the activity lags behind.
    """

    def __init__(
        self,
        statistics: MotionStatistics,
        seed: int | Seeds,
        *,
        delay: int,
        activity_lag: int,
        blink_rate: float = 1.0,
    ) -> None:
        seeds = seed if isinstance(seed, Seeds) else Seeds.of(seed)
        self._statistics = statistics
        self._delay = delay
        self._gate_lag = max(0, delay - activity_lag)
        self._listener = Listener()
        self._blinks = Blinks(statistics, seeds.lids, blink_rate)
        self._head_tiles = Tiles(lambda frames: _head_chance(seeds, frames, statistics))
        self._face_tiles = Tiles(lambda frames: _face_chance(seeds, frames, statistics))
        self._gaze_tiles = Tiles(lambda frames: _gaze_chance(seeds, frames, statistics))
        accent, close = ACCENT_LAG - delay, activity_lag - delay
        nod, brow = balanced(response(0.15, 0.65)), response(0.24, 0.55)
        self._answers = torch.stack(
            [
                _toeplitz(nod, accent, EARLIEST),
                _toeplitz(nod, accent, EARLIEST),
                _toeplitz(brow, accent, EARLIEST),
                _toeplitz(brow, accent, BROW_LATE),
                _toeplitz(balanced(response(0.3, 0.7)), close, EARLIEST),
            ]
        )

    def step(self, voice: Voice, state: SamplerState) -> Tensor:
        """(T, 22) channels of the block; the state advances."""
        self._listener.hear(voice, state.prosody)
        first = state.frame - self._delay
        head = self._head_tiles.rows(first, BLOCK_FRAMES)
        face = self._face_tiles.rows(first, BLOCK_FRAMES)
        gaze = self._gaze_tiles.rows(first, BLOCK_FRAMES)
        self._choose(state)
        answers = torch.einsum("pth,hp->tp", self._answers, state.chosen)
        gate = self._at_output(state.prosody.gate)
        calm = 0.4 + 0.6 * self._at_output(state.prosody.slow_gate)
        pose = self._pose(head, gate, calm, answers)
        units = self._units(face, gate, answers)
        shift = (gaze[:, 2:4] - gaze[:, 4:6]).abs().sum(dim=1)
        hurry = 0.85 + 0.15 * gate + 3.0 * shift
        ending = (gate[0] - gate[-1]).clamp_min(0.0)
        hurry = hurry + self._statistics.blink_shift * ending
        frames = torch.arange(first, first + BLOCK_FRAMES, dtype=torch.float64)
        lids = self._blinks.closure(frames, hurry, state.blinks)
        state.frame += BLOCK_FRAMES
        return torch.cat([pose, gaze[:, :2], units, lids], dim=1)

    def _choose(self, state: SamplerState) -> None:
        """Decides which of the newest accents and phrase ends are answered, and how strongly."""
        accents, ends = state.prosody.accents, state.prosody.ends
        chosen = torch.zeros(BLOCK_FRAMES, 5, dtype=torch.float64)
        if bool(accents.any()):
            first = state.frame - ACCENT_LAG
            head = self._head_tiles.rows(first, BLOCK_FRAMES)[:, 12:]
            face = self._face_tiles.rows(first, BLOCK_FRAMES)[:, 5:]
            numbers, likely = self._statistics, 0.4 + accents
            # Where the head may nod the brows join more often: stress is one chance for both.
            is_stressed = head[:, 0] < numbers.nod_chance * likely
            nods = accents * is_stressed
            joins = torch.where(is_stressed, 1.5, 0.5)
            raised = accents * (face[:, 0] < numbers.brow_chance * likely * joins) * face[:, 1]
            chosen[:, NOD] = nods * head[:, 1]
            chosen[:, TURN] = nods * head[:, 2]
            chosen[:, EARLY_BROW] = raised * (face[:, 2] < 0.5)
            chosen[:, LATE_BROW] = raised * (face[:, 2] >= 0.5)
        if bool(ends.any()):
            first = state.frame
            luck = self._head_tiles.rows(first, BLOCK_FRAMES)[:, 12:]
            chosen[:, CLOSE] = ends * (luck[:, 0] < self._statistics.close_chance) * luck[:, 1]
        state.chosen = torch.cat([state.chosen, chosen])[-HISTORY - BLOCK_FRAMES :]
        if len(state.chosen) < HISTORY + BLOCK_FRAMES:
            missing = HISTORY + BLOCK_FRAMES - len(state.chosen)
            padding = torch.zeros(missing, 5, dtype=torch.float64)
            state.chosen = torch.cat([padding, state.chosen])

    def _at_output(self, gate: Tensor) -> Tensor:
        """(25,) 0..1 the gate at the time of the block returned."""
        last = len(gate) - self._gate_lag
        return gate[last - BLOCK_FRAMES : last].clamp(0.0, 1.0)

    def _pose(self, chance: Tensor, gate: Tensor, calm: Tensor, answers: Tensor) -> Tensor:
        """(T, 6) head rotation in radians, translation in metres."""
        numbers = self._statistics
        share = numbers.silent_share + (1.0 - numbers.silent_share) * gate
        noise = chance[:, :6] * calm[:, None] + chance[:, 6:12] * share[:, None]
        angles = noise[:, :3]
        nod = numbers.nod_degrees * gate * answers[:, NOD]
        nod = nod + numbers.close_degrees * answers[:, CLOSE]
        turn = numbers.turn_degrees * gate * answers[:, TURN]
        added = torch.stack([-nod, turn + chance[:, 15], 0.4 * turn], dim=1)
        rotation = (angles + added) * (math.pi / 180.0)
        pitch, roll = rotation[:, 0], rotation[:, 2]
        follow = torch.stack([0.03 * roll, -0.005 * pitch.abs(), -0.03 * pitch], dim=1)
        return torch.cat([rotation, 0.001 * noise[:, 3:] + follow], dim=1)

    def _units(self, chance: Tensor, gate: Tensor, answers: Tensor) -> Tensor:
        """(T, 12) AU1, 2, 4, 5, 6, 7, left and right."""
        numbers = self._statistics
        raised = numbers.brow_lift * gate * (answers[:, EARLY_BROW] + answers[:, LATE_BROW])
        share = (0.25 + 0.75 * gate)[:, None]
        lift, tilt, inward, cheek, squint = (chance[:, :5] * share).unbind(dim=1)
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


def response(peak: float, decay: float) -> Tensor:
    """(HISTORY - 10,) unit response that rises within `peak` seconds and dies away within `decay`."""
    seconds = torch.arange(HISTORY - 10, dtype=torch.float64) / FRAME_RATE
    rise = torch.sin((seconds / peak).clamp(max=1.0) * (math.pi / 2.0)) ** 2
    fall = torch.exp(-(((seconds - peak).clamp_min(0.0) / (0.6 * decay)) ** 2))
    return rise * fall


def balanced(kernel: Tensor) -> Tensor:
    """The kernel with a slow way back beyond rest: somebody who nods a lot does not look down."""
    slow = torch.hann_window(len(kernel), periodic=False, dtype=kernel.dtype)
    return kernel - kernel.sum() / slow.sum() * slow


def _toeplitz(kernel: Tensor, lag: int, earliest: int) -> Tensor:
    """(25, HISTORY + 25) weights of past events in the block returned.

    Events are known late: `lag` is by how many frames the newest event lies after the newest frame of
    the block returned, negative if before. An answer begins `earliest` frames after its event, or as
    soon as the event is known.
    """
    begins = max(earliest, lag)
    rows = torch.arange(BLOCK_FRAMES)[:, None]
    events = torch.arange(HISTORY + BLOCK_FRAMES)[None]
    elapsed = rows - events + HISTORY + lag - begins
    inside = (elapsed >= 0) & (elapsed < len(kernel))
    return torch.where(inside, kernel[elapsed.clamp(0, len(kernel) - 1)], 0.0)


def _head_chance(seeds: Seeds, frames: Tensor, numbers: MotionStatistics) -> Tensor:
    """(T, 16): posture (6), faster motion (6), luck and strength of accents (3), turn along a look."""
    bands = torch.tensor(numbers.head_bands, dtype=torch.float64)
    slow, fast = bands.clone(), bands.clone()
    slow[1:], fast[0] = 0.0, 0.0
    posture = banded_noise(seeds.head, 200, frames, KNOTS[:1], slow[:1])
    moving = banded_noise(seeds.head, 201, frames, KNOTS[1:], fast[1:])
    emphasis = uniform(seeds.shared, 40, frames)
    strength = torch.exp(0.45 * gaussian(seeds.head, 41, frames)).clamp(0.3, 2.5)
    sides = torch.sign(uniform(seeds.head, 43, frames // (3 * FRAME_RATE)) - 0.5) * strength
    looked = aversion(seeds.shared, frames, numbers, ease=HEAD_EASE, lag=HEAD_LAG)[:, 0]
    joined = HEAD_JOINS * looked * (180.0 / math.pi)
    luck = torch.stack([emphasis, strength, sides, joined], dim=1)
    return torch.cat([posture, moving, luck], dim=1)


def _face_chance(seeds: Seeds, frames: Tensor, numbers: MotionStatistics) -> Tensor:
    """(T, 8): noise of brows, cheeks and lids (5), luck, strength and lateness of brow raises."""
    bands = torch.tensor(numbers.face_bands, dtype=torch.float64)
    noise = banded_noise(seeds.brows, 400, frames, KNOTS, bands)
    luck = uniform(seeds.brows, 50, frames)
    strength = torch.exp(0.45 * gaussian(seeds.brows, 51, frames)).clamp(0.3, 2.5)
    late = uniform(seeds.brows, 52, frames)
    return torch.cat([noise, torch.stack([luck, strength, late], dim=1)], dim=1)


def _gaze_chance(seeds: Seeds, frames: Tensor, numbers: MotionStatistics) -> Tensor:
    """(T, 6): where the eyes aim, up and left; looks away of all regions' seed now and a frame ago."""
    away = aversion(seeds.gaze, frames, numbers, ease=EYE_EASE)
    aim = away + fixations(seeds.gaze, frames, numbers)
    shared = aversion(seeds.shared, frames, numbers, ease=EYE_EASE)
    before = aversion(seeds.shared, frames - 1, numbers, ease=EYE_EASE)
    return torch.cat([aim.flip(1), shared, before], dim=1)


def _saturated(lift: Tensor) -> Tensor:
    """Brow lift as an intensity: 0 below rest, growing slower the higher."""
    return 1.0 - torch.exp(-lift.clamp_min(0.0) * 1.2)
