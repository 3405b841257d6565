"""The tables that put the network on trial: bad sound, languages, a judge of sync, the clock."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE

from .bench import OURS, Bench
from .languages import (
    BITING_LABEL,
    CLOSING_LABEL,
    SENTENCES,
    VOWEL_LABEL,
    spoken,
)
from .lip_tables import paired
from .lips import bite_gap, closures, correlation, lips_of
from .material import speech_of
from .noises import babble, pink_noise, telephone, with_noise
from .sync import SyncClip, judged, sync_clip, trained_expert, two_choice_accuracy
from .tables import Chart, Table, number

Array = NDArray[np.float32]

RATIOS = (20.0, 10.0, 5.0)
SPEED_SECONDS = (15, 60)


def noise_table(bench: Bench) -> Table:
    """Lip correlation as the sound gets worse."""
    clips = bench.read[: 6 if bench.quick else 16]
    rng = np.random.default_rng(11)
    others = babble([clip.samples for clip in bench.fitting[:5]], 4.0)
    noise = pink_noise(4.0, rng)
    kinds: list[tuple[str, float | None]] = [("clean", None), ("telephone, 8 kHz", None)]
    kinds += [
        (f"{kind}, {ratio:g} dB", ratio) for kind in ("babble", "pink noise") for ratio in RATIOS
    ]
    rows: list[tuple[str, ...]] = []
    clean = (0.0, 0.0)
    lines: dict[str, list[tuple[float, float]]] = {"babble": [], "pink noise": []}
    for kind, ratio in kinds:
        scores: list[tuple[float, float]] = []
        for clip in clips:
            sound = clip.samples
            if kind.startswith("telephone"):
                sound = telephone(sound)
            elif ratio is not None:
                sound = with_noise(sound, others if kind.startswith("babble") else noise, ratio)
            pair = paired(lips_of(bench.take(sound), bench.head), clip, 0.0)
            scores.append(
                (
                    correlation(pair.found[:, 0], pair.true[:, 0]),
                    correlation(pair.found[:, 1], pair.true[:, 1]),
                )
            )
        opening, width = np.mean(scores, axis=0)
        clean = (float(opening), float(width)) if kind == "clean" else clean
        if ratio is not None:
            lines[kind.rpartition(",")[0]].append((ratio, float(opening)))
        loss = 100.0 * (1.0 - opening / max(1e-9, clean[0]))
        rows.append((kind, number(float(opening)), number(float(width)), f"{loss:.0f} %"))
    return Table(
        "Bad sound",
        f"{len(clips)} of the read sentences with babble of five other sentences or pink noise added at a "
        "ratio of powers, or through 8 kHz. Loss is that of the opening's correlation against clean sound.",
        ("sound", "opening PCC", "width PCC", "loss"),
        tuple(rows),
        {
            "evaluation_noise": Chart(
                "lines", "Lip opening under noise", "speech over noise, dB", "correlation", lines
            )
        },
    )


def language_table(bench: Bench) -> Table:
    """Closures in nine languages, from synthetic voices with exact phone times."""
    rows: list[tuple[str, ...]] = []
    for language in SENTENCES:
        counts = np.zeros((2, 3))
        seconds = 0.0
        for sentence in spoken(language):
            take = bench.take(sentence.samples)
            vowels = float((sentence.labels == VOWEL_LABEL).sum()) / 100.0
            seconds += vowels
            gaps = (lips_of(take, bench.head).opening, bite_gap(take, bench.head))
            for place, (gap, label) in enumerate(
                zip(gaps, (CLOSING_LABEL, BITING_LABEL), strict=True)
            ):
                found = closures(gap, take.fps, sentence.labels, (label,), (VOWEL_LABEL,))
                counts[place] += (
                    found.recall * found.phones,
                    found.phones,
                    found.false_per_second * vowels,
                )
        cells = [language, SENTENCES[language][0]]
        for met, total, false in counts:
            cells += [
                number(met / total if total else None),
                number(false / max(1e-9, seconds)),
                f"{total:.0f}",
            ]
        rows.append(tuple(cells))
    return Table(
        "Languages",
        "Three sentences, two voices of espeak-ng each, phone times from the synthesiser. Recall and "
        "false closures as above. Synthetic voices of this kind are harder to hear than people, and easier "
        "in that they never mumble; no film of these languages was at hand but the Mandarin rig weights.",
        ("language", "voice", "p b m recall", "false a second", "phones", "f v recall", "false a second",
         "phones"),
        tuple(rows),
    )  # fmt: skip


def sync_table(bench: Bench) -> Table:
    """A judge of sync that learnt from film alone."""
    train = [sync_clip(clip.lips, clip.heard.mel) for clip in bench.fitting]
    real = [sync_clip(clip.lips, clip.heard.mel) for clip in bench.read]
    expert = trained_expert(train)
    rows: list[tuple[str, ...]] = []
    judgements: dict[str, list[SyncClip]] = {"film itself": real}
    for name, takes in bench.takes_of(bench.read).items():
        if name != "mean face":
            judgements[name] = [
                sync_clip(lips_of(take, bench.head), clip.heard.mel)
                for take, clip in zip(takes, bench.read, strict=True)
            ]
    for name, clips in judgements.items():
        score = judged(expert, clips)
        rows.append(
            (
                name,
                number(score.in_sync),
                number(two_choice_accuracy(expert, clips)),
                number(score.confidence, 3),
                number(1e3 * score.offset_seconds, 0),
            )
        )
    return Table(
        "A judge of lip sync",
        f"Two small encoders, trained on {len(train)} filmed sentences of one talker and on nothing that "
        f"was generated, judge {len(real)} others of him. In sync: best offset within a frame (40 ms) of "
        "zero. Two-choice: true timing against shifts of 2 to 15 frames. Confidence: median less least "
        "distance over offsets. The film's own row is the ceiling. It has seen one face only, so it says "
        "nothing of other people.",
        ("lips of", "in sync", "two-choice", "confidence", "mean offset ms"),
        tuple(rows),
    )


def speed_table(bench: Bench) -> Table:
    """Seconds and memory of ``animate``, everything included, in a process of its own."""
    sound = np.concatenate([clip.samples for clip in bench.free])
    rows: list[tuple[str, ...]] = []
    for seconds in SPEED_SECONDS[: 1 if bench.quick else 2]:
        samples = np.resize(sound, seconds * SAMPLE_RATE)
        began = time.perf_counter()
        bench.engines[OURS].animate(speech_of(samples))
        inner = time.perf_counter() - began
        wall, megabytes = _animated(samples)
        rows.append(
            (f"{seconds} s", number(wall, 1), number(seconds / wall, 1), number(seconds / inner, 1),
             number(megabytes, 0))
        )  # fmt: skip
    return Table(
        "Speed",
        "Whole: the command `animate`, from start of Python to the written take, one thread. Network: the "
        "same in a server that has it loaded. Times are of this machine as it was, with whatever else ran.",
        ("speech", "whole, s", "times real time", "network, times real time", "memory, MB"),
        tuple(rows),
    )


def _animated(samples: Array) -> tuple[float, float]:
    """Wall seconds and largest memory in MB of the command on a sound."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        soundfile.write(path, samples, SAMPLE_RATE)
        command = [sys.executable, "-m", "server", "animate", str(path), "--device", "cpu"]
        began = time.perf_counter()
        subprocess.run(
            [*command, "-o", str(Path(folder) / "take.npz")], check=True, capture_output=True
        )
        wall = time.perf_counter() - began
    return wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024.0
