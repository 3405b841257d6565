"""The face above the lips and the head, against filmed people: how much, how jerky, how often.

What audio does not determine cannot be scored frame by frame. What can be compared are amounts: how far
brows and head range, how smooth they are, how many frames move, how often and how long lids close.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from dirfa_blender.core.animation import Animation
from server.tracking.performer import calm

Floats = NDArray[np.float64]

COMPARED_FPS = 25.0
"""Rate at which amounts are compared."""
JERK_HERTZ = 3.0
"""Band in which smoothness is compared. A third difference weighs a spectrum by its frequency to the sixth
power, so unfiltered it compares trembles: above 3 Hz most of a film's power is there in its stillest
passages too (of the head 0.6 to 0.8 of it, of brows 0.45 to 0.6), and so does not come from motion."""
STILL_DEGREES_A_SECOND = 1.0
REGIONS: dict[str, tuple[str, ...]] = {
    "brows": ("AU1L", "AU1R", "AU2L", "AU2R", "AU4L", "AU4R"),
    "cheeks": ("AU6L", "AU6R"),
    "lips": ("AU26", "AU10L", "AU12L", "AU15L", "AU16L", "AU17", "AU18", "AU20L", "AU22"),
}


def region_units(take: Animation, region: str) -> Floats:
    """(T, C) units of a region of `REGIONS`; both sides of a brow count."""
    return np.stack([take.channel(name) for name in REGIONS[region]], axis=1).astype(np.float64)


def moving_share(take: Animation) -> float:
    """Share of frames in which the head turns faster than a degree a second."""
    speed = np.linalg.norm(np.diff(np.degrees(take.rotation.astype(np.float64)), axis=0), axis=1)
    return float(np.mean(speed * take.fps > STILL_DEGREES_A_SECOND)) if len(speed) else 0.0


def deviation_difference(found: Animation, true: Animation, names: tuple[str, ...]) -> float:
    """Mean absolute difference of the units' deviations over time: the AU form of FDD."""
    pairs = [(found.channel(n).std(), true.channel(n).std()) for n in names]
    return float(np.mean([abs(float(a) - float(b)) for a, b in pairs]))


def pooled_deviation(takes: list[Floats]) -> float:
    """Root of the channel variances summed, within takes (T, C); takes count by their length."""
    weights = np.array([len(t) for t in takes], np.float64)
    inner = np.array([t.var(axis=0).sum() for t in takes])
    return float(np.sqrt((weights * inner).sum() / weights.sum()))


def slow_jerk(motions: Sequence[Floats], rates: Sequence[float]) -> float:
    """RMS of the third difference below `JERK_HERTZ`, a second cubed, over all motions, (T, C) each."""
    squares: list[Floats] = []
    for motion, fps in zip(motions, rates, strict=True):
        filters = butter(4, JERK_HERTZ, fs=fps, output="sos")
        slow = np.asarray(sosfiltfilt(filters, motion, axis=0), np.float64)
        squares.append(((np.diff(slow, n=3, axis=0) * fps**3) ** 2).sum(axis=1))
    return float(np.sqrt(np.concatenate(squares).mean()))


def as_filmed(take: Animation, fps: float) -> Animation:
    """The take as the tracker would give it from film of this rate: its head went through `calm`."""
    seen = take.resampled(fps)
    return replace(seen, rotation=calm(seen.rotation.astype(np.float64)).astype(np.float32))
