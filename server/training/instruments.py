"""Instruments made up at random: strings, pipes, bells, synthesisers, drums; `music` plays them.

A note is a sum of partials that die at their own speed, perhaps with a second oscillator in its phase,
played by several voices a little out of tune, with noise where a hammer falls or a bow is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from server.audio import SAMPLE_RATE

Floats = NDArray[np.float64]

HIGHEST = 0.47 * SAMPLE_RATE
"""Hertz over which a partial is left out."""
RELEASE_SECONDS = 0.03


@dataclass(frozen=True)
class Instrument:
    """A random instrument.

    Attributes
    ----------
    partials : (K, 3) frequency over the fundamental's, amplitude, fall a second
    attack : seconds
    vibrato_hertz, vibrato_share : speed and depth
    voices, detuned_cents : players of a note, and how far they are out of tune
    index, ratio : depth and frequency, over the fundamental's, of a second oscillator; 0 is none
    noise : of the first instant, over the tone
    body : frequencies in Hz of its resonances
    """

    partials: Floats
    attack: float
    vibrato_hertz: float
    vibrato_share: float
    voices: int
    detuned_cents: float
    index: float
    ratio: float
    noise: float
    body: tuple[float, ...]


def draw_instrument(rng: np.random.Generator) -> Instrument:
    """From a sine to a brass section, a guitar or an electric piano."""
    kind = rng.random()
    has_oscillator = kind > 0.8
    count = 1 if has_oscillator else int(rng.choice([1, 4, 8, 12, 20, 30]))
    order = np.arange(1, count + 1, dtype=np.float64)
    if rng.random() < 0.25:
        order = 2.0 * order - 1.0
    amplitude = order ** -rng.uniform(0.3, 2.0) * 10 ** rng.uniform(-0.4, 0.1, count)
    if rng.random() < 0.4:
        # Where a string is plucked it has no node.
        amplitude = amplitude * (0.05 + np.abs(np.sin(np.pi * order * rng.uniform(0.05, 0.5))))
    is_held = rng.random() < 0.4
    fall = 0.03 if is_held else 10 ** rng.uniform(-0.3, 1.0)
    falls = fall * (1.0 + rng.uniform(0.02, 0.6) * (order - 1.0))
    stretched = order * np.sqrt(1.0 + 10 ** rng.uniform(-5.0, -3.0) * order**2)
    is_section = rng.random() < 0.25
    return Instrument(
        np.stack([stretched, amplitude, falls], axis=1),
        attack=float(10 ** rng.uniform(-2.7, -0.5)) if is_held else float(rng.uniform(0.001, 0.02)),
        vibrato_hertz=float(rng.uniform(3.5, 7.5)),
        vibrato_share=float(rng.uniform(0.002, 0.02)) if rng.random() < 0.35 else 0.0,
        voices=int(rng.integers(2, 6)) if is_section else 1,
        detuned_cents=float(rng.uniform(2.0, 15.0)),
        index=float(rng.uniform(0.5, 5.0)) if has_oscillator else 0.0,
        ratio=float(rng.choice([1.0, 2.0, 3.0, 3.5, 7.0, rng.uniform(0.5, 9.0)])),
        noise=float(10 ** rng.uniform(-2.0, -0.3)) if rng.random() < 0.4 else 0.0,
        body=tuple(10 ** rng.uniform(2.2, 3.7, int(rng.integers(0, 4)))),
    )


def note(instrument: Instrument, hertz: float, count: int, rng: np.random.Generator) -> Floats:
    """(S,) so many samples of a note."""
    time = np.arange(count) / SAMPLE_RATE
    total = np.zeros(count)
    for _ in range(instrument.voices):
        cents = rng.normal(0.0, instrument.detuned_cents) if instrument.voices > 1 else 0.0
        swing = np.sin(2.0 * np.pi * instrument.vibrato_hertz * time + rng.uniform(0.0, 6.28))
        bent = time + np.cumsum(instrument.vibrato_share * swing) / SAMPLE_RATE
        phase = 2.0 * np.pi * hertz * 2.0 ** (cents / 1200.0) * bent
        for order, amplitude, fall in instrument.partials:
            if order * hertz < HIGHEST:
                own = order * phase + rng.uniform(0.0, 6.28)
                dying = np.exp(-fall * time)
                if instrument.index:
                    own = own + instrument.index * dying * np.sin(instrument.ratio * phase)
                total += amplitude * dying * np.sin(own)
    if instrument.noise:
        blow = rng.standard_normal(count) * np.exp(-time / 0.02)
        total += instrument.noise * total.std() * blow
    left = (count - np.arange(count)) / (RELEASE_SECONDS * SAMPLE_RATE)
    return total * np.minimum(1.0, time / instrument.attack) * np.minimum(1.0, left)


def shaped(sound: Floats, instrument: Instrument) -> Floats:
    """The sound (S,) with the resonances of the instrument's body."""
    for hertz in instrument.body:
        above, below = signal.iirpeak(min(hertz, 7000.0), 3.0, fs=SAMPLE_RATE)
        sound = sound + 1.5 * np.asarray(signal.lfilter(above, below, sound), np.float64)
    return sound


def draw_kit(rng: np.random.Generator) -> tuple[Floats, ...]:
    """Bass drum, snare, closed and open cymbal, tom, shaker or clap: (S,) each, of a peak of about 1."""
    low = _drum(rng, hertz=rng.uniform(40.0, 80.0), drop=rng.uniform(0.5, 4.0), tone=1.0)
    snare = _drum(rng, hertz=rng.uniform(150.0, 260.0), drop=0.2, tone=rng.uniform(0.1, 0.8))
    tom = _drum(rng, hertz=rng.uniform(80.0, 180.0), drop=rng.uniform(0.1, 0.6), tone=0.9)
    closed, open_one, shaker = (
        _rattle(rng, lowest, fall)
        for lowest, fall in (
            (rng.uniform(3000.0, 6500.0), rng.uniform(30.0, 120.0)),
            (rng.uniform(2500.0, 6000.0), rng.uniform(4.0, 15.0)),
            (rng.uniform(900.0, 4000.0), rng.uniform(20.0, 80.0)),
        )
    )
    return low, snare, closed, open_one, tom, shaker


def _drum(rng: np.random.Generator, hertz: float, drop: float, tone: float) -> Floats:
    """A skin whose pitch falls by `drop` times itself, and the noise of its snares."""
    time = np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    speed = rng.uniform(15.0, 60.0)
    phase = 2.0 * np.pi * hertz * (time + drop / speed * (1.0 - np.exp(-speed * time)))
    skin = np.sin(phase) * np.exp(-time * rng.uniform(6.0, 25.0))
    wires = rng.standard_normal(len(time)) * np.exp(-time * rng.uniform(10.0, 60.0))
    return tone * skin + 0.4 * (1.0 - tone) * wires


def _rattle(rng: np.random.Generator, lowest: float, fall: float) -> Floats:
    time = np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    high = signal.butter(2, lowest, "highpass", fs=SAMPLE_RATE, output="sos")
    noise = np.asarray(signal.sosfilt(high, rng.standard_normal(len(time))), np.float64)
    attack = np.minimum(1.0, time / rng.uniform(0.0005, 0.02))
    return 0.4 * noise * attack * np.exp(-fall * time)
