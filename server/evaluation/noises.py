"""Recordings made worse on purpose: babble, noise, a band or the telephone, at a given level.

The code is its own, so that no network is asked about the very sounds that training laid over speech. Sound
is (S,) float32 at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

CHORDS = ((0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12))
"""Semitones over the tonic: the four chords of most songs."""
BEAT_SECONDS = 0.5
"""Of the band: 120 beats a minute."""


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


def music(seconds: float, rng: np.random.Generator) -> Array:
    """A band: chords of plucked harmonics, a bass, and drums, two beats a second."""
    count = int(seconds * SAMPLE_RATE)
    total = np.zeros(count + SAMPLE_RATE)
    for beat in range(int(seconds / BEAT_SECONDS) + 1):
        first = int(beat * BEAT_SECONDS * SAMPLE_RATE)
        chord = CHORDS[(beat // 4) % len(CHORDS)]
        for note in chord:
            _add(total, first, 0.2 * _tone(220.0 * 2 ** (note / 12), 0.9, 12))
        _add(total, first, 0.5 * _tone(55.0 * 2 ** (chord[0] / 12), 0.6, 5))
        _add(total, first, _drum(beat, rng))
        _add(total, first + int(0.25 * SAMPLE_RATE), 0.15 * _noise_burst(0.05, 6000.0, rng))
    return total[:count].astype(np.float32)


def _tone(hertz: float, seconds: float, harmonics: int) -> Floats:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = [np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, harmonics + 1)]
    return np.sum(waves, axis=0) * np.exp(-3.0 * time) * np.minimum(1.0, time / 0.005)


def _drum(beat: int, rng: np.random.Generator) -> Floats:
    """A bass drum on even beats, a snare on odd ones."""
    if beat % 2:
        return 0.6 * _noise_burst(0.15, 1500.0, rng)
    time = np.arange(int(0.25 * SAMPLE_RATE)) / SAMPLE_RATE
    swept = np.sin(2 * np.pi * (45.0 * time - 4.0 * np.exp(-25.0 * time)))
    return np.asarray(swept * np.exp(-12.0 * time), np.float64)


def _noise_burst(seconds: float, high_pass: float, rng: np.random.Generator) -> Floats:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    filters = signal.butter(2, high_pass, "high", fs=SAMPLE_RATE, output="sos")
    noise = np.asarray(signal.sosfilt(filters, rng.standard_normal(len(time))), np.float64)
    return noise * np.exp(-5.0 * time / seconds)


def _add(total: Floats, first: int, part: Floats) -> None:
    last = min(len(total), first + len(part))
    if first < last:
        total[first:last] += part[: last - first]
