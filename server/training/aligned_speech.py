"""Prepared training material: sound and phone labels of a source in one file, made once.

Besides the corpora there is the source "synthetic": random sentences in many languages and synthetic
voices, whose phone times are known and not aligned; names begin with the language.

Sound is kept as 16-bit integers, one long array with offsets, so that ten hours are mapped and
read in seconds. Deleting the folder is always safe; it is made again.
"""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import AudioError
from server.array_files import write_arrays
from server.phones import PhoneAligner

from .corpora import Utterance, lexicon, read_samples, utterances
from .sentences import WORDS
from .synthesis import speak

log = logging.getLogger(__name__)

SYNTHETIC_SENTENCES = {"en-us": 700}
SYNTHETIC_SENTENCES_ELSEWHERE = 150
SYNTHETIC_HELD_OUT = 24
"""Sentences a language that only measure, by voices of their own."""
UTTERANCES_PER_TALKER = 20


@dataclass(frozen=True)
class AlignedSpeech:
    """Utterances of one source with phone labels.

    Attributes
    ----------
    samples : (S,) int16 at 16 kHz, all utterances one after another
    labels : (T,) uint8 phone numbers every 10 ms, likewise
    sample_offsets, label_offsets : (U + 1,) int64 boundaries of the utterances
    names : U strings
    held_out : (U,) bool
    """

    samples: NDArray[np.int16]
    labels: NDArray[np.uint8]
    sample_offsets: NDArray[np.int64]
    label_offsets: NDArray[np.int64]
    names: tuple[str, ...]
    held_out: NDArray[np.bool_]

    @cached_property
    def place(self) -> dict[str, int]:
        """Name of an utterance -> its number."""
        return {name: number for number, name in enumerate(self.names)}

    def sound(self, index: int) -> NDArray[np.float32]:
        """(S,) float32 samples of one utterance."""
        first, last = self.sample_offsets[index], self.sample_offsets[index + 1]
        return self.samples[first:last].astype(np.float32) / 32768.0

    def phones(self, index: int) -> NDArray[np.uint8]:
        """(T,) labels of one utterance."""
        return self.labels[self.label_offsets[index] : self.label_offsets[index + 1]]


def aligned_speech(source: str, data: Path, cache: Path) -> AlignedSpeech:
    """The aligned utterances of a source, from the cache or made now."""
    path = cache / f"phones_{source}.npz"
    if not path.exists():
        _align_source(source, data, path)
    with np.load(path) as stored:
        return AlignedSpeech(
            stored["samples"],
            stored["labels"],
            stored["sample_offsets"],
            stored["label_offsets"],
            tuple(str(name) for name in stored["names"]),
            stored["held_out"],
        )


def _align_source(source: str, data: Path, path: Path) -> None:
    entries = _chosen(source, data)
    found: list[_Aligned] = []
    words = lexicon(data)
    with ProcessPoolExecutor(initializer=_start_worker, initargs=(words,)) as workers:
        for index, aligned in enumerate(workers.map(_align, entries, chunksize=8)):
            if isinstance(aligned, str):
                log.warning("%s is left out: %s", entries[index].name, aligned)
            else:
                found.append(aligned)
    write_arrays(
        path,
        samples=np.concatenate([one.samples for one in found]),
        labels=np.concatenate([one.labels for one in found]),
        sample_offsets=np.cumsum([0, *(len(one.samples) for one in found)]),
        label_offsets=np.cumsum([0, *(len(one.labels) for one in found)]),
        names=np.array([one.name for one in found]),
        held_out=np.array([one.held_out for one in found]),
    )


def _chosen(source: str, data: Path) -> list[Utterance]:
    """The transcribed utterances to align; a few of each talker teach as much as all."""
    if source == "synthetic":
        return [
            Utterance(source, f"{language} {index}", Path(), "", None, index < SYNTHETIC_HELD_OUT)
            for language in WORDS
            for index in range(
                SYNTHETIC_HELD_OUT
                + SYNTHETIC_SENTENCES.get(language, SYNTHETIC_SENTENCES_ELSEWHERE)
            )
        ]
    taken: Counter[str] = Counter()
    chosen: list[Utterance] = []
    for entry in utterances(source, data):
        taken[entry.talker] += 1
        if entry.text is not None and (
            source != "speechocean762" or taken[entry.talker] <= UTTERANCES_PER_TALKER
        ):
            chosen.append(entry)
    return chosen


@dataclass(frozen=True)
class _Aligned:
    name: str
    held_out: bool
    samples: NDArray[np.int16]
    labels: NDArray[np.uint8]


def _start_worker(words: dict[str, str]) -> None:
    _worker_aligner.append(PhoneAligner(words))


# Each worker process keeps its own decoder here: it cannot be sent between processes.
_worker_aligner: list[PhoneAligner] = []


def _align(entry: Utterance) -> _Aligned | str:
    """One aligned utterance, or the sentence that says why it cannot be used."""
    try:
        if entry.source == "synthetic":
            language, _, number = entry.name.partition(" ")
            said = speak(language, int(number), held_out=entry.held_out)
            return _Aligned(entry.name, entry.held_out, _stored(said.samples), said.labels)
        samples = read_samples(entry.path)
    except AudioError as error:
        return str(error)
    if entry.text is None:
        return "it has no text."
    labels = _worker_aligner[0].align(samples, entry.text)
    if labels is None:
        return "its text does not fit its sound."
    return _Aligned(entry.name, entry.held_out, _stored(samples), labels)


def _stored(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
