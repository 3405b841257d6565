"""What speech leaves open: head, brows, lids, blinks and gaze, drawn from human statistics.

Lips follow the sound; the rest of the face only keeps it company, so it is sampled, not regressed. Each
random number is a hash of seed, channel and a counter of frames, knots or events: nothing is drawn in
sequence. A take therefore does not depend on where a stream was cut, and the noise may be smoothed with
its own future, which a causal model of sound could not have.

Three processes are coupled to the voice. Noise of head and brows grows while somebody speaks. Accents
(peaks of loudness, weighted by pitch) release nods and brow raises, some of them. Blinks come from a
renewal process whose clock runs faster where phrases end. Everything returns to rest by construction:
no channel integrates, so nothing can drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .config import BLOCK_FRAMES, FRAME_RATE

UPPER_CHANNELS: tuple[str, ...] = (
    "pitch", "yaw", "roll", "left", "up", "forward", "look_up", "look_left",
    "AU1L", "AU1R", "AU2L", "AU2R", "AU4L", "AU4R", "AU5L", "AU5R",
    "AU6L", "AU6R", "AU7L", "AU7R", "AU45L", "AU45R",
)  # fmt: skip
"""Order of the sampled channels: radians, metres, radians, then intensities.

``look`` is where the eyes aim in the room, 0 being the viewer; turning it into gaze takes the head away.
"""

HISTORY = 100
"""Frames of accents and voice kept: the longest response, two seconds."""
ACCENT_REACH = 10
"""Frames on each side over which an accent must be the loudest."""


@dataclass(frozen=True)
class MotionStatistics:
    """How much and how often a speaking person moves above the lips. Angles in degrees.

    Attributes
    ----------
    posture, sway, tremble : (pitch, yaw, roll) deviations of slow, middle and fast head motion
    knots : seconds between the random values of posture, sway and tremble
    silent_share : share of sway and tremble that is left in silence
    nod_degrees, nod_chance : pitch of an accent nod of usual strength; share of accents that nod
    brow_chance, brow_strength : share of accents with a brow raise; its usual intensity
    blink_seconds, blink_spread : mean interval of blinks; deviation of its logarithm
    aversion_seconds, aversion_hold : from one look away to the next; how long it lasts
    aversion_degrees : (side, up) deviation of a look away
    fixation_seconds, fixation_degrees : small shifts of gaze in between
    """

    posture: tuple[float, float, float] = (1.5, 2.2, 1.2)
    sway: tuple[float, float, float] = (1.3, 1.5, 0.9)
    tremble: tuple[float, float, float] = (0.35, 0.3, 0.2)
    knots: tuple[float, float, float] = (1.8, 0.55, 0.24)
    silent_share: float = 0.12
    nod_degrees: float = 2.6
    nod_chance: float = 0.5
    brow_chance: float = 0.28
    brow_strength: float = 0.3
    blink_seconds: float = 3.9
    blink_spread: float = 0.5
    aversion_seconds: float = 4.75
    aversion_hold: float = 1.7
    aversion_degrees: tuple[float, float] = (7.0, 3.5)
    fixation_seconds: float = 0.9
    fixation_degrees: float = 0.8


@dataclass(frozen=True)
class Voice:
    """What the sampler hears, one block: (T,) float64 each.

    Attributes
    ----------
    activity : 0..1, probability that somebody speaks
    level : natural log of the RMS
    pitch : log2 of F0 in Hz, 0 where unvoiced
    """

    activity: Tensor
    level: Tensor
    pitch: Tensor


@dataclass
class SamplerState:
    """What the sampler remembers: its frame, the recent voice and accents, the blink clock."""

    frame: int = 0
    speaking: float = 0.0
    mean_pitch: float = 7.2
    clock: float = 0.0
    blinks: int = 0
    next_blink: float | None = None
    blink_frames: list[float] = field(default_factory=list[float])
    level: Tensor = field(default_factory=lambda: torch.full((HISTORY,), -11.0).double())
    accent: Tensor = field(default_factory=lambda: torch.zeros(HISTORY).double())
    gate: Tensor = field(default_factory=lambda: torch.zeros(HISTORY).double())


class Sampler:
    """Draws the channels of `UPPER_CHANNELS` block by block.

    The block returned belongs to the time `delay` frames before the voice given, so that accents are
    known before the head answers them; `activity_lag` of these frames the activity lags behind.
    """

    def __init__(
        self,
        statistics: MotionStatistics,
        seed: int,
        *,
        delay: int,
        activity_lag: int,
        blink_rate: float = 1.0,
    ) -> None:
        self._statistics = statistics
        self._seed = seed
        self._delay = delay
        self._gate_lag = delay - activity_lag
        self._blink_rate = blink_rate
        self._nod = _response(0.10, 0.34, reach=50)
        self._raise = _response(0.22, 0.55, reach=HISTORY)
        self._follow = _follower(seconds=0.35)

    def step(self, voice: Voice, state: SamplerState) -> Tensor:
        """(T, 22) channels of the block; the state advances."""
        self._hear(voice, state)
        frames = torch.arange(BLOCK_FRAMES, dtype=torch.int64) + (state.frame - self._delay)
        rotation, away = self._head(frames, state)
        brows = self._brows(frames, state)
        lids = self._blinks(frames, state, away)
        look = self._look(frames, away)
        translation = self._translation(frames, rotation, state)
        state.frame += BLOCK_FRAMES
        return torch.cat([rotation, translation, look, brows, lids], dim=1)

    def _hear(self, voice: Voice, state: SamplerState) -> None:
        """Adds a block of voice to the histories and finds the accents that it completes."""
        matrix, decay = self._follow
        gate = matrix @ voice.activity + decay * state.speaking
        state.speaking = float(gate[-1])
        state.gate = torch.cat([state.gate, gate])[-HISTORY - BLOCK_FRAMES :]
        voiced = voice.pitch[voice.pitch > 0]
        if len(voiced):
            state.mean_pitch += 0.08 * (float(voiced.mean()) - state.mean_pitch)
        rise = (voice.pitch - state.mean_pitch).clamp(-0.7, 0.7) * (voice.pitch > 0)
        loud = voice.level + 1.2 * rise
        state.level = torch.cat([state.level, loud])[-HISTORY - BLOCK_FRAMES :]
        smooth = _averaged(state.level, 5)
        window = smooth.unfold(0, 2 * ACCENT_REACH + 1, 1)
        middle = window[:, ACCENT_REACH]
        local = window.mean(dim=1)
        is_peak = (middle >= window.max(dim=1).values) & (middle > -5.2)
        strength = torch.where(is_peak, ((middle - local) * 0.8).clamp(0.0, 1.6), 0.0)
        state.accent = torch.cat([state.accent, strength[-BLOCK_FRAMES:]])[
            -HISTORY - BLOCK_FRAMES :
        ]

    def _answers(self, kernel: Tensor, chosen: Tensor) -> Tensor:
        """(T,) sum of responses to weighted accents.

        The accents of a block are known `ACCENT_REACH` frames late and the block returned lies
        `delay` frames back, so a response begins the difference before its accent.
        """
        reach = len(kernel)
        padded = torch.cat([torch.zeros(reach, dtype=torch.float64), chosen])
        windows = padded.unfold(0, reach, 1)[-BLOCK_FRAMES:]
        return windows @ kernel.flip(0)

    def _chosen(self, channel: int, chance: float, state: SamplerState) -> Tensor:
        """(H,) accents that a process answers, with its own random strength."""
        count = len(state.accent)
        frames = torch.arange(count, dtype=torch.int64) + (state.frame + BLOCK_FRAMES - count)
        lucky = uniform(self._seed, channel, frames) < chance * (0.4 + state.accent)
        spread = torch.exp(0.45 * gaussian(self._seed, channel + 1, frames))
        return state.accent * spread.clamp(0.3, 2.5) * lucky

    def _gate(self, state: SamplerState) -> Tensor:
        """(T,) 0..1 how much somebody speaks at the time of the block returned."""
        last = len(state.gate) - self._gate_lag
        return state.gate[last - BLOCK_FRAMES : last].clamp(0.0, 1.0)

    def _head(self, frames: Tensor, state: SamplerState) -> tuple[Tensor, Tensor]:
        """(T, 3) head rotation in radians and (T, 2) where gaze is averted to: left, up."""
        numbers = self._statistics
        gate = self._gate(state)
        share = numbers.silent_share + (1.0 - numbers.silent_share) * gate
        nods = gate * self._answers(self._nod, self._chosen(40, numbers.nod_chance, state))
        turns = gate * self._answers(self._nod, self._chosen(44, 0.35 * numbers.nod_chance, state))
        side = torch.sign(shaped_noise(self._seed, 48, frames, 0.9))
        away = self._aversion(frames, ease=2.5)
        turned = self._aversion(frames, ease=14.0)[:, 0]
        columns: list[Tensor] = []
        for axis in range(3):
            slow = shaped_noise(self._seed, 10 + axis, frames, numbers.knots[0])
            middle = shaped_noise(self._seed, 20 + axis, frames, numbers.knots[1])
            fast = shaped_noise(self._seed, 30 + axis, frames, numbers.knots[2])
            calm = 0.45 + 0.55 * gate
            angle = numbers.posture[axis] * slow * calm
            angle = angle + share * (numbers.sway[axis] * middle + numbers.tremble[axis] * fast)
            columns.append(angle)
        columns[0] = columns[0] - numbers.nod_degrees * nods
        columns[1] = columns[1] + 0.5 * numbers.nod_degrees * turns * side + 9.0 * turned
        columns[2] = columns[2] + 0.35 * numbers.nod_degrees * turns * side + 0.15 * columns[1]
        return torch.stack(columns, dim=1) * (math.pi / 180.0), away

    def _aversion(self, frames: Tensor, ease: float) -> Tensor:
        """(T, 2) looks away, left and up, radians; eyes jump, a head eases."""
        numbers = self._statistics
        period = numbers.aversion_seconds * FRAME_RATE
        total = torch.zeros(len(frames), 2, dtype=torch.float64)
        cell = torch.floor(frames.double() / period).long()
        for back in (1, 0):
            index = cell - back
            begin = (index.double() + 0.55 * uniform(self._seed, 60, index)) * period
            hold = numbers.aversion_hold * (0.6 + 0.8 * uniform(self._seed, 61, index)) * FRAME_RATE
            inside = _plateau(frames.double() - begin, hold, ease)
            sign = torch.sign(uniform(self._seed, 62, index) - 0.5)
            size = 0.5 + uniform(self._seed, 63, index)
            left = sign * size * math.radians(numbers.aversion_degrees[0])
            up = gaussian(self._seed, 64, index).clamp(-2, 2)
            up = (up - 0.2) * math.radians(numbers.aversion_degrees[1])
            total = total + inside[:, None] * torch.stack([left, up], dim=1)
        return total

    def _look(self, frames: Tensor, away: Tensor) -> Tensor:
        """(T, 2) radians up and left that the eyes aim at: the viewer's face, or somewhere else."""
        numbers = self._statistics
        period = numbers.fixation_seconds * FRAME_RATE
        cell = torch.floor(frames.double() / period).long()
        begin = (cell.double() + 0.6 * uniform(self._seed, 70, cell)) * period
        moved = _step(frames.double() - begin, ease=1.5)
        shift: list[Tensor] = []
        for axis in range(2):
            now = gaussian(self._seed, 71 + axis, cell)
            before = gaussian(self._seed, 71 + axis, cell - 1)
            shift.append((before + (now - before) * moved).clamp(-2.5, 2.5))
        small = torch.stack(shift, dim=1) * math.radians(numbers.fixation_degrees)
        return torch.stack([away[:, 1], away[:, 0]], dim=1) + small

    def _translation(self, frames: Tensor, rotation: Tensor, state: SamplerState) -> Tensor:
        """(T, 3) metres left, up, forward: a slow lean, and the shift that turning a neck brings."""
        calm = (0.4 + 0.6 * self._gate(state))[:, None]
        lean = torch.stack(
            [shaped_noise(self._seed, 80 + axis, frames, 2.2) for axis in range(3)], dim=1
        )
        size = torch.tensor([0.0022, 0.0008, 0.0030], dtype=torch.float64)
        follow = torch.stack(
            [0.03 * rotation[:, 2], -0.005 * rotation[:, 0].abs(), -0.03 * rotation[:, 0]], dim=1
        )
        return lean * size * calm + follow

    def _brows(self, frames: Tensor, state: SamplerState) -> Tensor:
        """(T, 12) AU1, 2, 4, 5, 6, 7, left and right."""
        numbers = self._statistics
        gate = self._gate(state)
        raised = gate * self._answers(self._raise, self._chosen(50, numbers.brow_chance, state))
        raised = 1.0 - torch.exp(-numbers.brow_strength * 1.3 * raised)
        mood = shaped_noise(self._seed, 90, frames, 2.4)
        play = shaped_noise(self._seed, 91, frames, 0.7)
        tilt = shaped_noise(self._seed, 92, frames, 3.0)
        lift = raised + gate * (0.07 * mood + 0.05 * play).clamp_min(0.0)
        lower = gate * (-0.13 * mood - 0.04 * play - 0.03).clamp_min(0.0) * (1.0 - raised)
        inner = (lift * (1.0 + 0.15 * play)).clamp(0.0, 1.0)
        outer = (lift * (0.75 - 0.2 * play)).clamp(0.0, 1.0)
        wide = (0.25 * raised - 0.02).clamp_min(0.0)
        cheek = gate * (0.05 + 0.05 * shaped_noise(self._seed, 93, frames, 1.6)).clamp_min(0.0)
        tight = gate * (0.05 + 0.06 * shaped_noise(self._seed, 94, frames, 1.2)).clamp_min(0.0)
        left, right = 1.0 + 0.12 * tilt, 1.0 - 0.12 * tilt
        pairs = [inner, outer, lower, wide, cheek, tight + 0.35 * lower]
        columns = [unit * side for unit in pairs for side in (left, right)]
        return torch.stack(columns, dim=1).clamp(0.0, 1.0)

    def _blinks(self, frames: Tensor, state: SamplerState, away: Tensor) -> Tensor:
        """(T, 2) lid closure, left and right."""
        if self._blink_rate > 0.0:
            self._draw_blinks(frames, state, away)
        closed = torch.zeros(len(frames), dtype=torch.float64)
        for begin in state.blink_frames:
            closed = torch.maximum(closed, _blink_shape(frames.double() - begin))
        first = float(frames[0])
        state.blink_frames = [begin for begin in state.blink_frames if begin > first - 25]
        return torch.stack([closed, closed], dim=1)

    def _draw_blinks(self, frames: Tensor, state: SamplerState, away: Tensor) -> None:
        """Runs the blink clock over the block; events are few, so they are a loop."""
        gate = self._gate(state)
        falling = (gate[0] - gate[-1]).clamp_min(0.0) * 1.6
        shifting = (away[-1] - away[0]).abs().sum() * 3.0
        pace = (0.85 + 0.15 * gate + falling + shifting) * self._blink_rate
        clock = state.clock + torch.cumsum(pace, 0) / FRAME_RATE
        state.clock = float(clock[-1])
        if state.next_blink is None:
            state.next_blink = self._interval(0) * float(uniform(self._seed, 100, _number(0)))
        while state.next_blink <= state.clock:
            place = int(torch.searchsorted(clock, torch.tensor(state.next_blink).double()))
            state.blink_frames.append(float(frames[min(place, len(frames) - 1)]))
            state.blinks += 1
            state.next_blink += self._interval(state.blinks)

    def _interval(self, number: int) -> float:
        """Clock seconds before blink `number`; now and then a double blink."""
        statistics = self._statistics
        if float(uniform(self._seed, 102, _number(number))) < 0.06 and number > 0:
            return 0.42
        spread = statistics.blink_spread
        noise = float(gaussian(self._seed, 101, _number(number)))
        shape = math.exp(spread * noise - 0.5 * spread * spread)
        return max(0.9, statistics.blink_seconds * shape)


