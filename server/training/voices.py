"""Speech made into what it is not, by code: a whisper, a song, another's voice.

A whisper has no voice: each frame keeps its spectral envelope (linear prediction) and gets noise for its
excitation, without the fall that the vocal cords give a spectrum. A song holds vowels and follows a tune:
pitch and time are changed by overlapping the voice's own periods (PSOLA) [1]_. Another voice has other
resonances besides: it is played faster or slower, and its times put back in the same way.

References
----------
.. [1] Moulines, Charpentier: Pitch-synchronous waveform processing techniques for text-to-speech
   synthesis using diphones, Speech Communication, 1990.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from scipy.linalg import solve_toeplitz

from server.audio import SAMPLE_RATE
from server.features import FRAME_STEP

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

TUNE = (0, 4, 7, 5, 9, 7, 4, 2)
"""Semitones over the voice's usual pitch, sung again and again."""
NOTE_SECONDS = 0.45
VIBRATO_HERTZ, VIBRATO_SHARE = 5.5, 0.015
"""Speed, and depth as a share of the pitch."""
HELD = 1.7
"""How much longer a sung vowel lasts."""
ORDER, FRAME, HOP = 18, 400, 160
"""Of the whisper's linear prediction: coefficients, samples of a frame, samples from one to the next."""
PITCH_WINDOW = 800
"""Samples in which a pitch is looked for."""
LOWEST_HERTZ, HIGHEST_HERTZ = 65.0, 320.0
"""Pitches that are looked for."""
UNVOICED_STEP = 160
"""Samples between grains where there is no voice."""


@dataclass(frozen=True)
class Song:
    """Sung speech, and when its sounds were said.

    Attributes
    ----------
    samples : (S,) float32 at 16 kHz
    said : (N,) seconds of the speech that belong to `sung`, both rising
    """

    samples: Array
    said: Floats
    sung: Floats

    def said_at(self, seconds: Floats) -> Floats:
        """When in the speech a moment of the song was said."""
        return np.interp(seconds, self.sung, self.said)


def whispered(samples: Array, rng: np.random.Generator) -> Array:
    """The same words (S,) at 16 kHz without a voice, at the same level."""
    sound = _filtered([1.0, -0.95], [1.0], samples.astype(np.float64))
    window = np.hanning(FRAME)
    noise = rng.standard_normal(len(sound) + FRAME)
    total = np.zeros(len(sound) + FRAME)
    for first in range(0, len(sound) - FRAME, HOP):
        frame = sound[first : first + FRAME] * window
        power = signal.correlate(frame, frame, "full", "fft")[FRAME - 1 : FRAME + ORDER]
        power[0] = power[0] * 1.001 + 1e-9
        predictor = solve_toeplitz(power[:ORDER], power[1:])
        left_over = max(0.0, float(power[0] - predictor @ power[1:]))
        excitation = noise[first : first + FRAME] * np.sqrt(left_over / np.sum(window**2))
        shaped = _filtered([1.0], [1.0, *(-predictor).tolist()], excitation)
        total[first : first + FRAME] += shaped * window
    level = np.sqrt(np.mean(samples.astype(np.float64) ** 2) / max(1e-12, np.mean(total**2)))
    return (level * total[: len(samples)]).astype(np.float32)


def sung(samples: Array, vowels: NDArray[np.bool_]) -> Song:
    """The same words on a tune, vowels held.

    Parameters
    ----------
    vowels : (N,) whether a vowel is said, a hundred times a second
    """
    said = np.arange(len(vowels) + 1) / 100.0
    times = np.concatenate([[0.0], np.cumsum(np.where(vowels, HELD, 1.0) / 100.0)])
    hertz = _pitch(samples)
    usual = float(np.median(hertz[hertz > 0])) if (hertz > 0).any() else 120.0
    song = _respoken(samples, hertz, said, times, lambda seconds, _own: usual * _tune(seconds))
    return Song(song, said, times)


def in_another_voice(samples: Array, tract: float, pitch: float) -> Array:
    """The same words (S,) at the same times, as somebody else's throat and mouth would sound.

    Parameters
    ----------
    tract : factor on all resonances: 1.15 is a vocal tract shorter by 13 %
    pitch : factor on the voice's pitch
    """
    # Slower by the factor first, so that faster playing, which moves the resonances, restores the times.
    seconds = len(samples) / SAMPLE_RATE
    said, times = np.array([0.0, seconds]), np.array([0.0, seconds * tract])
    slow = _respoken(samples, _pitch(samples), said, times, lambda _at, own: own * pitch / tract)
    share = Fraction(tract).limit_denominator(60)
    found = signal.resample_poly(slow, share.denominator, share.numerator)
    return np.asarray(np.resize(found, len(samples)), np.float32)


