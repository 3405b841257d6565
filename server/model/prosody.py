"""What a voice does that faces answer: speaking or not, accents, beginnings and ends of phrases.

An accent is a peak of loudness, weighted by pitch; it is known only once the sound around it was heard,
`ACCENT_REACH` frames late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .config import BLOCK_FRAMES, FRAME_RATE

ACCENT_REACH = 10
"""Frames on each side over which an accent must be the loudest."""
ACCENT_LAG = ACCENT_REACH + 2
"""Frames by which `ProsodyState.accents` lags behind the voice."""
HISTORY = 100
"""Frames of events kept: the longest response, two seconds."""
QUIET_LEVEL = -5.2
"""Natural log of the RMS under which no peak is an accent; active speech lies around -3."""
PHRASE_SECONDS = 0.8
"""Somebody must have spoken this long for a pause to end a phrase."""
SPEAKING_SHARE = 0.55
"""Gate above which somebody speaks: a pause ends a phrase after an eighth of a second."""

_CONTEXT = 2 * ACCENT_REACH + 4


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


def _quiet(frames: int, value: float = 0.0) -> Tensor:
    return torch.full((frames,), value, dtype=torch.float64)


@dataclass
class ProsodyState:
    """What is remembered of a voice.

    Attributes
    ----------
    gate, slow_gate : (HISTORY + 25,) how much somebody speaks, followed within 0.3 s and within 2.5 s
    accents : (25,) strength of the accents of the newest frames whose surroundings are known
    ends : (25,) 1 where a phrase ended in the newest block
    """

    mean_pitch: float = 7.2
    spoken: float = 0.0
    level: Tensor = field(default_factory=lambda: _quiet(_CONTEXT, -11.0))
    gate: Tensor = field(default_factory=lambda: _quiet(HISTORY))
    slow_gate: Tensor = field(default_factory=lambda: _quiet(HISTORY))
    accents: Tensor = field(default_factory=lambda: _quiet(BLOCK_FRAMES))
    ends: Tensor = field(default_factory=lambda: _quiet(BLOCK_FRAMES))


class Listener:
    """Follows a voice block by block; all that it remembers is in the state."""

    def __init__(self) -> None:
        self._follow = _follower(seconds=0.3)
        self._follow_slowly = _follower(seconds=2.5)

    def hear(self, voice: Voice, state: ProsodyState) -> None:
        """Takes in a block; the state then holds its gates, accents and phrase ends."""
        state.gate = _followed(self._follow, voice.activity, state.gate)
        state.slow_gate = _followed(self._follow_slowly, voice.activity, state.slow_gate)
        state.accents = self._accents(voice, state)
        state.ends = _phrase_ends(state)

    def _accents(self, voice: Voice, state: ProsodyState) -> Tensor:
        """(25,) strength 0..1.6 of the peaks that the block makes certain, 0 elsewhere."""
        is_voiced = voice.pitch > 0
        if bool(is_voiced.any()):
            state.mean_pitch += 0.08 * (float(voice.pitch[is_voiced].mean()) - state.mean_pitch)
        rise = (voice.pitch - state.mean_pitch).clamp(-0.7, 0.7) * is_voiced
        state.level = torch.cat([state.level[-_CONTEXT:], voice.level + 1.2 * rise])
        smooth = state.level.unfold(0, 5, 1).mean(dim=1)
        window = smooth.unfold(0, 2 * ACCENT_REACH + 1, 1)
        middle = window[:, ACCENT_REACH]
        is_peak = (middle >= window.max(dim=1).values) & (middle > QUIET_LEVEL)
        return ((middle - window.mean(dim=1)) * 0.8).clamp(0.0, 1.6) * is_peak


def _phrase_ends(state: ProsodyState) -> Tensor:
    """(25,) 1 in the frame in which speech that lasted gives way to a pause."""
    ends = _quiet(BLOCK_FRAMES)
    for frame, share in enumerate(state.gate[-BLOCK_FRAMES:].tolist()):
        if share > SPEAKING_SHARE:
            state.spoken += 1.0 / FRAME_RATE
            continue
        if state.spoken >= PHRASE_SECONDS:
            ends[frame] = 1.0
        state.spoken = 0.0
    return ends


def _followed(follower: tuple[Tensor, Tensor], activity: Tensor, kept: Tensor) -> Tensor:
    matrix, decay = follower
    newest = matrix @ activity + decay * kept[-1]
    return torch.cat([kept, newest])[-HISTORY - BLOCK_FRAMES :]


def _follower(seconds: float) -> tuple[Tensor, Tensor]:
    """One block of an exponential average as a matrix, and the weights of the value before it."""
    keep = math.exp(-1.0 / (seconds * FRAME_RATE))
    steps = torch.arange(BLOCK_FRAMES, dtype=torch.float64)
    lags = steps[:, None] - steps[None]
    matrix = torch.where(lags >= 0, (1.0 - keep) * keep ** lags.clamp_min(0.0), 0.0)
    return matrix, keep ** (steps + 1.0)