def uniform(seed: int, channel: int, counter: Tensor) -> Tensor:
    """Numbers in 0..1 that are a hash of seed, channel and counter; float64, shape of the counter.

    References
    ----------
    .. [1] Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014 (splitmix64).
    """
    state = counter * _as_int64(0x9E3779B97F4A7C15) + _mixed(seed ^ (channel * 0xD1B54A32D192ED03))
    state = (state ^ _shifted(state, 30)) * _as_int64(0xBF58476D1CE4E5B9)
    state = (state ^ _shifted(state, 27)) * _as_int64(0x94D049BB133111EB)
    state = state ^ _shifted(state, 31)
    return (_shifted(state, 11).double() + 0.5) * 2.0**-53


def gaussian(seed: int, channel: int, counter: Tensor) -> Tensor:
    """Standard normal numbers, likewise."""
    radius = torch.sqrt(-2.0 * torch.log(uniform(seed, channel + 1000, counter)))
    return radius * torch.cos(2.0 * math.pi * uniform(seed, channel + 2000, counter))


def shaped_noise(seed: int, channel: int, frames: Tensor, knot_seconds: float) -> Tensor:
    """Smooth noise of unit variance: a cubic B-spline through random values at regular knots."""
    position = frames.double() / (knot_seconds * FRAME_RATE) + 1000.0 * channel
    base = torch.floor(position)
    share = position - base
    knot = base.long()
    weights = (
        (1.0 - share) ** 3 / 6.0,
        (3.0 * share**3 - 6.0 * share**2 + 4.0) / 6.0,
        (-3.0 * share**3 + 3.0 * share**2 + 3.0 * share + 1.0) / 6.0,
        share**3 / 6.0,
    )
    total = torch.zeros_like(position)
    for offset, weight in enumerate(weights):
        total = total + weight * gaussian(seed, channel, knot + offset)
    return total / math.sqrt(0.4794)


