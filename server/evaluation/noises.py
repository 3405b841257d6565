"""Recordings made worse on purpose: babble, noise and the telephone band, at a given level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE

Array = NDArray[np.float32]


def with_noise(samples: Array, noise: Array, snr_db: float) -> Array:
    """Speech plus noise, the noise repeated to its length and scaled to the ratio of their powers."""
    added = np.resize(noise, len(samples)).astype(np.float64)
    speech = float(np.mean(samples.astype(np.float64) ** 2))
    gain = np.sqrt(speech / max(1e-20, float(np.mean(added**2))) / 10.0 ** (snr_db / 10.0))
    return (samples + gain * added).astype(np.float32)


def babble(voices: Sequence[Array], seconds: float) -> Array:
    """Several talkers at once, each at the same level."""
    count = int(seconds * SAMPLE_RATE)
    total = np.zeros(count)
    for voice in voices:
        level = float(np.sqrt(np.mean(voice.astype(np.float64) ** 2)))
        total += np.resize(voice, count) / max(level, 1e-9)
    return total.astype(np.float32)


def pink_noise(seconds: float, rng: np.random.Generator) -> Array:
    """Noise whose power falls by 3 dB an octave, as in rooms and streets."""
    count = int(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    return np.fft.irfft(spectrum, count).astype(np.float32)


def telephone(samples: Array) -> Array:
    """Speech after 8 kHz sampling, back at 16 kHz."""
    narrow = signal.resample_poly(samples, 1, 2)
    return np.asarray(signal.resample_poly(narrow, 2, 1)[: len(samples)], np.float32)
