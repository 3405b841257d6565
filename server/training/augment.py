"""The same words in another voice, room and microphone.

Labels stay valid: only speed moves them, and it is returned. The network must work for talkers and
recordings nobody has, so each training crop gets a random vocal tract, speed, level, spectrum, noise
and room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE
from server.features import MEL_BINS, MEL_FLOOR, TARGET_RMS

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """One random change of voice and recording.

    Attributes
    ----------
    speed : rate of playback; 1.1 is faster, higher and of a shorter tract
    warp : stretch of the frequency axis, see `features.mel_spectrum`
    gain : factor on the samples
    snr_db : of the added noise, None for none
    room_seconds : reverberation time, 0 for none
    telephone : whether the band ends at 3.4 kHz
    """

    speed: float
    warp: float
    gain: float
    snr_db: float | None
    room_seconds: float
    telephone: bool


def draw_voice(rng: np.random.Generator, recorded: float = 0.25) -> Voice:
    """A random voice; a share of them are left almost as recorded."""
    if rng.random() < recorded:
        return Voice(1.0, 1.0, float(10 ** rng.uniform(-0.15, 0.15)), None, 0.0, False)
    return Voice(
        speed=float(rng.uniform(0.88, 1.14)) if rng.random() < 0.6 else 1.0,
        warp=float(np.round(rng.uniform(0.84, 1.2), 2)),
        gain=float(10 ** rng.uniform(-0.4, 0.3)),
        snr_db=float(rng.uniform(3.0, 35.0)) if rng.random() < 0.6 else None,
        room_seconds=float(rng.uniform(0.08, 0.5)) if rng.random() < 0.3 else 0.0,
        telephone=bool(rng.random() < 0.12),
    )


def at_speed(samples: Array, speed: float) -> Array:
    """Samples (S,) played `speed` times as fast."""
    if speed == 1.0:
        return samples
    count = int(len(samples) / speed)
    return np.interp(np.arange(count) * speed, np.arange(len(samples)), samples).astype(np.float32)


def in_room(samples: Array, voice: Voice, noise: Array, rng: np.random.Generator) -> Array:
    """Samples (S,) with the voice's level, room, band and noise; `noise` has their length."""
    sound = samples * np.float32(voice.gain)
    if voice.room_seconds > 0.0:
        sound = _reverberated(sound, voice.room_seconds, rng)
    if voice.snr_db is not None:
        level = np.sqrt(np.mean(noise * noise)) + 1e-9
        wanted = TARGET_RMS * voice.gain * 10 ** (-voice.snr_db / 20.0)
        sound = sound + noise * np.float32(wanted / level)
    if voice.telephone:
        passed = signal.sosfilt(_telephone(), sound)
        sound = np.asarray(passed, np.float32)
    return sound.astype(np.float32)


def coloured_noise(count: int, rng: np.random.Generator) -> Array:
    """Noise whose spectrum falls by a random 0 to 8 dB an octave, sometimes with a slow swell."""
    white = rng.standard_normal(count).astype(np.float32)
    spectrum = np.fft.rfft(white)
    hertz = np.arange(len(spectrum)) * SAMPLE_RATE / max(1, count)
    spectrum *= (hertz + 60.0) ** -rng.uniform(0.0, 1.3)
    noise = np.fft.irfft(spectrum, count)
    if rng.random() < 0.3:
        noise *= 1.0 + 0.9 * np.sin(np.arange(count) * rng.uniform(1e-4, 2e-3) + rng.uniform(0, 6))
    return noise.astype(np.float32)


def recoloured(mel: Array, rng: np.random.Generator) -> Array:
    """(T, 80) log-mel through another microphone: a smooth random curve of some decibels."""
    bins = np.linspace(-1.0, 1.0, MEL_BINS)
    tilt, bend = rng.normal(0.0, 0.7), rng.normal(0.0, 0.5)
    wave = rng.normal(0.0, 0.3) * np.sin(bins * rng.uniform(2.0, 8.0) + rng.uniform(0.0, 6.3))
    curve = (tilt * bins + bend * (bins**2 - 0.33) + wave).astype(np.float32)
    return np.log(np.exp(mel + curve) + np.float32(MEL_FLOOR))


def masked(mel: Array, rng: np.random.Generator) -> Array:
    """(T, 160) features with one band and one short stretch replaced by their mean."""
    changed = mel.copy()
    if rng.random() < 0.4:
        width, first = int(rng.integers(2, 12)), int(rng.integers(0, MEL_BINS - 12))
        for half in (0, MEL_BINS):
            changed[:, half + first : half + first + width] = mel.mean()
    if rng.random() < 0.25:
        first = int(rng.integers(0, max(1, len(mel) - 6)))
        changed[first : first + int(rng.integers(1, 6))] = mel.mean(axis=0)
    return changed


def _reverberated(samples: Array, seconds: float, rng: np.random.Generator) -> Array:
    count = int(seconds * SAMPLE_RATE)
    tail = rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    tail *= rng.uniform(0.05, 0.5) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(signal.fftconvolve(samples, tail)[: len(samples)], np.float32)


def _telephone() -> NDArray[np.float64]:
    return np.asarray(signal.butter(4, [250, 3400], "bandpass", fs=SAMPLE_RATE, output="sos"))