def _response(peak: float, decay: float, reach: int) -> Tensor:
    """(reach,) unit response that rises within `peak` seconds and dies away within about `decay`."""
    seconds = torch.arange(reach, dtype=torch.float64) / FRAME_RATE
    rise = torch.sin((seconds / peak).clamp(max=1.0) * (math.pi / 2.0)) ** 2
    fall = torch.exp(-(((seconds - peak).clamp_min(0.0) / (0.6 * decay)) ** 2))
    return rise * fall


def _follower(seconds: float) -> tuple[Tensor, Tensor]:
    """One block of an exponential average as a matrix, and the weights of the value before it."""
    keep = math.exp(-1.0 / (seconds * FRAME_RATE))
    steps = torch.arange(BLOCK_FRAMES, dtype=torch.float64)
    lags = steps[:, None] - steps[None]
    matrix = torch.where(lags >= 0, (1.0 - keep) * keep ** lags.clamp_min(0.0), 0.0)
    return matrix, keep ** (steps + 1.0)


def _averaged(values: Tensor, width: int) -> Tensor:
    """(T,) moving average, the edges held."""
    half = width // 2
    padded = torch.cat([values[:1].expand(half), values, values[-1:].expand(half)])
    return padded.unfold(0, width, 1).mean(dim=1)


def _plateau(elapsed: Tensor, hold: Tensor, ease: float) -> Tensor:
    """0, then 1 for `hold` frames, then 0; both flanks last about twice `ease` frames."""
    return _step(elapsed, ease) * (1.0 - _step(elapsed - hold, ease))


def _step(elapsed: Tensor, ease: float) -> Tensor:
    share = (elapsed / (2.0 * ease)).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _blink_shape(elapsed: Tensor) -> Tensor:
    """Lid closure `elapsed` frames after a blink began: 80 ms down, 60 ms shut, 180 ms up."""
    down = _step(elapsed, 2.0)
    up = _step(elapsed - 7.0, 4.5)
    return down * (1.0 - up)


def _number(value: int) -> Tensor:
    return torch.tensor(value, dtype=torch.int64)


def _mixed(value: int) -> int:
    """A Python integer scrambled to a signed 64-bit one."""
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & 0xFFFFFFFFFFFFFFFF
    return _as_int64(value ^ (value >> 29))


def _as_int64(value: int) -> int:
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value


def _shifted(value: Tensor, bits: int) -> Tensor:
    """Logical shift to the right."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)
