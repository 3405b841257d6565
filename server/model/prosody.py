"""What a voice does that faces answer: speaking or not, accents, beginnings and ends of phrases.

An accent is a peak of loudness, weighted by pitch; it is known only once the sound around it was heard,
`ACCENT_LAG` frames late. What remembers is followed frame by frame and what averages adds up in one order,
so the answer does not depend on how many frames come at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .config import FRAME_RATE

ACCENT_REACH = 10
"""Frames on each side over which an accent must be the loudest."""
_SMOOTH = 5
"""Frames over which loudness is averaged before its peaks are sought."""
ACCENT_LAG = ACCENT_REACH + _SMOOTH // 2
"""Frames by which `Heard.accents` lags behind the voice."""
QUIET_LEVEL = -5.2
"""Natural log of the RMS under which no peak is an accent; active speech lies around -3."""
PHRASE_SECONDS = 0.8
"""Somebody must have spoken this long for a pause to end a phrase."""
SPEAKING_SHARE = 0.55
"""Gate above which somebody speaks: a pause ends a phrase after an eighth of a second."""
GATE_SECONDS, SLOW_GATE_SECONDS = 0.3, 2.5
"""Times within which the two gates follow whether somebody speaks."""
PITCH_SECONDS = 3.0
"""Voiced time within which the usual pitch of a voice is followed."""
FALL_FRAMES = 25
"""Frames over which the gate's fall tells that a phrase ends."""
PITCH_WEIGHT, MOST_RISE = 1.2, 0.7
"""What an octave over the usual pitch counts for in loudness (natural log of the RMS); most octaves."""
ACCENT_SCALE, STRONGEST_ACCENT = 0.8, 1.6
"""Strength of an accent for each unit by which it stands out of the loudness around it, and the most."""
FIRST_PITCH, FIRST_LEVEL = 7.2, -11.0
"""What a voice is taken for before it was heard: 147 Hz (log2), and silence (natural log of the RMS)."""

_CONTEXT = 2 * ACCENT_REACH + _SMOOTH - 1


@dataclass(frozen=True)
class Voice:
    """What the sampler hears of T frames: (T,) float64 each.

    Attributes
    ----------
    activity : 0..1, probability that somebody speaks
    level : natural log of the RMS
    pitch : log2 of F0 in Hz, 0 where unvoiced
    """

    activity: Tensor
    level: Tensor
    pitch: Tensor


@dataclass(frozen=True)
class Heard:
    """What was made of a voice, (T,) float64 each.

    Attributes
    ----------
    gate, slow_gate : how much somebody speaks, followed within 0.3 s and within 2.5 s
    fall : by how much the gate fell in the last `FALL_FRAMES`, 0 while it rises
    ends : 1 where a phrase ended
    accents : strength 0..`STRONGEST_ACCENT` of the peaks `ACCENT_LAG` frames earlier, 0 elsewhere
    """

    gate: Tensor
    slow_gate: Tensor
    fall: Tensor
    ends: Tensor
    accents: Tensor


def _quiet(frames: int, value: float = 0.0) -> Tensor:
    return torch.full((frames,), value, dtype=torch.float64)


@dataclass
class ProsodyState:
    """What is remembered of a voice; `level` has the rise of pitch in it."""

    mean_pitch: float = FIRST_PITCH
    spoken_frames: int = 0
    slow_gate: float = 0.0
    gate: Tensor = field(default_factory=lambda: _quiet(FALL_FRAMES))
    level: Tensor = field(default_factory=lambda: _quiet(_CONTEXT, FIRST_LEVEL))


def hear(voice: Voice, state: ProsodyState) -> Heard:
    """Takes in frames of any number; the state advances."""
    gate = _followed(voice.activity, GATE_SECONDS, float(state.gate[-1]))
    slow_gate = _followed(voice.activity, SLOW_GATE_SECONDS, state.slow_gate)
    known = torch.cat([state.gate, gate])
    fall = (known[:-FALL_FRAMES] - gate).clamp_min(0.0)
    state.gate, state.slow_gate = known[-FALL_FRAMES:], float(slow_gate[-1])
    return Heard(gate, slow_gate, fall, _phrase_ends(gate, state), _accents(voice, state))


def _accents(voice: Voice, state: ProsodyState) -> Tensor:
    """(T,) strength of the accents `ACCENT_LAG` frames before each."""
    rise = (voice.pitch - _usual_pitch(voice.pitch, state)).clamp(-MOST_RISE, MOST_RISE)
    level = torch.cat([state.level, voice.level + PITCH_WEIGHT * (rise * (voice.pitch > 0))])
    state.level = level[-_CONTEXT:]
    smooth = _window_mean(level, _SMOOTH)
    around = 2 * ACCENT_REACH + 1
    middle = smooth[ACCENT_REACH : len(smooth) - ACCENT_REACH]
    highest = smooth.unfold(0, around, 1).amax(dim=1)
    is_peak = (middle >= highest) & (middle > QUIET_LEVEL)
    strength = (middle - _window_mean(smooth, around)) * ACCENT_SCALE
    return strength.clamp(0.0, STRONGEST_ACCENT) * is_peak


def _window_mean(values: Tensor, width: int) -> Tensor:
    """Means of `width` values in a row, added up from the earliest on: one order, equal bits."""
    count = len(values) - width + 1
    total = values[:count]
    for place in range(1, width):
        total = total + values[place : place + count]
    return total / width


def _usual_pitch(pitch: Tensor, state: ProsodyState) -> Tensor:
    """(T,) the voice's usual pitch up to each frame."""
    share = 1.0 - math.exp(-1.0 / (PITCH_SECONDS * FRAME_RATE))
    usual: list[float] = []
    for value in pitch.tolist():
        if value > 0.0:
            state.mean_pitch += share * (value - state.mean_pitch)
        usual.append(state.mean_pitch)
    return torch.tensor(usual, dtype=torch.float64)


def _phrase_ends(gate: Tensor, state: ProsodyState) -> Tensor:
    """(T,) 1 in the frame in which speech that lasted gives way to a pause."""
    ends = _quiet(len(gate))
    for frame, share in enumerate(gate.tolist()):
        if share > SPEAKING_SHARE:
            state.spoken_frames += 1
            continue
        if state.spoken_frames >= PHRASE_SECONDS * FRAME_RATE:
            ends[frame] = 1.0
        state.spoken_frames = 0
    return ends


def _followed(activity: Tensor, seconds: float, last: float) -> Tensor:
    """(T,) exponential average of the activity, that goes on from the last value."""
    keep = math.exp(-1.0 / (seconds * FRAME_RATE))
    followed: list[float] = []
    for value in activity.tolist():
        last = keep * last + (1.0 - keep) * value
        followed.append(last)
    return torch.tensor(followed, dtype=torch.float64)
