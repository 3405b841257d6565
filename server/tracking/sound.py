"""Whether a film's sound fits its lips: loudness against lip opening at many offsets.

Re-encoded film often carries its sound a tenth of a second late. A take made from it would be fine, but
laid under that sound it would speak too early, and whoever learns from it learns the error.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE
from server.features import FRAME_RATE, features

Floats = NDArray[np.float64]

REACH_SECONDS = 0.5
CLEAR_CORRELATION = 0.25
"""Correlation from which loudness and lips belong together at all."""
CLEAR_GAIN = 0.03
"""By this much the best offset must beat no offset."""
LEAST_SECONDS = 3.0


@dataclass(frozen=True)
class SoundOffset:
    """By how many seconds the sound comes late (early if negative), and how well it fits there."""

    seconds: float
    correlation: float
    is_clear: bool


def film_sound(film: Path) -> NDArray[np.float32] | None:
    """(S,) samples at 16 kHz; None where the film has none or ffmpeg is not installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    command = [program, "-v", "error", "-i", str(film), "-vn", "-ac", "1", "-ar", str(SAMPLE_RATE)]
    done = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=False)
    samples = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], np.float32)
    return samples if done.returncode == 0 and len(samples) else None


def sound_offset(samples: NDArray[np.float32], opening: Floats, fps: float) -> SoundOffset | None:
    """The offset at which loudness follows the lips best; None for too short or too still a film.

    Parameters
    ----------
    opening : (T,) lip opening, any unit, at `fps` frames a second from the film's beginning
    """
    count = min(len(opening), int(len(samples) / SAMPLE_RATE * fps))
    if count < LEAST_SECONDS * fps or float(np.std(opening[:count])) == 0.0:
        return None
    level = features(samples).prosody[:, 0].astype(np.float64)
    if float(np.std(level)) < 1e-3:
        return None
    own = np.arange(len(level)) / FRAME_RATE
    times = np.arange(count) / fps
    inside = (times > REACH_SECONDS) & (times < times[-1] - REACH_SECONDS)
    offsets = np.arange(-REACH_SECONDS, REACH_SECONDS + 1e-9, 0.02)
    scores = [
        float(
            np.corrcoef(np.interp(times[inside] + late, own, level), opening[:count][inside])[0, 1]
        )
        for late in offsets
    ]
    best = int(np.argmax(scores))
    middle = len(offsets) // 2
    is_clear = scores[best] > CLEAR_CORRELATION and scores[best] > scores[middle] + CLEAR_GAIN
    return SoundOffset(float(offsets[best]), scores[best], is_clear)
