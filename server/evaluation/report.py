"""Measures the network on material it did not learn from and prints a table.

Lips are compared with landmarks of film, not with units, so the tracker's solver is no judge in its own
case. The loudness of the sound is scored beside the network: whoever cannot beat it has learnt nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.head import Head
from dirfa_blender.core.protocol import AnimateSettings
from server.audio import SAMPLE_RATE, Speech
from server.engine import Engine
from server.features import features
from server.tracking.performer import face_of
from server.training.align import PHONES
from server.training.cache import aligned_speech
from server.training.corpora import read_samples, utterances
from server.training.faces import GRID_FPS, cached_track, facegood_rig
from server.training.teacher import MOUTH
from server.training.train import shaped_head

from .lips import (
    LEFT_CORNER,
    LOWER_LIP,
    RIGHT_CORNER,
    UPPER_LIP,
    Lips,
    best_offset,
    closures,
    correlation,
    lips_of,
    unit_geometry,
)

Floats = NDArray[np.float64]

VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "EY", "IH", "IY", "OW", "OY")
CLOSING = ("P", "B", "M")
LATEST_SECONDS = 0.36
"""The sound of re-encoded film may be this late against the lips."""
WEEKLY_ADDRESS = ("Obama_clip1", "obama_weekly_address_256", "obama_weekly_address_450_20s")
"""Three films of one occasion, which count once."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str


