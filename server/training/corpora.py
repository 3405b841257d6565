"""The recordings the network learns from: where they lie, their licences, what each may teach.

A source declares its licence and how it is split, so that a figure measured on "held out" material
means talkers (or, where one talker is all there is, sentences) that no training step has seen.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from server.audio import read_speech

Lesson = Literal["phones", "lips", "test"]
FACEGOOD_HELD = ("2_05", "3_15")
"""Takes of the actress that nothing learns from: one like the others, one in another manner."""


@dataclass(frozen=True)
class Source:
    """One corpus; `teaches` says what its labels are good for."""

    name: str
    folder: str
    licence: str
    languages: tuple[str, ...]
    teaches: tuple[Lesson, ...]
    described: str


SOURCES: tuple[Source, ...] = (
    Source(
        "speechocean762",
        "speech/speechocean762",
        "free for commercial and non-commercial use (Zhang et al. 2021)",
        ("en",),
        ("phones",),
        "read English, 250 talkers, half of them children",
    ),
    Source(
        "kathleen",
        "speech/kathleen_en",
        "CC0",
        ("en",),
        ("phones",),
        "ARCTIC prompts, one woman",
    ),
    Source(
        "ljspeech",
        "speech/ljspeech",
        "public domain",
        ("en",),
        ("phones",),
        "read books, one woman",
    ),
    Source(
        "grid",
        "grid_s1",
        "CC BY 4.0 (Cooke, Barker, Cunningham, Shao 2006)",
        ("en",),
        ("phones", "lips"),
        "899 filmed sentences, one man",
    ),
    Source(
        "facegood",
        "facegood",
        "MIT",
        ("zh",),
        ("lips",),
        "rig weights of one actress, five takes",
    ),
    Source(
        "usgov",
        "usgov",
        "works of the US government, public domain",
        ("en",),
        ("test",),
        "addresses of two presidents, free speech",
    ),
)


@dataclass(frozen=True)
class Utterance:
    """One recording: `text` where it is transcribed, `held_out` where training must not see it."""

    source: str
    name: str
    path: Path
    talker: str
    text: str | None
    held_out: bool


def utterances(source: str, data: Path) -> list[Utterance]:
    """The recordings of one source under the data folder, in a fixed order."""
    folder = data / next(s.folder for s in SOURCES if s.name == source)
    if source == "grid":
        return [_grid(folder, path) for path in sorted((folder / "video").glob("*.mp4"))]
    if source == "facegood":
        return [
            Utterance(source, path.stem, path, "facegood", None, path.stem in FACEGOOD_HELD)
            for path in sorted(folder.glob("*.flac"))
        ]
    if source == "usgov":
        paths = sorted(p for p in folder.iterdir() if p.suffix in (".mp4", ".mov"))
        return [
            Utterance(source, p.stem, p, p.stem.split("_")[0].lower(), None, True) for p in paths
        ]
    with (folder / "utterances.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [_transcribed(source, folder, row) for row in rows]


def lexicon(data: Path) -> dict[str, str]:
    """Pronunciations that speechocean762 adds: word in lower case to phones without stress."""
    words: dict[str, str] = {}
    for line in (data / "speech/speechocean762/lexicon.txt").read_text("utf-8").splitlines():
        word, _, phones = line.partition("\t")
        plain = " ".join(phone.rstrip("012") for phone in phones.split())
        words.setdefault(word.lower(), plain)
    return words


def read_samples(path: Path) -> NDArray[np.float32]:
    """(S,) float32 at 16 kHz of a recording or a film.

    Raises
    ------
    AudioError
        The file holds no sound.
    """
    return read_speech(path).samples


def _grid(folder: Path, path: Path) -> Utterance:
    lines = (folder / "align" / f"{path.stem}.align").read_text("utf-8").splitlines()
    words = [line.split()[2] for line in lines]
    text = " ".join(word for word in words if word not in ("sil", "sp"))
    return Utterance("grid", path.stem, path, "s1", text, _hash(path.stem) % 10 == 0)


def _transcribed(source: str, folder: Path, row: dict[str, str]) -> Utterance:
    talker = row.get("speaker", source)
    held_out = _hash(talker) % 12 == 0 if "speaker" in row else _hash(row["file"]) % 20 == 0
    name = Path(row["file"]).stem
    return Utterance(source, name, folder / row["file"], talker, row["text"], held_out)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
