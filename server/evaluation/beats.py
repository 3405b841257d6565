"""Does the head move with the voice? Beat alignment, and how much it exceeds that of strangers.

Absolute alignment scores of related and unrelated pairs lie close together, so the figure to read is the
rank-biserial effect of real against shuffled pairs. People reach 0.36 on pitch accents and about 0.6 on
onsets [2]_; more than that is a head on a string.

References
----------
.. [1] Siyao et al.: Bailando, CVPR 2022 (the beat alignment score that SadTalker and others took over).
.. [2] Figures of the thesis code "UBA", 2026, as noted in secondary sources.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from dirfa_blender.core.animation import Animation
from server.features import FRAME_RATE, Features

Floats = NDArray[np.float64]

SIGMA_SECONDS = 0.12
"""Three frames at 25 a second."""
MOTION_GAP_SECONDS = 0.4
EVENT_GAP_SECONDS = 0.2


def motion_beats(take: Animation) -> Floats:
    """Times of peaks of the head's angular speed above its 75th percentile."""
    turned = take.rotation.astype(np.float64)
    if len(turned) < 12:
        return np.zeros(0)
    window = max(5, 2 * int(0.18 * take.fps) + 1)
    smooth = np.asarray(signal.savgol_filter(turned, window, 3, axis=0), np.float64)
    speed = np.linalg.norm(np.diff(smooth, axis=0), axis=1)
    peaks, _ = signal.find_peaks(
        speed,
        height=float(np.quantile(speed, 0.75)),
        distance=max(1, round(MOTION_GAP_SECONDS * take.fps)),
    )
    return (peaks + 0.5) / take.fps


def voice_events(heard: Features) -> dict[str, Floats]:
    """Times of pitch accents, onsets and energy peaks of a recording."""
    level = heard.prosody[:, 0].astype(np.float64)
    loud = level > np.quantile(level, 0.95) - 3.5
    mel = heard.mel[:, :80].astype(np.float64)
    flux = np.maximum(np.diff(mel, axis=0, prepend=mel[:1]), 0.0).mean(axis=1)
    pitch = heard.prosody[:, 1].astype(np.float64)
    voiced = pitch > 0
    if voiced.sum() > 10:
        index = np.arange(len(pitch))
        filled = np.interp(index, index[voiced], pitch[voiced])
        pitch = signal.medfilt(filled, 5)
    return {
        "pitch accents": _peaks(pitch, loud & voiced),
        "onsets": _peaks(flux, loud),
        "energy": _peaks(_averaged(level, 5), loud),
    }


def alignment(beats: Floats, events: Floats) -> float | None:
    """Mean over beats of ``exp(-d^2 / 2 sigma^2)`` to the nearest event [1]_; None without either."""
    if not len(beats) or not len(events):
        return None
    nearest = np.abs(beats[:, None] - events[None]).min(axis=1)
    return float(np.exp(-0.5 * (nearest / SIGMA_SECONDS) ** 2).mean())


def rank_biserial(real: Sequence[float], shuffled: Sequence[float]) -> float:
    """P(real > shuffled) - P(real < shuffled) over all pairs: 0 by chance, 1 at best."""
    first, second = np.asarray(real)[:, None], np.asarray(shuffled)[None]
    return float((first > second).mean() - (first < second).mean())


def coupling(beats: Sequence[Floats], events: Sequence[Floats]) -> tuple[float, float]:
    """Mean alignment of pieces with their own sound, and the effect against everyone else's.

    Parameters
    ----------
    beats, events : for each piece (N,) seconds, of its motion and of its sound
    """
    real = [s for b, e in zip(beats, events, strict=True) if (s := alignment(b, e)) is not None]
    other = [
        s
        for i, b in enumerate(beats)
        for j, e in enumerate(events)
        if i != j and (s := alignment(b, e)) is not None
    ]
    if not real or not other:
        return 0.0, 0.0
    return float(np.mean(real)), rank_biserial(real, other)


def _peaks(values: Floats, where: NDArray[np.bool_]) -> Floats:
    spread = float(values[where].std()) if where.any() else 0.0
    found, _ = signal.find_peaks(
        values, prominence=max(0.5 * spread, 1e-9), distance=round(EVENT_GAP_SECONDS * FRAME_RATE)
    )
    return found[where[found]] / FRAME_RATE


def _averaged(values: Floats, width: int) -> Floats:
    return np.convolve(
        np.pad(values, width // 2, mode="edge"), np.full(width, 1.0 / width), "valid"
    )