def main(arguments: Sequence[str]) -> int:
    """``evaluate --data D``: exit code 0 done, 1 failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="evaluate", description="Measure the network.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    parser.add_argument("--cache", type=Path, default=Path(".cache/training"))
    parser.add_argument("--checkpoint", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    try:
        engine = Engine("cpu", chosen.checkpoint)
        head = shaped_head()
        rows = [
            *film_rows(engine, head, chosen.data, chosen.cache),
            *rig_rows(engine, head, chosen.data),
            *closure_rows(engine, head, chosen.data, chosen.cache),
            *motion_rows(engine, chosen.data),
        ]
    except DirfaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    width = max(len(row.what) for row in rows)
    for row in rows:
        sys.stdout.write(f"{row.what:<{width}}  {row.value}\n")
    return 0


def speech_of(samples: NDArray[np.float32]) -> Speech:
    """Samples at 16 kHz as a recording."""
    return Speech(samples, SAMPLE_RATE, len(samples) / SAMPLE_RATE, "")


def film_rows(engine: Engine, head: Head, data: Path, cache: Path) -> list[Row]:
    """Lips against filmed talkers: unseen sentences of a seen one, free speech of unseen ones."""
    scores: list[tuple[float, float, float]] = []
    for entry in utterances("grid", data):
        track = cached_track(entry.path, cache)
        if entry.held_out and track.seen.all():
            true = film_lips(face_of(track.at_rate(GRID_FPS)).points, GRID_FPS)
            samples = read_samples(entry.path)
            scores.append(_scores(engine, head, samples, true, late_seconds=0.0)[:3])
    opening, width, loudness = np.mean(scores, axis=0)
    rows = [
        Row("read, talker seen, new sentences: opening, width (loudness)",
            f"{opening:.2f}, {width:.2f} ({loudness:.2f}); {len(scores)} clips"),
    ]  # fmt: skip
    occasions: dict[str, list[tuple[float, float, float]]] = {}
    for entry in utterances("usgov", data):
        track = cached_track(entry.path, cache)
        fps = (len(track.times) - 1) / float(track.times[-1])
        true = film_lips(face_of(track.at_rate(fps)).points, fps)
        score = _scores(engine, head, read_samples(entry.path), true, late_seconds=LATEST_SECONDS)
        occasion = "weekly address" if entry.name in WEEKLY_ADDRESS else entry.name
        occasions.setdefault(occasion, []).append(score[:3])
        rows.append(
            Row(f"  {entry.name}", f"{score[0]:.2f}, {score[1]:.2f}; sound late {score[3]:.2f} s")
        )
    free = [np.mean(scores, axis=0) for scores in occasions.values()]
    opening, width, loudness = np.mean(free, axis=0)
    rows.append(
        Row("free, talkers not seen: opening, width (loudness)",
            f"{opening:.2f}, {width:.2f} ({loudness:.2f})")
    )  # fmt: skip
    return rows


def rig_rows(engine: Engine, head: Head, data: Path) -> list[Row]:
    """Opening against rig weights of an unseen take."""
    geometry = unit_geometry(head, MOUTH)
    rows: list[Row] = []
    for take in facegood_rig(data):
        if take.held_out:
            true = np.asarray(take.mouth, np.float64) @ geometry
            found = _on_times(
                lips_of(engine.animate(speech_of(take.samples)), head), 50.0, len(true)
            )
            rows.append(
                Row(
                    "rig weights of the Mandarin talker, unseen take: opening, width",
                    f"{correlation(found[:, 0], true[:, 0]):.2f}, "
                    f"{correlation(found[:, 1], true[:, 1]):.2f}",
                )
            )
    return rows


def closure_rows(engine: Engine, head: Head, data: Path, cache: Path) -> list[Row]:
    """Closures of p b m in aligned speech of unseen talkers and sentences."""
    closing = tuple(PHONES.index(phone) for phone in CLOSING)
    vowels = tuple(PHONES.index(phone) for phone in VOWELS)
    rows: list[Row] = []
    for source in ("speechocean762", "kathleen", "ljspeech", "synthetic"):
        corpus = aligned_speech(source, data, cache)
        met = total = 0.0
        false = seconds = 0.0
        for index in np.flatnonzero(corpus.held_out)[:40]:
            labels = corpus.phones(int(index))
            lips = lips_of(engine.animate(speech_of(corpus.sound(int(index)))), head)
            found = closures(lips.opening, lips.fps, labels, closing, vowels)
            spoken = float(np.isin(labels, vowels).sum()) / 100.0
            met += found.recall * found.phones
            total += found.phones
            false += found.false_per_second * spoken
            seconds += spoken
        if total:
            rows.append(
                Row(
                    f"closures of p b m, {source}: recall, false a second of vowel",
                    f"{met / total:.3f}, {false / seconds:.3f}; {total:.0f} phones",
                )
            )
    return rows


def motion_rows(engine: Engine, data: Path) -> list[Row]:
    """Statistics above the lips over some minutes of speech, and what two seeds change."""
    sounds = [read_samples(entry.path) for entry in utterances("kathleen", data)[:100]]
    samples = np.concatenate(sounds)
    first = engine.animate(speech_of(samples), AnimateSettings(seed=1))
    second = engine.animate(speech_of(samples), AnimateSettings(seed=2))
    shut = first.channel("AU45L") > 0.5
    blinks = float(np.sum(shut[1:] & ~shut[:-1])) / first.duration * 60.0
    angles = np.degrees(first.rotation)
    speed = np.abs(np.diff(angles, axis=0)) * first.fps
    mouth = [name for name in first.au_names if _is_mouth(name)]
    difference = max(float(np.abs(first.channel(n) - second.channel(n)).max()) for n in mouth)
    power = np.abs(np.fft.rfft(angles - angles.mean(axis=0), axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(angles), 1.0 / first.fps)
    slow = power[hertz < 3.0].sum() / power.sum()
    return [
        Row("blinks a minute while speaking", f"{blinks:.1f}"),
        Row("head deviation, degrees: pitch, yaw, roll", _three(angles.std(axis=0))),
        Row("head range 5..95 %, degrees: pitch, yaw, roll", _three(_span(angles))),
        Row("head speed 95 %, degrees a second", _three(np.quantile(speed, 0.95, axis=0))),
        Row("share of head power below 3 Hz", f"{slow:.3f}"),
        Row("largest difference of a mouth unit between two seeds", f"{difference:g}"),
        Row("head deviation between two seeds over within one",
            f"{float(np.std(first.rotation - second.rotation) / np.std(first.rotation)):.2f}"),
    ]  # fmt: skip


def film_lips(points: Floats, fps: float) -> Lips:
    """Opening and width of pose-free landmarks; a short average against their tremble."""
    opening = points[:, UPPER_LIP, 2] - points[:, LOWER_LIP, 2]
    width = np.linalg.norm(points[:, LEFT_CORNER] - points[:, RIGHT_CORNER], axis=1)
    return Lips(opening, width, fps)


def _scores(
    engine: Engine, head: Head, samples: NDArray[np.float32], true: Lips, late_seconds: float
) -> tuple[float, float, float, float]:
    """Correlations of opening, width and loudness with the film, and the sound's lateness."""
    take = engine.animate(speech_of(samples))
    count = min(len(true.opening), int(len(samples) / SAMPLE_RATE * true.fps))
    found = _on_times(lips_of(take, head), true.fps, count)
    level = features(samples).prosody[:, 0].astype(np.float64)
    loud = _on_times(Lips(level, level, 50.0), true.fps, count)[:, 0]
    opening, width = true.opening[:count], true.width[:count]
    if late_seconds == 0.0:
        return (
            correlation(found[:, 0], opening),
            correlation(found[:, 1], width),
            correlation(loud, opening),
            0.0,
        )
    # The sound's lateness is read from its loudness alone: an offset chosen by the model's own score
    # would flatter the model.
    offset, loudness = best_offset(loud, opening, true.fps, late_seconds)
    lag = round(offset * true.fps)
    heard, seen = slice(max(0, -lag), count - max(0, lag)), slice(max(0, lag), count + min(0, lag))
    return (
        correlation(found[heard, 0], opening[seen]),
        correlation(found[heard, 1], width[seen]),
        loudness,
        -offset,
    )


def _on_times(lips: Lips, fps: float, count: int) -> Floats:
    """(T, 2) opening and width at another rate."""
    times = np.arange(count) / fps
    own = np.arange(len(lips.opening)) / lips.fps
    return np.stack(
        [np.interp(times, own, lips.opening), np.interp(times, own, lips.width)], axis=1
    )


def _is_mouth(name: str) -> bool:
    return name.rstrip("LR") in MOUTH or name in MOUTH


def _span(angles: NDArray[np.float32]) -> Floats:
    low, high = np.quantile(angles, [0.05, 0.95], axis=0)
    return high - low


def _three(values: Floats) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def still_frames(take: Animation) -> float:
    """Share of frames in which the head turns slower than a degree a second."""
    speed = np.linalg.norm(np.diff(np.degrees(take.rotation), axis=0), axis=1) * take.fps
    return float(np.mean(speed < 1.0))
