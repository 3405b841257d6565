"""The level of speech, measured once before anything listens. No bpy.

The add-on measures what it streams and the server what it reads from files: both must come to one figure.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TARGET_RMS = 0.05
"""Level of active speech that the network knows: -26 dB under full scale."""
SMALLEST_GAIN, LARGEST_GAIN = 1e-7, 200.0
SILENT_ENERGY = 1e-8
"""Mean square below which nothing is heard: 80 dB under full scale."""
FRAME = 320
"""Samples of 20 ms at 16 kHz."""
CANCELLED_SHARE = 0.1
"""Of the loudest channel's level: where the mean of all is below, they cancel, as the two of a balanced
line do that was recorded as stereo, and the loudest is heard alone."""
_BLOCK = 65536
"""Frames looked at together, for the sake of memory."""


def speech_gain(samples: npt.NDArray[np.float32]) -> float:
    """The factor that brings active speech to `TARGET_RMS`; 1 for silence.

    Active are the 20 ms frames within 20 dB of the loudest twentieth, so pauses and a single click do
    not count. A constant offset, which many a sound card adds, is no speech.

    Parameters
    ----------
    samples : (S,) float32 at 16 kHz
    """
    count = len(samples) // FRAME
    if count == 0:
        return 1.0
    offset = np.float32(samples.mean(dtype=np.float64))
    energy = np.empty(count, np.float64)
    for first in range(0, count, _BLOCK):
        last = min(count, first + _BLOCK)
        block = samples[first * FRAME : last * FRAME].reshape(-1, FRAME) - offset
        energy[first:last] = np.einsum("ts,ts->t", block, block, dtype=np.float64) / FRAME
    loud = float(np.quantile(energy, 0.95))
    if loud < SILENT_ENERGY:
        return 1.0
    active = energy[energy > loud / 100.0]
    return float(np.clip(TARGET_RMS / np.sqrt(active.mean()), SMALLEST_GAIN, LARGEST_GAIN))


def mixed_down(channels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(S,) mean of (S, C) channels, or the loudest of them where they cancel."""
    mixed = channels.mean(axis=1, dtype=np.float32)
    levels = channels.std(axis=0)
    if mixed.std() < CANCELLED_SHARE * levels.max():
        return channels[:, int(levels.argmax())].copy()
    return mixed
