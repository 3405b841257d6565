"""What the network hears: log-mel spectrum and prosody, 50 frames a second.

Nothing here looks at a whole clip, so a stream yields the same bytes as a file: the level of the
speaker is measured beforehand (`speech_gain`) and passed in, never taken from the clip's maximum
inside a frame. Every frame is computed by itself, in operations whose result for a row does not depend
on the other rows: any chunk size of the input gives identical features.

Frame n belongs to the time n / 50 s. It holds two mel spectra, of 25 ms windows centred 0 and 10 ms
after that time, and prosody of a 64 ms window centred on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.speech_level import TARGET_RMS, speech_gain

from .audio import SAMPLE_RATE
from .model.config import BLOCK_FRAMES, FRAME_RATE

Array = NDArray[np.float32]

FRAME_STEP = SAMPLE_RATE // FRAME_RATE
"""Samples from one frame to the next."""
LONG_BLOCK = 384
"""Frames of a recording computed at a time."""
MEL_BINS = 80
MEL_WINDOW = 400
"""Samples of one mel window: 25 ms."""
MEL_STEP = 160
"""Samples between the two mel windows of a frame: 10 ms."""
MEL_FFT = 512
MEL_LOW_HZ, MEL_HIGH_HZ = 40.0, 7600.0
MEL_FLOOR = 1e-7
"""Added to mel energies; speech at the target level lies around 1e-3."""
PITCH_WINDOW = 1024
"""Samples of the pitch window: 64 ms, three periods of a low voice."""
PITCH_LOW_HZ, PITCH_HIGH_HZ = 60.0, 450.0
FEATURES = 2 * MEL_BINS
PROSODY = 3

_BEFORE = PITCH_WINDOW // 2
_AFTER = PITCH_WINDOW // 2


@dataclass(frozen=True)
class Features:
    """Features of consecutive frames.

    Attributes
    ----------
    mel : (T, 160) float32, natural log of mel energies: the window at the frame, then 10 ms later
    prosody : (T, 3) float32: natural log of the RMS, log2 of F0 in Hz (0 where unvoiced), voicing 0..1
    """

    mel: Array
    prosody: Array

    def __len__(self) -> int:
        return len(self.mel)


class FeatureStream:
    """Turns samples pushed in any chunks into features, a multiple of `BLOCK_FRAMES` frames at a time."""

    def __init__(self, gain: float) -> None:
        self._gain = np.float32(gain)
        self._pending = np.zeros(_BEFORE, np.float32)
        self._pushed = 0
        self._frames = 0

    def push(self, samples: Array) -> Features:
        """The frames that these samples (S,) at 16 kHz complete, none if there are too few."""
        self._pushed += len(samples)
        self._pending = np.concatenate([self._pending, samples.astype(np.float32) * self._gain])
        return self._take()

    def finish(self, extra_frames: int = 0) -> Features:
        """The remaining frames: all up to the last sample and at least `extra_frames` of silence."""
        wanted = -(-self._pushed // FRAME_STEP) + extra_frames - self._frames
        blocks = max(0, -(-wanted // BLOCK_FRAMES))
        needed = blocks * BLOCK_FRAMES * FRAME_STEP + _BEFORE + _AFTER - FRAME_STEP
        padding = max(0, needed - len(self._pending))
        self._pending = np.concatenate([self._pending, np.zeros(padding, np.float32)])
        return self._take()

    def _take(self) -> Features:
        step = BLOCK_FRAMES * FRAME_STEP
        # From the last frame's time on only half a window is needed, not the whole step to the next.
        blocks = max(0, (len(self._pending) - _BEFORE - _AFTER + FRAME_STEP) // step)
        found = _frames(self._pending, blocks * BLOCK_FRAMES)
        self._pending = self._pending[blocks * step :]
        self._frames += len(found)
        return found


def features(samples: Array, gain: float | None = None) -> Features:
    """Features of a whole recording: ``ceil(S / 320)`` frames."""
    stream = FeatureStream(speech_gain(samples) if gain is None else gain)
    places = range(0, len(samples), LONG_BLOCK * FRAME_STEP)
    parts = [stream.push(samples[first : first + LONG_BLOCK * FRAME_STEP]) for first in places]
    parts.append(stream.finish())
    count = -(-len(samples) // FRAME_STEP)
    mel = np.concatenate([part.mel for part in parts])[:count]
    prosody = np.concatenate([part.prosody for part in parts])[:count]
    return Features(mel, prosody)


def mel_spectrum(
    samples: Array, centres: NDArray[np.int64], warp: float = 1.0, *, offset: Array | float = 0.0
) -> Array:
    """(T, 80) natural log of mel energies of windows around sample positions.

    `warp` stretches the frequency axis as a shorter (above 1) or longer vocal tract does; training
    uses it, inference does not. `offset`, (T, 1) or one for all, is taken from each window: the constant
    that many a sound card adds. Windows must lie inside the samples.
    """
    frames = (_windows(samples, centres, MEL_WINDOW) - np.float32(offset)) * _hann(MEL_WINDOW)
    power = _power(frames, MEL_FFT)
    # Not `@`: BLAS splits a product by the number of processor cores, and its last bits with it.
    energy = np.einsum("tf,fm->tm", power, mel_filters(warp))
    return np.log(energy + np.float32(MEL_FLOOR))


@lru_cache(maxsize=64)
def mel_filters(warp: float = 1.0) -> Array:
    """(257, 80) triangular filters, equally spaced in mel, each of area one; power to energy."""

    def mel(hertz: float) -> float:
        return 1127.0 * float(np.log1p(hertz / 700.0))

    edges = np.linspace(mel(MEL_LOW_HZ), mel(MEL_HIGH_HZ), MEL_BINS + 2)
    hertz = 700.0 * np.expm1(edges / 1127.0) * warp
    bins = np.arange(MEL_FFT // 2 + 1) * SAMPLE_RATE / MEL_FFT
    rise = (bins[:, None] - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    fall = (hertz[2:] - bins[:, None]) / (hertz[2:] - hertz[1:-1])
    filters = np.clip(np.minimum(rise, fall), 0.0, None)
    # A narrow low filter may fall between two bins: give it its nearest one.
    empty = np.flatnonzero(filters.sum(axis=0) < 1e-6)
    nearest = np.clip(np.round(hertz[1:-1][empty] * MEL_FFT / SAMPLE_RATE), 0, MEL_FFT // 2)
    filters[nearest.astype(int), empty] = 1.0
    scale = np.sum(_hann(MEL_WINDOW) ** 2)
    return (filters / filters.sum(axis=0) / scale).astype(np.float32)


def _frames(samples: Array, count: int) -> Features:
    """So many frames from their samples and half a pitch window on each side."""
    if count == 0:
        return Features(np.zeros((0, FEATURES), np.float32), np.zeros((0, PROSODY), np.float32))
    starts = np.arange(count, dtype=np.int64) * FRAME_STEP + _BEFORE
    around = _windows(samples, starts, PITCH_WINDOW)
    offset = around.mean(axis=1, keepdims=True)
    first = mel_spectrum(samples, starts, offset=offset)
    second = mel_spectrum(samples, starts + MEL_STEP, offset=offset)
    mel = np.concatenate([first, second], axis=1)
    return Features(mel, _prosody(around - offset))


def _windows(samples: Array, centres: NDArray[np.int64], size: int) -> Array:
    """(T, size) samples around positions."""
    return np.lib.stride_tricks.sliding_window_view(samples, size)[centres - size // 2]


def _prosody(frames: Array) -> Array:
    """(T, 3) log RMS, log2 F0 and voicing from the autocorrelation of each window, of mean 0.

    The autocorrelation is divided by that of the window itself [1]_, so that its peak at the period
    is 1 for a periodic sound whatever the period. Short lags are preferred a little, against octave
    errors downwards. A period is a peak: where the correlation only falls from lag 0 on, as that of rumble
    and of room noise does, the shortest lag is none.

    References
    ----------
    .. [1] Boersma, Accurate short-term analysis of the fundamental frequency, 1993, section 2.
    """
    middle = frames[:, PITCH_WINDOW // 2 - FRAME_STEP : PITCH_WINDOW // 2 + FRAME_STEP]
    rms = np.sqrt(np.mean(middle * middle, axis=1))
    power = _power(frames * _hann(PITCH_WINDOW), 2 * PITCH_WINDOW)
    shortest, longest = int(SAMPLE_RATE / PITCH_HIGH_HZ), int(SAMPLE_RATE / PITCH_LOW_HZ)
    correlation = torch.fft.irfft(torch.from_numpy(power)).numpy()[:, : longest + 2]
    normal = correlation / (correlation[:, :1] + 1e-6) / _window_correlation()[: longest + 2]
    lags = np.arange(shortest, longest + 1)
    inner = normal[:, shortest:-1]
    is_peak = (inner > normal[:, shortest - 1 : -2]) & (inner >= normal[:, shortest + 1 :])
    score = inner - 0.02 * np.log2(lags / shortest).astype(np.float32)
    best = np.argmax(np.where(is_peak, score, np.float32(-2.0)), axis=1)
    rows = np.arange(len(normal))
    strength = np.where(is_peak[rows, best], np.clip(inner[rows, best], 0.0, 1.0), 0.0)
    # Windows 40 dB under speech hold no voice, however periodic their hum.
    voiced = (strength > 0.55) & (rms > TARGET_RMS / 100.0)
    pitch = np.where(voiced, np.log2(SAMPLE_RATE / lags[best]), 0.0)
    level = np.log(rms + 1e-5)
    return np.stack([level, pitch, strength], axis=1).astype(np.float32)


def _power(frames: Array, size: int) -> Array:
    """(T, size / 2 + 1) squared magnitudes of the spectrum."""
    # torch, which is loaded for the network anyway: several times faster than numpy on short rows.
    spectrum = torch.fft.rfft(torch.from_numpy(frames), size).numpy()
    return spectrum.real**2 + spectrum.imag**2


@lru_cache(maxsize=4)
def _hann(size: int) -> Array:
    return np.hanning(size + 1)[:size].astype(np.float32)


@lru_cache(maxsize=1)
def _window_correlation() -> Array:
    spectrum = np.abs(np.fft.rfft(_hann(PITCH_WINDOW), 2 * PITCH_WINDOW)) ** 2
    correlation = np.fft.irfft(spectrum)
    return (correlation / correlation[0]).astype(np.float32)