def _respoken(
    samples: Array,
    hertz: Floats,
    said: Floats,
    times: Floats,
    pitch: Callable[[float, float], float],
) -> Array:
    """The samples with what was said at `said` at `times`, seconds both, in a pitch of seconds and own."""
    marks, periods = _pitch_marks(samples, hertz)
    count = int(times[-1] * SAMPLE_RATE)
    total, cover = np.zeros(count + SAMPLE_RATE), np.full(count + SAMPLE_RATE, 1e-3)
    place = 0.0
    while place < count:
        seconds = place / SAMPLE_RATE
        source = float(np.interp(seconds, times, said)) * SAMPLE_RATE
        nearest = int(np.argmin(np.abs(marks - source)))
        period, is_voiced = int(abs(periods[nearest])), periods[nearest] > 0
        grain = _grain(samples, int(marks[nearest]), period)
        first = int(place) - period
        inside = slice(max(0, -first), len(grain))
        at = slice(max(0, first), first + len(grain))
        total[at] += grain[inside]
        cover[at] += np.hanning(len(grain))[inside]
        own = SAMPLE_RATE / period
        place += SAMPLE_RATE / pitch(seconds, own) if is_voiced else UNVOICED_STEP
    return (total / np.maximum(cover, 0.3))[:count].astype(np.float32)


def _filtered(above: list[float], below: list[float], values: Floats) -> Floats:
    return np.asarray(signal.lfilter(above, below, values), np.float64)


def _tune(seconds: float) -> float:
    """Pitch of the tune over the voice's usual one."""
    note = TUNE[int(seconds / NOTE_SECONDS) % len(TUNE)]
    return 2 ** (note / 12) * (1 + VIBRATO_SHARE * np.sin(2 * np.pi * VIBRATO_HERTZ * seconds))


def _pitch(samples: Array) -> Floats:
    """(T,) Hz every 20 ms, 0 where there is no voice: the highest peak of the autocorrelation under 1 kHz.

    Not that of the features: what is measured with it should not depend on them.
    """
    filters = signal.butter(2, 900.0, fs=SAMPLE_RATE, output="sos")
    low = np.asarray(signal.sosfiltfilt(filters, samples.astype(np.float64)), np.float64)
    padded = np.pad(low, PITCH_WINDOW // 2)
    loud = float(np.quantile(low**2, 0.9))
    shortest, longest = (int(SAMPLE_RATE / hertz) for hertz in (HIGHEST_HERTZ, LOWEST_HERTZ))
    found: list[float] = []
    for first in range(0, len(samples), FRAME_STEP):
        frame = padded[first : first + PITCH_WINDOW]
        frame = frame - frame.mean()
        alike = signal.correlate(frame, frame, "full", "fft")[PITCH_WINDOW - 1 :]
        peaks, _ = signal.find_peaks(alike[: longest + 1])
        peaks = peaks[peaks >= shortest]
        is_loud = alike[0] / PITCH_WINDOW > 0.02 * loud
        best = int(peaks[np.argmax(alike[peaks])]) if len(peaks) else 0
        is_voiced = best > 0 and is_loud and alike[best] > 0.35 * alike[0]
        found.append(SAMPLE_RATE / best if is_voiced else 0.0)
    return np.array(found)


def _pitch_marks(samples: Array, hertz: Floats) -> tuple[Floats, Floats]:
    """(N,) samples of the periods' strongest moments, and their lengths; negative where unvoiced."""
    marks, periods = [0.0], [-float(UNVOICED_STEP)]
    while marks[-1] < len(samples) - 1:
        frame = min(int(marks[-1] / FRAME_STEP), len(hertz) - 1)
        if hertz[frame] <= 0:
            marks.append(marks[-1] + UNVOICED_STEP)
            periods.append(-float(UNVOICED_STEP))
            continue
        period = SAMPLE_RATE / hertz[frame]
        low, high = int(marks[-1] + 0.8 * period), int(marks[-1] + 1.2 * period) + 1
        part = samples[low:high]
        marks.append(float(low + int(np.argmax(part))) if len(part) else marks[-1] + period)
        periods.append(period)
    return np.array(marks), np.array(periods)


def _grain(samples: Array, middle: int, period: int) -> Floats:
    """Two periods around a mark under a window."""
    index = np.arange(middle - period, middle + period + 1)
    inside = (index >= 0) & (index < len(samples))
    values = np.where(inside, samples[np.clip(index, 0, len(samples) - 1)], 0.0)
    return np.asarray(values, np.float64) * np.hanning(len(index))
