"""Sound that nobody speaks: music, machines and signals, made up at random by code.

Every piece has instruments of its own (`instruments`), one of a few textures, and a production: a room,
a microphone, a tone control, an overdriven amplifier. What they share is that no vocal tract moves in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE

from .instruments import Instrument, draw_instrument, draw_kit, note, shaped

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), tuple(range(12)))
"""Semitones of major, minor, pentatonic and chromatic."""
TRIADS = ((0, 2, 4), (0, 2, 4, 6), (0, 4), (0, 3, 5), (0, 2, 4, 7), (-7, 0, 2, 4))
"""Steps of the scale that sound together."""
BAR_STEPS = 16
LEVEL = 0.05
"""Rms of a piece."""


@dataclass
class _Player:
    """An instrument in a key, who plays a note the same way again."""

    rng: np.random.Generator
    instrument: Instrument
    scale: tuple[int, ...]
    tonic: float
    known: dict[tuple[int, int], Floats] = field(default_factory=dict)

    @classmethod
    def draw(cls, rng: np.random.Generator, lowest: float, highest: float) -> _Player:
        """Somebody whose tonic lies between two frequencies."""
        tonic = lowest * (highest / lowest) ** rng.random()
        scale = SCALES[int(rng.integers(len(SCALES)))]
        return cls(rng, draw_instrument(rng), scale, tonic)

    def play(self, total: Floats, first: int, degree: int, length: int) -> None:
        """Adds a note where there is room for it."""
        length = min(length, len(total) - first)
        if length < 1:
            return
        if (degree, length) not in self.known:
            octave, place = divmod(degree, len(self.scale))
            hertz = self.tonic * 2.0 ** (octave + self.scale[place] / 12.0)
            self.known[degree, length] = note(self.instrument, hertz, length, self.rng)
        loud = 10 ** self.rng.uniform(-0.25, 0.0)
        total[first : first + length] += loud * self.known[degree, length]


def piece(seconds: float, rng: np.random.Generator) -> Array:
    """(S,) float32 of music or machine at an rms of `LEVEL`."""
    textures = (
        _chords, _chords, _chords, _melody, _melody, _band, _band, _band, _band, _drums, _hum, _beeps
    )  # fmt: skip
    sound = textures[int(rng.integers(len(textures)))](int(seconds * SAMPLE_RATE), rng)
    sound = _produced(sound / max(1e-9, float(sound.std())), rng)
    if rng.random() < 0.3:
        sound = sound + _pink(len(sound), rng) * sound.std() * 10 ** rng.uniform(-2.0, -0.7)
    return (LEVEL * sound / max(1e-9, float(np.sqrt(np.mean(sound**2))))).astype(np.float32)


def _chords(count: int, rng: np.random.Generator, beat: int | None = None) -> Floats:
    """Several notes at once, strummed, or one after another."""
    player = _Player.draw(rng, 60.0, 350.0)
    step = beat or int(10 ** rng.uniform(-0.7, 0.5) * SAMPLE_RATE)
    length = int(step * rng.uniform(0.5, 2.5))
    spread = int(rng.choice([0.0, 0.0, 0.015, 0.03, 0.15]) * SAMPLE_RATE)
    total = np.zeros(count)
    often = int(rng.choice([1, 2, 4, 8]))
    root, triad = 0, TRIADS[0]
    for number, first in enumerate(range(0, count, step)):
        if number % often == 0:
            root, triad = int(rng.integers(0, 7)), TRIADS[int(rng.integers(len(TRIADS)))]
        for place, degree in enumerate(triad):
            player.play(total, first + place * spread, root + degree, length)
    return shaped(total, player.instrument)


def _melody(count: int, rng: np.random.Generator, beat: int | None = None) -> Floats:
    """One note after another."""
    player = _Player.draw(rng, 110.0, 900.0)
    total = np.zeros(count)
    first, degree = 0, 3
    usual = beat or int(10 ** rng.uniform(-0.9, 0.1) * SAMPLE_RATE)
    share = rng.uniform(0.7, 1.6)
    while first < count:
        step = max(400, int(usual * rng.choice([0.5, 1.0, 1.0, 2.0])))
        degree = int(np.clip(degree + rng.integers(-3, 4), -5, 12))
        if rng.random() < 0.9:
            player.play(total, first, degree, max(800, int(step * share)))
        first += step
    return shaped(total, player.instrument)


def _bass(count: int, rng: np.random.Generator, beat: int) -> Floats:
    player = _Player.draw(rng, 36.0, 75.0)
    total = np.zeros(count)
    degree = 0
    for first in range(0, count, beat):
        if rng.random() < 0.3:
            degree = int(rng.integers(-2, 6))
        if rng.random() < 0.85:
            player.play(total, first, degree, beat)
    return shaped(total, player.instrument)


def _drums(count: int, rng: np.random.Generator, beat: int | None = None) -> Floats:
    """A bar again and again, with a slip here and there."""
    step = (beat or int(rng.uniform(0.3, 0.7) * SAMPLE_RATE)) // 4
    kit = draw_kit(rng)
    often = np.array([0.3, 0.2, 0.6, 0.1, 0.08, 0.3]) * rng.uniform(0.3, 1.3, (len(kit), 1))[:, 0]
    bar = rng.random((BAR_STEPS, len(kit))) < often
    bar[:: int(rng.choice([4, 8])), 0] = True
    bar[4::8, 1] = True
    loud = 10 ** rng.uniform(-0.8, 0.2, len(kit))
    total = np.zeros(count)
    for number, first in enumerate(range(0, count, step)):
        slips = rng.random(len(kit)) < 0.04
        for drum in np.flatnonzero(bar[number % BAR_STEPS] ^ slips):
            size = min(count - first, len(kit[drum]))
            hit = loud[drum] * 10 ** rng.uniform(-0.2, 0.0)
            total[first : first + size] += hit * kit[drum][:size]
    return total


def _band(count: int, rng: np.random.Generator) -> Floats:
    """Drums, and most of bass, chords and a melody, in one beat."""
    beat = int(rng.uniform(0.3, 0.75) * SAMPLE_RATE)
    total = _level(_drums(count, rng, beat))
    if rng.random() < 0.7:
        total += rng.uniform(0.3, 1.2) * _level(_bass(count, rng, int(beat / rng.choice([1, 2]))))
    if rng.random() < 0.9:
        often = float(rng.choice([0.5, 1.0, 1.0, 2.0, 4.0]))
        total += rng.uniform(0.4, 2.5) * _level(_chords(count, rng, int(beat * often)))
    if rng.random() < 0.5:
        total += rng.uniform(0.3, 1.5) * _level(_melody(count, rng, beat))
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


def _produced(sound: Floats, rng: np.random.Generator) -> Floats:
    """The sound, of deviation 1, as a recording has it."""
    if rng.random() < 0.25:
        sound = np.tanh(10 ** rng.uniform(-0.2, 1.0) * sound)
    if rng.random() < 0.4:
        low, high = 10 ** rng.uniform(1.5, 2.4), 10 ** rng.uniform(3.1, 3.88)
        band = signal.butter(1, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos")
        sound = np.asarray(signal.sosfilt(band, sound), np.float64)
    if rng.random() < 0.25:
        # A filter that opens and closes.
        dull = np.convolve(sound, np.ones(12) / 12.0, "same")
        speed, start = rng.uniform(0.1, 1.5), rng.uniform(0.0, 6.28)
        mix = 0.5 + 0.5 * np.sin(2.0 * np.pi * speed * np.arange(len(sound)) / SAMPLE_RATE + start)
        sound = mix * sound + (1.0 - mix) * dull
    if rng.random() < 0.5:
        length = int(rng.uniform(0.15, 2.0) * SAMPLE_RATE)
        fading = np.exp(-6.9 * np.arange(length) / length)
        answer = 10 ** rng.uniform(-1.8, -0.9) * fading * rng.standard_normal(length)
        answer[0] = 1.0
        sound = signal.fftconvolve(sound, answer)[: len(sound)]
    return np.asarray(sound, np.float64)


def _level(sound: Floats) -> Floats:
    return sound / max(1e-9, float(sound.std()))


def _pink(count: int, rng: np.random.Generator) -> Floats:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0)), count)
    return noise / noise.std()
