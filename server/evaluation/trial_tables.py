"""The tables that put the network on trial: languages, a judge of sync, the clock."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE
from server.tracking.lips import bite_gap, lips_of

from .bench import OURS, Bench
from .closures import closures
from .languages import (
    BITING_LABEL,
    CLOSING_LABEL,
    SENTENCES,
    VOWEL_LABEL,
    spoken,
)
from .material import speech_of
from .sync import SyncClip, judged, sync_clip, trained_expert, two_choice_accuracy
from .tables import Table, number

Array = NDArray[np.float32]

SPEED_SECONDS = (15, 60)


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


# A small process starts the command: a child counts its starter's memory as its own.
_WATCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
wall = time.perf_counter() - began
print(wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _animated(samples: Array) -> tuple[float, float]:
    """Wall seconds and largest memory in MB of the command on a sound."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        soundfile.write(path, samples, SAMPLE_RATE)
        animate = [sys.executable, "-m", "server", "animate", str(path), "--device", "cpu"]
        told = subprocess.run(
            [sys.executable, "-S", "-c", _WATCH, *animate, "-o", str(Path(folder) / "take.npz")],
            check=True,
            capture_output=True,
            text=True,
        )
    wall, kilobytes = (float(word) for word in told.stdout.split())
    return wall, kilobytes / 1024.0
