"""The lines of one character on the scene's clock: one animation from many takes.

A take is in seconds of its own recording. Placed in a scene it is sampled on whole frames, and where it
begins and ends the face eases from and to rest, so that a line that is cut off does not snap. Where lines
overlap their shares add up to at most one. Between lines far apart there are no samples at all: the face
rests. No bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .action_units import AU_NAMES
from .animation import Animation
from .errors import SettingsError
from .layers import Layer, layer_of_input
from .timing import FrameRate

EASE_SECONDS = 0.3
# Blender's last frame (MAXFRAME).
LAST_FRAME = 1_048_574
# A line whose first sample is this near a whole frame, in frames, starts on it.
FRAME_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Line:
    """One take in a scene: second 0 of its audio clock is at frame `frame_start`.

    Raises
    ------
    SettingsError
        The frame is not a number that Blender has frames for.
    """

    animation: Animation
    frame_start: float

    def __post_init__(self) -> None:
        if not abs(self.frame_start) <= LAST_FRAME:
            raise SettingsError(
                f"A line must begin at a frame of -{LAST_FRAME}..{LAST_FRAME}, got {self.frame_start:g}."
            )


@dataclass(frozen=True)
class Composition:
    """A character's performance: ``animation`` sample i is to be keyed at ``frames[i]``.

    The animation's own times are those of its samples only where the frames have no gap.
    """

    frames: npt.NDArray[np.float64]
    animation: Animation


def composed(lines: Sequence[Line], rate: FrameRate) -> Composition:
    """The performance of one character, on whole frames.

    A single line keeps its first and last pose and is not eased, since nothing follows it.
    """
    played = [line for line in lines if len(line.animation)]
    if not played:
        return Composition(np.zeros(0), _empty(rate))
    if len(played) == 1:
        return _alone(played[0], rate)
    spans = [_span(line, rate) for line in played]
    frames = np.unique(np.concatenate([np.arange(a, b + 1) for a, b in spans])).astype(np.float64)
    # Each line knows its own rows only: an hour of lines times an hour of frames would fill the memory.
    rows = [slice(*np.searchsorted(frames, [a, b + 1])) for a, b in spans]
    shares = [_share(line, frames[own], rate) for line, own in zip(played, rows, strict=True)]
    total = np.zeros(len(frames))
    for share, own in zip(shares, rows, strict=True):
        total[own] += share
    au = np.zeros((len(frames), len(AU_NAMES)), np.float32)
    gaze, turn, move = (np.zeros((len(frames), width), np.float32) for width in (2, 3, 3))
    for line, share, own in zip(played, shares, rows, strict=True):
        part = _sampled(line, frames[own], rate)
        weight = (share / np.maximum(1.0, total[own]))[:, None].astype(np.float32)
        au[own] += weight * part.au
        gaze[own] += weight * part.gaze
        turn[own] += weight * part.rotation
        move[own] += weight * part.translation
    whole = Animation(
        rate.per_second, 0.0, AU_NAMES, au, gaze, turn, move, played[0].animation.source
    )
    return Composition(frames, whole)


def weighted(animation: Animation, strengths: dict[Layer, float]) -> Animation:
    """The animation with each layer scaled; a strength of 0 mutes it."""
    if all(value == 1.0 for value in strengths.values()):
        return animation
    factors = np.array(
        [strengths.get(layer_of_input(name), 1.0) for name in animation.au_names], np.float32
    )
    head = np.float32(strengths.get("head", 1.0))
    return replace(
        animation,
        au=np.clip(animation.au * factors, 0.0, 1.0),
        gaze=animation.gaze * np.float32(strengths.get("gaze", 1.0)),
        rotation=animation.rotation * head,
        translation=animation.translation * head,
    )


def _alone(line: Line, rate: FrameRate) -> Composition:
    """One line: whole frames where it starts on one, its own first and last sample else."""
    take = line.animation.resampled(rate.per_second)
    first = line.frame_start + take.start * rate.per_second
    frames = first + np.arange(len(take))
    if abs(first - round(first)) <= FRAME_TOLERANCE:
        frames = np.round(frames)
    return Composition(frames, take.canonical())


def _span(line: Line, rate: FrameRate) -> tuple[int, int]:
    """First and last whole frame that a line, with its ease, reaches."""
    begin, end = _ends(line, rate)
    ease = EASE_SECONDS * rate.per_second
    return int(np.floor(begin - ease)), int(np.ceil(end + ease))


def _ends(line: Line, rate: FrameRate) -> tuple[float, float]:
    begin = rate.frame_at(line.animation.start, line.frame_start)
    return begin, begin + line.animation.duration * rate.per_second


def _share(line: Line, frames: npt.NDArray[np.float64], rate: FrameRate) -> npt.NDArray[np.float64]:
    """1 while a line plays, to 0 along half a cosine outside it."""
    begin, end = _ends(line, rate)
    outside = np.maximum(begin - frames, frames - end) / (EASE_SECONDS * rate.per_second)
    return 0.5 + 0.5 * np.cos(np.pi * np.clip(outside, 0.0, 1.0))


def _sampled(line: Line, frames: npt.NDArray[np.float64], rate: FrameRate) -> Animation:
    """A line at whole frames that follow each other, its ends held."""
    seconds = rate.seconds_at(frames, line.frame_start)
    return line.animation.canonical().sampled(seconds, rate.per_second)


def _empty(rate: FrameRate) -> Animation:
    none = np.zeros((0, 3), np.float32)
    return Animation(
        rate.per_second, 0.0, AU_NAMES, np.zeros((0, len(AU_NAMES)), np.float32),
        np.zeros((0, 2), np.float32), none, none,
    )  # fmt: skip
