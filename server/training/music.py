"""Sound that nobody speaks: instruments, machines and signals, made up at random by code.

Every piece has an instrument of its own (spectrum, attack, decay, vibrato, body) and one of a few textures.
What they share is that no vocal tract moves in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))
"""Semitones of major, minor and pentatonic."""
TRIADS = ((0, 2, 4), (0, 2, 4, 6), (0, 4), (0, 3, 5))
"""Steps of the scale that sound together."""


@dataclass(frozen=True)
class Instrument:
    """A random instrument.

    Attributes
    ----------
    partials : (K, 2) frequency over the fundamental's, amplitude
    attack, decay : seconds; a long decay is an organ's
    vibrato_hertz, vibrato_share : speed and depth
    body : frequencies in Hz of its resonances
    """

    partials: Floats
    attack: float
    decay: float
    vibrato_hertz: float
    vibrato_share: float
    body: tuple[float, ...]


def piece(seconds: float, rng: np.random.Generator) -> Array:
    """(S,) float32 of music or machine at an rms of 0.05."""
    textures = (_chords, _chords, _chords, _chords, _melody, _melody, _band, _band, _hum, _beeps)
    sound = textures[int(rng.integers(len(textures)))](int(seconds * SAMPLE_RATE), rng)
    if rng.random() < 0.3:
        sound = sound + _pink(len(sound), rng) * sound.std() * 10 ** rng.uniform(-2.0, -0.7)
    return (0.05 * sound / max(1e-9, float(np.sqrt(np.mean(sound**2))))).astype(np.float32)


def draw_instrument(rng: np.random.Generator) -> Instrument:
    """From a sine to a brass section."""
    count = int(rng.choice([1, 4, 8, 12, 20, 30]))
    order = np.arange(1, count + 1, dtype=np.float64)
    if rng.random() < 0.3:
        order = 2.0 * order - 1.0
    amplitude = order ** -rng.uniform(0.3, 2.0) * 10 ** rng.uniform(-0.4, 0.1, count)
    stretched = order * np.sqrt(1.0 + 10 ** rng.uniform(-5.0, -3.0) * order**2)
    is_held = rng.random() < 0.4
    return Instrument(
        np.stack([stretched, amplitude], axis=1),
        attack=float(10 ** rng.uniform(-2.6, -0.6)),
        decay=30.0 if is_held else float(10 ** rng.uniform(-1.0, 0.3)),
        vibrato_hertz=float(rng.uniform(3.5, 7.5)),
        vibrato_share=float(rng.uniform(0.002, 0.02)) if rng.random() < 0.35 else 0.0,
        body=tuple(10 ** rng.uniform(2.2, 3.7, int(rng.integers(0, 4)))),
    )


def _note(instrument: Instrument, hertz: float, count: int, rng: np.random.Generator) -> Floats:
    time = np.arange(count) / SAMPLE_RATE
    swing = instrument.vibrato_share * np.sin(2.0 * np.pi * instrument.vibrato_hertz * time)
    phase = 2.0 * np.pi * hertz * (time + np.cumsum(swing) / SAMPLE_RATE)
    total = np.zeros(count)
    for order, amplitude in instrument.partials:
        if order * hertz < 0.47 * SAMPLE_RATE:
            # High partials of a struck string die first.
            fall = np.exp(-time * (order - 1.0) / (8.0 * instrument.decay))
            total += amplitude * fall * np.sin(order * phase + rng.uniform(0.0, 6.28))
    release = np.minimum(1.0, (count - np.arange(count)) / (0.03 * SAMPLE_RATE))
    return (
        total
        * np.minimum(1.0, time / instrument.attack)
        * np.exp(-time / instrument.decay)
        * release
    )


def _chords(count: int, rng: np.random.Generator) -> Floats:
    """Several notes at once, all together or one after another."""
    instrument, scale, tonic = draw_instrument(rng), _scale(rng), 10 ** rng.uniform(1.8, 2.55)
    step = int(10 ** rng.uniform(-0.6, 0.5) * SAMPLE_RATE)
    length = min(count, int(step * rng.uniform(0.8, 2.0)))
    spread = int(rng.choice([0.0, 0.0, 0.03, 0.15]) * SAMPLE_RATE)
    total = np.zeros(count + length + 8 * spread)
    for first in range(0, count, step):
        root = int(rng.integers(0, 7))
        triad = TRIADS[int(rng.integers(len(TRIADS)))]
        for place, degree in enumerate(triad):
            tone = _note(instrument, tonic * _pitch(scale, root + degree), length, rng)
            at = first + place * spread
            total[at : at + length] += tone
    return _shaped(total[:count], instrument)


def _melody(count: int, rng: np.random.Generator) -> Floats:
    """One note after another."""
    instrument, scale, tonic = draw_instrument(rng), _scale(rng), rng.uniform(110.0, 900.0)
    total = np.zeros(2 * count)
    first, degree = 0, 3
    beat = 10 ** rng.uniform(-0.9, 0.1) * SAMPLE_RATE
    while first < count:
        step = int(beat * rng.choice([0.5, 1.0, 1.0, 2.0]))
        degree = int(np.clip(degree + rng.integers(-3, 4), -5, 12))
        length = min(count, max(800, int(step * rng.uniform(0.7, 1.6))))
        if rng.random() < 0.9:
            tone = _note(instrument, tonic * _pitch(scale, degree), length, rng)
            total[first : first + length] += tone
        first += max(step, 400)
    return _shaped(total[:count], instrument)


def _band(count: int, rng: np.random.Generator) -> Floats:
    """Chords, perhaps a melody, and drums."""
    chords = _chords(count, rng)
    total = chords / max(1e-9, chords.std())
    if rng.random() < 0.6:
        tune = _melody(count, rng)
        total += rng.uniform(0.3, 1.2) * tune / max(1e-9, tune.std())
    beat = int(rng.uniform(0.2, 0.5) * SAMPLE_RATE)
    for number, first in enumerate(range(0, count, beat)):
        size = min(count - first, int(0.2 * SAMPLE_RATE))
        time = np.arange(size) / SAMPLE_RATE
        if number % 2:
            hit = rng.standard_normal(size) * np.exp(-time * rng.uniform(15.0, 60.0))
        else:
            hit = 2.0 * np.sin(2.0 * np.pi * (50.0 * time - 4.0 * np.exp(-25.0 * time)))
            hit = hit * np.exp(-12.0 * time)
        total[first : first + size] += rng.uniform(0.5, 3.0) * hit
    return total


def _hum(count: int, rng: np.random.Generator) -> Floats:
    """Mains, fans, motors: one pitch that stays, or drifts slowly."""
    time = np.arange(count) / SAMPLE_RATE
    base = float(rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(40.0, 400.0)]))
    drift = rng.choice([0.0, 0.0, 0.15]) * np.sin(2.0 * np.pi * rng.uniform(0.05, 0.3) * time)
    phase = 2.0 * np.pi * base * np.cumsum(1.0 + drift) / SAMPLE_RATE
    fall = rng.uniform(0.2, 2.0)
    total = sum(
        (k**-fall * 10 ** rng.uniform(-0.5, 0.2) * np.sin(k * phase + rng.uniform(0.0, 6.28)))
        for k in range(1, int(rng.integers(2, 25)))
    )
    return np.asarray(total, np.float64) * (
        1.0 + 0.2 * np.sin(2.0 * np.pi * rng.uniform(0.1, 9.0) * time)
    )


def _beeps(count: int, rng: np.random.Generator) -> Floats:
    """Telephones, alarms, signals."""
    time = np.arange(count) / SAMPLE_RATE
    pair = rng.uniform(200.0, 2500.0, 2)
    period = 10 ** rng.uniform(-0.8, 0.4)
    which = (time / period).astype(int) % 2
    tone = np.sin(2.0 * np.pi * np.cumsum(pair[which]) / SAMPLE_RATE)
    is_on = (time / period) % 1.0 < rng.uniform(0.4, 1.0)
    if rng.random() < 0.3:
        tone = np.sign(tone)
    return np.convolve(tone * is_on, np.ones(64) / 64.0, "same")


def _shaped(sound: Floats, instrument: Instrument) -> Floats:
    """The sound with the resonances of the instrument's body."""
    for hertz in instrument.body:
        above, below = signal.iirpeak(min(hertz, 7000.0), 3.0, fs=SAMPLE_RATE)
        sound = sound + 1.5 * np.asarray(signal.lfilter(above, below, sound), np.float64)
    return sound


def _pink(count: int, rng: np.random.Generator) -> Floats:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0)), count)
    return noise / noise.std()


def _scale(rng: np.random.Generator) -> tuple[int, ...]:
    return SCALES[int(rng.integers(len(SCALES)))]


def _pitch(scale: tuple[int, ...], degree: int) -> float:
    """Frequency over the tonic's of a degree of the scale, which may lie octaves away."""
    octave, place = divmod(degree, len(scale))
    return 2.0 ** (octave + scale[place] / 12.0)
