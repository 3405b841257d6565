"""The table of bad and strange sound: noise, music, telephone, whisper, song."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.articulation import VOWELS
from server.audio import SAMPLE_RATE
from server.tracking.curves import correlation
from server.tracking.lips import lips_of
from server.training.voices import Song, in_another_voice, sung, whispered

from .bench import Bench
from .material import Clip
from .noises import babble, music, pink_noise, telephone, with_noise
from .tables import Chart, Table, number

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

RATIOS = (20.0, 10.0, 5.0)
NOISE_SECONDS, MUSIC_SECONDS = 4.0, 16.0
VOICES = (
    ("a larger man's voice", 0.9, 0.8), ("a woman's voice", 1.17, 1.7), ("a child's voice", 1.3, 2.2),
)  # fmt: skip
"""Factors on resonances and pitch of the filmed man."""


@dataclass(frozen=True)
class _Sound:
    """One way of making speech worse; `ratio` in dB where it is something added."""

    name: str
    made: Callable[[Clip], Array | Song]
    ratio: float | None = None


def noise_table(bench: Bench) -> Table:
    """Lip correlation as the sound gets worse, or is no ordinary speech."""
    clips = bench.read[: 6 if bench.quick else 16]
    clean: list[Floats] = []
    rows: list[tuple[str, ...]] = []
    lines: dict[str, list[tuple[float, float]]] = {}
    best = 0.0
    for sound in _sounds(bench.fitting):
        found = [_lips(bench, clip, sound) for clip in clips]
        clean = clean or found
        opening, width = np.mean(
            [_agreement(f, clip) for f, clip in zip(found, clips, strict=True)], 0
        )
        same = np.mean([correlation(f[:, 0], c[:, 0]) for f, c in zip(found, clean, strict=True)])
        best = best or float(opening)
        if sound.ratio is not None:
            lines.setdefault(sound.name, []).append((sound.ratio, float(opening)))
        loss = 100.0 * (1.0 - opening / max(1e-9, best))
        name = sound.name if sound.ratio is None else f"{sound.name}, {sound.ratio:g} dB"
        rows.append(
            (
                name,
                number(float(opening)),
                number(float(width)),
                f"{loss:.0f} %",
                number(float(same)),
            )
        )
    return Table(
        "Bad and strange sound",
        f"{len(clips)} of the read sentences with babble of five other sentences, pink noise or a band "
        "(chords, bass, drums) added at a ratio of powers, or through 8 kHz; in other voices (resonances "
        "times 0.9, 1.17 and 1.3, pitch times 0.8, 1.7 and 2.2: what strangers lose by their voices, not "
        "by their ways to move the lips); whispered (linear "
        "prediction, noise for the voice); sung (vowels held 1.7 times as long, on a tune, and compared "
        "at the times at which the words were said). All made by code from the same recordings, so the "
        "film is still the truth, although people who whisper or sing move their lips more. Loss is that "
        "of the opening's correlation against clean sound; the last column is its correlation with the "
        "clean take.",
        ("sound", "opening PCC", "width PCC", "loss", "with the clean take"),
        tuple(rows),
        {
            "evaluation_noise": Chart(
                "lines", "Lip opening under noise", "speech over noise, dB", "correlation", lines
            )
        },
    )


def _sounds(others: Sequence[Clip]) -> list[_Sound]:
    rng = np.random.default_rng(11)
    added = {
        "babble": babble([clip.samples for clip in others[:5]], NOISE_SECONDS),
        "pink noise": pink_noise(NOISE_SECONDS, rng),
        "music": music(MUSIC_SECONDS, rng),
    }

    def noisy(noise: Array, ratio: float) -> Callable[[Clip], Array]:
        return lambda clip: with_noise(clip.samples, noise, ratio)

    return [
        _Sound("clean", lambda clip: clip.samples),
        _Sound("telephone, 8 kHz", lambda clip: telephone(clip.samples)),
        *(_Sound(kind, noisy(noise, r), r) for kind, noise in added.items() for r in RATIOS),
        *(_Sound(name, _voiced(tract, pitch)) for name, tract, pitch in VOICES),
        _Sound("whisper", lambda clip: whispered(clip.samples, np.random.default_rng(5))),
        _Sound("song", _song),
    ]


def _voiced(tract: float, pitch: float) -> Callable[[Clip], Array]:
    return lambda clip: in_another_voice(clip.samples, tract, pitch)


def _song(clip: Clip) -> Song:
    labels = clip.labels if clip.labels is not None else np.zeros(0, np.uint8)
    return sung(clip.samples, np.isin(labels, VOWELS))


def _lips(bench: Bench, clip: Clip, sound: _Sound) -> Floats:
    """(T, 2) opening and width at the film's frames."""
    made = sound.made(clip)
    samples = made.samples if isinstance(made, Song) else made
    lips = lips_of(bench.take(samples), bench.head)
    count = min(len(clip.lips.opening), int(len(clip.samples) / SAMPLE_RATE * clip.lips.fps))
    times = np.arange(count) / clip.lips.fps
    if isinstance(made, Song):
        times = np.interp(times, made.said, made.sung)
    own = np.arange(len(lips.opening)) / lips.fps
    return np.stack([np.interp(times, own, part) for part in (lips.opening, lips.width)], axis=1)


def _agreement(found: Floats, clip: Clip) -> tuple[float, float]:
    count = len(found)
    return (
        correlation(found[:, 0], clip.lips.opening[:count]),
        correlation(found[:, 1], clip.lips.width[:count]),
    )
