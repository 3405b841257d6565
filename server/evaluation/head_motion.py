"""Motion above the lips against that of people: how much, how smooth, how varied, how tied to the voice.

Takes and film are compared at one rate after one smoothing (`SMOOTHING`), because a tracker's tremble
would otherwise pass for a person's. Coupling of head and voice is scored as PBAS [1]_: how near the peaks
of head speed lie to onsets of sound. Its value alone says little, since random pairs score nearly as
high; so it is given as the rank-biserial effect of real against shuffled pairs of head and voice.

References
----------
.. [1] Prosodic beat alignment, after the beat alignment score of SadTalker, 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, savgol_filter

from dirfa_blender.core.animation import Animation

Floats = NDArray[np.float64]

RATE = 25.0
"""Frames a second at which everything is measured."""
SMOOTHING = (9, 3)
"""Window and degree of the Savitzky-Golay filter."""
BEAT_SPACING, EVENT_SPACING = 0.4, 0.2
"""Least seconds between two beats of the head; between two onsets of sound."""
BEAT_QUANTILE = 0.75
KERNEL_SECONDS = 0.12
WINDOW_SECONDS = 8.0
"""Stretch scored as one pair of head and voice."""
MOVING_DEGREES = 2.0
"""Head speed, degrees a second, from which a frame counts as moving."""
FACE_UNITS = ("AU1L", "AU1R", "AU2L", "AU2R", "AU4L", "AU4R")


@dataclass(frozen=True)
class MotionFigures:
    """Deviations and roughness of one or several clips.

    Attributes
    ----------
    head, face : variance of head rotation in degrees squared, of brow units
    head_jerk : root mean square third difference of rotation, degrees a second cubed
    moving : share of frames in which the head moves
    blinks : a minute
    """

    head: float
    face: float
    head_jerk: float
    moving: float
    blinks: float


def figures(takes: Sequence[Animation]) -> MotionFigures:
    """The figures of several clips of equal weight a second; each against its own mean."""
    angles = [smoothed_angles(take) for take in takes]
    seconds = np.array([take.duration for take in takes])
    share = seconds / seconds.sum()
    speeds = [np.linalg.norm(np.diff(one, axis=0), axis=1) * RATE for one in angles]
    jerks = [np.mean(np.sum((np.diff(one, 3, axis=0) * RATE**3) ** 2, axis=1)) for one in angles]
    faces = [np.stack([take.channel(unit) for unit in FACE_UNITS], axis=1) for take in takes]
    return MotionFigures(
        head=float(share @ [one.var(axis=0).sum() for one in angles]),
        face=float(share @ [one.var(axis=0).sum() for one in faces]),
        head_jerk=float(np.sqrt(share @ jerks)),
        moving=float(share @ [np.mean(one > MOVING_DEGREES) for one in speeds]),
        blinks=float(sum(blink_count(take) for take in takes) / seconds.sum() * 60.0),
    )


def blink_count(take: Animation) -> int:
    """How often both lids shut more than half."""
    shut = np.minimum(take.channel("AU45L"), take.channel("AU45R")) > 0.5
    return int(np.sum(shut[1:] & ~shut[:-1]))


def smoothed_angles(take: Animation) -> Floats:
    """(T, 3) head rotation in degrees at `RATE`, smoothed."""
    angles = np.degrees(np.asarray(take.resampled(RATE).rotation, np.float64))
    return np.asarray(savgol_filter(angles, *SMOOTHING, axis=0), np.float64)


def diversity(takes: Sequence[Animation], channels: Sequence[str]) -> float:
    """How far takes of one speech are apart, over how far each moves: 0 alike, about 1 independent.

    Parameters
    ----------
    takes : at least two, of the same sound
    channels : unit codes, or ``head`` for the rotation
    """
    values = np.stack([_channels(take, channels) for take in takes])
    across = values.std(axis=0, ddof=1)
    within = values.std(axis=1, ddof=1)
    size = float(np.sqrt(np.mean(within**2)))
    return float(np.sqrt(np.mean(across**2))) / size if size > 1e-9 else 0.0


def beats(angles: Floats) -> Floats:
    """Seconds at which the head moves fastest; `angles` (T, 3) smoothed, at `RATE`."""
    speed = np.linalg.norm(np.diff(angles, axis=0), axis=1)
    peaks, _ = find_peaks(
        speed, height=np.quantile(speed, BEAT_QUANTILE), distance=round(BEAT_SPACING * RATE)
    )
    return (peaks + 0.5) / RATE


def onsets(level: Floats, rate: float) -> Floats:
    """Seconds at which sound sets in; `level` (T,) natural log of the RMS at `rate`."""
    kernel = np.hanning(round(0.18 * rate))
    loud = np.convolve(np.log(np.exp(level) + 3e-3), kernel / kernel.sum(), "same")
    rise = np.maximum(np.gradient(loud), 0.0)
    peaks, _ = find_peaks(
        rise, prominence=0.5 * float(rise.std()), distance=round(EVENT_SPACING * rate)
    )
    return peaks / rate


def alignment(moves: Floats, sounds: Floats) -> float:
    """0..1 how near each beat lies to a sound; NaN without either."""
    if not len(moves) or not len(sounds):
        return float("nan")
    nearest = np.abs(moves[:, None] - sounds[None]).min(axis=1)
    return float(np.exp(-(nearest**2) / (2.0 * KERNEL_SECONDS**2)).mean())


def coupling_effect(
    clips: Sequence[tuple[Animation, Floats]], level_rate: float
) -> tuple[float, float, float]:
    """Mean alignment of real pairs, of shuffled pairs, and the rank-biserial effect between them.

    Parameters
    ----------
    clips : take and (T,) log RMS of its sound from the take's beginning, at `level_rate`
    """
    pairs: list[tuple[Floats, Floats]] = []
    for take, level in clips:
        angles = smoothed_angles(take)
        for first in np.arange(0.0, take.duration - WINDOW_SECONDS + 1e-6, WINDOW_SECONDS / 2):
            last = first + WINDOW_SECONDS
            head = angles[round(first * RATE) : round(last * RATE)]
            sound = level[round(first * level_rate) : round(last * level_rate)]
            pairs.append((beats(head), onsets(sound, level_rate)))
    real = [alignment(head, sound) for head, sound in pairs]
    shuffled = [
        alignment(pairs[i][0], pairs[j][1])
        for i in range(len(pairs))
        for j in range(len(pairs))
        if i != j
    ]
    return float(np.nanmean(real)), float(np.nanmean(shuffled)), rank_biserial(real, shuffled)


def rank_biserial(first: Sequence[float], second: Sequence[float]) -> float:
    """-1..1 how surely a value of the first is larger than one of the second."""
    a = np.array([value for value in first if np.isfinite(value)])[:, None]
    b = np.array([value for value in second if np.isfinite(value)])[None]
    return float((a > b).mean() - (a < b).mean())


def _channels(take: Animation, channels: Sequence[str]) -> Floats:
    columns = [
        np.asarray(take.rotation, np.float64)
        if name == "head"
        else np.asarray(take.channel(name), np.float64)[:, None]
        for name in channels
    ]
    return np.concatenate(columns, axis=1)
